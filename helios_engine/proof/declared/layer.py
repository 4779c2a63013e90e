"""The layer of declared inputs: does each output of a stage depend on what it is said to, and on nothing else?

Every declared stage is made anew and given its recorded events, with one input changed in some of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from helios_engine.assemble import assemble
from helios_engine.build import build
from helios_engine.codec import Codec
from helios_engine.errors import HeliosError
from helios_engine.events import Body, Event
from helios_engine.node import Node
from helios_engine.proof.case import Case
from helios_engine.proof.declared.declarations import Heard, judged, matrix_of
from helios_engine.proof.declared.perturbing import VARIANTS, changed, columns, inputs, schemas_of, source_of
from helios_engine.proof.findings import Finding, Outcome, Part
from helios_engine.proof.forks import answer_of, forked
from helios_engine.provenance import new_run
from helios_engine.stage import Depends

EVENTS = 4000
"""So many first events of a stage are given to it again."""
ALONE = ""
"""The input of the run in which nothing is changed."""


class Tried(msgspec.Struct, frozen=True):
    """What changing one input did: the first time (ns UTC) and change of each output; `raised` ended it early."""

    reacted: dict[str, tuple[int, str]]
    raised: bool = False


def declare(case: Case) -> tuple[Outcome]:
    """Hold every stage's declaration against what its outputs do; the layer `declared`."""
    begin = time.monotonic()
    script = case.folder / "declared.script"
    case.progress("declared inputs", 0.0)
    undeclared = answer_of(partial(_record, case, script))
    heard = msgspec.msgpack.decode(script.read_bytes(), type=dict[str, Heard])
    findings: list[Finding] = []
    matrix: dict[str, dict[str, dict[str, bool]]] = {}
    unknown: dict[str, str] = {}
    coverage = {"declared stages": len(heard), "stages with no declaration": undeclared, "events": 0, "trials": 0}
    for number, (name, one) in enumerate(heard.items()):
        case.progress("declared inputs", number / len(heard))
        found = answer_of(partial(_try_all, case, name, script))
        if "error" in found:
            unknown[name] = found["error"]
            continue
        coverage["events"] += len(one.events)
        coverage["trials"] += found["trials"]
        matrix[name] = matrix_of(found["reacted"], found["outputs"])
        findings += judged(Part("stage", name, one.plugin), one, found)
    return (
        Outcome(
            layer="declared",
            findings=tuple(findings),
            coverage=coverage,
            looked_at=tuple(heard),
            matrix=matrix,
            not_covered=("inputs that matter only in states that the recorded run did not reach",) if heard else (),
            not_provable=unknown,
            seconds=time.monotonic() - begin,
        ),
    )


def _record(case: Case, script: Path) -> int:
    """Write what every declared stage heard and said; returns how many stages have no declaration."""
    plan = build(case.config, case.plugins)
    heard: dict[str, Heard] = {}
    offers = case.plugins.offers("stage")
    for node, piece in zip(plan.nodes, plan.config.stages, strict=True):
        depends = getattr(node.stage, "depends", None)
        if isinstance(depends, Depends):
            plugin = str(offers[piece.use].plugin)
            heard[node.name] = Heard(plugin, source_of(node.stage), dict(depends.outputs))
    listening: Any = tuple(_Listening(n, heard[n.name], plan.codec) if n.name in heard else n for n in plan.nodes)
    if heard:
        for _ in assemble(plan._replace(nodes=listening)).run():
            if all(len(one.events) >= EVENTS for one in heard.values()):
                break
    script.write_bytes(msgspec.msgpack.encode(heard))
    return len(plan.nodes) - len(heard)


class _Listening:
    """A stage in its place, whose events and outputs are noted."""

    def __init__(self, node: Node, heard: Heard, codec: Codec) -> None:
        self._node, self._heard, self._codec = node, heard, codec

    def deliver(self, event: Event[Body], run: int) -> list[Body]:
        outputs = self._node.deliver(event, run)
        if len(self._heard.events) < EVENTS:
            tag, raw = self._packed(event.body)
            self._heard.events.append((event.ts, event.seq, event.source, tag, raw))
            self._heard.outputs.append([self._packed(output) for output in outputs])
        return outputs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._node, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        else:
            setattr(self._node, name, value)

    def _packed(self, body: Body) -> tuple[str, bytes]:
        tag = self._codec.tag(type(body))
        assert tag is not None, "a body of a run has a tag: build saw to it"
        return tag, self._codec.encode(body)


def _try_all(case: Case, name: str, script: Path) -> dict[str, Any]:
    """Change each input of a stage in each way, in a child each, so that every trial starts with a fresh module."""
    plan = build(case.config, case.plugins)
    node = next(n for n in plan.nodes if n.name == name)
    heard = msgspec.msgpack.decode(script.read_bytes(), type=dict[str, Heard])[name]
    schemas = schemas_of(n.stage for n in plan.nodes)
    events = [Event(ts, seq, source, plan.codec.decode(tag, raw)) for ts, seq, source, tag, raw in heard.events]
    outputs = [[plan.codec.decode(tag, raw) for tag, raw in said] for said in heard.outputs]
    known = dict.fromkeys(column for event in events for column in inputs(event.body, schemas))
    jobs = [(ALONE, VARIANTS[0]), *((column, variant) for column in known for variant in VARIANTS)]

    def trial(column: str, variant: str) -> dict[str, Any]:
        random = np.random.default_rng([case.seed, 3])
        tried = Tried({}, raised=False)
        run = new_run()
        node.renew()
        for event, expected in zip(events, outputs, strict=True):
            body = changed(event.body, column, variant, random, schemas) if column else event.body
            try:
                said = node.deliver(Event(event.ts, event.seq, event.source, body), run)
            except HeliosError:
                tried = msgspec.structs.replace(tried, raised=True)
                break
            for output, text in _reactions(expected, said, schemas):
                tried.reacted.setdefault(output, (event.ts, text))
        plain: dict[str, Any] = msgspec.to_builtins(tried)
        return plain

    reacted: dict[str, dict[str, tuple[int, str]]] = {column: {} for column in known}
    raised = 0
    for answer in forked([partial(trial, *job) for job in jobs], seconds=600.0):
        if answer.error:
            return {"error": answer.error}
        tried = msgspec.convert(answer.result, Tried)
        column = jobs[answer.number][0]
        if column == ALONE and (tried.reacted or tried.raised):
            return {"error": "it says otherwise when it is given the same events again"}
        raised += tried.raised
        for output, what in tried.reacted.items():
            reacted[column][output] = min(what, reacted[column].get(output, what))
    spoken = dict.fromkeys(c for said in outputs for body in said for c in columns(body, schemas))
    return {"reacted": reacted, "outputs": list(spoken), "trials": len(jobs), "raised": raised}


def _reactions(expected: list[Body], said: list[Body], schemas: Any) -> Iterator[tuple[str, str]]:
    """The columns that differ; where another number or kind of bodies came, the kinds alone."""
    if [type(b) for b in expected] != [type(b) for b in said]:
        for kind in {type(b).__name__ for b in (*expected, *said)}:
            yield kind, f"{len(said)} outputs in place of {len(expected)}"
        return
    for before, after in zip(expected, said, strict=True):
        one, two = columns(before, schemas), columns(after, schemas)
        for column in one:
            if one[column] != two.get(column):
                yield column, "" if isinstance(one[column], bytes) else f"{two.get(column)} in place of {one[column]}"
