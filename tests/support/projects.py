"""Projects to build, made of a table of files."""

from collections.abc import Mapping
from pathlib import Path

#: One C extension, built by setuptools.
EXTENSION: Mapping[str, str] = {
    "pyproject.toml": """
        [build-system]
        requires = ["setuptools<75", "wheel"]
        build-backend = "setuptools.build_meta"
        [project]
        name = "{name}"
        version = "1.0"
        """,
    "setup.py": """
        from setuptools import Extension, setup
        setup(ext_modules=[Extension("{name}", ["{name}.c"])])
        """,
    "{name}.c": """
        #include <Python.h>
        _Static_assert(sizeof(long) == 4 && SIZEOF_LONG == 4, "not the target's");
        static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "{name}", "", -1, NULL};
        PyMODINIT_FUNC PyInit_{name}(void) { return PyModule_Create(&module); }
        """,
}

#: Changes to it: three C files beside its own.
PARTS = {
    "setup.py": """
        from setuptools import Extension, setup
        setup(ext_modules=[Extension("{name}", ["{name}.c", "a.c", "b.c", "c.c"])])
        """,
    **{f"{part}.c": f"int {part};\n" for part in "abc"},
}


def write(folder: Path, changes: Mapping[str, str] | None = None) -> Path:
    """The extension project in *folder*, which gives it its name.

    :param changes: files that are added or take the place of others
    """
    for name, text in {**EXTENSION, **(changes or {})}.items():
        path = folder / name.replace("{name}", folder.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(flush(text).replace("{name}", folder.name), encoding="utf-8")
    return folder


def of(folder: Path, files: Mapping[str, str]) -> Path:
    """A project of these files alone."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(flush(text), encoding="utf-8")
    return folder


def flush(text: str) -> str:
    """The text without the indentation that its first line has."""
    lines = text.strip("\n").splitlines()
    width = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    return "".join(f"{line[width:]}\n" for line in lines)
