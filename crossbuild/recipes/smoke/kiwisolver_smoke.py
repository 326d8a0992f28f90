"""Solves constraints with kiwisolver on the board, with answers known beforehand.

Runs inside the board's Python, down to 3.5: no newer syntax here.
"""

import sys

import kiwisolver
from kiwisolver import Solver, UnsatisfiableConstraint, Variable
from smoke_checks import check, run, same


@check
def equations():
    a, b = Variable("a"), Variable("b")
    solver = Solver()
    for constraint in (a + 2 * b == 10, a - b == 1):
        solver.addConstraint(constraint)
    solver.updateVariables()
    same((a.value(), b.value()), (4.0, 3.0))


@check
def the_stronger_wins():
    width = Variable("width")
    solver = Solver()
    solver.addConstraint((width == 100) | "weak")
    solver.addConstraint((width <= 80) | "strong")
    solver.updateVariables()
    same(width.value(), 80.0)


@check
def edits():
    left, middle, right = (Variable(name) for name in ("left", "middle", "right"))
    solver = Solver()
    solver.addConstraint(middle == (left + right) / 2)
    solver.addConstraint(left == 0)
    solver.addEditVariable(middle, "strong")
    solver.suggestValue(middle, 21)
    solver.updateVariables()
    same(right.value(), 42.0)


@check
def what_cannot_be():
    a = Variable("a")
    solver = Solver()
    solver.addConstraint(a >= 2)
    try:
        solver.addConstraint(a <= 1)
    except UnsatisfiableConstraint:
        return
    raise AssertionError("a is at least 2 and at most 1")


if __name__ == "__main__":
    sys.exit(run("kiwisolver", kiwisolver.__version__))
