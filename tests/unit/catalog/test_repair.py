from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click.testing
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helios_engine.catalog.audit.score import day_scores
from helios_engine.catalog.checking import check, confirm
from helios_engine.catalog.importers.contract import Ask
from helios_engine.catalog.importers.run import import_paths
from helios_engine.catalog.repair import apply, plan_drop, plan_fill, plan_set, plan_undo
from helios_engine.catalog.repair_log import FILE, read_log
from helios_engine.catalog.store import Catalog, Dataset
from helios_engine.cli.data_repair import repair as command
from helios_engine.errors import ConfigError, DataError, StorageError
from helios_engine.plugins import Plugins
from helios_engine.timeframe import DAY, iso, timeframe_ns
from tests.unit.catalog.audit_rows import BTC, HOUR, MINUTE, NOW, START, Columns, bars, quotes, stored, trades, without

ROOT = Path(__file__).resolve().parents[3]
REAL = os.environ.get("HELIOS_REAL_DATA")
real = pytest.mark.skipif(REAL is None, reason="needs HELIOS_REAL_DATA, the folder of real market data")


def run(*arguments: Any) -> str:
    done = click.testing.CliRunner().invoke(command, [str(a) for a in arguments], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    assert done.return_value == 0
    return done.stdout


def again(dataset: Dataset) -> Dataset:
    return Dataset(dataset.folder)


def spiked() -> Columns:
    columns = bars()
    columns["close"][30] = columns["high"][30] = 20_000
    return columns


def checked(tmp_path: Path, kind: str = "bars", columns: Columns | None = None) -> tuple[Catalog, Dataset]:
    timeframe = "1h" if kind == "bars" else ""
    stored(tmp_path, kind, spiked() if columns is None else columns, timeframe)
    catalog = Catalog(tmp_path)
    check(catalog, now=NOW)
    return catalog, catalog.dataset(kind, BTC.instrument, timeframe)


def test_gaps_up_to_a_length_are_filled_with_the_close_before_and_marked(tmp_path: Path) -> None:
    whole = bars()
    catalog, dataset = checked(tmp_path, columns=without(whole, 10, 11, 40, 60, 61, 62))

    apply(catalog, dataset, plan_fill(dataset, 2 * HOUR))

    table = again(dataset).table().to_pydict()
    opened = [(ts - START) // HOUR for ts in table["ts_open"]]
    assert opened == [n for n in range(100) if n not in (60, 61, 62)]
    for row, close in ((10, 9), (11, 9), (40, 39)):
        at = opened.index(row)
        assert [table[n][at] for n in ("open", "high", "low", "close")] == [whole["close"][close]] * 4
        assert (table["volume"][at], table["ts"][at]) == (0, START + (row + 1) * HOUR)
    issues = again(dataset).manifest.issues
    assert [(i.kind, i.state, i.origin, (i.ts_from - START) // HOUR, (i.ts_to - START) // HOUR) for i in issues] == [
        ("filled", "filled", "repair", 10, 12), ("filled", "filled", "repair", 40, 41), ("gap", "", "check", 60, 64)
    ]  # fmt: skip
    assert day_scores(again(dataset).manifest, issues)[0].covered == pytest.approx(1 - 1 / 24)


def test_a_gap_of_days_is_filled_over_many_files_and_undone(tmp_path: Path) -> None:
    count, second = 5 * 5760, MINUTE // 4  # bars of 15 seconds lie in files of a day
    columns = without(bars(count, "15s"), *range(4000, 20_000))
    dataset = stored(tmp_path, "bars", columns, "15s")
    before = dataset.table()

    apply(Catalog(tmp_path), dataset, plan_fill(dataset, 3 * DAY))
    filled = again(dataset)
    assert filled.manifest.rows == count
    assert np.diff(filled.table()["ts_open"].to_numpy()).tolist() == [second] * (count - 1)
    kept = {p.name for p in dataset.manifest.parts} & {p.name for p in filled.manifest.parts}
    assert len(kept) == 2  # days that no change touches stay as they are

    apply(Catalog(tmp_path), filled, plan_undo(filled))
    assert again(dataset).table() == before


def test_a_late_known_bar_delays_what_is_filled_before_it(tmp_path: Path) -> None:
    columns = bars(20)
    columns["ts"] = columns["ts"] + 5 * MINUTE
    dataset = stored(tmp_path, "bars", without(columns, 7, 8), "1h")

    apply(Catalog(tmp_path), dataset, plan_fill(dataset, DAY))

    assert (again(dataset).table()["ts"].to_numpy() == columns["ts"]).all()


def test_a_row_in_quarantine_is_dropped_and_its_values_are_kept(tmp_path: Path) -> None:
    catalog, dataset = checked(tmp_path)
    before = dataset.table()

    apply(catalog, dataset, plan_drop(dataset, [("jump", START + 30 * HOUR)]))

    after = again(dataset)
    assert after.table() == pa.concat_tables([before.slice(0, 30), before.slice(31)])
    assert [(i.kind, i.origin) for i in after.manifest.issues] == [("dropped", "repair"), ("gap", "check")]
    (change,) = read_log(dataset.folder).repairs[0].changes
    assert (change.column, change.after, change.why) == ("row", None, "jump in quarantine")
    assert change.before["close"] == "2000" and change.before["ts_open"] == START + 30 * HOUR
    assert change.revision <= after.manifest.revision


def test_only_quarantine_can_be_dropped(tmp_path: Path) -> None:
    catalog, dataset = checked(tmp_path)
    with pytest.raises(ConfigError, match="jump@2024-10-04T00:00:00Z is not in quarantine"):
        plan_drop(dataset, [("jump", START)])

    confirm(dataset, [("jump", START + 30 * HOUR)])
    with pytest.raises(ConfigError, match="is not in quarantine"):
        plan_drop(catalog.datasets()[0], [("jump", START + 30 * HOUR)])


def test_of_trades_at_one_moment_the_one_that_jumps_is_dropped(tmp_path: Path) -> None:
    columns = trades()
    for name in ("ts", "ts_event"):
        columns[name][50:53] = columns[name][50]
    columns["price"][51] = 20_000
    catalog, dataset = checked(tmp_path, "trades", columns)
    before = dataset.table()
    with pytest.raises(ConfigError, match="2 rows at"):
        plan_drop(dataset, [("jump", int(columns["ts"][50]))])

    columns["price"][52:] = 20_000
    catalog, dataset = checked(tmp_path, "trades", columns)
    before = dataset.table()
    apply(catalog, dataset, plan_drop(dataset, [("jump", int(columns["ts"][50]))]))

    assert again(dataset).table() == pa.concat_tables([before.slice(0, 51), before.slice(52)])
    after = again(dataset)
    apply(catalog, after, plan_undo(after))
    assert again(dataset).table() == before


def test_a_value_is_set_and_both_are_kept(tmp_path: Path) -> None:
    catalog, dataset = checked(tmp_path)
    ts = START + 30 * HOUR

    apply(catalog, dataset, plan_set(dataset, [(ts, "close", "1001.5"), (ts, "high", "1002")], "seen on the tape"))

    row = again(dataset).table().slice(30, 1).to_pylist()[0]
    assert (row["close"], row["high"]) == (10_015, 10_020)
    changes = read_log(dataset.folder).repairs[0].changes
    assert [(c.ts, c.column, c.before, c.after, c.why) for c in changes] == [
        (ts, "close", "2000", "1001.5", "seen on the tape"), (ts, "high", "2000", "1002", "seen on the tape")
    ]  # fmt: skip
    assert {i.kind for i in again(dataset).manifest.issues} == {"changed"}


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        ((START, "close", "1.25"), ConfigError, "close '1.25': expected digits with at most 1 decimals"),
        ((START, "close", "1e3"), ConfigError, "expected digits"),
        ((START, "ts", "5"), ConfigError, "no number 'ts'; it has open, high, low, close, volume"),
        ((START + 1, "close", "1"), ConfigError, "no row at"),
        ((START, "low", "5000"), DataError, "low is above high"),
        ((START, "volume", "-5"), DataError, "the volume is negative"),
        ((START, "close", "0"), DataError, "a price is not positive"),
    ],
)
def test_what_cannot_be_set_is_refused_and_leaves_no_trace(
    tmp_path: Path, value: Any, error: type[Exception], said: str
) -> None:
    catalog, dataset = checked(tmp_path)

    with pytest.raises(error, match=said):
        apply(catalog, dataset, plan_set(dataset, [value]))
    assert again(dataset).manifest == dataset.manifest
    assert FILE not in dataset.folder.names()


def test_repairs_are_undone_one_after_the_other(tmp_path: Path) -> None:
    catalog, dataset = checked(tmp_path, columns=without(spiked(), 50))
    states = [dataset.table()]
    plans: list[Any] = [
        lambda d: plan_set(d, [(START, "volume", "3.5")]),
        lambda d: plan_drop(d, [("jump", START + 30 * HOUR)]),
        lambda d: plan_fill(d, HOUR),
    ]
    for plan in plans:
        apply(catalog, again(dataset), plan(again(dataset)))
        states.append(again(dataset).table())
    revisions = [again(dataset).manifest.revision]

    for state in reversed(states[:-1]):
        apply(catalog, again(dataset), plan_undo(again(dataset)))
        assert again(dataset).table() == state
        revisions.append(again(dataset).manifest.revision)

    assert revisions == sorted(set(revisions))
    log = read_log(dataset.folder)
    assert [(r.number, r.undoes) for r in log.repairs] == [(1, 0), (2, 0), (3, 0), (4, 3), (5, 2), (6, 1)]
    assert not any(i.origin == "repair" for i in again(dataset).manifest.issues)
    with pytest.raises(ConfigError, match="no repair holds"):
        plan_undo(again(dataset))


def test_what_changed_since_cannot_be_undone_silently(tmp_path: Path) -> None:
    catalog, dataset = checked(tmp_path)
    apply(catalog, dataset, plan_set(dataset, [(START, "volume", "3.5")]))
    mine = plan_undo(again(dataset))
    apply(catalog, again(dataset), plan_set(again(dataset), [(START, "volume", "4.5")]))

    with pytest.raises(DataError, match="there is 4.5, not 3.5"):
        apply(catalog, again(dataset), mine)


def test_data_that_changed_since_the_plan_is_not_overwritten(tmp_path: Path) -> None:
    catalog, dataset = checked(tmp_path)
    plan = plan_set(dataset, [(START, "volume", "3.5")])
    columns = bars(50, first=100)
    table = pa.table({n: columns[n] for n in dataset.table().column_names})
    catalog.write("bars", BTC, table, timeframe="1h")

    with pytest.raises(DataError, match="the data changed while it was being repaired"):
        apply(catalog, dataset, plan)
    assert again(dataset).manifest.rows == 150
    assert FILE not in dataset.folder.names()


def test_the_log_survives_imports_and_an_import_that_starts_over_ends_its_repairs(tmp_path: Path) -> None:
    catalog, dataset = checked(tmp_path)
    apply(catalog, dataset, plan_set(dataset, [(START, "volume", "3.5")]))
    columns = bars(50, first=100)
    table = pa.table({n: columns[n] for n in dataset.table().column_names})

    catalog.write("bars", BTC, table, timeframe="1h")
    assert again(dataset).manifest.rows == 150
    assert plan_undo(again(dataset)).undoes == 1

    catalog.write("bars", BTC, table, timeframe="1h", replace=True)
    assert len(read_log(dataset.folder).repairs) == 1
    with pytest.raises(ConfigError, match="no repair holds"):
        plan_undo(again(dataset))


def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog, dataset = checked(tmp_path)

    def full(*_: Any) -> None:
        raise StorageError("no space left on the disk")

    for name in ("repair.write_log", "writer.write_manifest"):
        with monkeypatch.context() as patch:
            patch.setattr(f"helios_engine.catalog.{name}", full)
            with pytest.raises(StorageError):
                apply(catalog, dataset, plan_set(dataset, [(START, "volume", "3.5")]))
        assert again(dataset).manifest == dataset.manifest
        again(dataset).verify()


def test_a_record_whose_revision_never_came_is_no_repair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog, dataset = checked(tmp_path)

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("helios_engine.catalog.writer.write_manifest", stop)
        with pytest.raises(KeyboardInterrupt):
            apply(catalog, dataset, plan_set(dataset, [(START, "volume", "3.5")]))
    assert len(read_log(dataset.folder).repairs) == 1
    with pytest.raises(ConfigError, match="no repair holds"):
        plan_undo(again(dataset))

    apply(catalog, again(dataset), plan_set(again(dataset), [(START, "volume", "3.5")]))
    assert plan_undo(again(dataset)).undoes == 2


KILLED = """
import sys
from pathlib import Path
from helios_engine.catalog.repair import apply, plan_fill, plan_undo
from helios_engine.catalog.store import Catalog
from helios_engine.timeframe import DAY

catalog = Catalog(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    for plan in (lambda d: plan_fill(d, DAY), plan_undo):
        dataset = catalog.dataset("bars", "BTCZAR.VALR", "1m")
        apply(catalog, dataset, plan(dataset))
"""


def test_a_killed_repair_leaves_a_whole_revision_and_no_change_without_its_record(tmp_path: Path) -> None:
    columns = without(bars(2000, "1m"), *range(700, 760), *range(1400, 1500), 1800)
    dataset = stored(tmp_path, "bars", columns, "1m")
    gappy = dataset.table()
    draw = random.Random(5)
    seen = set()
    for _ in range(4):
        if again(dataset).manifest.rows != gappy.num_rows:
            apply(Catalog(tmp_path), again(dataset), plan_undo(again(dataset)))
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(draw.uniform(0.02, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()

        now = again(dataset)
        now.verify()
        held = read_log(now.folder).last(now.manifest)
        assert now.manifest.rows == (2000 if held else gappy.num_rows)
        assert held is not None or now.table() == gappy
        filled = [i for i in now.manifest.issues if i.kind == "filled"]
        assert len(filled) == (len(held.changes) if held else 0)
        seen.add(held is not None)
    apply(Catalog(tmp_path), again(dataset), plan_undo(again(dataset)) if held else plan_fill(again(dataset), DAY))
    again(dataset).verify()


@settings(max_examples=15, deadline=None)
@given(holes=st.sets(st.integers(1, 4318), max_size=40), longest=st.integers(1, 5), data=st.data())
def test_any_gaps_are_filled_and_undone(tmp_path_factory: Any, holes: set[int], longest: int, data: Any) -> None:
    span = data.draw(st.integers(0, 1600))
    holes |= set(range(1200, 1200 + span))
    dataset = stored(tmp_path_factory.mktemp("c"), "bars", without(bars(4320, "1m"), *holes), "1m")
    catalog, before = Catalog(Path(dataset.folder.url).parents[2]), dataset.table()
    limit = max(longest, span + 60) if data.draw(st.booleans()) else longest
    try:
        plan = plan_fill(dataset, limit * MINUTE)
    except ConfigError:
        return

    apply(catalog, dataset, plan)

    opened = again(dataset).table()["ts_open"].to_numpy()
    gaps = np.diff(opened) // timeframe_ns("1m") - 1
    assert gaps[gaps > 0].min(initial=10**6) > limit
    assert set(before["ts_open"].to_pylist()) <= set(opened.tolist())
    apply(catalog, again(dataset), plan_undo(again(dataset)))
    assert again(dataset).table() == before


def test_quotes_are_repaired_and_books_are_not(tmp_path: Path) -> None:
    catalog, dataset = checked(tmp_path, "quotes", quotes())
    ts = dataset.manifest.first
    apply(catalog, dataset, plan_set(dataset, [(ts, "bid_quantity", "7.25")]))
    assert again(dataset).table()["bid_quantity"][0].as_py() == 725

    with pytest.raises(ConfigError, match="only gaps between bars can be filled"):
        plan_fill(dataset, HOUR)


def test_the_command_shows_first_and_does_on_request(tmp_path: Path) -> None:
    _, dataset = checked(tmp_path, columns=without(spiked(), 50))
    about = ("--catalog", tmp_path, BTC.instrument)

    shown = run(*about, "--fill-gaps", "1h")
    assert "fill bars from 2024-10-06T02:00:00Z to 2024-10-06T03:00:00Z at" in shown
    assert shown.endswith("nothing was changed; --yes does it\n")
    assert again(dataset).manifest == dataset.manifest

    assert "done: revision" in run(*about, "--drop", "jump@2024-10-05T06:00:00Z", "--yes")
    assert again(dataset).manifest.rows == 98
    assert "put back the row of 2024-10-05T06:00:00Z (open=" in run(*about, "--undo")
    told = json.loads(run(*about, "--set", "2024-10-04T00:00:00Z", "volume=3.5", "--yes", "--json"))
    assert told["done"] and told["repair"]["changes"][0]["after"] == "3.5"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say one of --fill-gaps"),
        (("--undo", "--fill-gaps", "1h"), "say one of --fill-gaps"),
        (("--fill-gaps", "soon"), "--fill-gaps: expected a duration"),
        (("--fill-gaps", "1m"), "no gap of at most 1m"),
        (("--set", "2024-10-04T00:00:00Z", "volume"), "--set TIME COLUMN=VALUE, such as"),
        (("--undo",), "no repair holds"),
    ],
)
def test_a_wrong_request_says_what_is_right(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    stored(tmp_path, "bars", without(bars(), 50), "1h")

    with pytest.raises(ConfigError, match=said):
        run("--catalog", tmp_path, BTC.instrument, *arguments)


def test_an_unreadable_log_is_not_written_over(tmp_path: Path) -> None:
    _, dataset = checked(tmp_path)
    dataset.folder.write(FILE, b"{")

    with pytest.raises(DataError, match="not a readable log of repairs"):
        plan_set(dataset, [(START, "volume", "3.5")])


@real
@pytest.mark.real_data
def test_the_missing_hour_of_a_real_halt_is_filled_and_undone(tmp_path: Path) -> None:
    importers = {n: offer.spec for n, offer in Plugins().offers("importer").items()}
    catalog = Catalog(tmp_path)
    path = Path(str(REAL)) / "binance_klines_multi" / "1h" / "BTCUSDT-1h-2023.csv.gz"
    import_paths(catalog, [path], importers, Ask())
    (dataset,) = catalog.datasets()
    before = dataset.table()

    plan = plan_fill(dataset, HOUR)
    apply(catalog, dataset, plan)

    spans = [(iso(c.after["from"]), iso(c.after["to"])) for c in plan.changes]
    assert spans == [("2023-03-24T13:00:00Z", "2023-03-24T14:00:00Z")]
    assert again(dataset).manifest.rows == 8760
    assert [i.kind for i in again(dataset).manifest.issues] == ["filled"]
    apply(catalog, again(dataset), plan_undo(again(dataset)))
    assert again(dataset).table() == before
    assert [i.kind for i in again(dataset).manifest.issues] == ["gap"]
