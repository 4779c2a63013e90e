"""What a certificate rests on, looked up here: data, sources, libraries, artefacts, and the heads of the run."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from helios_engine.artefact_gate import check_artefacts, standings
from helios_engine.artefacts import Provenance
from helios_engine.assemble import assemble, heads
from helios_engine.build import Plan, build
from helios_engine.catalog.store import Catalog
from helios_engine.config import Config
from helios_engine.plugins import Plugins
from helios_engine.proof.case import parts_of
from helios_engine.runner import drive, versions
from helios_engine.timeframe import iso

ENGINE = "helios_engine"
_CACHES = (".pyc", ".pyo", ".nbi", ".nbc")


class Note(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a certificate: what it has besides is refused."""


class Source(Note, frozen=True, kw_only=True):
    """The engine or a plugin: its entry point's name, its package, and the sha256 of each file of it."""

    name: str
    package: str
    files: dict[str, str]


class DataSet(Note, frozen=True, kw_only=True):
    """A data set that a feed of the run reads: its manifest's digest and the sha256 of each file.

    A feed that is not of the catalog has its own name, `kind` feed, the digest that it says of itself, and no files.
    """

    kind: str
    name: str
    timeframe: str
    digest: str
    rows: int
    first: str
    last: str
    files: dict[str, str]

    @property
    def title(self) -> str:
        """`bars BTCZAR.VALR 1h`"""
        return " ".join(filter(None, (self.kind, self.name, self.timeframe)))


class UsedArtefact(Note, frozen=True, kw_only=True):
    """An artefact of the run, and where it comes from if that is known."""

    part: str
    setting: str
    file: str
    sha256: str
    provenance: Provenance | None


class Evidence(Note, frozen=True, kw_only=True):
    """Everything that shapes a run, and the heads that it came to. `data_root` is the Merkle root of `data`."""

    config_digest: str
    config_text: str
    seed: str
    start: str
    stop: str
    data_root: str
    data: tuple[DataSet, ...]
    engine: Source
    plugins: tuple[Source, ...]
    libraries: dict[str, str]
    artefacts: tuple[UsedArtefact, ...]
    contaminated: str
    heads: dict[str, str]


def gather(config: Config, plugins: Plugins, progress: Callable[[float, int], None] | None = None) -> dict[str, Any]:
    """The evidence of a run as plain values; the run is made in memory, so call it in a child process.

    Raises HeliosError when the run cannot be made, KeyboardInterrupt when it was stopped.
    """
    plan = build(config, plugins)
    data = data_sets(plan)
    found = Evidence(
        config_digest=config.digest,
        config_text=config.text,
        seed=str(config.run.seed),
        start=iso(plan.start),
        stop=iso(plan.stop),
        data_root=merkle_root([msgspec.json.encode(each, order="sorted") for each in data]),
        data=data,
        engine=source(ENGINE, ENGINE),
        plugins=used_plugins(plan),
        libraries=versions(),
        artefacts=artefacts(plan),
        contaminated=check_artefacts(plan, allow=True)[0],
        heads=run_heads(plan, progress),
    )
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def run_heads(plan: Plan, progress: Callable[[float, int], None] | None = None) -> dict[str, str]:
    """The heads that a run comes to, made in memory."""
    engine = assemble(plan)
    if not drive(engine, plan, progress):
        raise KeyboardInterrupt
    return heads(plan, engine)


def data_sets(plan: Plan) -> tuple[DataSet, ...]:
    """The data sets behind the feeds, whose files were compared with their manifests when the plan was built."""
    manifests = {d.manifest.digest: d.manifest for d in Catalog(plan.config.catalog).datasets()}
    found: dict[str, DataSet] = {}
    for feed in plan.feeds:
        pin = feed.pin
        m = manifests.get(pin.digest.partition("+")[0])
        each = DataSet(
            kind="feed" if m is None else m.kind,
            name=feed.name if m is None else m.name,
            timeframe="" if m is None else m.timeframe,
            digest=pin.digest if m is None else m.digest,
            rows=pin.rows if m is None else m.rows,
            first=iso(pin.first if m is None else m.first),
            last=iso(pin.last if m is None else m.last),
            files={} if m is None else {part.name: part.sha256 for part in m.parts},
        )
        found[each.title] = each
    return tuple(found[title] for title in sorted(found))


def artefacts(plan: Plan) -> tuple[UsedArtefact, ...]:
    """The artefacts of a run; DataError if one is not what its provenance says."""
    return tuple(
        UsedArtefact(part=u.part, setting=u.setting, file=u.path.name, sha256=a.sha256, provenance=a.provenance)
        for u, a in standings(plan.artefacts)
    )


def used_plugins(plan: Plan) -> tuple[Source, ...]:
    """The plugins that the parts of a run come from, by name."""
    identities = plan.plugins.identities.values()
    used = {part.plugin for part in parts_of(plan)}
    found = {i.name: source(i.name, i.package) for i in identities if str(i) in used}
    return tuple(found[name] for name in sorted(found))


def source(name: str, package: str) -> Source:
    """The files of the engine (by its package) or of a plugin (by its module), none if there is no such package.

    All files count, since tables and weights in a package shape results as code does; only caches do not.
    """
    folder = package if package == ENGINE else package.rpartition(".")[0] or package
    try:
        spec = importlib.util.find_spec(folder)
    except (ModuleNotFoundError, ValueError):
        spec = None
    if spec is None or spec.origin is None:
        return Source(name=name, package=package, files={})  # registered by hand: there is no file to hold it to
    origin = Path(spec.origin)
    if origin.name != "__init__.py":
        return Source(name=name, package=package, files={origin.name: _sha(origin)})
    root = origin.parent
    kept = (p for p in root.rglob("*") if p.is_file() and p.suffix not in _CACHES and not p.name.startswith("."))
    files = {p.relative_to(root).as_posix(): _sha(p) for p in sorted(kept)}
    return Source(name=name, package=package, files=files)


def merkle_root(leaves: Sequence[bytes]) -> str:
    """The Merkle tree hash of RFC 6962, section 2.1 with SHA-256, in hex; of no leaves that of nothing."""
    return _tree(list(leaves)).hex()


def _tree(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1  # the largest power of two below the number of leaves
    return hashlib.sha256(b"\1" + _tree(leaves[:split]) + _tree(leaves[split:])).digest()


def _sha(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
