"""Writes what is told of the commands from the commands themselves.

``docs/commands.md`` is for the site, ``docs/crossbuild.1`` the manual page that the wheel brings;
``docs/formats.md`` and ``docs/schemas`` tell of the JSON documents.

    python docs/reference.py            writes all
    python docs/reference.py --check    ends with 1 where one is not what the program says
"""

import enum
import inspect
import re
import sys
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import formats_page
import typer
from typer.models import ArgumentInfo, OptionInfo

from crossbuild.cli.app import app
from crossbuild.core import errors

ROOT = Path(__file__).parents[1]
PAGE, MANUAL = ROOT / "docs/commands.md", ROOT / "docs/crossbuild.1"

#: What stands for a value where the option says nothing itself.
VALUES = {Path: "PATH", int: "N", str: "TEXT"}

#: The heading of options that have none.
GENERAL = "General"


@dataclass(frozen=True)
class Parameter:
    """An option or an argument, as its command declares it.

    :ivar names: ``--jobs``, or the argument's metavariable
    :ivar value: what stands behind it; empty for a switch
    :ivar repeated: whether it may be given more than once
    :ivar heading: where ``--help`` has it
    """

    names: tuple[str, ...]
    value: str
    help: str
    default: str
    variable: str
    required: bool
    repeated: bool
    heading: str
    positional: bool

    @property
    def text(self) -> str:
        """What it means, with its default and variable."""
        more = [
            *(["required"] if self.required and not self.positional else []),
            *(["may be given more than once"] if self.repeated and not self.positional else []),
            *([f"default: {self.default}"] if self.default else []),
            *([f"variable: {self.variable}"] if self.variable else []),
        ]
        return f"{self.help} ({'; '.join(more)})" if more else self.help


@dataclass(frozen=True)
class Command:
    """A command, with the words that call it."""

    words: str
    summary: str
    parameters: tuple[Parameter, ...]

    @property
    def usage(self) -> str:
        """Its call."""
        arguments = [one for one in self.parameters if one.positional]
        shown = (one.value if one.required else f"[{one.value}]" for one in arguments)
        dots = ("…" if one.repeated else "" for one in arguments)
        return " ".join([self.words, "[OPTIONS]", *map("".join, zip(shown, dots, strict=True))])

    def headings(self) -> Iterator[tuple[str, list[Parameter]]]:
        """Its arguments and options, by heading."""
        ordered = dict.fromkeys(one.heading for one in self.parameters)
        for heading in sorted(ordered, key=lambda name: (name != "Arguments", name == GENERAL)):
            yield heading, [one for one in self.parameters if one.heading == heading]


def commands(of: typer.Typer = app, words: str = "crossbuild") -> Iterator[Command]:
    """All commands, those of groups included, in the order of ``--help``."""
    for info in of.registered_commands:
        function = info.callback
        assert function is not None
        name = info.name or function.__name__.replace("_", "-")
        yield Command(f"{words} {name}", _prose(function), tuple(_parameters(function)))
    for group in of.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance, f"{words} {group.name}")


def _prose(function: Callable[..., Any]) -> str:
    return (inspect.getdoc(function) or "").partition("\n\n")[0].replace("\n", " ")


def _parameters(function: Callable[..., Any]) -> Iterator[Parameter]:
    hints = typing.get_type_hints(function, include_extras=True)
    for name, parameter in inspect.signature(function).parameters.items():
        kind, *metadata = typing.get_args(hints[name])
        (info,) = (one for one in metadata if isinstance(one, ArgumentInfo | OptionInfo))
        yield _parameter(name, kind, info, parameter.default)


def _parameter(name: str, kind: Any, info: ArgumentInfo | OptionInfo, default: object) -> Parameter:
    plain = kind
    if isinstance(kind, types.UnionType):
        (plain,) = (one for one in typing.get_args(kind) if one is not type(None))
    repeated = typing.get_origin(plain) is list
    single = typing.get_args(plain)[0] if repeated else plain
    positional = isinstance(info, ArgumentInfo)
    value = name.upper() if positional else info.metavar or _value(single)
    return Parameter(
        names=() if positional else _names(name, info),
        value=value,
        help=(info.help or "").removesuffix(".").strip(),
        default=_default(default, info),
        required=default is inspect.Parameter.empty,
        variable=str(info.envvar or ""),
        repeated=repeated,
        heading="Arguments" if positional else info.rich_help_panel or GENERAL,
        positional=positional,
    )


def _names(name: str, info: OptionInfo) -> tuple[str, ...]:
    # What stands first in Annotated's typer.Option, typer itself takes for the default.
    first = (info.default,) if isinstance(info.default, str) else ()
    given = (*first, *(info.param_decls or ())) or (f"--{name.replace('_', '-')}",)
    return tuple(one for text in given for one in text.split("/"))


def _value(kind: Any) -> str:
    if kind is bool:
        return ""
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return "|".join(str(one.value) for one in kind)
    return VALUES[kind]


def _default(default: object, info: ArgumentInfo | OptionInfo) -> str:
    if isinstance(info.show_default, str):
        return info.show_default
    if default is inspect.Parameter.empty or default is None or default is False:
        return ""
    return str(default.value if isinstance(default, enum.Enum) else default)


def exit_codes() -> list[tuple[int, str]]:
    """The exit codes of errors, with what failed."""
    # Those below them have the same codes, and come and go with what is imported.
    every = _below(errors.CrossbuildError)
    classes = [one for one in every if one.__module__ == errors.__name__]
    told = {one.exit_code: _prose(one).rstrip(".") for one in classes}
    own = {0: "All went well", 1: "Unexpected: a bug in crossbuild", 2: "A wrong command line"}
    return sorted({**own, **told, 130: "Interrupted; the same command resumes"}.items())


def _below(kind: type[errors.CrossbuildError]) -> Iterator[type[errors.CrossbuildError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def as_page() -> str:
    """The reference in Markdown."""
    lines = [
        "# Commands",
        "",
        "<!-- Made from the program by `make reference`: change the program. -->",
        "",
        "Each command has `--help`, and `man crossbuild` is this page. A project's own settings",
        "are in its `pyproject.toml` ([configuration.md](configuration.md)).",
    ]
    for command in commands():
        title = command.words.removeprefix("crossbuild ")
        lines += ["", f"## {title}", "", f"{command.summary}", "", f"    {command.usage}"]
        for heading, parameters in command.headings():
            lines += ["", f"| {heading} | |", "|---|---|"]
            lines += [f"| {_code(one)} | {_cell(one.text)} |" for one in parameters]
    lines += ["", "## Exit codes", "", "| code | what failed |", "|---|---|"]
    lines += [f"| {code} | {_cell(text)} |" for code, text in exit_codes()]
    return "\n".join([*lines, ""])


def _code(parameter: Parameter) -> str:
    if parameter.positional:
        return f"`{parameter.value}`"
    value = f" {parameter.value}" if parameter.value else ""
    calls = [f"{name}{value}" for name in parameter.names]
    # A bar would end the table's cell, and within backquotes not everyone reads "\\|".
    return ", ".join(
        f"<code>{call.replace('|', '&#124;')}</code>" if "|" in call else f"`{call}`"
        for call in calls
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def as_manual() -> str:
    """The reference as a manual page."""
    lines = [
        '.\\" Made from the program by `make reference`: change the program.',
        ".TH CROSSBUILD 1",
        ".SH NAME",
        "crossbuild \\- a wheel factory for Arm boards",
        ".SH SYNOPSIS",
        *_synopsis(),
        ".SH DESCRIPTION",
        "Makes wheels for armv7 boards by a Yocto SDK, and proves that they fit.",
        ".SH COMMANDS",
    ]
    for command in commands():
        lines += [f".SS {_roff(command.usage)}", _roff(command.summary)]
        for _, parameters in command.headings():
            for one in parameters:
                names = ", ".join(f"\\fB{_roff(name)}\\fR" for name in one.names)
                value = f"\\fI{_roff(one.value)}\\fR" if one.value else ""
                lines += [".TP", " ".join(filter(None, (names, value))), _roff(one.text)]
    lines += [
        *(".SH ENVIRONMENT", "Each stands for the option beside it:"),
        *_environment(),
        *(".SH FILES", *_files()),
        ".SH EXIT STATUS",
    ]
    for code, text in exit_codes():
        lines += [".TP", f".B {code}", _roff(text)]
    return "\n".join([*lines, ""])


def _synopsis() -> Iterator[str]:
    for command in commands():
        yield f".B {_roff(command.words)}"
        yield f"{_roff(command.usage.removeprefix(command.words).strip())}"
        yield ".br"


def _environment() -> Iterator[str]:
    named = {
        one.variable: one.names[0]
        for command in commands()
        for one in command.parameters
        if one.variable
    }
    for variable, option in sorted(named.items()):
        yield from (".TP", f".B {variable}", _roff(option))


def _files() -> Iterator[str]:
    for path, text in {
        "wheelhouse/": "wheels, and the index that pip reads",
        "build/": "build trees, logs and built wheels; may be removed",
        "pyproject.toml": "settings, in [tool.crossbuild]",
        "~/.cache/crossbuild/": "downloads, reference SDKs and prepared boards; may be removed",
    }.items():
        yield from (".TP", f".I {path}", text)


def _roff(text: str) -> str:
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace("`", "")
    return re.sub(r"^(?=[.'])", r"\\&", plain)


def main() -> int:
    """Write all, or check them."""
    made = {PAGE: as_page(), MANUAL: as_manual(), **formats_page.written()}
    if sys.argv[1:] != ["--check"]:
        for path, text in made.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [
        path.relative_to(ROOT)
        for path, text in made.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        print(f"{path} is not what the program says\ntry: make reference")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
