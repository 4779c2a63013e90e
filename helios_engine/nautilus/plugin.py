"""What this plugin offers; nautilus_trader itself is imported when a venue is made."""

from __future__ import annotations

from typing import Literal

from helios_engine.fees import FeeIn
from helios_engine.hookspecs import hookimpl
from helios_engine.stage import Venue, VenueSpec

FillModel = Literal["touch", "through"]


def sim_venue(
    balances: dict[str, str],
    fees_in: dict[str, tuple[FeeIn, FeeIn]] | None = None,
    latency: str = "1ns",
    fill_model: FillModel = "through",
    delay: str = "0s",
    dense: bool = False,
) -> Venue:
    """nautilus_trader's matching engine with a cash account; market and limit orders on trades or bars.

    `latency` is the way to the venue. `fill_model` says when a resting limit order is filled: `through`,
    when the market trades beyond its price, or `touch`, already at its price. `delay` keeps every command back
    before it sets out, on bars too, where latency cannot be told: one bar's length asks what a decision is worth
    that comes a bar late. `fees_in` says by instrument what makers' and takers' fees are taken from (`quote`,
    `received`, `paid`); the run's fee schedule fills it. `dense` shows every event to nautilus, also those that can
    change nothing; the answers are the same.
    """
    from helios_engine.nautilus.venue import SimVenue

    return SimVenue(
        balances=balances, fees_in=fees_in, latency=latency, fill_model=fill_model, delay=delay, dense=dense
    )


@hookimpl
def helios_venues() -> list[VenueSpec]:
    return [VenueSpec("nautilus.sim", sim_venue)]
