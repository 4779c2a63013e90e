"""The models of one instrument at work: what its market and the desk call."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from helios_engine.bodies import Instrument, OrderIntent
from helios_engine.events import Body
from helios_engine.nautilus.models.execution import Execution
from helios_engine.nautilus.models.latency import Latency
from helios_engine.nautilus.models.settings import Models
from helios_engine.nautilus.models.watch import Watch
from helios_engine.nautilus.models.working import Working

_LIMITED = ("LIMIT", "STOP_LIMIT")


class Simulation:
    """Between a market and nautilus. The order of one event is: `note`, nautilus matches, `fill`.

    After a command has taken effect comes `arrive`. Where nautilus' own models were chosen nothing happens here.
    """

    def __init__(self, models: Models, definition: Instrument, execution: Execution) -> None:
        self.latency: Latency = models.latency
        self._execution = execution
        self._watch = Watch(definition, models.fills(definition), models.slips(definition))
        self.is_idle = self._watch.fills is None and self._watch.slips is None
        """Whether nautilus' own models were chosen, so that `note` and `fill` need not be called."""
        self._working: Working | None = None

    def join(self, engine: Any) -> None:
        """Take the matching engine; another one may follow, as long as no order has arrived."""
        self._execution.add(engine, self._watch)
        if self._watch.fills is not None:
            self._working = Working(engine, self._watch.fills)

    def define(self, definition: Instrument) -> None:
        """Take the definition that holds from now on."""
        self._watch.define(definition)

    def walk(self, *, inside_bar: bool) -> None:
        """Say whether the price came to where it is without a jump: inside a bar it does, at an open it may not."""
        self._watch.is_inside_bar = inside_bar

    def note(self, body: Body, resting: Mapping[str, Any]) -> None:
        """Take in a market event, shown to nautilus or not, and nautilus' orders that rest as it happens."""
        if self.is_idle:
            return
        if self._working is not None:
            self._working.look(resting)
        self._watch.note(body)

    def fill(self) -> None:
        """Fill what rested as the event happened, and then what it has woken up."""
        if self._working is not None:
            if self._watch.deal is not None:
                self._working.fill(self._watch.deal)
            self.arrive()

    def arrive(self) -> None:
        """Fill what met the market as it arrived."""
        if self._execution.held and self._working is not None:
            held, self._execution.held = self._execution.held, []
            self._working.arrive(held)

    @property
    def watch(self) -> Watch:
        """What the models have learned of the market."""
        return self._watch

    def clear(self) -> None:
        """Nothing rests any more, and nobody has looked since."""
        if self._working is not None:
            self._working.look({})

    def refusal(self, intent: OrderIntent) -> str | None:
        """Why an order cannot be priced yet; nothing if it can."""
        is_priced = intent.type in _LIMITED or self._watch.slips is None
        return None if is_priced else self._watch.slips.missing() or None  # type: ignore[union-attr]

    def slipped(self, intent: OrderIntent, price: Decimal) -> Decimal:
        """What a market order, or one that becomes one, is filled at where the market gives `price`."""
        return price if intent.type in _LIMITED else self._watch.slipped(intent.side, price, intent.quantity)
