"""The chosen models in words and numbers, for the report."""

from __future__ import annotations

from helios_engine.nautilus.models.latency import Constant, Jittered, Recorded
from helios_engine.nautilus.models.settings import Models
from helios_engine.timeframe import duration_text


def words(models: Models) -> dict[str, str]:
    """Fills, slippage and latency, each with every number that it rests on."""
    return {"fills": _fills(models), "slippage": _slippage(models), "latency": _latency(models)}


def _fills(models: Models) -> str:
    n = models.numbers
    return {
        "touch": "touch",
        "through": "through",
        "participation": f"participation: {n.get('participation', 0):g} of each deal's quantity",
        "queue": f"queue: behind the level, where it is not known behind {n.get('queue_trades', 0):g} typical deals",
        "probabilistic": f"probabilistic: chance {n.get('fill_probability', 0):g} for each deal at the price",
    }[models.fill_model]


def _slippage(models: Models) -> str:
    n = models.numbers
    if models.slippage == "half_spread":
        return f"half_spread: {n['slippage_bps']:g} bps on market orders, none where data has quotes"
    if models.slippage == "ticks":
        return f"ticks: {n['slippage_ticks']:g} on market orders"
    if models.slippage == "sqrt_impact":
        day = "the past day's sigma and volume"
        if "impact_sigma" in n:
            day = f"sigma {n['impact_sigma']:g} and volume {n['impact_volume']:g} a day"
        return f"sqrt_impact: Y {n['impact_y']:g}, {day}"
    return "none"


def _latency(models: Models) -> str:
    match models.latency:
        case Constant(base):
            said = duration_text(base)
        case Jittered(base, jitter):
            said = f"{duration_text(base)} and up to {duration_text(jitter)} more, drawn evenly"
        case Recorded(measured):
            middle = sorted(measured)[len(measured) // 2]
            said = (
                f"drawn from {len(measured)} measured, median {duration_text(middle)}, file {models.latency_file[:12]}"
            )
        case _:
            said = type(models.latency).__name__
    return f"{said} on trades; with bars alone, the next open"
