"""One stage in its place: what it wants, what it may say, and a check on all it does say."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args, get_origin, get_type_hints

from helios_engine.codec import Codec, first_bad_float, float_fields
from helios_engine.errors import BuildError, HeliosError, StageError
from helios_engine.events import Body, Event
from helios_engine.provenance import claim
from helios_engine.timeframe import iso

FILTERS = ("instrument", "timeframe", "source")
_TIMES = ("ts_event", "ts_open", "ts_close", "boundary")
_MUTABLE = (list, dict, set, bytearray)


class Node:
    """A stage between the pipeline and its author: delivers an event, vets what comes back.

    Raises StageError naming the stage, the event and the remedy; BuildError when the class
    itself does not keep the contract.
    """

    after = "the run stopped at this event"

    def __init__(self, name: str, make: Callable[[], Any], on: Mapping[str, Any], codec: Codec) -> None:
        self.name = name
        self.make = make
        self.stage = _started(name, make)
        self.consumes = _consumes(name, self.stage)
        self.emits = _emits(name, self.stage)
        self.on = _filter(name, on or getattr(self.stage, "on", None) or {})
        self.count = 0
        self._codec = codec
        # Known once, so that an output costs a dictionary look-up and few comparisons.
        self._vetted = {kind: (float_fields(kind), _time_fields(kind)) for kind in self.emits}
        _no_shared_state(name, type(self.stage))

    def renew(self) -> None:
        """Start over with a stage that has seen nothing."""
        self.stage = self.make()
        self.count = 0

    def wants(self, kind: type[Body], instrument: str | None, timeframe: str | None, source: str) -> bool:
        """Whether an event of this kind and key passes `consumes` and the `on` filter."""
        if not any(issubclass(kind, wanted) for wanted in self.consumes):
            return False
        key = {"instrument": instrument, "timeframe": timeframe, "source": source}
        # A body without such a key passes, and so does one that speaks of all instruments, `*`.
        return all(key[name] in (None, "*") or key[name] in allowed for name, allowed in self.on.items())

    def deliver(self, event: Event[Body], run: int) -> list[Body]:
        """Give the stage one event; return its bodies, each of them vetted."""
        body, ts, seq = event.body, event.ts, event.seq
        mark = hash(body)
        outputs: list[Body] = []
        try:
            produced = self.stage.on_event(event)
            if produced is not None:
                for output in produced:
                    self._vet(output, event, run)
                    outputs.append(output)
        except HeliosError as error:
            if isinstance(error, StageError):
                raise
            raise type(error)(f"{self._where(event)}: {error}") from error
        except Exception as error:
            raise StageError(self._raised(event, error)) from error
        if event.body is not body or event.ts != ts or event.seq != seq or hash(body) != mark:
            given = Event(ts, seq, event.source, body)
            raise StageError(
                f"{self._where(given)}: the stage changed the event it was given; events belong to all stages, "
                "so keep what you need in attributes of your own"
            )
        return outputs

    def fault(self, output: Any, ts: int, run: int) -> str | None:
        """What is wrong with an output that follows from an event at `ts` (ns UTC); nothing if all is well."""
        rules = self._vetted.get(type(output))
        if rules is None:
            return self._undeclared(output)
        floats, times = rules
        for name in floats:
            value = getattr(output, name)
            if type(value) is not float and type(value) is not int:
                return (
                    f"{type(output).__name__}.{name} is a {type(value).__name__}; expected a float: float() makes one"
                )
            if value - value != 0.0:  # true for NaN and both infinities, without a call
                bad = first_bad_float(output, floats)
                return (
                    f"{type(output).__name__}.{bad} is {value!r}; yield nothing until there is a number, or mask it in "
                    "Features"
                )
        for name in times:
            if getattr(output, name) > ts:
                return (
                    f"{type(output).__name__}.{name} is {iso(getattr(output, name))}, after now, {iso(ts)}; a stage "
                    "cannot date its output ahead: wait for the event that closes it"
                )
        if not claim(output, run):
            return (
                f"it yielded a {type(output).__name__} that was made in another run; state on a class or module "
                "outlives a run: keep it in attributes set in __init__"
            )
        return None

    def _vet(self, output: Any, event: Event[Body], run: int) -> None:
        fault = self.fault(output, event.ts, run)
        if fault is not None:
            raise StageError(f"{self._where(event)}: {fault}")

    def _undeclared(self, output: Any) -> str:
        names = ", ".join(sorted(kind.__name__ for kind in self.emits)) or "nothing"
        if isinstance(output, Event):
            return "it yielded an Event; only the pipeline dates things: yield the body alone"
        if not isinstance(output, Body):
            return f"it yielded {output!r:.80}, which is no Body; it declares {names}"
        if any(kind.__name__ == type(output).__name__ for kind in self.emits):
            return (
                f"it yielded a {type(output).__name__} of another class of that name ({type(output).__module__}); "
                "was the module loaded twice?"
            )
        return (
            f"it yielded {type(output).__name__}, but its on_event is annotated to yield {names}; add it to the return "
            "annotation"
        )

    def _raised(self, event: Event[Body], error: Exception) -> str:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        line = f" at {trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else ""
        return f"{self._where(event)}: {type(error).__name__}{line}: {error}; {self.after}"

    def _where(self, event: Event[Body]) -> str:
        return f"stage {self.name!r} on {type(event.body).__name__} {event.source}#{event.seq} at {iso(event.ts)}"


def _started(name: str, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except HeliosError:
        raise
    except (TypeError, ValueError) as error:
        raise BuildError(f"stage {name!r} cannot be made: {error}") from error


def _consumes(name: str, stage: Any) -> tuple[type[Body], ...]:
    given = getattr(stage, "consumes", None)
    kinds = given if isinstance(given, tuple) else (given,)
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, Body)):
            raise BuildError(f"stage {name!r}: `consumes` must be a Body class or a tuple of them, found {given!r}")
    if not callable(getattr(stage, "on_event", None)):
        raise BuildError(f"stage {name!r} has no `on_event(event)`; that is all a stage must have beside `consumes`")
    return kinds


def _emits(name: str, stage: Any) -> frozenset[type[Body]]:
    try:
        hint = get_type_hints(type(stage).on_event).get("return")
    except NameError as error:
        raise BuildError(f"stage {name!r}: the annotation of on_event cannot be resolved: {error}") from None
    if hint is None or hint is type(None):
        if "return" in getattr(type(stage).on_event, "__annotations__", {}):
            return frozenset()
        raise BuildError(
            f"stage {name!r}: annotate on_event with what it yields, e.g. `-> Iterator[Features | Signal]`, "
            "or `-> None` if it yields nothing"
        )
    kinds = frozenset(_bodies_in(hint))
    if not kinds:
        raise BuildError(f"stage {name!r}: on_event is annotated {hint!r}; expected Body classes in it")
    return kinds


def _bodies_in(hint: Any) -> Iterable[type[Body]]:
    if isinstance(hint, type) and issubclass(hint, Body):
        if hint is Body:
            raise BuildError("on_event is annotated to yield Body; name the kinds of bodies it yields")
        yield hint
    elif isinstance(hint, types.UnionType) or get_origin(hint) is not None or hint is typing.Union:
        for part in get_args(hint):
            yield from _bodies_in(part)


def _filter(name: str, on: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    for key in on:
        if key not in FILTERS:
            raise BuildError(f"stage {name!r}: `on` filters by {', '.join(FILTERS)}; found {key!r}")
    return {k: frozenset((v,) if isinstance(v, str) else v) for k, v in on.items()}


def _time_fields(kind: type[Body]) -> tuple[str, ...]:
    return tuple(field for field in _TIMES if field in kind.__struct_fields__)


def _no_shared_state(name: str, kind: type) -> None:
    for owner in kind.__mro__[:-1]:
        for key, value in vars(owner).items():
            if isinstance(value, _MUTABLE) and not key.startswith("__") and key != "on":
                raise BuildError(
                    f"stage {name!r}: {owner.__name__}.{key} is a {type(value).__name__} on the class, "
                    "which all runs would share; make it in __init__"
                )
