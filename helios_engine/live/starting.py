"""From a config file to a paper run that may begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from helios_engine.bodies import Instrument
from helios_engine.build import Plan
from helios_engine.config import Config
from helios_engine.errors import ConfigError
from helios_engine.live.connecting import connect
from helios_engine.live.paper import Paper
from helios_engine.live.planning import live_plan, wanted
from helios_engine.live.routes import as_asked
from helios_engine.plugins import Plugins
from helios_engine.world import World


def checked(config: Config) -> Plan:
    """Build the live run of a config that has no data yet; raises what is wrong with either, as `paper_run` would.

    What its instruments are only the connection knows: they are taken to be priced in the account's currency.
    """
    run = paper_run(config)
    names = {want.instrument for want in run.wanted}
    currency, step = config.account.currency, Decimal("0.00000001")
    assumed = [Instrument(name, name.partition(".")[0], currency, 8, 8, step, step) for name in sorted(names)]
    return live_plan(config, assumed, run.world.now(), run.plugins)


def paper_run(
    config: Config,
    settings: Mapping[str, Any] | None = None,
    *,
    plugins: Plugins | None = None,
    world: World | None = None,
    tell: Callable[[Paper], None] = lambda run: None,
    alarm: Callable[[str], None] = lambda text: None,
    **more: Any,
) -> Paper:
    """The paper run of a config; `settings` go before those of its `[live]` table. ConfigError if it has none."""
    if config.live is None:
        raise ConfigError(
            f'{config.path}: no [live] table; name the connection that brings live data, such as use = "valr"'
        )
    plugins = plugins or Plugins(config.plugins.allow, config.plugins.block)
    asked = wanted(config, plugins)
    world = world or World()
    settings = settings or {}
    given = {**config.live.settings, **settings}
    made = connect(plugins, config.live.use, as_asked(asked), given, world, config.live.where)
    return Paper(config, plugins, made, asked, world=world, tell=tell, alarm=alarm, settings=settings, **more)
