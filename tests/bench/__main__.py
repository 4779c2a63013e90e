"""Helios against bare nautilus_trader in one run: `make bench`, or `python -m tests.bench [--small]`.

Each side runs in a process of its own, in turn, three times; the median counts. Both read the same
Parquet and build the same ticks, and bare nautilus is handed the orders that Helios decided on. Ratios
over 1 mean that Helios is faster. Peak memory is the process's, the interpreter and libraries included.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROUNDS = 3


def child(side: str, root: str, kind: str) -> None:
    """One measurement, as JSON on stdout."""
    from tests.bench import bare, ours

    place = Path(root)
    if side == "nautilus":
        found = bare.run(place, kind, [tuple(o) for o in json.loads((place / f"{kind}.json").read_text())])
    else:
        found = ours.run(place, kind, dense=side == "helios-dense")
        (place / f"{kind}.json").write_text(json.dumps(found.pop("orders")))
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


def measure(side: str, root: str, kind: str) -> dict[str, Any]:
    """The median of some rounds, each in a fresh process."""
    rounds = []
    for _ in range(ROUNDS):
        command = [sys.executable, "-m", "tests.bench", "child", side, root, kind]
        rounds.append(
            json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        )
    best: dict[str, Any] = dict(rounds[-1])
    for key in ("seconds", "read", "peak_mb"):
        if key in best:
            best[key] = statistics.median(r[key] for r in rounds)
    return best


def main(small: bool) -> None:
    """Print the table."""
    from tests.bench.data import write_bars, write_trades

    sizes = {"bars": 10_000 if small else 100_000, "trades": 100_000 if small else 1_000_000}
    with tempfile.TemporaryDirectory() as root:
        write_bars(Path(root), sizes["bars"])
        write_trades(Path(root), sizes["trades"])
        print(f"{'work':<18}{'side':<16}{'seconds':>9}{'events/s':>11}{'peak MB':>9}{'fills':>7}{'ratio':>7}")
        for kind, count in sizes.items():
            rows = {side: measure(side, root, kind) for side in ("helios", "helios-dense", "nautilus")}
            whole = {side: row["seconds"] + row.get("read", 0.0) for side, row in rows.items()}
            for side, row in rows.items():
                ratio = whole["nautilus"] / whole[side]
                rate = count / whole[side]
                work, peak = f"{count:,} {kind}", row["peak_mb"]
                figures = f"{whole[side]:>9.2f}{rate:>11,.0f}{peak:>9.0f}{row['fills']:>7}{ratio:>7.2f}"
                print(f"{work:<18}{side:<16}{figures}")
            same = rows["helios"]["balances"] == rows["helios-dense"]["balances"]
            print(f"  balances with and without the events that can change nothing: {'equal' if same else 'DIFFERENT'}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(*sys.argv[2:5])
    else:
        main("--small" in sys.argv)
