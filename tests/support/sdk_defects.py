"""Defects that are made in a copy of a reference SDK, and what the doctor must say to each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crossbuild.core.command import run_own
from tests.support.sdk_copy import SdkCopy

BLAS = "OpenBLAS 0.3.21 NO_LAPACKE NO_AFFINITY {core} MAX_THREADS=4"
ROUTINES = ("dgesv_", "cblas_dgemm")


@dataclass(frozen=True)
class Defect:
    """A way to spoil an SDK.

    :ivar finding: the name of what must be found first of all
    :ivar cure: a piece of the cure's text
    :ivar severity: "error", or what does not stop a build
    :ivar packages: what is asked for
    :ivar trap: number of the trap (docs/sdk-traps.md) that this is
    """

    finding: str
    spoil: Callable[[SdkCopy], None]
    cure: str
    severity: str = "error"
    packages: tuple[str, ...] = ("numpy", "scipy")
    python: str | None = "3.11"
    trap: int = 0


def _libraries(copy: SdkCopy) -> Path:
    return copy.sysroot / "usr/lib"


def _hide(*patterns: str) -> Callable[[SdkCopy], None]:
    return lambda copy: copy.hide(*patterns)


def _script(old: str, new: str) -> Callable[[SdkCopy], None]:
    return lambda copy: copy.edit(copy.script, old, new)


def _second_script(copy: SdkCopy) -> None:
    copy.put(copy.root / "environment-setup-aarch64-poky-linux", copy.script)


def _compiler_of_another_machine(copy: SdkCopy) -> None:
    copy.wrap("gcc", " *-dumpmachine*) echo aarch64-poky-linux; exit 0 ;;")


def _compiler_of_this_machine(copy: SdkCopy) -> None:
    copy.edit(
        copy.script, 'export CC="arm-linux-gnueabihf-gcc  -mthumb -mfpu=neon', 'export CC="gcc'
    )
    copy.edit(copy.script, " -mfloat-abi=hard -mcpu=cortex-a9 --sysroot", " --sysroot")


def _newer_libc_wanted(copy: SdkCopy) -> None:
    message = "libc.so.6: version 'GLIBC_2.99' not found"
    copy.put(copy.tool("gcc"), f'#!/bin/sh\necho "{message}" >&2\nexit 1\n', 0o755)


def _loader_moved_away(copy: SdkCopy) -> None:
    compiler = copy.tool("gcc")
    copy.put(compiler, compiler.resolve(), 0o755)
    run_own(["patchelf", "--set-interpreter", "/opt/poky/3.0/lib/ld-linux-x86-64.so.2", compiler])


def _link_of_a_board(copy: SdkCopy) -> None:
    link = _libraries(copy) / "libz.so"
    copy.link(link, f"/usr/lib/{link.readlink()}")


def _musl(copy: SdkCopy) -> None:
    copy.put(copy.sysroot / "usr/include/features.h", "#define __DEFINED_wchar_t\n")


def _without_openblas(copy: SdkCopy) -> None:
    copy.hide("sysroots/*/usr/lib/libopenblas*", "sysroots/*/usr/include/openblas_config.h")


def _without_blas(copy: SdkCopy) -> None:
    _without_openblas(copy)
    copy.hide("sysroots/*/usr/lib/libblas*", "sysroots/*/usr/lib/liblapack*")


def _netlib_instead(copy: SdkCopy) -> None:
    """Netlib's libraries, as oe-core's lapack recipe leaves them."""
    _without_blas(copy)
    copy.library(_libraries(copy) / "libblas.so", ["dgemm_"], "netlib", soname="libblas.so.3")
    copy.library(_libraries(copy) / "liblapack.so", ["dgesv_"], "netlib", soname="liblapack.so.3")


def _openblas(core: str, *words: str, without: str = "") -> Callable[[SdkCopy], None]:
    def spoil(copy: SdkCopy) -> None:
        names = [name for name in ROUTINES if name != without]
        text = BLAS.format(core=core)
        copy.library(_libraries(copy) / "libopenblas.so", names, text, *words)

    return spoil


def _openblas_of_this_machine(copy: SdkCopy) -> None:
    library = next(copy.native.glob("usr/lib/x86_64-linux-gnu/lib*.so*"))
    copy.put(_libraries(copy) / "libopenblas.so", library.resolve())


def _openblas_cut_off(copy: SdkCopy) -> None:
    library = _libraries(copy) / "libopenblas.so"
    copy.put(library, library.read_bytes()[:100_000])


def _openblas_in_opt(copy: SdkCopy) -> None:
    content = (_libraries(copy) / "libopenblas.so").read_bytes()
    _without_openblas(copy)
    copy.put(copy.sysroot / "opt/openblas/lib/libopenblas.so", content)


def _spec_with_quadmath(copy: SdkCopy) -> None:
    spec = next(copy.native.glob("usr/lib/**/libgfortran.spec"))
    copy.put(spec, "%rename lib liborig\n*lib: -lquadmath -lm %(libgcc) %(liborig)\n")


def _libgfortran_is_a_text(copy: SdkCopy) -> None:
    copy.put(_libraries(copy) / "libgfortran.so", "version https://git-lfs.github.com/spec/v1\n")


def _spec_astray(copy: SdkCopy) -> None:
    copy.put(
        copy.sysroot / "usr/lib/arm-poky-linux-gnueabi/9.2.0/libgfortran.spec",
        next(copy.native.glob("usr/lib/**/libgfortran.spec")),
    )
    copy.hide("sysroots/x86*/usr/lib/**/libgfortran.spec")


def _second_python(copy: SdkCopy) -> None:
    (copy.sysroot / "usr/lib/python3.7").mkdir()
    copy.put(copy.sysroot / "usr/lib/python3.7/os.py", "")


def _pyconfig_of_another_machine(copy: SdkCopy) -> None:
    path = copy.sysroot / "usr/include/python3.11/pyconfig.h"
    copy.edit(path, "#define SIZEOF_LONG 4", "#define SIZEOF_LONG 8")


def _gcc_7(copy: SdkCopy) -> None:
    copy.wrap("gcc", " *-dumpfullversion*) echo 7.3.0; exit 0 ;;")


DEFECTS = (
    Defect("environment-missing", _hide("environment-setup-*"), "environment-setup-…"),
    Defect("environments-several", _second_script, "--environment aarch64-poky-linux"),
    Defect("environment-fails", _script("export AR=", "return 3\nexport AR="), "relocate"),
    Defect("environment-incomplete", _script("export CC=", "export NOT_CC="), "populate_sdk"),
    Defect("sdk-unreadable", _script(" --sysroot=$SDK", " '--sysroot=$SDK"), "CC, CXX, LD and AR"),
    Defect("sysroot-missing", _script("SYSROOT=$_sdk_root", "SYSROOT=/opt/poky"), "relocate_sdk"),
    Defect(
        "toolchain-incomplete",
        _hide("sysroots/*/usr/bin/arm*/*-ar", "sysroots/*/usr/bin/*-ar"),
        "run its installer",
    ),
    Defect("toolchain-does-not-start", _newer_libc_wanted, "build machine does not run here"),
    Defect("sdk-moved", _loader_moved_away, "-toolchain-*.sh -y -d "),
    Defect(
        "compiler-words-unknown",
        _script("-mthumb ", "-mthumb -mof-gcc-99 "),
        "take -mof-gcc-99 out",
    ),
    Defect("architecture-wrong", _compiler_of_another_machine, "armv7 hard-float machine"),
    Defect("architecture-wrong", _compiler_of_this_machine, "armv7 hard-float machine"),
    Defect("float-soft", _script("abi=hard", "abi=softfp"), 'DEFAULTTUNE = "cortexa9hf-neon"'),
    Defect(
        "architecture-old",
        _script(
            "-mthumb -mfpu=neon -mfloat-abi=hard -mcpu=cortex-a9",
            "-mfpu=vfp -mfloat-abi=hard -mcpu=arm1176jzf-s",
        ),
        'DEFAULTTUNE = "cortexa9hf-neon"',
    ),
    Defect("libc-headers-missing", _hide("sysroots/*/usr/include/features.h"), "populate_sdk"),
    Defect("libc-other", _musl, 'TCLIBC = "glibc"'),
    Defect("links-absolute", _link_of_a_board, "find lib/ usr/lib/ -lname '/*'"),
    Defect(
        "c-does-not-link",
        _hide("sysroots/cortex*/usr/lib/crti.o"),
        'TOOLCHAIN_TARGET_TASK:append = " libc6-dev libgcc-dev"',
    ),
    Defect(
        "cxx-does-not-link",
        _hide("sysroots/cortex*/usr/lib/libstdc++.so", "sysroots/cortex*/usr/lib/libstdc++.a"),
        'TOOLCHAIN_TARGET_TASK:append = " libstdc++ libstdc++-dev"',
    ),
    Defect("gcc-unfit", _gcc_7, "choose another version: numpy==1.24.2"),
    Defect(
        "fortran-missing",
        _hide("sysroots/*/usr/bin/arm*/*-gfortran"),
        'FORTRAN:forcevariable = ",fortran"',
        trap=13,
    ),
    Defect(
        "fortran-does-not-compile", _hide("sysroots/x86*/**/f951"), 'FORTRAN:forcevariable = ",f'
    ),
    Defect(
        "fortran-library-missing",
        _hide("sysroots/cortex*/usr/lib/libgfortran*"),
        'TOOLCHAIN_TARGET_TASK:append = " libgfortran libgfortran-dev"',
        trap=13,
    ),
    Defect(
        "fortran-does-not-link",
        _libgfortran_is_a_text,
        'RUNTIMETARGET:append:pn-gcc-runtime = " libquadmath"',
    ),
    Defect(
        "fortran-link-name-missing",
        _hide("sysroots/cortex*/usr/lib/libgfortran.so", "sysroots/cortex*/usr/lib/libgfortran.a"),
        'TOOLCHAIN_TARGET_TASK:append = " libgfortran-dev"',
        "warning",
        trap=13,
    ),
    Defect(
        "fortran-spec-missing",
        _hide("sysroots/x86*/usr/lib/**/libgfortran.spec"),
        'TOOLCHAIN_TARGET_TASK:append = " libgfortran-dev"',
        "warning",
    ),
    Defect("fortran-spec-missing", _spec_astray, "nothing has to be done", "warning", trap=8),
    Defect(
        "fortran-quadmath-unneeded",
        _spec_with_quadmath,
        'RUNTIMETARGET:append:pn-gcc-runtime = " libquadmath"',
        "warning",
    ),
    Defect("openblas-missing", _without_blas, '" openblas openblas-dev"'),
    Defect("blas-netlib-only", _netlib_instead, "TARGET=CORTEXA9"),
    Defect(
        "openblas-headers-only", _hide("sysroots/*/usr/lib/libopenblas*"), "openblas openblas-dev"
    ),
    Defect("openblas-static-only", _hide("sysroots/*/usr/lib/libopenblas*.so*"), "NO_SHARED"),
    Defect(
        "openblas-link-name-missing",
        _hide("sysroots/*/usr/lib/libopenblas.so", "sysroots/*/usr/lib/libopenblas*.a"),
        "ln -s libopenblas.so.0",
    ),
    Defect("openblas-without-lapack", _openblas("CORTEXA9", without="dgesv_"), "NO_LAPACK=1"),
    Defect("openblas-without-cblas", _openblas("CORTEXA9", without="cblas_dgemm"), "NO_CBLAS=1"),
    Defect(
        "openblas-above-board",
        _openblas("CORTEXA15", "-mcpu=cortex-a15", "-mfpu=neon-vfpv4"),
        "TARGET=CORTEXA9",
    ),
    Defect("openblas-below-board", _openblas("ARMV6"), "TARGET=CORTEXA9", "note"),
    Defect("openblas-wrong-machine", _openblas_of_this_machine, "TARGET=CORTEXA9"),
    Defect("openblas-damaged", _openblas_cut_off, "openblas openblas-dev"),
    Defect("openblas-off-path", _openblas_in_opt, "", "note"),
    Defect(
        "openblas-does-not-link",
        _hide("sysroots/cortex*/usr/lib/libgfortran*"),
        "libgfortran",
        packages=("numpy",),
    ),
    Defect(
        "python-missing",
        _hide("sysroots/cortex*/usr/lib/python3.11", "sysroots/cortex*/usr/include/python3.11"),
        'TOOLCHAIN_TARGET_TASK:append = " python3-dev python3-modules"',
        python=None,
    ),
    Defect(
        "python-synthesised",
        _hide("sysroots/cortex*/usr/lib/python3.11", "sysroots/cortex*/usr/include/python3.11"),
        'TOOLCHAIN_TARGET_TASK:append = " python3-dev python3-modules"',
        "note",
    ),
    Defect(
        "python-headers-missing",
        _hide("sysroots/cortex*/usr/include/python3.11"),
        'TOOLCHAIN_TARGET_TASK:append = " python3-dev"',
        "note",
    ),
    Defect(
        "python-sysconfigdata-missing",
        _hide("sysroots/cortex*/usr/lib/python3.11/_sysconfigdata*.py"),
        "python3-core",
        "note",
    ),
    Defect("pythons-several", _second_python, "--python 3.7", "note", python=None),
    Defect("python-contradicts", _pyconfig_of_another_machine, "reinstall the SDK"),
)
