from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helios_engine.bodies import Bar, Features, Instrument, PredictRequest, Signal
from helios_engine.build import build
from helios_engine.config import parse_config
from helios_engine.errors import BuildError, ConfigError, HeliosError
from helios_engine.events import Body, Event
from helios_engine.hookspecs import hookimpl
from helios_engine.plugins import Plugins
from helios_engine.stage import FeedSpec, Pin, StageSpec
from tests.stages import BTC, Follow, Size, bar, plugin

BASE = """
[run]
name = "test"
[account]
currency = "ZAR"
balances = { ZAR = "1000" }
[venue]
use = "nautilus.sim"
[[feed]]
use = "test.bars"
"""


class Bars:
    """Ten one-minute bars from memory."""

    def pin(self) -> Pin:
        return Pin("bars", 10, bar(1.0, 1).ts_close, bar(1.0, 10).ts_close)

    def instruments(self) -> Iterable[Instrument]:
        return [BTC]

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Bar]]:
        for number in range(1, 11):
            body = bar(float(number), number)
            if start <= body.ts_close < stop:
                yield body.ts_close, body


class Wishful:
    """Consumes what nobody offers."""

    consumes = Features

    def on_event(self, event: Event[Features]) -> Iterator[Signal]:
        yield Signal("X", 1.0)


class Asks:
    """Asks an effect."""

    consumes = Bar

    def on_event(self, event: Event[Bar]) -> Iterator[PredictRequest]:
        yield PredictRequest("1", "m", "X", "s", b"", b"")


class Mood(Body, frozen=True):
    """A body that no plugin registers."""


class Moody:
    """Yields an unregistered body."""

    consumes = Bar

    def on_event(self, event: Event[Bar]) -> Iterator[Mood]:
        yield Mood()


class Picky:
    """Refuses its own settings."""

    consumes = Bar

    def __init__(self, window: int = 0) -> None:
        if window < 1:
            raise ValueError(f"window must be at least 1, was {window}")

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        yield Signal("X", 1.0)


def plugins() -> Plugins:
    made = Plugins()
    stages = {"follow": Follow, "size": Size, "wishful": Wishful, "asks": Asks, "moody": Moody, "picky": Picky}
    module = plugin(*(StageSpec(f"test.{name}", kind) for name, kind in stages.items()))

    @hookimpl
    def helios_feeds() -> list[FeedSpec]:
        return [FeedSpec("test.bars", Bars)]

    module.helios_feeds = helios_feeds  # type: ignore[attr-defined]
    made.register(module, "test")
    return made


def stages(*names: str, more: str = "") -> str:
    return BASE + "".join(f'[[stage]]\nuse = "test.{name}"\n' for name in names) + more


def failure(text: str) -> HeliosError:
    with pytest.raises(HeliosError) as caught:
        build(parse_config(text, Path("x.toml")), plugins())
    return caught.value


def test_a_sound_config_becomes_a_plan_in_its_order() -> None:
    plan = build(parse_config(stages("follow", "size"), Path("x.toml")), plugins())

    assert [node.name for node in plan.nodes] == ["test.follow", "test.size"]
    assert (plan.start, plan.stop) == (bar(1.0, 1).ts_close, bar(1.0, 10).ts_close + 1)


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        (
            stages("wishful"),
            BuildError,
            "x.toml:12: stage 1 'test.wishful' consumes Features, but no earlier stage offers it",
        ),
        (
            stages("size", "follow"),
            BuildError,
            "stage 'test.follow' offers it, but stands at or after it: move it before",
        ),
        (stages("asks"), BuildError, "stage 'test.asks' yields PredictRequest, but no [[effect]] takes it"),
        (stages("moody"), BuildError, 'return BodySpec(Mood, "plugin.Mood/1") from helios_bodies'),
        (stages("picky"), BuildError, "stage 'test.picky' cannot be made: window must be at least 1, was 0"),
        (stages("folow"), ConfigError, "x.toml:12: no stage 'test.folow' is installed; did you mean 'test.follow'?"),
        (
            stages("follow", more="gian = 2.0"),
            ConfigError,
            "unknown setting 'gian' of test.follow; did you mean 'gain'?",
        ),
        (stages("follow", more='gain = "big"'), ConfigError, "Expected `float`, got `str` - at `$.gain`"),
        (stages("follow").replace("test.bars", "test.bar"), ConfigError, "no feed 'test.bar' is installed"),
        (stages("follow").replace("nautilus.sim", "nautilus.sin"), ConfigError, "did you mean 'nautilus.sim'?"),
        (stages("follow").replace('currency = "ZAR"', 'currency = "USD"'), ConfigError, "but ZAR has no rate"),
        (stages("follow", more='[[instrument]]\ninstrument = "BTCZAR"'), ConfigError, "did you mean 'BTCZAR.VALR'?"),
        (
            stages("follow", more='[[instrument]]\ninstrument = "BTCZAR.VALR"\ntaker_fees = "0.1"'),
            ConfigError,
            "unknown field 'taker_fees'; did you mean 'taker_fee'?",
        ),
        (stages("follow").replace('"test"', '"test"\nstart = "2030-01-01"'), ConfigError, "the run has no data"),
        (stages("follow", more='on = { symbol = "X" }'), BuildError, "`on` filters by instrument, timeframe, source"),
    ],
)
def test_what_does_not_fit_is_found_before_the_run(text: str, kind: type[Any], said: str) -> None:
    error = failure(text)

    assert isinstance(error, kind)
    assert said in str(error)
