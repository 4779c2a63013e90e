"""The self-test: the prover on plugins whose bugs are known, and how many it killed. Without it there is no verdict."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from helios_engine.proof.zoo.entry import Specimen, specimens
from helios_engine.proof.zoo.market import catalog_of
from helios_engine.proof.zoo.matrix import agreement, counts, killed, layer_lines
from helios_engine.proof.zoo.running import CUTS, Sighting, sightings

LABELLED = 0
"""The seed that labels are made for: the first wrong time of some leaks is another in other markets."""


class LayerResult(msgspec.Struct, frozen=True):
    """What came of one layer over all seeds; see `matrix.Count`."""

    leaks: int
    killed: int
    runs: int
    false_alarms: int


class SelfTest(msgspec.Struct, frozen=True, kw_only=True):
    """What the prover made of the zoo. `facts` are those of the labels on the labelled seed, `missed` names leaks.

    `false_alarms` counts runs in which somebody was blamed who did nothing; `alarms` and `errors` say which.
    """

    seeds: int
    leaks: int
    killed: int
    runs: int
    false_alarms: int
    facts: int
    facts_agreed: int
    layers: dict[str, LayerResult]
    missed: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def is_passed(self) -> bool:
        """Whether every leak was killed and nobody blamed falsely."""
        return self.killed == self.leaks and not self.false_alarms and not self.errors

    @property
    def exit_code(self) -> int:
        """0 passed · 1 a leak was missed, or somebody was blamed who did nothing."""
        return 0 if self.is_passed else 1

    @property
    def summary(self) -> str:
        """One line, as a certificate carries it."""
        seeds = f"{self.seeds} seed{'s' * (self.seeds > 1)}"
        errors = f", {len(self.errors)} errors" if self.errors else ""
        return (
            f"killed {self.killed} of {self.leaks} planted leaks, false alarms in {self.false_alarms} of {self.runs} "
            f"runs{errors}, labels agree in {self.facts_agreed} of {self.facts} facts ({seeds})"
        )


Told = Callable[[float, int], None]


def self_test(
    seeds: int = 1,
    *,
    shown: tuple[Specimen, ...] = (),
    progress: Told = lambda share, count: None,
) -> tuple[SelfTest, list[Sighting]]:
    """Put the whole zoo (or those `shown`) on trial, with a market for each of the seeds 0, 1, …; by `CUTS` cuts each.

    `progress` is told the share that is done and the number of plugins. Every plugin is tried by the layers that its
    label names. Raises NotAvailableError where processes cannot be forked.
    """
    shown = shown or specimens()
    found: list[Sighting] = []
    for seed in range(seeds):
        with catalog_of(seed) as catalog:
            for sighting in sightings(catalog, shown, seed=seed, cuts=CUTS):
                found.append(sighting)
                progress(len(found) / (seeds * len(shown)), len(found))
    return result_of(found), found


def result_of(found: list[Sighting]) -> SelfTest:
    """The result of these sightings; those of the labelled seed are held against labels."""
    agreed, facts = agreement([s for s in found if s.seed == LABELLED])
    hits = killed(found)
    return SelfTest(
        seeds=len({s.seed for s in found}),
        leaks=len([s for s in found if s.is_leak]),
        killed=len(hits),
        runs=len(found),
        false_alarms=len([s for s in found if s.alarms]),
        facts=facts,
        facts_agreed=agreed,
        layers={layer: LayerResult(*count) for layer, count in counts(found).items()},
        missed=tuple(_title(s) for s in found if s.is_leak and s not in hits),
        alarms=tuple(f"{_title(s)}: {a.layer} blames {a.part}: {a.what}" for s in found for a in s.alarms),
        errors=tuple(f"{_title(s)}: {s.error}" for s in found if s.error),
    )


def text(result: SelfTest, found: list[Sighting]) -> str:
    """The result as plain text: the layers, what was missed or blamed falsely, the totals."""
    wrong = [
        *(f"MISSED       {name}" for name in result.missed),
        *(f"FALSE ALARM  {alarm}" for alarm in result.alarms),
        *(f"ERROR        {error}" for error in result.errors),
        *(f"label        {s.name}: {name} said to be {s.said.get(name, '')}" for s in found for name in _unlike(s)),
    ]
    return "\n".join([*layer_lines(found), *([""] if wrong else []), *wrong, "", result.summary])


def _title(s: Sighting) -> str:
    return f"{s.name} (seed {s.seed})"


def _unlike(s: Sighting) -> list[str]:
    if s.seed != LABELLED or not s.layers:
        return []
    return [name for name, same in s.agreed.items() if not same]
