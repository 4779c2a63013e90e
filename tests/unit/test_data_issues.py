"""What is known against data reaches stages in time, and the verdict says what rests on it."""

from __future__ import annotations

import types
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from helios_engine.bodies import Bar, DataIssue, Instrument, Signal
from helios_engine.build import build
from helios_engine.catalog.audit import audit
from helios_engine.catalog.store import Catalog
from helios_engine.catalog.tables import SCHEMAS
from helios_engine.config import parse_config
from helios_engine.errors import DataError
from helios_engine.events import Event
from helios_engine.hookspecs import hookimpl
from helios_engine.plugins import Plugins
from helios_engine.replay import replay
from helios_engine.runner import Result, backtest
from helios_engine.stage import StageSpec
from helios_engine.timeframe import DAY, UNITS

HOUR = UNITS["h"]
BTC = Instrument("BTCZAR.VALR", "BTC", "ZAR", 0, 2, tick=Decimal(1), lot=Decimal("0.01"), taker_fee=Decimal("0.001"))
HEARD: list[tuple[int, Any]] = []

CONFIG = """
[run]
name = "doubt"
warmup = "1d"
[data]
catalog = "{catalog}"
[account]
currency = "ZAR"
balances = {{ ZAR = "1000000" }}
[[feed]]
use = "catalog.bars"
instrument = "BTCZAR.VALR"
timeframe = "1h"
[[stage]]
use = "test.listener"
[[stage]]
use = "strategy.buy_and_hold"
[[stage]]
use = "portfolio.weights"
weights = "equal"
[[stage]]
use = "execution.market"
[venue]
use = "nautilus.sim"
"""


class Listener:
    """Notes bars and issues in the order in which they come."""

    consumes = (Bar, DataIssue)

    def on_event(self, event: Event[Bar | DataIssue]) -> Iterator[Signal]:
        HEARD.append((event.ts, event.body))
        yield from ()


def market(root: Path, jump_at: int) -> None:
    closes = np.full(200, 1000, np.int64)
    closes[jump_at:] = 1300
    opened = 20_000 * DAY + np.arange(200, dtype=np.int64) * HOUR
    before = np.concatenate([closes[:1], closes[:-1]])
    columns = {
        "ts": opened + HOUR,
        "ts_open": opened,
        "ts_close": opened + HOUR,
        "open": before,
        "high": np.maximum(before, closes),
        "low": np.minimum(before, closes),
        "close": closes,
        "volume": np.full(200, 500),
    }
    Catalog(root).write("bars", BTC, pa.table(columns, schema=SCHEMAS["bars"]), timeframe="1h")
    dataset = Catalog(root).dataset("bars", "BTCZAR.VALR", "1h")
    dataset.note(audit(dataset))


def listening() -> Plugins:
    plugins = Plugins()
    module = types.ModuleType("listening")
    module.helios_stages = hookimpl(lambda: [StageSpec("test.listener", Listener)])  # type: ignore[attr-defined]
    plugins.register(module, "listening")
    return plugins


def run(tmp_path: Path, jump_at: int) -> Result:
    market(tmp_path / "catalog", jump_at)
    HEARD.clear()
    (tmp_path / "run.toml").write_text(CONFIG.format(catalog="catalog"))
    config = parse_config((tmp_path / "run.toml").read_text(), tmp_path / "run.toml")
    return backtest(build(config, listening()), tmp_path / "runs")


def test_an_issue_is_told_when_its_rows_are_known_and_before_the_row_itself(tmp_path: Path) -> None:
    run(tmp_path, jump_at=100)

    at = next(n for n, (_, body) in enumerate(HEARD) if isinstance(body, DataIssue) and body.kind == "jump")
    ts, issue = HEARD[at]
    assert (issue.state, issue.severity, issue.ts_to) == ("quarantined", "warn", ts)
    assert HEARD[at + 1][1].ts_close == ts
    assert HEARD[at + 1][1].close == 1300


def test_the_summary_counts_trades_that_rest_on_quarantined_data(tmp_path: Path) -> None:
    summary = run(tmp_path, jump_at=100).summary

    assert (summary.doubt.trades, summary.doubt.of) == (1, 1)
    assert any("1 of 1 trades, which earned" in warning for warning in summary.warnings)


def test_a_confirmed_jump_is_no_longer_doubted_and_the_old_run_says_that_its_data_changed(tmp_path: Path) -> None:
    first = run(tmp_path, jump_at=100)
    dataset = Catalog(tmp_path / "catalog").dataset("bars", "BTCZAR.VALR", "1h")
    dataset.note([msgspec.structs.replace(issue, state="confirmed") for issue in dataset.manifest.issues])

    assert audit(Catalog(tmp_path / "catalog").dataset("bars", "BTCZAR.VALR", "1h")) == list(dataset.manifest.issues)
    with pytest.raises(DataError, match="catalog"):
        replay(first.folder, plugins=listening())
