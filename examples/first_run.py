"""Run the sample from Python and look at the result as pandas frames.

Run it with `python examples/first_run.py` from the project's folder.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import helios_engine

CONFIG = Path(__file__).parents[1] / "configs" / "ema_cross.toml"


def main() -> None:
    """Backtest, then print the last equity, the worst day and the costs of each instrument."""
    with tempfile.TemporaryDirectory() as runs:
        result = helios_engine.run(CONFIG, runs=runs)
        equity = result.frames.equity["equity"]
        daily = equity.resample("1D").last().pct_change().dropna()
        fills = result.frames.fills

        print(f"{result.summary.name}: {equity.iloc[0]:,.2f} became {equity.iloc[-1]:,.2f}")
        print(f"worst day {daily.min():.2%} on {daily.idxmin():%Y-%m-%d}")
        print(fills.groupby("instrument", observed=True)["fee"].sum().round(2).to_string())
        print(f"decisions {result.heads['decisions'][:12]}")


if __name__ == "__main__":
    main()
