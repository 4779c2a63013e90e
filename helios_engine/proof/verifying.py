"""Hold a certificate against what lies here: the signature, the config, sources, data, artefacts, heads, verdicts."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from helios_engine.artefacts import Artefact
from helios_engine.build import build
from helios_engine.catalog.store import Catalog
from helios_engine.config import Config, load_config, on_catalog, parse_config
from helios_engine.errors import DataError, HeliosError, NotAvailableError
from helios_engine.plugins import Plugins
from helios_engine.proof import signing
from helios_engine.proof.case import Progress
from helios_engine.proof.certificate import Certificate, certify, read_certificate, signed_content
from helios_engine.proof.evidence import ENGINE, Evidence, gather, merkle_root, source
from helios_engine.proof.forks import answer_of
from helios_engine.proof.prover import prove
from helios_engine.runner import versions

State = Literal["same", "differs", "unchecked", "note"]


class Check(NamedTuple):
    """One thing that was held against the certificate; `note` is said and decides nothing."""

    what: str
    state: State
    text: str


class Verification(NamedTuple):
    """Everything that was checked."""

    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> int:
        """0 all the same · 1 something differs · 4 something could not be checked here."""
        states = {check.state for check in self.checks}
        return 1 if "differs" in states else 4 if "unchecked" in states else 0


def verify(
    path: Path,
    *,
    catalog: str | None = None,
    config: Path | None = None,
    full: bool = False,
    key: Path | None = None,
    plugins: Plugins | None = None,
    progress: Progress = lambda what, share: None,
) -> Verification:
    """Verify a certificate; `full` puts the run on trial again. DataError if the certificate cannot be read.

    Paths in the config start at `config`'s folder if it is named, else at the certificate's; `catalog` takes the
    place of the config's. Nothing is run for a certificate whose own words do not hold.
    """
    certificate = read_certificate(path)
    checks = list(_itself(certificate, key))
    if any(check.state == "differs" for check in checks):
        return Verification(tuple(checks))
    evidence = certificate.evidence
    place = (config or path.resolve().parent / "config.toml").resolve()
    if config is not None:
        checks += _config(evidence, load_config(config))
    loaded = parse_config(evidence.config_text, place)
    if catalog is not None:
        loaded = on_catalog(loaded, catalog)
    checks += [*_sources(evidence), *_libraries(evidence), *_data(evidence, loaded)]
    try:
        plugins = plugins or Plugins(loaded.plugins.allow, loaded.plugins.block)
        checks += _artefacts(evidence, loaded, plugins)
        progress("running it again", 0.0)
        now = msgspec.convert(answer_of(partial(gather, loaded, plugins)), Evidence)
        checks += _heads(evidence, now)
        checks += _again(certificate, loaded, plugins, now, progress) if full else [_not_again(certificate)]
    except HeliosError as error:
        checks.append(Check("heads", "unchecked", f"the run cannot be made here: {error}"))
    return Verification(tuple(checks))


def _itself(c: Certificate, key: Path | None) -> Iterator[Check]:
    """Whether the certificate is whole, is signed, and by whom."""
    content = signed_content(c)
    whole = hashlib.sha256(content).hexdigest() == c.digest
    yield _check("certificate", whole, c.digest[:12], "its digest is not that of its content: it was changed")
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
    yield _check("signature", right, told, "the signature is not that of this content: it was changed after signing")


def _config(evidence: Evidence, given: Config) -> Iterator[Check]:
    before, now = _flat(tomllib.loads(evidence.config_text)), _flat(tomllib.loads(given.text))
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            yield Check("config", "differs", f"{name}: certified {_told(before, name)}, found {_told(now, name)}")
    if before == now:
        yield Check("config", "same", given.digest[:12])


def _sources(evidence: Evidence) -> Iterator[Check]:
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


def _libraries(evidence: Evidence) -> Iterator[Check]:
    now = versions()
    for name, version in evidence.libraries.items():
        found = now.get(name, "none")
        if found != version:
            yield Check(f"library {name}", "note", f"certified with {version}, found {found}: the heads decide")


def _data(evidence: Evidence, config: Config) -> Iterator[Check]:
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


def _artefacts(evidence: Evidence, config: Config, plugins: Plugins) -> Iterator[Check]:
    if not evidence.artefacts:
        return
    found = answer_of(partial(_artefacts_here, config, plugins))
    for each in evidence.artefacts:
        now = found.get(f"{each.part}\0{each.setting}\0{each.file}")
        provenance = None if each.provenance is None else msgspec.to_builtins(each.provenance)
        name = f"artefact {each.file} of {each.part}"
        if now is None:
            yield Check(name, "unchecked", "the setting names no such file here")
        elif "error" in now:
            yield Check(name, "differs", now["error"])
        elif now["provenance"] != provenance:
            yield Check(name, "differs", "its provenance says something else")
        else:
            text = f"certified sha256 {each.sha256[:12]}, found {now['sha256'][:12]}"
            yield _check(name, now["sha256"] == each.sha256, each.sha256[:12], text)


def _artefacts_here(config: Config, plugins: Plugins) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for use in build(config, plugins).artefacts:
        try:
            artefact = Artefact.load(use.path)
            told = {"sha256": artefact.sha256, "provenance": msgspec.to_builtins(artefact.provenance)}
        except DataError as error:
            told = {"error": str(error)}
        found[f"{use.part}\0{use.setting}\0{use.path.name}"] = told
    return found


def _heads(before: Evidence, now: Evidence) -> Iterator[Check]:
    for name in (*before.heads, *(name for name in now.heads if name not in before.heads)):
        one, two = before.heads.get(name, "none"), now.heads.get(name, "none")
        yield _check(f"head {name}", one == two, one[:12], f"certified {one[:12]}, found {two[:12]}")


def _again(c: Certificate, config: Config, plugins: Plugins, now: Evidence, progress: Progress) -> Iterator[Check]:
    """Put the run on trial again, the same way, and compare what was found."""
    trial = c.trial
    proof = prove(config, plugins, layers=trial.layers, cuts=trial.cuts, seed=int(trial.seed), progress=progress)
    again = certify(proof, now, cuts=trial.cuts, self_test=trial.self_test)
    before, after = {(v.kind, v.part): v for v in c.verdicts}, {(v.kind, v.part): v for v in again.verdicts}
    for name in sorted({*before, *after}):
        one, two = before.get(name), after.get(name)
        text = f"certified {_verdict(one)}, found {_verdict(two)}"
        yield _check(f"verdict {name[1]}", one == two, _verdict(one), text)
    yield _check("findings", c.findings == again.findings, f"{len(c.findings)}", "they are not the certified ones")
    yield _check("coverage", c.coverage == again.coverage, "the same counts", "other counts than certified")


def _not_again(c: Certificate) -> Check:
    return Check("verdicts", "note", f"{len(c.verdicts)}, as certified; --full puts the run on trial again")


def _verdict(verdict: Any) -> str:
    return "none" if verdict is None else f"{verdict.verdict} ({verdict.reason})"


def _check(what: str, same: bool, text: str, otherwise: str) -> Check:
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
