"""Hold a certificate against what lies here: the signature, the config, sources, data, artefacts, heads, verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from helios_engine.artefacts import Artefact
from helios_engine.build import build
from helios_engine.config import Config, load_config, on_catalog, parse_config
from helios_engine.errors import DataError, HeliosError
from helios_engine.plugins import Plugins
from helios_engine.proof.case import Progress
from helios_engine.proof.certificates.certificate import Certificate, certify, read_certificate
from helios_engine.proof.certificates.checks import (
    Check,
    check,
    check_config,
    check_data,
    check_itself,
    check_libraries,
    check_sources,
)
from helios_engine.proof.certificates.evidence import Evidence, gather
from helios_engine.proof.forks import answer_of
from helios_engine.proof.prover import prove


class Verification(NamedTuple):
    """Everything that was checked."""

    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> int:
        """0 all the same · 1 something differs · 4 something could not be checked here."""
        states = {each.state for each in self.checks}
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
    checks = list(check_itself(certificate, key))
    if any(each.state == "differs" for each in checks):
        return Verification(tuple(checks))
    evidence = certificate.evidence
    place = (config or path.resolve().parent / "config.toml").resolve()
    if config is not None:
        checks += check_config(evidence, load_config(config))
    loaded = parse_config(evidence.config_text, place)
    if catalog is not None:
        loaded = on_catalog(loaded, catalog)
    checks += [*check_sources(evidence), *check_libraries(evidence), *check_data(evidence, loaded)]
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
            yield check(name, now["sha256"] == each.sha256, each.sha256[:12], text)


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
        yield check(f"head {name}", one == two, one[:12], f"certified {one[:12]}, found {two[:12]}")


def _again(c: Certificate, config: Config, plugins: Plugins, now: Evidence, progress: Progress) -> Iterator[Check]:
    """Put the run on trial again, the same way, and compare what was found."""
    trial = c.trial
    proof = prove(config, plugins, layers=trial.layers, cuts=trial.cuts, seed=int(trial.seed), progress=progress)
    again = certify(proof, now, cuts=trial.cuts, self_test=trial.self_test)
    before, after = {(v.kind, v.part): v for v in c.verdicts}, {(v.kind, v.part): v for v in again.verdicts}
    for name in sorted({*before, *after}):
        one, two = before.get(name), after.get(name)
        text = f"certified {_verdict(one)}, found {_verdict(two)}"
        yield check(f"verdict {name[1]}", one == two, _verdict(one), text)
    yield check("findings", c.findings == again.findings, f"{len(c.findings)}", "they are not the certified ones")
    yield check("coverage", c.coverage == again.coverage, "the same counts", "other counts than certified")


def _not_again(c: Certificate) -> Check:
    return Check("verdicts", "note", f"{len(c.verdicts)}, as certified; --full puts the run on trial again")


def _verdict(verdict: Any) -> str:
    return "none" if verdict is None else f"{verdict.verdict} ({verdict.reason})"
