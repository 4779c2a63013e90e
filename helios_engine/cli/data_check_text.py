"""A checkup for a terminal: data sets, their worst days, then the findings with their exact spans."""

from __future__ import annotations

from collections.abc import Iterator

from helios_engine.catalog.audit.result import Checked, Checkup
from helios_engine.catalog.manifest import Issue
from helios_engine.timeframe import iso

SHOWN = 30
"""Findings that are shown unless all are asked for; several data sets share them."""
_WORST = 3
_RANKS = {"error": 0, "warn": 1, "info": 2}


def lines(found: Checkup, *, show_all: bool = False) -> Iterator[str]:
    """The lines, most pressing findings first."""
    if found.datasets:
        yield from _table(found.datasets)
    shown = SHOWN if len(found.datasets) == 1 else max(3, SHOWN // max(1, len(found.datasets)))
    for dataset in found.datasets:
        issues = sorted(dataset.issues, key=_pressing)
        if issues:
            yield ""
            yield f"{dataset.manifest.title}: {len(issues):,} findings"
        for issue in issues if show_all else issues[:shown]:
            yield f"  {finding_line(issue)}"
        if len(issues) > shown and not show_all:
            yield f"  … and {len(issues) - shown:,} more; --all shows them, --html lists them on a page"
    for text in found.unreadable:
        yield f"UNREADABLE  {text}"
    yield ""
    yield _verdict(found)


def finding_line(issue: Issue) -> str:
    """`warn   jump@2024-10-04T12:00:00Z … 2024-10-04T13:00:00Z  what is wrong`"""
    state = f" [{issue.state}]" if issue.state else ""
    span = f"{issue.kind}@{iso(issue.ts_from)} … {iso(issue.ts_to)}"
    return f"{issue.severity:<5}  {span}{state}  {issue.detail}"


def _pressing(issue: Issue) -> tuple[int, bool]:
    return _RANKS[issue.severity], issue.state != "quarantined"


def _table(datasets: list[Checked]) -> Iterator[str]:
    head = ("data set", "rows", "span", "score", "error", "warn", "info", "quarantined")
    rows = [
        (
            d.manifest.title,
            f"{d.manifest.rows:,}",
            f"{iso(d.manifest.first)[:10]} … {iso(d.manifest.last)[:10]}",
            f"{d.score:.2f}",
            *(f"{d.count(severity):,}" for severity in _RANKS),
            f"{d.quarantined:,}",
        )
        for d in datasets
    ]
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    left = (0, 2)

    def line(row: tuple[str, ...]) -> str:
        cells = (f"{c:<{w}}" if n in left else f"{c:>{w}}" for n, (c, w) in enumerate(zip(row, widths, strict=True)))
        return "  ".join(cells).rstrip()

    yield line(head)
    for dataset, row in zip(datasets, rows, strict=True):
        yield line(row)
        worst = dataset.worst
        if worst:
            named = " · ".join(f"{iso(day.day)[:10]} {day.score:.1f}" for day in worst[:_WORST])
            more = f" · {len(worst) - _WORST:,} more days below 100" if len(worst) > _WORST else ""
            yield f"    worst days: {named}{more}"


def _verdict(found: Checkup) -> str:
    if found.unreadable:
        return f"{len(found.unreadable):,} data sets cannot be read"
    errors = sum(d.count("error") for d in found.datasets)
    quarantined = sum(d.quarantined for d in found.datasets)
    if errors or quarantined:
        hint = "; look at them, then --confirm KIND@TIME or `data repair`" if quarantined else ""
        return f"{errors:,} errors, {quarantined:,} findings in quarantine{hint}"
    warnings = sum(d.count("warn") for d in found.datasets)
    return f"sound, with {warnings:,} warnings" if warnings else "sound"
