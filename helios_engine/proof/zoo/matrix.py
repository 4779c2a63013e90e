"""The zoo's results as tables: what was killed and blamed falsely by layer, which layer sees which leak, the totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from helios_engine.proof.findings import LAYERS
from helios_engine.proof.zoo.running import Sighting

NOTE = (
    "prefix and futures are the same cuts: a leak counts for prefix if removal of the future shows it, else for futures"
)


class Count(NamedTuple):
    """What came of one layer: leaks that are for it, of these those it killed, runs it looked at, false alarms."""

    leaks: int
    killed: int
    runs: int
    alarms: int


def text(found: Sequence[Sighting]) -> str:
    """A line a specimen, then the layers and the totals."""
    width = max((len(s.name) for s in found), default=0)
    lines = [f"  {line(s, width)}" for s in sorted(found, key=lambda s: s.name)]
    return "\n".join([*lines, "", *layer_lines(found), "", *total_lines(found)])


def counts(found: Sequence[Sighting]) -> dict[str, Count]:
    """What came of each layer that looked at anything."""
    return {
        layer: Count(
            leaks=len([s for s in found if s.is_leak and layer in s.label_layers]),
            killed=len([s for s in found if layer in s.layers]),
            runs=len([s for s in found if layer in s.tried]),
            alarms=len([a for s in found for a in s.alarms if a.layer == layer]),
        )
        for layer in LAYERS
        if any(layer in s.tried for s in found)
    }


def killed(found: Sequence[Sighting]) -> list[Sighting]:
    """The leaks that a layer which must see them has seen."""
    return [s for s in found if s.is_leak and s.layers and not s.error]


def agreement(found: Sequence[Sighting]) -> tuple[int, int]:
    """How many facts about leaks were said as labelled, of how many: part, column, first wrong time, horizon."""
    facts = [value for sighting in found for value in sighting.agreed.values()]
    return facts.count(True), len(facts)


def line(s: Sighting, width: int = 0) -> str:
    """One specimen: its name, the verdict, and what is wrong with it."""
    wrong = [f"{name} said to be {s.said.get(name, '')}" for name, same in s.agreed.items() if not same]
    alarms = [f"false alarm: {a.layer}: {a.part}: {a.what}" for a in s.alarms]
    notes = "; ".join([*wrong, *alarms, *([s.error] if s.error else [])])
    return f"{s.name:<{width}}  {_verdict(s):<18} {s.seconds:5.1f} s  {notes}".rstrip()


def layer_lines(found: Sequence[Sighting]) -> Iterator[str]:
    """A table with a line a layer."""
    yield f"  {'layer':<13}{'leaks for it':>13}{'killed by it':>13}{'runs':>6}{'false alarms':>13}"
    for layer, count in counts(found).items():
        yield f"  {layer:<13}{count.leaks:>13}{count.killed:>13}{count.runs:>6}{count.alarms:>13}"
    yield f"  ({NOTE})"


def total_lines(found: Sequence[Sighting]) -> Iterator[str]:
    """Kill rate, false alarms, errors, agreement with labels."""
    leaks = [s for s in found if s.is_leak]
    alarmed = [s for s in found if s.alarms]
    same, facts = agreement(found)
    yield f"killed {len(killed(found))} of {len(leaks)} leaks"
    yield f"false alarms in {len(alarmed)} of {len(found)} runs; errors in {len([s for s in found if s.error])}"
    yield f"labels agree in {same} of {facts} facts"


def sight_lines(found: Sequence[Sighting]) -> Iterator[str]:
    """A table with a line a leak and a column a layer: which of all layers see it, each on its own."""
    leaks = sorted((s for s in found if s.is_leak), key=lambda s: s.name)
    width = max((len(s.name) for s in leaks), default=0)
    layers = [layer for layer in LAYERS if any(layer in s.tried for s in leaks)]
    yield f"  {'leak':<{width}}  {'  '.join(layers)}"
    for s in leaks:
        marks = "  ".join(f"{_mark(s, layer):<{len(layer)}}" for layer in layers)
        yield f"  {s.name:<{width}}  {marks}".rstrip()
    totals = (f"{len([s for s in leaks if layer in s.seen_by]):<{len(layer)}}" for layer in layers)
    yield f"  {'seen alone, of ' + str(len(leaks)):<{width}}  {'  '.join(totals)}".rstrip()
    yield "  (SEEN: by a layer that the label names; seen: by another one; missed: others saw what this one should)"


def _mark(s: Sighting, layer: str) -> str:
    if layer in s.seen_by:
        return "SEEN" if layer in s.label_layers else "seen"
    is_cut = layer in ("prefix", "futures") and {"prefix", "futures"} & set(s.seen_by)
    return "missed" if layer in s.label_layers and not is_cut else "."


def _verdict(s: Sighting) -> str:
    if s.error:
        return "ERROR"
    if s.is_leak:
        return f"killed ({', '.join(s.layers)})" if s.layers else "MISSED"
    return "FALSE ALARM" if s.alarms else "in peace"
