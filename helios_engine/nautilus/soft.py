"""What we remember of a market beside nautilus: the part of a venue that can be saved."""

from __future__ import annotations

from typing import Any

from helios_engine import components
from helios_engine.nautilus.market import Market
from helios_engine.state import pack, unpack

LEFT = frozenset({"_latency", "_resting", "_simulation", "engine", "ticker", "ways"})
"""What is made with the market, or follows from what it was told: settings, nautilus' own objects, and references."""


def save(market: Market) -> dict[str, Any]:
    """The market's memory, levels, models and mark as plain values. Orders are not among them: see `Logged`."""
    return {"mark": pack(market.mark, components.PACKAGE, "mark"), **components.save(_roots(market), LEFT)}


def restore(market: Market, saved: dict[str, Any]) -> None:
    """Give a market in which nothing rests what another remembered. JournalError if it is of another kind."""
    market.simulation.clear()
    market.mark = unpack(saved["mark"], components.PACKAGE)
    components.restore(_roots(market), LEFT, {path: value for path, value in saved.items() if path != "mark"})


def _roots(market: Market) -> dict[str, Any]:
    return {"sight": market.sight, "watch": market.simulation.watch, "flight": market.flight}
