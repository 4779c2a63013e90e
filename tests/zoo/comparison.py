"""What freqtrade's rule and Helios say of leaks of the zoo: the table of the README.

`python -m tests.zoo.comparison` writes the table there anew.
"""

from __future__ import annotations

import re
from pathlib import Path

from helios_engine.proof.zoo.entry import Specimen, specimens
from helios_engine.proof.zoo.market import catalog_of
from helios_engine.proof.zoo.running import sighting
from tests.zoo.freqtrade_rule import Rule

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCK = re.compile(r"(?<=<!-- comparison -->\n).*?\n(?=\n|\Z)", re.S)
MISSED = {
    "series.next_return": "`shift(-1)` in a feature",
    "timing.joined_by_open": "4h bars merged into 1h by when they open",
    "timing.nearest": '`merge_asof(direction="nearest")` on 4h bars',
    "timing.at_open": "bars delivered at their open",
    "peeking.at_once": "the next bar, from a file opened in `__init__`",
    "peeking.in_module": "a frame cached in a global of the module",
    "rarely.weekly": "a peek at the next bar, once a week",
    "rarely.after_loss": "a peek after a loss only",
    "training.target_kept": "the target left among the features",
    "outside.wall_clock": "the hour of the wall clock",
}
"""Leaks that pass the rule, as its threads say that they do, and what they are."""
FOUND = {
    "series.shifted_average": "an average shifted by −5",
    "series.centred_rolling": "`rolling(center=True)`",
    "statistics.z_score": "mean and deviation of all data",
    "training.on_all": "a model fitted on the whole catalog",
    "training.overlap": "labels that overlap the test",
}
"""Leaks that the rule finds."""
HEAD = "| leak | freqtrade's rule | Helios |\n|---|---|---|\n"


def specimen(name: str) -> Specimen:
    """The specimen of this name."""
    return next(s for s in specimens() if s.name == name)


def row(name: str, catalog: Path, rule: Rule) -> str:
    """One row of the table: by running both."""
    leak = specimen(name)
    layers = sighting(catalog, leak, layers=leak.entry.label.layers).layers
    ours = f"found ({', '.join(layers)})" if layers else "passes"
    return f"| {(MISSED | FOUND)[name]} | {rule.verdict(leak).text} | {ours} |\n"


def main() -> None:
    """Write the table into the README."""
    with catalog_of() as catalog:
        rule = Rule(catalog, catalog.parent / "cut")
        table = HEAD + "".join(row(name, catalog, rule) for name in MISSED | FOUND)
    text = README.read_text(encoding="utf-8")
    README.write_text(BLOCK.sub(lambda _: table, text), encoding="utf-8")


if __name__ == "__main__":
    main()
