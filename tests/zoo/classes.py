"""Every leak of the zoo under freqtrade's rule and under Helios, and the README's table of their classes.

`python -m tests.zoo.classes` tries them all and writes `classes.json` and the table anew (some minutes);
`--table` writes the table alone, from what is recorded.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from helios_engine.proof.forks import answer_of
from helios_engine.proof.zoo.entry import Specimen, specimens
from helios_engine.proof.zoo.market import catalog_of
from helios_engine.proof.zoo.running import sightings
from helios_engine.proof.zoo.runs import FEED_RUN, STAGE_RUN
from tests.zoo.freqtrade_rule import Rule

RECORD = Path(__file__).with_name("classes.json")
README = Path(__file__).resolve().parents[2] / "README.md"
BLOCK = re.compile(r"(?<=<!-- classes -->\n).*?\n(?=\n|\Z)", re.S)
HEAD = "| class | leaks | freqtrade's rule finds | passes | no verdict | Helios finds |\n|---|---|---|---|---|---|\n"
NONE = "no verdict"
Record = dict[str, dict[str, str]]
"""By leak: what the `rule` says, `found`, `passes` or `no verdict`, and by which layers `helios` finds it."""


def leaks() -> list[Specimen]:
    """Every leak of the zoo."""
    return [s for s in specimens() if s.is_leak]


def verdict(leak: Specimen, rule: Rule) -> str:
    """What the rule says; no verdict where there are too few trades, or nothing that it could be put to.

    It looks at columns and signals over the candles of one pair: not at ranks of several, at models and their replies,
    at venues, at orders without a signal, at blocks, which it does not have, nor at an engine.
    """
    entry = leak.entry
    if entry.run not in (FEED_RUN, STAGE_RUN) or entry.planted is not nullcontext or "drivers" in entry.label.layers:
        return NONE
    found: str = answer_of(lambda: rule.verdict(leak).text)
    return found if found in ("found", "passes") else NONE


def record(catalog: Path, rule: Rule) -> Record:
    """Try every leak with both."""
    shown = leaks()
    ours = {s.name: ", ".join(s.layers) for s in sightings(catalog, shown)}
    return {leak.name: {"rule": verdict(leak, rule), "helios": ours[leak.name]} for leak in shown}


def table(recorded: Record) -> str:
    """A row a class, and one for all."""
    classes = sorted({name.partition(".")[0] for name in recorded})
    rows = [_row(c, [r for name, r in recorded.items() if name.partition(".")[0] == c]) for c in classes]
    return HEAD + "".join([*rows, _row("all", list(recorded.values()))])


def recorded() -> Record:
    """What `main` has recorded."""
    found: Record = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


def _row(name: str, those: list[dict[str, str]]) -> str:
    return f"| {' | '.join(_cells(name, those))} |\n"


def _cells(name: str, those: list[dict[str, str]]) -> Iterator[str]:
    yield name
    yield str(len(those))
    for said in ("found", "passes", NONE):
        yield str(len([r for r in those if r["rule"] == said]))
    yield str(len([r for r in those if r["helios"]]))


def main() -> None:
    """Record what both say of every leak, unless told not to, and write the table into the README."""
    if "--table" not in sys.argv[1:]:
        with catalog_of() as catalog:
            found = record(catalog, Rule(catalog, catalog.parent / "cut"))
        RECORD.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    README.write_text(BLOCK.sub(lambda _: table(recorded()), text), encoding="utf-8")


if __name__ == "__main__":
    main()
