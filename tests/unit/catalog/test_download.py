"""Downloads against a real server on 127.0.0.1: what arrives, what is asked, and what happens when it goes wrong."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from helios_engine.catalog.download import Download, Fetched, Options, World, fetch, limiter
from helios_engine.catalog.download.limiter import Limit, Limiter
from helios_engine.errors import ConfigError, DataError, NotAvailableError, StorageError
from helios_engine.timeframe import DAY, parse_time
from tests.archive_server import ArchiveServer, Asked, Fault, iso

SECOND = 1_000_000_000
NOW = parse_time("2024-03-10T12:00:30")
MONTH = "/data/spot/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-01.zip"
DAILY = "/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2024-01-15.zip"


class Clock:
    """A world whose time passes only by sleeping."""

    def __init__(self, now: int = NOW) -> None:
        self.ns = now
        self.slept: list[float] = []
        self.world = World(now=lambda: self.ns, monotonic=lambda: self.ns / SECOND, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ns += round(seconds * SECOND)


@pytest.fixture(autouse=True)
def no_requests_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "_LIMITERS", {})  # a port may serve a second test, whose clock starts anew


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with ArchiveServer() as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


def binance(kind: str = "bars", start: str = "2024-01-01", stop: str = "2024-02-01") -> Download:
    return Download("binance", "BTCUSDT", kind, "1h" if kind == "bars" else None, parse_time(start), parse_time(stop))


def valr(kind: str = "bars", start: str = "2024-01-15", stop: str = "2024-01-16", timeframe: str = "1m") -> Download:
    held = timeframe if kind == "bars" else None
    return Download("valr", "BTCZAR", kind, held, parse_time(start), parse_time(stop))


def names(found: Fetched) -> list[str]:
    return [path.name for path in found.files]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def leftovers(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.rglob("*") if p.name.endswith((".part", ".draft")))


# The archive


def test_whole_past_months_come_monthly_and_the_rest_daily(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    days = [f"/data/spot/daily/klines/BTCUSDT/1h/BTCUSDT-1h-2024-{day}.zip" for day in ("01-31", "03-01", "03-02")]
    month = "/data/spot/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02.zip"
    for path in (*days, month):
        server.add(path)
    told: list[tuple[int, int, int]] = []

    found = fetch(
        binance(start="2024-01-31T05:00", stop="2024-03-02T01:00"), tmp_path,
        base_url=server.url, world=clock.world, progress=lambda *step: told.append(step),
    )  # fmt: skip

    assert [f"BTCUSDT-1h-2024-{end}.zip" for end in ("01-31", "02", "03-01", "03-02")] == names(found)
    assert [p.read_bytes() for p in found.files] == [server.files[p] for p in (days[0], month, *days[1:])]
    assert found.missing == () and found.reused == 0
    assert found.bytes == sum(asked.sent for asked in server.asked)
    assert told[-1] == (4, 4, found.bytes) and told == sorted(told)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(("kind", "vendor"), [("trades", "trades"), ("agg_trades", "aggTrades")])
def test_trades_have_their_own_folders(
    server: ArchiveServer, clock: Clock, tmp_path: Path, kind: str, vendor: str
) -> None:
    server.add(f"/data/spot/monthly/{vendor}/BTCUSDT/BTCUSDT-{vendor}-2024-01.zip")
    server.add(f"/data/spot/daily/{vendor}/BTCUSDT/BTCUSDT-{vendor}-2024-02-01.zip")

    found = fetch(binance(kind, stop="2024-02-02"), tmp_path, base_url=server.url, world=clock.world)

    assert names(found) == [f"BTCUSDT-{vendor}-2024-01.zip", f"BTCUSDT-{vendor}-2024-02-01.zip"]


def test_a_file_the_archive_lacks_is_said(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    server.add(MONTH)

    found = fetch(binance(start="2023-12-01"), tmp_path, base_url=server.url, world=clock.world)

    assert names(found) == ["BTCUSDT-1h-2024-01.zip"]
    assert found.missing == ("BTCUSDT-1h-2023-12.zip",)


def test_a_month_not_yet_published_comes_as_days(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    for day in range(1, 29):
        server.add(f"/data/spot/daily/klines/BTCUSDT/1h/BTCUSDT-1h-2024-02-{day:02}.zip", rows=1)

    found = fetch(binance(start="2024-02-01", stop="2024-03-01"), tmp_path, base_url=server.url, world=clock.world)

    assert len(found.files) == 28 and names(found) == sorted(names(found))
    assert found.missing == ("BTCUSDT-1h-2024-02-29.zip",)


def test_what_is_in_the_future_is_said(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    server.add("/data/spot/daily/klines/BTCUSDT/1h/BTCUSDT-1h-2024-03-09.zip")

    found = fetch(binance(start="2024-03-09", stop="2024-05-01"), tmp_path, base_url=server.url, world=clock.world)

    assert names(found) == ["BTCUSDT-1h-2024-03-09.zip"]
    assert found.missing == (
        "BTCUSDT-1h-2024-03-10.zip",
        "2024-03-10T12:00:30Z to 2024-05-01T00:00:00Z is in the future",
    )


def test_a_second_run_asks_for_nothing(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    server.add(MONTH)
    first = fetch(binance(), tmp_path, base_url=server.url, world=clock.world)
    server.asked.clear()

    second = fetch(binance(), tmp_path, base_url=server.url, world=clock.world)

    assert server.asked == []
    assert (second.files, second.reused, second.bytes) == (first.files, 1, 0)


def test_a_whole_file_without_its_note_is_known_by_the_checksum(
    server: ArchiveServer, clock: Clock, tmp_path: Path
) -> None:
    server.add(MONTH)
    [path] = fetch(binance(), tmp_path, base_url=server.url, world=clock.world).files
    path.with_name(path.name + ".sha256").unlink()
    server.asked.clear()

    assert fetch(binance(), tmp_path, base_url=server.url, world=clock.world).reused == 1
    assert server.data_requests() == []


def test_a_file_damaged_on_disk_is_fetched_again(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    body = server.add(MONTH)
    [path] = fetch(binance(), tmp_path, base_url=server.url, world=clock.world).files
    path.write_bytes(body[:-1] + b"?")

    assert fetch(binance(), tmp_path, base_url=server.url, world=clock.world).reused == 0
    assert path.read_bytes() == body


# A line or a vendor in trouble


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        (Fault(429, {"Retry-After": "7"}), 7.0),
        (Fault(418, {"Retry-After": "9"}), 9.0),
        (Fault(503, {"Retry-After": formatdate(NOW / SECOND + 20, usegmt=True)}), 20.0),
        (Fault(429), 31.0),  # to the next minute, and one
        (Fault(500), 1.0),
    ],
)
def test_a_busy_vendor_is_waited_for(
    server: ArchiveServer, clock: Clock, tmp_path: Path, fault: Fault, wait: float
) -> None:
    server.add(MONTH)
    server.faults[MONTH].append(fault)

    assert len(fetch(binance(), tmp_path, base_url=server.url, world=clock.world).files) == 1
    assert clock.slept == [pytest.approx(wait)]


def test_waits_double_and_end(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    server.add(MONTH)
    server.faults[MONTH] = [Fault(500)] * 9

    with pytest.raises(NotAvailableError, match="no answer after 5 attempts, the last: HTTP 500"):
        fetch(binance(), tmp_path, base_url=server.url, world=clock.world, options=Options(attempts=5))
    assert clock.slept == [1.0, 2.0, 4.0, 8.0]


def test_a_long_ban_is_not_waited_for(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    server.add(MONTH)
    server.faults[MONTH].append(Fault(418, {"Retry-After": "86400"}))

    with pytest.raises(NotAvailableError, match="asks to wait 86400 s"):
        fetch(binance(), tmp_path, base_url=server.url, world=clock.world)
    assert clock.slept == []


def test_nobody_there(clock: Clock, tmp_path: Path) -> None:
    with ArchiveServer() as server:
        url = server.url

    with pytest.raises(NotAvailableError, match=r"Check the network and run again"):
        fetch(binance(), tmp_path, base_url=url, world=clock.world)


def test_a_cut_line_is_continued_where_it_was_cut(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    body = server.add(MONTH, rows=4000)
    server.faults[MONTH] = [Fault(cut_after=len(body) // 3)] * 2

    [path] = fetch(binance(), tmp_path, base_url=server.url, world=clock.world).files

    sent = server.data_requests()
    assert path.read_bytes() == body
    assert [asked.range is None for asked in sent] == [True, False, False]
    assert sum(asked.sent for asked in sent) == len(body)


def test_a_line_that_moves_on_may_be_cut_more_often_than_attempts(
    server: ArchiveServer, clock: Clock, tmp_path: Path
) -> None:
    body = server.add(MONTH, rows=4000)
    server.faults[MONTH] = [Fault(cut_after=len(body) // 8)] * 7

    found = fetch(binance(), tmp_path, base_url=server.url, world=clock.world, options=Options(attempts=2))

    assert found.files[0].read_bytes() == body


def test_a_server_that_ignores_ranges_sends_all_again(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    body = server.add(MONTH, rows=4000)
    server.ignores_range = True
    server.faults[MONTH].append(Fault(cut_after=len(body) // 2))

    [path] = fetch(binance(), tmp_path, base_url=server.url, world=clock.world).files

    assert path.read_bytes() == body
    assert [asked.sent for asked in server.data_requests()] == [len(body) // 2, len(body)]


@pytest.mark.parametrize("extra", [b"", b"and more"])
def test_a_part_that_is_whole_or_too_long_ends_well(
    server: ArchiveServer, clock: Clock, tmp_path: Path, extra: bytes
) -> None:
    body = server.add(MONTH)
    home = tmp_path / "binance" / "BTCUSDT"
    home.mkdir(parents=True)
    (home / "BTCUSDT-1h-2024-01.zip.part").write_bytes(body + extra)

    [path] = fetch(binance(), tmp_path, base_url=server.url, world=clock.world).files

    assert path.read_bytes() == body
    assert sum(asked.sent for asked in server.data_requests()) == (len(body) if extra else 0)


def test_a_killed_download_is_continued(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    body = server.add(DAILY, rows=20_000)
    half = len(body) // 2
    server.faults[DAILY].append(Fault(stuck_after=half))
    code = (
        "import sys\nfrom pathlib import Path\nfrom helios_engine.catalog.download import Download, fetch\n"
        f"fetch(Download('binance', 'BTCUSDT', 'trades', None, {parse_time('2024-01-15')}, "
        f"{parse_time('2024-01-16')}), Path(sys.argv[1]), base_url=sys.argv[2])"
    )
    child = subprocess.Popen([sys.executable, "-c", code, tmp_path, server.url])
    part = tmp_path / "binance" / "BTCUSDT" / "BTCUSDT-trades-2024-01-15.zip.part"
    try:
        assert server.stuck.wait(8)
        _until(lambda: part.exists() and part.stat().st_size == half)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()

    [path] = fetch(
        binance("trades", "2024-01-15", "2024-01-16"), tmp_path, base_url=server.url, world=clock.world
    ).files

    assert path.read_bytes() == body
    assert [(asked.range, asked.sent) for asked in server.data_requests()] == [
        (None, half),
        (f"bytes={half}-", len(body) - half),
    ]
    assert leftovers(tmp_path) == []


def test_ctrl_c_leaves_a_part(server: ArchiveServer, tmp_path: Path) -> None:
    body = server.add(DAILY, rows=2_000)
    server.faults[DAILY].append(Fault(stuck_after=len(body) // 2))
    code = (
        "import sys\nfrom pathlib import Path\nfrom helios_engine.catalog.download import Download, fetch\n"
        f"request = Download('binance', 'BTCUSDT', 'trades', None, {parse_time('2024-01-15')}, "
        f"{parse_time('2024-01-16')})\n"
        "try:\n fetch(request, Path(sys.argv[1]), base_url=sys.argv[2])\nexcept KeyboardInterrupt:\n sys.exit(9)"
    )
    child = subprocess.Popen([sys.executable, "-c", code, tmp_path, server.url])
    assert server.stuck.wait(60)
    _until(lambda: leftovers(tmp_path) != [])
    child.send_signal(signal.SIGINT)

    assert child.wait(60) == 9
    assert leftovers(tmp_path) == ["BTCUSDT-trades-2024-01-15.zip.part"]


def _until(is_so: Any) -> None:
    limit = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.01)


# A vendor that is wrong


def test_a_wrong_checksum_is_tried_twice_then_refused(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    server.add(MONTH)
    server.checksums[MONTH] = "0" * 64

    with pytest.raises(DataError, match=f"wrong twice: expected SHA-256 {'0' * 64}, found"):
        fetch(binance(), tmp_path, base_url=server.url, world=clock.world)

    assert len(server.data_requests()) == 2
    assert list((tmp_path / "binance" / "BTCUSDT").iterdir()) == []


def test_a_part_of_another_version_is_found_out_by_the_checksum(
    server: ArchiveServer, clock: Clock, tmp_path: Path
) -> None:
    body = server.add(MONTH)
    home = tmp_path / "binance" / "BTCUSDT"
    home.mkdir(parents=True)
    (home / "BTCUSDT-1h-2024-01.zip.part").write_bytes(b"?" * (len(body) // 2))

    [path] = fetch(binance(), tmp_path, base_url=server.url, world=clock.world).files

    assert path.read_bytes() == body


@pytest.mark.parametrize("is_whole", [True, False])
def test_without_a_checksum_the_zip_must_be_sound(
    server: ArchiveServer, clock: Clock, tmp_path: Path, is_whole: bool
) -> None:
    body = server.add(MONTH)
    server.has_checksums = False
    if is_whole:
        assert fetch(binance(), tmp_path, base_url=server.url, world=clock.world).files[0].read_bytes() == body
        assert fetch(binance(), tmp_path, base_url=server.url, world=clock.world).reused == 1
    else:
        server.files[MONTH] = body[:-30]
        with pytest.raises(DataError, match="expected a zip file, found"):
            fetch(binance(), tmp_path, base_url=server.url, world=clock.world)


def test_a_checksum_that_is_none_is_refused(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    server.add(MONTH)
    server.checksums[MONTH] = "<html>please log in"

    with pytest.raises(DataError, match=r"expected '<sha256>  BTCUSDT-1h-2024-01.zip', found '<html>please"):
        fetch(binance(), tmp_path, base_url=server.url, world=clock.world)


@pytest.mark.parametrize("place", ["http://127.0.0.2:1/x", "https://elsewhere.example/x", "http://[bad", "ftp:x"])
def test_a_redirect_elsewhere_is_refused(server: ArchiveServer, clock: Clock, tmp_path: Path, place: str) -> None:
    server.add(MONTH)
    server.faults[MONTH].append(Fault(302, {"Location": place}))

    with pytest.raises(DataError, match="Redirects to other hosts are refused"):
        fetch(binance(), tmp_path, base_url=server.url, world=clock.world)


def test_a_redirect_at_home_is_followed_but_not_for_ever(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    body = server.files["/moved.zip"] = server.add(MONTH)
    server.faults[MONTH].append(Fault(302, {"Location": "/moved.zip"}))
    assert fetch(binance(), tmp_path / "a", base_url=server.url, world=clock.world).files[0].read_bytes() == body

    server.faults[MONTH] = [Fault(302, {"Location": MONTH})] * 9
    with pytest.raises(DataError, match="HTTP 302"):
        fetch(binance(), tmp_path / "b", base_url=server.url, world=clock.world)


@pytest.mark.parametrize(
    "base",
    [
        "http://example.com",
        "ftp://127.0.0.1",
        "data.example",
        "https://user:hunter2@example.com",
        "https://e.com/?k=1",
        "",
    ],
)
def test_only_https_or_loopback(clock: Clock, tmp_path: Path, base: str) -> None:
    with pytest.raises(ConfigError, match="base URL") as told:
        fetch(binance(), tmp_path, base_url=base, world=clock.world)
    assert "hunter2" not in str(told.value)


def test_a_full_disk_is_said(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    server.add(MONTH)
    home = tmp_path / "binance" / "BTCUSDT"
    home.mkdir(parents=True)
    (home / "BTCUSDT-1h-2024-01.zip.part").symlink_to("/dev/full")

    with pytest.raises(StorageError, match="no space left on the disk"):
        fetch(binance(), tmp_path, base_url=server.url, world=clock.world)


def test_a_folder_that_is_a_file_is_said(clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "binance").write_text("")

    with pytest.raises(StorageError, match="cannot be written"):
        fetch(binance(), tmp_path, base_url="http://127.0.0.1:1", world=clock.world)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"source": "mtgox"}, "no source 'mtgox'; expected one of binance, valr"),
        ({"kind": "books"}, "no kind 'books'"),
        ({"timeframe": "7m"}, "no bars of '7m'"),
        ({"timeframe": None}, "no bars of None"),
        ({"kind": "trades"}, "trades have no timeframe"),
        ({"symbol": "../../etc"}, "symbol '../../etc'"),
        ({"symbol": "btcusdt"}, "expected capitals"),
        ({"stop": 0}, "start before stop"),
        ({"start": NOW, "stop": NOW + 1}, "is in the future"),
    ],
)
def test_a_request_nobody_can_serve_is_refused(clock: Clock, tmp_path: Path, change: dict[str, Any], told: str) -> None:
    asked = {name: getattr(binance(), name) for name in Download.__struct_fields__} | change

    with pytest.raises(ConfigError, match=told):
        fetch(Download(**asked), tmp_path, base_url="http://127.0.0.1:1", world=clock.world)
    assert list(tmp_path.iterdir()) == []


# Pages


def test_buckets_of_a_day_are_paged_and_put_in_order(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    found = fetch(valr(), tmp_path, base_url=server.url, world=clock.world)

    opened = [parse_time(row["startTime"]) for row in lines(found.files[0])]
    day = parse_time("2024-01-15")
    assert names(found) == ["BTCZAR-1m-bars-2024-01-15.jsonl"]
    assert opened == [day + minute * 60 * SECOND for minute in range(1440)]
    assert len(server.asked) == 5 and found.missing == ()
    server.asked.clear()
    again = fetch(valr(), tmp_path, base_url=server.url, world=clock.world)
    assert server.asked == [] and again.reused == 1


def test_a_row_is_kept_as_it_was_sent(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    server.trades = _trades(parse_time("2024-01-15"), 3)
    for row in server.trades:
        row["sequenceId"] = 1_368_928_567_986_638_801  # no double holds it

    [path] = fetch(valr("trades"), tmp_path, base_url=server.url, world=clock.world).files

    compact = [json.dumps(row, separators=(",", ":")) for row in server.trades]
    assert path.read_text().splitlines() == compact


def test_the_unfinished_bucket_is_not_stored_and_today_comes_again(
    server: ArchiveServer, clock: Clock, tmp_path: Path
) -> None:
    today = valr(start="2024-03-09T20:00", stop="2024-03-11", timeframe="1h")
    server.now = NOW // SECOND
    found = fetch(today, tmp_path, base_url=server.url, world=clock.world)
    clock.ns += DAY // 24
    server.now += 3600
    server.asked.clear()

    again = fetch(today, tmp_path, base_url=server.url, world=clock.world)

    assert names(found) == ["BTCZAR-1h-bars-2024-03-09.jsonl", "BTCZAR-1h-bars-2024-03-10.jsonl"]
    assert again.files == found.files and again.reused == 1 and len(server.asked) == 1
    rows = lines(again.files[1])
    assert [row["startTime"] for row in rows] == [f"2024-03-10T{hour:02}:00:00Z" for hour in range(12)]
    assert "unfinished" not in again.files[1].read_text()
    assert found.missing == ("2024-03-10T12:00:30Z to 2024-03-11T00:00:00Z is in the future",)


def test_buckets_that_do_not_come_are_said(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    day = parse_time("2024-01-15") // SECOND
    server.gone = {day + 3600, day + 7200}

    found = fetch(valr(timeframe="1h"), tmp_path, base_url=server.url, world=clock.world)

    assert found.missing == ("BTCZAR-1h-bars-2024-01-15.jsonl: 2 of 24 buckets not sent",)


def _trades(start: int, count: int, step_ms: int = 1000) -> list[dict[str, Any]]:
    """Trades, oldest first, three to a millisecond, with ids that have no order."""
    return [
        {
            "price": str(100 + number), "quantity": "0.10", "currencyPair": "BTCZAR",
            "tradedAt": iso(start / SECOND + number // 3 * step_ms / 1000), "takerSide": "buy",
            "sequenceId": number, "id": hashlib.md5(f"{start}-{number}".encode()).hexdigest(), "quoteVolume": "1",
        }
        for number in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("ignores_times", [False, True])
@pytest.mark.parametrize("border", [0, 1, 3])
def test_trades_are_walked_backwards_day_by_day(
    server: ArchiveServer, clock: Clock, tmp_path: Path, border: int, ignores_times: bool
) -> None:
    day = parse_time("2024-01-15")
    server.trades = [row for at in (day - DAY, day, day + DAY) for row in _trades(at, 250)]
    server.border, server.ignores_times = border, ignores_times

    found = fetch(valr("trades", stop="2024-01-17"), tmp_path, base_url=server.url, world=clock.world)

    assert names(found) == ["BTCZAR-trades-2024-01-15.jsonl", "BTCZAR-trades-2024-01-16.jsonl"]
    assert [lines(path) for path in found.files] == [server.trades[250:500], server.trades[500:]]
    assert leftovers(tmp_path) == []


def test_a_day_without_trades_is_said(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    found = fetch(valr("trades"), tmp_path, base_url=server.url, world=clock.world)

    assert found.files == () and found.missing == ("BTCZAR-trades-2024-01-15.jsonl: no rows",)


def test_pages_that_do_not_move_are_refused(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    server.trades = _trades(parse_time("2024-01-15"), 250)
    server.ignores_before = True

    with pytest.raises(DataError, match="the same 100 trades came again"):
        fetch(valr("trades"), tmp_path, base_url=server.url, world=clock.world)


def test_a_walk_that_was_killed_is_continued(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    server.trades = _trades(parse_time("2024-01-15"), 450)
    path = "/v1/public/BTCZAR/trades"
    server.faults[path] = [Fault(), Fault(), Fault(500), Fault(500)]
    with pytest.raises(NotAvailableError):
        fetch(valr("trades"), tmp_path, base_url=server.url, world=clock.world, options=Options(attempts=2))
    [part] = tmp_path.rglob("*.part")
    part.write_bytes(part.read_bytes()[:-40])  # killed within a line
    server.asked.clear()

    found = fetch(valr("trades"), tmp_path, base_url=server.url, world=clock.world)

    assert lines(found.files[0]) == server.trades
    assert server.asked[0].query["beforeId"] == server.trades[251]["id"]
    assert leftovers(tmp_path) == []


def test_a_part_that_is_not_ours_is_begun_again(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    server.trades = _trades(parse_time("2024-01-15"), 5)
    home = tmp_path / "valr" / "BTCZAR"
    home.mkdir(parents=True)
    (home / "BTCZAR-trades-2024-01-15.jsonl.part").write_text("[]\nnonsense\n")

    assert lines(fetch(valr("trades"), tmp_path, base_url=server.url, world=clock.world).files[0]) == server.trades


def test_todays_trades_begin_at_the_newest_each_time(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    today = valr("trades", start="2024-03-10", stop="2024-03-10T12:00")
    server.trades = _trades(parse_time("2024-03-10"), 250)
    server.faults["/v1/public/BTCZAR/trades"] = [Fault(), Fault(500)]
    with pytest.raises(NotAvailableError):
        fetch(today, tmp_path, base_url=server.url, world=clock.world, options=Options(attempts=1))
    assert leftovers(tmp_path) == []  # continued tomorrow, it would lack what was traded since
    server.trades = _trades(parse_time("2024-03-10"), 350)

    assert lines(fetch(today, tmp_path, base_url=server.url, world=clock.world).files[0]) == server.trades


@pytest.mark.parametrize("kind", ["bars", "trades"])
def test_a_refused_request_says_why(server: ArchiveServer, clock: Clock, tmp_path: Path, kind: str) -> None:
    server.faults[f"/v1/public/BTCZAR/{'buckets' if kind == 'bars' else 'trades'}"].append(Fault(400))

    with pytest.raises(DataError, match="HTTP 400, expected 200: .*check symbol"):
        fetch(valr(kind), tmp_path, base_url=server.url, world=clock.world)


def test_an_answer_of_another_form_is_refused(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    server.trades = [{"id": "1", "tradedAt": "2024-01-15T00:00:00Z"}]
    server.border = 0
    server._send = lambda asked, rows: ArchiveServer._send(server, asked, [{"id": 5}])  # type: ignore[method-assign]

    with pytest.raises(DataError, match="expected a list of rows with tradedAt and id"):
        fetch(valr("trades"), tmp_path, base_url=server.url, world=clock.world)


# Rates


def test_no_more_requests_a_minute_than_allowed(server: ArchiveServer, clock: Clock, tmp_path: Path) -> None:
    server.trades = _trades(parse_time("2024-01-15"), 7000)
    times: list[int] = []
    note = server._note

    def noted(request: Any) -> tuple[Asked, Fault]:
        times.append(clock.ns)
        return note(request)

    server._note = noted  # type: ignore[method-assign]
    fetch(valr("trades"), tmp_path / "a", base_url=server.url, world=clock.world)
    fetch(valr("trades"), tmp_path / "b", base_url=server.url, world=clock.world)  # shares the limit

    assert len(times) > 140
    assert all(times[at + 30] - times[at] >= 60 * SECOND for at in range(len(times) - 30))
    assert clock.ns - NOW < 6 * 60 * SECOND


async def _turns(turns: Limiter, clock: Clock, count: int) -> list[float]:
    times = []
    for _ in range(count):
        await turns.turn(clock.world)
        times.append((clock.ns - NOW) / SECOND)
    return times


def test_the_limit_is_of_any_stretch_of_time() -> None:
    clock = Clock()

    assert asyncio.run(_turns(Limiter(Limit(2, 10.0)), clock, 5)) == pytest.approx([0, 0, 10, 10, 20], abs=1e-6)
