"""Machines that compile for this one: distcc's hosts, behind ccache.

distcc preprocesses here and sends what comes out (its pump mode stays off), so that a host
needs the compiler and nothing else.  It falls back to this machine by itself, without a
word, and it takes whatever a host's compiler makes.  So each host is asked first whether it
makes the objects that the SDK's compilers make here, and is left out where it does not.
"""

import re
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from crossbuild.core import defaults, system_packages
from crossbuild.core.command import clean_environment, ssh_agent, try_run, which
from crossbuild.core.errors import CommandError, ConfigurationError, ToolMissingError
from crossbuild.sdk.model import Sdk
from crossbuild.toolchain import jobserver

#: What is in distcc's syntax and has no place here, with the reason.
_REFUSED = {
    r".*,cpp(,.*)?": "this is pump mode, whose objects differ from those made here",
    r"--localslots.*": "localhost/N says how many compilers run here",
    r"\+zeroconf": "hosts must be named, since each one's compiler is looked at",
}

_LOCAL = re.compile(r"localhost(/(?P<slots>[1-9]\d*))?")

#: distcc's words on what went wrong.
_COMPLAINT = re.compile(r"^distcc\[\d+\] (?:\(\w+\) )?(?:ERROR|Warning): (.*)$", re.MULTILINE)

#: What each host is asked to compile, as C and as C++; the object tells the compiler's version.
_PROBE = "int probe(int a) { return a * 3; }\n"

#: How long a host may take for each, in seconds.
_PATIENCE = 20

#: How long distcc sleeps while all hosts are busy, in ms; its own second is a compile's time.
_PAUSE_MS = "100"


@dataclass(frozen=True)
class Farm:
    """The hosts, and this machine beside them.

    :ivar distcc: the program
    :ivar hosts: as distcc writes them, with how many compilers each runs at once
    :ivar here: how many compilers this machine runs beside them, memory permitting
    :ivar options: distcc's words that are no host
    """

    distcc: str
    hosts: Mapping[str, int]
    here: int
    options: tuple[str, ...] = ()

    @property
    def compilers(self) -> int:
        """How many compilers run at once, on the hosts and here."""
        return self.slots + self.here

    @property
    def slots(self) -> int:
        """How many compilers the hosts run at once."""
        return sum(self.hosts.values())

    def at_once(self, memory_mb: int) -> int:
        """How many compilers may run at once.

        :param memory_mb: what the hungriest of them needs, which is asked of this machine alone
        """
        return self.slots + jobserver.fitting(self.here, memory_mb)

    def variables(self, state: Path, log: Path, memory_mb: int) -> dict[str, str]:
        """The environment variables of a build whose compilers may go to the farm.

        :param state: folder, made here, in which all builds count how many compilers run where
        :param log: file in which distcc tells where each went; else its warnings would be taken
            for the compiler's, and ccache would keep them
        """
        state.mkdir(parents=True, exist_ok=True)
        here = jobserver.fitting(self.here, memory_mb)
        # Also what distcc does not send (links, Fortran) or what comes back waits for these.
        local = (f"localhost/{here}", f"--localslots={here}", f"--localslots_cpp={2 * self.here}")
        return {
            **ssh_agent(),
            "CCACHE_PREFIX": self.distcc,
            "DISTCC_HOSTS": " ".join((*self.options, *self.hosts, *local)),
            "DISTCC_DIR": str(state),
            "DISTCC_LOG": str(log),
            "DISTCC_VERBOSE": "1",
            "DISTCC_PAUSE_TIME_MSEC": _PAUSE_MS,
        }

    def examined(self, sdk: Sdk, *, debug: bool) -> tuple["Farm", tuple[str, ...]]:
        """The farm with those hosts alone that make the same objects, and why others do not.

        :param debug: whether debug information is made
        """
        if debug:
            why = "any host: debug information has columns, which preprocessing changes"
            return replace(self, hosts={}), (why,)
        with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor() as pool:
            folder = Path(name)
            wanted = _objects((), sdk, folder, clean_environment())
            reasons = pool.map(
                partial(_unfit, distcc=self.distcc, sdk=sdk, folder=folder, wanted=wanted),
                self.hosts,
            )
            unfit = {host: why for host, why in zip(self.hosts, reasons, strict=True) if why}
        fit = {host: slots for host, slots in self.hosts.items() if host not in unfit}
        return replace(self, hosts=fit), tuple(f"{host}: {why}" for host, why in unfit.items())


def named(words: Sequence[str]) -> Farm:
    """The farm of these hosts, in distcc's own syntax.

    :raises ToolMissingError: distcc is missing
    :raises ConfigurationError: distcc does not understand the words, or they have no place here
    """
    distcc = which("distcc", clean_environment())
    if distcc is None:
        raise ToolMissingError(
            "a farm needs distcc, which is missing",
            evidence=f"not found on PATH={clean_environment()['PATH']}",
            cure=f"{system_packages.cure('distcc')}, or leave out --distcc: all is compiled here "
            "then",
        )
    for word in words:
        if why := next((why for form, why in _REFUSED.items() if re.fullmatch(form, word)), None):
            raise _malformed(word, why)
    local = [match for word in words if (match := _LOCAL.fullmatch(word))]
    remote = [word for word in words if not _LOCAL.fullmatch(word)]
    return Farm(
        distcc=distcc,
        hosts={word: _slots(distcc, word) for word in remote if not word.startswith("--")},
        here=int(local[0]["slots"] or 2) if local else defaults.JOBS,
        options=tuple(word for word in remote if word.startswith("--")),
    )


def _slots(distcc: str, host: str) -> int:
    """How many compilers a host takes at once, as distcc reads its words."""
    with tempfile.TemporaryDirectory() as state:  # it does not even count without a folder
        env = clean_environment(DISTCC_HOSTS=host, DISTCC_DIR=state)
        output = try_run([distcc, "-j"], env=env).output
    # Of words that it does not understand it complains, and says 0.
    if not re.fullmatch(r"[1-9]\d*", output.strip()):
        raise _malformed(host, _complaint(output))
    return int(output)


def _malformed(word: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{word!r} is no host of a farm",
        evidence=why,
        cure='name hosts as distcc does, "hostA/4 10.0.0.7:3632/8,lzo": docs/speed.md',
    )


def _unfit(host: str, distcc: str, sdk: Sdk, folder: Path, wanted: Mapping[str, bytes]) -> str:
    """Why a host is of no use for an SDK; empty where it makes the same objects."""
    place = Path(tempfile.mkdtemp(dir=folder))
    # State of its own: a host that failed a minute ago is asked all the same.
    variables = {"DISTCC_HOSTS": host, "DISTCC_FALLBACK": "0", "DISTCC_DIR": str(place)}
    try:
        made = _objects((distcc,), sdk, place, clean_environment(**ssh_agent(), **variables))
    except CommandError as error:
        return error.what
    return "" if made == wanted else "its compiler makes other objects than the SDK's"


def _objects(
    launcher: Sequence[str], sdk: Sdk, folder: Path, env: Mapping[str, str]
) -> dict[str, bytes]:
    """What the compilers make of the probes, by language.

    :raises CommandError: one of them, or its launcher, failed; with its words
    """
    made = {}
    compilers = {"c": sdk.tools.cc, "cc": sdk.tools.cxx}
    for kind, words in compilers.items():
        if not Path(words[0]).exists():
            continue  # an SDK without C++
        source, product = f"probe.{kind}", f"probe-{kind}.o"
        (folder / source).write_text(_PROBE)
        argv = [*launcher, *words, "-c", source, "-o", product]
        done = try_run(argv, env=env, cwd=folder, timeout=_PATIENCE)
        if done.status:
            raise CommandError(_complaint(done.output) or done.output.strip()[-200:])
        made[kind] = (folder / product).read_bytes()
    return made


def _complaint(output: str) -> str:
    """The last of distcc's words on why it failed, without where in its source they are from."""
    found: list[str] = _COMPLAINT.findall(output)
    return next((text for text in reversed(found) if "fallbacks are disabled" not in text), "")
