from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from helios_engine.catalog.audit import all_gaps, audit
from helios_engine.catalog.audit.findings import SINGLY, latest
from helios_engine.catalog.manifest import Issue
from helios_engine.timeframe import DAY
from tests.unit.catalog.audit_rows import HOUR, MINUTE, NOW, START, bars, found, stored, without


def hour(number: int) -> int:
    return START + number * HOUR


def brief(issues: list[Issue]) -> list[tuple[str, str, int, int]]:
    """Kind, severity, and the hours from the start at which an issue begins and is known."""
    return [(i.kind, i.severity, (i.ts_from - START) // HOUR, (i.ts_to - START) // HOUR) for i in issues]


def changed(rows: int = 100, at: int = 60, **values: Any) -> dict[str, Any]:
    columns = bars(rows)
    for name, value in values.items():
        columns[name][at] = value
    return columns


def test_clean_bars_have_no_findings(tmp_path: Path) -> None:
    assert found(tmp_path, "bars", bars(2000), "1h") == []


def test_a_gap_is_told_with_its_exact_range_when_the_next_bar_is_known(tmp_path: Path) -> None:
    (issue,) = found(tmp_path, "bars", without(bars(), 10, 11, 12), "1h")

    assert brief([issue]) == [("gap", "warn", 10, 14)]
    assert issue.missing == 3 * HOUR
    assert issue.detail == "3 bars missing from 2024-10-04T10:00:00Z to 2024-10-04T13:00:00Z"


def test_many_gaps_of_a_day_are_told_together_but_long_ones_by_themselves(tmp_path: Path) -> None:
    rows = [10 * n for n in range(1, 31)]
    dataset = stored(tmp_path, "bars", without(bars(1440, "1m"), *rows, *range(400, 500)), "1m")

    issues = audit(dataset, NOW)

    assert [i.missing // MINUTE for i in issues] == [1] * SINGLY + [25, 100]
    rest = issues[-2]
    assert rest.detail == "25 more gaps on 2024-10-04, 1,500 s in all"
    assert (rest.ts_from, rest.ts_to) == (START + 60 * MINUTE, START + DAY)
    spans = [((g.begin - START) // MINUTE, (g.end - START) // MINUTE, g.bars) for g in all_gaps(dataset)]
    assert spans == [(row, row + 1, 1) for row in rows] + [(400, 500, 100)]


def test_a_second_bar_of_one_time_is_an_error(tmp_path: Path) -> None:
    columns = bars()
    for name in ("ts", "ts_open", "ts_close"):
        columns[name][50] = columns[name][49]

    issues = found(tmp_path, "bars", columns, "1h")

    assert brief(issues) == [("duplicate", "error", 49, 50), ("gap", "warn", 50, 52)]


def test_a_bar_that_falls_back_in_time_is_an_error(tmp_path: Path) -> None:
    columns = bars(20)
    for name in ("ts", "ts_open", "ts_close"):
        columns[name][10] -= 3 * HOUR

    issues = [i for i in found(tmp_path, "bars", columns, "1h") if i.kind == "order"]

    assert brief(issues) == [("order", "error", 7, 10)]


@pytest.mark.parametrize(
    ("values", "kind", "severity"),
    [
        ({"low": 10_100, "high": 10_000}, "ohlc", "error"),
        ({"low": 0}, "ohlc", "error"),
        ({"low": -5}, "ohlc", "error"),
        ({"volume": -1}, "ohlc", "error"),
        ({"open": 10_200, "high": 10_100}, "ohlc", "info"),
        ({"close": 9_800, "low": 9_900, "high": 10_100}, "ohlc", "info"),
        ({"volume": 500_000}, "volume_outlier", "info"),
        ({"volume": 2**53 + 1}, "inexact", "info"),
        ({"ts_open": START + 60 * HOUR + 1}, "grid", "error"),
        ({"ts_close": START + 62 * HOUR, "ts": START + 62 * HOUR}, "grid", "error"),
        ({"ts": START + 61 * HOUR - 1}, "look_ahead", "error"),
    ],
)
def test_a_bar_that_cannot_be_is_found_where_it_is(tmp_path: Path, values: Any, kind: str, severity: str) -> None:
    issues = found(tmp_path, "bars", changed(**values), "1h")

    mine = [i for i in issues if i.kind == kind]
    assert [(i.severity, i.ts_from) for i in mine] == [(severity, values.get("ts_open", hour(60)))]
    assert all(hour(61) <= i.ts_to <= hour(62) for i in mine)


def test_bars_of_the_future_are_an_error(tmp_path: Path) -> None:
    dataset = stored(tmp_path, "bars", bars(10), "1h")

    assert brief(audit(dataset, hour(9))) == [("future", "error", 9, 10)]


def test_a_jump_is_quarantined_and_nothing_is_removed(tmp_path: Path) -> None:
    columns = bars()
    for name in ("open", "high", "low", "close"):
        columns[name][60:] = columns[name][60:] * 13 // 10
    dataset = stored(tmp_path, "bars", columns, "1h")

    (issue,) = audit(dataset, NOW)

    assert (issue.kind, issue.state, issue.ts_from, issue.ts_to) == ("jump", "quarantined", hour(60), hour(61))
    assert "the close moves by +29.7%" in issue.detail and "spike" not in issue.detail
    assert dataset.table()["close"].to_pylist() == columns["close"].tolist()


def test_a_jump_straight_back_is_called_a_spike_by_the_bar_that_shows_it(tmp_path: Path) -> None:
    columns = changed()
    for name in ("open", "high", "low", "close"):
        columns[name][60] = columns[name][60] * 5 // 4

    there, back = found(tmp_path, "bars", columns, "1h")

    assert (there.ts_from, back.ts_from) == (hour(60), hour(61))
    assert "spike" not in there.detail
    assert "straight back: the bar before is a spike" in back.detail


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"high": 14_000}, "the high at .*, 1400, stands"),
        ({"low": 7_000}, "the low at .*, 700, stands -29"),
        ({"open": 13_000, "high": 13_000}, "the open at .* is 1300, .* and the close is back: a spike"),
    ],
)
def test_a_spike_within_a_bar_is_quarantined(tmp_path: Path, values: Any, said: str) -> None:
    (issue,) = found(tmp_path, "bars", changed(**values), "1h")

    assert issue.state == "quarantined"
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(issue.detail)


def test_silence_is_told_when_it_has_lasted_and_again_whole_when_it_has_ended(tmp_path: Path) -> None:
    columns = bars(400)
    columns["volume"][100:225] = 0
    columns["volume"][300:309] = 0

    issues = found(tmp_path, "bars", columns, "1h")

    assert brief(issues) == [
        ("zero_volume", "info", 100, 110), ("zero_volume", "info", 100, 200), ("zero_volume", "info", 100, 226)
    ]  # fmt: skip
    assert issues[0].detail.startswith("10 bars in a row without volume so far from")
    assert issues[2].detail == "125 bars in a row without volume from 2024-10-08T04:00:00Z to 2024-10-13T09:00:00Z"
    assert latest(issues) == issues[2:]


def test_quarantine_that_somebody_confirmed_stays_confirmed(tmp_path: Path) -> None:
    dataset = stored(tmp_path, "bars", changed(high=14_000), "1h")
    (issue,) = audit(dataset, NOW)
    dataset.note([msgspec.structs.replace(issue, state="confirmed")])

    assert [i.state for i in audit(dataset, NOW)] == ["confirmed"]


def test_what_imports_and_repairs_noted_is_kept(tmp_path: Path) -> None:
    dataset = stored(tmp_path, "bars", bars(), "1h")
    noted = Issue(kind="duplicate", severity="info", ts_from=1, ts_to=2, detail="left out", origin="import")
    dataset.note([noted, Issue(kind="gap", severity="warn", ts_from=1, ts_to=2, detail="an old finding")])

    assert audit(dataset, NOW) == [noted]


def test_block_borders_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = bars(1500)
    columns["volume"][700:760] = 0
    columns["volume"][[900, 1023]] *= 1000
    for row in (5, 399, 512, 1024):
        columns["close"][row] = columns["high"][row] = 20_000
    dataset = stored(tmp_path, "bars", without(columns, 600, 601, 1100), "1h")
    whole = audit(dataset, NOW)

    for rows in (1, 7, 100, 401):
        from helios_engine.catalog.audit import bars as module
        from helios_engine.catalog.audit.scan import scan

        monkeypatch.setattr(
            module, "scan", lambda dataset, columns, memory=1, rows=rows: scan(dataset, columns, memory, rows)
        )
        assert audit(dataset, NOW) == whole
    assert {i.kind for i in whole} == {"gap", "jump", "zero_volume", "volume_outlier"}
    assert np.all([i.ts_to > i.ts_from for i in whole])
