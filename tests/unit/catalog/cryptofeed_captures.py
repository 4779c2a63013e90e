"""Captures that tests write themselves, and imported rows as plain tuples."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from helios_engine.catalog.importers import cryptofeed
from helios_engine.catalog.importers.contract import Ask, Rows, Source
from helios_engine.catalog.importers.run import Outcome, import_paths
from helios_engine.catalog.store import Catalog
from helios_engine.stage import ImporterSpec
from tests.unit.catalog import cryptofeed_reference as reference

SPEC = {"cryptofeed": ImporterSpec("cryptofeed", "captures", cryptofeed.recognise, cryptofeed.read)}
T = 1_700_000_000


def stamp(second: float) -> str:
    return f"{T + second:.6f}"


def pack(path: Path, text: str) -> None:
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def text_of(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode()


def capture(folder: Path, name: str, *messages: Any, url: str = "") -> Path:
    """A file of messages, one each second; with an address a file of REST answers."""
    path = folder / name
    begin = "" if url else f"wss://venue.example/stream <-> {stamp(0)}\n"
    mark = f"{url} -> " if url else ""
    texts = [m if isinstance(m, str) else json.dumps(m) for m in messages]
    pack(path, begin + "".join(f"{mark}{stamp(n)}: {text}\n" for n, text in enumerate(texts, 1)))
    return path


def aggregate(n: int, **changed: Any) -> dict[str, Any]:
    made = (T + n) * 1000 - 5
    data = {
        "e": "aggTrade",
        "E": made,
        "s": "NKNUSDT",
        "a": n,
        "p": f"0.352{n % 10}",
        "q": "5.0",
        "T": made,
        "m": n % 2 == 0,
    }
    return {"stream": "nknusdt@aggTrade", "data": data | changed}


def depth(n: int, first: int, last: int, **changed: Any) -> dict[str, Any]:
    data = {"e": "depthUpdate", "E": (T + n) * 1000 - 5, "s": "NKNUSDT", "U": first, "u": last}
    return {
        "stream": "nknusdt@depth@100ms",
        "data": data | {"b": [["0.35", str(last)]], "a": [["0.36", "0"]]} | changed,
    }


def snapshot(folder: Path, last: int, at: int = 1) -> Path:
    body = {"lastUpdateId": last, "bids": [["0.35", "1"], ["0.34", "2"]], "asks": [["0.36", "3"]]}
    path = folder / "BINANCE.http.0.0.gz"
    pack(path, f"https://api.example/depth?symbol=NKNUSDT -> {stamp(at)}: {json.dumps(body)}\n\n")
    return path


def read(*paths: Path, **said: Any) -> list[Rows]:
    return list(cryptofeed.read([Source(path) for path in paths], Ask(**said)))


def run(folder: Path, *paths: Path, **said: Any) -> tuple[Catalog, Outcome]:
    catalog = Catalog(folder / "catalog")
    return catalog, import_paths(catalog, list(paths), SPEC, Ask(**said))


def plain(found: list[Rows]) -> reference.Rows:
    """Imported rows as the reference has them."""
    rows: reference.Rows = {}
    for block in found:
        symbol: Any = block.symbol
        name = symbol.instrument.rpartition(".")[0] if hasattr(symbol, "instrument") else getattr(symbol, "symbol", "")
        for row in block.table.to_pylist() if block.kind != "instruments" else []:
            for column, scale in (("price", block.price_scale), ("quantity", block.size_scale)):
                for key in [k for k in row if k in {"price": ("price", "bid", "ask")}.get(column, ()) or column in k]:
                    row[key] = Decimal(row[key]).scaleb(-scale)
            order = {
                "books": ("ts", "ts_event", "sequence", "snapshot", "side", "price", "quantity"),
                "trades": ("ts", "ts_event", "price", "quantity", "side", "trade_id"),
                "quotes": ("ts", "ts_event", "bid", "ask", "bid_quantity", "ask_quantity"),
            }[block.kind]
            rows.setdefault((block.kind, name), []).append(tuple(row[key] for key in order))
    return rows


def details(found: list[Rows]) -> str:
    return "\n".join(issue.detail for block in found for issue in block.issues)
