"""The statement beside a wheel: what it says, to whom it speaks, and what it keeps to itself."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

from crossbuild.core.errors import ConfigurationError
from crossbuild.packages.package import Package
from crossbuild.papers import provenance
from crossbuild.sdk.model import Sdk
from tests.support.schemas import held
from tests.support.statements import PARAMETERS, written


def test_in_toto_and_slsa_take_it(numpy: Package, bookworm: Sdk, tmp_path: Path) -> None:
    text = written(numpy, bookworm, tmp_path).read_text()
    held("provenance", text)
    message = json_format.Parse(text, statement_pb2.Statement())
    Statement.copy_from_pb(message).validate()
    predicate = json_format.ParseDict(
        json.loads(text)["predicate"], provenance_pb2.Provenance(), ignore_unknown_fields=False
    )
    named = {one.name: dict(one.digest) for one in predicate.build_definition.resolved_dependencies}
    for artifact in (*numpy.lock.source, *numpy.lock.build):
        assert named[artifact.filename] == {"sha256": artifact.sha256}
    assert named["sdk"] == {"crossbuildSdk": bookworm.content_id}
    assert str(Path.home()) not in text
    assert str(bookworm.root) not in text


def test_the_lock_is_in_it(numpy: Package, bookworm: Sdk, tmp_path: Path) -> None:
    statement = provenance.read(written(numpy, bookworm, tmp_path))
    assert statement.parameters == PARAMETERS
    stated = statement.definition.internal_parameters.lock
    assert provenance.unlocked(stated, "3.11").artifacts == numpy.lock.artifacts


def test_passwords_and_places_stay_here(numpy: Package, bookworm: Sdk, tmp_path: Path) -> None:
    [source] = numpy.lock.source
    secret = replace(source, url="https://me:hush@example.org/numpy.tar.gz?token=hush#x")
    local = replace(numpy.lock.build[0], url="file:///home/me/x.whl")
    lock = replace(numpy.lock, source=(secret,), build=(local,))
    path = written(replace(numpy, lock=lock), bookworm, tmp_path)
    text = path.read_text()
    assert "hush" not in text
    assert "/home/me" not in text
    assert '"https://example.org/numpy.tar.gz"' in text
    stated = provenance.read(path).definition.internal_parameters.lock
    with pytest.raises(ConfigurationError, match="does not say where"):
        provenance.unlocked(stated, "3.11")


def test_it_is_current_for_its_wheel_alone(numpy: Package, bookworm: Sdk, tmp_path: Path) -> None:
    path = written(numpy, bookworm, tmp_path)
    wheel = path.with_name(path.name.removesuffix(provenance.SUFFIX))
    assert provenance.is_current(wheel, "1" * 64, "key")
    assert provenance.is_current(wheel, "1" * 64)
    assert not provenance.is_current(wheel, "2" * 64)
    assert not provenance.is_current(wheel, "1" * 64, "other")
    for text in ("", "[]", '{"subject": []}', '{"predicate": 1}'):
        path.write_text(text)
        assert not provenance.is_current(wheel, "1" * 64)


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"_type": "other"}'])
def test_what_is_no_statement(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "x.whl.provenance.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        provenance.read(path)
    assert str(path) in caught.value.evidence
    assert "--statement" in caught.value.cure
