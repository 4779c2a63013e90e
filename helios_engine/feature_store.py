"""Compute a config's features once and store them: the engine and order of a backtest, without a venue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from helios_engine.artefact_gate import check_artefacts
from helios_engine.assemble import assemble, sources
from helios_engine.bodies import Features
from helios_engine.build import Plan
from helios_engine.catalog.feature_rows import check_columns, packed
from helios_engine.catalog.manifest import Made, Manifest, has_manifest, read_manifest
from helios_engine.catalog.session import Session
from helios_engine.catalog.store import Catalog
from helios_engine.catalog.writer import Writer
from helios_engine.errors import DataError
from helios_engine.events import Body
from helios_engine.feature_plan import columns_of, narrowed
from helios_engine.recording import RecordedVenue, Recording
from helios_engine.runner import Progress, drive
from helios_engine.timeframe import iso
from helios_engine.timeline import TICK

BLOCK = 2048
"""Rows that wait in memory before they become columns."""
BEHIND_DATA, BEHIND_TICK = TICK - 1, TICK + 1
"""Ranks of rows that inputs of the market made, and of those that ticks made: never known earlier than computed."""


class Stored(NamedTuple):
    """A data set of features after a run, and whether the run changed it."""

    manifest: Manifest
    is_changed: bool


def store_features(
    plan: Plan, catalog: Catalog, stage: str = "", *, replace: bool = False, progress: Progress | None = None
) -> list[Stored] | None:
    """Write every Features of a stage, one data set for each instrument and timeframe; None if Ctrl-C stopped it.

    All are written or none: an interrupted or failed run, or a full disk, leaves the old state. Rows that contradict
    those at hand need `replace`. Raises ConfigError and BuildError (see `narrowed`), DataError, StorageError.
    """
    needed = narrowed(plan, stage)
    check_artefacts(needed)
    with catalog.session() as session:
        sink = _Sink(needed, session)
        engine = assemble(
            needed,
            venue=RecordedVenue(Recording(iter(())), lambda: 0),
            # Prints only move a venue, and there is none.
            streams=[source for source in sources(needed) if not source.name.endswith(".prints")],
        )
        engine.pipeline.listen(sink.hear)
        if not drive(engine, needed, progress):
            return None
        return sink.commit(catalog, replace)


class _Rows:
    """The rows of one data set on their way to its writer."""

    def __init__(self, writer: Writer, schema: str, columns: tuple[str, ...]) -> None:
        check_columns(schema, columns)
        self.writer, self.schema, self.columns = writer, schema, columns
        self.rank = BEHIND_DATA
        self.waiting: list[tuple[int, Features]] = []

    def flush(self) -> None:
        """Hand the waiting rows over."""
        if self.waiting:
            self.writer.add(packed(self.columns, self.waiting))
            self.waiting.clear()


class _Sink:
    """Hears the pipeline and keeps what the last stage yields."""

    def __init__(self, plan: Plan, session: Session) -> None:
        self._plan, self._session = plan, session
        self._position = len(plan.nodes) - 1
        self._sets: dict[tuple[str, str], _Rows] = {}

    def hear(self, position: int, ts: int, body: Body, cause: tuple[str, int]) -> None:
        """Take an output; others than the stage's features are let go."""
        if position != self._position or not isinstance(body, Features):
            return
        rows = self._sets.get((body.instrument, body.timeframe))
        if rows is None:
            rows = self._sets[body.instrument, body.timeframe] = self._begin(body)
        if body.schema != rows.schema:
            raise DataError(
                f"{body.instrument} {body.timeframe} at {iso(ts)}: expected {rows.schema}, as the rows before, found "
                f"{body.schema}; a data set has one schema: give each a stage and a catalog of its own"
            )
        if cause[0] == "tick":
            rows.rank = BEHIND_TICK
        rows.waiting.append((ts, body))
        if len(rows.waiting) >= BLOCK:
            rows.flush()

    def commit(self, catalog: Catalog, replace: bool) -> list[Stored]:
        """Check every data set, then install them all."""
        if not self._sets:
            raise DataError(f"stage {self._plan.nodes[-1].name!r} yielded no Features over the span of the run")
        sets = [self._sets[key] for key in sorted(self._sets)]
        before = []
        for rows in sets:
            rows.flush()
            folder = catalog.folder(rows.writer.kind, rows.writer.name, rows.writer.timeframe)
            before.append(read_manifest(folder) if has_manifest(folder) else None)
            rows.writer.prepare(source=self._plan.config.path.name, replace=replace, made=self._made(rows))
        installed = [rows.writer.install() for rows in sets]
        return [Stored(now, _differs(was, now)) for was, now in zip(before, installed, strict=True)]

    def _begin(self, body: Features) -> _Rows:
        columns = columns_of(self._plan.nodes[-1], body.schema, len(body.mask))
        return _Rows(self._session.writer("features", body.instrument, body.timeframe), body.schema, columns)

    def _made(self, rows: _Rows) -> Made:
        plan = self._plan
        return Made(
            schema=rows.schema,
            columns=rows.columns,
            stage=plan.nodes[-1].name,
            config=plan.config.digest,
            plugins=tuple(sorted(_plugins(plan))),
            pins={feed.name: feed.pin.digest for feed in plan.feeds},
            begin=plan.begin,
            rank=rows.rank,
        )


def _differs(was: Manifest | None, now: Manifest) -> bool:
    return was is None or (was.parts, was.made) != (now.parts, now.made)


def _plugins(plan: Plan) -> Iterator[str]:
    """Identities of the plugins that the rows come of."""
    stages, feeds = plan.plugins.offers("stage"), plan.plugins.offers("feed")
    names = {node.name for node in plan.nodes} | {feed.name for feed in plan.feeds}
    found = {str(stages[piece.use].plugin) for piece in plan.config.stages if piece.name in names}
    yield from found | {str(feeds[piece.use].plugin) for piece in plan.config.feeds if piece.name in names}
