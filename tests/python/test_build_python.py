"""The build Python: found by trying, also behind the wrappers that SDKs ship."""

import ast
import functools
import os
import shutil
from pathlib import Path

import pytest

from crossbuild import in_process
from crossbuild.core.command import clean_environment, run, try_run
from crossbuild.core.errors import BuildPythonError
from crossbuild.python import build_python
from crossbuild.python.build_python import BuildPython
from tests.support.nativesdk import nativesdk_python, sdk_with

VERSIONS = ("3.6", "3.7", "3.9", "3.11", "3.13")


@functools.cache
def found(version: str) -> BuildPython | None:
    try:
        return build_python.find(version)
    except BuildPythonError:
        return None


def installed(version: str) -> BuildPython:
    return found(version) or pytest.skip(f"no Python {version} on this machine")


def ask(python: Path, code: str) -> str:
    return run([python, "-c", code], env=clean_environment()).output.strip()


@pytest.mark.trap(10)
@pytest.mark.parametrize("version", VERSIONS)
def test_found_python_is_the_program_itself_and_makes_environments(
    version: str, tmp_path: Path
) -> None:
    python = installed(version)
    assert python.full_version.startswith(f"{version}.")
    assert python.executable.read_bytes()[:4] == b"\x7fELF"
    environment = build_python.make_environment(python, tmp_path / "env")
    (tmp_path / "env/lib" / f"python{version}" / "site-packages/only_here.py").touch()
    told = ask(environment, "import sys, only_here; print(sys.prefix); print(sys.base_prefix)")
    assert told.splitlines() == [str(tmp_path / "env"), str(python.home)]
    for alias in ("python", "python3"):
        assert ask(environment.with_name(alias), "import only_here; print(1)") == "1"


@pytest.mark.trap(11)
def test_wrapper_of_an_sdk_is_seen_through(tmp_path: Path) -> None:
    version = "3.7"
    root = tmp_path / "sysroots/x86_64-pokysdk-linux"
    nativesdk_python(installed(version), root)
    before = sorted(root.rglob("*"))
    python = build_python.find(version, sdk=sdk_with(root))
    assert python.origin == "SDK"
    assert python.executable == root / f"usr/bin/python{version}.real"
    assert python.include is None
    assert {"venv", "ensurepip"} <= set(python.missing)
    environment = build_python.make_environment(python, tmp_path / "env")
    # The SDK is the user's: neither packages nor byte code of ours may be left in it.
    assert sorted(root.rglob("*")) == before
    told = ask(environment, "import sys, venv; print(sys.prefix); print(venv.__file__)")
    prefix, stand_in = told.splitlines()
    assert prefix == str(tmp_path / "env")
    assert stand_in.startswith(prefix)


def test_libraries_that_lie_elsewhere_are_among_its_places(tmp_path: Path) -> None:
    elsewhere = installed("3.7")
    root = tmp_path / "sysroots/x86_64-pokysdk-linux"
    nativesdk_python(elsewhere, root)
    python = build_python.find("3.7", sdk=sdk_with(root))
    own = elsewhere.home / "lib/libpython3.7m.so.1.0"
    if not own.exists():
        pytest.skip("the Python 3.7 of this machine has no shared library of its own")
    assert not own.is_relative_to(python.home)
    assert own in python.places


@pytest.mark.trap(11)
def test_stand_in_venv_makes_a_working_environment(tmp_path: Path) -> None:
    version = "3.7"
    root = tmp_path / "native"
    nativesdk_python(installed(version), root)
    python = build_python.find(version, sdk=sdk_with(root))
    environment = build_python.make_environment(python, tmp_path / "seed")
    made = tmp_path / "made"
    code = f"import venv; venv.EnvBuilder(symlinks=True).create({str(made)!r})"
    ask(environment, code)
    told = ask(made / "bin/python", "import sys; print(sys.prefix, sys.base_prefix)")
    assert told == f"{made} {root}/usr"
    assert (made / "bin/activate").is_file()


def test_shim_that_does_not_answer_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = installed("3.7")
    shim = tmp_path / "shims/python3.7"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.7: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    store = tmp_path / "pyenv/versions" / real.full_version / "bin"
    store.mkdir(parents=True)
    (store / "python3.7").symlink_to(real.executable)
    monkeypatch.setenv("PATH", f"{shim.parent}:/usr/bin:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    python = build_python.find("3.7")
    assert (python.origin, python.executable) == ("pyenv", real.executable)


def test_no_python_names_every_place_and_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "python3.4"
    shim.write_text("#!/bin/sh\necho broken\nexit 3\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(BuildPythonError) as caught:
        build_python.find("3.4", sdk=sdk_with(tmp_path / "native"))
    text = str(caught.value)
    assert "no usable Python 3.4" in text
    assert f"SDK: nothing at {tmp_path}/native/usr/bin/python3.4" in text
    assert f"PATH: {shim}: python3.4 exits with status 3: broken" in text
    assert "pyenv: nothing at" in text
    assert "pyenv install 3.4" in text
    assert "uv python install" not in text  # it begins with 3.8
    assert "TOOLCHAIN_HOST_TASK" in text


def test_explicit_python_of_another_version_is_refused_without_a_second_choice() -> None:
    wrong = installed("3.11")
    with pytest.raises(BuildPythonError, match=r"is Python 3\.11\.") as caught:
        build_python.find("3.9", explicit=wrong.executable)
    assert "pyenv:" not in caught.value.evidence


def test_program_of_another_machine_is_refused(tmp_path: Path) -> None:
    arm = tmp_path / "python3.7.real"
    image = bytearray(Path(shutil.which("env") or "/usr/bin/env").read_bytes())
    image[18:20] = (40).to_bytes(2, "little")  # e_machine: EM_ARM
    arm.write_bytes(image)
    script = tmp_path / "python3.7"
    script.write_text(f"""#!/bin/sh\necho "{{'exe': '{arm}'}}"\n""")
    script.chmod(0o755)
    with pytest.raises(BuildPythonError, match="is for EM_ARM, not for x86-64"):
        build_python.find("3.7", explicit=script)


def test_incomplete_standard_library_is_named(tmp_path: Path) -> None:
    wrapper = nativesdk_python(installed("3.7"), tmp_path)
    (tmp_path / "usr/lib/python3.7/zipfile.py").unlink()
    shutil.rmtree(tmp_path / "usr/lib/python3.7/logging")
    with pytest.raises(BuildPythonError, match="its standard library lacks logging, zipfile"):
        build_python.find("3.7", explicit=wrapper)


def test_python_is_not_influenced_by_the_users_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    program = installed("3.11").executable
    monkeypatch.setenv("PYTHONHOME", "/nonexistent")
    monkeypatch.setenv("PYTHONPATH", "/nonexistent")
    assert build_python.find("3.11", explicit=program).version == "3.11"


def test_files_that_run_inside_an_old_python_have_its_syntax() -> None:
    oldest = next((python for version in VERSIONS if (python := found(version))), None)
    if oldest is None:
        pytest.skip("no build Python on this machine")
    paths = sorted(in_process.FOLDER.glob("*.py"))
    code = "import ast\n" + "\n".join(
        f"ast.parse(open({os.fspath(path)!r}, encoding='utf-8').read())" for path in paths
    )
    ask(oldest.executable, code)
    own = [path for path in paths if path.name != "__init__.py"]
    trees = {path: ast.walk(ast.parse(path.read_text(encoding="utf-8"))) for path in own}
    f_strings = [
        path for path in own if any(isinstance(node, ast.JoinedStr) for node in trees[path])
    ]
    assert f_strings == []  # from 3.6 on


def test_a_machine_that_cannot_have_python_3_5_is_told_why_and_how(tmp_path: Path) -> None:
    """As a job of CI that has no way to python.org; what the script needs is there."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, status in (("dpkg", 0), ("curl", 6)):
        (programs / name).write_text(f"#!/bin/sh\nexit {status}\n")
        (programs / name).chmod(0o755)
    script = Path(__file__).parents[2] / "docker/build-python"
    env = clean_environment(PATH=f"{programs}:/usr/bin:/bin", PYENV_ROOT=str(tmp_path))
    finished = try_run([script, "3.5"], env=env)
    assert finished.status == 1
    assert "/Python-3.5.10.tgz does not answer" in finished.output
    assert "PYTHON_SOURCE=Python-3.5.10.tgz docker/build-python 3.5" in finished.output
    (tmp_path / "Include").mkdir()
    (tmp_path / "Include/patchlevel.h").write_text('#define PY_VERSION "3.6.1"\n')
    other = try_run([script, "3.5"], env={**env, "PYTHON_SOURCE": str(tmp_path)})
    assert other.status == 1
    assert "is not the source of a Python 3.5, but of 3.6.1" in other.output
