"""The bill of materials in a wheel: what it names, and that its bytes tell nothing else."""

import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from crossbuild.audit import sysroot_profile
from crossbuild.packages.package import Package
from crossbuild.papers import sbom
from crossbuild.repair import runtime_wheel
from crossbuild.sdk.model import Sdk
from crossbuild.sdk.read import read_sdk
from crossbuild.wheel.archive import opened
from tests.support.sample_wheels import PYTHON
from tests.support.sdk_copy import SdkCopy

METADATA = b"Metadata-Version: 2.1\nName: NumPy\nVersion: 1.26.4\n\nText\n"


def validated(text: str) -> dict[str, Any]:
    """The bill, once CycloneDX's own schema takes it."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    assert isinstance(bill, dict)
    return bill


def properties(component: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in component.get("properties", [])}


def bill_of(package: Package, sdk: Sdk) -> str:
    materials = sbom.materials(package, sdk, ["crossbuild-runtime (==1+abc)"])
    return sbom.text(METADATA, ["numpy/__init__.py"], materials)


def test_it_names_what_the_wheel_is_made_of(numpy: Package, bookworm: Sdk) -> None:
    bill = validated(bill_of(numpy, bookworm))
    wheel = bill["metadata"]["component"]
    assert (wheel["purl"], wheel["licenses"]) == (
        "pkg:pypi/numpy@1.26.4",
        [{"expression": "BSD-3-Clause"}],
    )
    by_ref = {one["bom-ref"]: one for one in bill["components"]}
    for artifact in (*numpy.lock.source, *numpy.lock.build):
        purl = f"pkg:pypi/{artifact.name}@{artifact.version}?file_name={artifact.filename}"
        assert by_ref[purl]["hashes"] == [{"alg": "SHA-256", "content": artifact.sha256}]
    assert by_ref[f"compiler:{bookworm.content_id}"]["version"] == bookworm.gcc_version
    sdk = by_ref[f"sdk:{bookworm.content_id}"]
    assert properties(sdk)["crossbuild:glibc"] == bookworm.glibc_version
    (own,) = (one for one in bill["dependencies"] if one["ref"] == wheel["bom-ref"])
    [source] = numpy.lock.source
    assert own["dependsOn"] == [
        "pkg:pypi/crossbuild-runtime@1%2Babc",
        f"pkg:pypi/numpy@1.26.4?file_name={source.filename}",
    ]


def test_the_same_sdk_elsewhere_gives_the_same_bytes(
    numpy: Package, bookworm: Sdk, copy: SdkCopy, tmp_path: Path
) -> None:
    moved = read_sdk(copy.root)
    text = bill_of(numpy, bookworm)
    assert bill_of(numpy, moved) == text
    assert "timestamp" not in text
    assert not [path for path in (bookworm.root, copy.root, Path.home()) if str(path) in text]
    serial = uuid.UUID(json.loads(text)["serialNumber"])
    assert serial.version == 5
    board = sysroot_profile.from_sysroot(bookworm.target_sysroot, PYTHON)
    first = runtime_wheel.make(bookworm, board, ["openblas"], tmp_path / "1")
    second = runtime_wheel.make(moved, board, ["openblas"], tmp_path / "2")
    assert first is not None
    assert second is not None
    assert first.wheel.name == second.wheel.name
    assert first.wheel.read_bytes() == second.wheel.read_bytes()


def test_another_material_is_another_bill(numpy: Package, bookworm: Sdk) -> None:
    [source] = numpy.lock.source
    other = replace(numpy.lock, source=(replace(source, sha256="0" * 64),))
    bills = [bill_of(one, bookworm) for one in (numpy, replace(numpy, lock=other))]
    assert len({json.loads(text)["serialNumber"] for text in bills}) == 2


def test_the_runtime_wheel_names_its_libraries(bookworm: Sdk, tmp_path: Path) -> None:
    board = sysroot_profile.from_sysroot(bookworm.target_sysroot, PYTHON)
    made = runtime_wheel.make(bookworm, board, ["openblas"], tmp_path)
    assert made is not None
    with opened(made.wheel) as wheel:
        bill = validated(wheel.data(f"{wheel.dist_info}/sboms/{sbom.NAME}").decode())
        libraries = {one["name"]: one for one in bill["components"]}
        assert set(libraries) == {"libopenblas", "libgfortran"}
        for one in libraries.values():
            assert properties(one)["crossbuild:file"] in wheel.members
        openblas, gfortran = libraries["libopenblas"], libraries["libgfortran"]
        assert openblas["version"].startswith("0.3.")
        assert gfortran["version"] == bookworm.gcc_version
        assert openblas["licenses"] == [{"expression": "BSD-3-Clause"}]
        exception = "GPL-3.0-or-later WITH GCC-exception-3.1"
        assert gfortran["licenses"] == [{"expression": exception}]
        assert wheel.metadata["License"] == f"BSD-3-Clause AND {exception}"
        folder = f"{wheel.dist_info}/licenses"
        texts = {n: wheel.data(n).decode() for n in wheel.members if n.startswith(folder)}
    assert "The OpenBLAS Project" in texts[f"{folder}/libopenblas.txt"]
    assert "libgfortran" in texts[f"{folder}/libgfortran.txt"]
    assert "GNU GENERAL PUBLIC LICENSE" in texts[f"{folder}/GPL-3.0-or-later.txt"]
    assert "Grant of Additional Permission" in texts[f"{folder}/GCC-exception-3.1.txt"]


@pytest.mark.parametrize("name", ["auditwheel.cdx.json", "upstream.spdx.json"])
def test_a_bill_that_is_there_is_kept(name: str, tmp_path: Path) -> None:
    info = tmp_path / "numpy-1.26.4.dist-info"
    (info / "sboms").mkdir(parents=True)
    (info / "METADATA").write_bytes(METADATA)
    (info / "sboms" / name).write_text("{}")
    sbom.add(tmp_path, ())
    assert (info / "sboms" / name).read_text() == "{}"
    validated((info / "sboms" / sbom.NAME).read_text())
