"""What each set changes, as a config that stands on its own."""

from __future__ import annotations

import tomllib
import types
from pathlib import Path
from typing import Any, Literal

import pytest

from helios_engine.build import Plan, build
from helios_engine.config import load_config, parse_config
from helios_engine.hookspecs import hookimpl
from helios_engine.sensitivity.configs import Variant, variant
from helios_engine.sensitivity.sets import SETS
from helios_engine.stage import VenueSpec
from tests.market import CONFIG, NextPrint, market_plugins
from tests.unit.test_cli import ROOT

BY_NAME = {chosen.name: chosen for chosen in SETS}


def plan(name: str, old: str = "", new: str = "") -> Plan:
    path = ROOT / f"configs/{name}.toml"
    return build(parse_config(path.read_text().replace(old, new, 1), path))


def changed(found: Variant) -> Any:
    return tomllib.loads(found.text)


def test_the_optimistic_set_fills_at_the_touch_and_at_once() -> None:
    found = variant(plan("six_kinds"), BY_NAME["optimistic"])

    assert changed(found)["venue"] == {"use": "nautilus.sim", "latency": "1ns", "fill_model": "touch"}
    assert found.differs == "fill_model touch (was through); latency 1ns (was 250ms)"


@pytest.mark.parametrize(("latency", "longer"), [("250ms", "1s"), ("2s", "8s")])
def test_the_pessimistic_set_takes_a_second_or_four_times_as_long(latency: str, longer: str) -> None:
    found = variant(plan("six_kinds", "250ms", latency), BY_NAME["pessimistic"])

    assert changed(found)["venue"]["latency"] == longer


def test_the_other_path_is_that_of_every_feed_of_bars() -> None:
    found = variant(plan("ema_cross"), BY_NAME["other path"])

    assert [feed["path"] for feed in changed(found)["feed"]] == ["farther_first", "farther_first"]


def test_where_trades_move_the_venue_there_is_no_other_path() -> None:
    found = variant(plan("six_kinds"), BY_NAME["other path"])

    assert (found.text, found.differs) == ("", "the venue sees no path of bars in this run")


def test_double_cost_doubles_fees_and_pays_no_rebate() -> None:
    venue = 'use = "nautilus.sim"'
    found = variant(plan("ema_cross", venue, f'{venue}\nfees = "valr-tier9-2026"'), BY_NAME["double cost"])

    assert changed(found)["instrument"] == [
        {"instrument": name, "maker_fee": "0", "taker_fee": "0.0010"} for name in ("BTCZAR.VALR", "ETHZAR.VALR")
    ]
    assert changed(found)["venue"]["fees"] == "valr-tier9-2026"


def test_one_bar_is_the_smallest_on_which_a_signal_is_made() -> None:
    assert changed(variant(plan("six_kinds"), BY_NAME["one bar later"]))["venue"]["delay"] == "15m"
    assert changed(variant(plan("ema_cross"), BY_NAME["one bar later"]))["venue"]["delay"] == "1h"


def test_a_venue_without_such_settings_is_left_as_it_is() -> None:
    strange = build(parse_config(CONFIG, Path("walk.toml")), market_plugins())

    told = {name: variant(strange, BY_NAME[name]) for name in ("optimistic", "pessimistic", "one bar later")}

    assert {name: found.text for name, found in told.items()} == dict.fromkeys(told, "")
    assert told["one bar later"].differs == "the venue has no `delay`"


@pytest.mark.parametrize("chosen", SETS, ids=lambda chosen: chosen.name)
@pytest.mark.parametrize("name", ["six_kinds", "six_kinds_bars", "ema_cross", "mean_reversion"])
def test_every_sets_config_builds_in_another_folder(tmp_path: Path, name: str, chosen: Any) -> None:
    found = variant(plan(name), chosen)
    if not found.text:
        assert (name, chosen.name) == ("six_kinds", "other path")
        return
    path = tmp_path / "set.toml"
    path.write_text(found.text)

    other = build(load_config(path))

    assert {feed.pin.digest for feed in other.feeds} == {feed.pin.digest for feed in plan(name).feeds}


def modelled(
    balances: dict[str, str],
    latency: str | None = None,
    latency_file: Path | None = None,
    fill_model: Literal["touch", "through", "participation", "queue"] = "through",
    participation: float | None = None,
    queue_trades: float | None = None,
    slippage: Literal["none", "half_spread", "sqrt_impact"] = "none",
    slippage_bps: float | None = None,
    impact_y: float | None = None,
) -> NextPrint:
    """A venue of many models."""
    return NextPrint()


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        (
            "pessimistic",
            "",
            {
                "slippage": "half_spread",
                "slippage_bps": 5.0,
                "latency": "1s",
            },
        ),
        (
            "pessimistic",
            'fill_model = "queue"\nqueue_trades = 9\nslippage = "sqrt_impact"\nlatency_file = "/way.csv"',
            {"queue_trades": 18},
        ),
        (
            "pessimistic",
            'fill_model = "participation"\nparticipation = 0.02\nlatency = "2s"\nslippage = "sqrt_impact"',
            {"latency": "8s", "participation": 0.01},
        ),
        (
            "optimistic",
            'fill_model = "queue"\nqueue_trades = 9\nslippage = "half_spread"\nslippage_bps = 3',
            {
                "fill_model": "touch",
                "queue_trades": None,
                "slippage": "none",
                "slippage_bps": None,
                "latency": "1ns",
            },
        ),
        ("double cost", 'slippage = "half_spread"\nslippage_bps = 3', {"slippage_bps": 6}),
        ("double cost", 'slippage = "sqrt_impact"', {"impact_y": 2.0}),
    ],
)
def test_sets_know_the_models_of_a_venue_and_leave_no_number_of_another(
    name: str, settings: str, expected: dict[str, Any]
) -> None:
    plugins = market_plugins()
    plugins.register(venues(VenueSpec("test.modelled", modelled)), "modelled")
    text = CONFIG.replace('use = "test.next_print"', f'use = "test.modelled"\n{settings}')
    found = variant(build(parse_config(text, Path("/somewhere/walk.toml")), plugins), BY_NAME[name])
    before = tomllib.loads(text)["venue"]
    after = {k: v for k, v in (before | expected).items() if v is not None}

    assert changed(found)["venue"] == after


def venues(spec: VenueSpec) -> types.ModuleType:
    module = types.ModuleType(spec.name)

    @hookimpl
    def helios_venues() -> list[VenueSpec]:
        return [spec]

    module.helios_venues = helios_venues  # type: ignore[attr-defined]
    return module


def test_a_set_without_changes_is_the_run_itself(tmp_path: Path) -> None:
    base = plan("six_kinds")
    same = tomllib.loads(variant(base, BY_NAME["one bar later"]).text)
    assert same["venue"].pop("delay") == "15m"
    same["run"]["name"] = "six_kinds"
    same["data"]["catalog"] = "../data_catalog/sample"

    assert same == tomllib.loads(base.config.text)
