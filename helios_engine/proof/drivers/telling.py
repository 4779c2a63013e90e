"""The jobs of child processes for the layer drivers: run by one driver, and tell what was said, or the words of it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from typing import Any, cast

import msgspec

from helios_engine.assemble import assemble, heads
from helios_engine.build import Plan, build
from helios_engine.driving.market_only import run_ahead, takes_blocks
from helios_engine.errors import HeliosError
from helios_engine.events import Body
from helios_engine.node import Node
from helios_engine.proof.case import Case
from helios_engine.stage import in_columns

EVENTS, BLOCKS, MIXED = "events", "blocks", "mixed"
"""Event by event, by blocks as a run has them, and by blocks of drawn sizes."""
BYTES = 8
"""Bytes of the digest that stands for an output."""
_SIZES = (1, 1, 2, 3, 5, 17, 64, 500, 4000)


class Told(msgspec.Struct, frozen=True):
    """What a run said: by stage a digest of each output, when each was, and the number of each's turn."""

    outputs: dict[str, bytes]
    times: dict[str, list[int]]
    turns: dict[str, list[int]]
    heads: dict[str, str]
    error: str = ""


class Looked(msgspec.Struct, frozen=True):
    """What there is to compare: stages that take blocks, stages that run ahead, feeds with columns; what these say."""

    stages: list[str]
    ahead: list[str]
    feeds: dict[str, str]
    """By feed the first input in which its blocks are not its inputs, in words; empty if there is none."""
    hears: dict[str, list[str]]
    """By stage the earlier ones that it hears."""


def look(case: Case) -> dict[str, Any]:
    """Find what there is to compare, and compare the feeds; a `Looked` as plain values."""
    plan = build(case.config, case.plugins)
    specs = plan.plugins.offers("effect")
    ahead = run_ahead(plan.nodes, [kind for piece in plan.config.effects for kind in specs[piece.use].spec.emits])
    hears = {b.name: [a.name for a in plan.nodes[:n] if _hears(b, a)] for n, b in enumerate(plan.nodes)}
    feeds = {f.name: _feed_differs(f.feed, plan) for f in plan.feeds if in_columns(f.feed, "blocks", "inputs")}
    names = [node.name for node in plan.nodes]
    taking = [node.name for n, node in enumerate(plan.nodes) if n in ahead and takes_blocks(node)]
    return _plain(Looked(taking, [names[n] for n in sorted(ahead)], feeds, hears))


def tell(case: Case, driver: str) -> dict[str, Any]:
    """Run to the end; a `Told` as plain values."""
    outputs: dict[str, list[bytes]] = {}
    times: dict[str, list[int]] = {}
    turns: dict[str, list[int]] = {}

    def hear(plan: Plan, name: str, ts: int, turn: int, body: Body, cause: tuple[str, int]) -> None:
        raw = plan.codec.encode((ts, plan.codec.tag(type(body)), body, cause))
        outputs.setdefault(name, []).append(hashlib.blake2b(raw, digest_size=BYTES).digest())
        times.setdefault(name, []).append(ts)
        turns.setdefault(name, []).append(turn)

    found, error = _run(case, driver, hear)
    return _plain(Told({name: b"".join(said) for name, said in outputs.items()}, times, turns, found, error))


def words(case: Case, driver: str, stage: str, number: int) -> bytes | None:
    """The `number`-th output of a stage, as its tag and its fields in msgpack; nothing if it does not say so much."""
    said: list[bytes] = []
    count = [0]

    def hear(plan: Plan, name: str, ts: int, turn: int, body: Body, cause: tuple[str, int]) -> None:
        if name == stage:
            if count[0] == number:
                said.append(plan.codec.encode([plan.codec.tag(type(body)), body]))
            count[0] += 1

    _run(case, driver, hear)
    return said[0] if said else None


def _run(case: Case, driver: str, hear: Any) -> tuple[dict[str, str], str]:
    plan = build(case.config, case.plugins)
    sizes = _drawn(case.seed) if driver == MIXED else None
    engine = assemble(plan, driver=EVENTS if driver == EVENTS else BLOCKS, sizes=sizes)
    names, remember = [node.name for node in plan.nodes], engine.journal.output

    def listen(position: int, ts: int, body: Body, cause: tuple[str, int]) -> None:
        remember(position, ts, body, cause)
        hear(plan, names[position], ts, engine.turns, body, cause)

    engine.pipeline.listen(listen)
    try:
        for _ in engine.run():
            pass
        engine.finish(plan.stop)
    except HeliosError as error:
        if driver == EVENTS:
            raise
        return {}, str(error)
    return heads(plan, engine), ""


def _drawn(seed: int) -> Iterator[int]:
    rng = random.Random(seed)
    while True:
        yield rng.choice(_SIZES)


def _hears(stage: Node, other: Node) -> bool:
    return any(issubclass(kind, wanted) for kind in other.emits for wanted in stage.consumes)


def _feed_differs(feed: Any, plan: Plan) -> str:
    inputs = feed.inputs(plan.begin, plan.stop)
    for rows in feed.blocks(plan.begin, plan.stop):
        for found in zip(rows.ts.tolist(), rows.bodies(), strict=True):
            expected = next(inputs, None)
            if found != expected:
                return f"its blocks have {found}, its inputs {expected}"
    left = next(inputs, None)
    return "" if left is None else f"its blocks end before its input {left}"


def _plain(found: msgspec.Struct) -> dict[str, Any]:
    return cast("dict[str, Any]", msgspec.to_builtins(found, builtin_types=(bytes,)))
