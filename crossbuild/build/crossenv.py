"""The cross environment: a Python that runs here and answers as the board's would.

crossenv makes two environments: *build*, in which Cython, Meson and the like run, and
*cross*, whose interpreter runs on the build machine but reports the target's
sysconfig.  Both are filled from files; an old Python never talks to an index.
crossenv says "host" for what crossbuild calls the target.
"""

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crossbuild import in_process
from crossbuild.build import codegen_cache
from crossbuild.build.codegen_cache import NO_CACHE, CodegenCache
from crossbuild.core import abi, files
from crossbuild.core.command import clean_environment, run
from crossbuild.core.errors import CommandError, CrossEnvError
from crossbuild.core.python_version import PythonVersion
from crossbuild.python import build_python
from crossbuild.python.build_python import BuildPython
from crossbuild.python.target_python import TargetPython
from crossbuild.toolchain.compilers import Compilers

#: What is replaced in other modules: by which of ours, and the name.
_REPLACED = {
    "platform": ("answers", "architecture"),
    "ctypes": ("answers", "sizeof"),
    "ctypes.util": ("answers", "find_library"),
    "distutils.command.build_ext": ("apart", "build_ext"),
}


@dataclass(frozen=True)
class CrossEnv:
    """A cross environment on disk.

    ``python`` is the cross interpreter; ``site_packages`` holds the build requirements,
    ``scripts`` their programs; ``version`` is the Python's, as in ``3.11``.
    """

    directory: Path
    version: str
    python: Path
    site_packages: Path
    scripts: Path
    compilers: Compilers

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of a build: the compilers, and nothing of the user's."""
        own = clean_environment()
        path = os.pathsep.join(
            [str(self.scripts), str(self.compilers.directory), "/usr/local/bin:/usr/bin:/bin"]
        )
        fixed = {
            "PATH": path,
            "PYTHONNOUSERSITE": "1",
            "PYTHONHASHSEED": "0",
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        return {**own, **self.compilers.variables, **fixed, **self._byte_code, **extra}

    def with_cython(self, command: Sequence[str]) -> list[str]:
        """The words of a command in which Cython, if there, starts once for all modules."""
        if not (self.scripts / "cython").exists():
            return [*command]
        socket = self.directory / "cython.socket"
        return [
            str(self.scripts / "python"),
            str(codegen_cache.CYTHON_SERVER),
            str(socket),
            *command,
        ]

    @property
    def _byte_code(self) -> Mapping[str, str]:
        """Byte code is kept here: Cython starts for each module, and scipy has a hundred.

        Beside the standard library it may not lie, for that may be the user's SDK's.
        """
        if PythonVersion(self.version).minor < 8:  # which brought the variable
            return {"PYTHONDONTWRITEBYTECODE": "1"}
        return {"PYTHONPYCACHEPREFIX": str(self.directory / "byte-code")}


def create(
    build: BuildPython,
    target: TargetPython,
    compilers: Compilers,
    requirements: Sequence[Path],
    directory: Path,
    *,
    log: Path,
    generators: CodegenCache = NO_CACHE,
) -> CrossEnv:
    """Make the cross environment in *directory*, replacing what is there.

    :param requirements: wheels of crossenv itself and of the build requirements
    :param generators: how what Cython and f2py make is kept
    :raises CrossEnvError: crossenv failed
    """
    files.remove_tree(directory)
    seed = directory / "seed"
    # Made where it stays, not staged: an environment has its own path in every script.
    seed_python = build_python.make_environment(build, seed)
    tools = [path for path in requirements if path.name.startswith("crossenv-")]
    build_python.install_wheels(tools, seed, target.version, seed_python)
    argv: list[str | Path] = [
        *(seed_python, "-m", "crossenv", "--without-pip", "--machine", abi.MACHINE),
        *("--cc", compilers.path("gcc"), "--cxx", compilers.path("g++")),
        *("--ar", compilers.path("ar"), "--sysconfigdata-file", target.sysconfigdata),
        # crossenv exports the sysroot's folders in these, which poisons native compiles.
        *("--env", "CPATH=", "--env", "LIBRARY_PATH="),
        *(target.prefix / "bin" / f"python{target.version}", directory / "env"),
    ]
    try:
        run(argv, env=clean_environment(PYTHONDONTWRITEBYTECODE="1"), log=log, cwd=directory)
    except CommandError as error:
        raise CrossEnvError(
            f"crossenv could not make a cross environment for Python {target.version}",
            evidence=error.evidence,
            cure="crossbuild doctor tells what the SDK and the build Python lack",
        ) from error
    env = existing(target, compilers, directory)
    _start_quickly(env)
    _find_the_standard_library(env)
    _replace_functions(env)
    others = [path for path in requirements if path not in tools]
    build_python.install_wheels(
        others, env.directory / "build", target.version, env.scripts / "python"
    )
    _let_config_tools_answer_for_the_target(env)
    _write_python_config(env)
    _let_cython_name_no_folder(env, generators.cython_launcher)
    _quicken_f2py(env, generators.f2py_keeper)
    _see_build_requirements(env)
    return env


def existing(target: TargetPython, compilers: Compilers, directory: Path) -> CrossEnv:
    """The cross environment that :func:`create` made in *directory*."""
    env = directory / "env"
    return CrossEnv(
        directory=env,
        version=target.version,
        python=env / "cross/bin/python",
        site_packages=env / f"build/lib/python{target.version}/site-packages",
        scripts=env / "build/bin",
        compilers=compilers,
    )


def make_hybrids(
    env: CrossEnv, hybrid: Mapping[str, Sequence[str]], targets: Mapping[str, Path]
) -> None:
    """Give packages of the build environment the target wheel's headers and libraries.

    A build imports such a package and asks it where its headers are; so its code must be
    the build machine's, and its headers and static libraries the target's.

    :param hybrid: by package, the folders of its wheel that the target's take the place of
    :param targets: unpacked target wheels, by package
    """
    for name, folders in hybrid.items():
        for relative in folders:
            ours = env.site_packages / relative
            files.remove_tree(ours)
            shutil.copytree(targets[name] / relative, ours)


def _start_quickly(env: CrossEnv) -> None:
    """Halve the time in which the cross interpreter starts: a build starts it a hundred times.

    Its script starts a Python that sets variables for another: that one needs no ``site``.  And
    crossenv's own site.py has importlib.abc for two classes to inherit from, which since Python
    3.10 loads much else.  Nor does the script leave byte code (``-B``), since its ``-I`` hides
    our variable: the standard library beside which that lies may be of the user's SDK.
    """
    script = env.python.read_text(encoding="utf-8")
    files.write_text(env.python.resolve(), script.replace(" -I", " -ISB", 1), mode=0o755)
    if PythonVersion(env.version).minor >= 10:
        site = env.directory / "lib/site.py"
        text = site.read_text(encoding="utf-8").replace("import importlib.abc\n", "")
        text = text.replace("(importlib.abc.MetaPathFinder)", "")
        text = text.replace("importlib.abc.Loader", "importlib.util.Loader")
        if "importlib.abc" not in text:  # else this crossenv needs more of it
            files.write_text(site, text)


def _find_the_standard_library(env: CrossEnv) -> None:
    """Take the slash off that Python 3.5.2 has behind a folder on its path.

    crossenv puts the standard library before the target's folder, which it looks for by its name.
    """
    if PythonVersion(env.version).minor == 5:
        site = env.directory / "lib/site.py"
        stripped = 'sys.path[:] = [entry.rstrip("/") or "/" for entry in sys.path]'
        text = site.read_text(encoding="utf-8")
        files.write_text(site, text.replace("import sys\n", f"import sys\n{stripped}\n", 1))


def _replace_functions(env: CrossEnv) -> None:
    """Let the cross interpreter answer for the target, and build, as crossenv alone does not.

    crossenv patches a module when it is imported, by a file for each.
    """
    for ours in {ours for ours, _ in _REPLACED.values()}:
        code = (in_process.FOLDER / f"{ours}.py").read_text(encoding="utf-8")
        files.write_text(_cross_site(env) / f"crossbuild_{ours}.py", code)
    files.write_text(_cross_site(env) / "answers.pth", "import crossbuild_answers\n")
    entries = "PATCHES = {\n"
    for module, (ours, name) in _REPLACED.items():
        patch = env.directory / f"lib/{module}-patch.py"
        before = patch.read_text(encoding="utf-8") if patch.exists() else ""
        code = f"import crossbuild_{ours}\n\n{name} = crossbuild_{ours}.{name}({name})\n"
        files.write_text(patch, f"{before}\n{code}")
        entries += "" if before else f"        {module!r}: {str(patch)!r},\n"
    site = env.directory / "lib/site.py"
    files.write_text(site, site.read_text(encoding="utf-8").replace("PATCHES = {", entries, 1))


def _cross_site(env: CrossEnv) -> Path:
    """The folder of packages of the cross interpreter itself, which has none but what we put in."""
    return env.directory / f"cross/lib/python{env.version}/site-packages"


def _let_config_tools_answer_for_the_target(env: CrossEnv) -> None:
    """Run programs such as ``pybind11-config`` by the cross interpreter.

    They print include folders from sysconfig, and the compiler that asks is the target's.
    """
    for script in env.scripts.glob("*-config"):
        first, _, rest = script.read_text().partition("\n")
        if first.startswith("#!"):
            files.write_text(script, f"#!{env.python}\n{rest}", mode=0o755)


def _write_python_config(env: CrossEnv) -> None:
    """Put ``python3-config`` and its other names before the build machine's."""
    argv = [str(env.python), str(in_process.FOLDER / "python_config.py")]
    for name in ("python", "python3", f"python{env.version}"):
        script = f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n'
        files.write_text(env.scripts / f"{name}-config", script, mode=0o755)


def _let_cython_name_no_folder(env: CrossEnv, launcher: Sequence[str]) -> None:
    """Run ``cython`` by a script of ours; equal sources give equal modules wherever they lie."""
    script = env.scripts / "cython"
    if script.exists():
        argv = [*launcher, str(env.scripts / "python"), str(codegen_cache.CYTHON_RUNNER)]
        files.write_text(script, f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n', mode=0o755)


def _quicken_f2py(env: CrossEnv, keeper: str) -> None:
    """Give f2py quicker functions for what takes it longest, and what keeps what it makes."""
    ours = {"auxfuncs.py": codegen_cache.F2PY_REPLACEMENT.read_text(), "f2py2e.py": keeper}
    for name, code in ours.items():
        for module in env.site_packages.glob(f"*/f2py/{name}"):
            files.write_text(module, f"{module.read_text(encoding='utf-8')}\n\n{code}")


def _see_build_requirements(env: CrossEnv) -> None:
    """Put the build requirements on the cross interpreter's ``sys.path`` itself.

    crossenv's import hook alone does not do: Cython's search for ``.pxd`` files and
    pkg_resources read ``sys.path``, and setuptools, finding nothing there, downloads.
    """
    # A line of code, so that the .pth files of the build requirements count as well.
    code = f"import site; site.addsitedir({str(env.site_packages)!r})\n"
    files.write_text(_cross_site(env) / "build-requirements.pth", code)
