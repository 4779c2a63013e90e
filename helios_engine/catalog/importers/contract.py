"""What an importer is given and what it hands back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec
import pyarrow as pa

from helios_engine.bodies import Instrument
from helios_engine.catalog.importers.source import Source
from helios_engine.catalog.manifest import Issue
from helios_engine.catalog.truths import Where
from helios_engine.stage import ImporterSpec

Stamp = Literal["open", "close"]


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What the user said, as flags of `data import`; None and empty mean that nothing was said.

    `columns` maps our names to the file's; `zone` is the time zone of written times; `clock_offset` (ns) is
    added to receive times; `valid_from` (ns) dates definitions that carry no date.
    """

    instrument: str | None = None
    kind: str | None = None
    timeframe: str | None = None
    columns: Mapping[str, str] = {}
    unit: str | None = None
    stamp: Stamp | None = None
    zone: str | None = None
    time_format: str | None = None
    decimal_comma: bool = False
    header: bool = True
    skip: int = 0
    delimiter: str | None = None
    sort: bool = False
    drop_identical: bool = False
    allow_ohlc: bool = False
    allow_exponent: bool = False
    drop_incomplete: bool = False
    clock_offset: int | None = None
    valid_from: int | None = None
    base: str | None = None
    quote: str | None = None
    tick: str | None = None
    lot: str | None = None
    min_quantity: str = "0"
    min_notional: str = "0"
    maker_fee: str = "0"
    taker_fee: str = "0"


class Symbol(NamedTuple):
    """An instrument as a file names it; empty currencies are read from the name's end."""

    symbol: str
    venue: str
    base: str = ""
    quote: str = ""


class Rows(NamedTuple):
    """A block of rows of one data set, in the columns of its kind and in units of its two scales.

    `file` is the source's name. `where` says where a row of this block stands. `order` is what the format
    promises: a file that is newest first is turned round, any other disorder needs the user's word. `loose_ohlc`
    says that the vendor's opens may lie outside [low, high]; the audit then says where. `symbol` is a finished
    definition where the file has one, or a plain name for what is of no one instrument.
    """

    file: str
    kind: str
    symbol: Symbol | Instrument | str
    timeframe: str
    table: pa.Table
    price_scale: int
    size_scale: int
    where: Where
    order: Literal["oldest", "newest"] = "oldest"
    issues: Sequence[Issue] = ()
    clock_offset: int = 0
    loose_ohlc: bool = False


class Guess(NamedTuple):
    """How sure an importer is that a file is its own, from 0 to 1, and why.

    From 0.9 on: marks that no other format has. From 0.7 on: the content fits and the name agrees. Below: the
    content fits, which may be chance.
    """

    confidence: float
    why: str


__all__ = ["Ask", "Guess", "ImporterSpec", "Instrument", "Rows", "Source", "Stamp", "Symbol"]
