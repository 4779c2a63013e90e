"""The gate in a whole run: news come as inputs, its no comes back as an event, and a replay says the same."""

from __future__ import annotations

import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from helios_engine.assemble import assemble
from helios_engine.bodies import Bar, Control, DataIssue, Health, Instrument, Reject, VenueStatus
from helios_engine.build import build
from helios_engine.config import parse_config
from helios_engine.events import Body, Event
from helios_engine.hookspecs import hookimpl
from helios_engine.plugins import Plugins
from helios_engine.replay import replay
from helios_engine.runner import backtest
from helios_engine.stage import FeedSpec, Pin, StageSpec
from tests.market import CONFIG, market_plugins
from tests.stages import MINUTE

BAD: dict[str, Body] = {
    "pause": Control("pause", ""),
    "kill": Control("kill", "BTCZAR.VALR"),
    "health": Health("VALR", "link", 0.0),
    "venue_status": VenueStatus("VALR", 1, "maintenance"),
    "quarantine": DataIssue("BTCZAR.VALR", "gap", "error", 1, 2, ""),
}
GATE = '[gate]\nquarantine = "1h"\n'


class News:
    """One piece of bad news, a nanosecond after the hundredth bar."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def pin(self) -> Pin:
        return Pin(f"news-{self.kind}", 1, 101 * MINUTE + 1, 101 * MINUTE + 1)

    def instruments(self) -> list[Instrument]:
        return []

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Control | Health | VenueStatus | DataIssue]]:
        yield 101 * MINUTE + 1, BAD[self.kind]  # type: ignore[misc]


class Listener:
    """Remembers when it heard a no."""

    consumes = Reject

    def __init__(self) -> None:
        self.heard: list[tuple[int, str]] = []

    def on_event(self, event: Event[Reject]) -> None:
        self.heard.append((event.ts, event.body.reason))


def plugins() -> Plugins:
    made = market_plugins(StageSpec("test.listener", Listener))
    module = types.ModuleType("news")

    @hookimpl
    def helios_feeds() -> list[FeedSpec]:
        return [FeedSpec("test.news", News)]

    module.helios_feeds = helios_feeds  # type: ignore[attr-defined]
    made.register(module, "news")
    return made


def text(kind: str) -> str:
    feed = f'[[feed]]\nuse = "test.news"\nkind = "{kind}"\n\n[[stage]]\nuse = "test.listener"\n'
    return f"{CONFIG}\n{feed}\n{GATE}"


@pytest.mark.parametrize("kind", BAD)
def test_after_bad_news_the_gates_no_comes_back_with_its_reason(kind: str) -> None:
    made = build(parse_config(text(kind), Path("walk.toml")), plugins())
    engine = assemble(made)
    for _ in engine.run():
        pass

    listener = made.nodes[-1].stage
    assert isinstance(listener, Listener)
    assert {reason.partition(":")[0] for _, reason in listener.heard} == {kind}
    assert min(ts for ts, _ in listener.heard) > 101 * MINUTE
    assert engine.port.rejects == {f"gate: {kind}": len(listener.heard)}


@pytest.mark.parametrize("kind", BAD)
def test_a_run_with_bad_news_is_replayed_with_every_no(kind: str, tmp_path: Path) -> None:
    config = tmp_path / "walk.toml"
    config.write_text(text(kind))
    result = backtest(build(parse_config(text(kind), config), plugins()), tmp_path / "runs")

    assert result.summary.counts.rejects[f"gate: {kind}"] > 0
    assert replay(result.folder, plugins=plugins()).differences == []


def test_the_last_price_is_heard_and_market_data_costs_nothing_more_unless_a_limit_asks() -> None:
    config = parse_config(CONFIG, Path("walk.toml"))
    port = assemble(build(config, plugins())).port
    hears = port.hears()
    hears[Bar](1, Bar("BTCZAR.VALR", "1m", 0, 1, 1.0, 3.0, 1.0, 2.0, 1.0))

    assert port.ledger.prices == {"BTCZAR.VALR": 2.0}
    assert DataIssue not in hears
    told = {"Control", "Health", "VenueStatus", "Instrument"}
    assert {kind.__name__ for kind in hears} == {"Trade", "Bar", "Quote", "BookSnapshot", "MarkPrice", *told}


def test_a_limit_on_the_age_of_data_hears_market_data_beside_the_price() -> None:
    config = parse_config(CONFIG + '\n[gate]\nmax_data_age = "30s"\n', Path("walk.toml"))
    engine = assemble(build(config, plugins()))
    for _ in engine.run():
        pass

    assert engine.port.ledger.prices
    assert engine.port.orders > 30
    assert not engine.port.rejects
