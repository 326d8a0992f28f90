"""Which of Debian's compilers serves an SDK, and for which processor OpenBLAS is built."""

from dataclasses import replace
from pathlib import Path

import pytest

from crossbuild.core import documents
from crossbuild.sdk import brought, release
from crossbuild.sdk.brought import openblas, table
from crossbuild.sdk.model import Blas, Sdk


@pytest.mark.parametrize(
    ("glibc", "gcc"),
    [
        ("2.24", None),
        ("2.25", "12"),
        ("2.30", "12"),
        ("2.37", "12"),
        ("2.38", "14"),
        ("2.43", "14"),
    ],
)
def test_the_c_library_decides_which_gfortran(glibc: str, gcc: str | None) -> None:
    chosen = table.gfortran_for(glibc)
    assert (chosen.gcc if chosen else None) == gcc


def test_every_release_of_yocto_that_is_known_has_one() -> None:
    path = Path(release.__file__).with_name("releases.toml")
    known = documents.read_toml(path)["release"]
    assert len(known) > 15
    assert all(table.gfortran_for(one["glibc"]) for one in known)


@pytest.mark.parametrize(
    ("words", "target"),
    [
        ("-mfpu=neon -mcpu=cortex-a9", "CORTEXA9"),
        ("-mfpu=neon -mtune=cortex-a9 -march=armv7-a", "CORTEXA9"),
        ("-mfpu=neon-vfpv4 -mcpu=cortex-a15", "CORTEXA15"),
        ("-mfpu=neon-vfpv4 -mcpu=cortex-a7", "ARMV7"),
        ("-march=armv7-a -mfpu=neon", "ARMV7"),
        ("-march=armv7-a -mfpu=vfpv3-d16", "ARMV6"),
        ("-mfpu=vfpv3-d16 -mcpu=cortex-a9", "ARMV6"),  # half of the registers, as Tegra 2 has
    ],
)
def test_openblas_is_built_for_what_the_sdk_compiles_for(
    words: str, target: str, bookworm: Sdk
) -> None:
    tools = bookworm.tools
    own = [word for word in tools.cc if not word.startswith(("-mfpu", "-mcpu"))]
    sdk = replace(bookworm, tools=replace(tools, cc=(*own, *words.split())))
    assert openblas.processor(sdk).target == target


def test_what_is_offered_tells_version_origin_and_processor(bookworm: Sdk) -> None:
    none = replace(bookworm, tools=replace(bookworm.tools, fortran=None))
    assert brought.offer(none, brought.FORTRAN) == "gfortran 12 of Debian bookworm"
    text = "OpenBLAS of Debian bookworm's source, built for CORTEXA9"
    assert brought.offer(bookworm, brought.OPENBLAS) == text
    assert brought.offer(none, brought.OPENBLAS) == f"{text} by gfortran 12 of Debian bookworm"
    newest = "OpenBLAS of Debian forky's source, built for CORTEXA9"
    assert brought.offer(bookworm, brought.OPENBLAS, Blas.NEWEST) == newest
    assert not brought.offer(replace(none, glibc_version="2.20"), brought.OPENBLAS)
