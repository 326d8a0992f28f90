"""Clones that a compiler made for its callers: dispatched where all of these are."""

import pytest

from crossbuild.elf import file as elf
from crossbuild.isa import scan
from crossbuild.isa.families import cpus
from tests.support.elf_files import Compiler

#: A helper that is called with a constant, so that GCC makes a clone of it.
SOURCE = """
__attribute__((noinline)) static void helper(float *x, const float *y, int n, int k)
{
    for (int i = 0; i < n; i++)
        x[i] = __builtin_fmaf(x[i], y[i], x[i * k]);
}
void sine_NEON_VFPV4(float *x, const float *y, int n) { helper(x, y, n, 1); x[0] = 1; }
"""
PLAIN = "void sine_plain(float *x, const float *y, int n) { helper(x, y, n, 1); x[0] = 2; }"
BETTER = ("-O2", "-mcpu=cortex-a7", "-mfpu=neon-vfpv4", "-fno-inline")


def judged(compiler: Compiler, source: str, *words: str) -> tuple[set[str], set[str]]:
    """The functions with instructions above a Cortex-A9: what would run, what is dispatched."""
    file = elf.read(compiler.shared(source, *BETTER, *words), name="sample.so")
    found = scan.above(file, cpus()["cortex-a9"], ("*_NEON_VFPV4*",))
    return {one.function for one in found.plain}, {one.function for one in found.dispatched}


def test_a_clone_of_dispatched_code_is_dispatched(compiler: Compiler) -> None:
    plain, dispatched = judged(compiler, SOURCE, "-marm")
    assert plain == set()
    assert {name.partition(".")[1] for name in dispatched} == {"."}


@pytest.mark.parametrize("state", ["", '__attribute__((target("thumb")))'])
def test_a_clone_that_others_call_as_well_is_not(state: str, compiler: Compiler) -> None:
    plain, dispatched = judged(compiler, f"{SOURCE}\n{state} {PLAIN}", "-marm")
    assert any(".constprop." in name for name in plain)
    assert not any(".constprop." in name for name in dispatched)
