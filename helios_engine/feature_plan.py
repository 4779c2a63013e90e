"""What of a run a features stage needs: the feeds and stages that reach it, and nothing behind it."""

from __future__ import annotations

from collections.abc import Sequence

from helios_engine.bodies import Control, DataIssue, Features, Health, Instrument, Tick
from helios_engine.build import Plan
from helios_engine.errors import BuildError, ConfigError
from helios_engine.events import Body
from helios_engine.feature_ear import columns_in
from helios_engine.node import Node
from helios_engine.soundness import ENGINE_INPUTS
from helios_engine.toml_place import nearest

_MARKET = (Instrument, Tick, Control, Health, DataIssue)
_TRADING = tuple(kind for kind in ENGINE_INPUTS if kind not in _MARKET)
"""What only a run with a venue and an account brings."""


def narrowed(plan: Plan, stage: str = "") -> Plan:
    """The plan with only what the features stage needs, which comes last in `nodes`; span and ticks stay.

    Without `stage`, the only one that yields Features. Raises ConfigError if there is none, or more than one;
    BuildError if the stage, or one that it needs, wants fills, positions or an effect's answers.
    """
    target = _target(plan, stage)
    kept, wanted = {target}, set(plan.nodes[target].consumes)
    for number in range(target - 1, -1, -1):
        if _meets(plan.nodes[number].emits, wanted):
            kept.add(number)
            wanted |= set(plan.nodes[number].consumes)
    nodes = tuple(node for number, node in enumerate(plan.nodes) if number in kept)
    for node in nodes:
        _check_market_only(plan, node)
    names = {node.name for node in nodes}
    feeds = tuple(
        f for f in plan.feeds if _meets((*f.offers, *((DataIssue,) if hasattr(f.feed, "issues") else ())), wanted)
    )
    files = tuple(use for use in plan.artefacts if use.kind == "stage" and use.part in names)
    return plan._replace(nodes=nodes, feeds=feeds, effects=(), artefacts=files)


def columns_of(node: Node, schema: str, width: int) -> tuple[str, ...]:
    """The columns of a schema that a stage yields; BuildError if it has no `Schema` of that name and width."""
    columns = columns_in(node.stage, schema, width)
    if columns:
        return columns
    raise BuildError(
        f"stage {node.name!r} yields rows of {schema} with {width} columns, but neither it nor its module has a Schema "
        "of that name and width; keep it as an attribute, e.g. self.schema = Schema(name, columns)"
    )


def _target(plan: Plan, stage: str) -> int:
    making = {node.name: n for n, node in enumerate(plan.nodes) if Features in node.emits}
    if stage:
        if stage not in making:
            raise ConfigError(f"{plan.config.path}: no stage {stage!r} that yields Features; {nearest(stage, making)}")
        return making[stage]
    if len(making) != 1:
        there = ", ".join(making) or "none"
        raise ConfigError(
            f"{plan.config.path}: expected one stage that yields Features, found {there}; "
            + ("say which with --stage" if making else "add one, e.g. features.technical")
        )
    return next(iter(making.values()))


def _meets(offered: Sequence[type[Body]] | frozenset[type[Body]], wanted: set[type[Body]]) -> bool:
    return any(issubclass(kind, want) for kind in offered for want in wanted)


def _check_market_only(plan: Plan, node: Node) -> None:
    """BuildError unless what the stage hears follows from market data alone."""
    wanted = set(node.consumes)
    found = sorted(kind.__name__ for kind in _TRADING if _meets((kind,), wanted))
    if found:
        raise BuildError(
            f"stage {node.name!r} consumes {', '.join(found)}: what it yields depends on orders and fills, so it "
            "cannot be stored ahead of a run; take them out of its `consumes`, or let the run compute it"
        )
    offers = plan.plugins.offers("effect")
    for piece, running in zip(plan.config.effects, plan.effects, strict=True):
        if _meets(offers[piece.use].spec.emits, wanted) or any(kind in running.handles for kind in node.emits):
            raise BuildError(
                f"stage {node.name!r} asks the effect {running.name!r} or hears its answers: they do not follow from "
                "market data, so its features cannot be stored ahead of a run"
            )
