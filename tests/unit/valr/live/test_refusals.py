"""What no waiting can mend is raised, and says what to do."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from helios_engine.bodies import Bar, FundingRate, MarkPrice, Quote
from helios_engine.errors import ConfigError
from helios_engine.live.connecting import connect
from helios_engine.plugins import Plugins
from helios_engine.recorder.connection import Wanted
from helios_engine.world import World
from helios_valr.errors import AccessError, PairError
from helios_valr.live.connection import Valr
from tests.unit.valr.live.market import NAME, Table, play

QUOTES = [Wanted(Quote, NAME)]


async def ends(table: Table) -> None:
    await table.until(lambda: False)


def test_a_pair_that_valr_does_not_list_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(PairError, match="does not list XRPZAR"):
        play(tmp_path, [Wanted(Quote, "XRPZAR.VALR"), *QUOTES], ends)


def test_a_mark_price_of_a_spot_pair_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(PairError, match="spot and has no mark price"):
        play(tmp_path, [Wanted(MarkPrice, NAME)], ends)


def test_a_refused_key_ends_the_run_and_does_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIOS_TEST_KEY", "simulated-key")
    secret = "-".join(("another", "secret"))
    monkeypatch.setenv("HELIOS_TEST_SECRET", secret)

    with pytest.raises(AccessError, match="HTTP 401") as found:
        play(tmp_path, QUOTES, ends, of_valr={"key_env": "HELIOS_TEST_KEY", "secret_env": "HELIOS_TEST_SECRET"})

    assert secret not in "".join(traceback.format_exception(found.value))
    assert not [path for path in tmp_path.rglob("*.log") if secret.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("wanted", "settings", "says"),
    [
        ([], {}, "nothing is wanted"),
        ([Wanted(Quote, "BTCZAR")], {}, "expected a pair of VALR, such as BTCZAR.VALR"),
        ([Wanted(Quote, "btczar.VALR")], {}, "expected a pair of VALR"),
        ([Wanted(Bar, NAME, "5m")], {}, "live there are bars of 1m"),
        ([Wanted(FundingRate, "BTCUSDTPERP.VALR")], {}, "no live FundingRate"),
        (QUOTES, {"books": "OB_L2"}, "expected one of OB_L1_DIFF"),
        (QUOTES, {"pace": {"pings": 3}}, "known are ping"),
        (QUOTES, {"pace": {"ping": 0}}, "more than 0"),
        (QUOTES, {"pace": {"stale": "soon"}}, "stale"),
        (QUOTES, {"pace": {"first": 9, "longest": 3}}, "below first"),
        (QUOTES, {"url": "http://api.valr.com"}, "expected https"),
        (QUOTES, {"stream": "ws://api.valr.com/ws/trade"}, "expected https"),
        (QUOTES, {"key_env": "HELIOS_NO_KEY"}, "both or neither"),
        (QUOTES, {"key_env": "HELIOS_NO_KEY", "secret_env": "HELIOS_NO_SECRET"}, "HELIOS_NO_KEY is empty"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_at_once(wanted: list[Wanted], settings: dict, says: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(ConfigError, match=says):
        Valr(wanted, World(), **settings)


def test_a_config_states_its_settings_and_a_mistake_in_one_is_named() -> None:
    plugins = Plugins()
    settings = {"books": "FULL_ORDERBOOK_UPDATE", "pace": {"stale": 30}, "url": "http://127.0.0.1:8765"}

    made = connect(plugins, "valr", QUOTES, settings, World(), "[live]")
    assert made.parser == "valr"
    assert isinstance(made.connection, Valr)
    with pytest.raises(ConfigError, match=r"\[live\]: unknown setting 'book'"):
        connect(plugins, "valr", QUOTES, {"book": "OB_L1_DIFF"}, World(), "[live]")
