"""Instructions above a Cortex-A9: found in plain functions, left alone behind a CPU test."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossbuild.elf import file as elf
from crossbuild.elf.file import ElfError
from crossbuild.isa import scan
from crossbuild.isa.families import Search, cpus, families
from crossbuild.isa.thumb_decoder import Code, Flow
from crossbuild.isa.thumb_walk import it_conditions
from tests.support.elf_files import MODULE, Compiler

A9 = cpus()["cortex-a9"]
NAMES = ("*_NEON_VFPV4*", "*_ASIMD*")
A7 = ("-mcpu=cortex-a7", "-mfpu=neon-vfpv4")
A53 = ("-mcpu=cortex-a53", "-mfpu=neon-fp-armv8")

FMA = "float fma3(float a, float b, float c) { return __builtin_fmaf(a, b, c); }"
DIVIDE = "int divide(int a, int b) { return a / b; }"

#: A module that asks the system and chooses a function; PLAIN calls the better one always.
DISPATCH = """
unsigned long getauxval(unsigned long);
static unsigned char have[64];
__attribute__((noinline)) static int cpu_have(unsigned i) { return i < 64 ? have[i] : 0; }
__attribute__((noinline)) static void ask(void) { have[3] = (getauxval(16) >> 16) & 1; }
__attribute__((target("fpu=neon-vfpv4"), noinline))
static float best(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
__attribute__((noinline))
static float any(float a, float b, float c) { return a * b + c; }
static float (*chosen)(float, float, float);
#ifdef TABLE
struct entry { const char *name; float (*call)(float, float, float); };
static struct entry better[] = { {"best", best}, {0, 0} }, plain[] = { {"any", any}, {0, 0} };
static struct entry *table;
void use(void) { chosen = table->call; }
#endif
#ifdef PLAIN
float early(float a, float b, float c) { return best(a, b, c) + 1; }
#endif
void PyInit_sample(void)
{
    ask();
#ifdef TABLE
    if (cpu_have(3)) table = better; else table = plain;
#elif defined INLINE
    if (have[3]) chosen = best; else chosen = any;
#else
    if (cpu_have(3)) chosen = best; else chosen = any;
#endif
#ifdef AFTER
    chosen = best;
#endif
}
float call(float a, float b, float c) { return chosen(a, b, c); }
"""


def above(data: bytes) -> scan.Instructions:
    return scan.above(elf.read(data, name="sample.so"), A9, NAMES)


def features(found: tuple[scan.Excess, ...]) -> set[str]:
    return {excess.family.feature for excess in found}


@pytest.mark.parametrize("strip", ["-s", "-Wl,--build-id"])
@pytest.mark.parametrize("state", ["-mthumb", "-marm"])
@pytest.mark.parametrize(
    ("source", "feature", "flags", "instruction"),
    [
        (FMA, "vfpv4", A7, "vfma.f32"),
        (FMA.replace("a, b, c);", "-a, b, c);"), "vfpv4", A7, "vfms.f32"),
        (FMA.replace("a, b, c);", "-a, b, -c);"), "vfpv4", A7, "vfnma.f32"),
        (DIVIDE, "idiv", A7, "sdiv"),
        ("double f(double a) { return __builtin_floor(a); }", "armv8", A53, "vrintm.f64"),
        (
            "double f(double a, double b, int c) { return c > 3 ? a : b; }",
            "armv8",
            A53,
            "vselgt.f64",
        ),
        ("int f(int *a) { return __atomic_load_n(a, 2); }", "armv8", A53, "lda"),
    ],
)
def test_plain_functions(
    compiler: Compiler,
    source: str,
    feature: str,
    flags: tuple[str, ...],
    instruction: str,
    state: str,
    strip: str,
) -> None:
    found = above(compiler.shared(source, *flags, state, strip))
    assert features(found.plain) == {feature}
    assert any(excess.instruction.startswith(instruction) for excess in found.plain)
    assert {excess.function for excess in found.plain} <= {"fma3", "divide", "f"}
    assert not found.dispatched


@pytest.mark.parametrize("state", ["-mthumb", "-marm"])
def test_what_a_cortex_a9_has_is_fine(compiler: Compiler, state: str) -> None:
    source = f"{FMA} {DIVIDE} double f(double a, double b) {{ return a * b + a; }}"
    found = above(compiler.shared(source, state, "-ffast-math", "-ftree-vectorize"))
    assert (found.plain, found.dispatched) == ((), ())


def test_a_cpu_without_neon(compiler: Compiler) -> None:
    source = "void f(int *a, int *b) { for (int i = 0; i < 64; i++) a[i] += b[i]; }"
    file = elf.read(compiler.shared(source, "-O3"))
    found = scan.above(file, cpus()["tegra2"], ())
    assert features(found.plain) == {"neon"}
    assert scan.above(file, A9, ()).plain == ()


def test_constants_are_not_instructions(compiler: Compiler) -> None:
    # The words of vfma.f32 and udiv, in Thumb and Arm encoding, loaded as literals.
    words = ("0x0a20eee1", "0xf0f1fbb0", "0xeea01a20", "0xe730f110")
    source = "".join(f"unsigned w{i}(void) {{ return {word}u; }}" for i, word in enumerate(words))
    data = compiler.shared(source, "-s")
    pool = """
    __asm__(".text\\n.syntax unified\\n.thumb\\n.globl g\\n.type g,%function\\n.thumb_func\\ng:\\n"
    "ldr r0, 1f\\nldr r1, 2f\\nbx lr\\n.align 2\\n1: .word 0x0a20eee1\\n2: .word 0xf0f1fbb0\\n"
    ".size g, .-g\\n");
    """
    assert above(data).plain == ()
    assert above(compiler.shared(pool, "-s")).plain == ()


def test_dispatch_known_by_its_names(compiler: Compiler) -> None:
    target = FMA.replace("fma3", "FLOAT_sin_NEON_VFPV4")
    found = above(compiler.shared(target, *A7))
    assert found.plain == ()
    assert {excess.function for excess in found.dispatched} == {"FLOAT_sin_NEON_VFPV4"}
    assert features(above(compiler.shared(FMA, *A7)).plain) == {"vfpv4"}


@pytest.mark.parametrize("variant", ["", "-DINLINE", "-DTABLE"])
def test_dispatch_in_a_stripped_module(compiler: Compiler, variant: str) -> None:
    found = above(compiler.shared(DISPATCH, "-s", *([variant] if variant else [])))
    assert found.plain == ()
    assert features(found.dispatched) == {"vfpv4"}


@pytest.mark.parametrize("variant", ["-DPLAIN", "-DAFTER"])
def test_a_stripped_module_that_tests_and_yet_does_not_ask(
    compiler: Compiler, variant: str
) -> None:
    found = above(compiler.shared(DISPATCH, "-s", variant))
    assert features(found.plain) == {"vfpv4"}


#: Ways of code for better CPUs into a module that does dispatch, beside the dispatch.
BESIDE = """
__attribute__((section(".fast"), target("fpu=neon-vfpv4")))
float fast(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
"""
ARM_CALLS = """
__attribute__((target("arm"), noinline))
static float inner(float a, float b, float c) { return best(a, b, c) + 1; }
float outer(float a, float b, float c) { return inner(a, b, c) * 2; }
"""


@pytest.mark.parametrize("more", [BESIDE, ARM_CALLS, ARM_CALLS.replace("static", "")])
def test_dispatch_hides_nothing_beside_it(compiler: Compiler, more: str) -> None:
    found = above(compiler.shared(DISPATCH + more, "-s"))
    assert features(found.plain) == {"vfpv4"}


def test_a_section_is_skipped_for_its_own_name_alone(compiler: Compiler) -> None:
    code = '__asm__(".section .plot,\\"ax\\",%progbits\\n.thumb\\nsdiv r0,r0,r1\\nbx lr\\n");'
    assert features(above(compiler.shared(code, *A7)).plain) == {"idiv"}


def test_code_behind_a_pool_of_constants(compiler: Compiler) -> None:
    # The constant's high half could begin a wide instruction, whose second half UDIV would be.
    code = """
    __asm__(".text\\n.syntax unified\\n.thumb\\n.align 2\\n.globl mask\\n.thumb_func\\nmask:\\n"
    "ldr r0, 1f\\nbx lr\\n.align 2\\n1: .word 0xffff0000\\n.thumb_func\\nquotient:\\n"
    "udiv r0, r0, r1\\nbx lr\\n");
    int quotient(int, int);
    int use(int a) { return quotient(a, 3) + 1; }
    """
    found = above(compiler.shared(code, *A7, "-s"))
    assert [excess.instruction for excess in found.plain] == ["udiv r0, r0, r1"]


@pytest.mark.parametrize("outside", ["thumb", "arm"])
def test_a_stripped_module_in_both_states(compiler: Compiler, outside: str) -> None:
    """Rust makes Arm code and C beside it Thumb: what is exported tells of neither."""
    inside = "arm" if outside == "thumb" else "thumb"
    work = "".join(f"r = (r << {n + 1}) / b ^ a[{n}] / (c + {n}); " for n in range(24))
    source = f"""
    __attribute__((target("{inside}"), noinline)) static int work(int *a, int b, int c)
    {{ int r = b; {work} return r; }}
    __attribute__((target("{outside}"))) int out(int *a, int b) {{ return work(a, b, 7) + 1; }}
    """
    whole = above(compiler.shared(source, *A7)).plain
    stripped = above(compiler.shared(source, *A7, "-s")).plain
    assert [e.address for e in stripped] == [e.address for e in whole]
    assert len(whole) > 20


def test_what_the_c_library_adds_in_arm_state(compiler: Compiler) -> None:
    # "bxeq lr" of crti.o's call_weak_fn, read as Thumb, is a NEON instruction.
    found = scan.above(elf.read(compiler.shared(MODULE, "-s")), cpus()["tegra2"], ())
    assert found.plain == ()


def test_a_family_names_its_own_encodings(compiler: Compiler) -> None:
    # vcvt.f64.f32 begins like ARMv8's vrintx, and its name like NEON's.
    source = "double wide(float a) { return a; }"
    found = scan.above(elf.read(compiler.shared(source)), cpus()["tegra2"], ())
    assert found.plain == ()


def test_no_test_no_dispatch(compiler: Compiler) -> None:
    source = DISPATCH.replace("getauxval(16)", "42").replace("unsigned long getauxval", "long g")
    assert features(above(compiler.shared(source, "-s")).plain) == {"vfpv4"}


def test_the_search_finds_what_overlaps() -> None:
    vfpv4 = [family for family in families() if family.feature == "vfpv4"]
    encoding = bytes.fromhex("e1ee200a")  # vfma.f32 s1, s2, s1 in Thumb
    search = Search(vfpv4, thumb=True)
    assert list(search.offsets(encoding + encoding)) == [0, 4]
    assert list(search.offsets(b"\0" + encoding)) == []


def test_control_flow() -> None:
    halves = (0xD0FE, 0xE7FE, 0x4770, 0xB108, 0xBD10, 0xF000, 0xF802, 0xE8BD, 0x8010, 0x46C0)
    code = Code(b"".join(half.to_bytes(2, "little") for half in halves), 0x1000)
    steps = [code.step(0x1000 + 2 * index) for index in (0, 1, 2, 3, 4, 5, 7, 9)]
    assert [step.flow for step in steps] == [
        *(Flow.CONDITIONAL, Flow.BRANCH, Flow.STOP, Flow.CONDITIONAL, Flow.STOP),
        *(Flow.CALL, Flow.STOP, Flow.NEXT),
    ]
    assert [step.target for step in steps[:4]] == [0x1000, 0x1002, 0, 0x100C]
    assert steps[5].target == 0x1012


def test_it_blocks() -> None:
    assert it_conditions(0xBF08) == (0,)  # it eq
    assert it_conditions(0xBF14) == (1, 0)  # ite ne
    assert it_conditions(0xBF1C) == (1, 1)  # itt ne
    assert it_conditions(0xBF00) == ()  # nop


@given(data=st.data())
@settings(max_examples=60, deadline=4000, suppress_health_check=list(HealthCheck))
def test_no_damage_escapes_as_another_error(compiler: Compiler, data: st.DataObject) -> None:
    whole = _dispatching(compiler)
    damaged = bytearray(whole)
    for offset in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=20)):
        damaged[offset] = data.draw(st.integers(0, 255))
    try:
        assert above(bytes(damaged)).plain is not None
    except ElfError as error:
        assert error.cure  # noqa: PT017


_KEPT: list[bytes] = []


def _dispatching(compiler: Compiler) -> bytes:
    if not _KEPT:
        _KEPT.append(compiler.shared(DISPATCH, "-s"))
    return _KEPT[0]
