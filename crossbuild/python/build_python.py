"""Finding the build machine's Python of the target's X.Y, and environments from it.

Every candidate is tried, not believed: SDKs ship shell wrappers around the real
interpreter, Pythons without pip, venv or headers, and pyenv shims that answer nothing.
"""

import ast
import os
import re
import shutil
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossbuild import in_process
from crossbuild.core import files
from crossbuild.core.command import clean_environment, run, try_run, which
from crossbuild.core.errors import (
    BuildPythonError,
    CommandError,
    CrossbuildError,
    ToolMissingError,
)
from crossbuild.sdk.brought import Store
from crossbuild.sdk.model import Sdk

#: Standard library modules without which nothing can be built.
REQUIRED = ("argparse", "hashlib", "json", "logging", "subprocess", "tempfile", "zipfile", "zlib")
#: Modules whose absence is worked around, or matters to some packages only.
OPTIONAL = ("bz2", "ctypes", "distutils", "ensurepip", "lzma", "sqlite3", "ssl", "venv")

_PROBE_SECONDS = 30.0
#: In a checkout: makes a build Python of any version.
_COMPILING = Path(__file__).resolve().parents[2] / "docker/build-python"
_HOST_TASK = (
    "in the SDK's local.conf: "
    'TOOLCHAIN_HOST_TASK:append = " nativesdk-python3 nativesdk-python3-modules" '
    "(before honister: TOOLCHAIN_HOST_TASK_append)"
)


@dataclass(frozen=True)
class BuildPython:
    """A Python of the build machine that was started and answered.

    ``executable`` is the ELF program itself, also where a shell wrapper stands before it;
    ``home`` is its prefix; ``include`` is None where its headers are not installed;
    ``missing`` names the modules of :data:`OPTIONAL` that it lacks; ``libraries`` are the shared
    libraries that it loads, wherever they lie.
    """

    version: str
    full_version: str
    executable: Path
    home: Path
    stdlib: Path
    include: Path | None
    missing: tuple[str, ...]
    libraries: tuple[Path, ...]
    origin: str

    @property
    def places(self) -> tuple[Path, ...]:
        """All that must be seen for it to run."""
        return (self.executable, self.home, self.stdlib, *self.libraries)


class _UnfitError(Exception):
    """Why a candidate cannot be the build Python."""


def find(
    version: str,
    *,
    explicit: Path | None = None,
    sdk: Sdk | None = None,
    headers: bool = False,
    store: Store | None = None,
) -> BuildPython:
    """The first usable CPython of *version* ("3.7") for x86-64.

    Looked for at *explicit* (and then nowhere else), in the SDK's native sysroot, on PATH,
    in pyenv, and among uv's Pythons; then it is fetched.

    :param headers: whether its own headers must be there, to synthesise a target's from
    :param store: where a fetched one is kept; nothing is fetched where None
    :raises BuildPythonError: none is usable; the evidence names each place, and why not
    """
    tried: list[str] = []
    seen: set[Path] = set()
    for origin, otherwise, candidates in _places(version, explicit, sdk, store):
        executables = [path for path in candidates if os.access(path, os.X_OK)]
        if not executables:
            tried.append(f"{origin}: {otherwise}")
        for candidate in executables:
            if candidate.resolve() in seen:
                continue
            seen.add(candidate.resolve())
            try:
                return _examine(candidate, version, origin, headers=headers)
            except _UnfitError as reason:
                tried.append(f"{origin}: {candidate}: {reason}")
    raise BuildPythonError(
        f"no usable Python {version}{' with headers' if headers else ''} on the build machine",
        evidence="\n    ".join(["places looked in:", *tried]),
        cure=_cure(version, store),
    )


def _places(
    version: str, explicit: Path | None, sdk: Sdk | None, store: Store | None
) -> Iterator[tuple[str, str, list[Path]]]:
    """Where a Python may be: (origin, what to tell where it is not, the files to try)."""
    name = f"python{version}"
    if explicit is not None:
        files_there = [explicit / "bin" / name] if explicit.is_dir() else [explicit]
        yield "--build-python", f"nothing at {files_there[0]}", files_there
        return
    if sdk is not None:
        folder = sdk.native_sysroot / "usr" / "bin"
        yield "SDK", f"nothing at {folder}/{name}", [folder / name, folder / "python3"]
    folders = [Path(entry) for entry in clean_environment()["PATH"].split(os.pathsep) if entry]
    yield "PATH", f"nothing at {name}", [folder / name for folder in folders]
    pyenv = _pyenv() / "versions"
    yield "pyenv", f"nothing at {pyenv}/{version}.*", _newest_first(pyenv, f"{version}.*", name)
    yield _of_uv(version)
    if store is None:
        return
    from crossbuild.python import fetched  # slow to load: most machines have a Python

    try:
        program = fetched.of_debian(version, store)
    except CrossbuildError as error:
        yield "Debian", _reason(error), []
    else:
        yield "Debian", "no suite has it", [program] if program else []
    try:
        if fetched.of_uv(version, store):
            yield _of_uv(version)
    except CrossbuildError as error:
        yield "uv", _reason(error), []


def _reason(error: CrossbuildError) -> str:
    return f"{error.what}: {error.evidence}" if error.evidence else error.what


def _of_uv(version: str) -> tuple[str, str, list[Path]]:
    pattern = f"cpython-{version}.*-linux-x86_64-gnu"
    folder = _uv_store()
    if folder is None:
        return "uv", "does not tell where its Pythons are", []
    candidates = _newest_first(folder, pattern, f"python{version}")
    return "uv", f"nothing at {folder}/{pattern}", candidates


def _pyenv() -> Path:
    # Not Path.expanduser: a user may have no home.
    return Path(os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"))  # noqa: PTH111


def _newest_first(folder: Path, pattern: str, name: str) -> list[Path]:
    def patch_level(path: Path) -> tuple[int, ...]:
        digits = "".join(char if char.isdigit() else " " for char in path.name)
        return tuple(int(number) for number in digits.split())

    versions = sorted(folder.glob(pattern), key=patch_level, reverse=True)
    return [path / "bin" / name for path in versions]


def _uv_store() -> Path | None:
    try:
        from uv import find_uv_bin

        shown = run([find_uv_bin(), "python", "dir", "--color", "never"]).output.strip()
    except (ImportError, FileNotFoundError, CommandError, ToolMissingError):
        return None
    return Path(shown)


def _examine(candidate: Path, version: str, origin: str, *, headers: bool) -> BuildPython:
    """Start the candidate, then the program behind it, and judge what they say."""
    first = _ask(candidate)
    executable = Path(first["exe"])
    _require_x86_64(executable)
    # The wrapper may have exported PYTHONHOME: the program must start without it.
    answer = first if executable == candidate.resolve() else _ask(executable)
    full_version = ".".join(str(part) for part in answer["version"])
    if answer["implementation"] != "cpython":
        raise _UnfitError(f"is {answer['implementation']}, not CPython")
    if full_version.rpartition(".")[0] != version:
        raise _UnfitError(f"is Python {full_version}")
    if answer["abiflags"] not in ("", "m"):
        raise _UnfitError(f"has the ABI flags {answer['abiflags']!r} (debug or free-threaded)")
    lacking = [module for module in answer["missing"] if module in REQUIRED]
    if lacking:
        raise _UnfitError(f"its standard library lacks {', '.join(lacking)}")
    include = Path(answer["include"] or os.devnull)
    if headers and not (include / "Python.h").is_file():
        raise _UnfitError(f"has no headers at {include}")
    return BuildPython(
        version=version,
        full_version=full_version,
        executable=executable,
        home=Path(answer["base_prefix"]),
        stdlib=Path(answer["stdlib"]),
        include=include if (include / "Python.h").is_file() else None,
        missing=tuple(answer["missing"]),
        libraries=tuple(map(Path, answer["libraries"])),
        origin=origin,
    )


def _ask(program: Path) -> dict[str, Any]:
    """What the interpreter says about itself (in_process/probe_python.py)."""
    probe = in_process.FOLDER / "probe_python.py"
    try:
        # -B: an SDK's folders are the user's, not ours to fill with byte code.
        argv: list[str | Path] = [program, "-I", "-B", probe, *REQUIRED, *OPTIONAL]
        finished = try_run(argv, timeout=_PROBE_SECONDS)
    except (CommandError, ToolMissingError) as error:
        raise _UnfitError(f"does not start: {error}") from None
    if finished.status != 0:
        last = (finished.output.strip().splitlines() or ["no output"])[-1]
        hint = " (it needs PYTHONHOME)" if "encodings" in finished.output else ""
        raise _UnfitError(f"{program.name} exits with status {finished.status}: {last}{hint}")
    try:
        answer: dict[str, Any] = ast.literal_eval(finished.output.strip().splitlines()[-1])
    except (SyntaxError, ValueError, IndexError):
        raise _UnfitError("does not answer as Python does") from None
    if not isinstance(answer, dict) or "exe" not in answer:
        raise _UnfitError("does not answer as Python does")
    return answer


def _require_x86_64(program: Path) -> None:
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with program.open("rb") as stream:
            machine = ELFFile(stream)["e_machine"]
    except (OSError, ELFError) as error:
        raise _UnfitError(f"{program} is no readable program: {error}") from None
    if machine != "EM_X86_64":
        raise _UnfitError(f"{program} is for {machine}, not for x86-64")


def ways(versions: Sequence[str]) -> list[str]:
    """How this machine may come by Pythons: lines to paste, none that it cannot follow."""
    wanted, served, lines = " ".join(versions), _served_by_apt(versions), []
    if _COMPILING.is_file():
        lines.append(f"{_COMPILING} {wanted}")
    # It refuses 3.5, whose ssl does not compile with OpenSSL 3.
    if "3.5" not in versions and (which("pyenv", clean_environment()) or _pyenv().is_dir()):
        lines.append(f"pyenv install {wanted}")
    if served:
        names = " ".join(f"python{version} python{version}-venv" for version in served)
        lines.append(f"apt-get install {names}")
    return lines


def _served_by_apt(versions: Sequence[str]) -> list[str]:
    """Those of the versions that the machine's package manager has, where that is apt."""
    try:
        policy = try_run(["apt-cache", "policy", *(f"python{one}" for one in versions)]).output
    except ToolMissingError:
        return []
    candidates = re.findall(r"^python(\S+):\n.*\n\s+\S+ (\S+)$", policy, re.MULTILINE)
    return [version for version, candidate in candidates if candidate != "(none)"]


def _cure(version: str, store: Store | None = None) -> str:
    lines = [*ways([version]), "name one: --build-python PATH", _HOST_TASK]
    from crossbuild.python import fetched

    if store is not None and store.offline and (offer := fetched.offer(version)):
        lines = [f"without --offline and --no-fetch-python: {offer} is fetched", *lines]
    return "one of\n    " + "\n    ".join(lines)


def make_environment(python: BuildPython, directory: Path) -> Path:
    """Make a virtual environment from files of our own and return its interpreter.

    It needs neither the venv module nor ensurepip nor pip, and nothing is written outside
    *directory*.  Where the Python lacks ``venv``, a stand-in good enough for crossenv is put in.

    :raises BuildPythonError: the environment's interpreter does not see itself as such
    """
    name = f"python{python.version}"
    with files.staged_directory(directory) as stage:
        site = stage / "lib" / name / "site-packages"
        site.mkdir(parents=True)
        (stage / "bin").mkdir()
        (stage / "bin" / name).symlink_to(python.executable)
        for alias in ("python", "python3"):
            (stage / "bin" / alias).symlink_to(name)
        (stage / "pyvenv.cfg").write_text(
            f"home = {python.executable.parent}\n"
            "include-system-site-packages = false\n"
            f"version = {python.full_version}\n",
            encoding="utf-8",
        )
        if "venv" in python.missing:
            shutil.copyfile(in_process.FOLDER / "venv.py", site / "venv.py")
        _prove_environment(python, stage)
    return directory / "bin" / name


def install_wheels(wheels: Sequence[Path], prefix: Path, version: str, python: Path) -> None:
    """Unpack wheels into the environment at *prefix* with our own Python.

    :param python: what the wheels' scripts are to run with
    """
    from installer import install  # slow to load, and of no use to a run that finds all made
    from installer.destinations import SchemeDictionaryDestination
    from installer.sources import WheelFile

    library = str(prefix / f"lib/python{version}/site-packages")
    scheme = {
        "purelib": library,
        "platlib": library,
        "headers": str(prefix / "include"),
        "scripts": str(prefix / "bin"),
        "data": str(prefix),
    }
    for wheel in wheels:
        destination = SchemeDictionaryDestination(
            scheme, interpreter=str(python), script_kind="posix", overwrite_existing=True
        )
        with WheelFile.open(wheel) as source, warnings.catch_warnings():
            # Compiled files that a wheel brings by mistake are left out, which is right.
            warnings.simplefilter("ignore", RuntimeWarning)
            install(source, destination, additional_metadata={"INSTALLER": b"crossbuild"})


def _prove_environment(python: BuildPython, directory: Path) -> None:
    try:
        answer = _ask(directory / "bin" / f"python{python.version}")
    except _UnfitError as reason:
        evidence = str(reason)
    else:
        evidence = f"sys.prefix {answer['prefix']}, sys.base_prefix {answer['base_prefix']}"
        expected = (str(directory), str(python.home))
        if (answer["prefix"], answer["base_prefix"]) == expected:
            return
    raise BuildPythonError(
        f"a virtual environment of {python.executable} does not work",
        evidence=f"{evidence}; expected {directory} and {python.home}",
        cure=_cure(python.version),
    )
