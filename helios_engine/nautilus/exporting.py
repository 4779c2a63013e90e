"""Data sets as a catalog of nautilus_trader: its layout and schemas, its own writer for the definition.

Rows go straight from our integers to its fixed-point ones, a block at a time; no object is made of a row.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from nautilus_trader.model.data import Bar, BarSpecification, BarType, QuoteTick, TradeTick
from nautilus_trader.model.enums import AggregationSource, BarAggregation, PriceType
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import FIXED_PRECISION, PRICE_MAX, QUANTITY_MAX, Money, Price, Quantity
from nautilus_trader.persistence.catalog import ParquetDataCatalog
from nautilus_trader.serialization.arrow.schema import NAUTILUS_ARROW_SCHEMA

from helios_engine.bodies import Instrument
from helios_engine.catalog.manifest import Manifest
from helios_engine.errors import ConfigError, DataError
from helios_engine.files import storage_error
from helios_engine.nautilus.fixed_point import Target, write_rows
from helios_engine.nautilus.instruments import currency, decimals, instrument_id
from helios_engine.timeframe import duration_text, timeframe_ns

_FOLDERS = {"bars": ("bar", Bar), "trades": ("trade_tick", TradeTick), "quotes": ("quote_tick", QuoteTick)}
_UNITS = {
    "ms": BarAggregation.MILLISECOND,
    "s": BarAggregation.SECOND,
    "m": BarAggregation.MINUTE,
    "h": BarAggregation.HOUR,
    "d": BarAggregation.DAY,
}


def export(manifest: Manifest, blocks: Iterator[pa.RecordBatch], path: Path, *, replace: bool) -> int:
    """Write rows and their instrument into the ParquetDataCatalog at `path`; returns how many rows.

    `ts_init` is when a row is known, `ts_event` the exchange's time, for bars the close. A trade without id gets the
    number of its row. Raises ConfigError for a kind or timeframe that nautilus has not, or if it holds such data
    already and `replace` was not said; DataError for numbers that it cannot hold.
    """
    m = manifest
    if m.kind not in _FOLDERS or m.instrument is None:
        raise ConfigError(f"{m.title}: nautilus takes {', '.join(_FOLDERS)}; use --to csv or --to parquet")
    definition = _shared(m, path, replace=replace)
    name = str(_bar_type(m)) if m.kind == "bars" else m.name
    folder, cls = _FOLDERS[m.kind]
    final = path / "data" / folder / name
    if final.exists() and not replace:
        raise ConfigError(f"{final} is there already; choose another path or --replace")
    draft = path / f".draft-{os.getpid()}"
    try:
        draft.mkdir(parents=True)
        _write_definition(definition, draft)
        metadata = {
            "instrument_id": m.name,
            "price_precision": str(definition.price_scale),
            "size_precision": str(definition.size_scale),
        }
        schema = NAUTILUS_ARROW_SCHEMA[cls].with_metadata(metadata | ({"bar_type": name} if m.kind == "bars" else {}))
        limits = (int(PRICE_MAX) * 10**m.price_scale, int(QUANTITY_MAX) * 10**m.size_scale)
        target = Target(m.kind, m.title, schema, (m.price_scale, m.size_scale), limits)
        count = write_rows(target, blocks, draft / "data" / folder / name)
        for made in sorted((draft / "data").glob("*/*")):
            _into_place(made, path / made.relative_to(draft))
    except OSError as error:
        raise storage_error(path, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return count


def _shared(m: Manifest, path: Path, *, replace: bool) -> Instrument:
    """The definition for this data and for what the catalog holds of the instrument already.

    nautilus wants an instrument and all its data to have as many decimals, so the finer of both counts.
    """
    d: Any = m.instrument
    d = msgspec.structs.replace(
        d,
        price_scale=max(m.price_scale, d.price_scale, decimals(d.tick)),
        size_scale=max(m.size_scale, d.size_scale, decimals(d.lot), decimals(d.min_quantity)),
    )
    if max(d.price_scale, d.size_scale) > FIXED_PRECISION:
        raise DataError(
            f"{m.title} has {max(d.price_scale, d.size_scale)} decimals; this nautilus holds {FIXED_PRECISION}"
        )
    for file in sorted((path / "data" / "currency_pair" / m.name).glob("*.parquet")):
        there = pq.read_table(file).to_pylist()[-1]
        prices, sizes = there["price_precision"], there["size_precision"]
        if not replace and (d.price_scale > prices or d.size_scale > sizes):
            raise ConfigError(
                f"{path} holds {m.name} with fewer decimals than {m.title} has; export the data with the most "
                "decimals first, into a new folder"
            )
        fees = (Decimal(there["maker_fee"]), Decimal(there["taker_fee"]))
        if not replace and fees != (d.maker_fee, d.taker_fee):
            raise ConfigError(
                f"{path} holds {m.name} with fees of {fees[0]} and {fees[1]}; --replace takes the new ones"
            )
        d = msgspec.structs.replace(
            d,
            price_scale=max(d.price_scale, prices),
            size_scale=max(d.size_scale, sizes),
            tick=min(d.tick, Decimal(there["price_increment"])),
            lot=min(d.lot, Decimal(there["size_increment"])),
        )
    found: Instrument = d
    return found


def _into_place(made: Path, final: Path) -> None:
    final.parent.mkdir(parents=True, exist_ok=True)
    if final.exists():
        final.replace(made.with_name(f"{made.name}.former"))  # goes with the draft
    made.replace(final)


def _bar_type(m: Manifest) -> BarType:
    length = duration_text(timeframe_ns(m.timeframe))
    step = length.rstrip("mshd")
    try:
        specification = BarSpecification(int(step), _UNITS[length[len(step) :]], PriceType.LAST)
        return BarType(instrument_id(m.name), specification, AggregationSource.EXTERNAL)
    except (ValueError, OverflowError, KeyError) as error:
        raise ConfigError(
            f"{m.title}: nautilus has no bars of {m.timeframe}: {error}; use --to csv or parquet"
        ) from None


def _write_definition(d: Instrument, folder: Path) -> None:
    prices, sizes = d.price_scale, d.size_scale
    try:
        pair = CurrencyPair(
            instrument_id(d.instrument),
            instrument_id(d.instrument).symbol,
            currency(d.base),
            currency(d.quote),
            prices,
            sizes,
            Price(d.tick, prices),
            Quantity(d.lot, sizes),
            d.valid_from,
            d.valid_from,
            min_quantity=Quantity(d.min_quantity, sizes) if d.min_quantity else None,
            min_notional=Money(d.min_notional, currency(d.quote)) if d.min_notional else None,
            maker_fee=d.maker_fee,
            taker_fee=d.taker_fee,
        )
    except ValueError as error:
        raise DataError(f"{d.instrument}: nautilus refuses its definition: {error}") from None
    ParquetDataCatalog(str(folder)).write_data([pair])
