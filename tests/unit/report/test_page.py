"""The page stands alone, escapes what it shows, and draws in a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from helios_engine.errors import JournalError, StorageError
from helios_engine.report.breakdown import Breakdown
from helios_engine.report.frames import Frames
from helios_engine.report.page import page_text, write_page
from helios_engine.report.summary import AccountNote, read_summary, write_summary
from tests.unit.report.run_folders import write_run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LOADING = {"src", "href", "srcset", "action", "data", "poster", "formaction", "background"}
NAME = "<script>alert('x')</script>&\"quotes\""


class Elements(HTMLParser):
    """Start tags with their attributes, text by section id, and the page's data."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.data = ""
        self.text = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = dict(attrs).get("id") or tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "data":
            self.data += data
        elif not self._inside:
            self.text += data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("run")
    write_run(place, name=NAME, days=200)
    write_page(place)
    return place


@pytest.fixture(scope="module")
def page(folder: Path) -> Elements:
    return Elements((folder / "report.html").read_text(encoding="utf-8"))


def test_no_element_loads_anything(page: Elements) -> None:
    assert [(tag, attrs) for tag, attrs in page.tags if LOADING & set(attrs)] == []


def test_no_style_loads_anything(folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")

    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(styles) == 1
    assert not re.search(r"url\(|@import", styles[0])


def test_the_page_forbids_itself_the_network(page: Elements) -> None:
    (policy,) = [a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a]

    assert "default-src 'none'" in str(policy)


def test_a_name_is_shown_and_not_run(page: Elements) -> None:
    assert NAME in page.text
    assert [tag for tag, _ in page.tags].count("script") == 3


def test_data_cannot_close_its_script_element(folder: Path) -> None:
    account = AccountNote(currency="</script><b>")

    text = page_text(msgspec.structs.replace(read_summary(folder), account=account), Frames(folder))

    data = Elements(text).data
    assert json.loads(data)["currency"] == "</script><b>"
    assert "<" not in data


def test_plotly_is_inlined_once(folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")

    assert len(re.findall(r"plotly\.js v\d", text)) == 1


def test_the_numbers_of_the_summary_are_on_the_page(folder: Path, page: Elements) -> None:
    summary = read_summary(folder)
    m = summary.metrics
    assert m is not None and m.total_return is not None and m.sharpe is not None and m.costs is not None

    wanted = [f"{m.total_return:+.2%}", f"{m.sharpe:,.2f}", f"{m.costs:,.2f} ZAR", f"{m.trades:,}", "98,765"]
    wanted += [head[:12] for head in summary.heads.values()]
    wanted += [*summary.models.values(), *summary.warnings, *(p.identity for p in summary.plugins)]

    assert [text for text in wanted if text not in page.text] == []


def test_the_page_says_what_it_does_not_cover(page: Elements) -> None:
    assert "not evidence against overfitting" in page.text


def test_of_many_trips_the_last_two_hundred_are_listed(tmp_path: Path) -> None:
    write_run(tmp_path, days=500)

    page = Elements(write_page(tmp_path).read_text(encoding="utf-8"))

    assert len(Frames(tmp_path).trades) > 200
    assert page.text.count("LONG") + page.text.count("SHORT") == 200


def test_a_run_that_left_only_its_summary_gets_a_page(tmp_path: Path) -> None:
    summary = write_run(tmp_path, days=5)
    for table in tmp_path.glob("*.parquet"):
        table.unlink()
    write_summary(tmp_path, msgspec.structs.replace(summary, status="failed", error="stage <x> raised", metrics=None))

    page = Elements(write_page(tmp_path).read_text(encoding="utf-8"))

    assert "stage <x> raised" in page.text
    assert "left no marked equity" in page.text


def test_a_run_without_trades_gets_a_page(tmp_path: Path) -> None:
    write_run(tmp_path, days=0)

    assert "No round trips." in Elements(write_page(tmp_path).read_text(encoding="utf-8")).text


def test_a_folder_without_a_summary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"run\.json"):
        write_page(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    write_run(tmp_path, days=5)
    (tmp_path / f".report.html.{os.getpid()}.draft").symlink_to("/dev/full")

    with pytest.raises(StorageError, match="no space left"):
        write_page(tmp_path)


def rendered(page: Path, profile: Path, width: int) -> str:
    """The page's document after its scripts ran in a headless browser."""
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    quiet = "--disable-component-update --disable-sync --virtual-time-budget=10000 --dump-dom"
    size = f"--window-size={width},1600"
    command: list[Any] = [CHROMIUM, *flags.split(), *quiet.split(), size, f"--user-data-dir={profile}", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


@pytest.mark.live
@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium; `apt-get install chromium`")
@pytest.mark.parametrize("width", [1280, 500])
def test_a_browser_draws_both_charts_under_the_pages_own_policy(folder: Path, tmp_path: Path, width: int) -> None:
    document = rendered(folder / "report.html", tmp_path, width)

    assert 'data-drawn="yes"' in document
    assert document.count('class="main-svg"') >= 2
    assert len(re.findall(r'class="scatterlayer', document)) >= 3


def test_a_run_from_before_the_breakdown_still_gets_its_page(tmp_path: Path) -> None:
    summary = write_run(tmp_path, days=20)
    write_summary(tmp_path, msgspec.structs.replace(summary, breakdown=Breakdown()))
    table = pq.read_table(tmp_path / "trades.parquet").drop_columns(["mae", "mfe"])
    pq.write_table(table, tmp_path / "trades.parquet")

    text = write_page(tmp_path).read_text(encoding="utf-8")

    assert "Round trips" in text
    assert "From gross to net" not in text
