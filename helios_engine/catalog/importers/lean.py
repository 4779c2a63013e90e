"""QuantConnect LEAN: zips of trade and quote bars, margin interest, and the symbol properties database.

A file's folders say what it is: `crypto|cryptofuture/VENUE/minute/SYMBOL/DATE_trade.zip` with milliseconds since
midnight UTC of that date, or `.../hour/SYMBOL_trade.zip` with dated rows. All are open-stamped; where nothing was
traded there is no row. The close of a quote bar is the quote that stood at its end, and is imported as that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from helios_engine.catalog.importers.contract import Ask, Guess, Rows, Source, Symbol
from helios_engine.catalog.importers.lean_paths import TIMEFRAMES, Layout, layout
from helios_engine.catalog.importers.lean_properties import instruments
from helios_engine.catalog.importers.lean_rows import blocks, stamps
from helios_engine.catalog.importers.notes import Note, Noted, note, told
from helios_engine.errors import DataError
from helios_engine.timeframe import timeframe_ns

_File = tuple[Source, Layout]


def recognise(source: Source) -> Guess | None:
    """By its path in LEAN's tree, or the header of the symbol properties; DataError for LEAN files not read."""
    found = layout(source)
    if found is None:
        return None
    if found.what == "properties":
        return Guess(0.98, "the header of LEAN's symbol properties")
    words = " ".join(filter(None, (found.security, found.venue, found.symbol, found.resolution, found.what)))
    return Guess(0.95, f"{words}, by its path in LEAN's tree")


def read(sources: Sequence[Source], ask: Ask) -> Iterator[Rows]:
    """Bars, quotes, funding rates or definitions, as the path says.

    Quotes of one instrument come from its finest quote bars alone; coarser ones, which repeat some of them, are left
    out, and that is said in issues.
    """
    files = [(source, _layout(source)) for source in sources]
    for source, found in files:
        if found.what == "properties":
            yield from instruments(source, ask)
    yield from told(_read([(source, found) for source, found in files if found.what != "properties"], ask))


def _read(files: Sequence[_File], ask: Ask) -> Iterator[Noted]:
    finest = _finest(files)
    left_out: dict[Symbol, list[Note]] = {}
    for source, found in files:
        if found.what == "quote" and found.resolution != finest[found.instrument]:
            said = _left_out(source, found, finest[found.instrument])
            left_out.setdefault(found.instrument, []).append(said)
    for source, found in files:
        if found.what != "quote":
            yield from blocks(source, found, ask)
        elif found.resolution == finest[found.instrument]:
            for block, notes in blocks(source, found, ask):
                yield block, [*notes, *left_out.pop(found.instrument, [])]


def _layout(source: Source) -> Layout:
    found = layout(source)
    if found is None:
        raise DataError(
            f"{source.name}: a LEAN file is known by its folders; expected crypto/VENUE/minute/SYMBOL/DATE_trade.zip, "
            "cryptofuture/VENUE/margin_interest/SYMBOL.csv or symbol-properties-database.csv"
        )
    return found


def _finest(files: Sequence[_File]) -> dict[Symbol, str]:
    """The finest resolution of the quote bars of each instrument."""
    finest: dict[Symbol, str] = {}
    for _, found in files:
        if found.what == "quote":
            resolutions = (found.resolution, finest.get(found.instrument, found.resolution))
            finest[found.instrument] = min(resolutions, key=lambda name: timeframe_ns(TIMEFRAMES[name]))
    return finest


def _left_out(source: Source, found: Layout, finest: str) -> Note:
    text = (
        f"{{}} {found.resolution} quote bars were left out, since those by the {finest} are imported at the same time "
        "and both would be one series of quotes; import them alone if they are wanted"
    )
    times = np.fromiter(stamps(source, found), np.int64) + timeframe_ns(TIMEFRAMES[found.resolution])
    return note("left_out", text, times)
