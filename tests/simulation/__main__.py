"""`python -m tests.simulation [SEEDS] [FIRST]`: play so many seeds, tell what breaks and how often each fault struck.

`python -m tests.simulation --seed N` plays one, and keeps its folder.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.simulation.seeds import outcome, told


def main() -> int:
    """Play, print, and exit with 1 if an invariant was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("seeds", nargs="?", type=int, default=300)
    parser.add_argument("first", nargs="?", type=int, default=0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--minutes", type=float, default=None, help="Stop after so long, however many seeds are left.")
    given = parser.parse_args()
    if given.seed is not None:
        folder = Path(tempfile.mkdtemp(prefix=f"seed-{given.seed}-"))
        found = outcome(given.seed, folder)
        print(told(found), f"\n{folder}")
        return int(bool(found.broken))
    begun, faults, broken, done, totals = time.monotonic(), Counter[str](), 0, 0, Counter[str]()
    context = multiprocessing.get_context("spawn")
    with context.Pool(os.cpu_count(), maxtasksperchild=200) as pool:
        for found in pool.imap_unordered(outcome, range(given.first, given.first + given.seeds), chunksize=4):
            done += 1
            faults.update(found.faults)
            totals.update(inputs=found.inputs, fills=found.fills, crashes=found.crashes)
            if found.broken:
                broken += 1
                print(told(found), flush=True)
            if done % 100 == 0:
                print(f"{done} seeds, {broken} broken, {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
            if given.minutes is not None and time.monotonic() - begun > given.minutes * 60:
                pool.terminate()
                break
    print(f"{done} seeds in {time.monotonic() - begun:.0f} s: {broken} broken")
    print(f"{totals['inputs']:,} inputs, {totals['fills']:,} fills, {totals['crashes']:,} crashes")
    print("faults: " + ", ".join(f"{kind} {count:,}" for kind, count in sorted(faults.items())))
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
