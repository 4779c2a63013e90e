"""Raw Binance captures: the sequence of books, clocks, symbols; and the real files row for row."""

from __future__ import annotations

import gzip
import itertools
import json
import random
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helios_engine.errors import ConfigError, DataError, HeliosError
from tests.unit.catalog.importing import imported, issues, real, real_path, rows

T0 = 1_723_161_253_000_000_000
MS = 1_000_000
SPOT, COINM = "BTCUSDT.BINANCE", "BTCUSD_PERP.BINANCE_COINM"
CLOCK = 1278 * MS


def at(n: int, content: dict[str, Any]) -> str:
    """A line received `n` ms after the beginning."""
    return f"{T0 + n * MS} {json.dumps(content, separators=(',', ':'))}"


def delta(n: int, first: int, last: int, bids: Sequence[Any] = (("100.50", "1.5"),), **more: Any) -> str:
    data = {
        "e": "depthUpdate",
        "E": T0 // MS + n - 5,
        "s": "BTCUSDT",
        "U": first,
        "u": last,
        "b": bids,
        "a": [],
        **more,
    }
    return at(n, {"stream": f"{data['s'].lower()}@depth@100ms", "data": data})


def coinm(n: int, first: int, last: int, previous: int) -> str:
    return delta(n, first, last, s="BTCUSD_PERP", ps="BTCUSD", pu=previous, T=T0 // MS + n - 7)


def snapshot(n: int, last: int, **more: Any) -> str:
    levels = {"bids": [["100.40", "2"], ["100.30", "1"]], "asks": [["100.60", "3"]]}
    return at(n, {"lastUpdateId": last, **levels, **more})


def trade(n: int, number: int, **more: Any) -> str:
    e = T0 // MS + n - 5
    data = {"e": "trade", "E": e, "s": "BTCUSDT", "t": number, "p": "100.50", "q": "0.1", "T": e - 1, "m": True, **more}
    return at(n, {"stream": f"{data['s'].lower()}@trade", "data": data})


def ticker(n: int, **more: Any) -> str:
    data = {"u": 1, "s": "BTCUSDT", "b": "100.40", "B": "2", "a": "100.60", "A": "3", **more}
    return at(n, {"stream": "btcusdt@bookTicker", "data": data})


def capture(folder: Path, *lines: str, name: str = "btcusdt_20240808") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def sequence(folder: Path, name: str = SPOT) -> list[tuple[bool, int]]:
    """The messages that were written: whether a snapshot, and the update id."""
    found = [(row[3], row[2]) for row in rows(folder, "books", name)]
    return [found[0], *(b for a, b in itertools.pairwise(found) if a != b)]


def test_rows_of_every_kind_with_exact_numbers_and_times(tmp_path: Path) -> None:
    imported(
        tmp_path, capture(tmp_path, snapshot(1, 10), delta(2, 11, 12), trade(3, 7), ticker(4), trade(5, 8, m=False))
    )

    t = [T0 + n * MS for n in range(6)]
    assert rows(tmp_path, "books", SPOT) == [
        (t[1], t[1], 10, True, 1, Decimal("100.40"), Decimal(2)),
        (t[1], t[1], 10, True, 1, Decimal("100.30"), Decimal(1)),
        (t[1], t[1], 10, True, -1, Decimal("100.60"), Decimal(3)),
        (t[2], t[2] - 5 * MS, 12, False, 1, Decimal("100.50"), Decimal("1.5")),
    ]
    assert rows(tmp_path, "trades", SPOT) == [
        (t[3], t[3] - 6 * MS, Decimal("100.50"), Decimal("0.1"), -1, "7"),
        (t[5], t[5] - 6 * MS, Decimal("100.50"), Decimal("0.1"), 1, "8"),
    ]
    assert rows(tmp_path, "quotes", SPOT) == [(t[4], t[4], Decimal("100.4"), Decimal("100.6"), Decimal(2), Decimal(3))]


def test_spot_updates_before_a_snapshot_are_dropped_or_applied_behind_it(tmp_path: Path) -> None:
    lines = [delta(0, 1, 5), delta(1, 6, 10), delta(2, 11, 20), snapshot(3, 15), delta(4, 21, 22)]
    found = imported(tmp_path, capture(tmp_path, *lines))

    assert sequence(tmp_path) == [(True, 15), (False, 20), (False, 22)]
    straddling = rows(tmp_path, "books", SPOT)[3]
    assert straddling[:2] == (T0 + 3 * MS, T0 - 3 * MS), "the book is known from its snapshot on"
    issue = issues(found["books " + SPOT])["no_snapshot"]
    assert (issue.severity, issue.ts_from, issue.ts_to) == ("info", T0, T0 + 3 * MS)
    assert issue.detail.startswith("2 depth updates were left out until the snapshot at btcusdt_20240808:4")


def test_updates_after_a_snapshot_that_it_contains_are_dropped(tmp_path: Path) -> None:
    imported(tmp_path, capture(tmp_path, snapshot(0, 15), delta(1, 6, 10), delta(2, 11, 15), delta(3, 16, 17)))

    assert sequence(tmp_path) == [(True, 15), (False, 17)]


def test_coinm_goes_by_the_last_u_and_its_trades_are_of_the_same_instrument(tmp_path: Path) -> None:
    perp = {"s": "BTCUSD_PERP", "X": "MARKET"}
    lines = [coinm(0, 1, 9, 0), coinm(1, 12, 20, 9), snapshot(2, 15, E=T0 // MS, T=T0 // MS - 1, symbol="BTCUSD_PERP")]
    lines += [coinm(3, 25, 30, 20), coinm(4, 33, 40, 30), trade(5, 1, **perp)]
    imported(tmp_path, capture(tmp_path, *lines))

    assert sequence(tmp_path, COINM) == [(True, 15), (False, 20), (False, 30), (False, 40)]
    assert rows(tmp_path, "books", COINM)[-1][1] == T0 + 4 * MS - 7 * MS, "T, where a message has it"
    assert len(rows(tmp_path, "trades", COINM)) == 1


@pytest.mark.parametrize("broken", [delta(3, 14, 16), delta(3, 12, 16)])
def test_a_broken_sequence_is_quarantined_until_the_next_snapshot(tmp_path: Path, broken: str) -> None:
    lines = [snapshot(1, 10), delta(2, 11, 12), broken, delta(4, 17, 18), snapshot(5, 30), delta(6, 31, 31)]
    found = imported(tmp_path, capture(tmp_path, *lines))

    assert sequence(tmp_path) == [(True, 10), (False, 12), (True, 30), (False, 31)]
    issue = issues(found["books " + SPOT])["book_gap"]
    assert (issue.severity, issue.state) == ("error", "quarantined")
    assert (issue.ts_from, issue.ts_to) == (T0 + 3 * MS, T0 + 5 * MS)
    assert "broke at btcusdt_20240808:3: U 1" in issue.detail
    assert "2 depth updates were left out until the snapshot at btcusdt_20240808:5" in issue.detail


def test_a_coinm_sequence_breaks_where_pu_is_not_the_last_u(tmp_path: Path) -> None:
    lines = [snapshot(1, 10, E=T0 // MS, symbol="BTCUSD_PERP"), coinm(2, 9, 12, 8), coinm(3, 13, 16, 11)]
    found = imported(tmp_path, capture(tmp_path, *lines))

    assert sequence(tmp_path, COINM) == [(True, 10), (False, 12)]
    assert "pu 11, expected pu 12" in issues(found["books " + COINM])["book_gap"].detail


def test_a_first_update_that_does_not_straddle_the_snapshot_is_a_gap(tmp_path: Path) -> None:
    found = imported(tmp_path, capture(tmp_path, delta(0, 5, 6), snapshot(1, 10), delta(2, 12, 13)))

    assert sequence(tmp_path) == [(True, 10)]
    assert "U 12, expected U 11" in issues(found["books " + SPOT])["book_gap"].detail


def test_a_book_goes_on_from_file_to_file_and_is_left_out_without_its_snapshot(tmp_path: Path) -> None:
    one = capture(tmp_path, snapshot(1, 10), delta(2, 11, 12))
    two = capture(tmp_path, delta(3, 13, 14), trade(4, 1), name="btcusdt_20240809")

    alone = imported(tmp_path / "alone", two)
    assert list(alone) == ["trades " + SPOT]
    issue = issues(alone["trades " + SPOT])["no_snapshot"]
    assert issue.severity == "error"
    assert "1 depth updates were left out" in issue.detail and "import btcusdt_20240808 in the same" in issue.detail
    imported(tmp_path / "both", one, two)
    assert sequence(tmp_path / "both") == [(True, 10), (False, 12), (False, 14)]
    with pytest.raises(DataError, match=r"0808:1: received at .*, before the message of btcusdt_20240809:2"):
        imported(tmp_path / "reversed", two, one)


def test_updates_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing of BTCUSDT can be kept: 1 depth updates .* no snapshot"):
        imported(tmp_path, capture(tmp_path, delta(1, 2, 3)))


def test_a_clock_that_runs_behind_needs_an_offset(tmp_path: Path) -> None:
    path = capture(tmp_path, *(trade(n, n, E=T0 // MS + e, T=T0 // MS + e) for n, e in ((1, 1271), (2, 1277))))

    with pytest.raises(ConfigError, match=r"-1,275.000 to -1,270.000 ms.* add --clock-offset 1276ms"):
        imported(tmp_path, path)
    with pytest.raises(DataError, match=r":2: received 1.000 ms before .* even with .* 1274 ms; .* 1276ms"):
        imported(tmp_path, path, clock_offset=1274 * MS)
    found = imported(tmp_path, path, clock_offset=1276 * MS)["trades " + SPOT]
    assert found.clock_offset == 1276 * MS
    assert rows(tmp_path, "trades", SPOT)[0][0] == T0 + 1277 * MS
    assert issues(found) == {}
    found = imported(tmp_path / "slow", path, clock_offset=12_760 * MS)["trades " + SPOT]
    assert issues(found)["clock_offset"].severity == "warn"


def test_an_empty_snapshot_is_one_row_of_no_side(tmp_path: Path) -> None:
    imported(tmp_path, capture(tmp_path, at(0, {"lastUpdateId": 10, "bids": [], "asks": []}), delta(1, 11, 12)))

    assert rows(tmp_path, "books", SPOT)[0] == (T0, T0, 10, True, 0, Decimal(0), Decimal(0))


def test_other_streams_and_trades_off_the_market_are_counted(tmp_path: Path) -> None:
    other = at(2, {"stream": "btcusdt@aggTrade", "data": {"e": "aggTrade", "s": "BTCUSDT", "a": 5, "p": "1"}})
    reply = at(0, {"result": None, "id": 1})
    fund = trade(4, 3, X="INSURANCE_FUND")
    lines = [reply, trade(1, 1, X="MARKET"), other, trade(3, 2, X="MARKET"), fund]
    found = issues(imported(tmp_path, capture(tmp_path, *lines))["trades BTCUSDT.BINANCE_USDM"])

    assert "1 of no stream, 1 of btcusdt@aggTrade" in found["not_read"].detail
    assert found["not_market"].detail.startswith("1 trades")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((trade(1, 1), trade(2, 2)[:-9]), ":2: not a message of Binance"),
        ((trade(1, 1), trade(2, 2, p="NaN")), ":2: price is 'NaN'"),
        ((trade(1, 1), trade(2, 2, p="1e999999")), ":2: price is '1e999999'"),
        ((trade(1, 1), trade(2, 2, p=100.5)), ":2: not a message of Binance: Expected `str`"),
        ((trade(1, 1), trade(2, 2, q="0")), ":2: the quantity is not positive"),
        ((trade(1, 1), trade(2, 2, m=None)), ":2: a trade message needs E, T, t, p, q and m"),
        ((trade(1, 1), trade(2, 2, E=T0 // MS * 1000)), ":2: not a message of Binance"),
        ((trade(1, 1), trade(2, 2).replace("btcusdt@", "ethusdt@")), ":2: stream ethusdt@trade has .* of BTCUSDT"),
        ((trade(2, 1), trade(1, 2)), ":2: received at .*, before the message of"),
        (
            (trade(1, 1), trade(2, 2).replace("stream", "strum")),
            ":2: not a message of Binance: neither",
        ),
        ((trade(1, 1), trade(2, 2).replace('"data"', '"date"')), ":2: not a message of Binance: neither a stream"),
        ((trade(1, 1), "1723161253 {}"), ":2: expected a receive time in ns"),
        ((trade(1, 1), "x"), ":2: expected a receive time in ns"),
        ((trade(1, 1), trade(2, 2).replace("100.50", "100\udc80")), "not a message of Binance"),
        ((snapshot(1, 10), delta(2, 12, 11)), ":2: a depth message needs E, U, u"),
        ((delta(0, 1, 2), snapshot(1, 2), delta(2, 3, 3, [["100", "1.5", "7"]])), ":3: not a message of Binance"),
        ((delta(0, 1, 2), snapshot(1, 2), delta(2, 3, 3, [["-100", "1.5"]])), ":3: price is '-100'"),
        ((delta(0, 1, 2), delta(1, 1, 2, s="ETHUSDT"), snapshot(2, 2)), ":3: the depth snapshot names no symbol"),
        ((snapshot(0, 2),), ":1: the depth snapshot names no symbol"),
        ((delta(0, 1, 2), snapshot(1, 2).replace("asks", "akss")), ":2: a depth snapshot needs bids and asks"),
    ],
)
def test_what_cannot_be_true_is_refused_with_its_line(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    path = tmp_path / "btcusdt_20240808"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))

    with pytest.raises(DataError, match="btcusdt_20240808" + said if said[0] == ":" else said):
        imported(tmp_path, path)


def test_a_cut_gzip_is_refused(tmp_path: Path) -> None:
    rng = random.Random(1)
    whole = gzip.compress("\n".join(trade(n, n, q=f"0.{rng.getrandbits(40)}") for n in range(1, 3000)).encode())
    path = tmp_path / "btcusdt_20240808.gz"
    path.write_bytes(whole[:-1000])

    with pytest.raises(DataError, match="cannot be read to its end"):
        imported(tmp_path, path)


VALID = [delta(0, 1, 5), snapshot(1, 3), trade(2, 1), ticker(3), delta(4, 6, 8), trade(5, 2), delta(6, 9, 12)]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_capture_is_refused_or_read_as_it_stands(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = list(VALID)
    number = data.draw(st.integers(0, len(lines) - 1))
    match data.draw(st.sampled_from(("cut", "cell", "delete", "swap"))):
        case "cut":
            lines[number] = lines[number][: data.draw(st.integers(0, len(lines[number])))]
        case "cell":
            old = data.draw(st.sampled_from(("100.50", "100.40", '"0.1"', '"1.5"', ":1", ":8", ":12", "true", '"b"')))
            new = data.draw(st.sampled_from(("NaN", "1e9", "-1", '""', "null", '"7.25"', "99999999999999999999", ":2")))
            lines[number] = lines[number].replace(old, new)
        case "delete":
            del lines[number]
        case "swap":
            lines[number], lines[0] = lines[0], lines[number]
    folder = tmp_path_factory.mktemp("damaged")
    try:
        imported(folder, capture(folder, *lines))
    except HeliosError:
        return
    expected = independent(lines)
    for kind, wanted in expected.items():
        if (folder / "catalog" / kind).exists():
            assert set(rows(folder, kind, SPOT)) <= set(wanted)


def independent(lines: Sequence[str], offset: int = 0) -> dict[str, list[Any]]:
    """Rows by another way: all lines at hand, the snapshot's place in the ids looked up."""
    messages = [(int(line.split(" ")[0]) + offset, json.loads(line.split(" ", 1)[1])) for line in lines]
    trades, quotes, snapshots, deltas = [], [], [], []
    for ts, message in messages:
        d = message.get("data", message)
        event = d.get("T", d.get("E", 0)) * MS
        if "lastUpdateId" in d:
            snapshots.append((ts, event or ts, d["lastUpdateId"], True, d["bids"], d["asks"]))
        elif message["stream"].endswith("@trade"):
            side = -1 if d["m"] else 1
            trades.append((ts, event, Decimal(d["p"]), Decimal(d["q"]), side, str(d["t"])))
        elif message["stream"].endswith("@bookTicker"):
            quotes.append((ts, event or ts, *(Decimal(d[k]) for k in "baBA")))
        else:
            deltas.append((ts, event, d["u"], False, d["b"], d["a"]))
    written = []
    for begin in snapshots:
        later = [(max(d[0], begin[0]), *d[1:]) for d in deltas if d[2] > begin[2]]
        written += [begin, *later]
    levels = [
        (*head[:4], side, Decimal(price), Decimal(quantity))
        for head in written
        for side, found in ((1, head[4]), (-1, head[5]))
        for price, quantity in found
    ]
    return {"trades": trades, "quotes": quotes, "books": levels}


@real
@pytest.mark.parametrize(
    ("where", "name", "days"),
    [
        ("spot/btcusdt", "BTCUSDT.BINANCE", "89"),
        ("spot/ethusdt", "ETHUSDT.BINANCE", "89"),
        ("cm/btcusd_perp", COINM, "8"),
        ("cm/ethusd_perp", "ETHUSD_PERP.BINANCE_COINM", "89"),
    ],
)
def test_real_captures_row_for_row(tmp_path: Path, where: str, name: str, days: str) -> None:
    files = [real_path("binance_l2_raw", f"{where}_2024080{day}.gz") for day in days]
    found = imported(tmp_path, *files, clock_offset=CLOCK)

    expected = independent(
        [x for path in files for x in gzip.decompress(path.read_bytes()).decode().splitlines()], CLOCK
    )
    for kind, wanted in expected.items():
        assert rows(tmp_path, kind, name) == wanted
        assert found[f"{kind} {name}"].rows == len(wanted)
    assert {i.kind for i in found["books " + name].issues if i.severity != "info"} == set()


@real
@pytest.mark.parametrize(("file", "needed"), [("spot/btcusdt_20240808", 1276), ("cm/btcusd_perp_20240809", 1275)])
def test_real_captures_say_which_clock_offset_they_need(tmp_path: Path, file: str, needed: int) -> None:
    path = real_path("binance_l2_raw", f"{file}.gz")

    with pytest.raises(ConfigError, match=f"{path.name}: -1,27.* add --clock-offset {needed}ms"):
        imported(tmp_path, path)
    with pytest.raises(DataError, match="before the exchange sent it, even with"):
        imported(tmp_path, path, clock_offset=(needed - 1) * MS)
    imported(tmp_path, path, clock_offset=needed * MS)
