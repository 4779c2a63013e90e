from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import click.testing
import msgspec
import numpy as np
import pyarrow as pa
import pytest

from helios_engine.bodies import Instrument
from helios_engine.catalog.audit.result import Checked, score
from helios_engine.catalog.audit.score import DayScore, day_scores, total_score
from helios_engine.catalog.audit.triangle import check_triangle, triangles
from helios_engine.catalog.checking import check, confirm
from helios_engine.catalog.importers.contract import Ask
from helios_engine.catalog.importers.run import import_paths
from helios_engine.catalog.manifest import Issue, Manifest, Part
from helios_engine.catalog.store import Catalog
from helios_engine.catalog.tables import SCHEMAS
from helios_engine.cli.data_check import check as command
from helios_engine.cli.data_check import finding
from helios_engine.errors import ConfigError, DataError
from helios_engine.plugins import Plugins
from helios_engine.timeframe import DAY
from tests.unit.catalog.audit_rows import HOUR, NOW, START, bars, stored, trades, without

REAL = os.environ.get("HELIOS_REAL_DATA")
real = pytest.mark.skipif(REAL is None, reason="needs HELIOS_REAL_DATA, the folder of real market data")


def run(*arguments: Any) -> tuple[int, str]:
    """Exit code and output of the command."""
    runner = click.testing.CliRunner()
    done = runner.invoke(command, [str(a) for a in arguments], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.return_value, done.stdout


def manifest(days: float = 3) -> Manifest:
    part = Part(name="x", sha256="", rows=1, first=START + HOUR, last=START + round(days * DAY))
    return Manifest(kind="bars", name="A.B", timeframe="1h", parts=(part,))


def issue(begin: int, end: int, **more: Any) -> Issue:
    return Issue(
        **{"kind": "x", "severity": "warn", "ts_from": START + begin * HOUR, "ts_to": START + end * HOUR, "detail": ""}
        | more
    )


def scores(*issues: Issue, days: float = 3) -> list[float]:
    return [round(day.score, 6) for day in day_scores(manifest(days), issues)]


def test_days_without_findings_have_a_hundred_points() -> None:
    found = day_scores(manifest(2.5), [])

    assert [(day.day, day.length, day.score) for day in found] == [
        (START, DAY, 100.0), (START + DAY, DAY, 100.0), (START + 2 * DAY, DAY // 2, 100.0)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (issue(18, 31, kind="gap", missing=12 * HOUR), [75, 75, 100]),
        (issue(0, 24, state="filled"), [50, 100, 100]),
        (issue(0, 24, state="filled", severity="info"), [50, 100, 100]),
        (issue(24, 30, state="quarantined"), [100, 73, 100]),
        (issue(24, 30, state="confirmed"), [100, 100, 100]),
        (issue(30, 31), [100, 98, 100]),
        (issue(30, 31, severity="error"), [100, 70, 100]),
        (issue(0, 72, severity="error"), [70, 70, 70]),
        (issue(30, 31, severity="info"), [100, 100, 100]),
        (issue(-99, 999, kind="gap", missing=999 * HOUR), [0, 0, 0]),
        (issue(24, 48, kind="damaged", severity="error", missing=DAY), [100, 0, 100]),
    ],
)
def test_the_score_of_a_day_follows_the_stated_formula(found: Issue, expected: list[float]) -> None:
    assert scores(found) == expected


def test_quarantine_that_overlaps_counts_once_and_a_score_is_never_negative() -> None:
    assert scores(*[issue(24, 30, state="quarantined", detail=str(n)) for n in range(3)])[1] == 69
    assert scores(*[issue(30, 31, severity="error", detail=str(n)) for n in range(9)])[1] == 0


def test_the_score_of_a_data_set_is_the_mean_of_its_days_by_length() -> None:
    days = [DayScore(day=0, length=DAY, score=100.0), DayScore(day=DAY, length=DAY // 4, score=50.0)]

    assert total_score(days) == pytest.approx(90)


def pair(catalog: Catalog, base: str, quote: str, close: Any, **changed: Any) -> None:
    columns = bars(len(close)) | {name: np.asarray(close) for name in ("open", "high", "low", "close")} | changed
    definition = Instrument(f"{base}{quote}.V", base, quote, 6, 2, tick=Decimal("0.000001"), lot=Decimal("0.01"))
    table = pa.table(columns).select(SCHEMAS["bars"].names).cast(SCHEMAS["bars"])
    catalog.write("bars", definition, table, timeframe="1h", replace=True)


def circle(tmp_path: Path, off: float = 0.0, rows: slice = slice(50, 57), **changed: Any) -> Catalog:
    catalog = Catalog(tmp_path)
    draw = np.random.default_rng(3)
    one, two = 2_000_000_000 + draw.integers(0, 10**7, 200), 50_000 + draw.integers(0, 500, 200)
    cross = np.round(one * (two / 10**6)).astype(np.int64)
    cross[rows] = np.round(cross[rows] * (1 + off)).astype(np.int64)
    pair(catalog, "ETH", "BTC", two)
    pair(catalog, "BTC", "USDT", one, **changed)
    pair(catalog, "ETH", "USDT", cross)
    pair(catalog, "LTC", "USDT", one)
    return catalog


def test_triangles_are_found_once_each(tmp_path: Path) -> None:
    assert [t.names for t in triangles(circle(tmp_path).datasets())] == [("ETHBTC.V", "BTCUSDT.V", "ETHUSDT.V")]


def test_pairs_that_agree_have_no_findings(tmp_path: Path) -> None:
    (triangle,) = triangles(circle(tmp_path).datasets())

    assert check_triangle(triangle) == []


def test_pairs_that_disagree_for_several_bars_are_told_with_the_exact_span(tmp_path: Path) -> None:
    (triangle,) = triangles(circle(tmp_path, 0.03).datasets())

    soon, whole = check_triangle(triangle)

    assert (soon.ts_from, soon.ts_to) == (START + 50 * HOUR, START + 53 * HOUR)
    assert (whole.ts_from, whole.ts_to) == (START + 50 * HOUR, START + 58 * HOUR)
    assert (whole.kind, whole.severity, whole.origin) == ("triangle", "warn", "triangle")
    assert whole.detail == (
        "ETHBTC.V times BTCUSDT.V is off ETHUSDT.V by up to 2.91% in 7 bars "
        "from 2024-10-06T02:00:00Z to 2024-10-06T09:00:00Z"
    )


@pytest.mark.parametrize("end", [40, 52, 53, 54, 57, 58, 59, 100])
def test_what_pairs_tell_follows_from_the_past(tmp_path: Path, end: int) -> None:
    catalog = circle(tmp_path / "whole", 0.03)
    until = START + end * HOUR
    part = Catalog(tmp_path / "part")
    for dataset in catalog.datasets():
        m = dataset.manifest
        assert m.instrument is not None
        part.write("bars", m.instrument, dataset.table(stop=until + 1), timeframe="1h")
    (whole,), (cut,) = triangles(catalog.datasets()), triangles(part.datasets())

    told = [[i for i in check_triangle(t) if i.ts_to <= until] for t in (whole, cut)]

    assert told[0] == told[1]
    assert len(told[0]) == (end >= 53) + (end >= 58)


def test_two_bars_and_bars_without_volume_say_nothing(tmp_path: Path) -> None:
    (triangle,) = triangles(circle(tmp_path / "a", 0.03, slice(50, 52)).datasets())
    assert check_triangle(triangle) == []

    volume = np.full(200, 5)
    volume[40:60] = 0
    (triangle,) = triangles(circle(tmp_path / "b", 0.03, volume=volume).datasets())
    assert check_triangle(triangle) == []


def test_a_check_tells_every_pair_of_the_triangle_and_forgets_it_when_it_is_mended(tmp_path: Path) -> None:
    found = check(circle(tmp_path, 0.03), now=NOW)
    assert {d.manifest.name: d.count("warn") for d in found.datasets} == {
        "ETHBTC.V": 1, "BTCUSDT.V": 1, "ETHUSDT.V": 1, "LTCUSDT.V": 0
    }  # fmt: skip
    only = check(Catalog(tmp_path), name="ETHBTC.V", now=NOW)
    assert [d.count("warn") for d in only.datasets] == [1]

    assert all(d.issues == [] for d in check(circle(tmp_path), now=NOW).datasets)


@real
@pytest.mark.real_data
def test_real_closes_make_a_triangle_and_a_shifted_leg_breaks_it(tmp_path: Path) -> None:
    importers = {n: offer.spec for n, offer in Plugins().offers("importer").items()}
    catalog = Catalog(tmp_path)
    folder = Path(str(REAL)) / "binance_klines_multi" / "1h"
    import_paths(catalog, [folder / f"{c}USDT-1h-2023.csv.gz" for c in ("BTC", "ETH")], importers, Ask())
    btc, eth = (catalog.dataset("bars", f"{coin}USDT.BINANCE", "1h") for coin in ("BTC", "ETH"))
    both = eth.table()
    ratio = both["close"].to_numpy() / btc.table()["close"].to_numpy()
    units = np.round(ratio * 10 ** (8 + btc.manifest.price_scale - eth.manifest.price_scale)).astype(np.int64)
    for shift in (0, 24):
        columns = {n: both[n].to_numpy() for n in both.column_names}
        columns |= {n: np.roll(units, shift) for n in ("open", "high", "low", "close")}
        definition = Instrument("ETHBTC.BINANCE", "ETH", "BTC", 8, 5, tick=Decimal(1).scaleb(-8), lot=Decimal("0.1"))
        table = pa.table(columns, schema=SCHEMAS["bars"])
        catalog.write("bars", definition, table, timeframe="1h", replace=True)

        (triangle,) = triangles(catalog.datasets())
        assert bool(check_triangle(triangle)) == bool(shift)


def test_a_clean_catalog_is_sound(tmp_path: Path) -> None:
    stored(tmp_path, "bars", bars(), "1h")
    stored(tmp_path, "trades", trades())

    code, output = run("--catalog", tmp_path)

    assert code == 0
    assert output.splitlines()[-1] == "sound"
    assert "100.00" in output


def test_warnings_leave_the_exit_code_and_are_shown_with_exact_spans(tmp_path: Path) -> None:
    stored(tmp_path, "bars", without(bars(), 10, 11, 40), "1h")

    code, output = run("--catalog", tmp_path, "--gaps", tmp_path / "gaps.csv")

    assert code == 0
    assert "gap@2024-10-04T10:00:00Z … 2024-10-04T13:00:00Z  2 bars missing from 2024-10-04T10:00:00Z to" in output
    assert "worst days: 2024-10-04 91.7 · 2024-10-05 95.8" in output
    assert (tmp_path / "gaps.csv").read_text().splitlines() == [
        "kind,name,timeframe,from,to,seconds,bars",
        "bars,BTCZAR.VALR,1h,2024-10-04T10:00:00Z,2024-10-04T12:00:00Z,7200,2",
        "bars,BTCZAR.VALR,1h,2024-10-05T16:00:00Z,2024-10-05T17:00:00Z,3600,1",
    ]


def test_findings_are_capped_and_all_of_them_are_shown_on_request(tmp_path: Path) -> None:
    stored(tmp_path, "bars", without(bars(400), *range(5, 395, 5)), "1h")

    assert "… and 48 more; --all shows them" in run("--catalog", tmp_path)[1]
    assert run("--catalog", tmp_path, "--all")[1].count("gap@") == 78


def jumping(tmp_path: Path) -> Catalog:
    columns = bars()
    for row in (30, 60):
        columns["high"][row] = 20_000
    stored(tmp_path, "bars", columns, "1h")
    return Catalog(tmp_path)


def test_quarantine_waits_for_somebody(tmp_path: Path) -> None:
    jumping(tmp_path)
    first, second = "jump@2024-10-05T06:00:00Z", "jump@2024-10-06T12:30:00Z"

    assert run("--catalog", tmp_path)[0] == 1
    code, output = run("--catalog", tmp_path, "--confirm", first)
    assert (code, output.count("[confirmed]"), output.count("[quarantined]")) == (1, 1, 1)
    assert run("--catalog", tmp_path, "--confirm", second)[0] == 0
    assert run("--catalog", tmp_path)[0] == 0
    with pytest.raises(ConfigError, match="nothing in quarantine is jump@.*; there are: none"):
        run("--catalog", tmp_path, "--confirm", first)


def test_nothing_is_confirmed_if_one_is_not_meant(tmp_path: Path) -> None:
    catalog = jumping(tmp_path)
    check(catalog, now=NOW)
    (dataset,) = catalog.datasets()

    with pytest.raises(
        ConfigError, match="nothing in quarantine is gap@2024-10-04T00:00:00Z; there are: jump@2024-10-06T12:00:00Z"
    ):
        confirm(dataset, [("jump", START + 30 * HOUR), ("gap", START)])
    assert all(i.state == "quarantined" for i in catalog.datasets()[0].manifest.issues)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jump@2024-10-04T00:00:01Z", ("jump", START + 10**9)),
        ("jump@2024-10-04T00:00:01", ("jump", START + 10**9)),
        ("jump@2024-10-04T00:00:01.123456789Z", ("jump", START + 1_123_456_789)),
        ("jump@2024-10-04T02:00:01+02:00", ("jump", START + 10**9)),
        (f"jump@{START + 5}", ("jump", START + 5)),
    ],
)
def test_a_finding_is_named_by_kind_and_time(text: str, expected: tuple[str, int]) -> None:
    assert finding(text) == expected


@pytest.mark.parametrize("text", ["jump", "@2024-10-04", "jump@yesterday", "jump@2024-10-04T00:00:00.1x"])
def test_what_names_no_finding_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected KIND@TIME such as"):
        finding(text)


def test_confirming_needs_one_data_set(tmp_path: Path) -> None:
    jumping(tmp_path)
    stored(tmp_path, "trades", trades())

    with pytest.raises(ConfigError, match="--confirm is for one data set; name it"):
        run("--catalog", tmp_path, "--confirm", "jump@2024-10-05T06:00:00Z")
    assert run("--catalog", tmp_path, "--kind", "bars", "--confirm", "jump@2024-10-05T06:00:00Z")[0] == 1


@pytest.mark.parametrize("how", ["cut", "flipped", "gone"])
def test_a_damaged_file_is_an_error_and_the_others_are_checked(tmp_path: Path, how: str) -> None:
    dataset = stored(tmp_path, "bars", without(bars(3 * 5760, "15s"), 10, 11), "15s")
    victim = tmp_path / "bars" / "BTCZAR.VALR" / "15s" / dataset.manifest.parts[1].name
    content = victim.read_bytes()
    if how == "gone":
        victim.unlink()
    else:
        victim.write_bytes(content[:-9] if how == "cut" else content[:500] + bytes([content[500] ^ 1]) + content[501:])

    found = check(Catalog(tmp_path), now=NOW)

    (checked,) = found.datasets
    assert found.exit_code == 1
    damage = [i for i in checked.issues if i.kind == "damaged"]
    assert len(damage) == 1 and victim.name in damage[0].detail and damage[0].severity == "error"
    assert any(i.detail.startswith("2 bars missing") for i in checked.issues)
    assert checked.days[1].score == 0
    assert run("--catalog", tmp_path, "--gaps", tmp_path / "g.csv")[0] == 1

    victim.write_bytes(content)
    assert "damaged" not in {i.kind for i in check(Catalog(tmp_path), now=NOW).datasets[0].issues}


def test_a_data_set_that_cannot_be_read_is_named_and_the_others_are_checked(tmp_path: Path) -> None:
    stored(tmp_path, "bars", bars(), "1h")
    stored(tmp_path, "trades", trades())
    (tmp_path / "trades" / "BTCZAR.VALR" / "manifest.json").write_text("{")

    code, output = run("--catalog", tmp_path)

    assert code == 3
    assert "UNREADABLE" in output and "not a readable manifest" in output
    assert "bars BTCZAR.VALR 1h" in output


def test_what_is_not_there_is_said_with_what_is(tmp_path: Path) -> None:
    stored(tmp_path, "bars", bars(), "1h")

    with pytest.raises(DataError, match="no trades XX in the catalog .*; there are: bars BTCZAR.VALR 1h"):
        run("--catalog", tmp_path, "--kind", "trades", "XX")


def test_json_tells_scores_days_and_findings(tmp_path: Path) -> None:
    stored(tmp_path, "bars", without(bars(), 10), "1h")

    code, output = run("--catalog", tmp_path, "--json")

    told = json.loads(output)
    (dataset,) = told["datasets"]
    assert (told["exit_code"], code, told["unreadable"]) == (0, 0, [])
    assert dataset["findings"] == {"error": 0, "warn": 1, "info": 0, "quarantined": 0}
    assert dataset["days"][0]["day"] == "2024-10-04"
    assert dataset["days"][0]["score"] == pytest.approx(100 * 23 / 24)
    assert dataset["issues"][0]["missing"] == HOUR


def test_a_second_check_changes_nothing(tmp_path: Path) -> None:
    catalog = jumping(tmp_path)
    once = check(catalog, now=NOW).datasets[0].manifest

    assert check(catalog, now=NOW).datasets[0].manifest == once


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    seen: list[tuple[float, int]] = []
    check(circle(tmp_path), now=NOW, progress=lambda share, count: seen.append((share, count)))

    assert seen == sorted(seen)
    assert seen[-1][0] == 1.0


def test_a_score_needs_nothing_but_the_manifest(tmp_path: Path) -> None:
    checked = check(jumping(tmp_path), now=NOW).datasets[0]
    again = score(msgspec.json.decode(msgspec.json.encode(checked.manifest), type=Manifest))

    assert isinstance(again, Checked)
    assert (again.score, again.days) == (checked.score, checked.days)
