"""What a load came to: quantiles of delays, slope of memory, frames that are missing. Arrays in, figures out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
WARM = 0.2
"""The part of a run that counts as warming up: its memory is not judged."""
QUANTILES = (0.5, 0.99, 0.999, 1.0)


class Quantiles(NamedTuple):
    """Of delays, in milliseconds."""

    p50: float
    p99: float
    p999: float
    most: float

    def __str__(self) -> str:
        return f"p50 {self.p50:.2f} ms, p99 {self.p99:.2f} ms, p99.9 {self.p999:.2f} ms, most {self.most:.1f} ms"


def quantiles(seconds: Floats) -> Quantiles:
    """Quantiles of delays in seconds. ValueError without a delay: nothing was measured."""
    if not seconds.size:
        raise ValueError("expected delays to judge, found none")
    return Quantiles(*(float(value) for value in np.quantile(seconds * 1000, QUANTILES)))


class Slope(NamedTuple):
    """A line through the samples after the warm-up: its first and last value, and its rise an hour."""

    begin: float
    end: float
    an_hour: float


def slope(at: Floats, values: Floats) -> Slope:
    """The least squares line through `values` over `at` (seconds) without the first fifth of the time.

    ValueError for fewer than three samples behind it, through which any line would do.
    """
    later = at >= at[0] + (at[-1] - at[0]) * WARM if at.size else np.zeros(0, bool)
    if np.count_nonzero(later) < 3:
        raise ValueError(f"expected three samples after the warm-up, found {np.count_nonzero(later)} of {at.size}")
    rise, _ = np.polyfit(at[later], values[later], 1)
    return Slope(float(values[later][0]), float(values[-1]), float(rise) * 3600)


class Loss(NamedTuple):
    """What the simulator numbered between the first and the last that came, what came, and what is wrong with it."""

    sent: int
    received: int
    missing: int
    twice: int
    strange: int
    """Trades that the simulator did not make."""

    @property
    def is_none(self) -> bool:
        """Whether everything came, once."""
        return not (self.missing or self.twice or self.strange)


def loss(raws: Iterable[bytes], trades: Mapping[str, list[str]]) -> Loss:
    """Hold the stream's frames of one line against the simulator: books by sequence, trades by the ids it has made.

    `trades` are the ids of each pair, oldest first; those after the last that came were under way when it ended, and
    those before the first were made before anybody listened.
    """
    books: dict[str, list[int]] = {}
    ids: dict[str, list[str]] = {}
    for raw in raws:
        found = msgspec.json.decode(raw)
        match found["type"]:
            case "OB_L1_SNAPSHOT" | "OB_L1_DIFF":
                books.setdefault(found["ps"], []).append(found["d"]["sq"])
            case "NEW_TRADE":
                ids.setdefault(found["currencyPairSymbol"], []).append(found["data"]["id"])
    sent = received = missing = twice = strange = 0
    for sequences in books.values():
        came = set(sequences)
        span = max(came) - min(came) + 1
        sent, received = sent + span, received + len(sequences)
        missing, twice = missing + span - len(came), twice + len(sequences) - len(came)
    for pair, told in ids.items():
        made, came_ids = trades.get(pair, []), set(told)
        places = [place for place, name in enumerate(made) if name in came_ids]
        span = places[-1] - places[0] + 1 if places else 0
        sent, received = sent + span, received + len(told)
        missing, twice = missing + span - len(places), twice + len(told) - len(came_ids)
        strange += len(came_ids) - len(places)
    return Loss(sent, received, missing, twice, strange)


def caught_up(done: Floats, made: Floats, begin: float, within: float) -> float:
    """Seconds from `begin` until what is done is again younger than `within` seconds, for good; NaN if it never is.

    `done` and `made` are when each frame was done and made, in seconds and in the order they came.
    """
    late = np.flatnonzero((done >= begin) & (done - made > within))
    if not late.size:
        return 0.0
    return float(done[late[-1] + 1] - begin) if late[-1] + 1 < done.size else float("nan")
