"""The JSON schema of a config file, for editors: sections, and a table for every recipe."""

from __future__ import annotations

from typing import Any

import msgspec

from helios_engine import recipe
from helios_engine.bodies import Instrument
from helios_engine.config import SECTIONS
from helios_engine.fees import schedules
from helios_engine.node import FILTERS
from helios_engine.plugins import Kind, Plugins

GIVEN = ("wanted", "world")
"""What a connection is given besides its settings."""
_INJECTED = ("catalog", "balances", "grace", "seed", "fees_in", "books")
_ON = {
    "type": "object",
    "properties": {name: {"type": ["string", "array"], "items": {"type": "string"}} for name in FILTERS},
    "additionalProperties": False,
}


def config_schema(plugins: Plugins) -> dict[str, Any]:
    """Draft 2020-12 schema; unknown keys are refused as they are by `config check`."""
    sections, components = msgspec.json.schema_components(SECTIONS.values(), ref_template="#/$defs/{name}")
    override = msgspec.json.schema(Instrument)["$defs"]["Instrument"]
    fees = {"enum": sorted(schedules()), "description": "A fee schedule; see `helios-engine config fees`."}
    override["properties"]["fees"] = fees
    properties: dict[str, Any] = {
        **dict(zip(SECTIONS, sections, strict=True)),
        "feed": _tables(plugins, "feed", {}),
        "stage": _tables(plugins, "stage", {"on": _ON}),
        "effect": _tables(plugins, "effect", {"delay": {"type": "string"}}),
        "venue": {"oneOf": _recipes(plugins, "venue", {"fees": fees})},
        "live": {"oneOf": _recipes(plugins, "connection", {}, GIVEN)},
        "instrument": {
            "type": "array",
            "items": {**override, "required": ["instrument"], "additionalProperties": False},
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Helios Engine config",
        "type": "object",
        "properties": properties,
        "required": ["run", "account", "feed", "stage", "venue"],
        "additionalProperties": False,
        "$defs": components,
    }


def _tables(plugins: Plugins, kind: Kind, extra: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": {"oneOf": _recipes(plugins, kind, extra)}}


def _recipes(plugins: Plugins, kind: Kind, extra: dict[str, Any], given: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    found = []
    for name, offer in sorted(plugins.offers(kind).items()):
        whole = recipe.schema(name, offer.spec.factory, given)
        settings = next(iter(whole["$defs"].values()))
        found.append(
            {
                "title": name,
                "description": (offer.spec.factory.__doc__ or "").strip().partition("\n")[0],
                "type": "object",
                "properties": {
                    "use": {"const": name},
                    "name": {"type": "string"},
                    **extra,
                    **settings["properties"],
                },
                "required": ["use", *(k for k in settings.get("required", ()) if k not in _INJECTED)],
                "additionalProperties": False,
            }
        )
    return found
