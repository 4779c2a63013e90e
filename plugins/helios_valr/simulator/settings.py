"""What can be chosen about a simulated VALR, among it what its documentation leaves open."""

from __future__ import annotations

import msgspec

PAIRS = ("BTCZAR", "ETHZAR", "BTCUSDTPERP")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times are seconds. `rate` is the number of book changes in a second over all pairs together.

    VALR does not say whether trades on the stream need a key (`new_trade_requires_auth`), whether `beforeId` includes
    its own row, when it closes a line that says nothing (60, or 30) or how old a signature may be: both can be tried.
    """

    pairs: tuple[str, ...] = PAIRS
    seed: int = 7
    rate: float = 20.0
    history_minutes: int = 120
    idle_close: float = 60.0
    idle_close_clean: bool = False
    """Whether a line that says nothing is closed with code 1000, as in older reports, instead of cut (1006)."""
    unauthenticated_close: float = 900.0
    new_trade_requires_auth: bool = False
    before_id_inclusive: bool = False
    lower_case_books: bool = False
    """Whether the sides of an aggregated book are `asks` and `bids` instead of `Asks` and `Bids`."""
    limits: bool = True
    """Whether VALR's limits of requests hold."""
    retry_after: bool = False
    """Whether a 429 of the limits says when to come back."""
    signature_age: float = 30.0
    key: str = "simulated-key"
    secret: str = "simulated-secret"
    token: str = "simulated-token"
    """What `/sim/` asks for in the header `X-Sim-Token`."""
