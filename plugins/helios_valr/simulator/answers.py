"""What public REST answers, with the ages of VALR's own caches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from helios_valr.simulator import listings, pages, speech, summaries
from helios_valr.simulator.asked import Query, RefusedError

if TYPE_CHECKING:
    from helios_valr.simulator.server import Simulator

SECOND = 10**9


def answer(simulator: Simulator, path: str, query: Query) -> Any:
    """The body for a path below `/v1/public/`; RefusedError for what VALR refuses."""
    age, kept = age_of(path), simulator.cache.get(path)
    if kept is not None and simulator.elapsed - kept[0] < age:
        return kept[1]
    found = _fresh(simulator, path.split("/"), query)
    if age:
        simulator.cache[path] = (simulator.elapsed, found)
    return found


def age_of(path: str) -> float:
    """Seconds for which VALR answers from its cache."""
    match path.split("/"):
        case [*_, "marketsummary"]:
            return 5.0
        case [_, "orderbook", *_]:
            return 30.0
        case ["pairs", *_] | ["futures", "info"]:
            return 60.0
    return 0.0


def ahead(simulator: Simulator, what: str) -> int:
    """By how many ns the clock that is told is ahead of the true one."""
    skew = simulator.faults.touches("skew", simulator.elapsed, what)
    return round(skew.much * SECOND) if skew else 0


def _fresh(simulator: Simulator, words: list[str], query: Query) -> Any:
    now, markets, settings = simulator.world.now(), simulator.markets, simulator.settings
    every = list(markets.values())
    match words:
        case ["time"]:
            told = now + ahead(simulator, "/v1/public/time")
            whole = speech.iso(told)[:-5]
            return {"epochTime": told // SECOND, "time": f"{whole}.{told % SECOND:09}Z"}
        case ["status"]:
            is_closed = simulator.faults.touches("read_only", simulator.elapsed, "/v1/public/status")
            return {"status": "read-only" if is_closed else "online"}
        case ["currencies"]:
            return listings.currencies(every)
        case ["pairs"]:
            return [speech.pair(market) for market in every]
        case ["pairs", "SPOT" | "FUTURE" as kind]:
            return [row for row in map(speech.pair, every) if row["currencyPairType"] == kind]
        case ["ordertypes"]:
            return listings.order_types(every)
        case ["marketsummary"]:
            return [summaries.summary(market, now, "currencyPair") for market in every]
        case ["futures", "info"]:
            return listings.futures(every, settings.seed, now)
        case ["futures", "funding", "history"]:
            return pages.funding(markets, query, settings.seed, now)
        case [pair, *rest] if pair.upper() in markets:
            market = markets[pair.upper()]
            match rest:
                case ["ordertypes"]:
                    return listings.ORDER_TYPES
                case ["marketsummary"]:
                    return summaries.summary(market, now, "currencyPair")
                case ["orderbook"]:
                    return speech.aggregated(market, settings.lower_case_books)
                case ["orderbook", "full"]:
                    return speech.every_order(market, settings.lower_case_books)
                case ["trades"]:
                    return pages.trades(market, query, settings.before_id_inclusive)
                case ["buckets"]:
                    return pages.buckets(market, query, now)
                case ["markprice", "buckets"]:
                    return pages.mark_buckets(market, query, now)
        case [_, "marketsummary" | "orderbook" | "trades" | "buckets" | "markprice" | "ordertypes", *_]:
            raise RefusedError(-21, "Unsupported Currency Pair")
    raise RefusedError(-1, "Not found", 404)
