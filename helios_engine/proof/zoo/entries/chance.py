"""Chance and accidents of a process: generators without a seed, hashes, addresses, the order of sets."""

from __future__ import annotations

import functools
import random
import uuid
from collections.abc import Iterator

import numpy as np

from helios_engine.bodies import Bar, Signal
from helios_engine.events import Event
from helios_engine.proof.findings import Layer
from helios_engine.proof.zoo.entry import Entry, Label
from helios_engine.proof.zoo.runs import STAGE_RUN
from helios_engine.stage import StageSpec


class Drawn:
    """A signal that is drawn: the ground of the stages here."""

    consumes = Bar

    def draw(self, event: Event[Bar]) -> float:
        """A number from 0 to 1."""
        raise NotImplementedError

    def on_event(self, event: Event[Bar]) -> Iterator[Signal]:
        """The number, as a signal."""
        yield Signal(event.body.instrument, round(2 * self.draw(event) - 1, 6))


class HiddenRandom(Drawn):
    """`random.random()`, seeded by nobody."""

    def draw(self, event: Event[Bar]) -> float:
        """From the hidden generator."""
        return random.random()


class HiddenNumpy(Drawn):
    """`np.random.rand()`, from the state that all of numpy shares."""

    def draw(self, event: Event[Bar]) -> float:
        """From numpy's global generator."""
        return float(np.random.rand())


class Unseeded(Drawn):
    """`np.random.default_rng()` without a seed: modern, and as unrepeatable."""

    def __init__(self) -> None:
        self.random = np.random.default_rng()

    def draw(self, event: Event[Bar]) -> float:
        """From a generator that nobody can make again."""
        return float(self.random.random())


class Seeded(Drawn):
    """A generator of its own from the run's `seed`."""

    def __init__(self, seed: int) -> None:
        self.random, self.numbers = random.Random(seed), np.random.default_rng(seed)

    def draw(self, event: Event[Bar]) -> float:
        """The mean of a draw of each."""
        return (self.random.random() + float(self.numbers.random())) / 2


class Uuid(Drawn):
    """Chooses by a fresh `uuid4`, as for splitting users into groups."""

    def draw(self, event: Event[Bar]) -> float:
        """From its bits."""
        return uuid.uuid4().int % 1000 / 1000


class HashOfText(Drawn):
    """`hash()` of a text, which Python salts anew in every process."""

    def draw(self, event: Event[Bar]) -> float:
        """From the salted hash."""
        return hash(f"{event.body.instrument}:{event.ts}") % 1000 / 1000


class DigestOfText(Drawn):
    """A UUID made of a name: the same bits in every process."""

    def draw(self, event: Event[Bar]) -> float:
        """From uuid5, a SHA-1."""
        return uuid.uuid5(uuid.NAMESPACE_DNS, f"{event.body.instrument}:{event.ts}").int % 1000 / 1000


class Address(Drawn):
    """Breaks ties by `id()`: by where in memory an object happens to lie."""

    def draw(self, event: Event[Bar]) -> float:
        """From an address."""
        return id(event.body) // 16 % 1000 / 1000


class SetOrder(Drawn):
    """Takes the first of a set of texts, whose order follows their salted hashes."""

    def draw(self, event: Event[Bar]) -> float:
        """From the first of eight."""
        names = {f"{event.ts}{letter}" for letter in "abcdefgh"}
        return "abcdefgh".index(next(iter(names))[-1]) / 8


class SortedSet(Drawn):
    """Takes the first of a set that it sorted."""

    def draw(self, event: Event[Bar]) -> float:
        """From the first of the sorted."""
        names = {f"{letter}{event.ts}" for letter in "hgfedcba"[event.ts // 3_600_000_000_000 % 8 :]}
        return "abcdefgh".index(min(names)[0]) / 8


@functools.lru_cache(maxsize=64)
def weight_of(hour: int) -> float:
    """A pure function that is remembered: whatever is asked, the answer is the same in every run."""
    return round(abs(float(np.sin(hour))), 6)


class Memoised(Drawn):
    """Calls a memoised pure function."""

    def draw(self, event: Event[Bar]) -> float:
        """A weight of the hour."""
        return float(weight_of(event.ts // 3_600_000_000_000 % 24))


TABLE = tuple(round((n * 7919 % 10_007) / 10_007, 6) for n in range(10_007))


class LargeTable(Drawn):
    """Looks values up in a large table of constants in its module."""

    def draw(self, event: Event[Bar]) -> float:
        """The entry at a place that the close gives."""
        return TABLE[int(event.body.close * 100) % len(TABLE)]


class OwnBuffer(Drawn):
    """Computes with pandas and numpy, over a buffer of what it was given."""

    def __init__(self) -> None:
        self.buffer: list[float] = []

    def draw(self, event: Event[Bar]) -> float:
        """The rank of the close among the last 48."""
        import pandas as pd  # here, because the fresh processes of the others can do without

        self.buffer = [*self.buffer[-47:], event.body.close]
        frame = pd.DataFrame({"close": self.buffer})
        return float(frame["close"].rank(pct=True).iloc[-1]) * float(np.clip(len(frame) / 48, 0.0, 1.0))


def _entry(name: str, about: str, leak: type, layers: tuple[Layer, ...], twins: tuple[type, ...] = ()) -> Entry:
    shown = tuple(StageSpec(f"zoo.{twin.__name__.lower()}", twin) for twin in twins)
    return Entry(name, about, STAGE_RUN, StageSpec(f"zoo.{leak.__name__.lower()}", leak), shown, Label(layers=layers))


SEEN: tuple[Layer, ...] = ("hermetic", "differential")
ENTRIES = (
    _entry("random", "random.random()", HiddenRandom, SEEN, (Seeded,)),
    _entry("numpy", "np.random.rand()", HiddenNumpy, SEEN, (OwnBuffer,)),
    _entry("default_rng", "default_rng() without a seed", Unseeded, SEEN, (Memoised,)),
    _entry("uuid4", "a fresh UUID", Uuid, SEEN, (DigestOfText,)),
    _entry("hash", "hash() of a text", HashOfText, ("differential",), (LargeTable,)),
    _entry("address", "id() of an object", Address, ("differential",)),
    _entry("set_order", "the order of a set", SetOrder, ("differential",), (SortedSet,)),
)
