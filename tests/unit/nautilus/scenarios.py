"""Seeded markets and orders, run through our venue and through nautilus' own engine."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any, NamedTuple

from helios_engine.bodies import CancelIntent, Instrument, OrderIntent, Print, Trade
from helios_engine.events import Body

D = Decimal
S = 1_000_000_000
BTC = Instrument(
    "BTCZAR.VALR", "BTC", "ZAR", 0, 8, tick=D(1), lot=D("0.00000001"), maker_fee=D("0.0018"), taker_fee=D("0.0035")
)
ETH = Instrument(
    "ETHZAR.VALR", "ETH", "ZAR", 2, 4, tick=D("0.01"), lot=D("0.0001"), maker_fee=D("0.0018"), taker_fee=D("0.0035")
)


class Scenario(NamedTuple):
    """Market events, and which commands are decided right after which of them."""

    market: list[Trade | Print]
    commands: dict[int, list[Body]]


def trades(seed: int, count: int = 400, ties: bool = True, instruments: tuple[Instrument, ...] = (BTC,)) -> Scenario:
    """A random tape with two sides, sometimes several trades at one time, and random orders on it."""
    draw = random.Random(seed)
    price = {d.instrument: 1000.0 for d in instruments}
    ts, market = S, []
    for number in range(count):
        ts += 0 if ties and draw.random() < 0.2 else draw.randint(1, 400) * 1_000_000
        definition = (
            instruments[0] if number < 2 * len(instruments) - 1 and len(instruments) == 1 else draw.choice(instruments)
        )
        name = definition.instrument
        price[name] = max(10.0, price[name] + draw.randint(-4, 4))
        side = ("SELL", "BUY")[number % 2] if number < 4 else draw.choice(("BUY", "SELL"))
        size = round(draw.choice((0.1, 0.5, 2.0)), 1)
        market.append(Trade(name, ts, price[name], size, side, f"t{number}"))
    return Scenario(market, orders(draw, market))


def orders(draw: random.Random, market: list[Trade]) -> dict[int, list[Body]]:
    """About one command in eight events: market, limit, IOC, FOK, post-only, cancels, and too large sales."""
    commands: dict[int, list[Body]] = {}
    sent: list[tuple[str, str]] = []
    for number, trade in enumerate(market):
        if number < 8 or draw.random() > 0.12:
            continue
        order = f"O-{number}"
        side = draw.choice(("BUY", "SELL"))
        quantity = D(str(draw.choice((0.1, 0.3, 1.0, 3.0))))
        kind = draw.choice(("MARKET", "MARKET", "LIMIT", "LIMIT", "IOC", "FOK", "POST", "CANCEL"))
        if kind == "CANCEL":
            if sent:
                target, name = draw.choice(sent)
                commands.setdefault(number, []).append(CancelIntent(target, name))
            continue
        price = D(int(trade.price) + draw.randint(-5, 5))
        terms: dict[str, Any] = {} if kind == "MARKET" else {"type": "LIMIT", "price": price}
        if kind in ("IOC", "FOK"):
            terms["time_in_force"] = kind
        terms["post_only"] = kind == "POST"
        commands.setdefault(number, []).append(OrderIntent(order, trade.instrument, side, quantity, **terms))  # type: ignore[arg-type]
        sent.append((order, trade.instrument))
    return commands


def prints(seed: int, bars: int = 60, instruments: tuple[Instrument, ...] = (BTC, ETH)) -> Scenario:
    """Hourly bars of several instruments as prints, all at the same times, with orders decided at closes."""
    draw = random.Random(seed)
    price = {d.instrument: 1000.0 for d in instruments}
    hour, market = 3600 * S, []
    commands: dict[int, list[Body]] = {}
    for bar in range(1, bars + 1):
        start = bar * hour
        for phase, offset in (("open", 1), ("extreme", hour // 3), ("extreme", 2 * hour // 3), ("close", hour - 1)):
            for definition in instruments:
                name = definition.instrument
                price[name] += draw.randint(-5, 5)
                market.append(Print(name, start + offset, price[name], 2.0, phase))
        for definition in instruments:
            if draw.random() < 0.3 and bar > 1:
                side = draw.choice(("BUY", "SELL"))
                intent = OrderIntent(f"P-{bar}-{definition.base}", definition.instrument, side, D("0.5"))  # type: ignore[arg-type]
                commands.setdefault(len(market) - 1, []).append(intent)
    return Scenario(market, commands)


def through_venue(
    scenario: Scenario, latency: str, *, dense: bool, balance: str = "100000"
) -> tuple[list[Any], dict[str, Decimal]]:
    """Every answer of our venue with its time, and the final balances."""
    from helios_engine.nautilus.plugin import sim_venue

    venue = sim_venue({"ZAR": balance}, latency=latency, dense=dense)
    names = {body.instrument for body in scenario.market}
    venue.open(1, [d for d in (BTC, ETH) if d.instrument in names])
    answers = []
    for number, body in enumerate(scenario.market):
        answers += [(body.ts_event, a) for a in venue.market(body.ts_event, body)]
        for command in scenario.commands.get(number, ()):
            venue.send(body.ts_event, command)
        answers += [(body.ts_event, a) for a in venue.settle(body.ts_event)]
    answers += [(0, a) for a in venue.finish(scenario.market[-1].ts_event)]
    return answers, venue.balances()  # type: ignore[attr-defined]
