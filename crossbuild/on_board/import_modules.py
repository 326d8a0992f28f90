"""Import the modules that the arguments name, and say which cannot be (Python 3.5 and later).

    import_modules.py NAME...

standard_modules.txt has to lie beside it.

Of a module that was not imported it says in a line of its own why: "gave up: NAME: REASON" where
its wheel is not at fault, "failed: NAME: REASON" where it is.  Its last line tells that it came
to its end.
"""

import importlib
import os.path
import re
import sys
import traceback
from collections.abc import Iterator

LISTED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "standard_modules.txt")

#: Words of a module that was made for something else: for another release of what it is compiled
#: against, or, as numpy says it, for a better processor.
MADE_FOR_ANOTHER = re.compile(r"compiled|\bbuilt (with|for|against)\b")

#: Words of the loader, of which ctypes makes an OSError.
LOADER = re.compile(r"cannot open shared object file|undefined symbol|wrong ELF class|GLIBC")

#: What a program is told by those who start it, as Python code reads it.
TOLD = re.compile(r"\bsys\.argv\b|\bos\.environ\b|\bargv\[")


def reason(error: BaseException, own: "set[str]") -> str:
    """Why a module gave up that could be loaded, where its wheel is not at fault; else empty.

    It needs another package, which its wheel does not require; it looked at the board and does
    not like it; or it is a program, and waits for arguments, a variable or a display.

    :param own: top-level names of the modules that are imported
    """
    chain = list(causes(error))
    if any(is_the_wheels(one, own) for one in chain):
        return ""
    if isinstance(error, ImportError):
        lacking = [name for name in map(missing, chain) if name and is_package(name)]
        return "it needs " + lacking[0] if lacking else ""
    if type(error) is RuntimeError:
        return str(error)
    if isinstance(error, SystemExit):
        return "it ended the program: " + str(error)
    return summary(error) if is_a_programs(error) else ""


def causes(error: "BaseException | None") -> "Iterator[BaseException]":
    """The error, and those that led to it."""
    while error is not None:
        yield error
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)


def missing(error: BaseException) -> str:
    """The module that an error says is not there; empty for any other error."""
    name = error.name if isinstance(error, ImportError) else None
    return name if name and str(error).startswith("No module named") else ""


def is_package(name: str) -> bool:
    """Whether a module is none of the standard library's; an image may lack some of those."""
    return name.partition(".")[0] not in standard()


def standard() -> "set[str]":
    """The modules of the standard library, which Pythons before 3.10 do not tell."""
    if hasattr(sys, "stdlib_module_names"):
        return set(sys.stdlib_module_names)
    with open(LISTED, encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("#")]
    return set(" ".join(lines).split())


def is_the_wheels(error: BaseException, own: "set[str]") -> bool:
    """Whether a wheel that works on this board never raises such an error as it is imported."""
    text = str(error)
    if missing(error):
        return missing(error).partition(".")[0] in own
    if isinstance(error, ImportError):
        # One that has no name was raised by Python code, in words of its own.
        return bool(error.name or LOADER.search(text))
    if isinstance(error, OSError):
        return bool(LOADER.search(text))
    if isinstance(error, RuntimeError):
        return bool(MADE_FOR_ANOTHER.search(text))
    return isinstance(error, SystemError)


def is_a_programs(error: BaseException) -> bool:
    """Whether a program raises such an error that nobody told what it needs, or without display."""
    if type(error).__module__ != "builtins" and "display" in str(error).lower():
        return True
    # os.environ raises in a function of its own.
    steps = traceback.extract_tb(error.__traceback__)[-2:]
    asks = any(TOLD.search(step[3] or "") for step in steps)
    return asks and isinstance(error, (LookupError, ValueError))


def summary(error: BaseException) -> str:
    """An error's last line, as Python writes it."""
    return traceback.format_exception_only(type(error), error)[-1].strip()


def main() -> None:
    """Import each; the last line before a crash names the module that caused it."""
    del sys.path[0]  # modules are the installed ones, not those beside this script
    names = sys.argv[1:]
    del sys.argv[1:]  # they are no arguments of the modules
    failed, own = [], {name.partition(".")[0] for name in names}
    for name in names:
        print("import " + name, flush=True)
        try:
            importlib.import_module(name)
        except BaseException as error:  # noqa: BLE001 - a module raises what it likes, SystemExit too
            traceback.print_exc(file=sys.stdout)
            why = reason(error, own)
            if not why:
                failed.append(name)
            line = " ".join((why or summary(error)).split())
            print(("gave up: " if why else "failed: ") + name + ": " + line, flush=True)
    print("\nall were tried", flush=True)  # a module may have printed half a line
    if failed:
        sys.exit("cannot be imported: " + ", ".join(failed))


main()
