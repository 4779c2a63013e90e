"""LEAN's quote bars as quotes: the close of each side is what stood at the bar's end, and is known from then on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from helios_engine.catalog import truths
from helios_engine.catalog.decimals import Number
from helios_engine.catalog.importers import float_noise, rows
from helios_engine.catalog.importers.contract import Ask, Source, Symbol
from helios_engine.catalog.importers.notes import Note, Noted, note
from helios_engine.catalog.importers.times import Times
from helios_engine.catalog.truths import Where
from helios_engine.errors import DataError
from helios_engine.timeframe import duration_text, iso

SIDES = {side: tuple(f"{side}_{name}" for name in rows.PRICES) for side in ("bid", "ask")}
QUOTE = ("time", *SIDES["bid"], "bid_size", *SIDES["ask"], "ask_size")


def quotes(
    source: Source, symbol: Symbol, opened: Times, length: int, table: pa.Table, where: Where, ask: Ask
) -> Noted:  # fmt: skip
    """Quotes at the closes of bars that open at `opened` and are `length` ns long.

    Bars with one side only are left out, open, high and low of all are, and both is said in notes. DataError for a
    close outside its own [low, high], a bar off its grid, or two bars at one time.
    """
    _check_stamps(opened, length, where, ask)
    kept, notes = _both_sides(table, opened + length, where)
    table, opened = table.filter(pa.array(kept)), opened[kept]
    places = np.flatnonzero(kept)
    at = opened + length

    def place(row: int) -> str:
        return where(int(places[row]))

    found: dict[str, Number] = {}
    for side, names in SIDES.items():
        prices = rows.numbers(table, {name: name for name in names}, place)
        if not ask.allow_ohlc:
            _inside(prices, names, place)
        size, noisy = float_noise.parse(table[f"{side}_size"], f"{side}_size", place, size=True)
        found |= {side: prices[f"{side}_close"], f"{side}_quantity": size}
        notes += float_noise.noise(noisy, at, f"the {side} size")
    if len(at):
        text = f"open, high and low of {{}} quote bars of {duration_text(length)} were left out; kept is the close"
        notes.append(note("left_out", text, at))
    return rows.quotes(source, symbol, at, at, found, place), notes


def _check_stamps(opened: Times, length: int, where: Where, ask: Ask) -> None:
    truths.refuse(
        opened % length != 0,
        where,
        lambda i: f"{iso(int(opened[i]))} is not on a {duration_text(length)} boundary; check --timeframe",
    )
    if not (ask.sort or ask.drop_identical):
        same = np.concatenate([[False], opened[1:] == opened[:-1]])
        truths.refuse(
            same,
            where,
            lambda i: f"a second bar opens at {iso(int(opened[i]))}; add --drop-identical if it is the same",
        )


def _both_sides(table: pa.Table, at: Times, where: Where) -> tuple[NDArray[np.bool_], list[Note]]:
    """Which rows have a bid and an ask; LEAN leaves all fields of a side empty that had no quote."""
    empty = {
        side: np.array([pc.equal(table[name], "").to_numpy(zero_copy_only=False) for name in names])
        for side, names in SIDES.items()
    }
    for side, cells in empty.items():
        half = cells.any(axis=0) & ~cells.all(axis=0)
        if half.any():
            row = int(half.argmax())
            raise DataError(f"{where(row)}: some of the four {side} prices are empty; expected all of them or none")
    missing = np.logical_or(empty["bid"].all(axis=0), empty["ask"].all(axis=0))
    if not missing.any():
        return ~missing, []
    text = "{} quote bars with only a bid, only an ask, or neither were left out"
    return ~missing, [note("left_out", text, at[missing])]


def _inside(prices: dict[str, Number], names: tuple[str, ...], where: Where) -> None:
    scale = max(number.scale for number in prices.values())
    o, h, lo, c = (prices[name].units * 10.0 ** (scale - prices[name].scale) for name in names)
    side = names[0].partition("_")[0]
    truths.refuse(
        (np.minimum(o, c) < lo) | (np.maximum(o, c) > h),
        where,
        lambda i: (
            f"open or close of the {side} lies outside its [low, high]; are the columns in another order? "
            "Add --allow-ohlc if it is meant"
        ),
    )
