"""A folder in which the doctor tries the SDK's compilers, exactly as wheels are built."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crossbuild.core.command import Completed, attempt, clean_environment
from crossbuild.sdk.model import Sdk
from crossbuild.toolchain import gfortran

_SECONDS = 60.0
_SUFFIXES = {"c": "c", "c++": "cpp", "fortran": "f90"}


@dataclass(frozen=True)
class Bench:
    """Compiles small sources; the build machine's compilers are not on its PATH.

    :ivar fortran_words: words for gfortran beside the SDK's own (see crossbuild.toolchain.gfortran)
    """

    sdk: Sdk
    folder: Path
    fortran_words: tuple[str, ...]

    def compile(
        self, name: str, language: str, source: str, *before: str, after: Sequence[str] = ()
    ) -> Completed:
        """Compile, and link unless ``-c`` is among the words, to :meth:`result`.

        :param before: words before the source; *after*: libraries, behind it
        """
        file = self.folder / f"{name}.{_SUFFIXES[language]}"
        file.write_text(source, encoding="utf-8")
        result = str(self.result(name))
        arguments = [*self._compiler(language), *before, str(file), "-o", result, *after]
        self.result(name).unlink(missing_ok=True)
        path = f"{Path(self.sdk.tools.cc[0]).parent}:/usr/bin:/bin"
        done = attempt(arguments, env=clean_environment(PATH=path), timeout=_SECONDS)
        if done.status == 0 and not self.result(name).is_file():
            return Completed(done.argv, 1, f"{done.output}{arguments[0]} made no file")
        return done

    def result(self, name: str) -> Path:
        """The file that a compile made."""
        return self.folder / f"{name}.out"

    def _compiler(self, language: str) -> tuple[str, ...]:
        tools = self.sdk.tools
        if language == "fortran":
            return (*(tools.fortran or ()), *self.fortran_words)
        return tools.cc if language == "c" else tools.cxx


@contextmanager
def bench(sdk: Sdk) -> Iterator[Bench]:
    """A bench in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="crossbuild-doctor-") as name:
        folder = Path(name)
        yield Bench(sdk, folder, gfortran.overlay(sdk, folder / "fortran"))


def tail(finished: Completed) -> str:
    """The last lines that a compiler printed."""
    return "\n".join(finished.output.strip().splitlines()[-6:])
