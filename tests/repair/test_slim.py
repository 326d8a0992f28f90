"""What a slim wheel leaves out, and what it must not."""

from pathlib import Path

import pytest

from crossbuild.packages import recipe
from crossbuild.repair import slim
from crossbuild.repair.slim import LeftOut

FILES = {
    "pkg/__init__.py": "from . import core\n",
    "pkg/core.py": "def late():\n    from pkg.helpers.tests import tool\n",
    "pkg/tests/__init__.py": "",
    "pkg/tests/test_core.py": "import pkg.fresh.tests.data\n",
    "pkg/tests/data/x.txt": "12345",
    "pkg/helpers/__init__.py": "",
    "pkg/helpers/tests/__init__.py": "",
    "pkg/helpers/tests/tool.py": "from .other import name\n",
    "pkg/helpers/tests/other.py": "",
    "pkg/helpers/tests/test_tool.py": "",
    "pkg/conftest.py": "",
    "pkg/include/pkg.h": "",
    "pkg/lib/libpkg.a": "",
    "pkg/core.pyx": "",
    "pkg/core.pxd": "",
    "pkg/docs/guide.rst": "",
    "pkg/docs/LICENSE.txt": "",
    "pkg/data.rst": "",
    "pkg/_probe.cpython-311-arm-linux-gnueabihf.so": "",
    "pkg-1.0.dist-info/METADATA": "",
    "pkg-1.0.dist-info/docs/more.rst": "",
    "pkg-1.0.data/headers/pkg/pkg.h": "",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def names(tree: Path) -> set[str]:
    return {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}


def test_what_is_left_out_is_told_by_kind(tree: Path) -> None:
    left_out = slim.slim(tree)
    assert names(tree) == FILES.keys() - {one.path for one in left_out}
    kinds: dict[str, set[str]] = {}
    for one in left_out:
        kinds.setdefault(one.kind, set()).add(one.path)
    assert kinds == {
        "tests": {
            *("pkg/tests/__init__.py", "pkg/tests/test_core.py", "pkg/tests/data/x.txt"),
            *("pkg/helpers/tests/test_tool.py", "pkg/conftest.py"),
        },
        "headers": {"pkg/include/pkg.h", "pkg-1.0.data/headers/pkg/pkg.h"},
        "static-libraries": {"pkg/lib/libpkg.a"},
        "cython": {"pkg/core.pyx", "pkg/core.pxd"},
        "docs": {"pkg/docs/guide.rst"},
    }
    assert LeftOut("pkg/tests/data/x.txt", 5, "tests") in left_out


def test_what_a_staying_module_imports_stays(tree: Path) -> None:
    """Also where the import stands in a function, and what is imported in turn."""
    slim.slim(tree)
    helpers = {name for name in names(tree) if name.startswith("pkg/helpers/tests/")}
    assert {Path(name).name for name in helpers} == {"__init__.py", "tool.py", "other.py"}


@pytest.mark.parametrize(
    "statement",
    ["import pkg.tests", "from . import tests", "from .tests import x", "from pkg import tests"],
)
def test_every_form_of_import_is_seen(statement: str, tree: Path) -> None:
    (tree / "pkg/core.py").write_text(f"{statement}\n")
    slim.slim(tree)
    assert "pkg/tests/__init__.py" in names(tree)
    assert "pkg/tests/test_core.py" not in names(tree)


def test_a_file_of_another_python_imports_nothing(tree: Path) -> None:
    (tree / "pkg/core.py").write_text("print 'old'\nimport pkg.tests\n")
    slim.slim(tree)
    assert "pkg/tests/__init__.py" not in names(tree)


def test_a_packages_own_globs_add_to_the_policy(tree: Path) -> None:
    left_out = slim.slim(tree, keep=["pkg/include/*"], drop=["pkg/_probe.*.so", "*.rst"])
    own = {one.path for one in left_out if one.kind == "recipe"}
    assert own == {"pkg/_probe.cpython-311-arm-linux-gnueabihf.so", "pkg/data.rst"}
    assert "pkg/include/pkg.h" in names(tree)


def test_prose_is_cut_where_a_recipe_says_so(tree: Path) -> None:
    text = '"""Core.\n\nAll of it."""\n# why\n'
    files = ("pkg/core.py", "pkg/other.py", "pkg/spared.py", "pkg-1.0.dist-info/x.py")
    for name in files:
        (tree / name).write_text(text)
    left_out = slim.slim(tree, keep=["pkg/spared.py"], shorten=["pkg/*.py", "*-info/*"])
    cut = [one for one in left_out if one.kind == "docstrings"]
    assert cut == [LeftOut(f"pkg/{name}.py", 19, "docstrings") for name in ("core", "other")]
    assert [len((tree / name).read_text()) for name in files] == [11, 11, 30, 30]


def test_licences_in_comments_are_legal_texts(tree: Path) -> None:
    (tree / "pkg/core.py").write_text("# Copyright (c) 2001\n# Somebody\n\n# An idea\n")
    slim.slim(tree, shorten=["pkg/*.py"])
    assert (tree / "pkg/core.py").read_text() == "# Copyright (c) 2001\n# Somebody\n\n\n"


def test_stubs_stay_that_a_package_reads_when_it_is_imported(tmp_path: Path) -> None:
    """lazy-loader finds in ``__init__.pyi`` what scikit-image has, and fails without."""
    stub = tmp_path / "skimage/__init__.pyi"
    stub.parent.mkdir()
    stub.touch()
    slim.slim(tmp_path, **recipe.load("scikit-image").slim.model_dump())
    assert stub.exists()
