"""What a prover's layers report: findings, what was covered, and the verdict on each part of a run."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Layer = Literal[
    "structure",
    "availability",
    "fills",
    "hermetic",
    "differential",
    "drivers",
    "prefix",
    "futures",
    "declared",
    "artefacts",
]
LAYERS: tuple[Layer, ...] = get_args(Layer)
"""In the order in which they run and are printed: the cheap ones first."""

Kind = Literal["feed", "stage", "effect", "venue", "engine"]

_PARTS: frozenset[Kind] = frozenset({"feed", "stage", "effect", "venue"})
_READ: frozenset[Kind] = frozenset({"stage", "effect"})
JUDGES: dict[Layer, frozenset[Kind]] = {
    "structure": _READ,
    "availability": _PARTS | {"engine"},
    "fills": frozenset({"stage", "venue"}),
    "hermetic": _READ,
    "differential": _PARTS,
    "drivers": frozenset({"feed", "stage", "engine"}),
    "prefix": _PARTS,
    "futures": _PARTS,
    "declared": frozenset({"stage"}),
    "artefacts": _READ | {"venue"},
}
"""The kinds of parts that a layer can say something of."""


class Part(msgspec.Struct, frozen=True):
    """A part of a run that can be at fault: its kind, its name in the run, and the plugin behind it."""

    kind: Kind
    name: str
    plugin: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that should not be. Times are ns UTC; 0 where a finding has none.

    `column` is `Body.field`, or `Body.values[column]` for features. `first` is the first wrong time that is known,
    `horizon` how far beyond it data was read, in bars of the smallest timeframe; None where it cannot be said.
    `where` is `file:line`. `reproduction` is the smallest change of the data that shows it.
    """

    layer: Layer
    part: Part
    what: str
    column: str = ""
    first: int = 0
    horizon: float | None = None
    reaches_end: bool = False
    """Whether the horizon is the end of the data: the part read all there is."""
    where: str = ""
    remedy: str = ""
    reproduction: str = ""
    shown_by: tuple[str, ...] = ()
    """The kinds of future that were seen to show it; see `cuts.futures.KINDS`."""
    is_note: bool = False
    """Counted and listed, but no violation: an assumption of the run that its user should know."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one layer found, and how much it looked at (`coverage`, counts in words)."""

    layer: Layer
    findings: tuple[Finding, ...] = ()
    coverage: dict[str, int] = {}
    not_covered: tuple[str, ...] = ()
    not_provable: dict[str, str] = {}
    """Parts that the layer could not judge, by name, and why."""
    looked_at: tuple[str, ...] | None = None
    """The parts that the layer looked at, by name; None for all of the kinds that it judges."""
    matrix: dict[str, dict[str, dict[str, bool]]] = {}
    """By stage, output and input: whether a change of the input was seen to change the output."""
    seconds: float = 0.0


Verdict = Literal["no violation found", "violation", "not provable"]


class Row(msgspec.Struct, frozen=True):
    """The verdict on one part; `reason` says what it rests on, or why there is none."""

    part: Part
    verdict: Verdict
    reason: str


def rows(parts: tuple[Part, ...], outcomes: tuple[Outcome, ...]) -> tuple[Row, ...]:
    """One verdict a part. A part that never spoke while a layer looked is not provable, not innocent."""
    return tuple(_row(part, outcomes) for part in parts)


def _row(part: Part, outcomes: tuple[Outcome, ...]) -> Row:
    found = [f for o in outcomes for f in o.findings if f.part.name == part.name and not f.is_note]
    if found:
        layers = ", ".join(dict.fromkeys(f.layer for f in found))
        return Row(part, "violation", f"{len(found)} finding{'s' * (len(found) > 1)} ({layers})")
    whys = [f"{o.layer}: {o.not_provable[part.name]}" for o in outcomes if part.name in o.not_provable]
    if whys:
        return Row(part, "not provable", "; ".join(whys))
    looked = ", ".join(o.layer for o in outcomes if _looked(o, part))
    if outcomes and not looked:
        return Row(part, "not provable", "no layer that ran looks at it")
    cuts = [o.coverage[f"with {part.name} at work"] for o in outcomes if f"with {part.name} at work" in o.coverage]
    at_work = f"; {cuts[0]} cuts with it at work" if cuts else ""
    return Row(part, "no violation found", f"coverage: {looked}{at_work}")


def _looked(outcome: Outcome, part: Part) -> bool:
    if outcome.looked_at is not None:
        return part.name in outcome.looked_at
    return part.kind in JUDGES[outcome.layer]
