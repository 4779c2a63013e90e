"""Definitions by the time from which they hold, and the universe as it was."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helios_engine.bodies import Instrument
from helios_engine.catalog.definitions import TERMS, definitions, in_force, universe
from helios_engine.catalog.importers import rows
from helios_engine.catalog.importers.contract import Source
from helios_engine.catalog.opening import open_catalog
from helios_engine.catalog.queries import sql
from helios_engine.catalog.store import Catalog
from helios_engine.timeframe import DAY
from tests.unit.catalog.filled import BEGIN, definition, filled


def stored(root: Path, found: list[Instrument], venue: str = "BINANCE") -> Catalog:
    """The definitions as an importer of a venue's list brings them."""
    (root / "list.json").write_text("{}")
    made = rows.instruments(Source(root / "list.json"), venue, found, str)
    catalog = Catalog(root / "catalog")
    with catalog.session() as session:
        writer = session.writer("instruments", venue)
        writer.add(made.table)
        writer.commit(None)
    return catalog


@pytest.mark.parametrize(
    ("days", "names"),
    [
        (-1, []),
        (0, ["BTCUSDT", "OLDUSDT"]),
        (2.999, ["BTCUSDT", "OLDUSDT"]),
        (3, ["BTCUSDT", "NEWUSDT", "OLDUSDT"]),
        (4.999, ["BTCUSDT", "NEWUSDT", "OLDUSDT"]),
        (5, ["BTCUSDT", "NEWUSDT"]),
        (5000, ["BTCUSDT", "NEWUSDT"]),
    ],
)
def test_the_universe_holds_what_was_listed_then_and_not_yet_delisted(
    tmp_path: Path, days: float, names: list[str]
) -> None:
    catalog = filled(tmp_path)
    at = BEGIN + round(days * DAY)

    assert [d.instrument.removesuffix(".BINANCE") for d in universe(catalog, at)] == names
    assert universe(catalog, at, "VALR") == []
    assert [d.instrument for d in universe(catalog, at, "BINANCE")] == [d.instrument for d in universe(catalog, at)]


def test_terms_change_at_their_moment_and_not_before(tmp_path: Path) -> None:
    catalog = filled(tmp_path)

    ticks = [str(universe(catalog, BEGIN + 2 * DAY + step, "BINANCE")[0].tick) for step in (-1, 0)]

    assert ticks == ["0.01", "0.1"]


def test_a_later_definition_may_say_that_an_instrument_is_gone(tmp_path: Path) -> None:
    """The delisting is known from the second definition on; before, nobody could know it."""
    gone = [definition("AUSDT.X", BEGIN), definition("AUSDT.X", BEGIN + DAY, delisted=BEGIN + 3 * DAY)]
    catalog = stored(tmp_path, gone, "X")

    assert [bool(universe(catalog, BEGIN + n * DAY)) for n in range(5)] == [True, True, True, False, False]
    assert [d.delisted for d in universe(catalog, BEGIN)] == [0]


def test_every_term_comes_back_digit_by_digit(tmp_path: Path) -> None:
    terms: dict[str, Any] = {
        name: Decimal(text)
        for name, text in zip(
            TERMS, ("0.000000000000000001", "0.10", "3", "1E+2", "-0.0001", "0.00075", "0.05", "0"), strict=True
        )
    }
    whole = definition("AUSDT.X", BEGIN, **terms, listed=BEGIN - DAY, delisted=BEGIN + DAY, contract="perpetual")
    (found,) = definitions(stored(tmp_path, [whole], "X").dataset("instruments", "X"))

    assert found == whole
    assert str(found.lot) == "0.10"


MOMENTS = st.integers(1, 6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from("ABC"), MOMENTS, st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=12),
    st.integers(0, 8),
)
def test_three_ways_to_ask_for_a_universe_agree(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[str, int, int, int]], day: int
) -> None:
    """The function, the notebook and SQL, against a plain search of the test's own."""
    told = list({(name, valid): (name, valid, listed, gone) for name, valid, listed, gone in told}.values())
    found = [
        definition(f"{name}USDT.X", n * DAY, listed=listed * DAY, delisted=gone * DAY, tick=Decimal(n))
        for name, n, listed, gone in told
    ]
    catalog = stored(tmp_path_factory.mktemp("u"), found, "X")
    at = day * DAY

    expected = []
    for name in "ABC":
        known = [d for d in found if d.base == name and d.valid_from <= at]
        last = max(known, key=lambda d: d.valid_from, default=None)
        if last is not None and last.listed <= at and (last.delisted == 0 or at < last.delisted):
            expected.append((last.instrument, last.tick))

    assert [(d.instrument, d.tick) for d in universe(catalog, at)] == expected
    frame = open_catalog(catalog.url).instruments(at=at)
    assert list(zip(frame.index, map(Decimal, frame["tick"].astype(int)), strict=True)) == expected
    assert set(in_force(found, at)) >= {name for name, _ in expected}
    rows_ = sql(catalog, f"SELECT count(*) AS n FROM instruments WHERE ts <= {at}")["n"].to_pylist()
    assert rows_ == [sum(d.valid_from <= at for d in found)]
