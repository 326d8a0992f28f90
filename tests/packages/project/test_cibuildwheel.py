"""``[tool.cibuildwheel]`` means what cibuildwheel's own code says of the same file."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cibuildwheel.options import CommandLineArguments, Options, OptionsReader
from cibuildwheel.selector import selector_matches
from hypothesis import given
from hypothesis import strategies as st

from crossbuild.core.errors import ConfigurationError
from crossbuild.packages.project import cibuildwheel, configuration
from crossbuild.packages.project.build_options import BuildOptions
from crossbuild.packages.project.cibuildwheel import Settings

PYTHONS = ("3.9", "3.11", "3.12", "3.13")
BASE = {"CFLAGS": "-O2", "HOME": "/home/me"}
PROJECT = """
[project]
name = "sample"
version = "1.0"
[project.optional-dependencies]
test = ["pytest>=7", "attrs"]
[dependency-groups]
more = ["iniconfig", { include-group = "base" }]
base = ["packaging"]
"""
SAMPLES = {
    "texts": """
build = "cp3{9,11}-* cp313-manylinux_armv7l"
skip = "*-musllinux* cp39-*"
environment = "A=1 B='two words' CFLAGS=\\"$CFLAGS -DX\\""
config-settings = "setup-args=-Da=1 setup-args='-Db=two words' builddir=b"
before-build = "one && two"
test-command = "pytest {project}/tests"
test-requires = "pytest attrs"
build-verbosity = 1
""",
    "lists-and-tables": """
build = ["cp39-*", "cp31[13]-*"]
skip = ["*_i686", "pp*"]
before-build = ["one", "two {package}"]
test-command = ["first", "second"]
test-requires = ["pytest>=7", "attrs"]
test-extras = ["test"]
test-groups = ["more"]
[tool.cibuildwheel.environment]
A = "1"
PATHS = "$HOME/a:${HOME}/b"
N = 3
[tool.cibuildwheel.config-settings]
setup-args = ["-Da=1", "-Db=two words"]
builddir = "b"
""",
    "the-section-counts-more": """
environment = { A = "1", C = "c" }
before-build = "common"
config-settings = { x = "1", y = "2" }
[tool.cibuildwheel.linux]
inherit = { config-settings = "append", test-requires = "append" }
environment = { A = "2" }
before-build = ["one", "two"]
config-settings = { y = "3" }
test-requires = ["only"]
[tool.cibuildwheel.macos]
before-build = "never"
environment = { A = "mac" }
""",
    "overrides": """
environment = { A = "1", CFLAGS = "$CFLAGS -DALL" }
before-build = "all"
test-requires = ["pytest"]
config-settings = { x = ["1", "2"], y = "y" }
test-skip = "cp39-*"
test-command = "python -m pytest {package}/tests"
[[tool.cibuildwheel.overrides]]
select = "cp311-*"
inherit.environment = "append"
inherit.before-build = "prepend"
inherit.config-settings = "append"
environment = { B = "$A/b", A = "2", CFLAGS = "$CFLAGS -DONE", D = "${A}$B" }
before-build = "eleven"
config-settings = { x = "3" }
[[tool.cibuildwheel.overrides]]
select = ["cp31{1,2}-*", "*-win32"]
inherit = "test-requires; config-settings: prepend"
test-requires = "attrs iniconfig"
config-settings = { z = "z" }
[[tool.cibuildwheel.overrides]]
select = "*-musllinux*"
before-build = "never"
""",
}


def written(folder: Path, table: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(f"{PROJECT}\n[tool.cibuildwheel]\n{table}")
    return folder


def theirs(folder: Path) -> Options:
    arguments = CommandLineArguments.defaults()
    return Options("linux", replace(arguments, package_dir=folder, archs="armv7l"), env={})


def ours(folder: Path, python: str | None) -> Settings:
    settings = cibuildwheel.read(folder, python)
    assert settings is not None
    return settings


@pytest.mark.parametrize("table", SAMPLES.values(), ids=SAMPLES)
def test_options_are_what_cibuildwheel_says_that_they_are(table: str, tmp_path: Path) -> None:
    folder = written(tmp_path / "sample", table)
    for python in PYTHONS:
        settings, identifier = ours(folder, python), cibuildwheel.identifier(python)
        options = theirs(folder)
        wanted = options.build_options(identifier)
        assert settings.selected == options.globals.build_selector(identifier)
        assert settings["before-build"] == (wanted.before_build or "")
        assert (settings["build-verbosity"] or "0") == str(wanted.build_verbosity)
        tested = options.globals.test_selector(identifier)
        assert settings.test_command == ((wanted.test_command or "") if tested else "")
        assert settings["test-extras"] == wanted.test_extras.strip("[]")
        groups = [text for text in wanted.test_requires if text not in settings.test_requires]
        assert groups == []
        mine = [(key, word) for key, words in settings.config_settings.items() for word in words]
        said = [tuple(word.split("=", 1)) for word in shlex.split(wanted.config_settings)]
        assert sorted(mine) == sorted(said)
        environment, _ = configuration.of_cibuildwheel(settings)
        assert environment.variables(BASE) == wanted.environment.as_dictionary(BASE)


def test_what_tests_need_with_extras_and_groups(tmp_path: Path) -> None:
    settings = ours(written(tmp_path / "sample", SAMPLES["lists-and-tables"]), "3.11")
    required = ["pytest>=7", "attrs", "pytest>=7", "attrs", "iniconfig", "packaging"]
    assert list(settings.test_requires) == required
    more = 'test-command = "pytest"\ntest-sources = ["tests", "data/two words"]\n'
    more += 'test-environment = { A = "x y" }\n'
    command = ours(written(tmp_path / "more", more), "3.11").test_command
    assert command == (
        "export A=\"x y\" && (cd {project} && cp -R --parents tests 'data/two words' "
        '"$OLDPWD") && pytest'
    )


def test_every_option_is_followed_or_has_a_reason(tmp_path: Path) -> None:
    folder = written(tmp_path / "sample", "")
    known = OptionsReader(folder / "pyproject.toml", platform="linux", env={})._known_option_names
    table = "\n".join(f'{name} = "x"' for name in sorted(known))
    settings = ours(written(folder, f"{table}\n[tool.cibuildwheel.ios]\n"), "3.11")
    passed_over = dict(settings.passed_over())
    assert "crossbuild does not know it" not in passed_over.values()
    assert passed_over["archs"] == "the SDK decides the machine"
    assert passed_over["ios"] == "it is for other machines"
    followed = {name for name in known if name not in passed_over}
    assert {"environment", "before-build", "test-command", "build", "skip"} <= followed
    for name in followed - {"build", "skip", "test-extras", "test-groups"}:
        settings[name]


def test_each_variable_that_cibuildwheel_follows_is_told_and_none_for_other_machines(
    tmp_path: Path,
) -> None:
    class Asked(dict[str, str]):
        names: ClassVar[set[str]] = set()

        def get(self, name: str, default: Any = None) -> Any:
            self.names.add(name)
            return default

    folder = written(tmp_path / "sample", "")
    arguments = replace(CommandLineArguments.defaults(), package_dir=folder, archs="armv7l")
    options = Options("linux", arguments, env=Asked())
    options.build_options("cp311-manylinux_armv7l")
    asked = {name for name in Asked.names if name.startswith("CIBW_")}
    assert {"CIBW_BUILD", "CIBW_ENVIRONMENT_LINUX", "CIBW_TEST_COMMAND"} <= asked
    others = ("CIBW_ENVIRONMENT_MACOS", "CIBW_BEFORE_ALL_WINDOWS", "PATH")
    said = cibuildwheel.variables_passed_over(dict.fromkeys((*asked, *others), "x"))
    assert said == sorted(asked)


def test_variables_that_would_bypass_the_sdk_are_passed_over(tmp_path: Path) -> None:
    table = 'environment = { CC = "gcc", A = "$(date)", OK = "1" }\nbefore-all = "yum"\n'
    options, passed_over = configuration.of_cibuildwheel(ours(written(tmp_path, table), "3.11"))
    assert options.environment == {"OK": "1"}
    assert [text.partition(" ")[0] for text in passed_over] == [
        "before-all",
        "environment.CC",
        "environment.A",
    ]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("overrides = 3", "overrides: it is a list of tables"),
        ('overrides = [{ before-build = "x" }]', "overrides: each has a 'select'"),
        ('inherit = { environment = "add" }\nenvironment = "A=1"', "inherit: its rules are"),
        ('environment = ["A=1"]', "environment: it takes no list"),
        ('environment = "A"', "environment: 'A' has no '='"),
        ('environment = "A=\'"', "environment: No closing quotation"),
        ("before-build = { a = 1 }", "before-build: it takes no table"),
        ('test-extras = "gone"', "test-extras: the project states no extra 'gone'"),
        ('test-groups = "gone"', "test-groups: "),
    ],
)
def test_what_cannot_be_read_names_file_and_key(table: str, words: str, tmp_path: Path) -> None:
    def read() -> None:
        settings = ours(written(tmp_path, table), "3.11")
        configuration.of_cibuildwheel(settings)
        _ = settings.test_requires

    with pytest.raises(ConfigurationError, match="cibuildwheel table cannot be used") as caught:
        read()
    assert f"{tmp_path / 'pyproject.toml'}: tool.cibuildwheel.{words}" in caught.value.evidence


def test_our_own_table_takes_its_place(tmp_path: Path) -> None:
    folder = written(tmp_path, 'before-build = "x"\n[tool.crossbuild]\n')
    assert cibuildwheel.read(folder, "3.11") is None
    assert cibuildwheel.read(tmp_path / "none", "3.11") is None


PARTS = st.sampled_from(
    ["cp3", "*", "11", "{9,11}", "-", "manylinux", "many*", "musllinux", "_armv7l", "?", "linux"]
)


@given(st.lists(PARTS, min_size=1, max_size=6).map("".join))
def test_globs_select_the_cells_of_ours_that_they_select_of_theirs(glob: str) -> None:
    for python in PYTHONS:
        identifier = cibuildwheel.identifier(python)
        chosen = selector_matches(glob, identifier)
        assert cibuildwheel.matches(glob, identifier) == chosen
        if chosen:
            cell = identifier.replace("manylinux", "linux")
            assert cibuildwheel.matches(cibuildwheel.as_ours(glob), cell)


def test_the_matrix_of_a_project_of_cibuildwheel_s(tmp_path: Path) -> None:
    table = 'build = "cp3{9,11}-manylinux*"\nskip = ["cp39-*", "*-musllinux*"]\n'
    folder = written(tmp_path, f"{table}build-verbosity = 1\n")
    configured = configuration.read(folder, {})
    cells = [f"cp{minor}-linux_armv7l" for minor in ("39", "311", "312")]
    assert [cell for cell in cells if configured.selects(cell)] == ["cp311-linux_armv7l"]
    assert configured.packages == (".",)
    assert configured.build_verbosity == 1
    assert configured.options(folder).environment == BuildOptions().environment
