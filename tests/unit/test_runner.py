from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helios_engine.bodies import Bar, Signal, Tick
from helios_engine.build import Plan, build
from helios_engine.codec import Codec
from helios_engine.config import parse_config
from helios_engine.errors import StageError, StorageError
from helios_engine.events import Event
from helios_engine.folder import find_folder, list_folders
from helios_engine.journal import JournalReader
from helios_engine.report.summary import read_summary
from helios_engine.runner import backtest
from helios_engine.stage import StageSpec
from tests.market import CONFIG, market_plugins


class Breaks:
    """Raises at its fiftieth bar."""

    consumes = Bar

    def __init__(self) -> None:
        self.seen = 0

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        self.seen += 1
        if self.seen == 50:
            raise KeyError("no such level")
        yield Signal(event.body.instrument, 0.0)


class Slow:
    """Takes a moment for every tick, so that there is time for Ctrl-C."""

    consumes = Tick

    def on_event(self, event: Event[Tick]) -> None:
        time.sleep(0.005)


def plan(more: str = "", *stages: StageSpec) -> Plan:
    return build(parse_config(CONFIG + more, Path("walk.toml")), market_plugins(*stages))


def test_a_run_leaves_journal_tables_summary_and_page(tmp_path: Path) -> None:
    result = backtest(plan(), tmp_path)

    names = {path.name for path in result.folder.iterdir()}

    assert names >= {
        "config.toml",
        "journal.hlj",
        "equity.parquet",
        "fills.parquet",
        "prices.parquet",
        "run.json",
        "report.html",
    }
    assert result.summary.status == "complete"


def test_the_equity_of_the_tables_is_that_of_the_ledger(tmp_path: Path) -> None:
    result = backtest(plan(), tmp_path)
    fills, prices = result.frames.fills, result.frames.prices["price"]

    sign = fills["side"].astype(str).map({"BUY": 1, "SELL": -1})
    cash = 100_000 - (sign * fills["quantity"] * fills["price"]).sum() - fills["fee"].sum()
    held = (sign * fills["quantity"]).sum()

    assert result.frames.equity["equity"].iloc[-1] == pytest.approx(cash + held * prices.iloc[-1], abs=1e-9)


def test_a_stage_that_raises_stops_the_run_and_leaves_a_readable_journal(tmp_path: Path) -> None:
    made = plan('[[stage]]\nuse = "test.breaks"\n', StageSpec("test.breaks", Breaks))

    with pytest.raises(
        StageError, match=r"stage 'test.breaks' on Bar test.walk#49 at .*: KeyError at test_runner.py:\d+"
    ):
        backtest(made, tmp_path)

    folder = find_folder("last", tmp_path)
    end = JournalReader(folder / "journal.hlj", Codec()).end()
    assert end is not None
    assert end[0] == read_summary(folder).status == "failed"


def test_ctrl_c_ends_cleanly_between_two_inputs(tmp_path: Path) -> None:
    made = plan('[[stage]]\nuse = "test.slow"\n', StageSpec("test.slow", Slow))
    threading.Timer(0.4, lambda: os.kill(os.getpid(), signal.SIGINT)).start()

    result = backtest(made, tmp_path)

    assert result.summary.status == "interrupted"
    assert 0 < result.summary.counts.turns < 1000
    assert JournalReader(result.folder / "journal.hlj", Codec()).end() == ("interrupted", result.heads)


def test_a_full_disk_ends_in_a_clear_error_and_no_half_written_table(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        code = 1
        try:
            made = plan()
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
            backtest(made, tmp_path)
        except StorageError as error:
            code = 42 if "no space left" in str(error) else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)

    left = {path.name for path in list_folders(tmp_path)[0].iterdir()}
    assert os.waitstatus_to_exitcode(status) == 42
    assert left <= {"config.toml", "journal.hlj"}


def test_progress_rises_towards_one(tmp_path: Path) -> None:
    shares: list[float] = []
    made = build(parse_config(CONFIG.replace('"test.walk"', '"test.walk"\nbars = 2000'), Path("x")), market_plugins())

    backtest(made, tmp_path, lambda share, count: shares.append(share))

    assert len(shares) > 1
    assert 0 < shares[0] < shares[-1] <= 1


def test_runs_are_found_by_a_part_of_their_name_and_by_last(tmp_path: Path) -> None:
    result = backtest(plan(), tmp_path)

    assert find_folder(result.folder.name[:20], tmp_path) == find_folder("last", tmp_path) == result.folder


def test_the_report_says_by_which_instrument_another_currency_became_its_own(tmp_path: Path) -> None:
    text = CONFIG.replace('currency = "ZAR"', 'currency = "ZAR"\nrates = { USDT = "USDTZAR.VALR" }')
    text += '\n[[feed]]\nuse = "test.walk"\nname = "rate"\ninstrument = "USDTZAR.VALR"\n'

    result = backtest(build(parse_config(text, Path("walk.toml")), market_plugins()), tmp_path)

    assert "1 USDT = the last price of USDTZAR.VALR" in result.summary.models["currency"]
    assert "currency" not in backtest(plan(), tmp_path).summary.models
