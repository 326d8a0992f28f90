"""Facts of ELF files, of real ones and of damaged ones."""

import io
import struct
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossbuild.elf import ar, tables
from crossbuild.elf import file as elf
from crossbuild.elf.file import Elf, ElfError
from tests.support.elf_files import MODULE, Compiler, header
from tests.support.elf_files import static_library as make_archive

SOURCE = """
#include <stdio.h>
extern int helper(int); extern int maybe(int) __attribute__((weak));
float twice(float x) { return maybe ? x : 2 * x + printf("%d", helper(1)); }
"""


@pytest.fixture(scope="module")
def sample(compiler: Compiler) -> bytes:
    helper = compiler.library("libhelper.so.1", "int helper(int x) { return x; }")
    return compiler.shared(SOURCE, str(helper), "-Wl,-soname,libtwice.so.2", "-Wl,-rpath,$ORIGIN")


FACTS = (
    *("sections", "segments", "attributes", "float_abi", "needed", "soname", "search_path"),
    *("text_relocations", "executable_stack", "dynamic_symbols", "static_symbols"),
    *("undefined", "defined", "versions_needed", "versions_defined"),
)


def every_fact(file: Elf) -> list[object]:
    return [getattr(file, name) for name in FACTS] + [file.content(s) for s in file.sections]


def test_machine_and_abi(sample: bytes) -> None:
    file = elf.read(sample, name="x.so")
    assert (file.machine, file.eabi_version, file.float_abi) == ("Arm", 5, "hard")
    assert file.attributes[elf.TAG_CPU_ARCH] == 10
    assert file.attributes[elf.TAG_FP_ARCH] == 3


@pytest.mark.trap(5)
def test_a_module_that_needs_no_library_tells_its_machine_all_the_same(compiler: Compiler) -> None:
    """Poky's ``--as-needed`` leaves small modules without any NEEDED."""
    file = elf.read(compiler.shared(MODULE, "-nostdlib", "-Wl,--as-needed", "-lc"))
    assert file.needed == ()
    assert (file.machine, file.float_abi) == ("Arm", "hard")


def test_what_it_needs_and_offers(sample: bytes) -> None:
    file = elf.read(sample)
    assert set(file.needed) == {"libhelper.so.1", "libc.so.6"}
    assert file.soname == "libtwice.so.2"
    assert file.search_path == ("$ORIGIN",)
    assert {"helper", "printf"} <= file.undefined
    assert "maybe" not in file.undefined
    assert "twice" in file.defined
    assert ("libc.so.6", "GLIBC_2.4") in file.versions_needed
    assert not file.executable_stack
    assert not file.text_relocations


def test_a_library_tells_its_versions(compiler: Compiler) -> None:
    path = compiler.versioned("libv.so.1", "V_1.2", "something")
    assert elf.read(path).versions_defined == ("libv.so.1", "V_1.2")


def test_dangerous_link_options(compiler: Compiler) -> None:
    assert elf.read(compiler.shared("int a;", "-Wl,-z,execstack")).executable_stack
    words = '__asm__(".text\\n.word outside"); int b;'
    textrel = compiler.shared(words, "-Wl,-z,notext")
    assert elf.read(textrel).text_relocations


def test_soft_float_calls(compiler: Compiler) -> None:
    soft = compiler.shared("float f(float x) { return x; }", "-mfloat-abi=softfp", "-nostdlib")
    assert elf.read(soft).float_abi == "soft"


def test_the_build_machines_own_python_is_another_machine() -> None:
    file = elf.read(Path(sys.executable).resolve())
    assert file.machine in ("x86-64", "AArch64")
    assert file.needed
    assert file.float_abi == "unmarked"


def test_a_text_is_no_elf_file(tmp_path: Path) -> None:
    (tmp_path / "x.so").write_text("INPUT(libx.so.1)")
    with pytest.raises(ElfError, match=r"x\.so is not an ELF file\n.*evidence: it begins with"):
        elf.read(tmp_path / "x.so")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ElfError, match="cannot read"):
        elf.read(tmp_path / "absent.so")


def test_truncation_is_told(sample: bytes) -> None:
    with pytest.raises(ElfError, match=r"malformed ELF file\n.*evidence.*\n.*truncated"):
        elf.read(sample[: len(sample) // 2]).sections  # noqa: B018


def test_a_bare_header_has_no_facts() -> None:
    file = elf.read(header(183))
    assert file.machine == "AArch64"
    assert (file.needed, file.undefined, file.executable_stack) == ((), frozenset(), False)


def test_version_records_that_loop() -> None:
    # One record that points to itself as its own auxiliary entry, with a count of 65535.
    record = b"\x01\x00\xff\xff" + b"\x00\x00\x00\x00" + b"\x00" * 8
    assert list(tables.versions_needed(record, b"\0", "<")) == [("", "")]
    sharing = (b"\x01\x00\xff\xff" + b"\x00" * 8 + b"\x10\x00\x00\x00") * 64
    with pytest.raises(ValueError, match="version record"):
        list(tables.versions_needed(sharing, b"\0", "<"))


def test_names_that_overlap_are_bounded() -> None:
    strings = b"a" * 60000 + b"\0"
    table = b"".join((i % 5).to_bytes(4, "little") + bytes(12) for i in range(3000))
    with pytest.raises(ValueError, match="overlap"):
        list(tables.symbols(table, strings, order="<", is_64_bit=False))


def _sharing(count: int, kind: int, body: bytes) -> bytes:
    """An Arm library whose *count* sections are all the same bytes."""
    table = 52 + 40 * (count + 1)
    entry = struct.pack("<10I", 1, kind, 4, 0x1000, table, len(body), 0, 0, 4, 8)
    head = struct.pack(
        "<HHIIIIIHHHHHH", 3, 40, 1, 0, 0, 52, 0x05000400, 52, 32, 0, 40, count + 1, 1
    )
    return b"\x7fELF\x01\x01\x01" + bytes(9) + head + bytes(40) + entry * count + body


@pytest.mark.parametrize("kind", [1, 2, 9, 0x6FFFFFF6])
def test_sections_that_share_their_bytes_are_refused(kind: int) -> None:
    """Half a megabyte took gigabytes: 4000 names, or 200 tables of relocations."""
    with pytest.raises(ElfError, match="its sections overlap"):
        elf.read(_sharing(4000, kind, b"a" * 400_000 + b"\0")).sections  # noqa: B018
    assert [s.size for s in elf.read(_sharing(1, kind, b"a\0")).sections] == [0, 2]


def test_headers_are_those_that_pyelftools_reads(sample: bytes) -> None:
    for data in (sample, Path(sys.executable).resolve().read_bytes()):
        file, other = elf.read(data), ELFFile(io.BytesIO(data))
        assert [(s.name, s.address, s.offset, s.size, s.link) for s in file.sections] == [
            (s.name, s["sh_addr"], s["sh_offset"], s["sh_size"], s["sh_link"])
            for s in other.iter_sections()
        ]
        assert [(s.address, s.offset, s.file_size, s.flags) for s in file.segments] == [
            (s["p_vaddr"], s["p_offset"], s["p_filesz"], s["p_flags"])
            for s in other.iter_segments()
        ]


def test_members_of_a_static_library(sample: bytes) -> None:
    archive = make_archive({"a.o": sample, "b.txt": b"text", "c.o": header(62, kind=1)})
    found = dict(ar.objects(archive, "lib.a"))
    assert list(found) == ["lib.a(a.o)", "lib.a(c.o)"]
    assert found["lib.a(a.o)"] == sample


@given(data=st.data())
@settings(max_examples=150, deadline=2000, suppress_health_check=list(HealthCheck))
def test_no_damage_escapes_as_another_error(sample: bytes, data: st.DataObject) -> None:
    damaged = bytearray(sample)
    # Headers and tables, where a change matters, are at both ends of the file.
    near = st.integers(0, 700) | st.integers(len(sample) - 1500, len(sample) - 1)
    anywhere = st.integers(0, len(sample) - 1)
    for offset in data.draw(st.lists(near | anywhere, min_size=1, max_size=12)):
        damaged[offset] = data.draw(st.integers(0, 255) | st.sampled_from([0, 255, 127]))
    length = data.draw(st.just(len(sample)) | anywhere)
    try:
        every_fact(elf.read(bytes(damaged[:length])))
    except ElfError as error:
        assert error.cure  # noqa: PT017


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=2000)
def test_noise_is_read_or_refused(noise: bytes) -> None:
    try:
        assert len(every_fact(elf.read(b"\x7fELF" + noise))) >= len(FACTS)
    except ElfError as error:
        assert "malformed" in error.what  # noqa: PT017


@given(st.binary(max_size=200))
@settings(max_examples=100)
def test_noise_in_a_static_library(noise: bytes) -> None:
    for name, content in ar.objects(b"!<arch>\n" + noise, "x.a"):
        assert name.startswith("x.a(")
        assert elf.is_elf(content)
