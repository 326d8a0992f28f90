"""Rules on a wheel as a package: names, tags, requirements, module suffixes."""

import zipfile
from pathlib import Path

from crossbuild.audit import audit
from crossbuild.audit.profile import BoardProfile
from tests.support.elf_files import MODULE, Compiler
from tests.support.sample_wheels import EXT_SUFFIX, Sample, rewritten
from tests.support.wheel_defects import MODULE_FILE, Defect, assert_refused, built, each_of, sound

DEFECTS = [
    Defect(
        "suffix",
        lambda c: Sample(files={"sample/sample.cpython-37m-x86_64-linux-gnu.so": sound(c)}),
        "ext-suffix",
        "sample/sample.cpython-37m-x86_64-linux-gnu.so",
        f"the board's Python imports {EXT_SUFFIX}",
    ),
    Defect(
        "tag",
        lambda c: Sample(files={MODULE_FILE: sound(c)}, tag="cp311-cp311-linux_armv6l"),
        "tag",
        "sample-1.0-cp311-cp311-linux_armv6l.whl",
        "takes cp311-cp311-linux_armv7l",
    ),
    Defect(
        "WHEEL's tag",
        lambda c: Sample(files={MODULE_FILE: sound(c)}, wheel_tag="cp311-cp311-linux_x86_64"),
        "metadata",
        "sample-1.0.dist-info",
        "WHEEL's tags are cp311-cp311-linux_x86_64, the file name's cp311-cp311-linux_armv7l",
    ),
    Defect(
        "METADATA's name",
        lambda c: Sample(files={MODULE_FILE: sound(c)}, metadata_name="other"),
        "metadata",
        "sample-1.0.dist-info",
        "METADATA's name is other",
    ),
    Defect(
        "requirement",
        lambda c: Sample(
            files={MODULE_FILE: sound(c)},
            requires=("absent>=2", "never; python_version<'3'", "extra; extra=='x'"),
        ),
        "requires-dist",
        "METADATA",
        "absent>=2 is required; the wheelhouse has no wheel",
    ),
    Defect(
        "address",
        lambda c: Sample(files={MODULE_FILE: sound(c)}, requires=("a @ file:///build/a.whl",)),
        "requires-dist",
        "METADATA",
        "a @ file:///build/a.whl names an address",
    ),
    Defect(
        "no PyInit",
        built(
            MODULE.replace("void *PyInit_sample", "static void *PyInit_sample")
            + "void *other(void) { return PyInit_sample(); }"
        ),
        "module-init",
        MODULE_FILE,
        "it exports no PyInit, not PyInit_sample",
    ),
    Defect(
        "PyInit of another name",
        built(MODULE.replace("PyInit_sample", "PyInit_other")),
        "module-init",
        MODULE_FILE,
        "it exports PyInit_other, not PyInit_sample",
    ),
]


@each_of(DEFECTS)
def test_a_defect_is_refused_for_its_reason(
    defect: Defect, compiler: Compiler, board: BoardProfile, tmp_path: Path
) -> None:
    assert_refused(defect, compiler, board, tmp_path)


def test_requirements_of_requirements(board: BoardProfile, tmp_path: Path) -> None:
    def pure(name: str, *requires: str) -> Path:
        return Sample(name=name, tag="py3-none-any", requires=requires).build(tmp_path)

    first = pure("first", "second[fast]>=1; python_version>='3.0'")
    pure("second", "third", "fourth; extra=='fast'", "fifth; extra=='slow'")
    pure("third")
    (finding,) = audit([first], board, wheelhouse=tmp_path).refusals
    has = 'fourth; extra == "fast" is required by second; the wheelhouse has no wheel that the'
    assert has in finding.fact
    pure("fourth", "first")  # a circle is no fault
    assert audit([first], board, wheelhouse=tmp_path).fits


def test_a_requirement_for_another_python(board: BoardProfile, tmp_path: Path) -> None:
    first = Sample(name="first", tag="py3-none-any", requires=("second",)).build(tmp_path)
    second = Sample(name="second", tag="py3-none-any").build(tmp_path)
    info = "second-1.0.dist-info/METADATA"
    rewritten(second, info, b"Name: second\nVersion: 1.0\nRequires-Python: >=3.12\n")
    (finding,) = audit([first], board, wheelhouse=tmp_path).refusals
    assert "second is required; the wheelhouse has no wheel" in finding.fact


def test_a_library_for_ctypes_is_no_module(
    compiler: Compiler, board: BoardProfile, tmp_path: Path
) -> None:
    library = compiler.shared("int far(void) { return 1; }")
    wheel = Sample(files={f"sample/libfar{EXT_SUFFIX}": library}).build(tmp_path)
    assert audit([wheel], board).findings == ()


def test_python_requirements(board: BoardProfile, tmp_path: Path) -> None:
    path = Sample(tag="py3-none-any").build(tmp_path)
    with zipfile.ZipFile(path) as archive:
        text = archive.read("sample-1.0.dist-info/METADATA").decode()
    changed = text.replace("Version: 1.0\n", "Version: 1.0\nRequires-Python: >=3.12\n")
    path = rewritten(path, "sample-1.0.dist-info/METADATA", changed.encode())
    facts = {f.rule: f.fact for f in audit([path], board).refusals}
    assert facts["requires-python"] == "Requires-Python is >=3.12, the board has 3.11.2"


def test_without_a_wheelhouse_requirements_are_a_note(board: BoardProfile, tmp_path: Path) -> None:
    wheel = Sample(tag="py3-none-any", requires=("absent",)).build(tmp_path)
    report = audit([wheel], board)
    assert report.fits
    assert [(f.rule, f.fact) for f in report.findings] == [("requires-unchecked", "absent")]
