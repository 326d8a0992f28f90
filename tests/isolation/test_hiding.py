"""What a back end sees of the build machine, as this kernel and this user allow it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from crossbuild.core.command import run
from crossbuild.core.errors import CommandError
from crossbuild.isolation import hiding, namespaces
from crossbuild.isolation.namespaces import Owner

LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")


@pytest.fixture(params=Owner)
def hidden(request: pytest.FixtureRequest, tmp_path: Path) -> Sequence[str]:
    """The words in front of a command, for each way to hide the build machine."""
    if not namespaces.may(request.param, ["--mount"]):
        pytest.skip("this kernel and this user do not allow it")
    header = tmp_path / "sysroot/usr/include/linux/board.h"
    header.parent.mkdir(parents=True)
    header.write_text("#define BOARD 1\n", encoding="utf-8")
    return hiding.launcher(tmp_path / "sysroot", tmp_path, request.param)


def test_headers_are_the_sysroots(hidden: Sequence[str]) -> None:
    assert run([*hidden, "ls", "/usr/include/linux"]).output == "board.h\n"


def test_what_is_there_for_linking_is_hidden(hidden: Sequence[str]) -> None:
    before, after = (
        set(run([*words, "ls", str(LIBRARIES)]).output.split()) for words in ((), hidden)
    )
    assert {"libc.so", "libc.a", "libm.so", "libc.so.6"} <= before
    assert {"libc.so.6", "libm.so.6"} <= after < before
    assert not {"libc.so", "libc.a", "libm.so", "pkgconfig"} & after


def test_the_build_machines_compiler_works(hidden: Sequence[str], tmp_path: Path) -> None:
    source = tmp_path / "gen.c"
    source.write_text('#include <stdio.h>\nint main(void) { puts("made"); return 0; }\n')
    for compiler in ("cc", "/usr/bin/gcc"):
        run([*hidden, compiler, source.name, "-o", "gen"], cwd=tmp_path)
        assert run([*hidden, tmp_path / "gen"]).output == "made\n"


def test_words_and_status_pass_through(hidden: Sequence[str]) -> None:
    assert run([*hidden, "printf", "%s|", "a b", "$c", "'"]).output == "a b|$c|'|"
    with pytest.raises(CommandError, match="status 7"):
        run([*hidden, "sh", "-c", "exit 7"])


def test_what_is_hidden_from_a_command_is_there_for_others(hidden: Sequence[str]) -> None:
    run([*hidden, "true"])
    assert (LIBRARIES / "libc.a").is_file()
    assert not Path("/usr/include/linux/board.h").exists()
