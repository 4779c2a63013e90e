"""`python -m tests.zoo --seeds 3` prints what the prover makes of every specimen, for each seed."""

from __future__ import annotations

import argparse
import sys
import time

from helios_engine.proof.prover import chosen
from helios_engine.proof.zoo.entry import specimens
from helios_engine.proof.zoo.market import catalog_of
from helios_engine.proof.zoo.matrix import line, sight_lines, text
from helios_engine.proof.zoo.running import CUTS, Sighting, sightings


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.zoo", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, each with a market of its own")
    parser.add_argument("--first", type=int, default=0, help="the first seed; 0 is the one the labels are made for")
    parser.add_argument("--cuts", type=int, default=CUTS)
    parser.add_argument("--only", default="", help="specimens whose name contains this")
    parser.add_argument("--layer", action="append", default=[], dest="layers")
    parser.add_argument("--all-layers", action="store_true", help="every layer, and which leaks each sees alone")
    given = parser.parse_args()
    layers = chosen(()) if given.all_layers else given.layers
    shown = [s for s in specimens() if given.only in s.name]
    right = True
    for seed in range(given.first, given.first + given.seeds):
        begin = time.monotonic()
        with catalog_of(seed) as catalog:
            found = []
            for sighting in sightings(catalog, shown, seed=seed, cuts=given.cuts, layers=layers):
                found.append(sighting)
                print(f"{len(found)} of {len(shown)}: {line(sighting)}", file=sys.stderr)
        right = right and all(is_right(s) for s in found)
        print(f"seed {seed}, {given.cuts} cuts, {time.monotonic() - begin:.0f} s")
        print(text(found))
        if given.all_layers:
            print("\n".join(["", *sight_lines(found)]))
    return 0 if right else 1


def is_right(sighting: Sighting) -> bool:
    """A leak was killed, or an honest plugin left in peace, and nobody else was blamed."""
    return not sighting.error and not sighting.alarms and bool(sighting.layers) == sighting.is_leak


if __name__ == "__main__":
    sys.exit(main())
