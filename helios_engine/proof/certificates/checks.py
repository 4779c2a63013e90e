"""What of a certificate can be held against what lies here without running anything."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from helios_engine.catalog.store import Catalog
from helios_engine.config import Config
from helios_engine.errors import DataError, HeliosError, NotAvailableError
from helios_engine.proof.certificates import signing
from helios_engine.proof.certificates.certificate import Certificate, signed_content
from helios_engine.proof.certificates.evidence import ENGINE, Evidence, merkle_root, source
from helios_engine.runner import versions

State = Literal["same", "differs", "unchecked", "note"]


class Check(NamedTuple):
    """One thing that was held against the certificate; `note` is said and decides nothing."""

    what: str
    state: State
    text: str


def check_itself(c: Certificate, key: Path | None) -> Iterator[Check]:
    """Whether the certificate is whole, is signed, and by whom."""
    content = signed_content(c)
    whole = hashlib.sha256(content).hexdigest() == c.digest
    yield check("certificate", whole, c.digest[:12], "its digest is not that of its content: it was changed")
    leaves = [msgspec.json.encode(each, order="sorted") for each in c.evidence.data]
    if merkle_root(leaves) != c.evidence.data_root:
        yield Check("certificate", "differs", "data_root is not the Merkle root of the data sets it lists")
    if not c.signature:
        if key is not None or c.public_key:
            yield Check("signature", "differs", "the certificate is not signed")
        else:
            yield Check("signature", "note", "not signed: whoever can write this file can have written it")
        return
    try:
        right = signing.is_signed(content, c.signature, c.public_key)
        expected = None if key is None else signing.read_public(key)
    except NotAvailableError as error:
        yield Check("signature", "unchecked", str(error))
        return
    if expected is not None and expected != c.public_key:
        yield Check("signature", "differs", f"signed by {c.public_key[:16]}…, which is not the key in {key}")
    told = f"by {c.public_key[:16]}…" + (", whoever that is: --key says whom you trust" if key is None else "")
    yield check("signature", right, told, "the signature is not that of this content: it was changed after signing")


def check_config(evidence: Evidence, given: Config) -> Iterator[Check]:
    """Which keys of a config are not the certified ones."""
    before, now = _flat(tomllib.loads(evidence.config_text)), _flat(tomllib.loads(given.text))
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            yield Check("config", "differs", f"{name}: certified {_told(before, name)}, found {_told(now, name)}")
    if before == now:
        yield Check("config", "same", given.digest[:12])


def check_sources(evidence: Evidence) -> Iterator[Check]:
    """Which files of the engine and of plugins are not the certified ones."""
    for before in (evidence.engine, *evidence.plugins):
        name = before.name if before.package == ENGINE else f"plugin {before.name}"
        now = source(before.name, before.package)
        if before.files and not now.files:
            yield Check(name, "unchecked", f"its package {before.package} is not installed here")
            continue
        if not before.files:
            yield Check(name, "unchecked", "it was registered by hand: there are no files to hold it to")
            continue
        changed = _changed(before.files, now.files)
        yield from (Check(name, "differs", text) for text in changed)
        if not changed:
            yield Check(name, "same", f"{len(now.files)} files")


def check_libraries(evidence: Evidence) -> Iterator[Check]:
    """Which libraries have another version, which decides nothing by itself."""
    now = versions()
    for name, version in evidence.libraries.items():
        found = now.get(name, "none")
        if found != version:
            yield Check(f"library {name}", "note", f"certified with {version}, found {found}: the heads decide")


def check_data(evidence: Evidence, config: Config) -> Iterator[Check]:
    """Which files of data sets are not the certified ones."""
    for each in evidence.data:
        if each.kind == "feed":
            yield Check(f"data {each.name}", "note", "a feed that is not of the catalog: the heads decide")
            continue
        try:
            dataset = Catalog(config.catalog).dataset(each.kind, each.name, each.timeframe)
            now = {part.name: _digest(dataset, part.name) for part in dataset.manifest.parts}
        except HeliosError as error:
            yield Check(f"data {each.title}", "unchecked", str(error))
            continue
        changed = _changed(each.files, now)
        if dataset.manifest.digest != each.digest and not changed:
            changed = ["the manifest says something else: the instrument, scales or known issues were changed"]
        yield from (Check(f"data {each.title}", "differs", text) for text in changed)
        if not changed:
            yield Check(f"data {each.title}", "same", f"{each.digest[:12]}, {each.rows:,} rows")


def check(what: str, same: bool, text: str, otherwise: str) -> Check:
    """A check that comes out one way or the other, and its words for both."""
    return Check(what, "same" if same else "differs", text if same else otherwise)


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Which files are not the certified ones, in words."""
    return [
        f"{name}: certified {before.get(name, 'no such file')[:12]}, found {now.get(name, 'no such file')[:12]}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]


def _digest(dataset: Any, name: str) -> str:
    try:
        found: str = dataset.folder.digest(name)
    except OSError as error:
        raise DataError(f"{dataset.folder.url}/{name}: cannot be read: {error.strerror or error}") from None
    return found


def _flat(table: Any, name: str = "") -> dict[str, Any]:
    """A TOML document as one level: `run.seed`, `stage[0].fast`."""
    if isinstance(table, dict) and table:
        return {k: v for key, each in table.items() for k, v in _flat(each, f"{name}.{key}".lstrip(".")).items()}
    if isinstance(table, list) and table:
        return {k: v for n, each in enumerate(table) for k, v in _flat(each, f"{name}[{n}]").items()}
    return {name: table}


def _told(flat: Mapping[str, Any], name: str) -> str:
    return repr(flat[name]) if name in flat else "nothing"
