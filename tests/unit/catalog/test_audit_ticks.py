from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from helios_engine.catalog.audit import all_gaps, audit
from helios_engine.catalog.audit.findings import latest
from helios_engine.catalog.manifest import Issue
from helios_engine.timeframe import UNITS
from tests.unit.catalog.audit_rows import (
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    START,
    book,
    found,
    quotes,
    stored,
    trades,
    without,
)

RECEIVED = 20 * UNITS["ms"]
BID, ASK = 1, -1


def brief(issues: list[Issue]) -> list[tuple[str, str, float]]:
    """Kind, severity, and the seconds from the start at which an issue begins."""
    return [(i.kind, i.severity, (i.ts_from - RECEIVED - START) / SECOND) for i in issues]


def changed(columns: dict[str, Any], at: int, **values: Any) -> dict[str, Any]:
    for name, value in values.items():
        columns[name][at] = value
    return columns


def with_ids(columns: dict[str, Any], ids: list[Any]) -> dict[str, Any]:
    return {**columns, "trade_id": pa.array(ids, pa.string())}


@pytest.mark.parametrize(("kind", "rows"), [("trades", trades(3000)), ("quotes", quotes(3000))])
def test_clean_ticks_have_no_findings(tmp_path: Path, kind: str, rows: dict[str, Any]) -> None:
    assert found(tmp_path, kind, rows) == []


def test_a_silence_is_a_gap_only_beside_what_is_usual(tmp_path: Path) -> None:
    late = trades(100)
    for name in ("ts", "ts_event"):
        late[name][60:] += 11 * MINUTE
    polled = trades(100, wait=20 * MINUTE)

    (issue,) = found(tmp_path / "a", "trades", late)

    assert (issue.kind, issue.severity, issue.missing) == ("gap", "warn", 11 * MINUTE + SECOND)
    assert (issue.ts_from, issue.ts_to) == (late["ts"][59], late["ts"][60])
    assert found(tmp_path / "b", "trades", polled) == []
    (gap,) = all_gaps(stored(tmp_path / "a", "trades", late))
    assert gap[:2] == (issue.ts_from, issue.ts_to)


def test_a_whole_day_of_silence_is_a_gap_whatever_was_before(tmp_path: Path) -> None:
    columns = trades(3)
    for name in ("ts", "ts_event"):
        columns[name][1:] += 25 * HOUR

    assert [i.kind for i in found(tmp_path, "trades", columns)] == ["gap"]


def test_rows_received_before_they_were_made_are_an_error(tmp_path: Path) -> None:
    columns = trades()
    columns["ts_event"] = columns["ts_event"] + 1_270 * UNITS["ms"]

    issues = found(tmp_path, "trades", columns)

    assert [i.kind for i in issues] == ["latency"] * 6
    assert issues[0].detail == "received 1,250.000 ms before the venue made it; import again with --clock-offset"
    assert issues[-1].detail.startswith("95 more rows received before the venue made them on")


@pytest.mark.parametrize(
    ("values", "kind", "severity"),
    [
        ({"ts_event": START - 2 * HOUR}, "late", "warn"),
        ({"price": 0}, "impossible", "error"),
        ({"quantity": 0}, "impossible", "error"),
        ({"quantity": 500_000}, "volume_outlier", "info"),
        ({"price": 12_500}, "jump", "warn"),
    ],
)
def test_a_strange_trade_is_found_where_it_is(tmp_path: Path, values: Any, kind: str, severity: str) -> None:
    issues = found(tmp_path, "trades", changed(trades(), 60, **values))

    assert (kind, severity, 60.0) in brief(issues)
    assert {i.kind for i in issues} <= {kind, "jump"}


def test_a_price_that_jumps_and_comes_straight_back_is_a_spike(tmp_path: Path) -> None:
    there, back = found(tmp_path, "trades", changed(trades(), 60, price=12_500))

    assert (there.state, back.state) == ("quarantined", "quarantined")
    assert back.ts_from == there.ts_from + SECOND
    assert "the price moves by -20" in back.detail and "the row before is a spike" in back.detail


def test_trades_that_are_missing_by_their_ids_are_told(tmp_path: Path) -> None:
    (issue,) = found(tmp_path, "trades", without(trades(), 70, 71, 72))

    assert brief([issue]) == [("missing_trades", "warn", 69.0)]
    assert issue.detail == "3 trades missing before id 1073"


def test_ids_of_a_venue_that_counts_its_markets_together_say_nothing(tmp_path: Path) -> None:
    columns = trades()
    ids = np.cumsum(np.random.default_rng(1).integers(1, 5, 100))

    assert found(tmp_path, "trades", with_ids(columns, [str(i) for i in ids])) == []


def test_a_chunk_of_trades_that_comes_twice_is_told(tmp_path: Path) -> None:
    ids = [*range(1000, 1080), *range(1060, 1080)]

    issues = found(tmp_path, "trades", with_ids(trades(), [str(i) for i in ids]))

    assert brief(issues) == [("duplicate", "warn", 80.0 + n) for n in range(6)]
    assert issues[-1].detail == "15 more trades whose id was there before on 2024-10-04"


@pytest.mark.parametrize("name", ["b3a1-x", "123456789012345678"])
def test_an_id_that_is_no_small_number_is_still_seen_twice(tmp_path: Path, name: str) -> None:
    ids = [f"{name}{n}" for n in range(100)]
    ids[61] = ids[60]

    assert brief(found(tmp_path, "trades", with_ids(trades(), ids))) == [("duplicate", "warn", 61.0)]


def test_the_same_trade_twice_without_ids_is_worth_a_word(tmp_path: Path) -> None:
    columns = with_ids(trades(), [None] * 100)
    for name in ("ts", "ts_event", "price", "quantity", "side"):
        columns[name][41] = columns[name][40]

    assert brief(found(tmp_path, "trades", columns)) == [("duplicate", "info", 40.0)]


def test_rows_that_fall_back_in_time_are_an_error(tmp_path: Path) -> None:
    columns = changed(trades(), 50, ts=START + 40 * SECOND, ts_event=START + 40 * SECOND)

    assert ("order", "error") in [(i.kind, i.severity) for i in found(tmp_path, "trades", columns)]


def test_crossed_quotes_are_told_at_once_and_whole_when_they_have_ended(tmp_path: Path) -> None:
    columns = quotes()
    columns["bid"][40:43] = columns["ask"][40:43] + 1
    columns["bid"][60] = columns["ask"][60]

    issues = found(tmp_path, "quotes", columns)

    assert brief(issues) == [("crossed", "error", 40.0), ("crossed", "error", 40.0), ("locked", "info", 60.0)]
    whole = latest(issues)[0]
    assert (whole.ts_from, whole.ts_to) == (columns["ts"][40], columns["ts"][43] + 1)
    assert whole.detail.startswith("3 quotes with the bid above the ask from 2024-10-04T00:00:40.020Z to")


def test_strange_and_missing_funding_is_told(tmp_path: Path) -> None:
    ts = START + np.arange(30, dtype=np.int64) * 8 * HOUR
    columns = without({"ts": ts, "ts_event": ts, "rate": np.zeros(30, np.int64)}, 20)
    rates = columns["rate"].to_numpy().copy()
    rates[10] = -9
    dataset = stored(tmp_path, "funding", {**columns, "rate": rates})

    issues = audit(dataset, NOW)

    assert [(i.kind, (i.ts_from - START) // HOUR) for i in issues] == [("rate", 80), ("gap", 152)]
    assert issues[0].detail == "rate -90.00%"


SNAPSHOT = (0, True, [(BID, 100, 5), (BID, 99, 5), (ASK, 101, 5), (ASK, 102, 5)])


def test_a_book_that_holds_together_has_no_findings(tmp_path: Path) -> None:
    moves = [(n, False, [(ASK, 101, n % 2), (BID, 98, n)]) for n in range(1, 50)]

    assert found(tmp_path, "books", book(SNAPSHOT, *moves)) == []


def test_a_crossed_book_is_told_until_the_message_that_uncrosses_it(tmp_path: Path) -> None:
    columns = book(
        SNAPSHOT, (1, False, [(BID, 101, 3)]), (2, False, [(BID, 90, 1)]), (3, False, [(ASK, 101, 0)]), (9, False, [])
    )

    issues = latest(found(tmp_path, "books", columns))

    assert [(i.kind, i.severity, i.ts_from - START, i.ts_to - START) for i in issues] == [
        ("crossed", "error", SECOND, 3 * SECOND + 1)
    ]
    assert issues[0].detail.startswith("2 messages with the best bid at or above the best ask from")


def test_a_message_is_looked_at_whole(tmp_path: Path) -> None:
    columns = book(SNAPSHOT, (1, False, [(BID, 101, 3), (ASK, 101, 0)]))

    assert found(tmp_path, "books", columns) == []


def test_a_book_without_a_snapshot_or_with_a_falling_sequence_is_told(tmp_path: Path) -> None:
    columns = book((0, False, [(BID, 100, 1)]), SNAPSHOT, (5, False, [(BID, 99, 1)]), (6, False, [(BID, 98, 1)]))
    columns["sequence"][-1] = 0

    issues = found(tmp_path, "books", columns)

    assert [(i.kind, i.ts_from - START) for i in issues] == [("no_snapshot", 0), ("sequence", 6 * SECOND)]


def test_a_hole_in_a_book_is_a_gap(tmp_path: Path) -> None:
    moves = [(n if n < 30 else n + 3600, False, [(BID, 98, n)]) for n in range(1, 50)]

    (issue,) = found(tmp_path, "books", book(SNAPSHOT, *moves))

    assert (issue.kind, issue.missing) == ("gap", 3601 * SECOND)
