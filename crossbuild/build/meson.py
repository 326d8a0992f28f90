"""Meson's cross file for an SDK (https://mesonbuild.com/Machine-files.html)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2

from crossbuild.build.crossenv import CrossEnv
from crossbuild.core import files
from crossbuild.sdk.model import Sdk

_TEMPLATES = Path(__file__).parent

#: Programs of the build requirements that a meson.build looks up for the target.
_PROGRAMS = ("cython", "f2py", "pybind11-config", "pythran", "numpy-config")


def write_cross_file(
    path: Path,
    sdk: Sdk,
    env: CrossEnv,
    flags: Mapping[str, Sequence[str]],
    properties: Mapping[str, str],
) -> Path:
    """Write the cross file; an SDK's own is not used, for some name the wrong machine.

    :param flags: words by ``c``, ``cpp``, ``fortran`` and ``link``
    :param properties: further entries of ``[properties]``, from the recipe
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - an ini file, not HTML
        trim_blocks=True,
    )
    environment.filters["meson"] = _literal
    text = environment.get_template("meson-cross.ini.j2").render(
        wrappers=env.wrappers,
        python=env.python,
        programs={n: env.scripts / n for n in _PROGRAMS if (env.scripts / n).exists()},
        flags=flags,
        sysroot=sdk.target_sysroot,
        pkg_config_libdir=":".join(str(folder / "pkgconfig") for folder in sdk.library_dirs),
        properties=properties,
    )
    # The same bytes again would make Meson configure anew for nothing.
    if not path.exists() or path.read_text() != text:
        files.write_text(path, text)
    return path


def _literal(value: object) -> str:
    """A string as Meson's machine files write it."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
