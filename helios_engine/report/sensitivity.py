"""What other assumptions make of a run: `sensitivity.json` beside `run.json`, and a table of it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from helios_engine.errors import JournalError
from helios_engine.files import write_whole
from helios_engine.report.wording import money, percent, ratio

FILE = "sensitivity.json"
THIS_RUN = "this run"


class Outcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One set: what it changes in words, how its run ended, and what that came to.

    `net_return` and `max_drawdown` are fractions, `fees` in the report currency. `config` and `run` are paths
    from the run's folder; `helios-engine backtest CONFIG` makes the same `heads` again. A set that was not run
    (`skipped`), or whose run did not get to its end, has no figures and says why in `error`.
    """

    name: str
    differs: str
    status: Literal["complete", "failed", "interrupted", "skipped"]
    error: str = ""
    config: str = ""
    run: str = ""
    net_return: float | None = None
    sharpe: float | None = None
    max_drawdown: float | None = None
    trades: int | None = None
    fees: float | None = None
    heads: dict[str, str] = {}


def outcome(summary: Mapping[str, Any], **fields: Any) -> Outcome:
    """The outcome of a run from its summary, as `run.json` has it."""
    status = summary["status"]
    metrics = summary["metrics"] if status == "complete" else None
    found = {"status": status, "error": summary["error"], "heads": dict(summary["heads"]), **fields}
    if metrics is not None:
        found |= {name: metrics[name] for name in ("sharpe", "max_drawdown", "trades")}
        found |= {"net_return": metrics["total_return"], "fees": metrics["costs"]}
    return Outcome(**found)


def write_outcomes(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """Write `sensitivity.json` whole or not at all; StorageError if the disk refuses."""
    write_whole(folder / FILE, msgspec.json.format(msgspec.json.encode(outcomes), indent=2) + b"\n")


def read_outcomes(folder: Path) -> list[Outcome]:
    """The outcomes of a run folder, none if nobody asked for them; JournalError if they cannot be read."""
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Outcome])
    except FileNotFoundError:
        return []
    except (OSError, msgspec.DecodeError) as error:
        raise JournalError(f"{path}: not the sensitivity of a run: {error}; run with --sensitivity again") from error


HEADINGS = ("Set", "Net return", "Sharpe", "Deepest drawdown", "Trades", "Fees")


def cells(o: Outcome, currency: str) -> tuple[str, ...]:
    """The figures of an outcome as the table shows them, in the order of HEADINGS."""
    return (
        o.name,
        percent(o.net_return, signed=True),
        ratio(o.sharpe),
        percent(o.max_drawdown),
        f"{o.trades:,}" if o.trades is not None else "–",
        money(o.fees, currency),
    )


def said(o: Outcome) -> str:
    """What belongs under an outcome: what the set changes, or why it has no figures."""
    return o.differs if o.status == "complete" else o.error if o.status == "skipped" else f"{o.status}: {o.error}"


def sensitivity_text(outcomes: Sequence[Outcome], currency: str) -> str:
    """A table for a terminal, at most 100 columns wide; below each set what it changes."""
    lines = [_line(HEADINGS)]
    for o in outcomes:
        lines.append(_line(cells(o, currency)))
        lines += [f"  {part}" for part in textwrap.wrap(said(o), 98)]
    return "\n".join(lines)


def _line(parts: Sequence[str]) -> str:
    name, net, sharpe, fall, trades, fees = parts
    return f"{name:<24} {net:>12} {sharpe:>9} {fall:>17} {trades:>9} {fees:>24}"
