"""Bodies of plugins at rest: anything a feed may deliver can be recorded and read again."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import pyarrow as pa

from helios_engine.catalog.manifest import Manifest
from helios_engine.catalog.naming import folder_of
from helios_engine.catalog.store import Catalog
from helios_engine.catalog.tables import SCHEMAS
from helios_engine.codec import Codec
from helios_engine.errors import DataError
from helios_engine.events import Body

_ROWS = 1 << 16


def write_bodies(
    catalog: Catalog,
    name: str,
    rows: Iterable[tuple[int, Body]],
    codec: Codec,
    *,
    source: str = "",
    replace: bool = False,
) -> Manifest:
    """Store `(ts, body)` rows of one kind, oldest first, under a name of their own.

    Raises DataError for bodies that the codec does not know, or of more than one kind.
    """
    stream = iter(rows)
    first = next(stream, None)
    if first is None:
        raise DataError(f"no bodies to store under {name!r}")
    tag = codec.tag(type(first[1]))
    if tag is None:
        raise DataError(f"{type(first[1]).__name__} is no body that a plugin offers; add it to `helios_bodies`")
    with catalog.session() as session:
        writer = session.writer("bodies", name, folder_of(tag))
        block: list[tuple[int, Body]] = [first]
        while block:
            for ts, body in block:
                if codec.tag(type(body)) != tag:
                    raise DataError(f"{name!r} holds {tag}, found {type(body).__name__} at {ts}; store each kind apart")
            columns = {"ts": [ts for ts, _ in block], "body": [codec.encode(body) for _, body in block]}
            writer.add(pa.table(columns, schema=SCHEMAS["bodies"]))
            block = list(islice(stream, _ROWS))
        return writer.commit(source=source, replace=replace)
