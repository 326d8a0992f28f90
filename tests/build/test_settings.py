"""What a build shares with others, and what it keeps to itself."""

from pathlib import Path

import pytest

from crossbuild.build import settings
from crossbuild.build.crossenv import CrossEnv
from crossbuild.core.command import clean_environment, run
from crossbuild.python import build_python
from crossbuild.toolchain.compilers import Compilers


@pytest.mark.parametrize(
    ("version", "variable"),
    [("3.7", "PYTHONDONTWRITEBYTECODE"), ("3.11", "PYTHONPYCACHEPREFIX")],
)
def test_byte_code_lies_nowhere_but_in_the_environment(
    version: str, variable: str, tmp_path: Path
) -> None:
    tools = Compilers(tmp_path / "bin", "arm", has_fortran=False)
    env = CrossEnv(tmp_path, version, tmp_path, tmp_path, tmp_path, tools)
    found = env.environment({})
    names = {"PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"} & found.keys()
    assert names == {variable}
    assert found[variable] in {"1", str(tmp_path / "byte-code")}


#: Waits until another compiler has begun, as long as there may be one.
WAITING = """#!/bin/sh
case $* in *" -c "*)
    mkdir "$BEGUN/$$"
    for _ in $(seq 50); do
        [ "$(ls "$BEGUN" | wc -l)" -ge "$AT_ONCE" ] && break
        sleep 0.1
    done
    [ "$(ls "$BEGUN" | wc -l)" -ge "$AT_ONCE" ] || exit 3 ;;
esac
exec gcc "$@"
"""

TWO_EXTENSIONS = """
from distutils.core import Extension, setup
setup(name="two", ext_modules=[Extension(name, [name + ".c"]) for name in ("one", "other")])
"""


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.11"])
def test_distutils_compiles_extensions_side_by_side(version: str, tmp_path: Path) -> None:
    """And what comes out is the same as without."""
    python = build_python.find(version).executable
    compiler = tmp_path / "compiler-gcc"
    compiler.write_text(WAITING)
    compiler.chmod(0o755)
    (tmp_path / "setup.py").write_text(TWO_EXTENSIONS)
    for name in ("one", "other"):
        (tmp_path / f"{name}.c").write_text(f"int PyInit_{name}(void) {{ return 0; }}\n")
    made = {}
    for jobs in (1, 2):
        home = tmp_path / f"home-{jobs}"
        (home / "begun").mkdir(parents=True)
        settings.write_distutils_config(home, jobs)
        words = [str(python), "setup.py", "build", "--build-base", str(home / "build")]
        own = {"HOME": str(home), "CC": str(compiler), "BEGUN": str(home / "begun")}
        run(words, env=clean_environment(**own, AT_ONCE=str(jobs)), cwd=tmp_path)
        made[jobs] = {path.name: path.read_bytes() for path in home.glob("build/lib*/*.so")}
    assert len(made[1]) == 2
    assert made[1] == made[2]
