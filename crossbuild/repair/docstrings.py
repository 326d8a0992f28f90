"""Python sources without their prose: docstrings of one line, and no comments.

What is left is proven to be the same program: its syntax tree but for the documentation, and the
line of each of its nodes, are those of the whole source.  Where they are not, the source stays.
"""

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

#: What is raised at bytes that are no source of this Python.
_UNREADABLE = (SyntaxError, ValueError, tokenize.TokenError)

#: Comments that tell a system or Python how to read the file (PEP 263).
_FOR_MACHINES = re.compile(r"#!|#.*?coding[:=]")

#: The fields of a statement, or of a part of one, that hold statements.
_BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")


@dataclass(frozen=True)
class Needs:
    """What of a package's documentation its code relies on.

    :ivar legal: found in documentation, and in blocks of comments, that stay whole
    :ivar calls: functions whose arguments of several lines are documentation as well
    :ivar lines: texts whose lines stay in documentation that is cut
    """

    legal: re.Pattern[str]
    calls: Sequence[str] = ()
    lines: Sequence[str] = ()


@dataclass(frozen=True, order=True)
class _Edit:
    """A piece of a source, between two places (line from 1, column), and what replaces it."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str = ""


def shorten(data: bytes, needs: Needs) -> bytes:
    """Cut the documentation in a Python source to its first lines, and leave out comments.

    A docstring stays a string, for there is code that reads it.

    :returns: the same bytes where this Python cannot read them, or cannot prove the cut
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        lines = list(io.StringIO(data.decode(encoding), newline=""))
        tree = _parsed(lines)
        edits = list(_shortened(tree, lines, needs))
        edits += _blanked(lines, needs.legal, edits)
        text = _edited(lines, edits)
        return text.encode(encoding) if _alike(_parsed([text]), tree) else data
    except _UNREADABLE:
        return data


def _parsed(lines: Iterable[str]) -> ast.Module:
    with warnings.catch_warnings():
        # What the compiler says of a package's strings is its authors' business.
        warnings.simplefilter("ignore")
        return ast.parse("".join(lines))


def _alike(tree: ast.Module, other: ast.Module) -> bool:
    """Whether two trees are the same program, on the same lines."""
    pairs: list[tuple[object, object]] = [(tree, other)]
    while pairs:
        a, b = pairs.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, ast.AST):
            pairs += [(getattr(a, name, None), getattr(b, name, None)) for name in a._fields]
            a, b = getattr(a, "lineno", 0), getattr(b, "lineno", 0)
        elif isinstance(a, list) and isinstance(b, list):
            pairs += zip(a, b, strict=False)
            a, b = len(a), len(b)
        if a != b:
            return False
    return True


def _edited(lines: Sequence[str], edits: Iterable[_Edit]) -> str:
    """The source with some pieces replaced; no other piece changes its line."""
    new = list(lines)
    for edit in sorted(edits, reverse=True):
        (first, left), (last, right) = edit.start, edit.end
        text = new[first - 1][:left] + edit.text + "\n" * (last - first) + new[last - 1][right:]
        new[first - 1 : last] = [text, *[""] * (last - first)]
    return "".join(new)


def _shortened(tree: ast.Module, lines: Sequence[str], needs: Needs) -> Iterator[_Edit]:
    """The cuts of a tree's documentation, which they make in the tree as well."""

    def place(line: int, offset: int) -> tuple[int, int]:
        # The compiler counts bytes of UTF-8.
        return line, len(lines[line - 1].encode()[:offset].decode())

    for node in _documentation(tree, needs.calls):
        text = str(node.value)
        if "\n" in text and not needs.legal.search(text):
            node.value = _short(text, needs.lines)
            start = place(node.lineno, node.col_offset)
            end = place(node.end_lineno or 0, node.end_col_offset or 0)
            yield _Edit(start, end, repr(node.value))


def _short(text: str, needed: Sequence[str]) -> str:
    """A text's first line, and those that are needed."""
    first, *rest = [line for raw in text.splitlines() if (line := raw.strip())] or [""]
    return "\n".join([first, *(line for line in rest if any(one in line for one in needed))])


def _documentation(tree: ast.Module, calls: Sequence[str]) -> Iterator[ast.Constant]:
    """The strings that document a scope, or are given to a function that documents."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        pending += [part for name in _BLOCKS for part in _list(node, name)]
        match node:
            case ast.Expr(value=ast.Call() as call) if _name(call.func) in calls:
                yield from _strings(call.args)
            case (
                ast.Module(body=[ast.Expr(value=value), *_])
                | ast.ClassDef(body=[ast.Expr(value=value), *_])
                | ast.FunctionDef(body=[ast.Expr(value=value), *_])
                | ast.AsyncFunctionDef(body=[ast.Expr(value=value), *_])
            ) if isinstance(value, ast.Constant):
                yield from _strings([value])


def _list(node: ast.AST, name: str) -> list[ast.AST]:
    """A node's field where it is a list (that of a conditional expression is not)."""
    value = getattr(node, name, None)
    return value if isinstance(value, list) else []


def _strings(nodes: Iterable[ast.expr]) -> Iterator[ast.Constant]:
    """Strings, also those in lists and tuples; not what is computed with them."""
    for node in nodes:
        if isinstance(node, ast.Tuple | ast.List):
            yield from _strings(node.elts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node


def _name(function: ast.expr) -> str:
    return getattr(function, "id", "") or getattr(function, "attr", "")


def _blanked(
    lines: Sequence[str], legal: re.Pattern[str], others: Sequence[_Edit]
) -> Iterator[_Edit]:
    """The cuts of comments outside other cuts, with the spaces before them."""
    inside = {line for edit in others for line in range(edit.start[0], edit.end[0])}
    tokens = tokenize.generate_tokens(iter(lines).__next__)
    comments = [token for token in tokens if token.type == tokenize.COMMENT]
    for _, pairs in groupby(enumerate(comments), key=lambda pair: pair[1].start[0] - pair[0]):
        block = [comment for _, comment in pairs]
        if any(legal.search(comment.string) for comment in block):
            continue
        for comment in block:
            line, column = comment.start
            if line not in inside and not (line < 3 and _FOR_MACHINES.match(comment.string)):
                yield _Edit((line, len(lines[line - 1][:column].rstrip())), comment.end)
