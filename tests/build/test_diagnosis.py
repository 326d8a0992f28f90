"""Why a build failed: words of real logs, and what of a log is shown."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.build import diagnosis
from crossbuild.build.diagnosis import UNKNOWN, explain
from crossbuild.core import diagnosis as tables
from crossbuild.core import documents
from crossbuild.sdk.model import Sdk
from tests.support.sdk_copy import SdkCopy

ENDED = "python failed with exit status 1"
SAMPLES = documents.read_toml(Path(__file__).parent / "failed_builds.toml")["sample"]
CAUSES = documents.read_toml(Path(diagnosis.__file__).parent / "diagnoses.toml")["diagnosis"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["log"][:40])
def test_cause_and_cure(sample: Mapping[str, str], bookworm: Sdk) -> None:
    failure = explain(f"running build_ext\n{sample['log']}\n", ENDED, bookworm)
    assert sample["what"] in failure.cause.what
    assert sample["cure"] in failure.cause.cure
    assert sample["log"].splitlines()[-1] in failure.error


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause["what"])
def test_each_cause_has_a_sample(cause: Mapping[str, str]) -> None:
    found = {one["pattern"] for sample in SAMPLES if (one := first_cause(sample["log"]))}
    assert cause["pattern"] in found


def first_cause(log: str) -> Mapping[str, str] | None:
    found = tables.match(log, CAUSES)
    return found.entry if found else None


def test_of_a_traceback_the_first_exception_is_shown(bookworm: Sdk) -> None:
    log = """\
copying a.py
Traceback (most recent call last):
  File "setup.py", line 3, in <module>
    raise KeyError("first")
    ^^^^^^^^^^^^^^^^^^^^^^^
KeyError: 'first'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "build_meta.py", line 9, in run
ValueError: second
"""
    failure = explain(log, ENDED, bookworm)
    assert failure.error.splitlines() == ["copying a.py", "KeyError: 'first'", "ValueError: second"]
    assert failure.cause is UNKNOWN


def test_of_what_is_no_python_the_place_is_shown(bookworm: Sdk) -> None:
    log = """\
Traceback (most recent call last):
  File "build_meta.py", line 9, in run
    exec(code, locals())
  File "setup.py", line 2
    setup(
         ^
SyntaxError: '(' was never closed
"""
    shown = explain(log, ENDED, bookworm).error
    assert shown.splitlines() == ['File "setup.py", line 2', "SyntaxError: '(' was never closed"]


def test_what_a_script_only_tried_is_no_failure(bookworm: Sdk) -> None:
    log = """\
_configtest.c:1:10: fatal error: sodium.h: No such file or directory
/b/bin/arm-gcc -c /v/tmpabc/inflate.c -o inflate.o
/v/tmpabc/inflate.c:1:10: fatal error: zlib.h: No such file or directory
/b/bin/arm-gcc -c own.c -o own.o
own.c:7:2: error: expected ';' before '}' token
error: command '/b/bin/arm-gcc' failed with exit code 1
"""
    failure = explain(log, ENDED, bookworm)
    assert failure.cause is UNKNOWN
    assert failure.error.splitlines()[1:] == log.splitlines()[4:]


def test_a_program_that_cmake_has_made_is_called_by_its_name(bookworm: Sdk) -> None:
    log = """\
[2/9] Linking C executable tools/gen
[3/9] Generating made.h
FAILED: made.h
cd /b && gen > made.h
/bin/sh: 1: gen: not found
"""
    assert "compiled for the board: gen" in explain(log, ENDED, bookworm).cause.what
    other = explain(log.replace("tools/gen", "other"), ENDED, bookworm)
    assert "calls the program gen" in other.cause.what


def test_ninja_goes_on_after_the_first_failure(bookworm: Sdk) -> None:
    log = """\
lib.h: error: is only a word of a file's name
[1/3] cc a.c
FAILED: [code=1] b.o
arm-gcc -c b.c -o b.o
b.c:1:10: fatal error: lzma.h: No such file or directory
[2/3] cc c.c
FAILED: [code=1] c.o
c.c:1:10: fatal error: zstd.h: No such file or directory
"""
    failure = explain(log, ENDED, bookworm)
    assert "lacks xz (lzma.h)" in failure.cause.what
    assert failure.error.startswith("FAILED: [code=1] b.o\n")


def test_what_has_the_console_to_itself_prints_before_ninja_says_that_it_failed(
    bookworm: Sdk,
) -> None:
    """As CMake's FetchContent does."""
    log = """\
--   Package 'libzmq', required by 'virtual:world', not found
[1/9] Performing download step (download, verify and extract) for 'bundled_libsodium-populate'
-- Downloading...
CMake Error at download-bundled_libsodium-populate.cmake:170 (message):
  Each download failed!
    error: downloading 'https://example.org/libsodium-1.0.20.tar.gz' failed
          status_code: 6
          Could not resolve host: example.org
FAILED: bundled/src/bundled_libsodium-populate-stamp/bundled_libsodium-populate-download
cd _deps && /usr/bin/cmake -P download-bundled_libsodium-populate.cmake
ninja: build stopped: subcommand failed.
CMake Error at FetchContent.cmake:1616 (message):
  Build step for bundled_libsodium failed: 1
"""
    failure = explain(log, ENDED, bookworm)
    assert failure.cause.what == "it tried to download something during the build, and could not"
    assert "Each download failed!" in failure.error


def test_a_back_end_that_was_killed(bookworm: Sdk) -> None:
    failure = explain("running build\n", "python failed with exit status -9", bookworm)
    assert failure.error == "running build\npython failed with exit status -9"
    assert "out of memory" in failure.cause.what


def test_a_header_that_lies_where_nobody_looks(bookworm: Sdk, copy: SdkCopy) -> None:
    copy.put(copy.sysroot / "usr/include/odd-2/odd/own.h", "int own;\n")
    sdk = replace(bookworm, target_sysroot=copy.sysroot)
    failure = explain("x.c:1:10: fatal error: odd/own.h: No such file", ENDED, sdk)
    assert "usr/include/odd-2/odd/own.h, but" in failure.cause.what
    assert f'-I{copy.sysroot}/usr/include/odd-2"' in failure.cause.cure


def test_of_a_long_line_both_ends_are_shown(bookworm: Sdk) -> None:
    said = "ld: cannot find -lnosuch"
    failure = explain(f"/sdk/{'../' * 200}{said}\n", ENDED, bookworm)
    assert "no library nosuch" in failure.cause.what
    assert failure.error.startswith("/sdk/../")
    assert failure.error.endswith(said)
    assert len(failure.error) < 300
