"""Meson's cross file for an SDK (https://mesonbuild.com/Machine-files.html)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from crossbuild.build.crossenv import CrossEnv
from crossbuild.core import files, templates
from crossbuild.sdk.model import Sdk

_TEMPLATE = Path(__file__).with_name("meson-cross.ini.j2")

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
    text = templates.render(
        _TEMPLATE,
        filters={"meson": _literal},
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
