"""When what was done: spans of time, and what can be said of many of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Span:
    """Something that was done from *began* to *ended*, in seconds of ``time.monotonic``."""

    name: str
    began: float
    ended: float
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


def lanes(spans: Iterable[Span]) -> list[list[Span]]:
    """The spans on as few lanes as hold them without one lying upon another."""
    result: list[list[Span]] = []
    for span in sorted(spans, key=lambda span_: span_.began):
        free = next((lane for lane in result if lane[-1].ended <= span.began), None)
        if free is None:
            result.append([span])
        else:
            free.append(span)
    return result


def idle_share(steps: Sequence[Span], compiles: Sequence[Span], cores: int) -> float:
    """The share of the cores' time, from 0 to 1, that was left unused while steps ran.

    A compiler keeps one core busy, and so does a step in which none runs at the moment: it
    generates code, links, audits.
    """
    if not steps:
        return 0.0
    moments = sorted({time for span in (*steps, *compiles) for time in (span.began, span.ended)})
    changes: dict[float, list[int]] = {moment: [0, 0] for moment in moments}
    for kind, spans in enumerate((steps, compiles)):
        for span in spans:
            changes[span.began][kind] += 1
            changes[span.ended][kind] -= 1
    begin, end = min(step.began for step in steps), max(step.ended for step in steps)
    busy, running, compiling = 0.0, 0, 0
    for now, after in zip(moments, [*moments[1:], end], strict=True):
        running += changes[now][0]
        compiling += changes[now][1]
        busy += min(cores, max(running, compiling)) * max(0.0, min(after, end) - max(now, begin))
    whole = (end - begin) * cores
    return 1 - busy / whole if whole > 0 else 0.0
