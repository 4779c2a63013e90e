"""How often is asked, how long is waited, and when something counts as bad."""

from __future__ import annotations

from typing import Any

import msgspec

from helios_engine.errors import ConfigError


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a connection, all in seconds. What VALR itself asks for: a PING at least every 30 s."""

    ping: float = 20.0
    """Between two PINGs; a line without PONG for two of them is given up."""
    stale: float = 60.0
    """Without news a book or a mark price is stale after this; up to 20.5 s are normal on thin pairs."""
    lag: float = 5.0
    offset: float = 1.0
    """Limits of lag and of the clocks' difference, beyond which they are told as bad."""
    mend: float = 10.0
    """How long a SUBSCRIBE may take to help before the line is given up."""
    first: float = 5.0
    longest: float = 60.0
    """The bounds of the wait before a line is opened, or a failed request repeated."""
    renew: float = 840.0
    """A line without a key is replaced at this age; VALR closes it at 900 s."""
    after: float = 2.0
    """How long after a minute's end its bucket is asked for."""
    trades: float = 5.0
    status: float = 30.0
    clock: float = 60.0
    pairs: float = 300.0
    """Between two requests for trades that no stream brings, for the status, the time and the pairs."""
    bad: float = 5.0
    well: float = 60.0
    """How often a measurement is told while it is bad, and while it is well; a change of verdict is told at once."""
    timeout: float = 15.0
    """Of a request and of a handshake."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not 0 < getattr(self, name) <= 86_400:
                raise ValueError(f"{name} is {getattr(self, name)}; expected seconds, more than 0 and at most a day")
        if self.longest < self.first:
            raise ValueError(f"longest is {self.longest}, below first, {self.first}")


def pace_of(settings: dict[str, Any]) -> Pace:
    """The pace of a config's settings; ConfigError names one that is unknown or cannot be."""
    try:
        return msgspec.convert(settings, Pace, strict=False)
    except (msgspec.ValidationError, TypeError) as error:
        known = ", ".join(Pace.__struct_fields__)
        raise ConfigError(f"settings of the connection 'valr': {error}; known are {known}") from None
