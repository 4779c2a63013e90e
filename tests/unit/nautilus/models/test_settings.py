from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helios_engine.build import build
from helios_engine.config import load_config
from helios_engine.errors import ConfigError
from helios_engine.nautilus.models.settings import BELONGS, DEFAULTS, choose
from helios_engine.nautilus.plugin import sim_venue
from tests.unit.nautilus.models.tapes import RICH

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"fill_model": "touch", "fill_probability": 0.4},
            "fill_probability = 0.4 is for fill_model = 'probabilistic', but fill_model is 'touch'; "
            "set fill_model = 'probabilistic', or remove fill_probability",
        ),
        ({"participation": 0.1}, "but fill_model is 'through'"),
        (
            {"slippage": "ticks", "slippage_ticks": 1, "slippage_bps": 5.0},
            "slippage_bps = 5.0 is for slippage = 'half_spread'",
        ),
        ({"impact_y": 1.0}, "is for slippage = 'sqrt_impact', but slippage is 'none'"),
        ({"fill_model": "participation"}, "needs participation; add for example participation = 0.1"),
        ({"fill_model": "probabilistic"}, "needs fill_probability; add for example fill_probability = 0.4"),
        ({"slippage": "half_spread"}, "needs slippage_bps; add for example slippage_bps = 5"),
        ({"slippage": "ticks"}, "needs slippage_ticks; add for example slippage_ticks = 1"),
        ({"fill_model": "participation", "participation": 1.5}, "must be above 0 and at most 1, was 1.5"),
        ({"fill_model": "participation", "participation": 0.0}, "participation must be above 0"),
        ({"fill_model": "probabilistic", "fill_probability": -0.1}, "must be at least 0 and at most 1, was -0.1"),
        ({"fill_model": "queue", "queue_trades": float("inf")}, "queue_trades must be at least 0, was inf"),
        ({"slippage": "ticks", "slippage_ticks": 0}, "slippage_ticks must be above 0, was 0"),
        ({"slippage": "sqrt_impact", "impact_sigma": 0.04}, "impact_volume .* are stated together"),
        ({"latency_jitter": "soon"}, "latency_jitter: expected a duration"),
        ({"latency": "0s"}, "must be at least 1ns"),
        ({"latency": "5ms", "latency_file": Path("x")}, "latency and latency_file exclude each other"),
        ({"latency_jitter": "5ms", "latency_file": Path("x")}, "latency_jitter and latency_file exclude each other"),
    ],
)
def test_a_number_without_its_model_and_a_model_without_its_number_are_refused(
    settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        sim_venue(RICH, **settings)


@pytest.mark.parametrize("key", BELONGS)
def test_every_number_is_refused_where_its_model_was_not_chosen(key: str) -> None:
    with pytest.raises(ConfigError, match=f"{key} = 1 is for {BELONGS[key][0]} = '{BELONGS[key][1]}'"):
        sim_venue(RICH, **{key: 1})  # type: ignore[arg-type]


def test_zero_means_something_for_a_chance_and_for_a_queue() -> None:
    assert sim_venue(RICH, fill_model="probabilistic", fill_probability=0.0)
    assert sim_venue(RICH, fill_model="queue", queue_trades=0.0)


def test_defaults_are_stated_like_any_number() -> None:
    rest = dict.fromkeys([*BELONGS, "latency", "latency_jitter", "latency_file"])
    chosen = choose({**rest, "fill_model": "queue", "slippage": "sqrt_impact"}, seed=1)

    assert chosen.numbers == DEFAULTS


def test_a_config_chooses_models_and_a_wrong_one_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    text = (ROOT / "configs/ema_cross.toml").read_text().replace("../data_catalog", str(ROOT / "data_catalog"))
    path = tmp_path / "run.toml"
    path.write_text(
        text.replace('use = "nautilus.sim"', 'use = "nautilus.sim"\nslippage = "ticks"\nslippage_ticks = 2')
    )
    assert build(load_config(path)).make_venue().models()["slippage"] == "ticks: 2 on market orders"

    path.write_text(text.replace('use = "nautilus.sim"', 'use = "nautilus.sim"\nslippage = "tics"'))
    with pytest.raises(ConfigError, match="tics"):
        build(load_config(path))
