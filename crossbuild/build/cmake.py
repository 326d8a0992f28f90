"""CMake's toolchain file for an SDK, which every back end that calls CMake takes.

CMake reads it where ``CMAKE_TOOLCHAIN_FILE`` is in the environment: under scikit-build-core and
scikit-build, and in a ``setup.py`` that starts ``cmake`` itself.
"""

from pathlib import Path

from crossbuild.build.job import BuildJob
from crossbuild.core import abi, files, templates

_TEMPLATE = Path(__file__).with_name("toolchain.cmake.j2")


def write_toolchain_file(job: BuildJob) -> Path:
    """Write the toolchain file into the package's workspace."""
    workspace, target = job.workspace, job.workspace.target
    text = templates.render(
        _TEMPLATE,
        filters={"cmake": _quoted},
        machine=abi.MACHINE,
        multiarch=abi.MULTIARCH,
        compilers=job.env.compilers,
        # What lies below a root is taken as it is; other places are looked for below each root.
        roots=[workspace.sdk.target_sysroot, job.env.site_packages, workspace.folder],
        python=job.env.python,
        include=target.include,
        soabi=target.soabi,
        suffix=target.ext_suffix,
    )
    path = workspace.folder / "toolchain.cmake"
    files.write_text(path, text)
    return path


def _quoted(value: object) -> str:
    """A value as CMake's language writes a text that is taken as it is."""
    text = str(value)
    for character in '\\"$;':
        text = text.replace(character, f"\\{character}")
    return f'"{text}"'
