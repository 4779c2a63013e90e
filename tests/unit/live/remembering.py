"""An exchange with a past: a trade at every whole tenth of a second, told live, by history, and known to a catalog."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from helios_engine.bodies import Quote, Trade
from helios_engine.catalog.store import Catalog
from helios_engine.codec import Codec
from helios_engine.config import Config, parse_config
from helios_engine.events import Body
from helios_engine.hookspecs import hookimpl
from helios_engine.plugins import Plugins
from helios_engine.recorder.connection import Wanted
from helios_engine.recorder.rows import Target, table
from helios_engine.stage import ConnectionSpec, ParserSpec
from helios_engine.world import World
from tests.unit.live import zoo
from tests.unit.live.acme import COIN, Acme, AcmeParser, Server
from tests.unit.live.runs import CONFIG

SECOND = 1_000_000_000
TENTH = SECOND // 10
SETTLED = SECOND
"""What is younger the history does not tell."""


def traded(number: int) -> Trade:
    """The trade of a tenth of a second, counted from 1970 on."""
    price = round(1000 + 50 * math.sin(number / 10 * 4), 2)
    return Trade(COIN.instrument, number * TENTH, price, 0.5, "BUY" if number % 2 else "SELL", str(number))


def between(start: int, stop: int) -> Iterator[tuple[int, Body]]:
    """The trades of `[start, stop)`."""
    for number in range(-(-start // TENTH), -(-stop // TENTH)):
        yield number * TENTH, traded(number)


class Remembering(Acme):
    """The connection, with a history of trades; `asked` says for which spans."""

    asked: list[tuple[type[Body], int, int]]

    def __init__(self, wanted: Sequence[Wanted], world: World, *, port: int) -> None:
        super().__init__(wanted, world, port=port)
        self.asked = []

    never = False
    """Whether history is asked for in vain."""

    async def history(self, wanted: Wanted, start: int, stop: int) -> list[tuple[int, Body]]:
        """Trades; of nothing else."""
        self.asked.append((wanted.kind, start, stop))
        if self.never:
            await asyncio.sleep(3600)
        stop = min(stop, self._world.now() - SETTLED)
        return list(between(start, stop)) if wanted.kind is Trade else []


async def tell(server: Server, now: Any, back: int) -> None:
    """To whoever listens say the trades of the last `back` ns again, then every new one, and quotes around them."""
    while not server.listeners:
        await asyncio.sleep(0.01)
    number = (now() - back) // TENTH
    while True:
        while number * TENTH <= now():
            trade = traded(number)
            quote = Quote(COIN.instrument, now(), round(trade.price - 0.5, 2), round(trade.price + 0.5, 2), 2.0, 2.0)
            server.say(trade, quote)
            number += 1
        await asyncio.sleep(0.02)


def catalog(folder: Path, start: int, stop: int, late: int = TENTH // 2) -> None:
    """The trades that came in `[start, stop)`, each `late` ns after it was made, as a recorder knows them."""
    rows = [(ts + late, body) for ts, body in between(start - late, stop - late)]
    there = table(Target("trades", COIN.instrument, ""), rows, COIN, Codec())
    Catalog(str(folder / "data_catalog")).write("trades", COIN, there)


def config(folder: Path, warmup: str, pieces: str = "") -> Config:
    text = CONFIG.replace('tick = "200ms"', f'tick = "200ms"\nwarmup = "{warmup}"')
    return parse_config(text + pieces, folder / "paper.toml")


@hookimpl
def helios_parsers() -> list[ParserSpec]:
    return [ParserSpec("acme", AcmeParser)]


@hookimpl
def helios_connections() -> list[ConnectionSpec]:
    return [ConnectionSpec("acme", Remembering, parser="acme")]


def plugins() -> Plugins:
    found = Plugins()
    found.register(SimpleNamespace(helios_parsers=helios_parsers, helios_connections=helios_connections), "acme")
    found.register(zoo.PLUGIN, "zoo")
    return found
