"""Bodies to bytes and back: msgpack maps under a tag, readable without the plugin that made them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import msgspec

import helios_engine.bodies as vocabulary
from helios_engine.errors import BuildError, JournalError
from helios_engine.events import Body
from helios_engine.stage import BodySpec

ENGINE_BODIES: tuple[type[Body], ...] = tuple(
    kind
    for name in vocabulary.__all__
    if isinstance(kind := getattr(vocabulary, name), type) and issubclass(kind, Body)
)


class UnknownBody(Body, frozen=True):
    """A body of a plugin that is not installed: its tag, and its fields as msgpack."""

    tag: str
    fields: bytes

    def as_dict(self) -> dict[str, Any]:
        """The fields by name."""
        found: dict[str, Any] = msgspec.msgpack.decode(self.fields)
        return found


class Codec:
    """Knows every kind of body of a run by its tag."""

    def __init__(self, specs: Iterable[BodySpec] = ()) -> None:
        self._tags: dict[type[Body], str] = {kind: kind.__name__ for kind in ENGINE_BODIES}
        for spec in specs:
            self._add(spec)
        self._decoders = {tag: msgspec.msgpack.Decoder(kind) for kind, tag in self._tags.items()}
        self.encode = msgspec.msgpack.Encoder().encode
        """Encode anything made of bodies and plain values, canonically."""

    def tag(self, kind: type[Body]) -> str | None:
        """The tag of a kind of body, or nothing if this run does not know it."""
        return self._tags.get(kind)

    def kinds(self) -> tuple[type[Body], ...]:
        """Every kind of body this run knows."""
        return tuple(self._tags)

    def decode(self, tag: str, raw: bytes | msgspec.Raw) -> Body:
        """Rebuild a body; `UnknownBody` if its plugin is not installed."""
        decoder = self._decoders.get(tag)
        if decoder is None:
            return UnknownBody(tag, bytes(raw))
        try:
            return decoder.decode(raw)
        except msgspec.DecodeError as error:
            raise JournalError(f"a {tag} in the journal does not fit its definition: {error}") from error

    def _add(self, spec: BodySpec) -> None:
        plugin, _, rest = spec.tag.partition(".")
        name, _, version = rest.partition("/")
        if not (plugin and name and version.isdigit()):
            raise BuildError(f"the tag of a plugin's body must read 'plugin.Name/version', found {spec.tag!r}")
        if not (isinstance(spec.body, type) and issubclass(spec.body, Body)):
            raise BuildError(f"{spec.tag}: expected a subclass of Body, found {spec.body!r}")
        if not spec.body.__struct_config__.frozen:
            raise BuildError(f"{spec.tag}: a body must be frozen; write `class {name}(Body, frozen=True)`")
        self._tags[spec.body] = spec.tag


def float_fields(kind: type[Body]) -> tuple[str, ...]:
    """The fields of a body that hold one float each."""
    return tuple(f.name for f in msgspec.structs.fields(kind) if f.type is float)


def first_bad_float(body: Body, fields: tuple[str, ...]) -> str | None:
    """The first field that is NaN or infinite."""
    return next((name for name in fields if not math.isfinite(getattr(body, name))), None)
