"""The contract of a plugin: stages, feeds, effects, venues, and the specs that offer them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, runtime_checkable

import msgspec

from helios_engine.block import Block, Rows
from helios_engine.bodies import Instrument
from helios_engine.events import Body, Event

Outputs = Iterable[Body] | None


@runtime_checkable
class Stage(Protocol):
    """Events in, bodies out. It remembers what it has seen and nothing else.

    `consumes` names the bodies it wants. What it may yield is read from the return annotation of
    `on_event`, e.g. `-> Iterator[Features | VolForecast]`. The class may set `on`, a filter by
    `instrument`, `timeframe` or `source`; the config's `on` replaces it. It may set `depends`, see `Depends`.
    """

    consumes: ClassVar[Any]

    def on_event(self, event: Any) -> Outputs:
        """Take one event; return or yield the bodies that follow from it."""
        ...


@runtime_checkable
class ColumnStage(Stage, Protocol):
    """A stage that can also be driven by blocks: the same calculation, the same state, many inputs at once.

    It is, if it is market-only: if nothing that it consumes is a fill, a position, an account, a reply or a control,
    or comes of one through other stages. It must be a stage whose state can be saved (see `Restorable`).
    An input of a kind without columns (see `helios_engine.block_making.has_columns`: a definition, a row of features)
    ends a block and comes through `on_event`. Blocks may have any length, and calls of both methods may alternate.
    """

    def on_columns(self, block: Block) -> Iterable[tuple[int, Body]]:
        """Take a block; return or yield `(index, body)`: what follows from the input at this index of the block.

        Indices may come in any order; outputs of one index keep theirs. They are released when the clock has reached
        `block.ts[index]`, so a body may hold nothing that is known later. An index that the block does not have, or a
        body that cannot be hashed (so that its content could still change), is refused with a StageError.

            def on_columns(self, block):
                for rows in block.parts:  # one for each kind, instrument and timeframe
                    for n, close in enumerate(rows["close"].tolist()):
                        yield int(rows.at[n]), Signal(rows.instrument, self.step(rows.instrument, close))
        """
        ...


def in_columns(thing: Any, method: str, beside: str) -> Any | None:
    """The `method` by which a stage or feed, or its class, is driven in columns, or nothing.

    A subclass that writes anew what stands `beside` it (`on_event`, `inputs`) and leaves the columns as they were no
    longer says the same in both: it is driven one by one.
    """
    kind = thing if isinstance(thing, type) else type(thing)
    for owner in kind.__mro__:
        if method in vars(owner):
            break
        if beside in vars(owner):
            return None
    return getattr(thing, method, None)


class Depends:
    """Which inputs each output of a stage depends on, declared to be checked: `helios-engine prove --layer declared`.

        depends = Depends({"Signal.value": ("Bar.close",), "Features.values[atr_*]": ("Bar.high", "Bar.low")})

    Columns are `Body.field`, features `Features.values[column]` with the schema's name of the column; `*` stands for
    any text. An output depends on what all entries that match it name. Inputs are numbers other than times. A stage
    whose columns follow from its settings makes `depends` a property. Raises ValueError for a name that is no column.
    """

    def __init__(self, outputs: Mapping[str, Iterable[str]]) -> None:
        self.outputs: Mapping[str, tuple[str, ...]] = MappingProxyType({k: tuple(v) for k, v in outputs.items()})
        for name in (*self.outputs, *(column for named in self.outputs.values() for column in named)):
            if not _COLUMN.fullmatch(name):
                raise ValueError(f"expected `Body.field` or `Features.values[column]` in depends, found {name!r}")

    def speaks_of(self, output: str) -> bool:
        """Whether an entry matches this output."""
        return any(_matches(pattern, output) for pattern in self.outputs)

    def allows(self, output: str, column: str) -> bool:
        """Whether an entry that matches this output names this input."""
        return any(column in named for pattern, named in self.outputs.items() if _matches(pattern, output))


_COLUMN = re.compile(r"[A-Za-z]\w*\.(values\[[^\]]+\]|[a-z*][\w*]*)")


def _matches(pattern: str, output: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), output) is not None


@runtime_checkable
class Restorable(Protocol):
    """A stage that writes its own state; without these two, plain attributes are saved."""

    def dump(self) -> bytes:
        """Return the state as bytes."""
        ...

    def load(self, state: bytes) -> None:
        """Take the state back; outputs afterwards must be the same."""
        ...


class Pin(msgspec.Struct, frozen=True):
    """What a feed will deliver, said before the run: the run's header holds it.

    `digest` changes when any row does; `rows`, `first` and `last` (ns UTC) are for people and
    for progress. `spans` and `issues` are carried into the header as they are.
    """

    digest: str
    rows: int
    first: int
    last: int
    issues: int = 0


class Feed(Protocol):
    """A source of inputs, oldest first.

    Beside what is named here a feed may have `issues(start, stop)`, which yields `(ts, DataIssue)` for what is
    known against its data; `blocks(start, stop)`, which yields the same inputs as `Rows`, many at a time;
    `prints(start, stop)`, what the venue matches on where there are only bars; `bodies(codec)`, the kinds of body it
    yields where its annotation cannot say; and `rank`, in place of its spec's.
    """

    def pin(self) -> Pin:
        """Say what will come."""
        ...

    def instruments(self) -> Iterable[Instrument]:
        """The instruments the inputs speak of."""
        ...

    def inputs(self, start: int, stop: int) -> Iterator[tuple[int, Body]]:
        """Yield `(ts, body)` with `start <= ts < stop`, ts never falling; ties keep their order."""
        ...


class Effect(Protocol):
    """Outside work. `handles` names the bodies it takes; some of them get a reply.

    One that learns from what it is asked sets `remembers = True`: when a killed run is gone on with, it is asked all
    of it again and its replies are thrown away. Others are not, so that nothing outside is asked twice.
    """

    handles: ClassVar[Any]

    def answer(self, body: Any) -> Body | None:
        """Do the work; return the reply, or nothing. The engine adds the delay."""
        ...


class Venue(Protocol):
    """Where orders go. It does not know where events come from: backtest and paper share it.

    Answers are `OrderAccepted`, `OrderCanceled`, `Fill` and `Reject` bodies, in venue order.
    """

    def open(self, ts: int, instruments: Iterable[Instrument]) -> None:
        """Start at `ts` with the instruments known then."""
        ...

    def instrument(self, ts: int, body: Instrument) -> None:
        """An instrument appeared or changed."""
        ...

    def market(self, ts: int, body: Body) -> Iterable[Body]:
        """A market event happened: resting orders match. Called before the pipeline sees it."""
        ...

    def send(self, ts: int, intent: Body) -> None:
        """Put an intent on its way; it arrives after the latency and meets the next event there."""
        ...

    def settle(self, ts: int) -> Iterable[Body]:
        """Let the commands due by `ts` take effect. Called after every turn."""
        ...

    def finish(self, ts: int) -> Iterable[Body]:
        """The run ends: let everything due take effect, and free what is held."""
        ...


class StageSpec(msgspec.Struct, frozen=True):
    """Offer a stage under a name `kind.what`; settings are the class's typed keywords."""

    name: str
    factory: Callable[..., Any]


class FeedSpec(msgspec.Struct, frozen=True):
    """Offer a feed; `rank` orders inputs of one time (market data 20, replies 30, ticks 100)."""

    name: str
    factory: Callable[..., Any]
    rank: int = 20


class EffectSpec(msgspec.Struct, frozen=True):
    """Offer an effect; `emits` names the reply bodies."""

    name: str
    factory: Callable[..., Any]
    emits: tuple[type[Body], ...]


class VenueSpec(msgspec.Struct, frozen=True):
    """Offer a venue."""

    name: str
    factory: Callable[..., Any]


class ImporterSpec(msgspec.Struct, frozen=True):
    """Offer an importer: `recognise` looks at a file's name and first bytes, `read` turns files into rows.

    `recognise(source) -> Guess | None` says how sure it is and why. `read(sources, ask) -> Iterable[Rows]` gets every
    file of a command that is this importer's, in the order given, because some only make sense after another;
    it raises DataError with file and line for what cannot be true, and ConfigError with the flag to add for
    what the file does not say. See `helios_engine.catalog.importers.contract`.
    """

    name: str
    about: str
    recognise: Callable[[Any], Any]
    read: Callable[[Any, Any], Iterable[Any]]


class DownloadSpec(msgspec.Struct, frozen=True):
    """Offer a vendor whose market history can be fetched; see `helios_engine.catalog.download.fetching.Source`."""

    name: str
    source: Any


class ParserSpec(msgspec.Struct, frozen=True):
    """Offer a parser of recorded frames; `factory()` makes one, see `helios_engine.recorder.parsing.Parser`."""

    name: str
    factory: Callable[[], Any]


class ConnectionSpec(msgspec.Struct, frozen=True):
    """Offer a live connection to an exchange, see `helios_engine.recorder.connection.Connection`.

    `factory(wanted, world, **settings)` makes one that brings what is `wanted` in a `world` of time and chance;
    `parser` names the ParserSpec that reads its frames again.
    """

    name: str
    factory: Callable[..., Any]
    parser: str


class BodySpec(msgspec.Struct, frozen=True):
    """Offer a body of the plugin's own, tagged `plugin.Name/version` in journals."""

    body: type[Body]
    tag: str


Filter = Mapping[str, str | tuple[str, ...]]

__all__ = [
    "Block",
    "BodySpec",
    "ColumnStage",
    "ConnectionSpec",
    "Depends",
    "DownloadSpec",
    "Effect",
    "EffectSpec",
    "Event",
    "Feed",
    "FeedSpec",
    "Filter",
    "ImporterSpec",
    "ParserSpec",
    "Pin",
    "Restorable",
    "Rows",
    "Stage",
    "StageSpec",
    "Venue",
    "VenueSpec",
]
