from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from helios_engine.bodies import Instrument
from helios_engine.catalog import truths
from helios_engine.catalog.generating import (
    Garch,
    Jumps,
    Outages,
    QuotedMarket,
    Regime,
    Rhythm,
    Simulated,
    World,
    simulate,
)
from helios_engine.catalog.generating.path import regimes
from helios_engine.catalog.tables import SCHEMAS
from helios_engine.errors import ConfigError
from helios_engine.timeframe import DAY, UNITS, parse_time

Floats = NDArray[np.float64]
START, MINUTE = "2026-01-05", UNITS["m"]
STEADY = (Regime(name="normal"),)
FLAT = Rhythm(amplitude=0.0, weekdays=(1.0,) * 7)


def market(name: str, price: float = 1_650_000.0, **settings: Any) -> QuotedMarket:
    terms: dict[str, Any] = {"price_scale": 0, "size_scale": 8, "tick": Decimal(1), "lot": Decimal("0.00000001")}
    terms.update({key: settings.pop(key) for key in (*terms, "min_quantity") if key in settings})
    instrument = Instrument(instrument=name, base="BTC", quote="ZAR", **terms)
    return QuotedMarket(instrument=instrument, price=price, **settings)


FINE = market("FINE", min_quantity=Decimal("0.00001"))
# One tick of spread, five ticks of movement a minute, 25 ticks to a price unit and lots larger than many a trade.
COARSE = market(
    "COARSE",
    100.0,
    price_scale=2,
    size_scale=4,
    tick=Decimal("0.02"),
    lot=Decimal("0.005"),
    min_quantity=Decimal("0.012"),
    spread=0.0001,
    levels=3,
    depth=1.5,
)
WORLDS = {
    "plain": World(markets=(FINE, COARSE)),
    "outages and latency": World(markets=(FINE, COARSE), outages=Outages(count=6), latency=40_000_000),
    "jumps and edge": World(markets=(FINE, COARSE), jumps=Jumps(per_day=20.0, size=0.02), edge=0.2),
}
each_world = pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)


def columns(table: pa.Table) -> dict[str, NDArray[np.int64]]:
    return {name: table[name].to_numpy() for name in table.column_names if name != "trade_id"}


def replay(books: pa.Table, times: list[int]) -> list[tuple[int, int, int, int]]:
    """The best bid, ask and their sizes at each time, from the rows alone."""
    rows = list(
        zip(*(books[name].to_pylist() for name in ("ts", "snapshot", "side", "price", "quantity")), strict=True)
    )
    sides: dict[int, dict[int, int]] = {1: {}, -1: {}}
    found, at, within = [], 0, False
    for moment in times:
        while at < len(rows) and rows[at][0] <= moment:
            _, snapshot, side, price, quantity = rows[at]
            if snapshot and not within:
                sides = {1: {}, -1: {}}
            within = snapshot
            if quantity:
                sides[side][price] = quantity
            else:
                del sides[side][price]
            assert not sides[1] or not sides[-1] or max(sides[1]) < min(sides[-1])
            at += 1
        bid, ask = max(sides[1]), min(sides[-1])
        found.append((bid, ask, sides[1][bid], sides[-1][ask]))
    assert at == len(rows)
    return found


@each_world
def test_the_book_replayed_is_what_the_quotes_say(world: World) -> None:
    for made in simulate(world, START, 1, 11).values():
        quotes = list(zip(*(made.quotes[name].to_pylist() for name in SCHEMAS["quotes"].names[2:]), strict=True))

        assert replay(made.books, made.quotes["ts"].to_pylist()) == quotes


@each_world
def test_a_trade_prints_at_the_quote_before_it_and_takes_what_stood(world: World) -> None:
    for made in simulate(world, START, 2, 12).values():
        trades, quotes = columns(made.trades), columns(made.quotes)
        last = np.searchsorted(quotes["ts"], trades["ts"], side="left") - 1
        bought = trades["side"] == 1

        assert last.min() >= 0 and 0.4 < bought.mean() < 0.6
        assert (trades["price"] == np.where(bought, quotes["ask"][last], quotes["bid"][last])).all()
        stood = np.where(bought, quotes["ask_quantity"][last], quotes["bid_quantity"][last])
        assert ((trades["quantity"] > 0) & (trades["quantity"] <= stood)).all()
        after = np.searchsorted(quotes["ts"], trades["ts"])
        left = np.where(bought, quotes["ask_quantity"][after], quotes["bid_quantity"][after])
        assert (quotes["ts"][after] == trades["ts"]).all() and (left == stood - trades["quantity"]).all()


@each_world
def test_every_row_is_on_the_grids_in_order_and_outside_the_outages(world: World) -> None:
    begin = parse_time(START)
    for name, made in simulate(world, START, 2, 13).items():
        steps = {"FINE": (1, 1), "COARSE": (2, 50)}[name]
        assert made.quotes.schema == SCHEMAS["quotes"] and made.books.schema == SCHEMAS["books"]
        truths.check("trades", made.trades, "", str)
        assert len(made.outages) == world.outages.count
        for kind in (made.trades, made.quotes, made.books):
            data = columns(kind)
            assert (np.diff(data["ts"]) >= 0).all() and (data["ts"] == data["ts_event"] + world.latency).all()
            assert data["ts_event"][0] >= begin and data["ts_event"][-1] < begin + 2 * DAY
            for start, end in made.outages:
                assert not any(((data[ts] >= start) & (data[ts] < end)).any() for ts in ("ts", "ts_event"))
            for column, values in data.items():
                if column in ("price", "bid", "ask"):
                    assert (values > 0).all() and (values % steps[0] == 0).all()
                if "quantity" in column:
                    assert (values >= 0).all() and (values % steps[1] == 0).all()
        assert (made.quotes["ask"].to_numpy() > made.quotes["bid"].to_numpy()).all()
        assert (np.diff(made.quotes["ts"].to_numpy()) > 0).all()
        if name == "COARSE":
            assert made.trades["quantity"].to_numpy().min() == 150


def test_a_book_begins_again_with_a_snapshot_after_each_outage() -> None:
    made = simulate(WORLDS["outages and latency"], START, 2, 14)["COARSE"]
    data = columns(made.books)
    snapshots = np.flatnonzero(data["snapshot"])
    runs = np.split(snapshots, np.flatnonzero(np.diff(data["sequence"][snapshots])) + 1)

    ends = [parse_time(START), *(end for _, end in made.outages)]
    assert [int(data["ts_event"][run[0]]) for run in runs] == ends
    for run in runs:
        assert data["side"][run].tolist() == [1] * 4 + [-1] * 4
        assert len(set(data["ts"][run].tolist())) == 1 and (np.diff(run) == 1).all()
        assert (np.diff(data["price"][run[:4]]) < 0).all() and (np.diff(data["price"][run[4:]]) > 0).all()
    steps = np.diff(data["sequence"])
    assert (steps[~data["snapshot"][1:]] > 0).all() and (steps >= 0).all()


def test_the_same_seed_gives_the_same_and_a_later_instrument_changes_none_before() -> None:
    world = WORLDS["outages and latency"]
    more = msgspec.structs.replace(world, markets=(*world.markets, market("THIRD", 900_000.0)))

    first, again, wider = (simulate(w, START, 1, 15) for w in (world, world, more))
    other = simulate(world, START, 1, 16)

    for name in ("FINE", "COARSE"):
        assert first[name] == again[name] == wider[name]
        assert not first[name].trades.equals(other[name].trades)
    assert list(wider) == ["FINE", "COARSE", "THIRD"]


def test_bars_follow_from_the_trades() -> None:
    made = simulate(WORLDS["plain"], START, 1, 17)["FINE"]
    bars = columns(made.bars(UNITS["h"]))

    assert bars["ts_open"].size == 24
    assert bars["volume"].sum() == made.trades["quantity"].to_numpy().sum()
    assert bars["high"].max() == made.trades["price"].to_numpy().max()


def returns(made: Simulated, days: int) -> Floats:
    """Log mid returns from each minute's beginning to the next one's."""
    data = columns(made.quotes)
    edges = parse_time(START) + np.arange(days * 1440) * MINUTE
    mid = (data["bid"] + data["ask"])[np.searchsorted(data["ts_event"], edges, side="right") - 1]
    return np.diff(np.log(mid / 2))


def signs(made: Simulated, days: int) -> Floats:
    """The sign of each minute's order-flow imbalance, but for the last, which has no return after it."""
    data = columns(made.trades)
    total = np.zeros(days * 1440, np.int64)
    np.add.at(total, (data["ts_event"] - parse_time(START)) // MINUTE, data["side"] * data["quantity"])
    return np.sign(total[:-1]).astype(float)


def corr(one: Floats, other: Floats) -> float:
    return float(np.corrcoef(one, other)[0, 1])


@pytest.mark.parametrize("edge", [0.0, 0.1, -0.2, 0.4])
def test_the_edge_is_as_large_as_stated(edge: float) -> None:
    days = 30
    made = simulate(World(markets=(FINE, COARSE), edge=edge, jumps=Jumps(per_day=2.0, size=0.004)), START, days, 18)
    for one in made.values():
        measured = corr(signs(one, days)[:-1], returns(one, days)[1:])
        assert abs(measured - edge) < (0.03 if edge else 0.02)


def test_without_an_edge_nothing_seen_before_predicts_the_next_return() -> None:
    days = 40
    made = list(simulate(World(markets=(FINE, COARSE)), START, days, 19).values())
    steps, flows = [returns(one, days) for one in made], [signs(one, days) for one in made]
    for one in steps:
        for past in (*steps, *flows):
            for lag in (1, 2, 5):
                assert abs(corr(past[:-lag], one[lag:])) < 0.02
        sums = one[: one.size // 30 * 30].reshape(-1, 30).sum(axis=1)
        assert 0.9 < sums.var() / (30 * one.var()) < 1.1


def test_a_minute_within_is_as_unpredictable_as_from_one_to_the_next() -> None:
    """A bridge drawn wrongly would lean towards the minute's end, which has been drawn before it."""
    data = columns(simulate(World(markets=(FINE,), rhythm=FLAT, regimes=STEADY), START, 10, 20)["FINE"].quotes)
    edges = parse_time(START) + np.arange(3 * 10 * 1440 - 2) * MINUTE // 3
    mid = (data["bid"] + data["ask"])[np.searchsorted(data["ts_event"], edges, side="right") - 1]
    steps = np.diff(np.log(mid / 2))

    assert abs(corr(steps[:-1], steps[1:])) < 0.02


def test_garch_makes_tails_fat_and_volatility_cluster() -> None:
    found = {}
    for garch in (Garch(alpha=0.15, beta=0.8), Garch(alpha=0.0, beta=0.0)):
        made = simulate(World(markets=(FINE,), regimes=STEADY, rhythm=FLAT, garch=garch), START, 20, 21)["FINE"]
        steps = returns(made, 20)
        kurtosis = float(((steps - steps.mean()) ** 4).mean() / steps.var() ** 2 - 3)
        found[garch.alpha] = (kurtosis, corr(np.abs(steps[1:]), np.abs(steps[:-1])))
        assert abs(steps.std() * 1440**0.5 / FINE.daily_volatility - 1) < 0.1

    assert found[0.15][0] > 1 and found[0.15][1] > 0.1
    assert abs(found[0.0][0]) < 0.15 and abs(found[0.0][1]) < 0.02


@pytest.mark.parametrize("stated", [0.8, 0.0, ((1.0, -0.5, 0.3), (-0.5, 1.0, 0.2), (0.3, 0.2, 1.0))])
def test_correlation_is_as_stated(stated: Any) -> None:
    markets = (FINE, COARSE, market("THIRD", 900_000.0))
    made = simulate(World(markets=markets, correlation=stated), START, 10, 22)
    measured = np.corrcoef([returns(one, 10) for one in made.values()])
    wanted = np.array(stated) if isinstance(stated, tuple) else np.where(np.eye(3) == 1, 1.0, stated)

    assert np.abs(measured - wanted).max() < 0.1


def test_activity_follows_the_hour_and_the_weekday() -> None:
    rhythm = Rhythm(peak_hour=15.0, amplitude=0.5, weekdays=(1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5))
    made = simulate(World(markets=(FINE,), rhythm=rhythm, regimes=STEADY), START, 28, 23)["FINE"]
    ts = made.trades["ts_event"].to_numpy() - parse_time(START)
    hours, days = np.bincount(ts % DAY // UNITS["h"], minlength=24), np.bincount(ts // DAY % 7, minlength=7)

    # Average height of 1 + 0.5 * cos over the two hours around its top and its bottom.
    height = 0.5 * np.sin(np.pi / 12) / (np.pi / 12)
    assert abs((hours[14] + hours[15]) / (hours[2] + hours[3]) / ((1 + height) / (1 - height)) - 1) < 0.1
    assert abs(days[5:].mean() / days[:5].mean() - 0.5) < 0.05
    assert abs(days[:5].mean() / (4 * FINE.trades_per_day) - 1) < 0.05


def test_regimes_last_as_long_and_are_as_wild_as_stated() -> None:
    states = (
        Regime(name="calm", volatility=0.5, mean_minutes=300.0),
        Regime(name="wild", volatility=2.0, activity=3.0),
    )
    days = 20
    draw = np.random.Generator(np.random.PCG64(24))
    chain = regimes((*states, Regime(name="normal", mean_minutes=100.0)), 400_000, draw)
    changes = np.flatnonzero(np.diff(chain)) + 1
    lengths, state = np.diff(changes), chain[changes[:-1]]
    assert [round(float(lengths[state == n].mean()) / mean, 0) for n, mean in enumerate((300, 720, 100))] == [1, 1, 1]

    world = World(markets=(FINE,), regimes=states, rhythm=FLAT, garch=Garch(alpha=0.0, beta=0.0))
    made = simulate(world, START, days, 24)["FINE"]
    hourly = returns(made, days)[: 60 * (24 * days - 1)].reshape(-1, 60).std(axis=1) * 1440**0.5
    wild = hourly > FINE.daily_volatility
    assert abs(np.median(hourly[wild]) / np.median(hourly[~wild]) - 4) < 0.5
    ts = (made.trades["ts_event"].to_numpy() - parse_time(START)) // UNITS["h"]
    counts = np.bincount(ts, minlength=24 * days)[:-1]
    assert abs(np.median(counts[wild]) / np.median(counts[~wild]) - 3) < 0.3


def test_outages_are_as_many_and_as_long_as_stated() -> None:
    world = World(markets=(FINE,), outages=Outages(count=200, mean_minutes=20.0))
    gaps = np.array(simulate(world, START, 10, 25)["FINE"].outages)

    assert len(gaps) == 200 and abs((gaps[:, 1] - gaps[:, 0]).mean() / (20 * MINUTE) - 1) < 0.2
    assert (gaps[1:, 0] - gaps[:-1, 1] >= MINUTE).all()


def test_jumps_are_as_many_as_stated() -> None:
    world = World(markets=(FINE,), regimes=STEADY, rhythm=FLAT, jumps=Jumps(per_day=10.0, size=0.05))
    steps = returns(simulate(world, START, 20, 26)["FINE"], 20)

    # 92 in 100 jumps of deviation 5 % are above 0.5 %, six deviations of a minute without one.
    assert abs(np.count_nonzero(np.abs(steps) > 0.005) / (200 * 0.92) - 1) < 0.2


def test_ten_days_of_two_instruments_take_seconds() -> None:
    begun = time.perf_counter()
    made = simulate(WORLDS["plain"], START, 10, 27)

    assert time.perf_counter() - begun < 15
    assert 30_000 < made["FINE"].trades.num_rows < 55_000 and 150_000 < made["FINE"].quotes.num_rows < 260_000


def changed(**settings: Any) -> World:
    return msgspec.structs.replace(WORLDS["plain"], **settings)


@pytest.mark.parametrize(
    ("world", "said"),
    [
        (lambda: changed(markets=()), "markets: expected at least one"),
        (lambda: changed(markets=(FINE, FINE)), "each instrument once"),
        (lambda: changed(markets=(market("A", price=-1.0),)), "A: expected positive price"),
        (lambda: changed(markets=(market("A", tick=Decimal("0.5")),)), "tick of A: .*multiple of 1e-0, found '0.5'"),
        (lambda: changed(markets=(market("A", price=30.0),)), "a price of at least"),
        (lambda: changed(regimes=()), "regimes: expected at least one"),
        (lambda: changed(garch=Garch(alpha=0.2, beta=0.8)), "garch: expected .* below 1"),
        (lambda: changed(correlation=1.0), "correlation: expected a positive definite matrix"),
        (lambda: changed(correlation=((1.0, 0.5),)), "a symmetric 2 x 2 matrix"),
        (lambda: changed(outages=Outages(count=1000)), "outages that fit into the days"),
        (lambda: changed(jumps=Jumps(per_day=-1.0)), "jumps.per_day"),
        (lambda: changed(latency=-1), "latency: expected"),
        (lambda: changed(edge=1.0), "edge: expected a correlation between"),
        (lambda: changed(edge=0.95), "edge: expected at most 0.*found 0.95; lower it"),
    ],
)
def test_a_world_that_cannot_be_is_refused(world: Callable[[], World], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        simulate(world(), START, 1, 1)


@pytest.mark.parametrize(
    ("start", "days", "seed", "said"),
    [
        (START, 0, 1, "days: expected 1"),
        ("soon", 1, 1, "start: expected an ISO date"),
        ("2026-01-05T01:00", 1, 1, "start: expected the beginning"),
        (START, 1, -1, "seed: expected"),
    ],
)
def test_a_time_or_seed_that_cannot_be_is_refused(start: str, days: int, seed: int, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        simulate(WORLDS["plain"], start, days, seed)
