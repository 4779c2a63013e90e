"""What stands around a part on trial: a stage that speaks for those upstream, who ask, and effects that answer."""

from __future__ import annotations

from collections.abc import Iterator

from helios_engine.bodies import (
    Bar,
    Features,
    Label,
    LlmReply,
    LlmRequest,
    OrderIntent,
    Prediction,
    PredictRequest,
    RiskDecision,
    Schema,
    Signal,
    StrategicView,
    Target,
    VolForecast,
)
from helios_engine.bodies.market import Instrument
from helios_engine.events import Body, Event
from helios_engine.hookspecs import hookimpl
from helios_engine.stage import EffectSpec, StageSpec
from helios_engine.timeframe import DAY

Derived = Features | Label | Prediction | RiskDecision | Signal | StrategicView | Target | VolForecast
COLUMNS = ("change", "range", "seen")


class Speaker:
    """Says at every bar one body of each kind in `speaks`, made of the bar's change, for whom is downstream."""

    consumes = Bar

    def __init__(self, speaks: tuple[str, ...], schema: str = "testing/1") -> None:
        self.speaks, self.schema = speaks, Schema(schema, COLUMNS)
        self.last: dict[str, float] = {}
        self.count = 0

    def on_event(self, event: Event[Bar]) -> Iterator[Derived]:
        bar = event.body
        change = bar.close / self.last.get(bar.instrument, bar.close) - 1.0
        self.last[bar.instrument] = bar.close
        self.count += 1
        said = self._said(bar, change)
        yield from (said[name] for name in self.speaks)

    def _said(self, bar: Bar, change: float) -> dict[str, Derived]:
        name, sign = bar.instrument, float((change > 0) - (change < 0))
        row = [change, bar.high / bar.low - 1.0, float(self.count)]
        return {
            "Features": Features.of(name, self.schema, row, bar.timeframe),
            "Label": Label(f"{name}:{self.count}", name, change),
            "Prediction": Prediction(f"{name}:{self.count}", "testing.predicts", name, change),
            "RiskDecision": RiskDecision(name, 0.5 + 0.5 * (self.count % 2), "one bar in two is half"),
            "Signal": Signal(name, sign),
            "StrategicView": StrategicView(0.5 + 0.5 * (self.count % 2), DAY, "one bar in two is half"),
            "Target": Target(name, max(0.0, sign) * 10_000.0 / bar.close),
            "VolForecast": VolForecast(name, bar.timeframe, abs(change) + 1e-4),
        }


class PredictAsker:
    """Asks for a prediction at every bar, and sends the label of the last one before."""

    consumes = Bar

    def __init__(self, model: str) -> None:
        self.model = model
        self.asked: dict[str, tuple[str, float]] = {}
        self.count = 0

    def on_event(self, event: Event[Bar]) -> Iterator[PredictRequest | Label]:
        bar = event.body
        if bar.instrument in self.asked:
            request, close = self.asked[bar.instrument]
            yield Label(request, bar.instrument, bar.close / close - 1.0)
        self.count += 1
        request = f"{bar.instrument}:{bar.timeframe}:{self.count}"
        self.asked[bar.instrument] = (request, bar.close)
        row = Features.of(
            bar.instrument, Schema("testing/1", COLUMNS), [bar.close / bar.open - 1.0, bar.high / bar.low - 1.0, 1.0]
        )
        yield PredictRequest(request, self.model, bar.instrument, row.schema, row.values, row.mask)


class LlmAsker:
    """Asks a language model at every sixth bar, in the words of `llm.strategist`."""

    consumes = Bar

    def __init__(self, model: str) -> None:
        self.model = model
        self.count = 0

    def on_event(self, event: Event[Bar]) -> Iterator[LlmRequest]:
        bar = event.body
        self.count += 1
        if self.count % 6 == 0:
            change = bar.close / bar.open - 1.0
            prompt = f"{bar.instrument} {bar.timeframe} return={change:.6f} volatility={abs(change):.6f}"
            yield LlmRequest(f"kit-{self.count}", self.model, "Answer as JSON.", prompt, "{}")


class Buyer:
    """Buys one lot's worth at every sixth bar and sells it three bars later, to give a venue work."""

    consumes = (Instrument, Bar)

    def __init__(self) -> None:
        self.lots: dict[str, Instrument] = {}
        self.bars: dict[str, int] = {}

    def on_event(self, event: Event[Instrument | Bar]) -> Iterator[OrderIntent]:
        body = event.body
        if isinstance(body, Instrument):
            self.lots[body.instrument] = body
            return
        number = self.bars[body.instrument] = self.bars.get(body.instrument, 0) + 1
        if number % 3 == 0:
            definition = self.lots[body.instrument]
            quantity = max(definition.min_quantity, definition.lot) * 100
            side = "BUY" if number % 6 else "SELL"
            yield OrderIntent(f"kit-{body.instrument}-{number}", body.instrument, side, quantity)  # type: ignore[arg-type]


class Predicts:
    """Predicts a hundredth, whatever it is asked."""

    handles = (PredictRequest, Label)

    def answer(self, body: PredictRequest | Label) -> Prediction | None:
        """A hundredth for a request; nothing for a label."""
        if isinstance(body, Label):
            return None
        return Prediction(body.id, body.model, body.instrument, 0.01)


class Answers:
    """Answers every question with a neutral view."""

    handles = LlmRequest

    def answer(self, body: LlmRequest) -> LlmReply:
        """A multiplier of 1."""
        return LlmReply(body.id, body.model, '{"multiplier": 1.0, "reason": "the kit is neutral"}')


class Listener:
    """Hears what a feed yields and says nothing."""

    consumes = Body

    def on_event(self, event: Event[Body]) -> None:
        return


@hookimpl
def helios_stages() -> list[StageSpec]:
    mine = {"speaker": Speaker, "asks_model": PredictAsker, "asks_llm": LlmAsker, "buyer": Buyer, "listener": Listener}
    return [StageSpec(f"testing.{name}", kind) for name, kind in mine.items()]


@hookimpl
def helios_effects() -> list[EffectSpec]:
    return [
        EffectSpec("testing.answers", Answers, emits=(LlmReply,)),
        EffectSpec("testing.predicts", Predicts, emits=(Prediction,)),
    ]
