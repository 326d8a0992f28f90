"""The emulated board: the target's user land under ``qemu-arm -cpu cortex-a9``.

Each command gets namespaces of its own (user, mount, pid, network, host name), so that
it needs no root, has no network, sees its own /proc and leaves no process and no mount
behind.  Where the kernel refuses that, the board does with less, and says so in its notes.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from crossbuild.board.isolation import NO_CHILDREN, NOTES, Isolation, find_isolation, namespaces
from crossbuild.board.protocol import facts
from crossbuild.board.rootfs import EMULATION, make_root, pip_folder, python_program
from crossbuild.core import files, system_packages
from crossbuild.core.command import Completed, clean_environment, run, try_run, which
from crossbuild.core.digests import TreeDigest
from crossbuild.core.errors import BoardError, ToolMissingError

#: The i.MX6's core: NEON and VFPv3, no integer divide, no fused multiply-add.
CPU = "cortex-a9"

#: The programs that emulate it, the better first.
_QEMU = ("qemu-arm-static", "qemu-arm")

#: The board's own environment; nothing of the build machine's gets in.
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_CACHE_DIR": "1",
}


@dataclass(frozen=True)
class EmulatedBoard:
    """A root file system of its own, and the way to run programs in it."""

    root: Path
    python_version: str
    qemu: Path
    isolation: Isolation
    notes: tuple[str, ...] = ()
    name: str = "emulated"

    @property
    def install_options(self) -> tuple[str, ...]:
        """None: this board is ours alone."""
        return ()

    @property
    def scratch(self) -> str:
        """A folder of ours, as programs on the board name it."""
        return self.seen("/root/crossbuild")

    @property
    def python(self) -> tuple[str, ...]:
        """How to start the target's Python."""
        program = python_program(self.root, self.python_version)
        return (program or f"/usr/bin/python{self.python_version}",)

    @property
    def pip(self) -> tuple[str, ...]:
        """How to start pip: the sysroot's own, or the one unpacked from a wheel."""
        folder = pip_folder(self.root, self.python_version)
        if folder is not None and folder.is_relative_to(self.root / ".board"):
            return (*self.python, self.seen(f"/{folder.relative_to(self.root)}"))
        return (*self.python, "-m", "pip")

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        log: Path | None = None,
        check: bool = True,
        timeout: float | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run a program of the board (see :class:`crossbuild.board.protocol.Board`)."""
        return (run if check else try_run)(
            self.command(argv, env=env),
            env=clean_environment(),
            cwd=self.root,
            log=log,
            timeout=timeout,
            on_line=on_line,
        )

    def command(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, tied: bool = True
    ) -> list[str]:
        """The build machine's command line that runs *argv* on the board.

        :param tied: whether it is killed when the process that starts it dies
        :raises ToolMissingError: the board has no such program
        """
        settings = {**_ENVIRONMENT, **(env or {})}
        program = self._resolve(argv[0], settings["PATH"])
        entered = self._enter([*program, *argv[1:]], settings)
        return [*namespaces(self.isolation, tied=tied), *entered]

    def push(self, source: Path, target: str) -> None:
        """Copy a file or a folder to the board."""
        path = self._place(target)
        with files.disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, path, dirs_exist_ok=True)
            else:
                shutil.copy2(source, path)

    def pull(self, source: str, target: Path) -> None:
        """Copy a file from the board."""
        path = self._place(source)
        if not path.is_file():
            raise BoardError(f"{source} cannot be read on {self.name}", evidence="no such file")
        with files.disk_errors(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)

    def seen(self, path: str) -> str:
        """How a program on the board names *path* of the root file system."""
        return f"{self.root}{path}" if self.isolation is Isolation.PREFIX else path

    def _place(self, target: str) -> Path:
        """Where a path of the board lies on the build machine.

        :raises BoardError: it leaves the board
        """
        inside = target.removeprefix(str(self.root)).lstrip("/")
        path = self.root / inside
        if not path.parent.resolve().is_relative_to(self.root.resolve()):
            raise BoardError(f"{target} is outside the board", evidence=f"board: {self.root}")
        return path

    def _resolve(self, program: str, path: str) -> list[str]:
        """The program's full path, behind its interpreter where it is a script.

        :raises ToolMissingError: the board has no such program
        """
        folders = [""] if program.startswith("/") else path.split(":")
        for folder in folders:
            name = f"{folder}/{program}" if folder else program
            place = self._place(self._followed(name))
            if place.is_file():
                return [*self._interpreter(place, path), name]
        raise ToolMissingError(
            f"the board has no program {program!r}",
            evidence=f"not found in {path} of {self.root}",
            cure="add it to the image that the SDK is made of",
        )

    def _followed(self, name: str) -> str:
        """*name* with symbolic links followed as the board sees them."""
        for _ in range(40):
            path = self.root / name.lstrip("/")
            if not path.is_symlink():
                break
            name = os.path.normpath(Path(name).parent / path.readlink())
        return name

    def _interpreter(self, place: Path, path: str) -> list[str]:
        with place.open("rb") as stream:
            first = stream.readline(256)
        if not first.startswith(b"#!"):
            return []
        arguments = first[2:].decode(errors="replace").split()
        if Path(arguments[0]).name == "env":
            return self._resolve(arguments[1], path)
        return [*self._resolve(arguments[0], path), *arguments[1:]]

    def _enter(self, argv: Sequence[str], settings: Mapping[str, str]) -> list[str]:
        """From inside the namespaces into the root file system."""
        pairs = [f"{name}={value}" for name, value in settings.items()]
        if self.isolation is Isolation.PREFIX:
            qemu = [str(self.qemu), "-cpu", CPU, "-L", str(self.root), self.seen(argv[0])]
            return ["env", "-i", f"QEMU_CPU={CPU}", *pairs, *qemu, *argv[1:]]
        place = [self.isolation.value, str(self.root), str(self.qemu), CPU]
        scripts = [str(EMULATION / "enter.sh"), *place, str(EMULATION / "cpuinfo")]
        return ["bash", *scripts, *pairs, "--", *argv]


@contextmanager
def emulated_board(
    base: Path, python_version: str, *, work: Path, isolation: Isolation | None = None
) -> Iterator[EmulatedBoard]:
    """A fresh board: a copy of *base* that is removed at the end.

    :param base: what :func:`prepared_root` returned
    :param work: folder in which the copy is made
    :param isolation: what :func:`find_isolation` finds, unless given
    :raises ToolMissingError: no static ``qemu-arm``
    :raises BoardError: the board does not start
    """
    isolation = isolation or find_isolation()
    work.mkdir(parents=True, exist_ok=True)
    _remove_left_over(work)
    with files.disk_errors(work):
        folder = Path(tempfile.mkdtemp(dir=work, prefix=f"board-{os.getpid()}-"))
    try:
        root = folder / "root"
        with files.disk_errors(root):
            shutil.copytree(base, root, symlinks=True)
        qemu = _place_qemu(root, isolation)
        board = EmulatedBoard(root, python_version, qemu, isolation)
        (root / "root" / "crossbuild").mkdir(exist_ok=True)
        yield EmulatedBoard(root, python_version, qemu, isolation, _notes(board))
    finally:
        files.remove_tree(folder)


def prepared_root(
    sysroot: Path, python_version: str, cache: Path, *, pip_wheel: Path | None = None
) -> Path:
    """The board's root file system for a sysroot, made once and then kept in *cache*.

    Its Python modules are compiled, which otherwise costs every fresh board 10 s.

    :raises BoardError: see :func:`crossbuild.board.rootfs.make_root`
    """
    digest = TreeDigest(cache / f"{sysroot.name}.index").of(sysroot, [Path()])
    recipe = [files.sha256(path) for path in (EMULATION / "not-on-board.txt", pip_wheel) if path]
    root = cache / f"root-{files.content_key(digest, python_version, recipe)}"
    with files.exclusive(cache / f"{root.name}.lock"):
        if not root.is_dir():
            with files.staged_directory(root) as stage:
                make_root(sysroot, python_version, stage, pip_wheel=pip_wheel)
                _compile_modules(stage, python_version)
    return root


def _place_qemu(root: Path, isolation: Isolation) -> Path:
    """Put QEMU into the root, where a changed root folder still finds it.

    :raises ToolMissingError: the build machine has no QEMU that runs there
    """
    path = clean_environment()
    for name in _QEMU:
        program = which(name, path)
        if program and (isolation is Isolation.PREFIX or _is_static(Path(program))):
            target = root / ".board" / "qemu"
            shutil.copy(program, target)
            return target
    raise ToolMissingError(
        "no static qemu-arm for the emulated board",
        evidence=f"neither qemu-arm-static nor a static qemu-arm on PATH={path['PATH']}",
        cure=system_packages.cure(*_QEMU),
    )


def _is_static(program: Path) -> bool:
    try:
        with program.open("rb") as stream:
            kinds = {segment["p_type"] for segment in ELFFile(stream).iter_segments()}
    except (OSError, ELFError):
        return False
    return "PT_INTERP" not in kinds


def _compile_modules(root: Path, python_version: str) -> None:
    """Write the .pyc files of the standard library and of pip."""
    isolation = find_isolation()
    board = EmulatedBoard(root, python_version, _place_qemu(root, isolation), isolation)
    folders = sorted(root.glob(f"usr/lib*/python{python_version}"))
    folders += [pip for pip in [pip_folder(root, python_version)] if pip]
    names = [board.seen(f"/{folder.relative_to(root)}") for folder in folders]
    board.run([*board.python, "-m", "compileall", "-q", "-j", "0", *names], check=False)


def _notes(board: EmulatedBoard) -> tuple[str, ...]:
    """What this board cannot do, after asking it."""
    answer = facts(board)
    return NOTES[board.isolation] + (() if answer.child_programs else (NO_CHILDREN,))


def _remove_left_over(work: Path) -> None:
    """Remove boards of processes that were killed before they could."""
    for folder in work.glob("board-*-*"):
        try:
            os.kill(int(folder.name.split("-")[1]), 0)  # signal 0 only asks
        except ProcessLookupError:
            files.remove_tree(folder)
        except (PermissionError, ValueError):
            continue
