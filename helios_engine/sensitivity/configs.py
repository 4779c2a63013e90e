"""A set's config: the run's own, whole, with what the set changes; it stands anywhere and runs on its own."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from helios_engine.build import Plan
from helios_engine.config import Piece
from helios_engine.plugins import Kind
from helios_engine.recipe import settings_struct
from helios_engine.sensitivity.sets import Changes, Set, VenueSettings
from helios_engine.toml_text import toml_text


class Variant(NamedTuple):
    """A set as a config's text and what it changes in words; without a change the text is empty."""

    name: str
    differs: str
    text: str


def variant(plan: Plan, chosen: Set) -> Variant:
    """The config of a set over the plan of a run."""
    venue = _settings(plan)
    changes = _known(chosen.changes(plan, venue), venue)
    words = _words(plan, changes, venue)
    if not words:
        return Variant(chosen.name, chosen.otherwise, "")
    table = _whole(plan)
    table["run"]["name"] = f"{plan.config.run.name}, {chosen.name}"
    changed = {**table["venue"], **changes.venue}
    table["venue"] = {key: value for key, value in changed.items() if value is not None}
    for place, settings in changes.feeds.items():
        table["feed"][place].update(settings)
    for name, settings in changes.instruments.items():
        _override(table, name, settings)
    head = f"# {plan.config.run.name}, {chosen.name}: {chosen.asks}.\n# {words}.\n\n".replace("\r", " ")
    return Variant(chosen.name, words, head + toml_text(table))


def _known(changes: Changes, venue: VenueSettings) -> Changes:
    """The changes that change something which the venue has."""
    kept = {
        key: value
        for key, value in changes.venue.items()
        if key in venue.values and venue.values[key] != value and (value is None or venue.takes(key, value))
    }
    return changes._replace(venue=kept)


def _words(plan: Plan, changes: Changes, venue: VenueSettings) -> str:
    values = venue.values
    said = [f"{key} {'none' if v is None else v} (was {values[key]})" for key, v in changes.venue.items()]
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
    kinds: tuple[tuple[Kind, tuple[Piece, ...]], ...] = (
        ("venue", (plan.config.venue,)),
        ("feed", plan.config.feeds),
        ("stage", plan.config.stages),
        ("effect", plan.config.effects),
    )
    for kind, pieces in kinds:
        for piece, settings in zip(pieces, [table[kind]] if kind == "venue" else table.get(kind, ()), strict=True):
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


def _settings(plan: Plan) -> VenueSettings:
    piece = plan.config.venue
    fields = msgspec.structs.fields(settings_struct(piece.use, plan.plugins.offers("venue")[piece.use].spec.factory))
    defaults = {f.name: f.default for f in fields if f.default is not msgspec.NODEFAULT}
    return VenueSettings({**defaults, **piece.settings}, {f.name: f.type for f in fields})
