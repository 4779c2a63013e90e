"""What is on trial: a run, its parts, and the facts that every layer needs of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from helios_engine.build import Plan
from helios_engine.config import Config
from helios_engine.plugins import Plugins
from helios_engine.proof.findings import Part

Progress = Callable[[str, float], None]
"""Told now and then what is being done and which share of it is."""


class Case(NamedTuple):
    """A run on trial. `folder` is for scratch files of the trial; `cuts` is how many the cutting layers make.

    A case holds no plan: plans are built in child processes, so that nothing that a plugin keeps in a module
    can pass from one world to another through the process they come from.
    """

    config: Config
    plugins: Plugins
    folder: Path
    seed: int = 0
    cuts: int = 64
    progress: Progress = lambda what, share: None


VENUE = "venue"


def parts_of(plan: Plan) -> tuple[Part, ...]:
    """Every part that can be at fault, in the order in which data passes them."""
    return parts_in(plan.config, plan.plugins)


def parts_in(config: Config, plugins: Plugins) -> tuple[Part, ...]:
    """The parts of a run that has not been built."""
    feeds, stages, effects, venues = (plugins.offers(k) for k in ("feed", "stage", "effect", "venue"))
    return (
        *(Part("feed", p.name, str(feeds[p.use].plugin)) for p in config.feeds),
        *(Part("stage", p.name, str(stages[p.use].plugin)) for p in config.stages),
        *(Part("effect", p.name, str(effects[p.use].plugin)) for p in config.effects),
        Part("venue", VENUE, str(venues[config.venue.use].plugin)),
    )


def printed(plan: Plan) -> frozenset[tuple[str, str]]:
    """Instrument and timeframe of the bars whose prints the venue is shown in this run."""
    return frozenset(
        (d.instrument, str(piece.settings.get("timeframe", "")))
        for piece, feed in zip(plan.config.feeds, plan.feeds, strict=True)
        if hasattr(feed.feed, "prints")
        for d in feed.feed.instruments()
    )
