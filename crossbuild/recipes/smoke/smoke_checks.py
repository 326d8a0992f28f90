"""The checks of a smoke script: all are run, and each that fails is told.

Runs inside the board's Python, down to 3.5: no newer syntax here.  It lies beside the script there.
"""

import warnings

CHECKS = []


def check(function):
    """Make a function one of the checks, which fails by raising."""
    CHECKS.append(function)
    return function


def same(got, want):
    """Fail where two values differ."""
    assert got == want, "%r, wanted %r" % (got, want)


def run(name, version):
    """Run the checks of a package, print a line, and give the program's exit status."""
    warnings.simplefilter("ignore")  # one line is printed, where all is well
    failed = []
    for function in CHECKS:
        try:
            function()
        except Exception as error:  # noqa: BLE001  (each check is to be heard)
            text = " ".join(str(error).split())[:300]
            failed.append("%s: %s: %s" % (function.__name__, type(error).__name__, text))
    for line in failed:
        print("FAILED " + line)
    if failed:
        print("%s %s: %d of %d checks failed" % (name, version, len(failed), len(CHECKS)))
        return 1
    print("%s %s: %d checks passed" % (name, version, len(CHECKS)))
    return 0
