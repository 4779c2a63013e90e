"""A certificate: what was tried, on what exactly, what was found, and what was not looked at; as canonical JSON.

Canonical means: keys sorted, ASCII, one space of indentation, no floats (they are decimal text), no integers beyond
2**53, nothing of when or where it was made. The same trial gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from helios_engine.errors import DataError
from helios_engine.files import write_whole
from helios_engine.proof.certificates import signing
from helios_engine.proof.certificates.evidence import Evidence, Note
from helios_engine.proof.findings import LAYERS, Finding
from helios_engine.proof.prover import Proof
from helios_engine.proof.wording import limits
from helios_engine.timeframe import iso

FORMAT = "helios-certificate/1"
NOT_RUN = "not run"
_EXACT = 2**53


class Trial(Note, frozen=True, kw_only=True):
    """How the prover was run: its seed, the cuts asked for, the layers that ran, and its own kill rate."""

    seed: str
    cuts: int
    layers: tuple[str, ...]
    layers_not_run: tuple[str, ...]
    self_test: str = NOT_RUN


class Verdict(Note, frozen=True, kw_only=True):
    """The verdict on a part."""

    kind: str
    part: str
    plugin: str
    verdict: str
    reason: str


class Found(Note, frozen=True, kw_only=True):
    """A finding, or a note; as `findings.Finding`, times as ISO text, `where` without the folders of a machine."""

    layer: str
    part: str
    what: str
    column: str
    first: str
    horizon: str
    where: str
    remedy: str
    reproduction: str
    is_note: bool


class Certificate(Note, frozen=True, kw_only=True):
    """A whole certificate. `digest` is over all but itself and the signature; the signature is over the same bytes."""

    format: str = FORMAT
    name: str
    exit_code: int
    evidence: Evidence
    trial: Trial
    verdicts: tuple[Verdict, ...]
    findings: tuple[Found, ...]
    coverage: dict[str, dict[str, int]]
    not_covered: tuple[str, ...]
    public_key: str = ""
    digest: str = ""
    signature: str = ""


def certify(
    proof: Proof, evidence: Evidence, *, cuts: int, key: Path | None = None, self_test: str = NOT_RUN
) -> Certificate:
    """The certificate of a proof, signed with the private key in `key` if there is one; see `signing`."""
    layers = tuple(outcome.layer for outcome in proof.outcomes)
    made = Certificate(
        name=proof.name,
        exit_code=proof.exit_code,
        evidence=evidence,
        trial=Trial(
            seed=str(proof.seed),
            cuts=cuts,
            layers=layers,
            layers_not_run=tuple(layer for layer in LAYERS if layer not in layers),
            self_test=self_test,
        ),
        verdicts=tuple(
            Verdict(kind=r.part.kind, part=r.part.name, plugin=r.part.plugin, verdict=r.verdict, reason=r.reason)
            for r in proof.rows
        ),
        findings=tuple(_found(f) for outcome in proof.outcomes for f in outcome.findings),
        coverage={outcome.layer: dict(outcome.coverage) for outcome in proof.outcomes},
        not_covered=tuple(limits(proof)),
        public_key="" if key is None else signing.public_of(key),
    )
    content = signed_content(made)
    return msgspec.structs.replace(
        made,
        digest=hashlib.sha256(content).hexdigest(),
        signature="" if key is None else signing.sign(content, key),
    )


def write_certificate(path: Path, certificate: Certificate) -> None:
    """Write it whole or not at all; StorageError."""
    write_whole(path, canonical(certificate))


def read_certificate(path: Path) -> Certificate:
    """Read a certificate; DataError if it is none, or is not written as this program writes one."""
    try:
        content = path.read_bytes()
        plain = json.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not a readable certificate: {error}") from None
    found = plain.get("format") if isinstance(plain, dict) else None
    if found != FORMAT:
        raise DataError(f"{path}: expected a certificate of the format {FORMAT}, found {found!r}")
    try:
        certificate = msgspec.convert(plain, Certificate)
    except msgspec.ValidationError as error:
        raise DataError(f"{path}: not a whole certificate: {error}") from None
    if canonical(certificate) != content:
        raise DataError(f"{path}: not canonical JSON: it was edited after it was written; ask for the original")
    return certificate


def canonical(value: Any) -> bytes:
    """Canonical JSON of anything msgspec can take apart."""
    text = json.dumps(_plain(msgspec.to_builtins(value)), sort_keys=True, indent=1, allow_nan=False)
    return text.encode("ascii") + b"\n"


def signed_content(certificate: Certificate) -> bytes:
    """What digest and signature are over."""
    return canonical(msgspec.structs.replace(certificate, digest="", signature=""))


def _plain(value: Any) -> Any:
    match value:
        case bool():
            return value
        case float():
            return format(Decimal(repr(value)), "f")
        case int() if abs(value) > _EXACT:
            return str(value)
        case dict():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    return value


def _found(f: Finding) -> Found:
    return Found(
        layer=f.layer,
        part=f.part.name,
        what=f.what,
        column=f.column,
        first=iso(f.first) if f.first else "",
        horizon="" if f.horizon is None else format(Decimal(repr(f.horizon)), "f"),
        where=_portable(f.where),
        remedy=f.remedy,
        reproduction=f.reproduction,
        is_note=f.is_note,
    )


def _portable(where: str) -> str:
    """`file:line` from where Python found the file on; of any other file its name alone."""
    for place in sorted((p for p in sys.path if p), key=len, reverse=True):
        if where.startswith(place.rstrip("/") + "/"):
            return where[len(place.rstrip("/")) + 1 :]
    return where.rpartition("/")[2]
