"""Causes found in what a board printed; the texts are real ones."""

import pytest

from crossbuild.board.diagnosis import UNKNOWN, diagnose


@pytest.mark.parametrize(
    ("output", "what", "cure"),
    [
        (
            "qemu: uncaught target signal 4 (Illegal instruction) - core dumped",
            "an instruction that the board's processor does not have",
            "Cortex-A9",
        ),
        (
            "ERROR: x-1-cp311-cp311-linux_x86_64.whl is not a supported wheel on this platform.",
            "refuses the tag of x-1-cp311-cp311-linux_x86_64.whl",
            "pip debug",
        ),
        (
            "ImportError: /lib/libm.so.6: version `GLIBC_2.35' not found (required by /x.so)",
            "it lacks GLIBC_2.35",
            "together with the board's image",
        ),
        (
            "ImportError: /usr/lib/libstdc++.so.6: version `GLIBCXX_3.4.30' not found (required",
            "libstdc++ is older than the SDK's: it lacks GLIBCXX_3.4.30",
            "libstdc++",
        ),
        (
            "ImportError: libopenblas.so.0: cannot open shared object file: No such file",
            "the shared library libopenblas.so.0 is neither on the board nor in the wheel",
            "add libopenblas.so.0 to the image",
        ),
        ("ImportError: /x.so: wrong ELF class: ELFCLASS64", "ELFCLASS64", "crossbuild audit"),
        (
            "ERROR: No matching distribution found for scipy",
            "no wheel of scipy that fits",
            "crossbuild wheels scipy",
        ),
        (
            "ERROR: No matching distribution found for numpy<1.28.0,>=1.21.6",
            "no wheel of numpy<1.28.0,>=1.21.6",
            "crossbuild wheels",
        ),
        ("OSError: [Errno 28] No space left on device", "disk is full", "free some space"),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "differs from the hash",
            "crossbuild wheels",
        ),
        ("exit status: ended by signal 11", "segmentation fault", "faulthandler"),
        ("exit status: ended by signal 9", "out of memory", "free"),
        (
            "RuntimeError: module compiled against ABI version 0x1000009 but this version of numpy",
            "another version of numpy",
            "in one run",
        ),
        ("failed to map segment from shared object", "does not allow code to run", "noexec"),
    ],
)
def test_cause_and_cure(output: str, what: str, cure: str) -> None:
    found = diagnose(f"Collecting things\n{output}\n")
    assert what in found.what
    assert cure in found.cure


def test_unknown_output() -> None:
    assert diagnose("AssertionError: 1.0 != 1.1") is UNKNOWN
