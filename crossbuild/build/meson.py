"""What Meson is told of the target: an SDK in a cross file, a Python in build-details.json.

https://mesonbuild.com/Machine-files.html, https://mesonbuild.com/Builtin-options.html
"""

from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from packaging.version import Version

from crossbuild.build.crossenv import CrossEnv
from crossbuild.core import files, templates
from crossbuild.python.target_python import TargetPython
from crossbuild.sdk.model import Sdk

_TEMPLATE = Path(__file__).with_name("meson-cross.ini.j2")

#: The first Meson with the option ``python.build_config``.
_READS_DETAILS = Version("1.10")

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
        compilers=env.compilers,
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


def python_details(env: CrossEnv, target: TargetPython) -> list[str]:
    """The option that names the target Python's build-details.json, where the Meson there takes it.

    Without it Meson asks the cross interpreter.
    """
    found = metadata.distributions(name="meson", path=[str(env.site_packages)])
    if any(Version(one.version) >= _READS_DETAILS for one in found):
        return [f"-Dpython.build_config={target.build_details}"]
    return []


def _literal(value: object) -> str:
    """A string as Meson's machine files write it."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
