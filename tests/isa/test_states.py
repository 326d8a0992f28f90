"""Stripped code is judged in its own state, also where floating point leaves little else."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from crossbuild.elf import file as elf
from crossbuild.isa import scan
from crossbuild.isa.families import cpus
from crossbuild.sdk.model import Sdk
from tests.support.elf_files import Compiler

A53 = ("-mcpu=cortex-a53", "-mfpu=neon-fp-armv8")

#: What nothing outside knows of: a continued fraction, a norm, a polynomial with its constants.
FRACTION = "".join(
    f"s = 1.0 - s / (t - x[{k}]); t = 0.5 - t * s; if (n == {k}) return 10.0 - s * t;\n"
    for k in range(40)
)
POLYNOMIAL = "".join(f"y = y * t + 0.{3 * k + 7}{k}e-{k % 7};\n" for k in range(60))
DENSE = f"""
__attribute__((noinline)) static double fraction(const double *x, int n, double t)
{{ double s = 1.0; {FRACTION} return s; }}
__attribute__((noinline)) static double norm(const double *x, int n)
{{
    double s1 = 0, s2 = 0, s3 = 0, x1max = 0, x3max = 0;
    for (int i = 0; i < n; i++) {{
        double a = __builtin_fabs(x[i]);
        if (a > 3.8e-20 && a < 1.3e19 / n) {{ s2 += a * a; continue; }}
        if (a > 3.8e-20) {{
            if (a > x1max) {{ s1 = 1 + s1 * (x1max / a) * (x1max / a); x1max = a; }}
            else s1 += (a / x1max) * (a / x1max);
        }} else {{
            if (a > x3max) {{ s3 = 1 + s3 * (x3max / a) * (x3max / a); x3max = a; }}
            else if (a != 0) s3 += (a / x3max) * (a / x3max);
        }}
    }}
    if (s1 != 0) return x1max * __builtin_sqrt(s1 + (s2 / x1max) / x1max);
    return s2 >= x3max ? __builtin_sqrt(s2 * (1 + (x3max / s2) * (x3max * s3))) : x3max * s3;
}}
__attribute__((noinline)) static double polynomial(double t)
{{ double y = t; {POLYNOMIAL} return y; }}
double all(const double *x, int n, double t)
{{ return fraction(x, n, t) + norm(x, n) * polynomial(t); }}
"""

#: With calls of other libraries in between, and comparisons whose branches look like Thumb code.
POWERS = "".join(
    f"y = y * pow(x - {k}.5, y) - 1.0 / y; if (!(y < t)) t = sqrt(y * t) - {k}.25; "
    f"else y = -y * t;\n"
    for k in range(30)
)
CALLING = f"""
double pow(double, double);
double sqrt(double);
__attribute__((noinline)) static double powers(double x, double y, double t)
{{ {POWERS} return y - t; }}
double all(const double *x) {{ return powers(x[0], x[1], x[2]); }}
"""


def plain(data: bytes) -> list[tuple[int, str]]:
    found = scan.above(elf.read(data), cpus()["cortex-a9"], ()).plain
    return [(excess.address, excess.instruction) for excess in found]


@pytest.mark.parametrize("state", ["-marm", "-mthumb"])
@pytest.mark.parametrize("flags", [(), A53], ids=["cortex-a9", "cortex-a53"])
@pytest.mark.parametrize(("code", "count"), [(DENSE, 60), (CALLING, 25)], ids=["alone", "calling"])
def test_dense_floating_point(
    compiler: Compiler, flags: Sequence[str], state: str, code: str, count: int
) -> None:
    whole = plain(compiler.shared(code, *flags, state))
    assert plain(compiler.shared(code, *flags, state, "-s")) == whole
    assert len(whole) > count if flags else whole == []


def test_a_constant_by_its_address(compiler: Compiler) -> None:
    # The second word is "vfmsls.f32 s25, s31, s30", and too far for an address that is no multiple.
    source = """
    __asm__(".text\\n.arm\\n.globl f\\n.type f,%function\\nf: adr r3, 1f\\nldrd r0, [r3]\\nbx lr\\n"
    ".rept 200\\nmov r0, r1\\n.endr\\n.align 3\\n"
    "1: .word 0xa6167af6, 0x9eefcacf\\n.size f, .-f\\n");
    """
    assert plain(compiler.shared(source, "-s")) == []


def test_assembly_in_arm_state_beside_c_in_thumb_state(
    compiler: Compiler, bookworm: Sdk, tmp_path: Path
) -> None:
    archive = bookworm.find_library("libopenblas.a")
    assert archive is not None
    (tmp_path / "map").write_text("{ global: dgemm_; local: *; };")
    (tmp_path / "use.c").write_text("void dgemm_(void); void use(void) { dgemm_(); }")
    words = ["-nostdlib", f"-Wl,--version-script={tmp_path / 'map'}", "-Wl,-z,notext", "-s"]
    whole = ["-Wl,--allow-multiple-definition", "-Wl,--whole-archive", str(archive)]
    data = compiler.link(tmp_path / "use.c", tmp_path / "x.so", *words, *whole)
    assert len(data) > 4 << 20
    assert plain(data) == []


@pytest.mark.parametrize(
    "name",
    [
        *("libm.so.6", "libstdc++.so.6", "libgfortran.so.5", "libc.so.6"),
        *("libcrypt.so.1", "libkrb5support.so.0"),
    ],
)
def test_debian_s_libraries(bookworm: Sdk, name: str) -> None:
    library = bookworm.find_library(name)
    assert library is not None
    assert plain(library.read_bytes()) == []
