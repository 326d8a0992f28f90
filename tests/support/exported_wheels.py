"""A small wheelhouse of what wheels can be, sound and under licences that can be named."""

import shutil
from pathlib import Path

from tests.support.elf_files import Compiler
from tests.support.sample_wheels import EXT_SUFFIX, Sample

ENTRY_POINTS = b"""\
[console_scripts]
sample-run = sample.tool:main.start
[gui_scripts]
sample-window = sample.tool:window
[sample.plugins]
other = sample.tool:other
"""


#: A module that asks a library of another wheel.
MODULE = r"""
#include <Python.h>
int shared(void);
static PyObject *ask(PyObject *self, PyObject *none) { return PyLong_FromLong(shared()); }
static PyMethodDef methods[] = {{"ask", ask, METH_NOARGS, ""}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "sample", "", -1, methods};
PyMODINIT_FUNC PyInit_sample(void) { return PyModule_Create(&module); }
"""
_LIBRARY = ("libshared.so.1", "int shared(void) { return 42; }")


def compiled(compiler: Compiler) -> Sample:
    """A module that needs a library of another wheel, with a file for every place there is."""
    library = compiler.library(*_LIBRARY)
    headers = compiler.sdk.target_sysroot / "usr/include/python3.11"
    words = [f"-I{headers}", str(library), "-Wl,-rpath,$ORIGIN/../shared"]
    module = compiler.shared(MODULE, *words)
    return Sample(
        files={
            "sample/__init__.py": b"",
            f"sample/sample{EXT_SUFFIX}": module,
            "sample/tool.py": b"def main(): pass\nmain.start = window = other = main\n",
            "sample/lib/libnothing.a": b"!<arch>\n",
            "sample-1.0.data/scripts/sample-script": b"#!python\nprint(1)\n",
            "sample-1.0.data/headers/sample.h": b"int sample;\n",
            "sample-1.0.data/data/share/sample/data.txt": b"data\n",
            "sample-1.0.data/purelib/sample_pure.py": b"x = 1\n",
            "sample-1.0.dist-info/entry_points.txt": ENTRY_POINTS,
            "sample-1.0.dist-info/licenses/LICENSE": b"Do what you like.\n",
        },
        requires=(
            "python-dateutil[quick]>=0.5,<2",
            "shared==1+a1",
            "windows; sys_platform == 'win32'",
        ),
        headers='Summary: A sample with "quotes" and $dollars\nHome-page: https://example.org\n'
        "License-Expression: mit AND bsd-3-clause\nLicense-File: LICENSE\n",
    )


def libraries(compiler: Compiler) -> Sample:
    """A wheel of shared libraries."""
    library = compiler.library(*_LIBRARY)
    return Sample(
        name="shared",
        version="1+a1",
        tag="py3-none-linux_armv7l",
        files={"shared/__init__.py": b"", "shared/libshared.so.1": library.read_bytes()},
        headers="Classifier: License :: OSI Approved :: MIT License\n",
    )


def pure(name: str, requires: tuple[str, ...] = ()) -> Sample:
    """A wheel for any machine."""
    return Sample(
        name=name,
        version="1.0rc1",
        tag="py3-none-any",
        files={f"{name}_module.py": b"seven = 7\n"},
        requires=requires,
        headers="License: BSD 3-Clause\n",
    )


def fill(folder: Path, compiler: Compiler) -> Path:
    """Make the wheelhouse."""
    for sample in (
        compiled(compiler),
        libraries(compiler),
        pure("python_dateutil", ("quick; extra == 'quick'",)),
        pure("quick"),
    ):
        sample.build(folder)
        shutil.rmtree(folder / f"tree-{sample.name}")
    return folder
