"""Recipes: what the shipped ones say, and how malformed ones are refused."""

import ast
import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from pydantic import ValidationError

from crossbuild.core.errors import RecipeError
from crossbuild.packages import lock, recipe
from crossbuild.packages.package import Package
from crossbuild.packages.project.build_options import BuildOptions
from crossbuild.pipeline import keys

HEAD = """
name = "thing"
summary = "A thing"
licence = "MIT"
home = "https://example.org"
smoke = "thing_smoke.py"
"""
VERSION = """
[[version]]
python = "3.7"
version = "1.0"
backend = "setuptools"
build-requires = ["setuptools<60"]
target-requires = ["numpy==1.21.6"]
"""


def written(folder: Path, text: str, name: str = "thing") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "thing_smoke.py").touch()
    (folder / f"{name}.toml").write_text(text)
    return folder


def refusal(folder: Path, text: str, name: str = "thing") -> RecipeError:
    with pytest.raises(RecipeError) as caught:
        recipe.load(name, folder=written(folder, text, name))
    return caught.value


@pytest.mark.parametrize(
    ("python", "numpy", "scipy", "backend"),
    [
        ("3.5", "1.18.5", "1.4.1", "setuptools"),
        ("3.6", "1.19.5", "1.5.4", "setuptools"),
        ("3.7", "1.21.6", "1.7.3", "setuptools"),
        ("3.8", "1.21.6", "1.7.3", "setuptools"),
        ("3.9", "1.21.6", "1.7.3", "setuptools"),
        ("3.10", "1.26.4", "1.11.4", "meson-python"),
        ("3.11", "1.26.4", "1.11.4", "meson-python"),
        ("3.12", "1.26.4", "1.11.4", "meson-python"),
        ("3.13", "2.2.6", "1.15.3", "meson-python"),
        ("3.14", "2.4.6", "1.17.1", "meson-python"),
    ],
)
def test_the_default_of_each_python(python: str, numpy: str, scipy: str, backend: str) -> None:
    first, second = (recipe.load(name).for_python(python) for name in ("numpy", "scipy"))
    assert (first.version, second.version) == (numpy, scipy)
    assert first.backend == second.backend == backend
    # scipy runs f2py of the same numpy that it links, and that one is built before it.
    assert f"numpy=={numpy}" in second.target_requires
    assert f"numpy=={numpy}" in second.build_requires
    assert second.dependencies == ("numpy",)
    # Of an old numpy only a hybrid gives the target's headers; Meson is told the directory.
    assert bool(second.hybrid) == (backend == "setuptools")
    assert ("numpy-include-dir" in second.meson_properties) == (backend == "meson-python")


def test_another_version_can_be_asked_for() -> None:
    assert recipe.load("numpy").for_python("3.11", "2.2.6").version == "2.2.6"


@pytest.mark.parametrize(
    ("name", "version", "pythons", "like"),
    [
        ("numpy", "1.20.3", "3.7 3.8 3.9", "1.19.5"),
        ("numpy", "1.22.4", "3.8 3.9 3.10", "1.21.6"),
        ("numpy", "1.23.5", "3.8 3.9 3.10 3.11", "1.24.2"),
        ("numpy", "1.24.4", "3.8 3.9 3.10 3.11", "1.24.2"),
        ("numpy", "1.25.2", "3.9 3.10 3.11", "1.24.2"),
        ("numpy", "2.0.2", "3.9 3.10 3.11 3.12", "2.2.6"),
        ("numpy", "2.1.3", "3.10 3.11 3.12 3.13", "2.2.6"),
        ("numpy", "2.3.5", "3.11 3.12 3.13 3.14", "2.4.6"),
        ("numpy", "2.4.5", "3.11 3.12 3.13 3.14", "2.4.6"),
        ("scipy", "1.6.3", "3.7 3.8 3.9", "1.7.3"),
        ("scipy", "1.8.1", "3.8 3.9 3.10", "1.7.3"),
        ("scipy", "1.9.3", "3.8 3.9 3.10 3.11", "1.10.1"),
        ("scipy", "1.12.0", "3.9 3.10 3.11 3.12", "1.11.4"),
        ("scipy", "1.13.1", "3.10 3.11 3.12", "1.15.3"),
        ("scipy", "1.14.1", "3.10 3.11 3.12 3.13", "1.15.3"),
        ("scipy", "1.16.3", "3.11 3.12 3.13", "1.15.3"),
        ("scipy", "1.18.0", "3.12 3.13 3.14", "1.18.1"),
    ],
)
def test_other_versions_are_built_as_those_of_the_recipe(
    name: str, version: str, pythons: str, like: str
) -> None:
    known = recipe.load(name)
    assert [python for python in recipe.PYTHONS if known.at(version, python)] == pythons.split()
    for python in pythons.split():
        found = known.at(version, python)
        assert found is not None
        own = next(one for one in known.version if one.version == like)
        assert (found.version, found.build_requires) == (version, own.build_requires)
        for text in found.target_requires:  # what it links against can be built as well
            pin = Requirement(text)
            assert recipe.load(pin.name).at(text.partition("==")[2], python)


def test_an_extension_runs_with_no_older_numpy_than_it_was_compiled_against() -> None:
    """NPY_FEATURE_VERSION of each version's numpyconfig.h; before 1.25 it is the version's own."""
    known = recipe.load("numpy")
    oldest = {
        "1.20.3": "1.20",
        "1.21.5": "1.21",
        "1.22.4": "1.22",
        "1.23.5": "1.23",
        "1.24.4": "1.24",
        "1.25.2": "1.19",
        "2.0.2": "1.19",
        "2.1.3": "1.21",
        "2.3.5": "1.23",
    }
    for version, bound in oldest.items():
        found = next(one for python in recipe.PYTHONS if (one := known.at(version, python)))
        assert found.compiled_against
        assert f">={bound}" in found.compiled_against.runs_with.split(",")


def test_what_is_covered_changes_nothing_in_how_the_recipe_s_own_are_built() -> None:
    """The keys of locked versions stay when a recipe comes to cover more."""
    version = recipe.load("scipy").for_python("3.11")
    assert version.covers
    assert version.also_against
    how = version.model_dump(exclude=keys.NOT_OF_BUILDS)
    assert not {"covers", "also_against"} & how.keys()


def test_a_version_that_can_is_built_without_fortran() -> None:
    shipped = recipe.load("scipy").for_python("3.13", "1.18.1")
    spared = shipped.sparing_fortran()
    assert shipped.fortran
    assert not spared.fortran
    assert spared.config_settings["setup-args"][-1] == "-D_without-fortran=true"
    assert spared.config_settings["setup-args"][:-1] == shipped.config_settings["setup-args"]
    package = Package(shipped, lock.load(shipped, "3.13"))
    forbidden = BuildOptions(packages={"scipy": BuildOptions(fortran=False)})
    assert package.with_options(forbidden).recipe == spared
    assert package.with_options(BuildOptions()).recipe == shipped
    with pytest.raises(RecipeError, match=r"scipy 1\.15\.3 cannot be built without Fortran"):
        recipe.load("scipy").for_python("3.13").sparing_fortran()
    numpy = recipe.load("numpy").for_python("3.13")
    assert numpy.sparing_fortran() is numpy


def test_flags_depend_on_language_and_compiler() -> None:
    old = recipe.load("scipy").for_python("3.5")
    assert old.flags_for("fortran", "10.2.1") == ("-fallow-argument-mismatch",)
    assert old.flags_for("fortran", "9.3.0") == ()
    assert "-fallow-argument-mismatch" not in old.flags_for("c", "10.2.1")


def test_flags_of_the_recipe_are_for_each_version_that_has_none_of_its_own(tmp_path: Path) -> None:
    shared = '[[flags]]\nlanguage = "c"\nadd = ["-fone"]\n'
    own = VERSION.replace("1.0", "1.1") + '[[version.flags]]\nlanguage = "c"\nadd = ["-ftwo"]\n'
    folder = written(tmp_path / "recipes", HEAD + shared + VERSION + own)
    first, second = recipe.load("thing", folder=folder).version
    assert first.flags_for("c", "12.2.0") == ("-fone",)
    assert second.flags_for("c", "12.2.0") == ("-ftwo",)


def test_every_recipe_loads_and_its_smoke_script_is_old_enough_for_3_5() -> None:
    assert {"numpy", "scipy"} <= set(recipe.names())
    for script in (recipe.SMOKE_CHECKS, *(recipe.load(one).smoke_script for one in recipe.names())):
        tree = ast.parse(script.read_text(), feature_version=(3, 5))
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]


def test_no_such_version_lists_those_that_exist() -> None:
    with pytest.raises(RecipeError) as caught:
        recipe.load("scipy").for_python("3.4")
    assert "1.4.1 for Python ==3.5.*" in str(caught.value)
    with pytest.raises(RecipeError, match=r"no scipy 9\.9 for Python 3\.7"):
        recipe.load("scipy").for_python("3.7", "9.9")


def test_no_such_recipe_says_what_to_do() -> None:
    with pytest.raises(RecipeError) as caught:
        recipe.load("markupsafe")
    assert {"numpy", "scipy"} <= set(caught.value.evidence.replace(",", "").split())
    assert "crossbuild wheels markupsafe" in caught.value.cure


def test_an_unknown_key_is_refused_with_its_path(tmp_path: Path) -> None:
    text = HEAD + VERSION + VERSION.replace("build-requires", "build-require")
    error = refusal(tmp_path / "recipes", text)
    assert "recipes/thing.toml: version[1].build-require: Extra inputs" in error.evidence
    assert "recipes/thing.toml: version[1].build-requires: Field required" in error.evidence


@pytest.mark.parametrize(
    ("old", "new", "evidence"),
    [
        ('python = "3.7"', 'python = "three"', "version[0].python[0]: 'three' is neither"),
        ('python = "3.7"', "python = []", "version[0].python: "),
        ('version = "1.0"', 'version = "one"', "version[0].version: Invalid version: 'one'"),
        ('"setuptools"', '"scons"', "version[0].backend: Input should be"),
        ('"setuptools<60"', '"setuptools<<"', "version[0].build-requires[0]: 'setuptools<<' is no"),
        ("numpy==1.21.6", "numpy>=1.21", "version[0].target-requires[0]: 'numpy>=1.21' must name"),
        ("numpy==1.21.6", "numpy==1.21.*", "version[0].target-requires[0]: 'numpy==1.21.*' must"),
        ("[[version]]", "[version]", "version: Input should be a valid tuple"),
        ("smoke =", "smok =", "smoke: Field required"),
        ("thing_smoke.py", "none.py", "smoke: none.py does not exist"),
        ("thing_smoke.py", "../x.py", "smoke: '../x.py' must be a path inside"),
        ('name = "thing"', 'name = "other"', "name: 'other' is not the file's name"),
        ('licence = "MIT"', "licence = MIT", "Invalid value"),
    ],
)
def test_a_malformed_recipe_names_file_and_key(
    tmp_path: Path, old: str, new: str, evidence: str
) -> None:
    text = HEAD + VERSION
    assert old in text
    error = refusal(tmp_path / "recipes", text.replace(old, new))
    assert "recipes/thing.toml: " in error.evidence
    assert evidence in error.evidence
    assert "docs/recipes.md" in error.cure


@pytest.mark.parametrize(
    ("more", "evidence"),
    [
        ('[version.environment]\nA = "{sysrot}"', "{sysrot} in '{sysrot}' is not one of {sysroot}"),
        ('[version.environment]\nA = "{target:scipy}/x"', "'scipy' is not in target-requires"),
        ('[version.hybrid]\nscipy = ["a"]', "hybrid: 'scipy' is not in target-requires"),
        ('also-against = ["scipy>1"]', "also-against: 'scipy>1' is not in target-requires"),
        ('covers = [{ versions = "one", python = "3.7" }]', "covers[0].versions: 'one' is neither"),
        ('covers = [{ versions = ">=1", python = [] }]', "covers[0].python: "),
        ('[version.hybrid]\nnumpy = ["/abs"]', "hybrid.numpy[0]: '/abs' must be a path inside"),
    ],
)
def test_what_contradicts_target_requires_is_refused(
    tmp_path: Path, more: str, evidence: str
) -> None:
    assert evidence in refusal(tmp_path / "recipes", HEAD + VERSION + more).evidence


def test_a_smoke_script_must_not_hide_its_package(tmp_path: Path) -> None:
    (tmp_path / "thing.py").touch()
    text = HEAD.replace("thing_smoke", "thing") + VERSION
    assert "imported instead of the package" in refusal(tmp_path, text).evidence


def test_render_fills_known_names_and_refuses_others() -> None:
    values: dict[str, str | Path | int] = {"target:numpy": Path("/t"), "jobs": 2}
    assert recipe.render("{target:numpy}/numpy/core -j{jobs}", values) == "/t/numpy/core -j2"
    with pytest.raises(RecipeError, match=r"no value for \{sysroot\}") as caught:
        recipe.render("{sysroot}/usr", values)
    assert "jobs, target:numpy" in caught.value.evidence


_TABLES = (
    *(recipe.Recipe, recipe.RecipeVersion, recipe.Flags, recipe.Suite),
    *(recipe.CompiledAgainst, recipe.Covered),
)


def test_the_documentation_lists_every_key_and_template_name() -> None:
    text = (Path(__file__).parents[2] / "docs/recipes.md").read_text()
    fields = {
        field.alias or name for model in _TABLES for name, field in model.model_fields.items()
    }
    missing = [key for key in fields - {"package", "folder"} if f"`{key}`" not in text]
    missing += [name for name in recipe.TEMPLATE_NAMES if f"`{{{name}}}`" not in text]
    assert not missing


def test_a_recipe_cannot_be_changed_by_a_stage() -> None:
    with pytest.raises(ValidationError):
        setattr(recipe.load("numpy"), "name", "other")  # noqa: B010  (mypy would refuse it)


def test_admits_reads_minor_versions_and_specifiers() -> None:
    assert recipe.admits("3.7", "3.7")
    assert not recipe.admits("3.1", "3.10")
    assert recipe.admits(">=3.7,<3.10", "3.9")
    assert not recipe.admits(">=3.7,<3.10", "3.10")


def test_slim_is_said_once_for_all_versions(tmp_path: Path) -> None:
    slim = '[slim]\nkeep = ["thing/tests/kept.py"]\ndrop = ["*.pyi"]\n'
    other = VERSION.replace("1.0", "2.0") + '[version.slim]\ndrop = ["*.dat"]\n'
    first, second = recipe.load(
        "thing", folder=written(tmp_path, HEAD + slim + VERSION + other)
    ).version
    assert (first.slim.keep, first.slim.drop) == (("thing/tests/kept.py",), ("*.pyi",))
    assert (second.slim.keep, second.slim.drop) == ((), ("*.dat",))
    error = refusal(tmp_path, HEAD + slim.replace("*.pyi", "../x") + VERSION)
    assert "slim.drop[0]: '../x' must be a path inside the wheel" in error.evidence


_WORDS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=40)


@settings(max_examples=100, deadline=None)
@given(text=st.one_of(_WORDS, st.binary(max_size=60)))
def test_no_recipe_ends_in_a_traceback(
    text: str | bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "one.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RecipeError):
        recipe.load("one", folder=folder)


_VALUES = st.recursive(
    st.one_of(st.integers(), st.booleans(), _WORDS.map(lambda text: text.replace("'", ""))),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(
    key=st.sampled_from(
        ["python", "version", "backend", "gcc", "build-requires", "target-requires", "memory-mb"]
    ),
    value=_VALUES,
)
def test_no_value_in_a_recipe_ends_in_a_traceback(
    key: str, value: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    import tomli_w

    folder = tmp_path_factory.mktemp("recipes")
    (folder / "try_it.py").write_text("")
    version = {"python": "3.7", "version": "1", "backend": "plain", "build-requires": []}
    document = {
        "name": "one",
        "summary": "s",
        "licence": "l",
        "home": "h",
        "smoke": "try_it.py",
        "version": [{**version, key: value}],
    }
    (folder / "one.toml").write_text(tomli_w.dumps(document), encoding="utf-8")
    with contextlib.suppress(RecipeError):
        assert recipe.load("one", folder=folder).for_python("3.7").package == "one"
