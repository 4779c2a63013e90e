"""One HTML page of a checkup, whole in itself: a calendar of every data set, and the findings."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup
from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

from helios_engine.catalog.audit.result import Checked, Checkup
from helios_engine.catalog.manifest import Issue
from helios_engine.files import write_whole
from helios_engine.timeframe import UNITS, iso

LISTED = 1_000
"""Findings that the page lists; how many there are in all is said."""
_RANKS = {"error": 0, "warn": 1, "info": 2}


class _Row(NamedTuple):
    title: str
    issue: Issue
    begin: str
    end: str


def write_page(found: Checkup, catalog: str, path: Path) -> None:
    """Write the page to `path`; `catalog` is where the data lies. Raises StorageError."""
    write_whole(path, page_text(found, catalog).encode())


def page_text(found: Checkup, catalog: str) -> str:
    """The page as text."""
    rows = [
        _Row(d.manifest.title, issue, iso(issue.ts_from), iso(issue.ts_to))
        for d in found.datasets
        for issue in d.issues
    ]
    rows.sort(key=lambda row: (_RANKS[row.issue.severity], row.issue.state != "quarantined"))
    return _template().render(
        catalog=catalog,
        unreadable=found.unreadable,
        datasets=[_dataset(d) for d in found.datasets],
        findings=rows[:LISTED],
        count=len(rows),
        data=_inline([_calendar(d) for d in found.datasets]),
        plotly=Markup(get_plotlyjs()),
    )


def _dataset(checked: Checked) -> dict[str, Any]:
    m = checked.manifest
    return {
        "title": m.title,
        "rows": f"{m.rows:,}",
        "span": f"{iso(m.first)} to {iso(m.last)}",
        "score": f"{checked.score:.2f}",
        "counts": {name: f"{checked.count(name):,}" for name in _RANKS},
        "quarantined": f"{checked.quarantined:,}",
        "worst": [(iso(day.day)[:10], f"{day.score:.1f}") for day in checked.worst[:5]],
        "imperfect": f"{len(checked.worst):,}",
        "days": f"{len(checked.days):,}",
    }


def _calendar(checked: Checked) -> dict[str, Any]:
    """Days one after the other from the first one (ms UTC), as columns."""
    days = checked.days
    return {
        "title": checked.manifest.title,
        "first": days[0].day // UNITS["ms"],
        "score": [round(day.score, 2) for day in days],
        "covered": [round(100 * day.covered, 2) for day in days],
        "quarantined": [round(100 * day.quarantined, 2) for day in days],
        "errors": [day.errors for day in days],
        "warnings": [day.warnings for day in days],
    }


def _inline(value: Any) -> Markup:
    """JSON that no text inside can close the script element of."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


@cache
def _template() -> jinja2.Template:
    source = files("helios_engine.catalog").joinpath("checkup.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source)
