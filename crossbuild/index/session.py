"""One session with the places where pip is configured to look for packages."""

import hashlib
import logging
import ssl
import time
from pathlib import Path
from typing import cast

import httpx2
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version
from typing_extensions import Self
from unearth import Link, Package, PackageFinder, TargetPython
from unearth.auth import MultiDomainBasicAuth
from unearth.fetchers import Fetcher, PyPIClient

from crossbuild.core.errors import ConfigurationError, IndexUnreachableError
from crossbuild.core.python_version import PythonVersion
from crossbuild.index.artifact import Artifact
from crossbuild.index.pip_settings import PipSettings, without_secret

# It warns where one place of several does not have a name; what went wrong is noted here.
logging.getLogger("unearth").setLevel(logging.ERROR)

#: Build requirements must run on any Linux of this glibc (Debian 10, RHEL 8) or newer.
NEWEST_BUILD_GLIBC = 28
#: X.Y stands for its last release: pandas 1.3.5 asks for Python 3.7.1 or newer.
_NEWEST_PATCH = 99
_OLD_NAMES = {5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"}
_ATTEMPTS = 2
CURE = (
    "check `pip config list` (index-url, extra-index-url, find-links) and the network; "
    "with all downloads in the cache, --offline needs neither"
)


def build_python_tags(python: str) -> TargetPython:
    """The wheels that a build machine's Python takes: x86-64 Linux, oldest glibc first."""
    version = PythonVersion(python)
    platforms = ["linux_x86_64"]
    for glibc in range(5, NEWEST_BUILD_GLIBC + 1):
        platforms.append(f"manylinux_2_{glibc}_x86_64")
        if glibc in _OLD_NAMES:
            platforms.append(f"{_OLD_NAMES[glibc]}_x86_64")
    return TargetPython(
        py_ver=(3, version.minor, _NEWEST_PATCH),
        platforms=platforms,
        impl="cp",
        abis=[version.abi_tag],
    )


class Session:
    """The configured places, asked over one client, and what went wrong with each."""

    def __init__(self, settings: PipSettings) -> None:
        self._settings = settings
        self._failures: list[str] = []

    def __enter__(self) -> Self:
        settings = self._settings
        self._client = PyPIClient(
            trusted_hosts=settings.trusted_hosts,
            verify=_certificates(settings.cert),
            timeout=settings.timeout,
            follow_redirects=True,
            event_hooks={"response": [self._note_status, _refuse_plain]},
        )
        self._client.auth = MultiDomainBasicAuth(index_urls=list(settings.index_urls))
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def link(self, artifact: Artifact) -> Link:
        """Where the configured places have exactly this file."""
        links = [
            package.link
            for package in self._packages(artifact.name, python=None)
            if package.link.filename == artifact.filename
        ]
        if not links:
            raise self._nothing(artifact.filename)
        # An index may hold a rebuilt file of the same name: that of the lock comes first.
        return min(links, key=lambda link: [artifact.sha256] != sha256s(link))

    def find(self, name: str, specifier: str, python: str, *, wheel: bool) -> Artifact:
        """The newest wheel or sdist as an artifact; its hash from the index, or the file."""
        return self._artifact(self.newest(name, specifier, python, wheel=wheel))

    def _artifact(self, package: Package) -> Artifact:
        link = package.link
        known = sha256s(link)
        sha256 = known[0] if known else hashlib.sha256(self.download(link)).hexdigest()
        project, version = canonicalize_name(package.name), str(package.version)
        url = without_secret(link.url_without_fragment)
        return Artifact(project, version, link.filename, sha256, url)

    def versions(self, name: str) -> list[str]:
        """Every version of a package."""
        packages = self._packages(name, python=None)
        found = {package.version for package in packages if package.version}
        if not found and self._failures:
            raise self._nothing(f"versions of {name}")
        return sorted(found)

    def for_board(
        self, pin: Requirement, tags: frozenset[Tag], allowed: frozenset[str] | None
    ) -> Artifact | None:
        """The wheel of a version that a board's pip would take: one with compiled code first.

        :param allowed: the sha256s of which it must have one; any where None
        """
        for package in sorted(self._packages(pin.name, python=None), key=_is_pure):
            link, version = package.link, package.version
            if not link.is_wheel or not version or not pin.specifier.contains(version, True):
                continue
            hashes = sha256s(link)
            if not tags & parse_wheel_filename(link.filename)[3]:
                continue
            if allowed is None or allowed & set(hashes or ()):
                return self._artifact(package)
        return None

    def newest(self, name: str, specifier: str, python: str, *, wheel: bool) -> Package:
        """The best file of the newest version; pre-releases only where one is asked for."""
        fitting = [
            package
            for package in self._packages(name, python=python)
            if package.link.is_wheel == wheel and package.version
        ]
        versions = {Version(package.version or "0") for package in fitting}
        admitted = list(SpecifierSet(specifier).filter(versions))
        if not admitted:
            kind = "wheel" if wheel else "source distribution"
            raise self._nothing(f"{kind} of {name}{specifier} for Python {python}")
        newest = max(admitted)
        return next(p for p in fitting if Version(p.version or "0") == newest)

    def download(self, link: Link) -> bytes:
        """The file's content."""
        for attempt in range(_ATTEMPTS):
            time.sleep(attempt)
            try:
                response = self._client.get(link.url_without_fragment)
                response.raise_for_status()
            except httpx2.TransportError as error:
                self._failures.append(f"{link.redacted}: {error or type(error).__name__}")
            except httpx2.HTTPStatusError as error:  # noted by the hook
                if not error.response.is_server_error:
                    break
            else:
                return response.content
        raise IndexUnreachableError(
            f"{link.filename} cannot be downloaded", evidence=self._evidence(), cure=CURE
        )

    def _packages(self, name: str, *, python: str | None) -> list[Package]:
        """Every file that the places have for a name, best first; failures are noted."""
        settings = self._settings
        packages: list[Package] = []
        for urls, links in [
            *(([url], []) for url in settings.index_urls),
            *(([], [link]) for link in settings.find_links),
        ]:
            finder = PackageFinder(
                cast("Fetcher", self._client),
                index_urls=urls,
                find_links=links,
                target_python=build_python_tags(python) if python else None,
                ignore_compatibility=python is None,
            )
            try:
                packages += finder.find_all_packages(name, allow_yanked=python is None)
            except httpx2.TransportError as error:
                location = Link((urls or links)[0]).redacted
                self._failures.append(f"{location}: {error or type(error).__name__}")
        return packages

    def _note_status(self, response: httpx2.Response) -> None:
        # An index that does not have a name answers 404: no failure.
        if response.status_code >= 400 and response.status_code != 404:
            location = Link(str(response.url)).redacted
            self._failures.append(
                f"{location}: HTTP {response.status_code} {response.reason_phrase}"
            )

    def _evidence(self) -> str:
        settings = self._settings
        asked = ", ".join(Link(url).redacted for url in settings.index_urls) or "no index"
        places = f"{asked}; find-links: {', '.join(settings.find_links) or 'none'}"
        return settings.redacted("\n".join([*dict.fromkeys(self._failures), f"asked: {places}"]))

    def _nothing(self, what: str) -> IndexUnreachableError:
        if self._failures:
            return IndexUnreachableError(
                f"the package index cannot be reached for {what}",
                evidence=self._evidence(),
                cure=CURE,
            )
        return IndexUnreachableError(
            f"no index has {what}",
            evidence=self._evidence(),
            cure="add an index that has it (pip's extra-index-url or find-links), "
            "or renew the locks with `crossbuild lock`",
        )


def _refuse_plain(response: httpx2.Response) -> None:
    """Follow no redirect from https to http: anyone on the way could answer there.

    :raises httpx2.TransportError: it is one
    """
    asked = response.request.url
    if response.has_redirect_location and asked.scheme == "https":
        target = asked.join(response.headers["location"])
        if target.scheme != "https":
            told = f"it redirects to {Link(str(target)).redacted}, which is not encrypted"
            raise httpx2.RemoteProtocolError(told, request=response.request)


def _is_pure(package: Package) -> bool:
    return package.link.filename.endswith("-any.whl")


def sha256s(link: Link) -> list[str] | None:
    """The hashes that an index page gives for a file, or None."""
    return (link.hash_option or {}).get("sha256")


def _certificates(cert: str | None) -> ssl.SSLContext | bool:
    """The certificates that pip's ``cert`` names, or the system's."""
    if cert is None:
        return True
    folder = Path(cert).is_dir()
    try:
        return ssl.create_default_context(
            cafile=None if folder else cert, capath=cert if folder else None
        )
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            "pip's `cert` cannot be used",
            evidence=f"{cert}: {error}",
            cure="correct `cert` in pip's configuration or PIP_CERT",
        ) from error
