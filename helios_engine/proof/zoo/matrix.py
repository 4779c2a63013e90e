"""The zoo's results as a table: killed or not by layer, agreement of facts, false alarms, seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from helios_engine.proof.findings import LAYERS
from helios_engine.proof.zoo.running import Sighting


def text(found: Sequence[Sighting]) -> str:
    """A line a specimen, then the totals."""
    return "\n".join(_lines(found))


def kills(found: Sequence[Sighting]) -> dict[str, int]:
    """How many leaks each layer saw."""
    return {layer: n for layer in LAYERS if (n := [layer in s.layers for s in found].count(True))}


def agreement(found: Sequence[Sighting]) -> tuple[int, int]:
    """How many facts about killed leaks were said as labelled, of how many."""
    facts = [value for sighting in found for value in sighting.agreed.values()]
    return facts.count(True), len(facts)


def line(s: Sighting, width: int = 0) -> str:
    """One specimen: its name, the verdict, and what is wrong with it."""
    wrong = [f"{name} said to be {s.said.get(name, '')}" for name, same in s.agreed.items() if not same]
    notes = "; ".join([*wrong, *(f"false alarm: {a}" for a in s.alarms), *([s.error] if s.error else [])])
    return f"{s.name:<{width}}  {_verdict(s):<18} {s.seconds:5.1f} s  {notes}".rstrip()


def _lines(found: Sequence[Sighting]) -> Iterator[str]:
    width = max((len(s.name) for s in found), default=0)
    yield from (f"  {line(s, width)}" for s in sorted(found, key=lambda s: s.name))
    leaks = [s for s in found if s.is_leak]
    killed = [s for s in leaks if s.layers and not s.error]
    alarmed = [s for s in found if s.alarms]
    same, facts = agreement(found)
    yield ""
    yield f"killed {len(killed)} of {len(leaks)} leaks ({', '.join(f'{k} {n}' for k, n in kills(found).items())})"
    yield f"false alarms {len(alarmed)} of {len(found)} runs; errors {len([s for s in found if s.error])}"
    yield f"labels agree in {same} of {facts} facts"


def _verdict(s: Sighting) -> str:
    if s.error:
        return "ERROR"
    if s.is_leak:
        return f"killed ({', '.join(s.layers)})" if s.layers else "MISSED"
    return "FALSE ALARM" if s.alarms else "in peace"
