"""Every leak of the zoo is seen where it is, and every honest plugin left in peace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helios_engine.proof.zoo.entry import Specimen, entries, specimens
from helios_engine.proof.zoo.market import catalog_of
from helios_engine.proof.zoo.running import sightings


@pytest.fixture(scope="session")
def catalog() -> Iterator[Path]:
    with catalog_of() as folder:
        yield folder


@pytest.mark.parametrize("specimen", specimens(), ids=lambda s: s.name)
def test_a_leak_is_killed_and_a_twin_left_in_peace(catalog: Path, specimen: Specimen) -> None:
    # Every layer on every specimen is for `python -m tests.zoo`; here those that must see the leak, or leave the twin.
    (found,) = sightings(catalog, [specimen], layers=specimen.entry.label.layers)

    assert found.error == ""
    assert found.alarms == ()
    assert bool(found.layers) == specimen.is_leak
    assert [fact for fact, same in found.agreed.items() if not same] == [], found.said


def test_labels_state_what_follows_from_the_bug() -> None:
    """All that they state must be said as stated, above; so what they state must be more than a little."""
    by_cuts = [e.label for e in entries() if e.leak is not None and "prefix" in e.label.layers]
    stated = [value is not None for label in by_cuts for value in (label.column, label.first, label.horizon)]

    assert len([e for e in entries() if e.leak is not None]) >= 60
    assert len([s for s in specimens() if not s.is_leak]) >= 40
    assert stated.count(True) >= 0.75 * len(stated)


def test_every_entry_has_a_name_of_its_own() -> None:
    names = [specimen.name for specimen in specimens()]

    assert len(names) == len(set(names))
    assert all(entry.about for entry in entries())
