"""Tell a case to another process: its config as text, its plugins by identity or by where their recipes are."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from helios_engine.config import Config, Piece, on_catalog, parse_config
from helios_engine.errors import NotAvailableError
from helios_engine.hookspecs import hookimpl
from helios_engine.plugins import Kind, Plugins
from helios_engine.proof.case import Case

_BY_HAND = "by-hand"
_HOOKS: dict[Kind, str] = {
    "stage": "helios_stages",
    "feed": "helios_feeds",
    "effect": "helios_effects",
    "venue": "helios_venues",
    "body": "helios_bodies",
}


class Spec(msgspec.Struct, frozen=True):
    """A recipe of a plugin that was registered by hand: its kind, its class, and its fields; classes as places."""

    plugin: str
    kind: Kind
    recipe: str
    fields: dict[str, Any]
    places: dict[str, list[str] | str]


class Retold(msgspec.Struct, frozen=True):
    """A case as plain values. `allow` are the identities of installed plugins, so that another source is refused.

    `packages` are the modules that plugins are loaded from.
    """

    text: str
    path: str
    catalog: str
    run: dict[str, Any]
    allow: list[str]
    block: list[str]
    specs: list[Spec]
    packages: list[str]
    folder: str
    seed: int
    cuts: int


def retell(case: Case) -> Retold:
    """The case as plain values; raises NotAvailableError for what a new interpreter could not import."""
    config, plugins = case.config, case.plugins
    parsed = parse_config(config.text, config.path)
    if _meaning(msgspec.structs.replace(parsed, data=config.data, run=config.run)) != _meaning(config):
        raise NotAvailableError(
            f"{config.path}: the config was changed after it was read, so a fresh process would run another one; "
            "write the change into the config"
        )
    specs = [spec for kind in _HOOKS for spec in _by_hand(plugins, kind)]
    return Retold(
        text=config.text,
        path=str(config.path),
        catalog=config.catalog,
        run=msgspec.to_builtins(config.run),
        allow=[str(identity) for identity in plugins.identities.values() if identity.digest != _BY_HAND],
        block=list(config.plugins.block),
        specs=specs,
        packages=_packages(plugins, specs),
        folder=str(case.folder),
        seed=case.seed,
        cuts=case.cuts,
    )


def _meaning(config: Config) -> Config:
    """The config without the places in its file, which depend on how the path was written."""

    def placeless(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
        return tuple(msgspec.structs.replace(piece, where="") for piece in pieces)

    return msgspec.structs.replace(
        config,
        feeds=placeless(config.feeds),
        stages=placeless(config.stages),
        effects=placeless(config.effects),
        venue=placeless((config.venue,))[0],
    )


def case_of(retold: Retold) -> Case:
    """The case again; imports its plugins. Raises HeliosError as `Plugins` does."""
    parsed = parse_config(retold.text, Path(retold.path))
    run = msgspec.convert(retold.run, type(parsed.run))
    config: Config = on_catalog(msgspec.structs.replace(parsed, run=run), retold.catalog)
    # An empty allow list would mean every plugin; a name that cannot be one means none.
    plugins = Plugins(retold.allow, retold.block) if retold.allow else Plugins((), _installed())
    for name in dict.fromkeys(spec.plugin for spec in retold.specs):
        plugins.register(_module(name, [s for s in retold.specs if s.plugin == name]), name)
    return Case(config, plugins, Path(retold.folder), retold.seed, retold.cuts)


def _packages(plugins: Plugins, specs: list[Spec]) -> list[str]:
    """The modules that plugins are made of, where the engine itself is none."""
    installed = [i.package for i in plugins.identities.values() if i.digest != _BY_HAND]
    by_hand = [str(place).partition(":")[0] for spec in specs for place in spec.places.values() if place]
    return [name for name in dict.fromkeys((*installed, *by_hand)) if name]


def _installed() -> list[str]:
    from importlib.metadata import entry_points

    from helios_engine.hookspecs import PROJECT

    return [point.name for point in entry_points(group=PROJECT)]


def _by_hand(plugins: Plugins, kind: Kind) -> list[Spec]:
    found = []
    for offer in plugins.offers(kind).values():
        if offer.plugin.digest != _BY_HAND:
            continue
        fields: dict[str, Any] = {}
        places: dict[str, list[str] | str] = {}
        for name in offer.spec.__struct_fields__:
            value = getattr(offer.spec, name)
            if isinstance(value, tuple):
                places[name] = [_place(v, offer.plugin.name) for v in value]
            elif callable(value):
                places[name] = _place(value, offer.plugin.name)
            else:
                fields[name] = value
        found.append(Spec(offer.plugin.name, kind, type(offer.spec).__name__, fields, places))
    return found


def _place(thing: Any, plugin: str) -> str:
    place = f"{getattr(thing, '__module__', '')}:{getattr(thing, '__qualname__', '')}"
    try:
        if place.startswith("__main__:") or _at(place) is not thing:
            raise AttributeError(place)
    except (ImportError, AttributeError, ValueError):
        raise NotAvailableError(
            f"plugin {plugin!r} was registered by hand and its {place} cannot be imported by a fresh process; "
            "put it at the top of a module that can"
        ) from None
    return place


def _at(place: str) -> Any:
    module, _, path = place.partition(":")
    found: Any = import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found


def _module(name: str, specs: list[Spec]) -> ModuleType:
    from helios_engine import stage as recipes

    module = ModuleType(name)
    for kind, hook in _HOOKS.items():
        made = []
        for spec in specs:
            if spec.kind == kind:
                places = {k: tuple(map(_at, v)) if isinstance(v, list) else _at(v) for k, v in spec.places.items()}
                made.append(getattr(recipes, spec.recipe)(**spec.fields, **places))

        def offer(made: list[Any] = made) -> list[Any]:
            return made

        offer.__name__ = hook
        setattr(module, hook, hookimpl(offer))
    return module
