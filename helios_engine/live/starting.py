"""From a config file to a paper run that may begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from helios_engine.config import Config
from helios_engine.errors import ConfigError
from helios_engine.live.connecting import connect
from helios_engine.live.paper import Paper
from helios_engine.live.planning import wanted
from helios_engine.live.routes import as_asked
from helios_engine.plugins import Plugins
from helios_engine.world import World


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
