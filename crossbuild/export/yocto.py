"""A layer of recipes that install proven wheels into an image."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from crossbuild.core import templates
from crossbuild.export import distribution, licence
from crossbuild.export.distribution import Distribution
from crossbuild.export.target import Target

_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "layer"

#: The interpreter, and the rest of its library, in which wheels were proven.
_PYTHON = ("python3-core", "python3-modules")
#: Characters that stand for themselves in bitbake's addresses.
_PLAIN = "/+:"


def layer(
    wheels: Sequence[Distribution], target: Target, *, url: str | None = None
) -> Mapping[str, bytes | Path]:
    """The files of a layer, by their path in it.

    :param url: the folder on a server that has the wheels; they are copied into the layer where
        None
    """
    names = [one.package for one in wheels]
    group = "recipes-wheels/packagegroups/packagegroup-crossbuild-wheels.bb"
    contents: dict[str, bytes | Path] = {
        "README.md": _fill("README.md.j2", target, packages=names),
        "conf/layer.conf": _fill("layer.conf.j2", target),
        "classes/crossbuild_wheel.bbclass": _fill("crossbuild_wheel.bbclass.j2", target),
        "scripts/install_wheel.py": _HERE / "install_wheel.py",
        group: _fill("packagegroup.bb.j2", target, packages=names),
    }
    for one in wheels:
        folder = f"recipes-wheels/{one.package}"
        recipe = _Recipe(one, wheels, target, url)
        contents[f"{folder}/{one.package}_{one.package_version}.bb"] = recipe.text()
        if url is None:
            contents[f"{folder}/files/{one.wheel.name}"] = one.wheel
    return contents


def _fill(template: str, target: Target, **values: object) -> bytes:
    release = target.release
    text = templates.render(
        _TEMPLATES / template,
        o=release.override,
        release=release.name,
        python=target.python,
        **values,  # type: ignore[arg-type]  # none of them is called filters
    )
    return f"{text.rstrip()}\n".encode()


@dataclass(frozen=True)
class _Recipe:
    """The recipe of one wheel among others."""

    one: Distribution
    wheels: Sequence[Distribution]
    target: Target
    url: str | None

    def text(self) -> bytes:
        plain_name = f"python3-{self.one.name}"
        return _fill(
            "recipe.bb.j2",
            self.target,
            wheel=self.one,
            licence=licence.for_release(self.one.licence, self.target.release),
            licence_files={
                quote(name, safe=_PLAIN): md5 for name, md5 in self.one.licence_files.items()
            },
            address=self._address(),
            build_depends=sorted(set(self._libraries())),
            depends=sorted({*_PYTHON, *self._packages()}),
            private=sorted(self.one.provided - self._needed_by_others()),
            features=() if self.one.is_pure else self.target.tune.features,
            alias=plain_name if plain_name != self.one.package else "",
        )

    def _address(self) -> str:
        folder = f"{self.url.rstrip('/')}/" if self.url else "file://"
        return folder + quote(self.one.wheel.name, safe=_PLAIN)

    def _packages(self) -> list[str]:
        """What of the layer it requires."""
        return [distribution.package(requirement.name) for requirement in self.one.requires]

    def _libraries(self) -> Iterator[str]:
        """The recipes that have the shared libraries it needs."""
        for soname in self.one.needed:
            others = [other.package for other in self.wheels if soname in other.provided]
            yield from others or filter(None, [distribution.recipe_of_library(soname)])

    def _needed_by_others(self) -> frozenset[str]:
        return frozenset().union(*(one.needed for one in self.wheels))
