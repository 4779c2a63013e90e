"""What a check found: findings, scores, and the exit code that follows from them."""

from __future__ import annotations

import msgspec

from helios_engine.catalog.audit.findings import latest
from helios_engine.catalog.audit.score import DayScore, day_scores, total_score
from helios_engine.catalog.manifest import Issue, Manifest


class Checked(msgspec.Struct, kw_only=True):
    """One data set after its check: what is known against it, and how good each UTC day of it is."""

    manifest: Manifest
    issues: list[Issue]
    days: list[DayScore]
    score: float

    def count(self, severity: str) -> int:
        """Findings of a severity."""
        return len([i for i in self.issues if i.severity == severity])

    @property
    def quarantined(self) -> int:
        """Findings that nobody has confirmed yet."""
        return len([i for i in self.issues if i.state == "quarantined"])

    @property
    def worst(self) -> list[DayScore]:
        """Days that are not perfect, the worst ones first."""
        return sorted((d for d in self.days if d.score < 99.995), key=lambda d: (d.score, d.day))


class Checkup(msgspec.Struct, kw_only=True):
    """What a check found, and what it could not read."""

    datasets: list[Checked]
    unreadable: list[str]

    @property
    def exit_code(self) -> int:
        """3 if a data set cannot be read, 1 for errors or quarantine that nobody confirmed, else 0.

        Quarantine counts like an error because it waits for somebody: `--confirm` it or `repair` it. Gaps and other
        warnings are facts of the data that a run is told of.
        """
        if self.unreadable:
            return 3
        return int(any(d.count("error") or d.quarantined for d in self.datasets))


def score(manifest: Manifest) -> Checked:
    """A data set's days and score, from its manifest alone."""
    days = day_scores(manifest, manifest.issues)
    return Checked(manifest=manifest, issues=latest(manifest.issues), days=days, score=total_score(days))
