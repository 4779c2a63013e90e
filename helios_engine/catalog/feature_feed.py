"""Stored features as a feed: a run reads what another computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from helios_engine.bodies import Features, Instrument
from helios_engine.catalog.feeds import CatalogFeed
from helios_engine.errors import DataError
from helios_engine.timeframe import nanoseconds
from helios_engine.timeline import TICK


class CatalogFeatures(CatalogFeed):
    """Rows of features of one instrument and timeframe, as `helios-engine data features` stored them.

    Each comes when it was yielded, behind the market data of that time, and behind its tick if ticks made rows. With
    `schema`, a data set of another schema is refused (DataError). `grace` is the run's, and need not be set.
    """

    kind = "features"

    def __init__(self, catalog: str, instrument: str, timeframe: str = "", schema: str = "", grace: str = "0s") -> None:
        super().__init__(catalog, instrument, timeframe)
        made = self._dataset.manifest.made
        if made is None:
            raise DataError(
                f"{self._dataset.name}: its manifest does not say of which schema it is; "
                "make it anew with `helios-engine data features CONFIG --replace`"
            )
        if schema not in ("", made.schema):
            raise DataError(
                f"{self._dataset.name}: expected the schema {schema}, found {made.schema}; change one of them"
            )
        self._timeframe, self._made, self.rank = timeframe, made, made.rank
        # The last tick of a run is that of its stop, after the grace: rows that it made belong to the run.
        self._over = nanoseconds(grace) + 1 if made.rank > TICK else 0

    def instruments(self) -> Iterable[Instrument]:
        """None: features define nothing."""
        return []

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Features]]:
        """Rows by the time they were yielded, bit for bit; also those of the tick at `stop`, as where they are made."""
        from helios_engine.catalog.feature_rows import MASK, unpacked

        columns, schema = self._made.columns, self._made.schema
        for batch in self._dataset.blocks(start, stop + self._over, self._block, [*columns, MASK]):
            yield from unpacked(batch, columns, self._name, self._timeframe, schema)
