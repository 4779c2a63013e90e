"""A snapshot of a run between two inputs: what engine, stages, gate, ledger and venue know, in one file.

The file is a magic line and one frame, `magic(4) | length(u32) | crc32(u32) | zlib(msgpack)`, and nothing behind it.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import msgspec

from helios_engine import components, sharing, state
from helios_engine.contained import Contained
from helios_engine.engine import Engine
from helios_engine.errors import HeliosError, JournalError, StageError
from helios_engine.journal.framing import HEAD, pack, unpack
from helios_engine.node import Node
from helios_engine.stage import Restorable

MAGIC = b"HELIOS-SNAPSHOT 1\n"
_FRAME = b"\xf5HLS"
LEFT = frozenset({"venue"})
"""What of the port is not a component of ours: the venue has its own log."""


def as_file(encoded: bytes) -> bytes:
    """The whole content of the file of a snapshot, which is given as msgpack."""
    return MAGIC + pack(zlib.compress(encoded, 1), _FRAME)


def read(path: Path) -> dict[str, Any]:
    """Read a snapshot. JournalError if a byte of it is missing, changed or too many."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror}") from error
    payload = unpack(raw, len(MAGIC), _FRAME) if raw.startswith(MAGIC) else None
    if payload is None or len(raw) != len(MAGIC) + HEAD.size + len(payload):
        raise JournalError(f"{path.name} is cut or damaged")
    found: dict[str, Any] = msgspec.msgpack.decode(zlib.decompress(payload))
    return found


def of_engine(engine: Engine) -> dict[str, Any]:
    """What an engine knows between two inputs. StageError if a stage or an effect cannot be saved."""
    stages = [[node.name, *_counts(node), _dumped(node.name, node.stage)] for node in engine.pipeline.nodes]
    effects = [[e.name, _dumped(e.name, e.effect)] for e in engine.effects if getattr(e.effect, "remembers", False)]
    return {
        "engine": {"turns": engine.turns, "now": engine.now, "seq": engine.seq},
        "chains": engine.journal.save(),
        "stages": stages,
        "effects": effects,
        "port": components.save({"port": engine.port}, LEFT),
    }


def give(engine: Engine, saved: dict[str, Any]) -> None:
    """Give an engine that has seen nothing what another knew. JournalError if it does not know the same afterwards."""
    try:
        counters = saved["engine"]
        engine.turns, engine.now, engine.seq = counters["turns"], counters["now"], dict(counters["seq"])
        engine.journal.restore(saved["chains"])
        for node, (_, count, given, raw) in zip(engine.pipeline.nodes, saved["stages"], strict=True):
            state.load(node.stage, raw)
            node.count = count
            if isinstance(node, Contained):
                node.given = given
        effects = {running.name: running.effect for running in engine.effects}
        for name, raw in saved["effects"]:
            state.load(effects[name], raw)
        components.restore({"port": engine.port}, LEFT, saved["port"])
        again = msgspec.msgpack.decode(msgspec.msgpack.encode(of_engine(engine)))
    except HeliosError:
        raise
    except Exception as error:  # a plugin's own `load` may raise anything, and the journal is there without it
        raise JournalError(f"the state of the run cannot be taken back: {type(error).__name__}: {error}") from error
    wrong = next((name for name, value in again.items() if saved[name] != value), None)
    if wrong is not None:
        raise JournalError(f"the {wrong} came back otherwise than they were saved")


def _counts(node: Node) -> tuple[int, int]:
    """How much a stage said and was given. StageError for one that is out: the journal knows how that came."""
    if not isinstance(node, Contained):
        return node.count, 0
    if node.out is not None:
        raise StageError(f"{node.name}: the stage is out")
    return node.count, node.given


def _dumped(name: str, thing: Any) -> bytes:
    if not isinstance(thing, Restorable):
        twice = sharing.shared(thing)
        if twice is not None:
            raise StageError(f"{name}: {twice!r} holds what another attribute holds too, and would come back apart")
    try:
        return state.dump(thing)
    except Exception as error:  # a plugin's own `dump` may raise anything; the run goes on without snapshots
        raise StageError(f"{name}: {error}") from error
