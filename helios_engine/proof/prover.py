"""Run the layers on a config and put the verdicts together."""

from __future__ import annotations

import importlib
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from helios_engine.config import Config
from helios_engine.errors import ConfigError
from helios_engine.plugins import Plugins
from helios_engine.proof.case import Case, Progress
from helios_engine.proof.cuts import trials
from helios_engine.proof.findings import LAYERS, Finding, Layer, Outcome, Part, Row, rows
from helios_engine.proof.forks import answer_of

NOT_COVERED = (
    "data that a vendor changed before it was imported",
    "survivorship in data sets without listing and delisting dates",
    "what a language model remembers from before its knowledge cutoff",
    "choosing among many runs: a strategy that was tuned on this data will look good on it",
)
"""What no layer can see; printed under every verdict."""

_PLACES: dict[Layer, str] = {
    "structure": "helios_engine.proof.structure.layer:inspect",
    "availability": "helios_engine.proof.audits.layer:audit",
    "fills": "helios_engine.proof.audits.layer:audit",
    "hermetic": "helios_engine.proof.hermetic.layer:guard",
    "differential": "helios_engine.proof.differential.layer:vary",
    "drivers": "helios_engine.proof.drivers.layer:compare",
    "prefix": "helios_engine.proof.cuts.layer:cut",
    "futures": "helios_engine.proof.cuts.layer:cut",
    "declared": "helios_engine.proof.declared.layer:declare",
    "artefacts": "helios_engine.proof.artefacts:judge",
}
"""The function of each layer: it takes a Case and returns an Outcome for every layer that it covers."""


class Proof(NamedTuple):
    """What a trial came to."""

    name: str
    config_digest: str
    seed: int
    parts: tuple[Part, ...]
    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def rows(self) -> tuple[Row, ...]:
        """The verdict on each part, in the order in which data passes them."""
        return rows(self.parts, self.outcomes)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every violation, by layer."""
        return tuple(f for outcome in self.outcomes for f in outcome.findings if not f.is_note)

    @property
    def exit_code(self) -> int:
        """0 no violation found · 1 violation · 4 a part could not be judged by a layer, or none was by any.

        Parts that none of the chosen layers looks at make no difference: their rows say so.
        """
        if self.findings:
            return 1
        is_unjudged = any(outcome.not_provable for outcome in self.outcomes)
        return 4 if is_unjudged or all(row.verdict == "not provable" for row in self.rows) else 0


def prove(
    config: Config,
    plugins: Plugins | None = None,
    *,
    layers: Sequence[str] = (),
    cuts: int = 64,
    seed: int = 0,
    progress: Progress | None = None,
    scratch: Path | None = None,
) -> Proof:
    """Put a run on trial; raises HeliosError when it cannot be run at all.

    `layers` limits the trial to some of `findings.LAYERS`. `cuts` is how many cuts prefix and futures make together.
    Other worlds are made in `scratch`, by default in the folder for temporary files.
    """
    begin = time.monotonic()
    wanted = chosen(layers)
    plugins = plugins or Plugins(config.plugins.allow, config.plugins.block)
    with tempfile.TemporaryDirectory(prefix="helios-proof-", dir=scratch) as folder:
        case = Case(config, plugins, Path(folder), seed, cuts, progress or (lambda what, share: None))
        outline = answer_of(partial(trials.outline, case))
        outcomes: list[Outcome] = []
        for place in dict.fromkeys(_PLACES[layer] for layer in wanted):
            module, _, name = place.partition(":")
            found: tuple[Outcome, ...] = getattr(importlib.import_module(module), name)(case)
            outcomes += [outcome for outcome in found if outcome.layer in wanted]
    parts = tuple(msgspec.convert(part, Part) for part in outline["parts"])
    parts += (Part("engine", "engine"),) if "availability" in wanted else ()
    order = {layer: number for number, layer in enumerate(LAYERS)}
    outcomes.sort(key=lambda o: order[o.layer])
    seconds = time.monotonic() - begin
    return Proof(config.run.name, config.digest, seed, parts, tuple(outcomes), seconds)


def chosen(layers: Sequence[str]) -> tuple[Layer, ...]:
    """The layers of these names that there are, all of them for none; ConfigError for another name."""
    for name in layers:
        if name not in _PLACES:
            raise ConfigError(f"no layer {name!r}; the layers are {', '.join(_PLACES)}")
    return tuple(layer for layer in LAYERS if layer in _PLACES and (not layers or layer in layers))
