"""What this plugin offers; nautilus_trader itself is imported when a venue is made."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from helios_engine.fees import FeeIn
from helios_engine.hookspecs import hookimpl
from helios_engine.stage import Venue, VenueSpec

FillModel = Literal["touch", "through", "participation", "queue", "probabilistic"]


def sim_venue(
    balances: dict[str, str],
    latency: str | None = None,
    fill_model: FillModel = "through",
    dense: bool = False,
    book: Literal["auto", "trades", "quotes", "l2"] = "auto",
    account: Literal["cash", "margin"] = "cash",
    leverage: str = "1",
    borrow: dict[str, str] | None = None,
    participation: float | None = None,
    queue_trades: float | None = None,
    fill_probability: float | None = None,
    slippage: Literal["none", "half_spread", "ticks", "sqrt_impact"] = "none",
    slippage_bps: float | None = None,
    slippage_ticks: int | None = None,
    impact_y: float | None = None,
    impact_sigma: float | None = None,
    impact_volume: float | None = None,
    latency_jitter: str | None = None,
    latency_file: Path | None = None,
    delay: str = "0s",
    fees_in: dict[str, tuple[FeeIn, FeeIn]] | None = None,
    books: list[str] | None = None,
    seed: int = 0,
) -> Venue:
    """nautilus_trader's matching engine with a cash or margin account, on trades, quotes, order books or bars.

    `fill_model` says when a resting limit order is filled, `slippage` what market orders pay, `latency` (1ns if
    nothing is said) how long commands take, with `latency_jitter` up to as much more, or with `latency_file` as
    measured. Each number belongs to the model that it is named after; docs/venue_models.md says what each assumes.
    `dense` shows every event to nautilus, also those that can change nothing; the answers are the same.

    `delay` keeps every command back before it sets out, on bars too, where latency cannot be told: one bar's length
    asks what a decision is worth that comes a bar late. `fees_in` says by instrument what makers' and takers' fees are
    taken from (`quote`, `received`, `paid`); the run's fee schedule fills it.

    `book` says what is matched on. `auto` takes the book of the instruments whose books the run feeds (it fills
    `books`) or one that comes before the first order, and quotes and trades elsewhere; `l2` is the safest where books
    are at hand, because an order then pays for its depth and is refused while there is none. With `quotes`, a trade
    moves the best price until the next quote; `trades` leaves quotes and books out.

    `account = "margin"` holds perpetuals, up to `leverage` times the equity, and pays their funding; there is no
    liquidation. Spot is not sold short, unless `borrow` states how much of a currency may be owed (without interest).
    """
    given = dict(locals())
    from helios_engine.nautilus import settings
    from helios_engine.nautilus.models.settings import choose
    from helios_engine.nautilus.venue import SimVenue

    return SimVenue(
        settings.read(
            balances=balances,
            models=choose(given, seed),
            dense=dense,
            book=book,
            account=account,
            leverage=leverage,
            borrow=borrow or {},
            delay=delay,
            fees_in=fees_in or {},
            books=books or [],
        )
    )


@hookimpl
def helios_venues() -> list[VenueSpec]:
    return [VenueSpec("nautilus.sim", sim_venue)]
