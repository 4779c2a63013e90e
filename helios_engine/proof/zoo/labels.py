"""Whether a finding says what an entry's label says: the part, the column, the first wrong time, the horizon."""

from __future__ import annotations

from collections.abc import Iterable

from helios_engine.proof.findings import Finding
from helios_engine.proof.zoo.entry import Label
from helios_engine.timeframe import iso


def compared(label: Label, mine: Iterable[Finding], blamed: bool) -> tuple[dict[str, bool], dict[str, str]]:
    """Whether a finding agrees with every fact of the label, and what it says of each; the best one counts.

    The part agrees if it was found, and nobody else was `blamed`.
    """
    facts = {"column": label.column, "first": label.first, "horizon": label.horizon}
    best = {"part": False, **{name: False for name, value in facts.items() if value is not None}}
    said = {"what": "nothing was found"}
    for finding in mine:
        same = {
            "part": not blamed,
            "column": finding.column == label.column,
            "first": label.first is not None and iso(finding.first) == label.first,
            "horizon": _same_horizon(label, finding),
        }
        agreed = {name: same[name] for name in best}
        if not any(best.values()) or list(agreed.values()).count(True) > list(best.values()).count(True):
            horizon = "end" if finding.reaches_end else f"{finding.horizon}"
            when = iso(finding.first) if finding.first else ""
            said = {"part": label.part, "column": finding.column, "first": when, "horizon": horizon}
            best, said = agreed, {**said, "what": finding.what}
    return best, said


def _same_horizon(label: Label, finding: Finding) -> bool:
    return finding.reaches_end if label.horizon == "end" else finding.horizon == label.horizon
