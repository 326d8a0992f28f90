"""Debian packages without Debian's package manager touching the build machine.

apt resolves, downloads and checks signatures with a state of its own, so neither a
foreign architecture nor root is needed; ``dpkg-deb -x`` unpacks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crossbuild.core import system_packages
from crossbuild.core.command import Completed, clean_environment, run, tethered, try_run, which
from crossbuild.core.errors import (
    CommandError,
    ConfigurationError,
    CrossbuildError,
    DiskError,
    IndexUnreachableError,
    ToolMissingError,
)
from crossbuild.core.files import sha256, write_text

DEFAULT_MIRROR = "http://deb.debian.org/debian/"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

#: apt's words for files that are older or newer than the signed list of them.
HALF_UPDATED = "Hashes of expected file"

#: Settings of the build machine's apt that say how downloads go (proxies, retries,
#: a snapshot mirror's dates).  Its hooks, pins and index targets are not ours.
_DOWNLOAD_SETTING = re.compile(
    r'Acquire::(https?|Proxy\S*|Retries|Check-\S+|ForceIPv\d|Max-ValidTime\S*)(::\S*)? "[^"]+";'
)

#: apt's words for a name that it does not know, or that nothing provides.
_LACKING = re.compile(
    r"Unable to locate package (\S+)|Package '?([^\s']+)'? has no installation candidate"
)


@dataclass(frozen=True)
class Apt:
    """apt for one suite and architecture, with its state under *folder*.

    :ivar mirror: base URL, such as ``http://deb.debian.org/debian/``
    :ivar architecture: Debian's name of it: ``armhf``
    """

    mirror: str
    suite: str
    architecture: str
    folder: Path
    log: Path

    @property
    def _archives(self) -> Path:
        return self.folder / "archives"

    @property
    def _state(self) -> Path:
        return self.folder / f"{self.suite}-{self.architecture}"

    def download(
        self, packages: Sequence[str], omit: Sequence[str], *, dependencies: bool = True
    ) -> list[Path]:
        """Fetch *packages* and all they depend on, less *omit*; what is there and sound is kept.

        :param dependencies: False to fetch *packages* alone
        :returns: the .deb files, in the order in which apt would unpack them
        :raises IndexUnreachableError: the mirror does not answer or lacks the suite, or its lists
            or packages are not those that Debian signed
        :raises ConfigurationError: the suite has no such package, or two exclude each other
        """
        self._configure()
        self._get("update", "-o", "APT::Update::Error-Mode=any")
        plan = self._get("install", "--simulate", *packages).output
        planned = re.findall(r"^Inst (\S+) .*?\((\S+) .*\[(\w+)\]\)", plan, re.MULTILINE)
        chosen = {name for name, _, _ in planned if dependencies or name in packages} - {*omit}
        wanted = [each for each in planned if each[0] in chosen]
        exact = [f"{name}={version}" for name, version, _ in wanted]
        paths = {
            (name, version): self._archives / f"{name}_{version.replace(':', '%3a')}_{arch}.deb"
            for name, version, arch in wanted
        }
        # Of a file that is there, apt looks at the size alone.
        for package, digest in self._signed(exact).items():
            if paths[package].is_file() and sha256(paths[package]) != digest:
                paths[package].unlink()
        self._get("download", *exact, cwd=self._archives)
        return list(paths.values())

    def _signed(self, exact: Sequence[str]) -> dict[tuple[str, str], str]:
        """The SHA-256 of packages by name and version, as the signed lists have it."""
        shown = self._run("apt-cache", "show", "--quiet", *exact).output if exact else ""
        fields = re.findall(r"^(Package|Version|SHA256): (\S+)$", shown, re.MULTILINE)
        names, versions, sums = (
            [value for field, value in fields if field == wanted]
            for wanted in ("Package", "Version", "SHA256")
        )
        return dict(zip(zip(names, versions, strict=True), sums, strict=True))

    def source(self, package: str, destination: Path) -> Path:
        """Fetch a source package and unpack it, with Debian's patches.

        :param package: its name, or ``name=version``; the suite's newest without a version
        :param destination: an empty folder, or none
        :returns: the folder of the sources, below *destination*
        :raises ToolMissingError: the build machine lacks dpkg-source
        """
        self._configure()
        self._get("update", "-o", "APT::Update::Error-Mode=any")
        destination.mkdir(parents=True, exist_ok=True)
        self._get("source", "--download-only", package, cwd=destination)
        folder = destination / package.partition("=")[0]
        description = next(destination.glob("*.dsc"))
        run(["dpkg-source", "--no-check", "--extract", description, folder], log=self.log)
        return folder

    def _configure(self) -> None:
        for folder in (
            self._archives / "partial",
            self._state / "state/lists/partial",
            self._state / "etc/apt.conf.d",
            self._state / "etc/preferences.d",
        ):
            folder.mkdir(parents=True, exist_ok=True)
        (self._state / "status").touch()
        signed = f" signed-by={KEYRING}" if KEYRING.is_file() else ""
        sources = "".join(
            f"{kind} [arch={self.architecture}{signed}] {self.mirror} {self.suite} main\n"
            for kind in ("deb", "deb-src")
        )
        write_text(self._state / "etc/sources.list", sources)
        write_text(self._state / "apt.conf", self._settings())

    def _settings(self) -> str:
        dump = run(["apt-config", "dump"], log=self.log).output
        passed_on = [match[0] for match in _DOWNLOAD_SETTING.finditer(dump)]
        own = {
            "APT::Architecture": self.architecture,
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "",
            "Acquire::Languages": "none",
            "Dir::Cache": self._state,
            "Dir::Cache::archives": self._archives,
            "Dir::Etc": self._state / "etc",
            "Dir::Etc::netrc": "/etc/apt/auth.conf",
            "Dir::Etc::netrcparts": "/etc/apt/auth.conf.d",
            "Dir::Etc::trustedparts": "/etc/apt/trusted.gpg.d",
            "Dir::State": self._state / "state",
            "Dir::State::status": self._state / "status",
        }
        lines = [f'{key} "{value}";' for key, value in own.items()]
        only = f'APT::Architectures {{ "{self.architecture}"; }};'
        return "\n".join([*passed_on, *lines, only, ""])

    def _get(self, command: str, *arguments: str, cwd: Path | None = None) -> Completed:
        try:
            return self._run("apt-get", "--quiet", "--assume-yes", command, *arguments, cwd=cwd)
        except CommandError as error:
            raise self._explained(error) from error

    def _run(self, *argv: str, cwd: Path | None = None) -> Completed:
        env = clean_environment(APT_CONFIG=str(self._state / "apt.conf"))
        return run(argv, env=env, cwd=cwd, log=self.log)

    def _explained(self, error: CommandError) -> CrossbuildError:
        if "No space left" in error.evidence:
            return _disk_full(self.folder, error)
        if lacking := _LACKING.findall(error.evidence):
            names = sorted({one for pair in lacking for one in pair if one})
            return ConfigurationError(
                f"Debian {self.suite} has no package {', '.join(names)} for {self.architecture}",
                evidence=error.evidence,
                cure=f"look for its name: https://packages.debian.org/{self.suite}/ (a library "
                "with its headers ends in -dev)",
            )
        if "unmet dependencies" in error.evidence:
            return ConfigurationError(
                f"these packages of Debian {self.suite} do not go together",
                evidence=error.evidence,
                cure="leave one out",
            )
        if "NO_PUBKEY" in error.evidence:
            return ToolMissingError(
                "apt lacks Debian's keys, by which it checks what it fetches",
                evidence=error.evidence,
                cure=system_packages.cure(str(KEYRING)),
            )
        first = (
            "the mirror is being updated: try again in an hour"
            if HALF_UPDATED in error.evidence
            else "check the network and apt's proxy settings"
        )
        return IndexUnreachableError(
            f"cannot fetch Debian {self.suite} ({self.architecture}) from {self.mirror}",
            evidence=error.evidence,
            cure=f"{first}, or choose another mirror: in apt's own sources, or for a reference SDK "
            "by crossbuild sdk create NAME --mirror URL; what was downloaded is kept",
        )


def unpack(packages: Sequence[Path], destination: Path, log: Path) -> None:
    """Unpack .deb files over one another.

    :raises CrossbuildError: one is damaged (it is removed, to be fetched again)
    """
    destination.mkdir(parents=True, exist_ok=True)
    for package in packages:
        try:
            # Else it would go on where this process was killed: it writes nothing to a pipe.
            run([*tethered(), "dpkg-deb", "--extract", package, destination], log=log)
        except CommandError as error:
            if "No space left" in error.evidence:
                raise _disk_full(destination, error) from error
            package.unlink(missing_ok=True)
            raise CommandError(
                f"{package.name} is damaged and was removed from the cache",
                evidence=error.evidence,
                cure="run the same command again: it is fetched anew",
            ) from error


def build_machine_mirror() -> str:
    """The Debian mirror that the build machine's apt is set up for, else Debian's own.

    apt itself reads its sources, so both formats of them and all their options count.
    """
    form = "$(ORIGIN) $(COMPONENT) $(REPO_URI)"
    argv = ["apt-get", "indextargets", "--format", form, "Identifier: Packages"]
    for line in try_run(argv).output.splitlines():
        origin, component, *uri = line.split(maxsplit=2)
        if (origin, component) == ("Debian", "main") and uri and "security" not in uri[0]:
            return uri[0]
    return DEFAULT_MIRROR


def require_tools() -> None:
    """Check that apt and dpkg are there.

    :raises ToolMissingError: the build machine has no apt or no dpkg
    """
    env = clean_environment()
    for tool in ("apt-get", "apt-config", "dpkg-deb"):
        if which(tool, env) is None:
            raise ToolMissingError(
                f"the program {tool!r} is missing, by which Debian's packages are fetched",
                evidence=f"not found on PATH={env['PATH']}",
                cure="work on Debian or Ubuntu (a container will do); or make the reference SDK "
                "there and copy it here (it can be moved), or give a Yocto SDK with "
                "gfortran and OpenBLAS in it: --sdk DIR (make: SDK=DIR)",
            )


def _disk_full(where: Path, error: CommandError) -> DiskError:
    return DiskError(
        f"no space left while filling {where}",
        evidence=error.evidence,
        cure="a reference SDK needs 600 MB and as much again while it is made: free some space, "
        "then run the same command again",
    )
