"""Programs by which builds ask where a library is."""

from pathlib import Path

import pytest

from crossbuild.build import config_programs
from crossbuild.core.command import run, try_run
from tests.support import projects

#: As libraries install them, with the ways in which they name folders.
SCRIPT = """
    #!/bin/sh
    PATH=/usr/bin:$PATH
    prefix=/usr
    includedir="/usr/include/zed"
    case $1 in
        --prefix) echo $prefix ;;
        --cflags) echo -I$includedir -I/usr/include/common ;;
        --libs) echo -L${prefix}/lib -lzed | sed s/zed/zed2/ ;;
    esac
    """

#: PostgreSQL's, as Debian has it for cross compilation.
PERL = """
    #!/usr/bin/perl
    while (<DATA>) { print "$2\\n" if /^(\\S+) = (.*)/ and lc "--$1" eq $ARGV[0]; }
    __DATA__
    INCLUDEDIR = /usr/include/zed
    INCLUDEDIR-SERVER = /usr/include/zed/15/server
    CPPFLAGS = -D_GNU_SOURCE -I/usr/include/libxml2
    """


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The folder of a build's programs, for a sysroot with a script and a compiled program."""
    sysroot = projects.of(
        tmp_path / "sysroot",
        {
            "usr/bin/zed-config": SCRIPT,
            "usr/bin/zed_config": PERL,
            "usr/bin/pg_config": "\x7fELF",
            "usr/bin/pkg-config": "",
        },
    )
    config_programs.write(sysroot, tmp_path / "bin")
    return tmp_path / "bin"


@pytest.mark.parametrize(
    ("option", "answer"),
    [
        ("--prefix", "{0}/usr"),
        ("--cflags", "-I{0}/usr/include/zed -I{0}/usr/include/common"),
        ("--libs", "-L{0}/usr/lib -lzed2"),
    ],
)
def test_the_sysroots_scripts_tell_of_the_sysroot(option: str, answer: str, programs: Path) -> None:
    told = run([programs / "zed-config", option]).output.strip()
    assert told == answer.format(programs.parent / "sysroot")


@pytest.mark.parametrize(
    ("option", "answer"),
    [
        ("--includedir", "{0}/usr/include/zed"),
        ("--includedir-server", "{0}/usr/include/zed/15/server"),
        ("--cppflags", "-D_GNU_SOURCE -I{0}/usr/include/libxml2"),
    ],
)
def test_so_do_those_in_perl(option: str, answer: str, programs: Path) -> None:
    told = run([programs / "zed_config", option]).output.strip()
    assert told == answer.format(programs.parent / "sysroot")


def test_a_program_that_does_not_run_here_names_pkg_config(programs: Path) -> None:
    refused = try_run([programs / "pg_config", "--includedir"])
    assert refused.status == 1
    assert "crossbuild: pg_config tells of the build machine" in refused.output
    assert "pkg-config" in refused.output


def test_those_that_are_made_elsewhere_are_left_alone(programs: Path) -> None:
    names = {path.name for path in programs.iterdir()}
    assert "zed-config" in names
    assert not {name for name in names if name.endswith("pkg-config") or "python" in name}
