"""A look at a live run in words: a few lines that the terminal and `ctl status` share, and a table of positions."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from helios_engine.live.look_parts import Look


def lines_of(look: Look) -> list[str]:
    """The look as lines of a label and words, the most pressing ones first."""
    rows = [
        ("run", f"{look.run} · {look.mode} · {look.phase} for {span(look.for_s)}"),
        *(("OUT", f"{stage}, {kind}; it gets no more events in this run") for stage, kind in look.out.items()),
        *(("link", text) for text in _links(look) or ["no line is open"]),
        *(("data", text) for text in _data(look)),
        ("equity", _money(look)),
        *(("held", text) for text in _held(look)),
        *(("order", text) for text in _orders(look)),
        *((row.kind, f"{row.instrument} {row.text} by {row.stage}, {span(row.age_s)} ago") for row in look.decisions),
        ("gate", _gate(look)),
        ("health", "; ".join([*look.troubles, *_measured(look)]) or "nothing is known to be wrong"),
        ("counts", ", ".join(f"{value:,} {name}" for name, value in look.counts.items())),
        ("disk", _disk(look)),
        *(("WARNING", text) for text in look.warnings),
    ]
    return [f"{label:<8} {text}" for label, text in rows if text]


def positions_table(look: Look) -> list[str]:
    """Positions as a table, and the money below it."""
    head = ("instrument", "quantity", "average", "price", "worth", "open", "closed")
    rows = [
        (p.instrument, plain(p.quantity), f"{p.average_price:.8g}", f"{p.price:,.8g}" if p.price is not None else "?",
         amount(p.worth), amount(p.open_pnl), amount(p.closed_pnl))
        for p in look.positions
    ]  # fmt: skip
    if not rows:
        return ["no positions", _money(look)]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [*(_row(row, widths) for row in (head, *rows)), _money(look)]


def span(seconds: float | None) -> str:
    """A length of time for people: `0.4 s`, `12 s`, `3m 05s`, `2h 10m`."""
    if seconds is None:
        return "never"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m {rest:02d}s" if minutes < 60 else f"{minutes // 60}h {minutes % 60:02d}m"


def amount(value: Decimal | None) -> str:
    """Money with two decimals; `?` while a price that it needs is unknown."""
    return "?" if value is None else f"{value:,.2f}"


def plain(value: Decimal) -> str:
    """A quantity without needless zeros."""
    return f"{value.normalize():f}"


def _row(row: Iterable[str], widths: list[int]) -> str:
    cells = list(zip(row, widths, strict=True))
    return "  ".join([f"{cells[0][0]:<{cells[0][1]}}", *(f"{text:>{width}}" for text, width in cells[1:])]).rstrip()


def _links(look: Look) -> list[str]:
    return [
        f"{line.name} up {span(line.up_s)}" + f", last frame {span(line.heard_s)} ago" * (line.heard_s is not None)
        if line.is_up
        else f"{line.name} DOWN: {line.problem or 'not opened yet'}"
        for line in look.lines
    ]


def _data(look: Look) -> list[str]:
    found = []
    for row in look.data:
        price = "no price yet" if row.price is None else f"{row.price:,.10g}"
        age = "nothing came yet" if row.age_s is None else f"{span(row.age_s)} old"
        lag = "" if row.lag_s is None else f", lag {row.lag_s:.3f} s"
        found.append(f"{row.instrument} {price}, {age}{lag}")
    return found


def _money(look: Look) -> str:
    money = look.account
    if money is None:
        return ""
    return (
        f"{money.equity:,.2f} {money.currency}, {money.pnl:+,.2f} so far, {money.fees:,.2f} of it fees; "
        f"cash {money.cash:,.2f}, exposure {money.exposure:,.2f}"
    )


def _held(look: Look) -> list[str]:
    return [
        f"{p.instrument} {plain(p.quantity)} at {p.average_price:.8g}, worth {amount(p.worth)}, "
        f"{amount(p.open_pnl)} open, {amount(p.closed_pnl)} closed"
        for p in look.positions
        if p.quantity
    ]


def _orders(look: Look) -> list[str]:
    found = []
    for order in look.orders[:8]:
        at = f" at {order.price:f}" if order.price is not None else ""
        at += f" from {order.trigger:f}" if order.trigger is not None else ""
        ends = ", reduce only" * order.reduce_only + ", OUTCOME UNKNOWN" * order.is_unknown
        found.append(f"{order.id} {order.side} {plain(order.left)} {order.instrument} {order.type}{at}{ends}")
    more = look.open_orders - len(found)
    return [*found, f"and {more} more"] if more > 0 else found


def _gate(look: Look) -> str:
    held = ", ".join(
        f"{name.upper()} of {'everything' if scope == '*' else scope}" for scope, name in look.gate.items()
    )
    refused = ", ".join(f"{count} {reason}" for reason, count in look.refused.items())
    return (held or "open") + (f"; refused: {refused}" if refused else "")


def _measured(look: Look) -> list[str]:
    """What was measured and is not 0, but for links and staleness: lines and data speak for themselves."""
    kinds = ("link", "staleness")
    return [f"{name} {value:.4g}" for name, value in look.health.items() if value and not name.startswith(kinds)]


def _disk(look: Look) -> str:
    disk = look.recorder
    if disk is None:
        return ""
    if disk.problem:
        return f"NOTHING IS RECORDED: {disk.problem}"
    return (
        f"{disk.frames:,} frames recorded, {disk.waiting:,} waiting, {disk.dropped:,} left out, "
        f"{disk.free / (1 << 30):,.1f} GiB free"
    )
