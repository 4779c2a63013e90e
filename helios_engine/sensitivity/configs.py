"""A set's config: the run's own, whole, with what the set changes; it stands anywhere and runs on its own."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from helios_engine.build import Plan
from helios_engine.config import Piece
from helios_engine.recipe import settings_struct
from helios_engine.sensitivity.sets import Changes, Set
from helios_engine.toml_text import toml_text


class Variant(NamedTuple):
    """A set as a config's text and what it changes in words; without a change the text is empty."""

    name: str
    differs: str
    text: str


def variant(plan: Plan, chosen: Set) -> Variant:
    """The config of a set over the plan of a run."""
    venue = _settings(plan, plan.config.venue, "venue")
    changes = _known(chosen.changes(plan, venue), venue)
    words = _words(plan, changes, venue)
    if not words:
        return Variant(chosen.name, chosen.otherwise, "")
    table = _whole(plan)
    table["run"]["name"] = f"{plan.config.run.name}, {chosen.name}"
    table["venue"].update(changes.venue)
    for place, settings in changes.feeds.items():
        table["feed"][place].update(settings)
    for name, settings in changes.instruments.items():
        _override(table, name, settings)
    head = f"# {plan.config.run.name}, {chosen.name}: {chosen.asks}.\n# {words}.\n\n".replace("\r", " ")
    return Variant(chosen.name, words, head + toml_text(table))


def _known(changes: Changes, venue: Mapping[str, Any]) -> Changes:
    kept = {key: value for key, value in changes.venue.items() if key in venue and venue[key] != value}
    return changes._replace(venue=kept)


def _words(plan: Plan, changes: Changes, venue: Mapping[str, Any]) -> str:
    said = [f"{key} {value} (was {venue[key]})" for key, value in changes.venue.items()]
    paths = sorted({str(value) for settings in changes.feeds.values() for value in settings.values()})
    if paths:
        said.append(f"bars' path {', '.join(paths)}")
    now = {d.instrument: d for d in plan.instruments}
    fees = {
        f"maker / taker {settings['maker_fee']} / {settings['taker_fee']}"
        f" (was {now[name].maker_fee} / {now[name].taker_fee})"
        for name, settings in changes.instruments.items()
        if any(str(getattr(now[name], key)) != value for key, value in settings.items())
    }
    return "; ".join([*said, *sorted(fees)])


def _whole(plan: Plan) -> dict[str, Any]:
    """The config's tables, with every path absolute."""
    table = copy.deepcopy(tomllib.loads(plan.config.text))
    table.setdefault("data", {})["catalog"] = plan.config.catalog
    kinds: tuple[tuple[Literal["feed", "stage", "effect"], tuple[Piece, ...]], ...] = (
        ("feed", plan.config.feeds),
        ("stage", plan.config.stages),
        ("effect", plan.config.effects),
    )
    for kind, pieces in kinds:
        for piece, settings in zip(pieces, table.get(kind, ()), strict=True):
            factory = plan.plugins.offers(kind)[piece.use].spec.factory
            for field in msgspec.structs.fields(settings_struct(piece.use, factory)):
                if field.name in settings and field.type in (Path, Path | None):
                    settings[field.name] = str(plan.config.path.parent / settings[field.name])
    return table


def _override(table: dict[str, Any], name: str, settings: Mapping[str, Any]) -> None:
    tables = table.setdefault("instrument", [])
    for own in tables:
        if own["instrument"] == name:
            own.update(settings)
            return
    tables.append({"instrument": name, **settings})


def _settings(plan: Plan, piece: Piece, kind: Literal["venue"]) -> dict[str, Any]:
    """The settings of a piece as they hold, defaults included; those that a run fills in are left out."""
    struct = settings_struct(piece.use, plan.plugins.offers(kind)[piece.use].spec.factory)
    defaults = {f.name: f.default for f in msgspec.structs.fields(struct) if f.default is not msgspec.NODEFAULT}
    return {**defaults, **piece.settings}
