"""All downloads: from the index that pip is configured for, checked by sha256, cached.

crossbuild's own Python does them, so that a build Python without TLS will do.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.tags import Tag

from crossbuild.core import files
from crossbuild.core.errors import IndexUnreachableError, LockError
from crossbuild.index import pip_settings
from crossbuild.index.artifact import Artifact
from crossbuild.index.pip_settings import PipSettings

if TYPE_CHECKING:  # a run that downloads nothing must not wait for them
    from unearth import Link

    from crossbuild.index.session import Session


def fetch(
    artifact: Artifact,
    cache: Path,
    *,
    settings: PipSettings | None = None,
    offline: bool = False,
) -> Path:
    """The artifact's file in the cache, downloaded if it is not there yet.

    The file is whole and has the right hash, or is not there at all.

    :param offline: use the cache alone
    :raises IndexUnreachableError: no index can be reached, or none has the file
    :raises LockError: what the index gave has another hash
    """
    return fetch_all([artifact], cache, settings=settings, offline=offline)[0]


def fetch_all(
    artifacts: Sequence[Artifact],
    cache: Path,
    *,
    settings: PipSettings | None = None,
    offline: bool = False,
) -> list[Path]:
    """:func:`fetch` for several, a few at a time, in the same order."""
    paths = [_place(artifact, cache) for artifact in artifacts]
    missing = [
        (artifact, path)
        for artifact, path in zip(artifacts, paths, strict=True)
        if not path.is_file() or files.sha256(path) != artifact.sha256
    ]
    if missing and offline:
        names = ", ".join(artifact.filename for artifact, _ in missing)
        raise IndexUnreachableError(
            f"not in the cache: {names}",
            evidence=f"--offline, and there is no {missing[0][1]}",
            cure="run the same command once without --offline",
        )
    if missing:
        with _session(settings) as index, ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda pair: _download(index, *pair), missing))
    return paths


def adopt(path: Path, name: str, version: str, cache: Path) -> Artifact:
    """A file of this machine as an artifact, which is in the cache from then on.

    :raises DiskError: the cache cannot be written
    """
    artifact = Artifact(name, version, path.name, files.sha256(path), path.as_uri())
    place = _place(artifact, cache)
    if not place.is_file():
        files.write_bytes(place, path.read_bytes())
    return artifact


def find_sdist(
    name: str, specifier: str, python: str, *, settings: PipSettings | None = None
) -> Artifact:
    """The newest source distribution that admits the target's Python.

    :param specifier: ``">=2,<3"``, or nothing
    :param python: ``"3.7"``
    :raises IndexUnreachableError: no index can be reached, or none has one
    """
    with _session(settings) as index:
        return index.find(name, specifier, python, wheel=False)


def find_wheels(
    requires: Iterable[str], python: str, *, settings: PipSettings | None = None
) -> list[Artifact]:
    """For each requirement the newest wheel that the build machine's Python X.Y can install.

    Of several for one version, that for the oldest glibc: it runs on most machines.

    :raises IndexUnreachableError: no index can be reached, or one requirement has no wheel
    """
    parsed = [Requirement(text) for text in requires]
    with _session(settings) as index:
        return [
            index.find(requirement.name, str(requirement.specifier), python, wheel=True)
            for requirement in parsed
        ]


def versions(name: str, *, settings: PipSettings | None = None) -> list[str]:
    """Every version of a package that an index has, in no order.

    :raises IndexUnreachableError: no index can be reached
    """
    with _session(settings) as index:
        return index.versions(name)


def find_on_board(
    pins: Iterable[Requirement],
    tags: frozenset[Tag],
    allowed: Mapping[str, frozenset[str]],
    *,
    settings: PipSettings | None = None,
) -> dict[str, Artifact]:
    """For each pinned version a wheel that a board's pip would take, where an index has one.

    :param pins: ``name==version``
    :param tags: what that pip accepts
    :param allowed: the sha256s of which the file must have one, by canonical name
    :raises IndexUnreachableError: no index can be reached
    """
    with _session(settings) as index, ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda pin: index.for_board(pin, tags, allowed.get(pin.name)), pins)
        return {artifact.name: artifact for artifact in found if artifact}


def _session(settings: PipSettings | None) -> "Session":
    from crossbuild.index.session import Session

    return Session(settings or pip_settings.read())


def _place(artifact: Artifact, cache: Path) -> Path:
    return cache / "downloads" / artifact.sha256[:2] / artifact.sha256 / artifact.filename


def _download(index: "Session", artifact: Artifact, path: Path) -> None:
    link = index.link(artifact)
    data = index.download(link)
    _check_hash(artifact, data, link)
    files.write_bytes(path, data)


def _check_hash(artifact: Artifact, data: bytes, link: "Link") -> None:
    got = hashlib.sha256(data).hexdigest()
    if got != artifact.sha256:
        raise LockError(
            f"{artifact.filename} is not the file that was locked",
            evidence=f"from {link.redacted}\n"
            f"expected sha256 {artifact.sha256}\ngot      sha256 {got}",
            cure="try again; if it stays so, the index has another file: `crossbuild lock` "
            "locks that one, once you trust it",
        )
