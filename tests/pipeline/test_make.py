"""From a source folder to the wheelhouse, with the reference SDK's compiler."""

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from crossbuild.core.errors import BuildError, ConfigurationError, SdkError
from crossbuild.elf import file as elf
from crossbuild.packages.project.build_options import BuildOptions
from crossbuild.packages.wanted import parse_all
from crossbuild.papers import sbom
from crossbuild.pipeline.request import BuildRequest
from tests.support import projects
from tests.support.requests import changed, run, wheels

pytestmark = pytest.mark.slow
SUFFIXES = {
    "3.7": ("cp37-cp37m", ".cpython-37m-arm-linux-gnueabihf.so"),
    "3.11": ("cp311-cp311", ".cpython-311-arm-linux-gnueabihf.so"),
}


@pytest.mark.parametrize("python", SUFFIXES)
def test_a_wheel_is_for_the_board(
    python: str, request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    request = request_in(projects.write(tmp_path / "tiny"), python=python)
    (made,) = run(request)
    tag, suffix = SUFFIXES[python]
    assert made.wheel.name == f"tiny-1.0-{tag}-linux_armv7l.whl"
    with zipfile.ZipFile(made.wheel) as archive:
        assert f"Tag: {tag}-linux_armv7l" in archive.read("tiny-1.0.dist-info/WHEEL").decode()
        archive.extract(f"tiny{suffix}", tmp_path)
        bill = archive.read(f"tiny-1.0.dist-info/sboms/{sbom.NAME}").decode()
        everything = b"".join(archive.read(name) for name in archive.namelist())
    module = elf.read(tmp_path / f"tiny{suffix}")
    assert module.machine == "Arm"
    assert module.float_abi == "hard"
    assert not [name for name in module.needed if name.startswith("libpython")]
    assert str(tmp_path).encode() not in everything
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None
    assert '"name": "source of tiny"' in bill


def test_a_project_of_cibuildwheel_s_builds_as_its_table_says_for_this_python(
    request_in: Callable[..., BuildRequest],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CIBW_SKIP", "*")
    tiny = projects.write(tmp_path / "tiny")
    code = (tiny / "tiny.c").read_text()
    checks = '#include "made.h"\n_Static_assert(MADE + ELEVEN == 53 && ALL, "not as said");\n'
    (tiny / "tiny.c").write_text(f"{code}{checks}")
    table = """
[tool.cibuildwheel]
before-all = "yum install -y x"
build = "cp39-*"
environment = { CFLAGS = "$CFLAGS -DALL=1", CC = "clang" }
[tool.cibuildwheel.linux]
before-build = "echo '#define MADE 42' > made.h"
[[tool.cibuildwheel.overrides]]
select = "cp311-*"
inherit.environment = "append"
environment = { CFLAGS = "$CFLAGS -DELEVEN=11" }
"""
    (tiny / "pyproject.toml").write_text((tiny / "pyproject.toml").read_text() + table)
    (made,) = run(request_in(tiny, python="3.11"))
    assert made.wheel.name == "tiny-1.0-cp311-cp311-linux_armv7l.whl"
    told = " ".join(capsys.readouterr().err.split())
    assert "passed over: before-all (prepare the SDK" in told
    assert "environment.CC (CC is set by crossbuild" in told
    assert "leaves cp311-manylinux_armv7l out; it is built all the same" in told
    assert "not read: CIBW_SKIP" in told


def test_a_projects_own_folders_are_no_source(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    tiny = projects.write(tmp_path / "tiny")
    request = changed(request_in(tiny), wheelhouse=tiny / "wheelhouse", work=tiny / "build")
    assert [made.reused for made in run(request)] == [False]
    assert [made.reused for made in run(request)] == [True]


def test_folders_of_the_run_are_no_source_whatever_they_are_called(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    tiny = projects.write(tmp_path / "tiny")
    request = changed(request_in(tiny), wheelhouse=tiny / "wheels", work=tiny / "w")
    assert [made.reused for made in run(request)] == [False]
    assert [made.reused for made in run(request)] == [True]
    for field in ("work", "wheelhouse"):
        with pytest.raises(ConfigurationError, match="lies among the sources of tiny"):
            run(changed(request, **{field: tiny}))


def test_additions_reach_the_build_and_its_key(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    source = "#if !defined(ADDED) || !defined(__ARM_NEON)\n#error\n#endif\n#include <made.h>\n"
    changes = {"{name}.c": source + projects.flush(projects.EXTENSION["{name}.c"])}
    tiny = projects.write(tmp_path / "tiny", changes)
    request = request_in(tiny)
    with pytest.raises(BuildError):
        run(request)
    options = BuildOptions(
        environment={"CFLAGS": "$CFLAGS -DADDED=1", "CPPFLAGS": "-I."},
        before_build="python -c 'import sysconfig; print(sysconfig.get_platform())' > platform"
        " && grep armv7l platform && touch {package}/made.h && test -f {project}/made.h",
        project=tiny,
    )
    assert [made.reused for made in run(replace(request, options=options))] == [False]
    assert not (tiny / "made.h").exists()
    assert [made.reused for made in run(replace(request, options=options))] == [True]
    other = replace(options, environment={**options.environment, "ANOTHER": "1"})
    assert [made.reused for made in run(replace(request, options=other))] == [False]


MESON = {
    "setup.py": "",
    "pyproject.toml": """
        [build-system]
        requires = ["meson-python"]
        build-backend = "mesonpy"
        [project]
        name = "{name}"
        version = "1.0"
        """,
    "meson.build": """
        project('{name}', 'c')
        assert(meson.is_cross_build())
        python = import('python').find_installation(pure: false)
        assert(meson.get_compiler('c').sizeof('long') == 4)
        python.extension_module('{name}', '{name}.c', install: true)
        """,
    "{name}.c": "#if ADDED != 7\n#error no\n#endif\n"
    + projects.flush(projects.EXTENSION["{name}.c"]),
}


def test_a_meson_project_needs_no_recipe(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    options = BuildOptions(
        environment={"CFLAGS": "$CFLAGS -DADDED=7"},
        config_settings={"setup-args": ("-Dwerror=true",)},
    )
    request = replace(request_in(projects.write(tmp_path / "tiny", MESON)), options=options)
    (made,) = run(request)
    assert made.wheel.name == "tiny-1.0-cp311-cp311-linux_armv7l.whl"
    (log,) = request.target.work.glob("*/cp311/tiny-*/build.log")
    assert "-Dwerror=true" in log.read_text()


def test_a_back_end_that_does_not_read_the_projects_name(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    """setuptools 59.6 is the newest for Python 3.6."""
    text = projects.EXTENSION["pyproject.toml"].replace("setuptools<75", "setuptools<60")
    request = request_in(projects.write(tmp_path / "tiny", {"pyproject.toml": text}), python="3.7")
    with pytest.raises(BuildError) as caught:
        run(request)
    assert "is not what the project says of itself" in caught.value.what
    assert caught.value.evidence.endswith("tiny 1.0")
    assert wheels(request) == []
    (tmp_path / "tiny/setup.cfg").write_text("[metadata]\nname = tiny\nversion = 1.0\n")
    assert [made.wheel.name for made in run(request)] == ["tiny-1.0-cp37-cp37m-linux_armv7l.whl"]


def test_names_with_spaces(request_in: Callable[..., BuildRequest], tmp_path: Path) -> None:
    spaced = projects.write(tmp_path / "tiny").rename(tmp_path / "my tiny")
    request = request_in(spaced)
    assert [made.wheel.name for made in run(request)] == ["tiny-1.0-cp311-cp311-linux_armv7l.whl"]
    with pytest.raises(ConfigurationError, match="'a b' is neither a package nor a folder"):
        run(replace(request, packages=parse_all(["a b"])))
    moved = tmp_path / "an sdk"
    moved.symlink_to(request.target.root)
    with pytest.raises(SdkError, match="space"):
        run(changed(request, sdk=moved))
