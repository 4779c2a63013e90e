"""At most so many requests in any stretch of time, over all downloads of this process."""

from __future__ import annotations

from collections import deque

import msgspec

from helios_engine.catalog.download.request import World


class Limit(msgspec.Struct, frozen=True):
    """At most `count` requests in any `seconds`."""

    count: int
    seconds: float


class Limiter:
    """Lets a request go once fewer than `count` went in the last `seconds`."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._sent: deque[float] = deque(maxlen=limit.count)

    async def turn(self, world: World) -> None:
        """Wait until one more request may go, and count it."""
        while len(self._sent) == self._limit.count:
            wait = self._sent[0] + self._limit.seconds - world.monotonic()
            if wait <= 0:
                break
            await world.sleep(wait)
        self._sent.append(world.monotonic())


_LIMITERS: dict[tuple[str, Limit], Limiter] = {}


def limiter_for(base_url: str, limit: Limit) -> Limiter:
    """The limiter of a host. Vendors count per address, so two downloads in a row share it."""
    return _LIMITERS.setdefault((base_url, limit), Limiter(limit))
