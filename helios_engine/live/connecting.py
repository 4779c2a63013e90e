"""Make a connection that a plugin offers, from its name and settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from helios_engine import recipe
from helios_engine.config_schema import GIVEN
from helios_engine.errors import ConfigError
from helios_engine.plugins import Plugins
from helios_engine.recorder.connection import Connection, Wanted
from helios_engine.toml_place import nearest
from helios_engine.world import World


class Made(NamedTuple):
    """A connection, and the name of the parser that reads its recording again."""

    connection: Connection
    parser: str


def connect(
    plugins: Plugins, use: str, wanted: Sequence[Wanted], settings: Mapping[str, Any], world: World, where: str
) -> Made:
    """Make the connection `use`; ConfigError, beginning with `where`, for a name or setting that nobody offers."""
    offers = plugins.offers("connection")
    offer = offers.get(use)
    if offer is None:
        raise ConfigError(f"{where}: no connection {use!r} is installed; {nearest(use, offers)}")
    factory = offer.spec.factory
    known = recipe.settings_struct(use, factory, GIVEN).__struct_fields__
    for key in settings:
        if key not in known:
            raise ConfigError(f"{where}: unknown setting {key!r} of {use}; {nearest(key, known)}")
    try:
        converted = recipe.convert(use, factory, settings, GIVEN)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    return Made(factory(wanted=tuple(wanted), world=world, **converted), offer.spec.parser)
