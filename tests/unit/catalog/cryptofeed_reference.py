"""Another reading of raw captures, for tests: rows as plain tuples."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.unit.catalog.cryptofeed_messages import READ, both, ms, ns

Rows = dict[tuple[str, str], list[tuple[Any, ...]]]


def rows(path: Path, http: Path | None = None, offset: int = 0) -> Rows:
    """Rows by kind and venue's symbol, as `Catalog` columns have them."""
    venue = path.name.split(".")[0]
    found: Rows = {}
    starts = dict(start(ts + offset, url, body) for ts, url, body in messages(http)) if http else {}
    said: set[str] = set()
    state: dict[Any, Any] = {}
    read = READ[venue if venue in READ else venue.split("_")[0]]
    for received, _, message in messages(path):
        ts = received + offset
        try:
            told = list(read(message, state))
        except (KeyError, ValueError, TypeError):
            continue
        for kind, symbol, event, *cells in told:
            if kind == "change" and symbol in starts:
                begun, last, levels, at = starts[symbol]
                if symbol not in said:
                    said.add(symbol)
                    found["books", symbol] = [(begun, at or begun, last, True, *level) for level in levels]
                if cells[0] > last:
                    sequence = 0 if venue == "BITSTAMP" else cells[0]
                    more = [(max(ts, begun), event or max(ts, begun), sequence, False, *level) for level in cells[1]]
                    found["books", symbol] += more
            elif kind == "books":
                more = [(ts, event or ts, *cells[:2], *level) for level in cells[2]]
                found.setdefault((kind, symbol), []).extend(more)
            elif kind != "change":
                found.setdefault((kind, symbol), []).append((ts, event or ts, *cells))
    if venue == "BITSTAMP":
        for key in [key for key in found if key[0] == "books"]:
            found[key] = [(*row[:2], 0, *row[3:]) for row in found[key]]
    return {key: value for key, value in found.items() if value}


def start(ts: int, url: str, body: Any) -> tuple[str, tuple[int, int, list[Any], int | None]]:
    if "order_book/" in url:
        made = int(body["microtimestamp"])
        return url.rpartition("/")[2].upper(), (ts, made, both(body["bids"], body["asks"]), made * 1000)
    symbol = re.search(r"symbol=([\w-]+)", url)
    assert symbol
    if "kucoin" in url:
        body = body["data"]
        return symbol[1], (ts, int(body["sequence"]), both(body["bids"], body["asks"]), ms(body["time"]))
    event = ms(body["T"]) if "T" in body else None
    return symbol[1], (ts, body["lastUpdateId"], both(body["bids"], body["asks"]), event)


def messages(path: Path) -> Iterator[tuple[int, str, Any]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    for line in text.split("\n"):
        if found := re.match(r"(?:(\S+) -> )?([\d.]+): (.*)", line):
            yield ns(found[2]), found[1] or "", json.loads(found[3], parse_float=Decimal)
