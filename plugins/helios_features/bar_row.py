"""The order of numbers in the row that compiled code gets of each bar.

Compiled code holds these as constants, and numba's cache does not notice a change in another file: never renumber them.
"""

from __future__ import annotations

NUMBER, OPEN, HIGH, LOW, CLOSE, VOLUME, SPREAD, DEPTH, TICK, FRESH = range(10)
"""`NUMBER` counts the timeframe's bars since 1970 (ts_open / length, exact in a float64). `SPREAD`, `DEPTH` and `TICK`
are NaN where the data has none. `FRESH` is 1 where a segment begins: everything before it has been forgotten."""

WIDTH = 10
UNFIT = -1.0
"""In place of FRESH: the bar is not fit for use."""
