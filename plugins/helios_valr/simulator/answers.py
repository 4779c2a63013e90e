"""What public REST answers, with the ages of VALR's own caches."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from helios_valr.simulator import speech, summaries

if TYPE_CHECKING:
    from helios_valr.simulator.market import Market
    from helios_valr.simulator.server import Simulator

SECOND = 10**9
PERIODS = (60, 300, 900, 1800, 3600, 21600, 86400)
MOST_BUCKETS, MOST_TRADES = 300, 100
AGES = {"orderbook": 30.0, "pairs": 60.0, "marketsummary": 5.0}
"""Seconds for which VALR answers from its cache."""
SKEW = 30 * SECOND
Query = dict[str, str]


class RefusedError(Exception):
    """VALR says no: its code and the status of HTTP."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def answer(simulator: Simulator, path: str, query: Query) -> Any:
    """The body for a path below `/v1/public/`; RefusedError for what VALR refuses."""
    words = path.split("/")
    age = AGES.get(words[-1], AGES.get(words[0], 0.0))
    kept = simulator.cache.get(path)
    if kept is not None and simulator.elapsed - kept[0] < age:
        return kept[1]
    found = _fresh(simulator, words, query)
    if age:
        simulator.cache[path] = (simulator.elapsed, found)
    return found


def _fresh(simulator: Simulator, words: list[str], query: Query) -> Any:
    now, markets, touches = simulator.world.now(), simulator.markets, simulator.faults.touches
    match words:
        case ["time"]:
            told = now + SKEW * touches("skew", simulator.elapsed, "time")
            whole = speech.iso(told)[:-5]
            return {"epochTime": told // SECOND, "time": f"{whole}.{told % SECOND:09}Z"}
        case ["status"]:
            return {"status": "read-only" if touches("read_only", simulator.elapsed, "status") else "online"}
        case ["pairs"]:
            return [speech.pair(market) for market in markets.values()]
        case ["pairs", "SPOT" | "FUTURE" as kind]:
            return [row for row in map(speech.pair, markets.values()) if row["currencyPairType"] == kind]
        case ["marketsummary"]:
            return [summaries.summary(market, now, "currencyPair") for market in markets.values()]
        case [pair, *_] if pair.upper() not in markets:
            raise RefusedError(-21, "Unsupported Currency Pair")
        case [pair, "marketsummary"]:
            return summaries.summary(markets[pair.upper()], now, "currencyPair")
        case [pair, "orderbook"]:
            return speech.aggregated(markets[pair.upper()], simulator.settings.lower_case_books)
        case [pair, "trades"]:
            return _trades(markets[pair.upper()], query, simulator.settings.before_id_inclusive)
        case [pair, "buckets"]:
            return _buckets(markets[pair.upper()], query, now)
    raise RefusedError(-1, "Not found", 404)


def _trades(market: Market, query: Query, inclusive: bool) -> list[dict[str, Any]]:
    skip, limit = _whole(query, "skip", 0), _whole(query, "limit", MOST_TRADES)
    if limit > MOST_TRADES:
        raise RefusedError(-11, f"limit must be at most {MOST_TRADES}")
    rows = list(reversed(market.trades))
    if "beforeId" in query:
        places = [n for n, done in enumerate(rows) if done.id == query["beforeId"]]
        rows = rows[places[0] + (not inclusive) :] if places else []
    first, last = _moment(query, "startTime", 0), _moment(query, "endTime", 1 << 62)
    rows = [done for done in rows if first <= done.at <= last]
    return [speech.trade(market, done) | {"sequenceId": done.sequence} for done in rows[skip : skip + limit]]


def _buckets(market: Market, query: Query, now: int) -> list[dict[str, Any]]:
    seconds, limit = _whole(query, "periodSeconds", 60), _whole(query, "limit", MOST_BUCKETS)
    if seconds not in PERIODS:
        raise RefusedError(-11, f"periodSeconds must be one of {', '.join(map(str, PERIODS))}")
    last = _whole(query, "endTime", now // SECOND)
    first = _whole(query, "startTime", last - seconds * (MOST_BUCKETS - 1))
    if limit > MOST_BUCKETS or (last - first) // seconds > MOST_BUCKETS:
        raise RefusedError(-11, f"at most {MOST_BUCKETS} buckets at once")
    skip = _whole(query, "skip", 0)
    return summaries.buckets(market, first * SECOND, last * SECOND, seconds)[skip : skip + limit]


def _whole(query: Query, name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise RefusedError(-11, f"{name} must be a whole number")
    return int(text)


def _moment(query: Query, name: str, default: int) -> int:
    if name not in query:
        return default
    try:
        return int(datetime.fromisoformat(query[name]).timestamp() * 1000) * 10**6
    except ValueError:
        raise RefusedError(-11, f"{name} must be a time in ISO 8601") from None
