"""An SDK that is not there, or cannot be read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossbuild.core.errors import DiskError, SdkError
from crossbuild.pipeline.request import BuildRequest
from crossbuild.python.target import TargetRequest
from crossbuild.sdk.model import Sdk
from tests.support.diagnoses import assert_nothing_compiles, diagnose
from tests.support.requests import changed, run
from tests.support.sdk_copy import SdkCopy


@pytest.mark.parametrize(
    ("place", "environment", "name", "cure"),
    [
        ("missing", None, "sdk-missing", "SDK=/opt/poky/3.0"),
        ("a folder", None, "sdk-path-spaces", "install the SDK elsewhere"),
        ("sdk", "aarch64-poky-linux", "environment-unknown", "--environment cortexa9"),
    ],
)
def test_words_that_name_no_sdk(
    place: str,
    environment: str | None,
    name: str,
    cure: str,
    request_for: Callable[..., BuildRequest],
    tmp_path: Path,
) -> None:
    for folder in ("a folder", "sdk"):
        (tmp_path / folder).mkdir()
    (tmp_path / "sdk/environment-setup-cortexa9").write_text("")
    request = changed(request_for(tmp_path / place), environment=environment)
    [error] = diagnose(request).errors
    assert error.name == name
    assert cure in error.cure
    assert_nothing_compiles(request, error.what, name)


@pytest.mark.slow
def test_a_file_that_may_not_be_read_is_named(
    copy: SdkCopy, request_for: Callable[..., BuildRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = copy.put(copy.sysroot / "usr/lib/libsecret.so", b"", 0)
    opened = Path.open

    def refusing(path: Path, *words: Any, **more: Any) -> Any:
        if path == secret:  # root, whom the mode does not stop, runs these tests as well
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *words, **more)

    monkeypatch.setattr(Path, "open", refusing)
    [error] = diagnose(request_for(copy.root)).errors
    assert error.name == "file-unreadable"
    assert str(secret) in error.evidence
    assert "chmod -R a+rX" in error.cure


def test_an_unforeseen_error_of_the_reader_is_named(
    bookworm: Sdk, request_for: Callable[..., BuildRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Sdk:
        raise SdkError("something new", evidence="told nowhere")

    monkeypatch.setattr(TargetRequest, "read_sdk", fail)
    [error] = diagnose(request_for(bookworm.root)).errors
    assert error.name == "sdk-unreadable"
    assert "something new" in error.evidence


def test_a_cache_that_cannot_be_written_is_no_fault_of_the_sdk(
    request_for: Callable[..., BuildRequest], bookworm: Sdk, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    request = changed(request_for(bookworm.root), cache=tmp_path / "file")
    with pytest.raises(DiskError, match=r"cannot write .*file"):
        run(request)
