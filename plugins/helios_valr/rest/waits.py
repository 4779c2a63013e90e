"""How long to wait before asking again."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime

_SECOND = 1_000_000_000
_MINUTE = 60 * _SECOND


def full_jitter(failures: int, first: float, longest: float, uniform: Callable[[float, float], float]) -> float:
    """Seconds from 0 to a bound that doubles with every failure, so that many clients do not come back at once.

    Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015 ("full jitter").
    """
    return uniform(0.0, min(longest, first * 2.0 ** min(failures - 1, 60)))


def after_limit(retry_after: str, now: int, uniform: Callable[[float, float], float]) -> float:
    """Seconds to be silent after a 429: as told, else until the next minute of UTC begins, plus up to a second.

    `retry_after` is seconds or an HTTP date; anything else counts as not told. `now` is ns UTC.
    """
    told = _told(retry_after.strip(), now)
    rest = (_MINUTE - now % _MINUTE) / _SECOND
    return (rest if told is None else told) + uniform(0.0, 1.0)


def _told(text: str, now: int) -> float | None:
    if re.fullmatch(r"[0-9]{1,6}", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now / _SECOND)
    except (TypeError, ValueError, OverflowError):
        return None
