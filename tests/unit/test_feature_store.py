"""Features computed once and stored: the same bits as in a backtest, and the same decisions when a run reads them."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helios_engine import runner
from helios_engine.bodies import Bar, Features, Fill, Schema, Target, Tick
from helios_engine.build import Plan, build
from helios_engine.catalog.store import Catalog
from helios_engine.cli import main
from helios_engine.config import parse_config
from helios_engine.errors import BuildError, ConfigError, DataError
from helios_engine.events import Event
from helios_engine.feature_plan import narrowed
from helios_engine.feature_store import BEHIND_DATA, BEHIND_TICK, Stored, store_features
from helios_engine.hookspecs import hookimpl
from helios_engine.plugins import Plugins
from helios_engine.stage import StageSpec
from helios_engine.timeframe import nanoseconds
from helios_engine.timeline import TICK

SAMPLE = Path("data_catalog/sample").resolve()
INSTRUMENTS = ("BTCZAR.VALR", "ETHZAR.VALR")
HEAD = f"""
[run]
name = "stored"
start = "2026-01-05T00:00:00Z"
stop = "STOP"
[data]
catalog = "{SAMPLE}"
[account]
currency = "ZAR"
balances = {{ ZAR = "1000000" }}
[gate]
max_position = "900000"
max_notional = "900000"
[venue]
use = "nautilus.sim"
latency = "250ms"
[[feed]]
use = "catalog.trades"
instrument = "BTCZAR.VALR"
[[feed]]
use = "catalog.trades"
instrument = "ETHZAR.VALR"
"""
MAKING = """
[[stage]]
use = "aggregation.time_bars"
timeframes = ["1m", "15m"]
[[stage]]
use = "features.technical"
"""
READING = "".join(
    f'[[feed]]\nuse = "catalog.features"\ninstrument = "{name}"\ntimeframe = "1m"\ncatalog = "STORE"\n'
    for name in INSTRUMENTS
)
DECIDING = """
[[stage]]
use = "test.decide"
[[stage]]
use = "execution.market"
band = 0.10
"""
ODD = '[[stage]]\nuse = "aggregation.time_bars"\ntimeframes = ["1m"]\n[[stage]]\nuse = "test.odd"\n'


class Decide:
    """At each tick long what fell and flat in what rose, by the first column of the last row."""

    consumes = (Features, Tick)

    def __init__(self) -> None:
        self.last: dict[str, float] = {}

    def on_event(self, event: Event[Features | Tick]) -> Iterator[Target]:
        body = event.body
        if isinstance(body, Features):
            if body.mask[0]:
                self.last[body.instrument] = float(body.array[0])
            return
        for name, value in sorted(self.last.items()):
            yield Target(name, 0.0 if value > 0 else 0.01)


class Wants:
    """Features that hear fills."""

    consumes = (Bar, Fill)
    schema = Schema("wants/1", ("close",))

    def on_event(self, event: Event[Bar | Fill]) -> Iterator[Features]:
        if isinstance(event.body, Bar):
            yield Features.of(event.body.instrument, self.schema, [event.body.close])


class Odd:
    """A masked value that is not NaN, a NaN that is not masked, one with a payload, and a negative zero."""

    consumes = Bar
    rows = (struct.pack("<4d", 1.5, float("nan"), -0.0, 2.0), bytes.fromhex("010000000000f8ff") * 4)
    name = "odd/1"

    def __init__(self, name: str = "odd/1") -> None:
        self.schema = Schema(name, ("a", "b", "c", "d"))

    def on_event(self, event: Event[Bar]) -> Iterator[Features]:
        bar = event.body
        row = self.rows[int(bar.close) % 2]
        yield Features(bar.instrument, bar.timeframe, self.schema.name, row, bytes([0, 1, 1, 1]))


def plan(text: str, tmp_path: Path, stop: str = "2026-01-05T04:00:00Z") -> tuple[Plan, list[tuple[int, Features]]]:
    """A plan, and the list that its `test.listen` will fill."""
    heard: list[tuple[int, Features]] = []

    class Listen:
        """Keeps what it hears."""

        consumes = Features

        def on_event(self, event: Event[Features]) -> None:
            heard.append((event.ts, event.body))

    specs = [StageSpec("test.decide", Decide), StageSpec("test.listen", Listen)]
    specs += [StageSpec("test.wants", Wants), StageSpec("test.odd", Odd)]
    plugins = Plugins()
    module: Any = types.ModuleType("tests_features")
    module.helios_stages = hookimpl(lambda: specs, specname="helios_stages")
    plugins.register(module, "tests_features")
    text = text.replace("STOP", stop).replace("STORE", str(tmp_path / "store"))
    return build(parse_config(text, tmp_path / "run.toml"), plugins), heard


def stored(text: str, tmp_path: Path, **more: Any) -> list[Stored]:
    """What a store of the features of a config came to."""
    stop = more.pop("stop", "2026-01-05T04:00:00Z")
    found = store_features(plan(text, tmp_path, stop)[0], Catalog(tmp_path / "store"), **more)
    assert found is not None
    return found


def read_back(tmp_path: Path, name: str, timeframe: str = "1m") -> list[tuple[int, Features]]:
    from helios_engine.catalog.feature_feed import CatalogFeatures

    return list(CatalogFeatures(str(tmp_path / "store"), name, timeframe).inputs(0, 2**62))


def test_the_store_holds_bit_for_bit_what_a_backtest_shows_its_stages(tmp_path: Path) -> None:
    stored(HEAD + MAKING, tmp_path)
    told, heard = plan(HEAD + MAKING + '[[stage]]\nuse = "test.listen"\n', tmp_path)

    runner.backtest(told, tmp_path / "runs")

    assert len(heard) > 300
    for name in INSTRUMENTS:
        assert read_back(tmp_path, name) == [(ts, body) for ts, body in heard if body.instrument == name]
    assert any(0 in body.mask for _, body in heard) and any(1 in body.mask for _, body in heard)


def test_a_run_that_reads_the_store_makes_the_same_decisions(tmp_path: Path) -> None:
    found = stored(HEAD + MAKING, tmp_path)
    computed = runner.backtest(plan(HEAD + MAKING + DECIDING, tmp_path)[0], tmp_path / "runs")
    read = runner.backtest(plan(HEAD + READING + DECIDING, tmp_path)[0], tmp_path / "runs")

    assert computed.summary.counts.fills > 5
    assert [read.heads[name] for name in ("decisions", "venue")] == [
        computed.heads[name] for name in ("decisions", "venue")
    ]
    assert {s.manifest.name: s.manifest.digest for s in found} == {
        pin_name.split(":")[1]: pin.digest for pin_name, pin in read.summary.pins.items() if "features" in pin_name
    }


@pytest.mark.parametrize("grace", ["0s", "3s"])
def test_a_stage_hears_the_same_rows_to_the_last_from_a_longer_store(tmp_path: Path, grace: str) -> None:
    head = HEAD.replace("[data]", f'grace = "{grace}"\n[data]')
    stored(head + MAKING, tmp_path, stop="2026-01-05T05:00:00Z")
    listening = '[[stage]]\nuse = "test.listen"\n'
    computing, computed = plan(head + MAKING + listening, tmp_path)
    reading, read = plan(head + READING + listening, tmp_path)

    runner.backtest(computing, tmp_path / "runs")
    runner.backtest(reading, tmp_path / "runs")

    assert {feed.rank for feed in reading.feeds} == {20, BEHIND_TICK}
    assert computed[-1][0] == computing.stop + nanoseconds(grace)
    for name in INSTRUMENTS:
        assert [row for row in read if row[1].instrument == name] == [r for r in computed if r[1].instrument == name]


def test_rows_that_bars_made_come_before_the_tick_of_their_time(tmp_path: Path) -> None:
    bars = '[[feed]]\nuse = "catalog.bars"\ninstrument = "BTCZAR.VALR"\ntimeframe = "1h"\n'
    text = HEAD.partition("[[feed]]")[0] + bars + '[[stage]]\nuse = "features.basic"\n'
    found = stored(text, tmp_path, stop="2026-01-08T00:00:00Z")

    assert [(s.manifest.timeframe, s.manifest.made.rank) for s in found if s.manifest.made] == [("1h", BEHIND_DATA)]
    assert 20 < BEHIND_DATA < TICK < BEHIND_TICK
    assert read_back(tmp_path, "BTCZAR.VALR", "1h")[0][1].schema == "basic/1"


def test_a_full_disk_leaves_the_old_state(tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text((HEAD + ODD).replace("STOP", "2026-01-05T06:00:00Z"))
    stored(HEAD + ODD, tmp_path, stop="2026-01-05T01:00:00Z")
    before = {p: p.read_bytes() for p in (tmp_path / "store").rglob("*") if p.suffix in (".json", ".parquet")}
    code = (
        "import resource, signal\n"
        "from pathlib import Path\n"
        "from helios_engine.catalog.store import Catalog\n"
        "from helios_engine.errors import StorageError\n"
        "from helios_engine.feature_store import store_features\n"
        "from tests.unit.test_feature_store import HEAD, ODD, plan\n"
        f"base = Path({str(tmp_path)!r})\n"
        "made = plan(HEAD + ODD, base, '2026-01-05T06:00:00Z')[0]\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))\n"
        "try:\n"
        "    store_features(made, Catalog(base / 'store'))\n"
        "except StorageError as error:\n"
        "    raise SystemExit(f'stopped: {error}') from None\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 1 and done.stderr.startswith("stopped: "), done.stderr
    after = {p: p.read_bytes() for p in (tmp_path / "store").rglob("*") if p.suffix in (".json", ".parquet")}
    assert after == before


def test_the_same_rows_again_change_nothing_and_more_rows_go_on(tmp_path: Path) -> None:
    first = stored(HEAD + MAKING, tmp_path)
    again = stored(HEAD + MAKING, tmp_path)
    longer = stored(HEAD + MAKING, tmp_path, stop="2026-01-05T05:00:00Z")

    assert [s.is_changed for s in (*first, *again, *longer)] == [True, True, False, False, True, True]
    assert [s.manifest.revision for s in again] == [1, 1]
    for before, after in zip(first, longer, strict=True):
        assert after.manifest.rows > before.manifest.rows
    told, heard = plan(HEAD + MAKING + '[[stage]]\nuse = "test.listen"\n', tmp_path, "2026-01-05T05:00:00Z")
    runner.backtest(told, tmp_path / "runs")
    assert read_back(tmp_path, "BTCZAR.VALR") == [(t, b) for t, b in heard if b.instrument == "BTCZAR.VALR"]


def test_masks_and_every_bit_of_nan_survive(tmp_path: Path) -> None:
    stored(HEAD + ODD, tmp_path, stop="2026-01-05T01:00:00Z")
    rows = [body for _, body in read_back(tmp_path, "BTCZAR.VALR")]

    assert {body.values for body in rows} == set(Odd.rows)
    assert {body.mask for body in rows} == {bytes([0, 1, 1, 1])}
    assert [s.is_changed for s in stored(HEAD + ODD, tmp_path, stop="2026-01-05T01:00:00Z")] == [False, False]
    assert stored(HEAD + ODD, tmp_path, stop="2026-01-05T02:00:00Z")[0].manifest.revision == 2


def test_another_schema_for_the_same_data_set_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    before = stored(HEAD + ODD, tmp_path, stop="2026-01-05T01:00:00Z")
    with pytest.raises(DataError, match=r"holds odd/1 \(4 columns.*found rows of technical/1 \(90 columns"):
        stored(HEAD + MAKING, tmp_path, stop="2026-01-05T01:00:00Z")
    now = [Catalog(tmp_path / "store").dataset("features", name, "1m").manifest for name in INSTRUMENTS]
    assert now == [s.manifest for s in before]
    replaced = stored(HEAD + MAKING, tmp_path, stop="2026-01-05T01:00:00Z", replace=True)
    assert {s.manifest.made.schema for s in replaced if s.manifest.made} == {"technical/1"}


def test_rows_of_other_plugins_do_not_join_those_at_hand(tmp_path: Path) -> None:
    stored(HEAD + ODD, tmp_path, stop="2026-01-05T01:00:00Z")
    folder = tmp_path / "store" / "features" / "BTCZAR.VALR" / "1m" / "manifest.json"
    manifest = json.loads(folder.read_text())
    manifest["made"]["plugins"][0] += "0"
    folder.write_text(json.dumps(manifest))

    with pytest.raises(DataError, match="made by other plugins"):
        stored(HEAD + ODD, tmp_path, stop="2026-01-05T02:00:00Z")


def test_rows_of_another_beginning_do_not_join_those_at_hand(tmp_path: Path) -> None:
    stored(HEAD + ODD, tmp_path, stop="2026-01-05T01:00:00Z")
    later = HEAD.replace("2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z") + ODD

    with pytest.raises(DataError, match="come of inputs from 2026-01-05T00:00:00Z on, the new ones from 2026-01-06"):
        stored(later, tmp_path, stop="2026-01-06T01:00:00Z")


def test_only_what_the_features_need_is_run(tmp_path: Path) -> None:
    whole = plan(HEAD + MAKING + DECIDING, tmp_path)[0]
    small = narrowed(whole)

    assert [node.name for node in small.nodes] == ["aggregation.time_bars", "features.technical"]
    assert (small.tick, small.begin, small.stop) == (whole.tick, whole.begin, whole.stop)


def test_a_stage_that_needs_fills_is_refused(tmp_path: Path) -> None:
    text = HEAD + MAKING.replace("features.technical", "test.wants")
    with pytest.raises(BuildError, match=r"'test.wants' consumes Fill: .*depends on orders and fills"):
        narrowed(plan(text, tmp_path)[0])


def test_which_stage_is_said_where_there_are_several_or_none(tmp_path: Path) -> None:
    two = plan(HEAD + MAKING + '[[stage]]\nuse = "features.basic"\n', tmp_path)[0]
    with pytest.raises(ConfigError, match="found features.technical, features.basic; say which with --stage"):
        narrowed(two)
    assert narrowed(two, "features.basic").nodes[-1].name == "features.basic"
    with pytest.raises(ConfigError, match="no stage 'features.basik' that yields Features; did you mean"):
        narrowed(two, "features.basik")
    with pytest.raises(ConfigError, match="found none"):
        narrowed(plan(HEAD + MAKING.partition('[[stage]]\nuse = "features')[0], tmp_path)[0])


def test_a_feed_told_another_schema_refuses(tmp_path: Path) -> None:
    stored(HEAD + ODD, tmp_path, stop="2026-01-05T01:00:00Z")
    with pytest.raises(DataError, match="expected the schema technical/1, found odd/1"):
        plan(
            HEAD + READING.replace('timeframe = "1m"', 'timeframe = "1m"\nschema = "technical/1"') + DECIDING, tmp_path
        )


def test_the_command_draws_says_so_and_says_when_nothing_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "run.toml"
    config.write_text((HEAD + MAKING).replace("STOP", "2026-01-05T03:00:00Z"))
    page = tmp_path / "features.html"
    call = ["data", "features", str(config), "--to", str(tmp_path / "store")]
    with pytest.raises(SystemExit, match="0"):
        main([*call, "--plot", str(page), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert [s["changed"] for s in told["sets"]] == [True, True]
    assert len(told["sets"][0]["made"]["columns"]) == 90
    text = page.read_text(encoding="utf-8")
    assert "1m_rsi" in text and "15m_rsi" not in text
    with pytest.raises(SystemExit, match="0"):
        main(call)
    assert "nothing changed: the same rows are there already" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        main([*call, "--plot", str(tmp_path / "features.pdf")])


def test_ctrl_c_leaves_the_old_state(tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text((HEAD + MAKING).replace('stop = "STOP"\n', ""))
    code = (
        "import os, signal, helios_engine.engine as e\n"
        "step, count = e.Engine.step, [0]\n"
        "def counted(self):\n"
        "    count[0] += 1\n"
        "    if count[0] == 500: os.kill(os.getpid(), signal.SIGINT)\n"
        "    return step(self)\n"
        "e.Engine.step = counted\n"
        "from helios_engine.cli import main\n"
        f"main(['data', 'features', {str(config)!r}, '--to', {str(tmp_path / 'store')!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 130, done.stderr
    assert "nothing was written" in done.stderr
    assert not (tmp_path / "store").exists()
