"""The services of docker/compose.yaml without a container engine: on this machine's own system.

Each has a network of its own at the end of a wire to a bridge, and its volumes, /srv, /opt and
/project; all else is this machine's.  Needs root.
"""

import os
import re
import shlex
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.programs import program
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker/compose.yaml"

#: Enters a root folder of which all is this machine's but what containers have of their own:
#: ROOT, a line HERE THERE for each volume on standard input, then the command.
ENTER = r"""
set -e
root=$1
shift
mount --bind "$root" "$root"
for place in /*; do
    case $place in
    /opt | /srv | /project | /cache) continue ;;
    esac
    if [ -L "$place" ]; then
        cp -P "$place" "$root"
    elif [ -d "$place" ]; then
        mkdir -p "$root$place"
        mount --rbind "$place" "$root$place"
    fi
done
while read -r here there; do
    if [ -d "$here" ]; then
        mkdir -p "$root$there"
    else
        mkdir -p "$(dirname "$root$there")"
        touch "$root$there"
    fi
    mount --bind "$here" "$root$there"
done
# Not chroot, in which nobody may make namespaces of his own.
cd "$root"
pivot_root . .
umount -l .
exec "$@"
"""


@dataclass
class Compose:
    """The services, as far as they were started; *addresses* by name."""

    folder: Path
    settings: Mapping[str, str]
    network: str
    addresses: dict[str, str]

    @property
    def services(self) -> Mapping[str, Mapping[str, Any]]:
        """What the file says of each."""
        found: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text())["services"]
        return found

    @contextmanager
    def up(self, *names: str) -> Iterator[None]:
        """Services that run; each is there as soon as it takes connections."""
        with ExitStack() as stack:
            for name, port in (one.split(":") for one in names):
                stack.enter_context(self._running(name, int(port)))
            yield

    def run(self, name: str, *words: str, workdir: str = "/project") -> "Ended":
        """A service that ends, in this machine's own network."""
        hosts = self.folder / "hosts"
        lines = [f"{address} {one}\n" for one, address in self.addresses.items()]
        hosts.write_text("127.0.0.1 localhost\n" + "".join(lines))
        shell = f'cd {workdir} && exec "$@"'
        return subprocess.run(
            ["unshare", "--mount", *self._entering(name), "sh", "-c", shell, "sh", *words],
            input=self._volumes(name) + f"{hosts} /etc/hosts\n",
            env={**os.environ, **self._environment(name)},
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def _running(self, name: str, port: int) -> Iterator[None]:
        service = self.services[name]
        words = [*service.get("entrypoint", []), *service["command"]]
        address = f"{self.network}.{len(self.addresses) + 2}"
        space = f"compose{os.getpid()}-{len(self.addresses)}"
        with _wired(space, address, f"{self.network}.1"), (self.folder / name).open("w") as log:
            process = subprocess.Popen(
                ["ip", "netns", "exec", space, *self._entering(name), *words],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                env={**os.environ, **self._environment(name)},
            )
            assert process.stdin
            process.stdin.write(self._volumes(name))
            process.stdin.close()
            self.addresses[name] = address
            try:
                until(lambda: _takes(address, port) or process.poll() is not None, seconds=20)
                assert process.poll() is None, self.log(name)
                yield
            finally:
                process.terminate()
                process.wait()

    def log(self, name: str) -> str:
        """What a service has told."""
        return (self.folder / name).read_text()

    def _entering(self, name: str) -> Sequence[str]:
        root = self.folder / f"root-{name}"
        root.mkdir(exist_ok=True)
        return ["sh", "-c", ENTER, "sh", str(root)]

    def _volumes(self, name: str) -> str:
        """The volumes of a service, and the checkout where the image has it."""
        lines = [f"{ROOT} /opt/crossbuild"]
        for volume in self.services[name].get("volumes", []):
            text = re.sub(r"\$\{(\w+):-[^}]*\}", lambda match: self.settings[match[1]], volume)
            here, there, *_ = text.split(":")
            place = Path(self.settings.get(here, here))
            lines.append(f"{FILE.parent / place} {there}")
        return "".join(f"{line}\n" for line in lines)

    def _environment(self, name: str) -> Mapping[str, str]:
        found: Mapping[str, str] = self.services[name].get("environment", {})
        return found


Ended = subprocess.CompletedProcess[str]


@contextmanager
def compose(folder: Path, settings: Mapping[str, str]) -> Iterator[Compose]:
    """The services' network; *folder* is for what they leave.

    :param settings: the variables of the file, and where its named volumes lie
    """
    ip = program("ip", "iproute2")
    bridge = f"br{os.getpid()}"
    network = f"172.31.{os.getpid() % 256}"
    subprocess.run([ip, "link", "add", bridge, "type", "bridge"], check=True)
    try:
        subprocess.run([ip, "address", "add", f"{network}.1/24", "dev", bridge], check=True)
        subprocess.run([ip, "link", "set", bridge, "up"], check=True)
        yield Compose(folder, settings, network, {})
    finally:
        subprocess.run([ip, "link", "delete", bridge], check=True)


@contextmanager
def _wired(space: str, address: str, gateway: str) -> Iterator[None]:
    """A network with one wire, to the bridge."""
    bridge, wire = f"br{os.getpid()}", f"w{space.removeprefix('compose')}"
    subprocess.run(["ip", "netns", "add", space], check=True)
    try:
        for line in (
            f"link add {wire} type veth peer name eth0 netns {space}",
            f"link set {wire} master {bridge} up",
            f"-n {space} address add {address}/24 dev eth0",
            f"-n {space} link set eth0 up",
            f"-n {space} link set lo up",
            f"-n {space} route add default via {gateway}",
        ):
            subprocess.run(["ip", *shlex.split(line)], check=True)
        yield
    finally:
        subprocess.run(["ip", "netns", "delete", space], check=True)


def _takes(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0
