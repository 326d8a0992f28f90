"""A wheelhouse with a bit of everything that its page tells, and what is known of it."""

import random
from collections.abc import Mapping
from pathlib import Path

from crossbuild.report import record as records
from crossbuild.report import view
from crossbuild.report.record import (
    Audit,
    Built,
    Count,
    Environment,
    File,
    Finding,
    Instructions,
    LeftOut,
    Outcomes,
    Parity,
    Phase,
    Place,
    Proof,
    Record,
    Run,
    Slice,
    Source,
    State,
    Step,
    Suite,
    Wheel,
)
from crossbuild.wheel import wheelhouse
from tests.support.sample_wheels import Sample

#: Text that must come out as text, wherever a wheel may put it.
HOSTILE = (
    """"><img src=x onerror="document.title='taken'"><script>document.title='taken'</script>"""
)


def _noise(kilobytes: int) -> bytes:
    """Bytes that do not shrink: an archive that does so by far is refused."""
    return random.Random(kilobytes).randbytes(1000 * kilobytes)


_CODE = b"\x7fELF GCC: (Debian 12.2.0-14) 12.2.0\0"
_OPENBLAS = _CODE + b"OpenBLAS 0.3.21 NO_LAPACKE NO_AFFINITY CORTEXA9\0"
_NOON = 1_795_996_800.0

SAMPLES = (
    Sample(
        "numpy",
        "1.26.4",
        files={
            "numpy/core/_multiarray_umath.cpython-311-arm-linux-gnueabihf.so": _CODE + _noise(72),
            "numpy/core/numeric.py": _noise(440),
            "numpy/core/tests/test_numeric.py": _noise(600),
            "numpy/core/include/numpy/ndarraytypes.h": _noise(110),
            "numpy/random/LICENSE.md": _noise(6),
        },
        requires=("crossbuild-runtime ==1+854be189",),
        headers="Summary: Fundamental package for array computing in Python\n",
    ),
    Sample(
        "scipy",
        "1.11.4",
        files={
            "scipy/stats/_stats.cpython-311-arm-linux-gnueabihf.so": _CODE + _noise(360),
            "scipy/special/_ufuncs.py": _noise(1200),
            "scipy/stats/tests/test_stats.py": _noise(1400),
            "scipy/misc/face.dat": _noise(150),
        },
        requires=("crossbuild-runtime ==1+854be189", "numpy <1.28,>=1.21.6"),
        headers="Summary: Fundamental algorithms for scientific computing in Python\n",
    ),
    Sample(
        "crossbuild_runtime",
        "1+854be189",
        "py3-none-linux_armv7l",
        files={"crossbuild_runtime/libopenblas-27618a35.so.0": _OPENBLAS + _noise(720)},
        headers="Summary: Shared libraries of the wheels that crossbuild made with one SDK\n",
    ),
    Sample(
        "numpy",
        "1.21.6",
        "cp39-cp39-linux_armv7l",
        files={"numpy/core/_multiarray.so": _CODE + _noise(68), "numpy/__init__.py": _noise(410)},
    ),
    Sample("pure", "3.0", "py3-none-any", files={"pure.py": b"x = 1\n"}),
    Sample("hostile", "1.0", "py3-none-any", requires=(), headers=f"Summary: {HOSTILE}\n"),
)


def fill(folder: Path) -> Path:
    """A wheelhouse of these wheels, of which nothing is known."""
    wheels = [sample.build(folder / f"{sample.name}-{sample.version}") for sample in SAMPLES]
    house = folder / "wheelhouse"
    wheelhouse.publish(wheels, house, "3.11")
    return house


def tell(house: Path) -> Record:
    """Write all that may be known of that wheelhouse into its record."""
    sums = {
        f"{one.name} {one.version}": File(sha256=one.sha256, size=one.size)
        for one in view.read(house)
    }
    names = {one.name: one.path.name for one in view.read(house)}
    digests = {name: file.sha256 for name, file in sums.items()}
    ours, scipy = digests["numpy 1.26.4"], digests["scipy 1.11.4"]
    runtime, pure = digests["crossbuild-runtime 1+854be189"], digests["pure 3.0"]
    now = view.state_of(view.read(house))
    return records.change(
        house,
        lambda _: Record(
            wheels={
                ours: Wheel(
                    file="numpy", built=_built("numpy", "1.26.4", 283), audit=Audit(board="imx6q")
                ),
                scipy: Wheel(
                    file="scipy",
                    built=_built("scipy", "1.11.4", 1412, links=("numpy 1.26.4",)),
                    audit=Audit(
                        board="imx6q",
                        findings=tuple(
                            Finding(verdict="note", rule="text", file=f"{n}.so", fact=HOSTILE)
                            for n in range(3)
                        ),
                    ),
                    left_out=(LeftOut(kind="tests", files=412, size=9_300_000),),
                ),
                runtime: Wheel(
                    file=names["crossbuild-runtime"],
                    origin="made along with numpy 1.26.4",
                    audit=Audit(board="imx6q"),
                ),
                pure: Wheel(file=names["pure"], origin="files.pythonhosted.org"),
            },
            proofs=_proofs(ours, scipy, runtime),
            suites=(_suite("numpy", "1.26.4", ours), _suite("scipy", "1.11.4", scipy, HOSTILE)),
            parities=(_parity(ours),),
            instructions=(
                Instructions(
                    wheels=(ours, runtime),
                    when=_NOON,
                    versions=("ours: numpy 1.26.4", "Debian: numpy 1.24.2"),
                    counts=(
                        Count(what="dgemm 256, from C", ours=29_709_935, theirs=38_922_425),
                        Count(what="import numpy", ours=246_557_196, theirs=251_022_285),
                    ),
                ),
            ),
            run=_run(),
            states=(_before(now),),
        ).with_state(now),
    )


def _built(name: str, version: str, seconds: float, links: tuple[str, ...] = ()) -> Built:
    return Built(
        environment=Environment(
            sdk="cortexa9hf-neon-poky-linux-gnueabi",
            content="ac74f8c877660a10",
            triple="arm-poky-linux-gnueabi",
            gcc="9.2.0",
            glibc="2.30",
            python="3.11.2",
            synthesised=False,
            brought=(
                "GCC 12's gfortran of Debian bookworm",
                "OpenBLAS of Debian bookworm's source, built for CORTEXA9",
            ),
        ),
        sources=(
            Source(
                file=f"{name}-{version}.tar.gz", sha256="2a" * 32, host="files.pythonhosted.org"
            ),
        ),
        folder="",
        requirements=tuple(
            Source(file=file, sha256="c0" * 32, host="files.pythonhosted.org")
            for file in ("Cython-3.0.11-py2.py3-none-any.whl", "meson_python-0.15.0.whl")
        ),
        links=links,
        options=("shared libraries: runtime",),
        key="0a4082584424c4bb",
        crossbuild="0.1.0",
        when=_NOON,
        seconds=seconds,
    )


def _proofs(ours: str, scipy: str, runtime: str) -> tuple[Proof, ...]:
    place = Place(
        board="emulated", cpu="ARMv7 Processor rev 10 (v7l)", python="3.11.2", libc="glibc 2.36"
    )
    beside = (ours, runtime, scipy)
    numpy = Proof(
        wheel=ours,
        place=place,
        when=_NOON,
        outcome="passed",
        beside=beside,
        seconds=8.31,
        peak_memory=71_000_000,
    )
    return (
        numpy,
        numpy.model_copy(update={"wheel": scipy, "seconds": 74.2, "beside": (*beside, "gone")}),
        numpy.model_copy(update={"wheel": runtime, "outcome": "installed", "seconds": 0.0}),
    )


def _slices(package: str) -> tuple[Slice, ...]:
    rows: Mapping[str, tuple[int, int, float]] = {
        "core": (12_981, 17, 1018.2),
        "fft": (88, 0, 39.4),
        "linalg": (387, 0, 104.0),
    }
    return tuple(
        Slice(
            name=f"{package}/{name}",
            outcomes=Outcomes(passed=passed, skipped=41, failed=bad),
            seconds=seconds,
            peak_memory=198_000_000,
        )
        for name, (passed, bad, seconds) in rows.items()
    )


def _suite(package: str, version: str, wheel: str, *new: str) -> Suite:
    return Suite(
        wheel=wheel,
        package=package,
        version=version,
        suite="fast",
        board="emulated",
        when=_NOON,
        slices=_slices(package),
        new=new,
    )


def _parity(wheel: str) -> Parity:
    return Parity(
        wheel=wheel,
        package="numpy",
        version="1.26.4",
        when=_NOON,
        ours=_slices("numpy"),
        theirs=_slices("numpy"),
        both=17,
        ours_alone=(),
        theirs_alone=0,
    )


def _run() -> Run:
    def step(title: str, began: float, *seconds: float) -> Step:
        names = ("download", "cross environment", "build", "repair", "audit")
        ends = [began + sum(seconds[: n + 1]) for n in range(len(seconds))]
        phases = tuple(
            Phase(name=name, began=begin, ended=end)
            for name, begin, end in zip(names, [began, *ends], ends, strict=False)
        )
        return Step(title=title, began=began, ended=ends[-1], phases=phases, compiles=307)

    return Run(
        when=_NOON,
        summary="1701.0 s on 2 cores, 3% idle; 1920 calls of compilers, 12 of 1712 cached",
        steps=(
            step("[1/2] numpy 1.26.4 for Python 3.11", 0.0, 1.2, 9.0, 262.0, 6.1, 4.4),
            step("[2/2] scipy 1.11.4 for Python 3.11", 284.0, 2.9, 14.2, 1350.0, 29.0, 21.0),
        ),
    )


def _before(now: State) -> State:
    """An earlier state: another numpy, one wheel fewer, and one that is gone."""
    wheels = dict(now.wheels)
    numpy = next(name for name in wheels if name.startswith("numpy-1.26.4"))
    old = wheels.pop(numpy)
    del wheels[next(name for name in wheels if name.startswith("pure"))]
    scipy = next(name for name in wheels if name.startswith("scipy"))
    wheels[numpy.replace("1.26.4", "1.24.2")] = File(sha256="aa", size=old.size - 200_000)
    wheels[scipy] = File(sha256="bb", size=wheels[scipy].size + 1200)
    wheels["gone-1.0-py3-none-any.whl"] = File(sha256="cc", size=5000)
    return State(when=_NOON, wheels=wheels)
