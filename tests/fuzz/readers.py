"""What is fuzzed: each reader takes any bytes, and lets no error escape but those for users."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from crossbuild.audit.facts import Gatherer
from crossbuild.core.errors import CrossbuildError
from crossbuild.elf import file as elf
from crossbuild.elf.memory import Memory
from crossbuild.packages.source import archive
from crossbuild.packages.source import tree as source_tree
from crossbuild.wheel import pack as wheel

CORPUS = Path(__file__).parent / "corpus"


def sdist(data: bytes) -> None:
    """An archive that :mod:`tarfile` or :mod:`zipfile` reads; nothing leaves its folder."""
    suffix = "zip" if data.startswith(b"PK") else "tar"
    with _file(data, f"p-1.{suffix}") as path:
        with contextlib.suppress(CrossbuildError):
            archive.member(path, "PKG-INFO")
        source = path.parent / "place/source"
        with contextlib.suppress(CrossbuildError):
            source_tree.prepare(path, source)
        assert {each.name for each in path.parent.iterdir()} <= {path.name, "place"}
        for each in source.rglob("*"):
            assert each.resolve().is_relative_to(source)


def whl(data: bytes) -> None:
    """A wheel, as the audit reads it, and unpacked."""
    with _file(data, "p-1.0-py3-none-any.whl") as path:
        with contextlib.suppress(CrossbuildError):
            Gatherer(frozenset(), []).wheel(path)
        with contextlib.suppress(CrossbuildError), wheel.unpacked(path, into=path.parent):
            pass
        assert [each.name for each in path.parent.iterdir()] == [path.name]


def elf_file(data: bytes) -> None:
    """A module or library, with all that the audit asks of it."""
    with contextlib.suppress(CrossbuildError):
        read = elf.read(data)
        facts = (
            *(read.needed, read.soname, read.search_path, read.versions_needed, read.build_id),
            *(read.versions_defined, read.attributes, read.undefined, read.defined, read.float_abi),
            *(read.static_symbols, read.executable_stack, read.alignment, read.text_relocations),
        )
        assert facts
        memory = Memory(read)
        assert memory.import_at(0) is not None
        assert len(list(memory.entries())) < len(data)


READERS: dict[str, Callable[[bytes], None]] = {"sdist": sdist, "wheel": whl, "elf": elf_file}


@contextlib.contextmanager
def _file(data: bytes, name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder).resolve() / name
        path.write_bytes(data)
        yield path
