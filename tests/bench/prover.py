"""What the prover's cuts cost in backtests: `python -m tests.bench.prover [CONFIG]`.

The commands `backtest`, `prove` with the layers prefix and futures, and `backtest` again run in turn. The cost is the
CPU seconds of all their processes, so that a busy machine changes little. A trial with few cuts shows how soon there is
a first verdict.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

SAMPLE = Path(__file__).resolve().parents[2] / "configs" / "six_kinds.toml"
CUTS, FEW = 256, 12
MOST = 15.0
"""What the cuts may cost, in backtests."""
CUTTING = ("--layer", "prefix", "--layer", "futures")


class Cost(NamedTuple):
    """Seconds of the processors and of the clock on the wall."""

    processor: float
    wall: float


def cost(*command: str) -> Cost:
    """Run a command of `helios-engine` to its end."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([sys.executable, "-m", "helios_engine", *command], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(spent, time.monotonic() - begin)


def main(config: str) -> int:
    """Print the table; 1 if the cuts cost more than they may."""
    with tempfile.TemporaryDirectory() as runs:
        backtest = ("backtest", config, "--runs", runs)
        backtests = [cost(*backtest), cost(*backtest)]
        cuts = cost("prove", config, "--cuts", str(CUTS), *CUTTING)
        few = cost("prove", config, "--cuts", str(FEW), *CUTTING)
        backtests += [cost(*backtest), cost(*backtest)]
    one = statistics.median(c.processor for c in backtests)
    ratio = cuts.processor / one
    print(f"{'work':<34}{'CPU s':>8}{'wall s':>8}{'backtests':>11}")
    print(f"{'one backtest':<34}{one:>8.1f}{statistics.median(c.wall for c in backtests):>8.1f}{1:>11.1f}")
    print(f"{f'{CUTS} cuts, prefix and futures':<34}{cuts.processor:>8.1f}{cuts.wall:>8.1f}{ratio:>11.1f}")
    print(f"{f'{FEW} cuts, to a first verdict':<34}{few.processor:>8.1f}{few.wall:>8.1f}{few.processor / one:>11.1f}")
    print(f"{CUTS} cuts cost {ratio:.1f} backtests; they may cost {MOST:.0f}")
    return 0 if ratio <= MOST else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2] or [str(SAMPLE)]))
