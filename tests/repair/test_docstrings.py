"""Python sources without their prose: the same program, line by line."""

import ast
import re
import sysconfig
from pathlib import Path

import pytest

from crossbuild.repair.docstrings import Needs, shorten

LEGAL = re.compile("copyright|licence")
NEEDS = Needs(LEGAL)

SOURCE = '''\
#!/usr/bin/python3
# -*- coding: utf-8 -*-
# copyright somebody
# who wrote this

# an idea
"""What it does — in brief.

Much more.
"""
import os  # for the path


class Thing:
    r"""

    A thing of \\%(kind)s.

    More.
    """

    async def run(self):
        \'\'\'Runs.
        licence: none\'\'\'

    def only(self):
        "One" """ string
        of two"""  # said

    name = "# no comment"


document(Thing, ("name", """name(x)

Its "name"."""), [1,
         """Other.
         Text.""" % 1])  # done
\tif_not = """Kept,
as no docstring."""
'''.replace("\tif_not", "if_not")

SHORT = '''\
#!/usr/bin/python3
# -*- coding: utf-8 -*-
# copyright somebody
# who wrote this


'What it does — in brief.'



import os


class Thing:
    'A thing of \\\\%(kind)s.'






    async def run(self):
        \'\'\'Runs.
        licence: none\'\'\'

    def only(self):
        'One string'


    name = "# no comment"


document(Thing, ("name", 'name(x)'

), [1,
         """Other.
         Text.""" % 1])
if_not = """Kept,
as no docstring."""
'''


def test_only_prose_goes() -> None:
    assert shorten(SOURCE.encode(), Needs(LEGAL, ["document"])).decode() == SHORT


def test_the_rest_stands_where_it_stood() -> None:
    whole, short = (SOURCE, shorten(SOURCE.encode(), NEEDS).decode())
    for number, line in enumerate(whole.splitlines()):
        if line.startswith(("import", "class", "    def", "    async", "    name", "document")):
            assert short.splitlines()[number].startswith(line.partition("  #")[0])


def test_arguments_are_documentation_only_where_it_is_said() -> None:
    data = b'add_newdoc("x", """One\nTwo""")\n'
    assert shorten(data, NEEDS) == data
    assert shorten(data, Needs(LEGAL, ["add_newdoc"])) == b"add_newdoc(\"x\", 'One'\n)\n"


def test_lines_that_code_looks_for_stay() -> None:
    data = b'"""Sum.\n\nReturns\n  out : float\n  more\n"""\n'
    short = shorten(data, Needs(LEGAL, lines=["out : "]))
    assert short == b"'Sum.\\nout : float'\n\n\n\n\n\n"


@pytest.mark.parametrize(
    "data",
    [
        b'print "old"  # a comment\n',
        b'"""Doc\nmore"""; name = 1  # would stand on another line\n',
        b"# coding: nonsense\nx = 1  # a comment\n",
        b'"""\xff\nnot UTF-8"""\n',
        b"x = (\n",
        b"\0",
    ],
)
def test_what_cannot_be_proven_stays(data: bytes) -> None:
    assert shorten(data, NEEDS) == data


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8-sig"])
def test_a_source_keeps_its_encoding_and_line_ends(encoding: str) -> None:
    cookie = "latin-1" if encoding == "latin-1" else "utf-8"
    text = f'# coding: {cookie}\r\n"""é\r\n\r\nMore é."""\r\nx = "é"  # ü\r\n'
    short = shorten(text.encode(encoding), NEEDS).decode(encoding)
    assert short == f"# coding: {cookie}\r\n'é'\n\n\r\nx = \"é\"\r\n"


def test_nothing_is_left_to_cut_after_a_cut() -> None:
    once = shorten(SOURCE.encode(), NEEDS)
    assert shorten(once, NEEDS) == once


def _program(data: bytes) -> str:
    """A syntax tree without docstrings, with the line of every statement."""
    tree = ast.parse(data)
    lines = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    for node in ast.walk(tree):
        scopes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        if isinstance(node, scopes) and ast.get_docstring(node, clean=False) is not None:
            node.body[0].value.value = "documented"  # type: ignore[attr-defined]
    return f"{lines} {ast.dump(tree)}"


def test_the_standard_library_stays_the_same_program() -> None:
    """Other people's code, of all ages and styles."""
    folder = Path(sysconfig.get_path("stdlib"))
    sources = [*folder.glob("*.py"), *folder.glob("email/*.py"), *folder.glob("asyncio/*.py")]
    sizes = [0, 0]
    for path in sources[::3]:
        whole = path.read_bytes()
        short = shorten(whole, NEEDS)
        assert _program(short) == _program(whole), path
        sizes = [sizes[0] + len(whole), sizes[1] + len(short)]
    assert sizes[1] < 0.85 * sizes[0]
