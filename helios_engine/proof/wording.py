"""A proof in words: one row a part, then each finding with how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from helios_engine.proof.findings import Finding, Outcome
from helios_engine.proof.prover import NOT_COVERED, Proof
from helios_engine.timeframe import iso


def text(proof: Proof) -> str:
    """The verdicts, findings, coverage and limits as plain text, to be pasted anywhere."""
    return "\n".join(_lines(proof))


def plain(proof: Proof) -> dict[str, Any]:
    """The same for machines."""
    found: dict[str, Any] = msgspec.to_builtins(proof._asdict())
    rows = [msgspec.to_builtins(row) for row in proof.rows]
    return {**found, "rows": rows, "exit_code": proof.exit_code, "not_covered": list(limits(proof))}


def _lines(proof: Proof) -> Iterator[str]:
    yield f"{proof.name}: config {proof.config_digest[:12]}, seed {proof.seed}, {proof.seconds:.1f} s"
    yield ""
    width = max(len(row.part.name) for row in proof.rows)
    for row in proof.rows:
        plugin = f"  [{row.part.plugin}]" if row.part.plugin else ""
        yield f"  {row.part.kind:<7} {row.part.name:<{width}}  {row.verdict} ({row.reason}){plugin}"
    for number, finding in enumerate(proof.findings, 1):
        yield ""
        yield from _finding(number, finding)
    notes = [f for outcome in proof.outcomes for f in outcome.findings if f.is_note]
    if notes:
        yield ""
        yield "To know:"
        yield from (f"  {f.part.name}: {f.what}" for f in notes)
    yield ""
    yield "Coverage:"
    yield from (f"  {outcome.layer:<13} {_coverage(outcome)}" for outcome in proof.outcomes)
    yield ""
    yield "Not covered:"
    yield from (f"  {limit}" for limit in limits(proof))


def _finding(number: int, f: Finding) -> Iterator[str]:
    where = f" at {f.where}" if f.where else ""
    yield f"{number}. {f.part.name}{where}: {f.what}"
    facts = {
        "column": f.column,
        "first wrong": iso(f.first) if f.first else "",
        "horizon": _horizon(f),
        "layer": f.layer,
        "plugin": f.part.plugin,
        "shown by": f.reproduction,
        "to mend": f.remedy,
    }
    yield from (f"   {name:<12} {value}" for name, value in facts.items() if value)


def _horizon(f: Finding) -> str:
    if f.horizon is None:
        return ""
    bars = f"{f.horizon:g} bar{'s' * (f.horizon != 1)} ahead"
    return f"{bars}, to the end of the data" if f.reaches_end else bars


def _coverage(outcome: Outcome) -> str:
    counts = ", ".join(f"{count:,} {what}" for what, count in outcome.coverage.items() if not what.startswith("with "))
    return counts or "nothing to look at"


def limits(proof: Proof) -> Iterator[str]:
    """What the prover did not look at: what no layer can see, and what its layers say of themselves."""
    yield from NOT_COVERED
    for outcome in proof.outcomes:
        yield from outcome.not_covered
