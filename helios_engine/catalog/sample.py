"""The market of the sample that comes with Helios, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from helios_engine.bodies import Instrument
from helios_engine.catalog.audit import audit
from helios_engine.catalog.generate import Market, bars_of, generate
from helios_engine.catalog.generating import Jumps, Outages, QuotedMarket, World, simulate
from helios_engine.catalog.manifest import Manifest
from helios_engine.catalog.place import Location
from helios_engine.catalog.store import Catalog
from helios_engine.errors import ConfigError
from helios_engine.timeframe import timeframe_ns

# VALR's fees for pairs quoted in ZAR, tier 1, and its minimums for BTCZAR, as published in 2026.
_TERMS = {
    "quote": "ZAR",
    "price_scale": 0,
    "size_scale": 8,
    "tick": Decimal(1),
    "lot": Decimal("0.00000001"),
    "min_notional": Decimal(10),
    "maker_fee": Decimal("0.0018"),
    "taker_fee": Decimal("0.0035"),
}
SAMPLE = (
    Market(
        instrument=Instrument(instrument="BTCZAR.VALR", base="BTC", min_quantity=Decimal("0.00001"), **_TERMS),  # type: ignore[arg-type]
        price=1_650_000.0,
        daily_volatility=0.025,
        size=0.004,
    ),
    Market(
        instrument=Instrument(instrument="ETHZAR.VALR", base="ETH", min_quantity=Decimal("0.0001"), **_TERMS),  # type: ignore[arg-type]
        price=55_000.0,
        daily_volatility=0.035,
        size=0.08,
    ),
)
Progress = Callable[[float, int], None]
START, DAYS, SEED, TIMEFRAME = "2026-01-05", 10, 20260105, "1h"


def write_market(
    root: Location, markets: tuple[Market, ...], start: str, days: int, seed: int, timeframe: str,
    progress: Progress | None = None,
) -> list[Manifest]:  # fmt: skip
    """Generate trades and the bars that follow from them into a catalog; returns what was written.

    What was generated before is replaced. Raises ConfigError where data of another source would be.
    """
    catalog = Catalog(root)
    written: list[Manifest] = []
    _keep_real_data(catalog, [m.instrument.instrument for m in markets])
    for number, market in enumerate(markets):
        trades = generate(markets, start, days, seed)[market.instrument.instrument]
        source = f"generated, seed {seed}"
        written.append(catalog.write("trades", market.instrument, trades, source=source, replace=True))
        bars = bars_of(trades, timeframe_ns(timeframe))
        written.append(catalog.write("bars", market.instrument, bars, timeframe=timeframe, source=source, replace=True))
        if progress is not None:
            progress((number + 1) / len(markets), sum(m.rows for m in written))
    return _checked(catalog, written)


def write_world(
    root: Location, start: str, days: int, seed: int, timeframe: str, edge: float, outages: int, jumps: float,
    progress: Progress | None = None,
) -> list[Manifest]:  # fmt: skip
    """Simulate the sample's instruments with quotes and books into a catalog; returns what was written.

    Raises ConfigError as `write_market` does.
    """
    markets = tuple(QuotedMarket(**{n: getattr(m, n) for n in Market.__struct_fields__}) for m in SAMPLE)
    world = World(markets=markets, edge=edge, outages=Outages(count=outages), jumps=Jumps(per_day=jumps))
    catalog, written = Catalog(root), list[Manifest]()
    _keep_real_data(catalog, [m.instrument.instrument for m in markets])
    source = f"simulated, seed {seed}, edge {edge:g}"
    for number, (name, found) in enumerate(simulate(world, start, days, seed).items()):
        instrument = next(m.instrument for m in markets if m.instrument.instrument == name)
        tables = {"trades": found.trades, "quotes": found.quotes, "books": found.books}
        for kind, table in tables.items():
            written.append(catalog.write(kind, instrument, table, source=source, replace=True))
        bars = found.bars(timeframe_ns(timeframe))
        written.append(catalog.write("bars", instrument, bars, timeframe=timeframe, source=source, replace=True))
        if progress is not None:
            progress((number + 1) / len(markets), sum(m.rows for m in written))
    return _checked(catalog, written)


def _keep_real_data(catalog: Catalog, names: Sequence[str]) -> None:
    """A made-up market must not take the place of what somebody imported."""
    for dataset in catalog.datasets():
        m = dataset.manifest
        if m.name in names and not m.source.startswith(("generated, seed", "simulated, seed")):
            raise ConfigError(
                f"{catalog.url} holds {m.title} from {m.source or 'elsewhere'}, which generated data would replace; "
                "name another folder with --catalog"
            )


def _checked(catalog: Catalog, written: list[Manifest]) -> list[Manifest]:
    """The same data sets with what the checks find noted, as an import leaves them."""
    datasets = [catalog.dataset(m.kind, m.name, m.timeframe) for m in written]
    return [dataset.note(audit(dataset)) for dataset in datasets]
