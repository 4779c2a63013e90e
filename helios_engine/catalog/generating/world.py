"""What a generated market is like: every property is stated here, and can be measured in the data."""

from __future__ import annotations

import msgspec

from helios_engine.catalog.generate import Market


class QuotedMarket(Market, frozen=True, kw_only=True):
    """A market with quotes and a book.

    `quotes_per_day` is how often the best prices and sizes are renewed on an average day, at least once a minute;
    each trade adds one more quote, with what it left standing. `depth` is the median size at the best price, in
    multiples of `size` (the median trade); `levels` is how many levels stand behind the best on each side.
    `spread` is the narrowest, as a fraction of `price`, in whole ticks of the instrument (at least one).
    """

    quotes_per_day: int = 16_000
    depth: float = 8.0
    levels: int = 5


class Regime(msgspec.Struct, frozen=True, kw_only=True):
    """One state of the whole market: how it multiplies volatility and activity, and how long it lasts on average."""

    name: str
    volatility: float = 1.0
    activity: float = 1.0
    mean_minutes: float = 720.0


CALM_NORMAL_WILD = (
    Regime(name="calm", volatility=0.6, activity=0.8, mean_minutes=720.0),
    Regime(name="normal", mean_minutes=1440.0),
    Regime(name="wild", volatility=2.0, activity=1.6, mean_minutes=240.0),
)


class Garch(msgspec.Struct, frozen=True, kw_only=True):
    """Clustering of one-minute variance: `h = 1 - alpha - beta + alpha * h * z**2 + beta * h`, 1 on average.

    `z` is the minute's shock without edge and jumps. Both 0 means none.
    """

    alpha: float = 0.05
    beta: float = 0.90


class Rhythm(msgspec.Struct, frozen=True, kw_only=True):
    """How activity and variance follow the clock (UTC).

    Over a day they follow `1 + amplitude * cos`, highest at `peak_hour`; amplitude 0 means none. `weekdays` multiplies
    them for each day of the week, Monday first; it is used as stated, so an average above 1 means more trades.
    """

    peak_hour: float = 15.0
    amplitude: float = 0.5
    weekdays: tuple[float, float, float, float, float, float, float] = (1.0, 1.0, 1.0, 1.0, 1.0, 0.7, 0.7)


class Outages(msgspec.Struct, frozen=True, kw_only=True):
    """Intervals without any data: `count` for each instrument over the whole time, of exponential length."""

    count: int = 0
    mean_minutes: float = 30.0


class Jumps(msgspec.Struct, frozen=True, kw_only=True):
    """Sudden moves of the log price, at most one a minute: `per_day` on average, normal with deviation `size`."""

    per_day: float = 0.0
    size: float = 0.01


class World(msgspec.Struct, frozen=True, kw_only=True):
    """All that is stated about the instruments of one simulation.

    `correlation` is that of the one-minute shocks: one number for every pair, or a whole matrix in the order of
    `markets`. Jumps and an edge are each instrument's own and lower what is measured.
    `edge` is the correlation between the sign of one minute's order-flow imbalance (the sum of signed trade
    quantity) and the mid return of the next minute; with 0 returns of the mid cannot be predicted.
    `latency` (ns) is how long after `ts_event` each row is known.
    """

    markets: tuple[QuotedMarket, ...]
    regimes: tuple[Regime, ...] = CALM_NORMAL_WILD
    garch: Garch = Garch()
    rhythm: Rhythm = Rhythm()
    correlation: float | tuple[tuple[float, ...], ...] = 0.6
    outages: Outages = Outages()
    jumps: Jumps = Jumps()
    edge: float = 0.0
    latency: int = 0
