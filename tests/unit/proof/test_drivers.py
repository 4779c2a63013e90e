"""What differs between the drivers is found, and the right part is blamed; leaks of stages are in the zoo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helios_engine.block import Rows
from helios_engine.catalog.tick_feeds import CatalogTrades
from helios_engine.config import parse_config
from helios_engine.marks import Marks
from helios_engine.proof.findings import Finding
from helios_engine.proof.prover import prove
from helios_engine.timeline import Passed
from tests.replay.test_drivers import SPARSE, plugins

ROOT = Path(__file__).resolve().parents[3]
SHORT = SPARSE.format(driver="blocks").replace("2026-01-09", "2026-01-06T12:00:00Z")


def found() -> tuple[tuple[Finding, ...], dict[str, int]]:
    proof = prove(parse_config(SHORT, ROOT / "short.toml"), plugins(), layers=["drivers"])
    return proof.findings, proof.outcomes[0].coverage


def test_an_honest_run_has_nothing_to_find() -> None:
    findings, coverage = found()

    assert findings == ()
    assert coverage["stages by blocks"] == 1
    assert coverage["feeds in columns"] == 2
    assert coverage["outputs of the run by mixed"] == coverage["outputs of the run by blocks"] > 100


def test_a_feed_whose_blocks_are_not_its_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    original = CatalogTrades.blocks

    def early(self: Any, start: int, stop: int) -> Iterator[Rows]:
        for rows in original(self, start, stop):
            yield Rows(
                rows.kind, (rows.instrument, ""), rows.ts - 1, rows._numbers, scales=rows._scales, texts=rows._texts
            )

    monkeypatch.setattr(CatalogTrades, "blocks", early)
    findings, _ = found()

    assert {f.part.kind for f in findings} == {"feed"}
    assert all("its blocks have (1767" in f.what for f in findings)


def test_an_engine_that_forgets_what_it_passes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Marks.pass_over

    def forgetful(self: Any, passed: Passed) -> None:
        if np.int64(passed.stop) % 2:
            original(self, passed)

    monkeypatch.setattr(Marks, "pass_over", forgetful)
    findings, _ = found()

    assert [f.part.kind for f in findings] == ["engine"]
    assert "the heads of venue differ" in findings[0].what
