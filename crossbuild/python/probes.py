"""Questions to the SDK's compiler that need no target program to run.

Each method answers many questions with one call of the compiler: sizes are read out of an
object file's data, errors are told apart by ``#line``, missing functions by one link.
"""

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from crossbuild.core.command import Completed, try_run
from crossbuild.core.errors import TargetPythonError
from crossbuild.sdk.model import Sdk

#: As pyconfig.h defines them for every GNU/Linux; they change what the headers declare.
_FEATURES = """\
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif
#define _LARGEFILE_SOURCE 1
"""

_ERROR = re.compile(r"^([^\s:]+):\d+:(?:\d+:)? (?:fatal )?error:", re.MULTILINE)
_UNDEFINED = re.compile(r"undefined reference to [`‘']([\w.]+)['’]")


@dataclass(frozen=True)
class Prober:
    """Asks one compiler; every question sees the same headers."""

    sdk: Sdk
    directory: Path
    includes: tuple[str, ...]

    def true(self, conditions: Mapping[str, str]) -> set[str]:
        """The names whose preprocessor condition holds."""
        lines = ["#include <limits.h>"]
        for at, condition in enumerate(conditions.values()):
            lines += [f"#if {condition}", f"crossbuild:{at}", "#endif"]
        shown = self._require(self._compile("true", "\n".join(lines), "-E", "-P"))
        held = set(re.findall(r"^crossbuild:(\d+)$", shown.output, re.MULTILINE))
        return {name for at, name in enumerate(conditions) if str(at) in held}

    def headers(self, names: Iterable[str]) -> set[str]:
        """Those of the headers (``sys/types.h``) that the compiler finds."""
        return self.true({name: f"__has_include(<{name}>)" for name in names})

    def numbers(self, expressions: Mapping[str, str]) -> dict[str, int]:
        """The values of constant expressions."""
        values = ", ".join(f"(long long)({text})" for text in expressions.values())
        data = self._data(f"const long long crossbuild_data[] = {{{values}}};")
        width = len(data) // len(expressions)
        return {
            name: int.from_bytes(data[at * width : (at + 1) * width], "little", signed=True)
            for at, name in enumerate(expressions)
        }

    def double_layout(self) -> str:
        """How the target stores a double: "little", "big" or "mixed" (old ARM FPA) endian."""
        # The number of autoconf's own test: eight different bytes.
        data = self._data("const double crossbuild_data[] = {9006104071832581.0};")
        expected = bytes.fromhex("433fff0102030405")
        layouts = {expected[::-1]: "little", expected: "big"}
        return layouts.get(data, "mixed")

    def compile(self, bodies: Mapping[str, str]) -> set[str]:
        """The names whose function body compiles."""
        functions = [
            f'#line 1 "{name}"\nvoid crossbuild_{at}(void) {{\n{body}\n}}'
            for at, (name, body) in enumerate(bodies.items())
        ]
        text = "\n".join([self._prelude(), *functions])
        finished = self._compile("compile", text, "-fsyntax-only", "-fmax-errors=0")
        failed = set(_ERROR.findall(finished.output))
        if failed - set(bodies) or (finished.status != 0 and not failed):
            self._require(finished)
        return set(bodies) - failed

    def assemble(self, bodies: Mapping[str, str]) -> set[str]:
        """The names whose function body compiles down to an object file."""
        return {
            name
            for name, body in bodies.items()
            if self._compile("assemble", f"void f(void) {{ {body} }}", "-c").status == 0
        }

    def link(self, functions: Sequence[str], libraries: Iterable[str]) -> set[str]:
        """The functions that a program linked with these libraries can call.

        glibc's stubs, which only fail with ENOSYS, do not count (as in autoconf).
        """
        stubs = self.true({f: f"defined __stub_{f} || defined __stub___{f}" for f in functions})
        wanted = [name for name in functions if name not in stubs]
        lines = [f"char {name}(void);" for name in wanted]
        lines += ["void *volatile crossbuild_functions[] = {"]
        lines += [f"  (void *){name}," for name in wanted]
        lines += ["  0};", "int main(void) { return crossbuild_functions[0] == 0; }"]
        flags = [f"-l{library}" for library in libraries]
        finished = self._compile("link", "\n".join(lines), "-fno-builtin", after=flags)
        missing = set(_UNDEFINED.findall(finished.output))
        if finished.status != 0 and not missing:
            self._require(finished)
        return set(wanted) - missing

    def _prelude(self) -> str:
        return _FEATURES + "\n".join(f"#include <{name}>" for name in self.includes)

    def _data(self, declaration: str) -> bytes:
        """The bytes of ``crossbuild_data`` in the object file of a declaration."""
        finished = self._compile("data", f"{self._prelude()}\n{declaration}\n", "-c")
        self._require(finished)
        with (self.directory / "data.out").open("rb") as stream:
            elf = ELFFile(stream)
            table = elf.get_section_by_name(".symtab")
            assert isinstance(table, SymbolTableSection)
            symbol = (table.get_symbol_by_name("crossbuild_data") or [])[0]
            start = symbol["st_value"]
            data = elf.get_section(symbol["st_shndx"]).data()
            return bytes(data[start : start + symbol["st_size"]])

    def _compile(
        self, name: str, text: str, *arguments: str, after: Sequence[str] = ()
    ) -> Completed:
        source, result = self.directory / f"{name}.c", self.directory / f"{name}.out"
        source.write_text(text, encoding="utf-8")
        output = () if "-E" in arguments or "-fsyntax-only" in arguments else ("-o", result)
        argv = [*self.sdk.tools.cc, "-w", "-O0", "-fno-lto", *arguments, source, *output, *after]
        return try_run(argv)

    def _require(self, finished: Completed) -> Completed:
        if finished.status == 0:
            return finished
        raise TargetPythonError(
            "the SDK's compiler does not compile a plain C program",
            evidence=finished.output[-2000:],
            cure="`crossbuild doctor` tells what the SDK's toolchain lacks",
        )


@contextmanager
def prober(sdk: Sdk, includes: Iterable[str]) -> Iterator[Prober]:
    """A prober whose questions see those of *includes* that the sysroot has."""
    with tempfile.TemporaryDirectory(prefix="crossbuild-probe-") as folder:
        bare = Prober(sdk, Path(folder), ())
        wanted = tuple(includes)
        there = bare.headers(wanted)
        yield Prober(sdk, Path(folder), tuple(name for name in wanted if name in there))
