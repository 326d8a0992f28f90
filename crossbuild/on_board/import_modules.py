"""Import the modules that the arguments name, and say which cannot be (Python 3.5 and later)."""

import importlib
import sys
import traceback

#: None of them is a package's; Pythons before 3.10 do not tell.
STANDARD = getattr(sys, "stdlib_module_names", None)


def reason(error: BaseException, own: "set[str]") -> str:
    """Why a module gave up that could be loaded, where its wheel is not at fault; else empty.

    It needs another package, which its wheel does not require; or it looked at the board and
    does not like it.  That it was compiled for something else, as numpy says of modules for
    another ABI, is the wheel's fault.

    :param own: top-level names of the modules that are imported
    """
    if type(error) is RuntimeError:
        return "" if "compiled" in str(error) else str(error)
    missing = getattr(error, "name", None) if isinstance(error, ImportError) else None
    if not missing or STANDARD is None or not str(error).startswith("No module named"):
        return ""
    top = missing.partition(".")[0]
    return "" if top in own or top in STANDARD else "it needs " + missing


def main() -> None:
    """Import each; the last line before a crash names the module that caused it."""
    del sys.path[0]  # modules are the installed ones, not those beside this script
    failed, own = [], {name.partition(".")[0] for name in sys.argv[1:]}
    for name in sys.argv[1:]:
        print("import " + name, flush=True)
        try:
            importlib.import_module(name)
        except BaseException as error:  # noqa: BLE001 - a module raises what it likes, SystemExit too
            traceback.print_exc(file=sys.stdout)
            why = reason(error, own)
            if why:
                print("gave up: " + name + ": " + why)
            else:
                failed.append(name)
    if failed:
        sys.exit("cannot be imported: " + ", ".join(failed))


main()
