"""Libraries that recipes link with, OpenBLAS above all: which one it is, and is it whole?"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from crossbuild.doctor.bench import Bench, tail
from crossbuild.doctor.catalogue import Catalogue
from crossbuild.doctor.model import Finding
from crossbuild.elf import file as elf
from crossbuild.elf.file import TAG_CPU_ARCH, TAG_FP_ARCH, Elf, ElfError
from crossbuild.sdk import libraries, library_packages
from crossbuild.sdk.brought import openblas
from crossbuild.sdk.libraries import Library
from crossbuild.sdk.library_packages import LibraryPackage
from crossbuild.sdk.model import Sdk

#: openblas_get_config() returns this text: version, options, core.
_CONFIG = re.compile(rb"OpenBLAS (\d[\w.]*)((?: \w+=?\w*)*) (\w+)(?: MAX_THREADS=\d+)?\0")
#: Tag_Advanced_SIMD_arch (Addenda to the ABI for the Arm Architecture, 3.3).
_TAG_SIMD_ARCH = 12
_CORES_BELOW = {"ARMV5", "ARMV6"}
#: One routine of each part, as Fortran and C programs call it.
_LAPACK, _CBLAS = "dgesv_", "cblas_dgemm"
_PROBE = (
    "extern void dgesv_(void); extern void cblas_dgemm(void);\n"
    "int main(void) { dgesv_(); cblas_dgemm(); return 0; }\n"
)
#: Tag_FP_arch in the order of what a processor must have (Addenda to the ABI for the Arm
#: Architecture, 3.3.5.2): the D16 forms need no more than the full ones.
_FP_LEVELS = {0: 0, 1: 1, 2: 2, 3: 3, 4: 3, 5: 4, 6: 4, 7: 5, 8: 5}
#: A library that no table has: its recipe may have its name.
_UNKNOWN = LibraryPackage("", "", "")
_NETLIB = ("libblas.so", "liblapack.so", "libcblas.so", "libblas.so.3", "liblapack.so.3")


@dataclass(frozen=True)
class Facts:
    """What an OpenBLAS says of itself.

    :ivar core: the processor that it was built for; empty where it does not say
    :ivar dynamic: whether it chooses its kernels by the processor that it runs on
    """

    version: str
    core: str
    dynamic: bool


def facts(file: Elf) -> Facts:
    """Read the text that ``openblas_get_config`` returns."""
    match = _CONFIG.search(file.data)
    if match is None:
        return Facts("", "", dynamic=False)
    version, options, core = (part.decode() for part in match.groups())
    return Facts(version, core, dynamic="DYNAMIC_ARCH" in f"{options} {core}")


def library(
    bench: Bench, catalogue: Catalogue, name: str, titles: tuple[str, ...]
) -> Iterator[Finding]:
    """A library of the sysroot.

    :param titles: the recipes that link with it
    """
    if name == "openblas":
        yield from _OpenBlas(bench, catalogue, titles).findings()
        return
    library_there = libraries.find(bench.sdk, name)
    if library_there is None or library_there.shared is None:
        package = library_packages.providing("libraries", name) or _UNKNOWN
        folders = ", ".join(str(folder) for folder in bench.sdk.library_dirs)
        yield catalogue.finding(
            "library-missing",
            evidence=f"not in {folders}",
            recipes=titles,
            fields={"library": name, "title": ", ".join(titles), **asdict(package)},
        )


@dataclass(frozen=True)
class _OpenBlas:
    bench: Bench
    catalogue: Catalogue
    titles: tuple[str, ...]

    @property
    def sdk(self) -> Sdk:
        return self.bench.sdk

    def findings(self) -> Iterator[Finding]:
        library = libraries.find(self.sdk, "openblas")
        if library is None:
            yield self._absent()
        elif library.shared is None:
            yield self._not_shared(library)
        else:
            yield from self._present(library, library.shared)

    def _finding(self, name: str, evidence: str, **fields: object) -> Finding:
        return self.catalogue.finding(
            name,
            evidence=evidence,
            recipes=self.titles,
            fields={"get_openblas": self._cure(), **fields},
        )

    def _absent(self) -> Finding:
        root = self.sdk.target_sysroot
        header = next(root.glob("usr/include/**/openblas_config.h"), None)
        if header is not None:
            return self._finding("openblas-headers-only", f"{header}, but no libopenblas.*")
        there = [name for name in _NETLIB if self.sdk.find_library(name)]
        if there:
            path = self.sdk.find_library(there[0])
            return self._finding("blas-netlib-only", f"{path}", there=", ".join(there))
        return self._finding("openblas-missing", f"no libopenblas.* in {root}")

    def _not_shared(self, library: Library) -> Finding:
        if library.runtime is None:
            return self._finding("openblas-static-only", f"{library.static}, but no libopenblas.so")
        link = library.folder / "libopenblas.so"
        evidence = f"{library.runtime}, but no libopenblas.so"
        fields = {"runtime": library.runtime.name, "link": link}
        return self._finding("openblas-link-name-missing", evidence, **fields)

    def _present(self, library: Library, shared: Path) -> Iterator[Finding]:
        try:
            file = elf.read(shared)
            wrong = self._wrong(file, shared)
        except ElfError as error:
            wrong = self._finding("openblas-damaged", f"{error.what}: {error.evidence}")
        if wrong is not None:
            yield wrong
            return
        if not library.on_path:
            yield self.catalogue.finding("openblas-off-path", fields={"folder": library.folder})
        known = facts(file)
        if known.core in _CORES_BELOW and not known.dynamic:
            evidence = f"{shared.resolve()} says OpenBLAS {known.version} {known.core}"
            target = openblas.processor(self.sdk).target
            yield self._finding("openblas-below-board", evidence, core=known.core, target=target)
        after = [f"-L{library.folder}", "-lopenblas", f"-Wl,-rpath-link,{library.folder}"]
        done = self.bench.compile("openblas", "c", _PROBE, after=after)
        if done.status != 0:
            yield self._finding("openblas-does-not-link", tail(done))

    def _wrong(self, file: Elf, shared: Path) -> Finding | None:
        if file.machine != "Arm" or file.float_abi == "soft":
            machine = f"{file.machine}, {file.float_abi} float" if file.machine == "Arm" else ""
            evidence = f"{shared.resolve()}: its ELF header"
            return self._finding(
                "openblas-wrong-machine", evidence, machine=machine or file.machine
            )
        for name, routine in (("lapack", _LAPACK), ("cblas", _CBLAS)):
            if routine not in file.defined:
                evidence = f"{shared.resolve()} does not define {routine}"
                return self._finding(f"openblas-without-{name}", evidence)
        known = facts(file)
        above = "" if known.dynamic else self._above(file)
        if above:
            evidence = f"{shared.resolve()}: {above}"
            core = known.core or "by its build attributes"
            return self._finding("openblas-above-board", evidence, core=core)
        return None

    def _above(self, file: Elf) -> str:
        """In which build attributes the library is above what the SDK compiles for."""
        if self.bench.compile("tune", "c", "int tune;\n", "-c").status != 0:
            return ""
        board = elf.read(self.bench.result("tune"))
        pairs = {
            "Tag_CPU_arch": (_number(file, TAG_CPU_ARCH), _number(board, TAG_CPU_ARCH)),
            "Tag_FP_arch": (
                _FP_LEVELS.get(_number(file, TAG_FP_ARCH), 0),
                _FP_LEVELS.get(_number(board, TAG_FP_ARCH), 0),
            ),
            "Tag_Advanced_SIMD_arch": (
                _number(file, _TAG_SIMD_ARCH),
                _number(board, _TAG_SIMD_ARCH),
            ),
        }
        return ", ".join(
            f"{tag} is above what CC's words give" for tag, (has, may) in pairs.items() if has > may
        )

    def _cure(self) -> str:
        """How to get an OpenBLAS for the processor that the SDK compiles for."""
        fortran = 'FC="${TARGET_PREFIX}gfortran ${CC#* }"'
        return self.catalogue.file(
            "openblas-cure.txt.j2",
            {
                "script": self.sdk.script,
                "target": openblas.processor(self.sdk).target,
                "fortran": fortran if self.sdk.tools.fortran else "NOFORTRAN=1",
            },
        )


def _number(file: Elf, tag: int) -> int:
    value = file.attributes.get(tag, 0)
    return value if isinstance(value, int) else 0
