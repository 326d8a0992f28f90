"""What a back end is told: environment variables, compiler flags, configuration settings.

Each kind of back end needs its own preparation: a cross file for Meson, a toolchain file for
CMake, ``site.cfg`` for numpy.distutils.
"""

import configparser
import io
import os
from collections.abc import Mapping
from pathlib import Path

from crossbuild.build import cmake, meson, questions
from crossbuild.build.job import BuildJob
from crossbuild.core import files
from crossbuild.packages import recipe
from crossbuild.packages.project.build_options import FLAG_VARIABLES
from crossbuild.toolchain import jobserver

#: Optimised, without debug information; each function apart, so that the linker leaves out
#: what nothing calls.
FORTRAN_FLAGS = ("-O2", "-g0", "-ffunction-sections")

#: For C and C++: with the overflow that CPython promises as well.
COMMON_FLAGS = (*FORTRAN_FLAGS, "-fwrapv")

_LINK_FLAGS = ("-Wl,--as-needed", "-Wl,--gc-sections")


def variables(job: BuildJob) -> dict[str, str]:
    """The environment variables of a build, beside those that every cross environment has."""
    own = (job.workspace.folder, job.workspace.target.prefix)
    fixed = {
        "SOURCE_DATE_EPOCH": str(job.epoch),
        "SDKTARGETSYSROOT": str(job.workspace.sdk.target_sysroot),
        # ccache compares paths below it as relative ones: another checkout hits, too.
        "CCACHE_BASEDIR": os.path.commonpath(own),
        "CCACHE_NOHASHDIR": "1",
        "CCACHE_COMPILERCHECK": f"string:{job.workspace.compilers_identity}",
        "CCACHE_STATSLOG": str(job.workspace.compiler_log.results),
        # The user's own files (.pydistutils.cfg, .numpy-site.cfg, .condarc) decide nothing.
        "HOME": str(files.made(_home(job))),
        # A source without a repository has no version of one that holds the work folder.
        "GIT_CEILING_DIRECTORIES": str(job.workspace.source),
        # What configure checks leave stays in a folder of this build's own.
        "TMPDIR": str(files.made(job.workspace.folder / "tmp")),
        **({jobserver.VARIABLE: str(job.pool)} if job.pool else {}),
        **questions.variables(job.workspace, job.source),
        **job.sharing,
    }
    recipes = job.rendered(job.recipe.environment)
    if job.recipe.backend == "meson-python":
        return {**fixed, **recipes}  # flags stand in the cross file
    flags = _flags(job)
    compiler_flags = {
        "CFLAGS": flags["c"],
        "CXXFLAGS": flags["cpp"],
        "FFLAGS": [*flags["fortran"], "-fPIC"],
        "LDFLAGS": flags["link"],
    }
    joined = {name: " ".join(words) for name, words in compiler_flags.items()}
    toolchain = {"CMAKE_TOOLCHAIN_FILE": str(cmake.write_toolchain_file(job))}
    return {**fixed, **joined, **toolchain, **_autoconf_variables(job), **recipes}


def _autoconf_variables(job: BuildJob) -> dict[str, str]:
    """What a ``configure`` script is told without arguments: that it compiles for another machine.

    ``host_alias`` and ``build_alias`` are its options --host and --build (Autoconf manual,
    "Precious variables"); the SDK's site file has answers that only the board could give.
    """
    sdk = job.workspace.sdk
    site = Path(sdk.variables.get("CONFIG_SITE", ""))
    answers = {"CONFIG_SITE": str(site)} if site.is_file() else {}
    return {"host_alias": sdk.triple, "build_alias": "x86_64-pc-linux-gnu", **answers}


def _flags(job: BuildJob) -> dict[str, list[str]]:
    """Compiler flags by Meson's names of the languages."""
    common = {"c": COMMON_FLAGS, "cpp": COMMON_FLAGS, "fortran": FORTRAN_FLAGS}
    names = {"c": "c", "cpp": "c++", "fortran": "fortran"}
    sdk = job.workspace.sdk
    # The compilers add the tune as well; packages that choose code by CPU look for it here.
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
    if job.recipe.backend == "setuptools":
        write_distutils_config(_home(job), job.jobs)
    if job.recipe.backend != "meson-python":
        return settings
    folder = job.workspace.folder
    cross_file = meson.write_cross_file(
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
            *meson.python_details(job.env, job.workspace.target),
            *_list(settings.get("setup-args")),
        ],
        "compile-args": [f"-j{job.jobs}", *_list(settings.get("compile-args"))],
    }


def _list(setting: str | list[str] | None) -> list[str]:
    return [setting] if isinstance(setting, str) else setting or []


def write_distutils_config(home: Path, jobs: int) -> None:
    """Let setuptools and distutils, of any age, compile one extension beside another.

    The number is given to ``build``, which hands it on to ``build_ext`` as a number:
    numpy.distutils compares what all its commands have (``get_num_build_jobs``), and what stands
    in a file for ``build_ext`` itself is a text until that command begins.

    :param home: HOME of the build
    :param jobs: how many extensions at once
    """
    _write_config(home / ".pydistutils.cfg", {"build": {"parallel": str(jobs)}})


def _write_site_cfg(job: BuildJob) -> None:
    """numpy.distutils's list of where libraries are, in the build's own HOME.

    From the source's root it comes into numpy's wheel: a data file that ``numpy/distutils`` does
    not have is taken from there (``_fix_paths`` in numpy's ``misc_util.py``).
    """
    sections = {name: job.rendered(entries) for name, entries in job.recipe.site_cfg.items()}
    _write_config(_home(job) / "site.cfg", sections)


def _write_config(path: Path, sections: Mapping[str, Mapping[str, str]]) -> None:
    config = configparser.RawConfigParser()
    config.read_dict(sections)
    text = io.StringIO()
    config.write(text)
    files.write_text(path, text.getvalue())


def _home(job: BuildJob) -> Path:
    return job.workspace.folder / "home"
