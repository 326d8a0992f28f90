"""Shared libraries that wheels bring along: version, licence, and the licence's texts.

The texts are those that lie beside the library: of what crossbuild made, in the cache; in a
reference SDK, Debian's; in a Yocto sysroot, what its image has of COPY_LIC_DIRS.  The GPL and GCC's
exception are crossbuild's own copies, as no two differ.  Where there is none, a line says so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from crossbuild.core import documents, files
from crossbuild.sdk.model import Brought, Sdk

_HERE = Path(__file__).parent
_NAME = re.compile(r"(lib[\w+]+)[-.\w]*\.so[.\d]*")
#: Where Yocto puts licences into a root file system (license_image.bbclass, and license.bbclass).
_YOCTO = ("usr/share/common-licenses", "usr/share/licenses")
#: In what was brought along: the packages that it was made of, with their versions.
_PACKAGES = re.compile(r"^libgfortran-\d+-dev-\w+-cross_([\d.]+)", re.MULTILINE)
_NOTHING = """\
{name} is in this wheel, and the SDK that it was taken from has no licence text of it.
{licence}
To have the text here, install the library's licence package into the SDK: COPY_LIC_DIRS = "1".
"""


class _Known(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: str
    recipe: str
    gcc: bool = False


@dataclass(frozen=True)
class Library:
    """A shared library in a wheel.

    :ivar file: its path in the wheel
    :ivar name: ``libopenblas``
    :ivar version: empty where nothing tells it
    :ivar licence: an SPDX expression; empty where nobody can name it
    :ivar sha256: of the library as the wheel took it
    :ivar origin: where it was taken from, for people
    :ivar texts: of its licence, by file name; none where they cannot be had
    """

    file: str
    name: str
    version: str
    licence: str
    sha256: str
    origin: str
    texts: Mapping[str, bytes]

    @property
    def papers(self) -> Mapping[str, bytes]:
        """The texts, or one that says that there is none."""
        return self.texts or {f"{self.name}.txt": _nothing(self)}


def describe(sdk: Sdk, soname: str, path: Path, file: str) -> Library:
    """What is known of a library.

    :param path: where it lies, in the sysroot or among what was brought along
    :param file: its path in the wheel
    """
    name = stem(soname)
    known = _table().get(name)
    licence = known.licence if known else ""
    brought = next((one for one in sdk.brought if _has(one, path)), None)
    own = _brought_texts(brought, soname) if brought else _sysroot_texts(sdk, soname, known)
    return Library(
        file=file,
        name=name,
        version=_version(sdk, name, path, brought, known),
        licence=licence,
        sha256=files.sha256(path),
        origin=brought.title if brought else "the SDK's sysroot",
        texts=own | _texts_of(licence),
    )


def stem(file: str) -> str:
    """The library's name by that of its file: ``libopenblas`` of ``libopenblas-1a2b.so.0``."""
    match = _NAME.fullmatch(file)
    return match[1] if match else _short(file)


def licence_of(file: str) -> str:
    """The licence of a library by its file's name, as an SPDX expression; empty where unknown."""
    known = _table().get(stem(file))
    return known.licence if known else ""


def _short(soname: str) -> str:
    return soname.partition(".so")[0]


def _has(brought: Brought, path: Path) -> bool:
    return any(path.is_relative_to(folder.resolve()) for folder in brought.folders)


def _version(sdk: Sdk, name: str, path: Path, brought: Brought | None, known: _Known | None) -> str:
    if known and known.gcc:
        lists = [folder / "packages.txt" for folder in (brought.folders if brought else ())]
        told = "".join(one.read_text() for one in lists if one.is_file())
        match = _PACKAGES.search(told)
        return match[1] if match else sdk.gcc_version
    short = name.removeprefix("lib")
    for described in (path.parent / f"pkgconfig/{one}.pc" for one in (name, short)):
        if described.is_file():
            text = files.beginning(described).decode(errors="replace")
            if match := re.search(r"^Version:\s*(\d\S*)", text, re.MULTILINE):
                return match[1]
    pattern = rb"\b" + re.escape(short.encode()) + rb"[ -]r?(\d+(?:\.\d+)+)"
    stated = re.search(pattern, path.read_bytes(), re.IGNORECASE)
    return stated[1].decode() if stated else ""


def _brought_texts(brought: Brought, soname: str) -> dict[str, bytes]:
    places = (folder / "licences" / soname for folder in brought.folders)
    return {f"{_short(soname)}.txt": place.read_bytes() for place in places if place.is_file()}


def _sysroot_texts(sdk: Sdk, soname: str, known: _Known | None) -> dict[str, bytes]:
    """What a sysroot has: of Debian's package of that soname, or of the recipe in Yocto."""
    share = sdk.target_sysroot / "usr/share/doc"
    package = _debian_package(soname)
    found = [*share.glob(f"{package}/copyright"), *sorted(share.glob(f"{package}-*/copyright"))]
    if found:
        return {f"{_short(soname)}.txt": found[0].read_bytes()}
    folders = [sdk.target_sysroot / place / known.recipe for place in _YOCTO] if known else []
    texts = [path for folder in folders for path in sorted(folder.glob("*")) if path.is_file()]
    return {f"{_short(soname)}/{path.name}": path.read_bytes() for path in texts}


def _debian_package(soname: str) -> str:
    """What Debian calls the package of a soname (Debian policy, 8.1): ``libgcc-s1``."""
    base, _, version = soname.partition(".so.")
    dash = "-" if base[-1:].isdigit() else ""
    return re.sub(r"[\[\]*?]", "", f"{base}{dash}{version}".replace("_", "-").lower())


def _texts_of(licence: str) -> dict[str, bytes]:
    """The texts that crossbuild has of the licences and exceptions in an expression."""
    words = sorted(set(re.findall(r"[\w.+-]+", licence)))
    paths = [_HERE / "texts" / f"{word}.txt" for word in words]
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


def _nothing(one: Library) -> bytes:
    unknown = "Nor does crossbuild know which licence it is under."
    said = f"It is under {one.licence}, as far as crossbuild knows." if one.licence else unknown
    return _NOTHING.format(name=one.name, licence=said).encode()


@cache
def _table() -> Mapping[str, _Known]:
    document = documents.read_toml(_HERE / "libraries.toml")
    return {name: documents.validated(_Known, entry) for name, entry in document.items()}
