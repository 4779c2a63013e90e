"""Numbers as a report writes them; what is not known is a dash."""

from __future__ import annotations

from helios_engine.report.breakdown import Breakdown
from helios_engine.report.metrics import Metrics
from helios_engine.timeframe import UNITS, iso

NONE = "–"


def percent(value: float | None, *, signed: bool = False) -> str:
    """A fraction in percent with two digits."""
    return NONE if value is None else f"{value:{'+' if signed else ''}.2%}"


def ratio(value: float | None) -> str:
    """A plain number with two digits."""
    return NONE if value is None else f"{value:,.2f}"


def money(value: float | None, currency: str) -> str:
    """An amount with its currency: two digits, or up to eight below one."""
    if value is None:
        return NONE
    text = f"{value:,.2f}" if abs(value) >= 1 or value == 0 else f"{value:,.8f}".rstrip("0")
    return f"{text} {currency}".rstrip()


def quantity(value: float | None) -> str:
    """A price or a size: ten significant digits, eight at most behind the point, no trailing zeros."""
    if value is None:
        return NONE
    whole = len(str(int(abs(value))))
    text = f"{value:,.{max(0, min(8, 10 - whole))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration(value: int | None) -> str:
    """Nanoseconds in the two largest units that matter: `12d 4h`, `3h 15m`, `40s`."""
    if value is None:
        return NONE
    if value < UNITS["s"]:
        return "0s" if value == 0 else f"{value / UNITS['s']:.3f}s"
    parts = []
    for name in ("d", "h", "m", "s"):
        count, value = divmod(value, UNITS[name])
        if count:
            parts.append(f"{count}{name}")
        elif parts:
            break
    return " ".join(parts[:2])


def rows(metrics: Metrics, currency: str) -> list[tuple[str, str, str]]:
    """Every metric as (label, value, reason of a missing value), in the order of a report."""
    m = metrics
    days = f"{m.days} daily return{'s' if m.days != 1 else ''}"
    found = [
        ("total_return", "Total return", percent(m.total_return, signed=True)),
        ("cagr", "Yearly growth (CAGR)", percent(m.cagr, signed=True)),
        ("max_drawdown", "Deepest drawdown", percent(m.max_drawdown)),
        ("max_drawdown_duration", "… peak to recovery or end", duration(m.max_drawdown_duration)),
        ("volatility", f"Volatility, yearly ({days})", percent(m.volatility)),
        ("sharpe", "Sharpe (365 d, risk-free 0)", ratio(m.sharpe)),
        ("sortino", "Sortino (target 0)", ratio(m.sortino)),
        ("calmar", "Calmar", ratio(m.calmar)),
        ("exposure_time", "Time with a position", percent(m.exposure_time)),
        ("exposure_mean", "Mean exposure over equity", percent(m.exposure_mean)),
        ("traded", "Traded value", money(m.traded, currency)),
        ("turnover", "Turnover, times mean equity", ratio(m.turnover)),
        ("costs", "Fees", money(m.costs, currency)),
        ("costs_fraction", "… of the starting equity", percent(m.costs_fraction)),
        ("fills", "Fills", f"{m.fills:,}"),
        ("trades", "Round trips, closed", f"{m.trades:,}"),
        ("open_trades", "Round trips, still open", f"{m.open_trades:,}"),
        ("hit_rate", "Hit rate, after fees", percent(m.hit_rate)),
        ("profit_factor", "Profit factor, after fees", ratio(m.profit_factor)),
        ("payoff", "Payoff (mean win over mean loss)", ratio(m.payoff)),
        ("mean_net", "Mean net result", money(m.mean_net, currency)),
        ("mean_duration", "Mean length of a round trip", duration(m.mean_duration)),
        ("span", "Marked span", duration(m.span)),
    ]
    return [(label, value, m.reasons.get(name, "")) for name, label, value in found]


def breakdown_rows(b: Breakdown, currency: str) -> list[tuple[str, str, str]]:
    """Every part of the breakdown as (label, value, reason of a missing value); none for a run that has none."""
    s = b.shortfall
    if b.net is None and not b.reasons:
        return []
    covered = f"{percent(s.spread_covered)} of the taken value had a quote" if s.spread is not None else ""
    day = f"{b.busiest_instrument} on {iso(b.busiest_day)[:10]}" if b.busiest_day is not None else ""
    return [
        ("Gross, at the prices of the decisions", money(b.gross, currency), _undefined(b.reasons, "gross")),
        ("Fees", money(b.fees, currency), _undefined(b.reasons, "fees")),
        ("Delay, decision to arrival", money(s.delay, currency), _undefined(s.reasons, "delay")),
        ("Execution, arrival to fill", money(s.execution, currency), _undefined(s.reasons, "execution")),
        ("… of it spread", money(s.spread, currency), _undefined(s.reasons, "spread") or covered),
        ("Funding paid", money(b.funding, currency), _undefined(b.reasons, "funding")),
        ("Net, the change of the equity", money(b.net, currency), _undefined(b.reasons, "net")),
        ("Not filled, of the value ordered", percent(s.unfilled), _undefined(s.reasons, "unfilled")),
        ("Opportunity cost of that", money(s.opportunity, currency), _undefined(s.reasons, "opportunity")),
        ("Share of the market's volume", percent(b.participation), _undefined(b.reasons, "participation")),
        ("… on the busiest day", percent(b.busiest), day),
    ]


def _undefined(reasons: dict[str, str], name: str) -> str:
    return f"undefined: {reasons[name]}" if name in reasons else ""
