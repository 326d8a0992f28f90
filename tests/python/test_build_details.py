"""build-details.json (PEP 739) of a target's Python."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from crossbuild.pipeline.request import BuildRequest
from crossbuild.python import build_details
from crossbuild.python.build_details import BuildDetails
from tests.support import projects, requests

#: Full versions with their ABI flags, and what sys.hexversion is there.
PYTHONS = {
    ("3.5.6", "m"): 0x030506F0,
    ("3.7.8", "m"): 0x030708F0,
    ("3.8.2", ""): 0x030802F0,
    ("3.11.2", ""): 0x030B02F0,
    ("3.14.0rc2", ""): 0x030E00C2,
}

#: An extension that Meson builds, of the release that reads the file.
PROJECT = {
    "pyproject.toml": """
        [build-system]
        requires = ["meson-python", "meson==1.12.1", "ninja"]
        build-backend = "mesonpy"
        [project]
        name = "detailed"
        version = "1.0"
        """,
    "meson.build": """
        project('detailed', 'c', version: '1.0')
        py = import('python').find_installation(pure: false)
        py.extension_module('detailed', 'detailed.c', dependencies: py.dependency(), install: true)
        """,
    "detailed.c": projects.EXTENSION["{name}.c"].replace("{name}", "detailed"),
}


def written(full_version: str, flags: str, library: Path | None = None) -> dict[str, Any]:
    version = full_version.rpartition(".")[0]
    suffix = f".cpython-{version.replace('.', '')}{flags}-arm-linux-gnueabihf.so"
    config = {"VERSION": version, "ABIFLAGS": flags, "EXT_SUFFIX": suffix}
    prefix = Path("/overlay")
    text = build_details.text(full_version, config, prefix, prefix / "include", library)
    read: dict[str, Any] = json.loads(text)
    return read


@pytest.mark.parametrize("python", PYTHONS)
def test_every_python_is_described(python: tuple[str, str]) -> None:
    details = written(*python)
    full_version, flags = python
    assert details["language"]["version"] == full_version.rpartition(".")[0]
    assert details["implementation"]["hexversion"] == PYTHONS[python]
    assert details["implementation"]["_multiarch"] == "arm-linux-gnueabihf"
    assert details["platform"] == "linux-armv7l"
    assert details["abi"]["flags"] == list(flags)
    suffix = details["abi"]["extension_suffix"]
    assert details["suffixes"]["extensions"] == [suffix, ".abi3.so", ".so"]


def test_the_shared_library_is_named_and_no_extension_is_linked_with_it() -> None:
    assert written("3.11.2", "")["libpython"] == {"link_extensions": False}
    library = Path("/sysroot/usr/lib/libpython3.11.so.1.0")
    found = written("3.11.2", "", library)["libpython"]
    assert found == {"dynamic": str(library), "link_extensions": False}


def test_what_the_format_has_no_place_for_is_refused() -> None:
    with pytest.raises(ValidationError):
        BuildDetails.model_validate({**written("3.11.2", ""), "site_packages": "/usr"})


@pytest.mark.slow
def test_meson_reads_it(request_in: Callable[..., BuildRequest], tmp_path: Path) -> None:
    request = request_in(projects.of(tmp_path / "detailed", PROJECT))
    (made,) = requests.run(request)
    (log,) = request.target.work.glob("*/cp311/detailed-*/build.log")
    said = log.read_text()
    assert "python.build_config: " in said
    assert "Run-time dependency python found: YES 3.11" in said
    with zipfile.ZipFile(made.wheel) as archive:
        assert "detailed.cpython-311-arm-linux-gnueabihf.so" in archive.namelist()
