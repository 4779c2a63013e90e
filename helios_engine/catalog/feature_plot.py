"""Small multiples of stored features over time: one panel a column."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from helios_engine.catalog.store import Dataset
from helios_engine.errors import ConfigError, NotAvailableError
from helios_engine.files import write_whole

BINS, ACROSS = 300, 3
"""Bins of rows a panel, of each the lowest and highest value; panels side by side."""
_PANEL = 130


def check_plot(path: Path) -> None:
    """ConfigError unless the file is HTML or PNG; NotAvailableError for a PNG without kaleido."""
    if path.suffix not in (".html", ".png"):
        raise ConfigError(f"--plot {path}: expected a file that ends in .html or .png")
    if path.suffix == ".png" and find_spec("kaleido") is None:
        raise NotAvailableError(f"--plot {path}: a PNG needs kaleido; `pip install kaleido`, or write .html")


def plot_features(dataset: Dataset, path: Path, timeframe: str = "") -> None:
    """Draw the columns of one timeframe, `15m_…`, of a data set; all of them where none begins so.

    Columns are read one at a time. Raises ConfigError for a timeframe without columns, StorageError.
    """
    made, m = dataset.manifest.made, dataset.manifest
    assert made is not None
    names = [name for name in made.columns if name.startswith(f"{timeframe or m.timeframe}_")]
    if not names and timeframe:
        raise ConfigError(f"--plot-timeframe {timeframe}: no column of {made.schema} begins with {timeframe}_")
    names = names or list(made.columns)
    rows = -(-len(names) // ACROSS)
    drawn = [series(dataset, name) for name in names]
    titles = [
        name if any(v is not None for v in y) else f"{name}: always masked"
        for name, (_, y) in zip(names, drawn, strict=True)
    ]
    figure: Any = import_module("plotly.subplots").make_subplots(
        rows=rows, cols=ACROSS, shared_xaxes=True, subplot_titles=titles, vertical_spacing=0.4 / max(rows, 2)
    )
    for n, (name, (x, y)) in enumerate(zip(names, drawn, strict=True)):
        pen = {"width": 1, "color": "#1f5fbf"}
        line = {"type": "scatter", "mode": "lines", "x": x, "y": y, "name": name, "line": pen}
        figure.add_trace(line, row=n // ACROSS + 1, col=n % ACROSS + 1)
    figure.update_annotations(font_size=11)
    title = f"{m.name} {m.timeframe}: {made.schema}; gaps are masked; lowest and highest of {BINS} bins of rows"
    figure.update_layout(
        title={"text": title, "font": {"size": 14}},
        height=100 + _PANEL * rows,
        showlegend=False,
        template="plotly_white",
    )
    if path.suffix == ".png":
        write_whole(path, figure.to_image("png", width=1400, scale=2))
    else:
        write_whole(path, figure.to_html(include_plotlyjs=True, config={"displayModeBar": False}).encode())


def series(dataset: Dataset, column: str, bins: int = BINS) -> tuple[list[Any], list[float | None]]:
    """Times and values of a column in at most two points a bin, None where a whole bin is masked."""
    table = dataset.table(columns=[column])
    ts: NDArray[np.int64] = table["ts"].to_numpy()
    values: NDArray[np.float64] = table[column].to_numpy()
    x: list[Any] = []
    y: list[float | None] = []
    for begin, end in pairwise(np.linspace(0, len(ts), min(bins, len(ts)) + 1).astype(np.int64).tolist()):
        there = np.flatnonzero(~np.isnan(values[begin:end])) + begin
        if not there.size:
            x.append(ts[begin])
            y.append(None)
            continue
        ends = {int(there[np.argmin(values[there])]), int(there[np.argmax(values[there])])}
        for at in sorted(ends):
            x.append(ts[at])
            y.append(float(values[at]))
    return [str(np.datetime64(int(t), "ns").astype("datetime64[ms]")) for t in x], y
