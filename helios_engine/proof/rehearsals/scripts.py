"""A rehearsal as bytes, to be written by one process and compared with in others."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from helios_engine.codec import Codec
from helios_engine.proof.rehearsals.rehearsal import Rehearsal, Stream
from helios_engine.proof.rehearsals.watching import Said

_Packed = tuple[dict[str, msgspec.Raw], dict[str, msgspec.Raw]]


def packed(rehearsal: Rehearsal, codec: Codec) -> bytes:
    """What was said and given, as bytes."""
    said = {
        name: [
            part.calls,
            [(call, part.times[call], [_tagged(b, codec) for b in o]) for call, o in part.outputs.items()],
        ]
        for name, part in rehearsal.said.items()
    }
    streams = {
        name: [stream.rank, [(ts, *_tagged(body, codec)) for ts, body in stream.inputs]]
        for name, stream in rehearsal.streams.items()
    }
    return msgspec.msgpack.encode([said, streams])


def unpacked(content: bytes, codec: Codec, only: Collection[str] = ()) -> Rehearsal:
    """The reverse of `packed`; with `only`, these sources and nothing else."""
    decode = msgspec.msgpack.decode
    parts, raw_sources = decode(content, type=_Packed)
    said: dict[str, Said] = {}
    for name, part in parts.items():
        if only:
            break
        calls, outputs = decode(part)
        found = said[name] = Said(calls=calls)
        for call, ts, bodies in outputs:
            found.outputs[call] = tuple(codec.decode(tag, raw) for tag, raw in bodies)
            found.times[call] = ts
    sources = {name: decode(raw) for name, raw in raw_sources.items() if not only or name in only}
    streams = {
        name: Stream(rank, [(ts, codec.decode(tag, raw)) for ts, tag, raw in inputs])
        for name, (rank, inputs) in sources.items()
    }
    return Rehearsal(said, streams)


def _tagged(body: Any, codec: Codec) -> tuple[str, bytes]:
    tag = codec.tag(type(body))
    assert tag is not None, "a body of a run has a tag: build saw to it"
    return tag, codec.encode(body)
