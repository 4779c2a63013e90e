from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import CancelIntent, OrderIntent, Print, Trade
from helios_engine.errors import ConfigError, DataError
from helios_engine.nautilus.flight import Flight
from helios_engine.nautilus.models.latency import Constant, Jittered, Latency, Recorded
from helios_engine.nautilus.models.measured import read_latencies
from helios_engine.nautilus.plugin import sim_venue
from tests.unit.nautilus.models.tapes import RICH, limit
from tests.unit.nautilus.scenarios import BTC

MS = 1_000_000
models: st.SearchStrategy[Latency] = st.one_of(
    st.builds(Constant, st.integers(1, 500)),
    st.builds(Jittered, st.integers(1, 500), st.integers(0, 900), st.integers(0, 99)),
    st.builds(Recorded, st.lists(st.integers(1, 900), min_size=1).map(tuple), st.integers()),
)


def at(ts: int) -> Trade:
    return Trade(BTC.instrument, ts, 1000.0, 1.0, "BUY", "")


def test_commands_arrive_after_their_way_and_none_overtakes_another() -> None:
    flight = Flight(Recorded((100, 5), seed=7))
    ways = [Recorded((100, 5), seed=7).delay(ts, "OrderIntent", str(ts)) for ts in (10, 20, 30)]
    for ts in (10, 20, 30):
        flight.send(ts, limit(str(ts), "BUY", "1", 1000))

    assert ways == [100, 5, 5]  # the second and third would be there at 25 and 35, the first is at 110
    assert flight.due(109, at(109)) == []
    assert [command.id for command in flight.due(110, at(110))] == ["10", "20", "30"]


@given(models, st.lists(st.integers(0, 400), min_size=1, max_size=20), st.lists(st.integers(1, 300), max_size=40))
def test_the_order_of_commands_is_kept_and_no_way_is_shorter_than_the_models(
    model: Latency, gaps: list[int], steps: list[int]
) -> None:
    flight, sent, ts = Flight(model), {}, 1
    for number, gap in enumerate(gaps):
        ts += gap
        flight.send(ts, limit(str(number), "BUY", "1", 1000))
        sent[str(number)] = ts
    arrived, now = [], 1
    for step in [*steps, ts + 10_000]:
        now += step
        for command in flight.due(now, at(now)):
            arrived.append(command.id)
            assert now >= sent[command.id] + model.delay(sent[command.id], "OrderIntent", command.id)

    assert arrived == sorted(sent, key=int)


@given(models, st.integers(1, 10**6), st.text(max_size=5))
def test_a_way_depends_on_its_command_alone_and_is_never_nothing(model: Latency, ts: int, order: str) -> None:
    first = model.delay(ts, "OrderIntent", order)
    for other in range(5):
        model.delay(other, "CancelIntent", "unrelated")

    assert first == model.delay(ts, "OrderIntent", order) >= 1


def test_jitter_is_spread_evenly_up_to_its_bound() -> None:
    found = [Jittered(1000, 9, 1).delay(ts, "OrderIntent", "a") - 1000 for ts in range(4000)]

    assert set(found) == set(range(10))
    assert all(300 < found.count(extra) < 500 for extra in range(10))


def test_with_bars_an_order_meets_the_next_open_whatever_its_way() -> None:
    flight = Flight(Recorded((10**15,), seed=0))
    flight.note(Print(BTC.instrument, 99, 1000.0, 1.0, "close"))
    flight.send(100, OrderIntent("1", BTC.instrument, "BUY", Decimal(1)))
    flight.send(100, CancelIntent("1", BTC.instrument))

    assert len(flight.due(101, Print(BTC.instrument, 101, 1000.0, 1.0, "open"))) == 2


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_measured_latencies_are_read_and_pinned(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"measured.{suffix}"
    if suffix == "csv":
        path.write_text("sent,latency_ns\n1,250000\n2,90000000\n")
    else:
        pq.write_table(pa.table({"latency_ns": [250_000, 90 * MS]}), path)
    before = read_latencies(path)

    venue = sim_venue(RICH, latency_file=path)

    assert before.values == (250_000, 90 * MS)
    assert venue.pins() == {"latency_file": before.digest}  # type: ignore[attr-defined]
    told = venue.models()["latency"]  # type: ignore[attr-defined]
    assert told.startswith(f"drawn from 2 measured, median 90ms, file {before.digest[:12]}")
    path.write_text("latency_ns\n250001\n")
    assert read_latencies(path).digest != before.digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("latency_ms\n5\n", r"expected whole nanoseconds in a column latency_ns, found latency_ms \(int64\)"),
        ("latency_ns\n5.5\n", r"found latency_ns \(double\)"),
        ("latency_ns\n5\n0\n", "row 2 has latency_ns = 0"),
        ("latency_ns,x\n5,1\n,1\n", "row 2 has latency_ns = None"),
        ("latency_ns\n", "found latency_ns"),
        ("", "neither Parquet nor CSV"),
        ("PAR1", "neither Parquet nor CSV"),
    ],
)
def test_what_cannot_be_a_latency_is_refused_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "measured.csv"
    path.write_text(text)

    with pytest.raises(DataError, match=said):
        read_latencies(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file .*nowhere.csv"):
        sim_venue(RICH, latency_file=tmp_path / "nowhere.csv")
