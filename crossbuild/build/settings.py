"""What a back end is told: environment variables, compiler flags, configuration settings.

Each kind of back end needs its own preparation: a cross file for Meson, a toolchain file for
CMake, ``site.cfg`` for numpy.distutils.
"""

import configparser
import io
import os
from pathlib import Path

from crossbuild.build import cmake
from crossbuild.build.job import BuildJob
from crossbuild.build.meson import write_cross_file
from crossbuild.build.workspace import Workspace
from crossbuild.core import files, jobserver
from crossbuild.packages import recipe
from crossbuild.packages.build_options import FLAG_VARIABLES

#: Optimised, without debug information; each function apart, so that the linker leaves out
#: what nothing calls.
FORTRAN_FLAGS = ("-O2", "-g0", "-ffunction-sections")

#: For C and C++: with the overflow that CPython promises as well.
COMMON_FLAGS = (*FORTRAN_FLAGS, "-fwrapv")

_LINK_FLAGS = ("-Wl,--as-needed", "-Wl,--gc-sections")


def variables(job: BuildJob) -> dict[str, str]:
    """The environment variables of a build, beside those that every cross environment has."""
    fixed = {
        "SOURCE_DATE_EPOCH": str(job.epoch),
        "CCACHE_BASEDIR": cache_base(job.workspace),
        "CCACHE_NOHASHDIR": "1",
        "CCACHE_COMPILERCHECK": f"string:{job.workspace.compilers_identity}",
        "CCACHE_STATSLOG": str(job.workspace.compilers.results),
        # The user's own files (.pydistutils.cfg, .numpy-site.cfg, .condarc) decide nothing.
        "HOME": str(_made(job.workspace.folder / "home")),
        # What configure checks leave stays in a folder of this build's own.
        "TMPDIR": str(_made(job.workspace.folder / "tmp")),
        **({jobserver.VARIABLE: str(job.pool)} if job.pool else {}),
        **job.sharing,
    }
    own = job.rendered(job.recipe.environment)
    if job.recipe.backend == "meson-python":
        return {**fixed, **own}  # flags stand in the cross file
    flags = _flags(job)
    compiler_flags = {
        "CFLAGS": flags["c"],
        "CXXFLAGS": flags["cpp"],
        "FFLAGS": [*flags["fortran"], "-fPIC"],
        "LDFLAGS": flags["link"],
    }
    joined = {name: " ".join(words) for name, words in compiler_flags.items()}
    toolchain = {"CMAKE_TOOLCHAIN_FILE": str(cmake.write_toolchain_file(job))}
    return {**fixed, **joined, **toolchain, **_autoconf_variables(job), **own}


def _autoconf_variables(job: BuildJob) -> dict[str, str]:
    """What a ``configure`` script is told without arguments: that it compiles for another machine.

    ``host_alias`` and ``build_alias`` are its options --host and --build (Autoconf manual,
    "Precious variables"); the SDK's site file has answers that only the board could give.
    """
    sdk = job.workspace.sdk
    site = Path(sdk.variables.get("CONFIG_SITE", ""))
    answers = {"CONFIG_SITE": str(site)} if site.is_file() else {}
    return {"host_alias": sdk.triple, "build_alias": "x86_64-pc-linux-gnu", **answers}


def cache_base(workspace: Workspace) -> str:
    """The folder below which ccache compares relative paths: another checkout hits, too.

    An SDK in the same project moves with it; any other has one path for all checkouts, which a
    path relative to one of them would hide.
    """
    own = os.path.commonpath([workspace.folder, workspace.target.prefix])
    shared = os.path.commonpath([own, workspace.sdk.root])
    project = Path.cwd()
    return shared if shared != "/" and Path(shared).is_relative_to(project) else own


def _made(folder: Path) -> Path:
    """The folder, made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _flags(job: BuildJob) -> dict[str, list[str]]:
    """Compiler flags by Meson's names of the languages."""
    common = {"c": COMMON_FLAGS, "cpp": COMMON_FLAGS, "fortran": FORTRAN_FLAGS}
    names = {"c": "c", "cpp": "c++", "fortran": "fortran"}
    sdk = job.workspace.sdk
    # The wrappers add the tune as well; packages that choose code by CPU look for it here.
    tune = [word for word in sdk.tools.cc[1:] if word.startswith("-m")]
    include = [f"-I{folder}" for folder in sdk.named.include]
    flags = {
        key: [*tune, *words, *include, *job.recipe.flags_for(names[key], sdk.gcc_version)]
        for key, words in common.items()
    }
    flags["link"] = [*_LINK_FLAGS, *(f"-L{folder}" for folder in sdk.named.library)]
    if job.recipe.backend != "meson-python":
        return flags  # the user's own variables take the place of these, or add to them
    others = job.env.environment(variables(job))
    return {
        key: [*words, *job.options.words(FLAG_VARIABLES[key], others)]
        for key, words in flags.items()
    }


def config_settings(job: BuildJob) -> dict[str, str | list[str]]:
    """PEP 517 configuration settings, after the files they name have been written."""
    values = job.values()
    settings: dict[str, str | list[str]] = {
        key: [recipe.render(word, values) for word in words]
        for key, words in job.recipe.config_settings.items()
    }
    settings.update(job.options.settings())
    if job.recipe.site_cfg:
        _write_site_cfg(job)
    if job.recipe.backend != "meson-python":
        return settings
    folder = job.workspace.folder
    cross_file = write_cross_file(
        folder / "meson-cross.ini",
        job.workspace.sdk,
        job.env,
        _flags(job),
        job.rendered(job.recipe.meson_properties),
    )
    return {
        **settings,
        # A build folder of our own: after a Ctrl-C the next run goes on in it.
        "builddir": str(folder / "meson"),
        "setup-args": [
            *(f"--cross-file={cross_file}", "-Dbuildtype=release"),
            *_list(settings.get("setup-args")),
        ],
        "compile-args": [f"-j{job.jobs}", *_list(settings.get("compile-args"))],
    }


def _list(setting: str | list[str] | None) -> list[str]:
    return [setting] if isinstance(setting, str) else setting or []


def _write_site_cfg(job: BuildJob) -> None:
    """numpy.distutils's list of where libraries are, in the source's root."""
    config = configparser.RawConfigParser()
    for section, entries in job.recipe.site_cfg.items():
        config[section] = job.rendered(entries)
    text = io.StringIO()
    config.write(text)
    files.write_text(job.source / "site.cfg", text.getvalue())
