"""What this plugin offers; nautilus_trader itself is imported when a venue is made."""

from __future__ import annotations

from typing import Literal

from helios_engine.hookspecs import hookimpl
from helios_engine.stage import Venue, VenueSpec

FillModel = Literal["touch", "through"]


def sim_venue(
    balances: dict[str, str], latency: str = "1ns", fill_model: FillModel = "through", dense: bool = False
) -> Venue:
    """nautilus_trader's matching engine with a cash account; market and limit orders on trades or bars.

    `latency` is the way to the venue. `fill_model` says when a resting limit order is filled: `through`,
    when the market trades beyond its price, or `touch`, already at its price. `dense` shows every event
    to nautilus, also those that can change nothing; the answers are the same.
    """
    from helios_engine.nautilus.venue import SimVenue

    return SimVenue(balances=balances, latency=latency, fill_model=fill_model, dense=dense)


@hookimpl
def helios_venues() -> list[VenueSpec]:
    return [VenueSpec("nautilus.sim", sim_venue)]
