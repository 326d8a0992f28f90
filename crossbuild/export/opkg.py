"""Packages of proven wheels for opkg, and the feed that a board installs them from."""

import hashlib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.version import Version

from crossbuild.core import templates
from crossbuild.core.python_version import PythonVersion
from crossbuild.export import distribution, install_wheel, ipk
from crossbuild.export.distribution import Distribution
from crossbuild.export.install_wheel import installed

_TEMPLATES = Path(__file__).parent / "feed"

#: Python's operators of versions, as opkg and dpkg write them; others are no condition there.
_OPERATORS = {"==": "=", ">=": ">=", "<=": "<=", "<": "<<", ">": ">>"}


def feed(
    wheels: Sequence[Distribution], python: PythonVersion, architecture: str
) -> Mapping[str, bytes]:
    """The files of a feed, by their path in it.

    :param architecture: of the image's packages, for what is compiled
    """
    contents: dict[str, bytes] = {}
    stanzas = []
    for one in wheels:
        kind = "all" if one.is_pure else architecture
        control = _control(one, python, kind)
        name = f"{one.package}_{one.package_version}_{kind}.ipk"
        contents[name] = _package(one, python, control)
        stanzas.append(control + "".join(_found_by(name, contents[name])))
    packages = "\n".join(stanzas).encode()
    readme = templates.render(
        _TEMPLATES / "README.md.j2", python=python, packages=[one.package for one in wheels]
    )
    return contents | {
        "Packages": packages,
        "Packages.gz": ipk.compressed(packages),
        "README.md": f"{readme}\n".encode(),
    }


def _package(one: Distribution, python: PythonVersion, control: str) -> bytes:
    files = sorted(installed(str(one.wheel), install_wheel.schemes(python), "opkg"))
    packages = PurePosixPath(install_wheel.schemes(python)["site-packages"])
    paths = [PurePosixPath(path) for path, _, _ in files]
    sources = [path.relative_to(packages) for path in paths if packages in path.parents]
    sources = [path for path in sources if path.suffix == ".py"]
    return ipk.pack(control, _scripts(sources, packages, python) if sources else {}, files)


def _scripts(
    sources: Sequence[PurePosixPath], packages: PurePosixPath, python: PythonVersion
) -> Mapping[str, str]:
    """The scripts that make and remove the byte code of some sources."""
    texts = {
        name: templates.render(
            _TEMPLATES / f"{name}.j2",
            filters={"quote": lambda text: shlex.quote(str(text))},
            python=python,
            packages=packages,
            tops=sorted({path.parts[0] for path in sources}),
            folders=sorted({str(path.parent) for path in sources} - {"."}),
            modules=sorted(path.stem for path in sources if len(path.parts) == 1),
        )
        for name in ("postinst", "prerm")
    }
    return {name: f"{text}\n" for name, text in texts.items()}


def _control(one: Distribution, python: PythonVersion, architecture: str) -> str:
    epoch = f"{one.epoch}:" if one.epoch else ""
    fields = {
        "Package": one.package,
        "Version": f"{epoch}{one.package_version}",
        "Description": one.summary,
        "Section": "devel/python",
        "Priority": "optional",
        "Maintainer": "crossbuild",
        "License": one.licence,
        "Architecture": architecture,
        "Homepage": one.home,
        "Depends": ", ".join(_depends(one, python)),
        "Source": one.wheel.name,
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


def _depends(one: Distribution, python: PythonVersion) -> Iterator[str]:
    yield f"python3-core (>= {python})"
    yield f"python3-core (<< 3.{python.minor + 1})"
    yield "python3-modules"
    for requirement in one.requires:
        yield from _dependency(requirement)


def _dependency(requirement: Requirement) -> Iterator[str]:
    """A requirement with its versions, as far as opkg can say them."""
    name = distribution.package(requirement.name)
    conditions = [
        f"{name} ({_OPERATORS[each.operator]} {_version(each.version)})"
        for each in sorted(requirement.specifier, key=str)
        if each.operator in _OPERATORS and not each.version.endswith(".*")
    ]
    yield from conditions or [name]


def _version(text: str) -> str:
    version = Version(text)
    epoch = f"{version.epoch}:" if version.epoch else ""
    return epoch + distribution.as_package_version(version)


def _found_by(name: str, data: bytes) -> Iterator[str]:
    """What opkg-make-index adds to a control file."""
    yield f"Filename: {name}\n"
    yield f"Size: {len(data)}\n"
    yield f"MD5Sum: {hashlib.md5(data, usedforsecurity=False).hexdigest()}\n"
    yield f"SHA256sum: {hashlib.sha256(data).hexdigest()}\n"
