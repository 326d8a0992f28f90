"""What Thumb instructions tell: calls, the addresses they form, where they test the CPU.

Constants are followed through registers as compilers use them to form addresses in
position-independent code: a literal or MOVW/MOVT, plus the program counter, plus offsets,
or a load from the global offset table.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from crossbuild.elf.memory import Memory
from crossbuild.isa.thumb_decoder import EQUAL, NOT_EQUAL, OBSERVED, Code, Decoded, Flow

#: Imported functions after whose call no code follows.
NEVER_RETURN = frozenset(
    (
        "__stack_chk_fail",
        "abort",
        "exit",
        "_exit",
        "__assert_fail",
        "longjmp",
        "__cxa_throw",
        "__cxa_rethrow",
        "__cxa_end_cleanup",
        "__cxa_bad_cast",
        "_Unwind_Resume",
        "_ZSt9terminatev",
        "Py_FatalError",
        "_Py_FatalErrorFunc",
    )
)

_NONE: frozenset[int] = frozenset()
_WORD = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Tests:
    """How a module tests the CPU: the memory with the answers, the functions that read it."""

    memory: frozenset[int] = _NONE
    accessors: frozenset[int] = _NONE


@dataclass(slots=True)
class Function:
    """A function's summary.

    :ivar calls: entries of the functions that it calls
    :ivar arm_calls: those among them that are in Arm state
    :ivar imports: names of imported functions that it calls
    :ivar addresses: addresses that it forms or reads (bit 0 set: of functions)
    :ivar slots: addresses in the global offset table that it reads
    :ivar sites: those of the wanted addresses that are among its instructions
    :ivar steps: the number of its instructions
    """

    calls: set[int] = field(default_factory=set)
    arm_calls: set[int] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    addresses: set[int] = field(default_factory=set)
    slots: set[int] = field(default_factory=set)
    sites: set[int] = field(default_factory=set)
    steps: int = 0


@dataclass(slots=True)
class State:
    """What is known before an instruction.

    :ivar constants: registers whose content is known
    :ivar fresh: registers with an address that nothing has used yet: compilers form some
        addresses by way of another one (section anchors)
    :ivar answers: registers that hold the answer to a test of the CPU
    :ivar tested: the flags tell whether an answer is 0
    :ivar conditions: of the next instructions, where an IT covers them
    """

    constants: dict[int, int] = field(default_factory=dict)
    fresh: dict[int, int] = field(default_factory=dict)
    answers: frozenset[int] = _NONE
    tested: bool = False
    conditions: tuple[int, ...] = ()

    def copy(self) -> "State":
        """The state for the other side of a branch."""
        return State(dict(self.constants), {}, self.answers, self.tested)


class Walk:
    """One walk through a function: carries out what the special instructions mean."""

    def __init__(
        self, code: Code, memory: Memory, function: Function, entry: int, tests: Tests | None
    ) -> None:
        self.code, self.memory, self.function, self.entry = code, memory, function, entry
        self.tests = tests or Tests()
        self.pruned = tests is not None
        self.waiting: list[tuple[int, State]] = []

    def special(self, address: int, state: State) -> int:
        """Carry out an instruction; return its size, or 0 where the row ends with it."""
        step = self.code.step(address)
        conditional = bool(state.conditions)
        condition, state.conditions = (*state.conditions, 0)[0], state.conditions[1:]
        if conditional and self.pruned and state.tested and condition == NOT_EQUAL:
            return step.size  # left out where the answer is no
        if step.flow is not Flow.NEXT:
            ends = self._branch(address, step, state)
            return 0 if ends and not conditional else step.size
        half = self.code.half(address)
        if step.size == 4:
            self._wide(half, self.code.half(address + 2), address, state)
        elif half >> 8 in OBSERVED:
            self.narrow(half, address, state)
        return step.size

    # -- control flow ---------------------------------------------------------

    def _branch(self, address: int, step: Decoded, state: State) -> bool:
        """Leave the targets in *waiting*; return whether the row ends."""
        self.settle(state)
        if step.flow is Flow.CALL:
            self._call(step.target, state)
            if not self.code.half(address + 2) & 0x1000:  # BLX
                self.function.arm_calls.add(step.target)
            return self.memory.import_at(step.target) in NEVER_RETURN
        if step.flow is Flow.CONDITIONAL:
            test = self.pruned and self._tests_answer(step, state)
            if not (test and step.condition == NOT_EQUAL):
                self.waiting.append((step.target, state.copy()))
            return test and step.condition == EQUAL
        if step.flow is Flow.BRANCH:
            if step.target < self.entry or step.target in self.code.called:
                self._call(step.target, state)  # a tail call
            else:
                self.waiting.append((step.target, state.copy()))
        if step.flow is Flow.TABLE:
            self.waiting += [(t, state.copy()) for t in self.code.table_targets(address)]
        return True

    @staticmethod
    def _tests_answer(step: Decoded, state: State) -> bool:
        if step.register >= 0:
            return step.register in state.answers
        return state.tested and step.condition in (EQUAL, NOT_EQUAL)

    def _call(self, target: int, state: State) -> None:
        if name := self.memory.import_at(target):
            self.function.imports.add(name)
        else:
            self.function.calls.add(target)
        state.answers = frozenset({0}) if target in self.tests.accessors else _NONE
        state.tested = False
        for register in (0, 1, 2, 3, 12, 14):  # those that a call does not preserve
            state.constants.pop(register, None)

    # -- data flow ------------------------------------------------------------

    def narrow(self, half: int, address: int, state: State) -> None:
        """Carry out a 16-bit instruction that does not branch."""
        top, low, next_low = half >> 8, half & 7, half >> 3 & 7
        if top == 0xBF:
            state.conditions = it_conditions(half)
        elif 0x48 <= top < 0x80:
            self._narrow_load(half, address, state)
        elif top == 0x44:
            self._add(low | half >> 4 & 8, half >> 3 & 15, address, state)
        elif top == 0x46:
            self._move(low | half >> 4 & 8, half >> 3 & 15, state)
        elif 0x28 <= top <= 0x2F:  # cmp Rn, #imm8
            state.tested = half & 0xFF == 0 and top & 7 in state.answers
        elif top in (0x42, 0x45):
            state.tested = False
        elif 0x1C <= top <= 0x1F:  # adds, subs Rd, Rn, #imm3
            amount = half >> 6 & 7
            self._offset(low, next_low, -amount if half & 0x200 else amount, state)
        else:  # adds, subs Rdn, #imm8
            self._offset(top & 7, top & 7, (half & 0xFF) * (-1 if top & 8 else 1), state)

    def _narrow_load(self, half: int, address: int, state: State) -> None:
        top, low, next_low = half >> 8, half & 7, half >> 3 & 7
        if top < 0x50:  # ldr Rt, [pc, #imm]
            self._set(top & 7, None, state)
            state.constants[top & 7] = self.code.word((address + 4 & ~3) + 4 * (half & 0xFF))
        elif top in (0x58, 0x59):  # ldr Rt, [Rn, Rm]
            self._load_sum(low, next_low, half >> 6 & 7, state)
        elif top < 0x5E:  # ldrsb, ldrb Rt, [Rn, Rm]
            self._load_byte(low, (next_low, half >> 6 & 7), state)
        elif top < 0x70:  # ldr Rt, [Rn, #imm]
            self._load(low, next_low, (half >> 6 & 31) * 4, state)
        else:  # ldrb Rt, [Rn, #imm]
            self._load_byte(low, (next_low,), state)

    def _wide(self, first: int, second: int, address: int, state: State) -> None:
        target, base = second >> 12, first & 15
        if first & 0xFF7F == 0xF85F:  # ldr.w Rt, [pc, #imm]
            distance = second & 0xFFF if first & 0x80 else -(second & 0xFFF)
            state.constants[target] = self.code.word((address + 4 & ~3) + distance)
        elif first & 0xFFF0 == 0xF8D0:  # ldr.w Rt, [Rn, #imm]
            self._load(target, base, second & 0xFFF, state)
        elif first & 0xFFF0 == 0xF850 and second & 0xFC0 == 0:  # ldr.w Rt, [Rn, Rm]
            self._load_sum(target, base, second & 15, state)
        elif first & 0xFE70 == 0xF810:  # ldrb.w, ldrsb.w
            bases = (base,) if first & 0x80 else (base, second & 15)
            self._load_byte(target, bases, state)
        elif first & 0xFB50 == 0xF240:
            self._immediate(first, second, state)
        elif first & 0xFBE0 in (0xF100, 0xF1A0):  # add.w, sub.w Rd, Rn, #small
            amount = second & 0xFF if second & 0x7000 == 0 and not first & 0x400 else None
            self._offset(second >> 8 & 15, base, amount, state, minus=bool(first & 0x80))

    def _immediate(self, first: int, second: int, state: State) -> None:
        """MOVW and MOVT."""
        register = second >> 8 & 15
        value = (first & 15) << 12 | (first & 0x400) << 1 | second >> 4 & 0x700 | second & 0xFF
        if first & 0x80:
            value = state.constants.get(register, 0) & 0xFFFF | value << 16
        state.constants[register] = value

    def _add(self, target: int, source: int, address: int, state: State) -> None:
        own = state.constants.get(target)
        other = address + 4 if source == 15 else state.constants.get(source)
        state.fresh.pop(target, None)
        self._set(target, None if own is None or other is None else own + other, state)

    def _offset(
        self, target: int, source: int, amount: int | None, state: State, *, minus: bool = False
    ) -> None:
        state.tested = amount == 0 and source in state.answers
        own = state.constants.get(source)
        if target == source:
            state.fresh.pop(source, None)
        if own is None or amount is None:
            self._set(target, None, state)
        else:
            self._set(target, own - amount if minus else own + amount, state)

    def _set(self, register: int, value: int | None, state: State) -> None:
        """Put a computed address into a register."""
        if register in state.fresh:
            self.function.addresses.add(state.fresh.pop(register))
        if value is None:
            if register in state.constants:
                del state.constants[register]
        else:
            state.constants[register] = state.fresh[register] = value & _WORD

    def settle(self, state: State) -> None:
        """Count the addresses in registers as used: where control leaves, anything may be."""
        self.function.addresses.update(state.fresh.values())
        state.fresh.clear()

    def _move(self, target: int, source: int, state: State) -> None:
        self._set(target, None, state)
        if source in state.constants:
            state.constants[target] = state.constants[source]
        kept = state.answers - {target}
        state.answers = kept | {target} if source in state.answers else kept

    def _load_sum(self, target: int, base: int, offset: int, state: State) -> None:
        amount = state.constants.get(offset)
        if amount is None:
            self._set(target, None, state)
        else:
            self._load(target, base, amount, state)

    def _load(self, target: int, base: int, offset: int, state: State) -> None:
        start = state.constants.get(base)
        if start is not None and offset:
            state.fresh.pop(base, None)  # what is read is elsewhere
        self._set(target, None, state)
        if start is None:
            return
        slot = start + offset & _WORD
        value = self.memory.pointer_in_table(slot)
        if value is None:
            self.function.addresses.add(slot)
        else:
            self.function.slots.add(slot)
            self._set(target, value, state)

    def _load_byte(self, target: int, bases: Iterable[int], state: State) -> None:
        read = {state.constants.get(base) for base in bases} & self.tests.memory
        kept = state.answers - {target}
        state.answers = kept | {target} if read else kept
        self._set(target, None, state)


def it_conditions(half: int) -> tuple[int, ...]:
    """The conditions of the instructions that an IT covers; none for NOP and other hints."""
    condition, mask = half >> 4 & 15, half & 15
    if mask == 0:
        return ()
    length = 5 - (mask & -mask).bit_length()
    later = (condition & 14 | mask >> (4 - n) & 1 for n in range(1, length))
    return (condition, *later)
