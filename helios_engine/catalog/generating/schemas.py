"""The columns of generated quotes and books. Prices and quantities are integers in the instrument's scales."""

from __future__ import annotations

import pyarrow as pa

_I = pa.int64()

QUOTES: pa.Schema = pa.schema([(n, _I) for n in ("ts", "ts_event", "bid", "ask", "bid_quantity", "ask_quantity")])
"""The best prices and what stands there, one row each time either changes."""

BOOKS: pa.Schema = pa.schema(
    [
        *((n, _I) for n in ("ts", "ts_event", "sequence")),
        ("snapshot", pa.bool_()),
        ("side", pa.int8()),
        *((n, _I) for n in ("price", "quantity")),
    ]
)
"""One row a level; `side` is 1 for a bid and -1 for an ask, quantity 0 removes the level."""
