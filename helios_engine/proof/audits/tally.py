"""What an audit has counted: each broken rule and each assumption, with its first case and how many there are."""

from __future__ import annotations

import msgspec

from helios_engine.proof.findings import Finding, Layer, Part


class Tally:
    """Findings of one layer, one for each rule and part, in the order in which they came up."""

    def __init__(self, layer: Layer) -> None:
        self._layer: Layer = layer
        self._first: dict[tuple[Part, str], Finding] = {}
        self._counts: dict[tuple[Part, str], int] = {}
        self.coverage: dict[str, int] = {}

    def count(self, what: str, number: int = 1) -> None:
        """Add to what was looked at."""
        self.coverage[what] = self.coverage.get(what, 0) + number

    def wrong(
        self,
        part: Part,
        rule: str,
        what: str,
        *,
        ts: int,
        remedy: str,
        column: str = "",
        horizon: float | None = None,
        where: str = "",
        is_note: bool = False,
    ) -> None:
        """A case in which a rule was broken; `rule` is what cases are counted by, the earliest is told."""
        key = (part, rule)
        self._counts[key] = self._counts.get(key, 0) + 1
        known = self._first.get(key)
        if known is None or ts < known.first:
            self._first[key] = Finding(
                layer=self._layer,
                part=part,
                what=what,
                column=column,
                first=ts,
                horizon=horizon,
                where=where,
                remedy=remedy,
                is_note=is_note,
            )

    def note(self, part: Part, rule: str, what: str, *, ts: int) -> None:
        """A case of an assumption: counted and listed, but no violation."""
        self.wrong(part, rule, what, ts=ts, remedy="", is_note=True)

    def findings(self) -> tuple[Finding, ...]:
        """Violations before notes, each with the number of its cases."""
        found = [
            msgspec.structs.replace(f, what=f"{f.what}{_more(self._counts[key])}") for key, f in self._first.items()
        ]
        return tuple(sorted(found, key=lambda f: f.is_note))


def _more(count: int) -> str:
    return "" if count == 1 else f" (the first of {count:,} cases)"
