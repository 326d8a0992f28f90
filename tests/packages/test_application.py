"""Requirements files, groups and lock files are resolved for the board's markers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossbuild.core.errors import ConfigurationError, CrossbuildError, LockError
from crossbuild.index.pip_settings import PipSettings
from crossbuild.packages.application import Application, resolve
from tests.support.simple_index import SimpleIndex

BOARD = {
    "platform_machine": "armv7l",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "python_version": "3.11",
    "python_full_version": "3.11.2",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
Resolve = Callable[..., list[str]]


@pytest.fixture
def resolved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Gives the pins of an application, whose files are texts by name."""
    index = SimpleIndex(tmp_path / "index")
    index.wheel("app", "1.0", needs=("gpio; platform_machine == 'armv7l'", "leaf>=2"))
    index.wheel("app", "2.0", needs=("gpio", "leaf>=3"))
    for version in ("1.0", "2.0", "3.0"):
        index.wheel("leaf", version, needs=("winapi; sys_platform == 'win32'",))
    index.wheel("gpio", "1.0")
    index.wheel("winapi", "1.0")
    monkeypatch.chdir(tmp_path)

    def pins(
        texts: dict[str, str], application: Application, more: SimpleIndex | None = None
    ) -> list[str]:
        for name, text in texts.items():
            (tmp_path / name).write_text(text)
        urls = (index.url, more.url) if more else (index.url,)
        settings = PipSettings(index_urls=urls)
        return [f"{r.name}{r.specifier}" for r in resolve(application, "3.11", BOARD, settings)]

    return pins


def test_the_board_s_markers_decide_not_the_build_machine_s(resolved: Resolve) -> None:
    text = 'app<2\nleaf<3; platform_machine == "armv7l"\nwinapi; platform_machine == "x86_64"\n'
    got = resolved({"r.txt": text}, Application((Path("r.txt"),)))
    assert got == ["app==1.0", "gpio==1.0", "leaf==2.0"]


def test_included_files_and_constraints_count(resolved: Resolve) -> None:
    texts = {"r.txt": "-r more.txt\n", "more.txt": "app\n", "c.txt": "app==1.0\nleaf==2.0\n"}
    got = resolved(texts, Application((Path("r.txt"),), (Path("c.txt"),)))
    assert got == ["app==1.0", "gpio==1.0", "leaf==2.0"]


def test_what_the_run_has_is_not_needed_in_another_version(resolved: Resolve) -> None:
    application = Application(texts=("app",), chosen=("leaf==2.0", "unused==1.0"))
    assert resolved({}, application) == ["app==1.0", "gpio==1.0", "leaf==2.0"]
    assert application.digest() != Application(texts=("app",)).digest()


def test_versions_of_recipes_its_own_then_those_that_it_covers(
    resolved: Resolve, tmp_path: Path
) -> None:
    index = SimpleIndex(tmp_path / "numpys")
    for version in ("1.17.0", "1.23.5", "1.26.4", "2.2.6", "2.3.5", "9.0"):
        index.wheel("numpy", version)

    def numpy(text: str) -> list[str]:
        return resolved({}, Application(texts=(text,)), index)

    assert numpy("numpy") == ["numpy==1.26.4"]
    assert numpy("numpy>=2") == ["numpy==2.2.6"]
    assert numpy("numpy>2.2.6") == ["numpy==2.3.5"]
    assert numpy("numpy<1.24") == ["numpy==1.23.5"]
    with pytest.raises(LockError):
        numpy("numpy>=3")


def test_groups_and_extras_of_a_project(resolved: Resolve) -> None:
    project = """
[project]
name = "own"
version = "1"
dependencies = ["leaf==1.0"]
optional-dependencies = {board = ["gpio"]}
[dependency-groups]
run = ["leaf==3.0"]
"""
    texts = {"pyproject.toml": project}
    assert resolved(texts, Application(groups=("run",))) == ["leaf==3.0"]
    got = resolved(texts, Application((Path("pyproject.toml"),), extras=("board",)))
    assert got == ["gpio==1.0", "leaf==1.0"]


def test_a_lock_file_is_taken_as_it_is(resolved: Resolve) -> None:
    url, digest = "https://example.org/leaf-1.0.tar.gz", "0" * 64
    sdist = f'sdist = {{url = "{url}", hashes = {{sha256 = "{digest}"}}}}'
    lock = f"""
lock-version = "1.0"
created-by = "test"
[[packages]]
name = "leaf"
version = "1.0"
{sdist}
[[packages]]
name = "leaf"
version = "1.0"
marker = "sys_platform == 'win32'"
{sdist}
"""
    application = Application((Path("pylock.board.toml"),))
    assert resolved({"pylock.board.toml": lock}, application) == ["leaf==1.0"]
    assert application.hashes() == {"leaf": frozenset({digest})}


_ADDRESS = (ConfigurationError, ["asked for by its address", "r.txt, line 2: "])


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("leaf\nleaf=bar!!\n", ConfigurationError, ["r.txt, line 2", "leaf=bar!!"]),
        ("leaf<2\nleaf>2\n", LockError, ["exclude each other", "leaf<2 and leaf>2"]),
        ("nowhere\n", LockError, ["nowhere"]),
        ("-r gone.txt\n", ConfigurationError, ["gone.txt"]),
        ("# x\n-r sub/more.txt\n", ConfigurationError, ["sub/more.txt, line 2"]),
        ("leaf\nleaf @ https://me:s3cret@a.org/x ; os_name == 'posix'  # ours\n", *_ADDRESS),
        ("leaf\nhttps://example.org/leaf-1.0.zip\n", *_ADDRESS),
        ("leaf\n-e ./leaf\n", *_ADDRESS),
        ("leaf\n./leaf\n", *_ADDRESS),
        ("leaf\nleaf[a,b]@file:///leaf\n", *_ADDRESS),
        ("leaf\nleaf-1.0-py3-none-any.whl\n", *_ADDRESS),
    ],
)
def test_what_cannot_be_met_is_explained(
    text: str, error: type[CrossbuildError], words: list[str], resolved: Resolve, tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    texts = {"r.txt": text, "sub/more.txt": "leaf\nfoo bar\n"}
    with pytest.raises(error) as caught:
        resolved(texts, Application((Path("r.txt"),)))
    shown = f"{caught.value} {caught.value.evidence}"
    assert [word for word in words if word not in shown] == []
    assert "s3cret" not in shown


def test_an_address_for_other_machines_is_no_matter(resolved: Resolve, tmp_path: Path) -> None:
    wheel = (tmp_path / "index/files/winapi-1.0-py3-none-any.whl").as_uri()
    text = f"leaf==1.0\nwinapi @ {wheel} ; sys_platform == 'win32'\n"
    assert resolved({"r.txt": text}, Application((Path("r.txt"),))) == ["leaf==1.0"]


def test_a_file_that_is_no_utf_8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "r.txt"
    path.write_text("leaf\n", encoding="utf-16")
    with pytest.raises(ConfigurationError) as caught:
        Application((path,)).digest()
    assert caught.value.cure == "save it as UTF-8"


def test_a_changed_file_is_another_application_and_hashes_are_read(tmp_path: Path) -> None:
    more, top = tmp_path / "more.txt", tmp_path / "r.txt"
    top.write_text("-r more.txt\n")
    more.write_text(
        f"Leaf_x==1.0 \\\n    --hash=sha256:{'a' * 64} \\\n    --hash=sha256:{'b' * 64}\n"
    )
    application = Application((top,))
    before = application.digest()
    assert application.hashes() == {"leaf-x": frozenset({"a" * 64, "b" * 64})}
    more.write_text("-c bound.txt\nleaf-x==2.0\n")
    bound = tmp_path / "bound.txt"
    bound.write_text("leaf-x<3\n")
    bounded = application.digest()
    bound.write_text("leaf-x<4\n")
    assert application.digest() not in (before, bounded)
    assert application.digest() != before
    assert application.hashes() == {}
