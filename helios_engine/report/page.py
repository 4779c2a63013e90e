"""One HTML page of a run, whole in itself: no network, no other file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup
from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

from helios_engine.files import write_whole
from helios_engine.report import tables, wording
from helios_engine.report.charts import equity_series, price_series
from helios_engine.report.features import FeatureNote, FeatureSet, cells, read_features, sparkline
from helios_engine.report.frames import Frames
from helios_engine.report.sensitivity import HEADINGS, Outcome, read_outcomes, said
from helios_engine.report.sensitivity import cells as outcome_cells
from helios_engine.report.summary import Summary, read_summary
from helios_engine.timeframe import iso

FILE = "report.html"


def write_page(folder: Path) -> Path:
    """Write `report.html` into a run folder from what lies in it, and return its path.

    A run that failed or was interrupted gets a page of what it left. Raises JournalError if the
    summary or a table cannot be read, StorageError if the page cannot be written.
    """
    folder = Path(folder)
    text = page_text(read_summary(folder), Frames(folder), read_outcomes(folder), read_features(folder))
    path = folder / FILE
    write_whole(path, text.encode())
    return path


def page_text(
    summary: Summary, frames: Frames, outcomes: Sequence[Outcome] = (), features: FeatureNote | None = None
) -> str:
    """The page as text; `outcomes` are what other assumptions made of the run, `features` a sample of its rows."""
    currency, metrics = summary.account.currency, summary.metrics
    has_equity = frames.has("equity") and not frames.equity.empty
    legs = frames.legs if frames.has("legs") else _no_legs()
    charts: dict[str, Any] = {"currency": currency, "prices": {}, "mark": "CONTAMINATED" * bool(summary.contaminated)}
    if has_equity:
        charts["equity"] = equity_series(frames.equity, legs)
    if frames.has("prices"):
        charts["prices"] = price_series(frames.prices, legs)
    return _template().render(
        s=summary,
        start=iso(summary.span.start),
        stop=iso(summary.span.stop),
        tiles=tables.tiles(metrics, currency) if metrics is not None else [],
        metrics=wording.rows(metrics, currency) if metrics is not None else [],
        months=tables.months(frames.equity["equity"]) if has_equity else [],
        costs=tables.costs(legs, currency),
        breakdown=wording.breakdown_rows(summary.breakdown, currency),
        headings=HEADINGS,
        outcomes=[(outcome_cells(o, currency), said(o), o.config) for o in outcomes],
        trips=tables.trips(frames.trades) if frames.has("trades") else [],
        trip_count=len(frames.trades) if frames.has("trades") else 0,
        last=tables.LAST_TRIPS,
        features=features,
        feature_rows=[] if features is None else [_rows(given) for given in features.sets],
        pins=[(name, pin, iso(pin.first), iso(pin.last)) for name, pin in sorted(summary.pins.items())],
        charts=charts,
        data=_inline(charts),
        plotly=Markup(get_plotlyjs()),
    )


def _rows(given: FeatureSet) -> list[tuple[str, tuple[str, ...], str]]:
    return [(column.name, cells(column), sparkline(column)) for column in given.columns]


def _inline(value: Any) -> Markup:
    """JSON that no text inside can close the script element of."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _no_legs() -> pd.DataFrame:
    columns = ["instrument", "side", "quantity", "price", "value", "fee", "role"]
    return pd.DataFrame({name: [] for name in columns}, index=pd.DatetimeIndex([], tz="UTC"))


@cache
def _template() -> jinja2.Template:
    source = files("helios_engine.report").joinpath("template.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source)
