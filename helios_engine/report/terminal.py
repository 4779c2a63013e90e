"""The summary of a run as a table for a terminal, at most 100 columns wide."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from helios_engine.report.wording import NONE, duration, money, percent, ratio
from helios_engine.timeframe import iso

if TYPE_CHECKING:
    from helios_engine.report.breakdown import Breakdown
    from helios_engine.report.summary import Summary

WIDTH = 100
_LABEL = 12
_HEAD = 12
_GAP = "   "
_COLOURS = {"complete": "32", "interrupted": "33", "failed": "31"}


def summary_text(summary: Summary, folder: Path | None = None, *, is_tty: bool | None = None) -> str:
    """The summary as text, ending without a newline; with `folder`, its paths come last.

    `is_tty` asks for colour; by default it is used when stdout is a terminal and NO_COLOR is unset.
    """
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") if is_tty is None else is_tty
    status = f"\x1b[{_COLOURS[summary.status]}m{summary.status}\x1b[0m" if colour else summary.status
    room = WIDTH - len(summary.status) - 2
    lines = [f"{_short(summary.name, room):<{room}}  {status}", "─" * WIDTH]
    if summary.contaminated:
        lines += [*textwrap.wrap(summary.contaminated, WIDTH), "─" * WIDTH]
    lines += _row("span", f"{iso(summary.span.start)} … {iso(summary.span.stop)}")
    lines += [*_money(summary), *_counts(summary)]
    lines += [line for kind, text in sorted(summary.models.items()) for line in _row(kind, text)]
    lines += _grid("heads", [(name, head[:_HEAD]) for name, head in sorted(summary.heads.items(), key=_chain)])
    for name, pin in sorted(summary.pins.items()):
        span = f"{iso(pin.first)} … {iso(pin.last)}" if pin.rows else "empty"
        issues = f", {pin.issues} issues" if pin.issues else ""
        lines += _row("data", f"{name}  {pin.digest[:_HEAD]}  {pin.rows:,} rows{issues}  {span}")
    if summary.error:
        lines += _row("error", summary.error)
    for warning in summary.warnings:
        lines += _row("warning", warning)
    if folder is not None:
        # Paths stay whole, however long: they are there to be copied.
        lines += ["─" * WIDTH, f"{'run':<{_LABEL}}{folder}", f"{'report':<{_LABEL}}{folder / 'report.html'}"]
    return "\n".join(lines)


def _money(summary: Summary) -> list[str]:
    account, m = summary.account, summary.metrics
    coin = account.currency
    equity = _row("equity", f"{money(account.start_equity, coin)} → {money(account.end_equity, coin)}")
    if m is None:
        return equity + _row("metrics", f"{NONE} (the run did not get far enough to be measured)")
    fall = f"{percent(m.max_drawdown)} over {duration(m.max_drawdown_duration)}"
    return [
        *equity,
        *_grid("return", [("total", percent(m.total_return, signed=True)), ("CAGR", percent(m.cagr, signed=True))]),
        *_grid("drawdown", [("deepest", fall), ("Calmar", ratio(m.calmar))]),
        *_grid("risk", [("Sharpe", ratio(m.sharpe)), ("Sortino", ratio(m.sortino)), ("vol", percent(m.volatility))]),
        *_grid("trades", [("closed", f"{m.trades:,}"), ("open", f"{m.open_trades:,}"), ("hit", percent(m.hit_rate))]),
        *_grid("", [("profit factor", ratio(m.profit_factor)), ("payoff", ratio(m.payoff))]),
        *_grid("costs", [("fees", money(m.costs, coin)), ("of start", percent(m.costs_fraction))]),
        *_breakdown(summary.breakdown, coin),
        *_grid("exposure", [("time", percent(m.exposure_time)), ("mean", percent(m.exposure_mean))]),
        *_grid("", [("turnover", ratio(m.turnover))]),
    ]


def _breakdown(b: Breakdown, coin: str) -> list[str]:
    """Gross to net, the parts of the shortfall, and the share of the market."""
    s = b.shortfall
    if b.net is None and not b.reasons:  # a run from before there was a breakdown
        return []
    spread = money(s.spread, coin) + (f" (known for {percent(s.spread_covered)})" if s.spread is not None else "")
    lines = _grid(
        "", [("gross", money(b.gross, coin)), ("net", money(b.net, coin)), ("funding", money(b.funding, coin))]
    )
    if s.orders:
        lines += _grid("slippage", [("delay", money(s.delay, coin)), ("execution", money(s.execution, coin))])
        lines += _grid("", [("of it spread", spread if s.spread is not None else f"{NONE} {s.reasons['spread']}")])
        lines += _grid("", [("unfilled", percent(s.unfilled)), ("opportunity cost", money(s.opportunity, coin))])
    if b.participation is not None:
        busiest = f"{percent(b.busiest)} of {b.busiest_instrument} on {iso(b.busiest_day or 0)[:10]}"
        lines += _grid("capacity", [("share of volume", percent(b.participation)), ("busiest day", busiest)])
    return lines


def _counts(summary: Summary) -> list[str]:
    c = summary.counts
    pairs = [("inputs", c.inputs), ("turns", c.turns), ("orders", c.orders), ("fills", c.fills)]
    if c.dropped:
        pairs.append(("before start", c.dropped))
    lines = _grid("counts", [(name, f"{count:,}") for name, count in pairs])
    for reason, count in sorted(c.rejects.items(), key=lambda item: (-item[1], item[0])):
        lines += _row("rejected", f"{count:,} × {reason}")
    return lines


def _chain(item: tuple[str, str]) -> tuple[bool, str]:
    return item[0].startswith("stage."), item[0]


def _grid(label: str, pairs: list[tuple[str, str]]) -> list[str]:
    """Pairs of name and value, as many to a line as fit; a pair is not torn apart."""
    lines: list[str] = []
    for name, value in pairs:
        pair = f"{name} {value}"
        if lines and len(lines[-1]) + len(_GAP) + len(pair) <= WIDTH - _LABEL:
            lines[-1] += _GAP + pair
        else:
            lines.append(pair)
    return [row for n, line in enumerate(lines) for row in _row(label if n == 0 else "", line)]


def _row(label: str, text: str) -> list[str]:
    """One row, wrapped under its own column; a word longer than the line is broken."""
    body = [line for part in text.splitlines() for line in textwrap.wrap(part, WIDTH - _LABEL)] or [""]
    return [f"{_short(label, _LABEL - 1) if n == 0 else '':<{_LABEL}}{part}" for n, part in enumerate(body)]


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"
