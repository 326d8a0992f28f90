"""The user's ``[tool.crossbuild]`` and the variables that override it."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from crossbuild.core.errors import ConfigurationError
from crossbuild.packages.project.build_options import BuildOptions, filled, run_before_build
from crossbuild.packages.project.configuration import Configuration, read
from crossbuild.packages.source import tree as source_tree
from tests.support import projects


def configured(folder: Path, text: str, **variables: str) -> Configuration:
    (folder / "pyproject.toml").write_text(f"[tool.crossbuild]\n{text}\n", encoding="utf-8")
    return read(folder, variables)


def refused(folder: Path, text: str, **variables: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        configured(folder, text, **variables)
    return caught.value


def test_a_folder_without_pyproject_has_the_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, {}) == Configuration()
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert read(tmp_path, {}) == Configuration()


def test_cibuildwheels_words(tmp_path: Path) -> None:
    found = configured(
        tmp_path,
        """
        build = "cp3{6,7}-* cp39-*"
        skip = ["cp36-*"]
        build-verbosity = 1
        before-build = ["one", "two {package}"]
        test-command = "pytest {project}/tests"
        test-requires = "pytest attrs"
        config-settings = { setup-args = ["-Da=1", "-Db=2"], builddir = "b" }
        environment = { CFLAGS = "$CFLAGS -DX", GREETING = "two words" }
        packages = [".", "numpy"]
        sdk = "/opt/poky/3.0"
        wheelhouse = "out"
        accept = ["needed:x/*.so", "script:y"]
        """,
    )
    assert [name for name in ("cp36-linux_armv7l", "cp37-x", "cp38-x") if found.selects(name)] == [
        "cp37-x"
    ]
    assert found.build_verbosity == 1
    assert found.before_build == "one && two {package}"
    assert found.test_requires == ("pytest", "attrs")
    assert found.config_settings == {"setup-args": ("-Da=1", "-Db=2"), "builddir": ("b",)}
    assert found.environment == {"CFLAGS": "$CFLAGS -DX", "GREETING": "two words"}
    assert found.packages == (".", "numpy")
    assert found.sdk_for("cp37-linux_armv7l") == found.sdk_for("") == "/opt/poky/3.0"
    assert found.wheelhouse == Path("out")
    assert found.accept == ("needed:x/*.so", "script:y")


def test_the_string_forms(tmp_path: Path) -> None:
    found = configured(
        tmp_path,
        """
        environment = "A=1 B='two words'"
        config-settings = "setup-args=-Da=1 setup-args=-Db=2 editable=no"
        """,
    )
    assert found.environment == {"A": "1", "B": "two words"}
    assert found.config_settings == {"setup-args": ("-Da=1", "-Db=2"), "editable": ("no",)}


def test_an_sdk_for_each_cell(tmp_path: Path) -> None:
    found = configured(tmp_path, 'sdk = { "cp35-*" = "thud", "cp3{6,7}-*" = "zeus" }')
    names = ("cp35-linux_armv7l", "cp37-linux_armv7l", "cp39-linux_armv7l", "")
    assert [found.sdk_for(name) for name in names] == ["thud", "zeus", None, None]


def test_variables_override_the_file(tmp_path: Path) -> None:
    found = configured(
        tmp_path,
        "build = 'cp36-*'\nbuild-verbosity = 3\nskip = 'cp37-*'",
        CROSSBUILD_BUILD="cp39-* cp311-*",
        CROSSBUILD_BUILD_VERBOSITY="1",
        CROSSBUILD_ENVIRONMENT="A=1 B=2",
        CROSSBUILD_TEST_COMMAND="pytest",
        CROSSBUILD_SKIP="",
    )
    assert found.build == ("cp39-*", "cp311-*")
    assert found.build_verbosity == 1
    assert found.environment == {"A": "1", "B": "2"}
    assert found.test_command == "pytest"
    assert found.skip == ("cp37-*",)  # an empty variable says nothing


def test_an_unknown_key_is_refused_with_its_path(tmp_path: Path) -> None:
    error = refused(tmp_path, "biuld = 'cp37-*'")
    assert error.evidence.startswith("pyproject.toml: tool.crossbuild.biuld: no such key; there")
    assert "before-build" in error.evidence
    assert "docs/configuration.md" in error.cure


def test_a_key_of_cibuildwheel_that_has_no_counterpart_is_explained(tmp_path: Path) -> None:
    error = refused(tmp_path, "repair-wheel-command = 'auditwheel'")
    assert error.evidence == (
        "pyproject.toml: tool.crossbuild.repair-wheel-command: "
        "crossbuild bundles and audits every wheel itself"
    )
    error = refused(tmp_path, "", CROSSBUILD_BEFORE_ALL="make sdk")
    assert error.evidence == "CROSSBUILD_BEFORE_ALL=make sdk: prepare the SDK or the CI job instead"


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("build = 3", "build", "tuple"),
        ("build = ['cp37-*', 3]", "build[1]", "string"),
        ("build = 'cp{1..99999}-*'", "build", "too many globs"),
        ("build-verbosity = 9", "build-verbosity", "less than or equal to 3"),
        ("environment = { 'A B' = '1' }", "environment", "'A B' is no variable's name"),
        ("environment = { CC = 'gcc' }", "environment", "CC is set by crossbuild"),
        ("environment = { A = '$(date)' }", "environment", "commands are not run here"),
        ('environment = "A=\'1"', "environment", "No closing quotation"),
        ("environment = { CFLAGS = '\"' }", "environment", "No closing quotation"),
        ("environment = 'A'", "environment", "'A' has no '='"),
        ("environment = { A = 1 }", "environment.A", "string"),
        ("config-settings = { a = [1] }", "config-settings.a[0]", "string"),
        ("sdk = 3", "sdk", "dictionary"),
        ("sdk = { 'cp{1..99999}' = 'x' }", "sdk", "too many globs"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(
    text: str, path: str, message: str, tmp_path: Path
) -> None:
    evidence = refused(tmp_path, text).evidence
    assert evidence.startswith(f"pyproject.toml: tool.crossbuild.{path}: ")
    assert message in evidence


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path, "build-verbosity = 1", CROSSBUILD_BUILD_VERBOSITY="much")
    assert error.evidence.startswith("CROSSBUILD_BUILD_VERBOSITY=much: ")


def test_a_malformed_file(tmp_path: Path) -> None:
    assert "line 2" in refused(tmp_path, "build = ").evidence
    (tmp_path / "pyproject.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="malformed"):
        read(tmp_path, {})
    (tmp_path / "pyproject.toml").write_text("[tool]\ncrossbuild = 3\n")
    with pytest.raises(ConfigurationError, match="must be a table"):
        read(tmp_path, {})


SIMPLE = st.one_of(st.text(max_size=8), st.integers(), st.booleans(), st.floats(allow_nan=False))
VALUES = st.recursive(
    SIMPLE,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from([str(field.alias) for field in Configuration.model_fields.values()])


@settings(max_examples=200, deadline=None)
@given(table=st.dictionaries(KEYS | st.text(max_size=6), VALUES, max_size=4))
def test_any_table_is_read_or_refused(
    table: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(
        tomli_w.dumps({"tool": {"crossbuild": table}}), encoding="utf-8"
    )
    try:
        found = read(folder, {})
    except ConfigurationError as error:
        assert "pyproject.toml: tool.crossbuild" in error.evidence  # noqa: PT017
        return
    found.selects("cp37-linux_armv7l")
    found.sdk_for("cp37-linux_armv7l")
    found.options(folder).variables({})
    found.options(folder).words("CFLAGS", {})


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_file_is_read_or_refused(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any-file"
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_bytes(content)
    try:
        read(folder, {})
    except ConfigurationError as error:
        assert "pyproject.toml" in str(error)  # noqa: PT017


def test_variables_may_name_others() -> None:
    options = BuildOptions({"A": "$B ${B}x", "B": "2", "PATH": "/mine:$PATH", "C": "$A$missing"})
    found = options.variables({"B": "1", "PATH": "/bin", "OTHER": "o"})
    assert found == {
        "A": "1 1x",
        "B": "2",
        "PATH": "/mine:/bin",
        "C": "1 1x",
        "OTHER": "o",
    }


def test_words_for_meson_are_those_beside_the_builds_own() -> None:
    options = BuildOptions({"INC": "$ROOT/include", "CFLAGS": "$CFLAGS -DX='a b' -I$INC"})
    found = options.words("CFLAGS", {"CFLAGS": "-O2", "ROOT": "/opt/x"})
    assert found == ["-DX=a b", "-I/opt/x/include"]
    assert options.words("CXXFLAGS", {"CXXFLAGS": "-O2"}) == []


def test_only_source_folders_take_the_projects_settings(tmp_path: Path) -> None:
    options = BuildOptions({"A": "1"}, {"x": ("y",)}, "make", tmp_path, leave_out=("*.dll",))
    tree = source_tree.read(projects.write(tmp_path / "sub"))
    assert options.for_package("other", None) == BuildOptions({"A": "1"}, leave_out=("*.dll",))
    assert options.for_package("sub", tree) == options
    assert options.for_package("sub", tree).facts == options.facts


def test_fortran_is_forbidden_for_one_package(tmp_path: Path) -> None:
    options = configured(tmp_path, "package.scipy.fortran = false").options(tmp_path)
    assert not options.for_package("scipy", None).fortran
    assert options.for_package("numpy", None).fortran


def test_the_projects_folder_is_that_of_the_copy_where_it_is_copied(tmp_path: Path) -> None:
    options = BuildOptions(before_build="make", project=tmp_path)
    tree = replace(source_tree.read(projects.write(tmp_path / "a/sub")), root=tmp_path)
    assert options.for_package("sub", tree).project == Path("../..")
    own = source_tree.read(tmp_path / "a/sub")
    assert replace(options, project=own.folder).for_package("sub", own).project == Path()
    source = tmp_path / "copy"
    for project, there in ((Path("../.."), tmp_path.parent), (None, source), (tmp_path, tmp_path)):
        source.mkdir(exist_ok=True)
        said = replace(options, before_build="echo {project} > said", project=project)
        run_before_build(said, source, {"PATH": os.defpath}, tmp_path / "log")
        assert (source / "said").read_text() == f"{there}\n"


def test_a_package_has_settings_under_its_own_name(tmp_path: Path) -> None:
    text = """
        [tool.crossbuild]
        config-settings = { common = "1" }
        environment = { A = "all", B = "all" }
        [tool.crossbuild.package.Some_Package]
        config-settings = { jpeg = "enable", add = ["x", "y"] }
        environment = { B = "own" }
        """
    options = read(projects.of(tmp_path, {"pyproject.toml": text}), {}).options(tmp_path)
    own = options.for_package("some-package", None)
    assert own.environment == {"A": "all", "B": "own"}
    assert own.config_settings == {"jpeg": ("enable",), "add": ("x", "y")}
    assert own.facts != options.for_package("another", None).facts
    (tmp_path / "setup.py").touch()
    folder = options.for_package("some-package", source_tree.read(tmp_path))
    assert folder.config_settings == {"common": ("1",), **own.config_settings}


def test_a_packages_unknown_key_is_refused_with_its_path(tmp_path: Path) -> None:
    text = "[tool.crossbuild.package.pillow]\nconfig-setings = {}\n"
    with pytest.raises(ConfigurationError) as caught:
        read(projects.of(tmp_path, {"pyproject.toml": text}), {})
    assert "tool.crossbuild.package.pillow.config-setings" in caught.value.evidence
    assert "there are config-settings, environment" in caught.value.evidence


def test_config_settings_are_passed_as_build_passes_them() -> None:
    options = BuildOptions(config_settings={"one": ("1",), "two": ("1", "2")})
    assert options.settings() == {"one": "1", "two": ["1", "2"]}


def test_placeholders() -> None:
    command = "cp {project}/a {package} ${HOME} {}"
    assert filled(command, project="/p", package=Path("/q")) == "cp /p/a /q ${HOME} {}"


def test_packages_that_may_lack_modules_are_told_to_every_build(tmp_path: Path) -> None:
    found = read(tmp_path, {"CROSSBUILD_OPTIONAL_MODULES": "PyYAML msgpack"})
    options = found.options(tmp_path)
    tree = source_tree.read(projects.write(tmp_path / "own"))
    assert options.for_package("other", None).optional_modules == ("pyyaml", "msgpack")
    assert options.for_package("own", tree).optional_modules == ("pyyaml", "msgpack")
