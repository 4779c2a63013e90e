"""Random (order, limits, state) triples through the gate and a second opinion: `python -m tests.bench.gate_fuzz`.

Every triple is judged by both, and they must agree in both directions: what breaks no rule passes, and what is
refused breaks the rule that the reason names. The same seed gives the same triples. Prints how often each kind of
reason was given, and fails if one was never.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from random import Random

from helios_engine.gate import KINDS
from tests.gate_model.lockstep import Lockstep

STEPS = 60
"""Steps of one run, about half of them orders and changes: long enough for positions, rates and losses."""


def fuzz(triples: int, seed: int) -> Counter[str]:
    """Judge at least so many triples; AssertionError names the first on which the two do not agree."""
    counts: Counter[str] = Counter()
    number = 0
    while counts.total() < triples:
        run = Lockstep(Random(f"{seed}:{number}"))
        try:
            for _ in range(STEPS):
                run.step()
        except Exception as error:
            error.add_note(f"run {number} of seed {seed}")
            raise
        counts += run.verdicts
        number += 1
    return counts


def main() -> int:
    """Print the table of reasons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    counts = fuzz(asked.triples, asked.seed)
    print(f"{counts.total():,} triples, seed {asked.seed}: the gate and the second opinion agree on every one")
    for kind in ("passes", *KINDS):
        print(f"{kind:<32}{counts[kind]:>10,}")
    missing = [kind for kind in KINDS if not counts[kind]]
    if missing:
        print(f"never given: {', '.join(missing)}; raise --triples", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
