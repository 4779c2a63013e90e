"""Helios against bare nautilus_trader in one run: `make bench`, or `python -m tests.bench [--small]`.

Each side runs in a process of its own, in turn; the median of the rounds counts. Both read the same Parquet and build
the same ticks, and bare nautilus is handed the orders that Helios decided on. `helios` drives stages by blocks and
shows nautilus what can change something, `helios-events` drives them by events, `helios-dense` shows nautilus every
event. Seconds are CPU seconds of the process, so that a busy machine changes little. Ratios over 1 mean that Helios is
faster. Peak memory is the process's, the interpreter and libraries included.
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

WORK = {"bars": (100_000, 3), "trades": (5_000_000, 1)}
SIDES = ("helios", "helios-events", "helios-dense", "nautilus")
SMALL = {"bars": (10_000, 3), "trades": (100_000, 3)}
"""How many of each, and rounds."""


def child(side: str, root: str, kind: str) -> None:
    """One measurement, as JSON on stdout."""
    from tests.bench import bare, ours

    place = Path(root)
    if side == "nautilus":
        found = bare.run(place, kind, [tuple(o) for o in json.loads((place / f"{kind}.json").read_text())])
    else:
        driver = "events" if side == "helios-events" else "blocks"
        found = ours.run(place, kind, dense=side == "helios-dense", driver=driver)
        (place / f"{kind}.json").write_text(json.dumps(found.pop("orders")))
    found["peak_mb"] = peak_mb()
    print(json.dumps(found))


def peak_mb() -> float:
    """The most memory that this process has held.

    Linux hands `ru_maxrss` on to a child, so that it is at least what the parent held; the high-water mark of the
    process itself is in its status.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(side: str, root: str, kind: str, times: int) -> dict[str, Any]:
    """The median of some rounds, each in a fresh process."""
    rounds = []
    for _ in range(times):
        command = [sys.executable, "-m", "tests.bench", "child", side, root, kind]
        rounds.append(
            json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])
        )
    best: dict[str, Any] = dict(rounds[-1])
    for key in ("seconds", "read", "peak_mb"):
        if key in best:
            best[key] = statistics.median(r[key] for r in rounds)
    return best


def main(small: bool) -> None:
    """Print the table."""
    from tests.bench.data import write_bars, write_trades

    sizes = SMALL if small else WORK
    with tempfile.TemporaryDirectory() as root:
        write_bars(Path(root), sizes["bars"][0])
        write_trades(Path(root), sizes["trades"][0])
        print(f"{'work':<18}{'side':<16}{'CPU s':>9}{'events/s':>11}{'peak MB':>9}{'fills':>7}{'ratio':>7}")
        for kind, (count, times) in sizes.items():
            rows = {side: measure(side, root, kind, times) for side in SIDES}
            whole = {side: row["seconds"] + row.get("read", 0.0) for side, row in rows.items()}
            for side, row in rows.items():
                ratio = whole["nautilus"] / whole[side]
                rate = count / whole[side]
                work, peak = f"{count:,} {kind}", row["peak_mb"]
                figures = f"{whole[side]:>9.2f}{rate:>11,.0f}{peak:>9.0f}{row['fills']:>7}{ratio:>7.2f}"
                print(f"{work:<18}{side:<16}{figures}")
            same = all(rows["helios"]["balances"] == rows[side]["balances"] for side in SIDES[1:3])
            print(f"  balances of the three ways to run Helios: {'equal' if same else 'DIFFERENT'}")
            alike = rows["helios"]["fills"] == rows["nautilus"]["fills"]
            print(f"  as many fills as bare nautilus: {'yes' if alike else 'NO'}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(*sys.argv[2:5])
    else:
        main("--small" in sys.argv)
