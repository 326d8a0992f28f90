"""The bill of a whole wheelhouse, and its licences: what they say, and that validators take it."""

import json
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_tools.spdx.parser.json import json_parser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
from typer.testing import CliRunner

from crossbuild.cli import app
from crossbuild.core.errors import ConfigurationError
from crossbuild.packages.package import Package
from crossbuild.papers import inventory, spdx
from crossbuild.papers import sbom as bills
from crossbuild.papers.libraries import Library
from crossbuild.sdk.model import Sdk
from crossbuild.wheel.archive import WheelError
from tests.support.sample_wheels import Sample
from tests.support.schemas import held

EXCEPTION = "GPL-3.0-or-later WITH GCC-exception-3.1"
OPENBLAS = Library(
    file="crossbuild_runtime/libopenblas-1.so.0",
    name="libopenblas",
    version="0.3.21",
    licence="BSD-3-Clause",
    sha256="1" * 64,
    origin="the SDK's sysroot",
    texts={},
)
GFORTRAN = Library(
    file="crossbuild_runtime/libgfortran-2.so.5",
    name="libgfortran",
    version="12.2.0",
    licence=EXCEPTION,
    sha256="2" * 64,
    origin="the SDK's sysroot",
    texts={"libgfortran.txt": b"text"},
)


def metadata(name: str, version: str, headers: str = "") -> bytes:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{headers}\n".encode()


@pytest.fixture(scope="session")
def house(numpy: Package, bookworm: Sdk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """numpy for two Pythons, the runtime wheel, and two of others; each with few files."""
    folder = tmp_path_factory.mktemp("house")
    materials = bills.materials(numpy, bookworm, ["crossbuild-runtime (==1+abc)"])
    bill = bills.text(metadata("numpy", "1.26.4"), (), materials)
    for tag in ("cp310-cp310-linux_armv7l", "cp311-cp311-linux_armv7l"):
        own = {f"numpy-1.26.4.dist-info/sboms/{bills.NAME}": bill.encode()}
        Sample("numpy", "1.26.4", tag, {**own, "n.py": tag.encode()}).build(folder)
    runtime = bills.text(metadata("crossbuild-runtime", "1+abc"), (), (), [OPENBLAS, GFORTRAN])
    info = "crossbuild_runtime-1+abc.dist-info"
    files = {
        f"{info}/sboms/{bills.NAME}": runtime.encode(),
        f"{info}/licenses/libgfortran.txt": b"text",
    }
    sample = Sample("crossbuild_runtime", "1+abc", "py3-none-linux_armv7l", files)
    sample.headers = f"License: BSD-3-Clause AND {EXCEPTION}\n"
    sample.build(folder)
    headers = "License-Expression: LicenseRef-Own AND MIT\nLicense-File: NOTICE\n"
    mine = {"pure-1.dist-info/NOTICE": b"n", "pure-1.dist-info/sboms/theirs.cdx.json": b"{}"}
    Sample("pure", "1", "py3-none-any", mine, headers=headers).build(folder)
    Sample("silent", "1", "py3-none-any").build(folder)
    return folder


def purl(wheel: str) -> str:
    name, version, *_ = wheel.split("-")
    name, version = name.replace("_", "-"), version.replace("+", "%2B")
    return f"pkg:pypi/{name}@{version}?file_name={wheel.replace('+', '%2B')}"


NUMPY = purl("numpy-1.26.4-cp311-cp311-linux_armv7l.whl")
RUNTIME = purl("crossbuild_runtime-1+abc-py3-none-linux_armv7l.whl")


def run(*words: str | Path) -> str:
    done = CliRunner().invoke(app.app, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_cyclonedx(house: Path, tmp_path: Path) -> None:
    text = run("sbom", house)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    components = {one["bom-ref"]: one for one in bill["components"]}
    assert len([ref for ref in components if ref.endswith(".whl") and "armv7l" in ref]) == 3
    depends = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    assert RUNTIME in depends[NUMPY]
    assert "pkg:pypi/crossbuild-runtime@1%2Babc" not in components
    assert f"library:{'1' * 16}:{OPENBLAS.file}" in depends[RUNTIME]
    assert len(depends[bill["metadata"]["component"]["bom-ref"]]) == 5
    run("sbom", house, "-o", tmp_path / "bill.json")
    assert (tmp_path / "bill.json").read_text() == text


def test_spdx(house: Path, tmp_path: Path) -> None:
    path = tmp_path / "bill.spdx.json"
    run("sbom", house, "--format", "spdx", "-o", path)
    document = json_parser.parse_from_file(str(path))
    assert validate_full_spdx_document(document) == []
    packages = {one.spdx_id: one for one in document.packages}
    related = {
        (
            packages[str(one.spdx_element_id)].name,
            one.relationship_type.name,
            packages[str(one.related_spdx_element_id)].name,
        )
        for one in document.relationships
        if one.spdx_element_id in packages
    }
    assert {
        ("numpy", "GENERATED_FROM", "numpy"),
        ("numpy", "DEPENDS_ON", "crossbuild-runtime"),
        ("crossbuild-runtime", "CONTAINS", "libgfortran"),
        ("crossenv", "BUILD_DEPENDENCY_OF", "numpy"),
        ("gcc", "BUILD_TOOL_OF", "numpy"),
    } <= related
    by_name = {one.name: one for one in document.packages}
    assert str(by_name["libgfortran"].license_declared) == EXCEPTION
    assert by_name["pure"].license_comment == "declared as LicenseRef-Own AND MIT"
    assert spdx.text(inventory.read([house])) == path.read_text()


def test_licences(house: Path) -> None:
    told = run("licences", house, "--json", "--licence", "silent=MIT")
    rows = held("licences", told)["licences"]
    found = {(one["wheel"].partition("-")[0], one["library"]): one for one in rows}
    assert found["crossbuild_runtime", "libopenblas"]["texts"] == []
    gfortran = found["crossbuild_runtime", "libgfortran"]
    assert gfortran["licence"] == EXCEPTION
    assert gfortran["texts"] == ["crossbuild_runtime-1+abc.dist-info/licenses/libgfortran.txt"]
    assert found["crossbuild_runtime", ""]["texts"] == []
    assert found["numpy", ""]["licence"] == "BSD-3-Clause"
    assert found["pure", ""]["texts"] == ["pure-1.dist-info/NOTICE"]
    assert found["silent", ""]["licence"] == "MIT"
    shown = CliRunner().invoke(app.app, ["licences", str(house)]).stderr
    assert "not known" in shown
    assert "none in" in shown


def test_what_was_not_made_here_is_told(house: Path) -> None:
    done = CliRunner().invoke(app.app, ["sbom", str(house)])
    assert "knows no source of: pure-1-py3-none-any.whl" in " ".join(done.stderr.split())


BUILD = b'"properties": [{"name": "crossbuild:role", "value": "build"}]'
COMPONENT = b'{"components": [{"bom-ref": "a", "name": "a", "type": %s}]}'


@pytest.mark.parametrize(
    "bill",
    [
        b"",
        b"[]",
        COMPONENT % b'"library"',
        COMPONENT % b'"nothing"',
        COMPONENT % (b'"library", ' + BUILD.replace(b"build", b"none")),
        COMPONENT % (b'"library", "purl": "x", ' + BUILD),
    ],
)
def test_a_bill_that_is_none(bill: bytes, tmp_path: Path) -> None:
    files = {f"x-1.dist-info/sboms/{bills.NAME}": bill}
    Sample("x", "1", "py3-none-any", files).build(tmp_path)
    with pytest.raises(WheelError, match="the bill of materials in x-1-py3-none-any"):
        inventory.read([tmp_path])


def test_a_folder_without_wheels(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no wheel at"):
        inventory.read([tmp_path])
