"""The page of a checkup stands alone, escapes what it shows, and draws in a real browser without scrolling sideways."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from helios_engine.catalog.audit.result import Checkup, score
from helios_engine.catalog.checking import check
from helios_engine.catalog.checkup_page import LISTED, page_text, write_page
from helios_engine.catalog.store import Catalog
from tests.unit.catalog.audit_rows import NOW, bars, stored, trades, without

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HOSTILE = "</script><script>alert('x')</script>&\"quotes\""


def checkup(tmp_path: Path) -> Checkup:
    columns = bars(24 * 800)
    columns["high"][500] = 30_000
    stored(tmp_path, "bars", without(columns, *range(40, 90), 7000), "1h")
    stored(tmp_path, "trades", trades())
    return check(Catalog(tmp_path), now=NOW)


def hostile(found: Checkup) -> Checkup:
    manifest = found.datasets[0].manifest
    issues = [msgspec.structs.replace(i, detail=HOSTILE + " long" * 60) for i in manifest.issues]
    manifest = msgspec.structs.replace(manifest, name=HOSTILE, issues=tuple(issues))
    return Checkup(datasets=[score(manifest), *found.datasets[1:]], unreadable=[HOSTILE * 20])


def test_the_page_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    text = page_text(checkup(tmp_path), "here")
    head = text[: text.index("<script")]

    assert "default-src 'none'" in head
    assert not re.search(r"<(link|img|iframe|script)[^>]+(src|href)=", text[: text.index('<script type="application')])
    assert len(text) > 3_000_000  # the drawing library is inside


def test_the_page_escapes_what_it_shows(tmp_path: Path) -> None:
    text = page_text(hostile(checkup(tmp_path)), HOSTILE)

    assert "<script>alert" not in text
    assert text.count("</script>") == 3


def test_the_page_says_how_many_findings_it_leaves_out(tmp_path: Path) -> None:
    found = checkup(tmp_path)
    d = found.datasets[0]
    many = [msgspec.structs.replace(d.issues[0], detail=f"number {n}") for n in range(LISTED + 500)]
    full = Checkup(datasets=[score(msgspec.structs.replace(d.manifest, issues=tuple(many)))], unreadable=[])

    text = page_text(full, "here")

    assert f"The {LISTED:,} most pressing of {LISTED + 500:,}" in text
    assert text.count("<td>number ") == LISTED


def rendered(page: Path, profile: Path, width: int) -> str:
    """The page's document after its scripts ran in a headless browser."""
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    quiet = "--disable-component-update --disable-sync --virtual-time-budget=10000 --dump-dom"
    size = f"--window-size={width},1600"
    command: list[Any] = [CHROMIUM, *flags.split(), *quiet.split(), size, f"--user-data-dir={profile}", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.mark.live
@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium; `apt-get install chromium`")
@pytest.mark.parametrize("width", [1280, 500])
def test_a_browser_draws_every_calendar_and_nothing_is_wider_than_the_window(tmp_path: Path, width: int) -> None:
    page = tmp_path / "page.html"
    write_page(hostile(checkup(tmp_path / "catalog")), "somewhere/" * 40, page)

    document = rendered(page, tmp_path / "profile", width)

    head = document[:200]
    assert 'data-drawn="2"' in head
    assert 'data-wide="false"' in head
    assert document.count('class="heatmaplayer') >= 2
