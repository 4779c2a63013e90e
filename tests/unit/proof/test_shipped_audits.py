"""No shipped config gives the audits a false alarm."""

from __future__ import annotations

from pathlib import Path

import pytest

from helios_engine.config import load_config
from helios_engine.proof.prover import prove

CONFIGS = sorted((Path(__file__).resolve().parents[3] / "configs").glob("*.toml"))


@pytest.mark.slow
@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_shipped_config_is_left_in_peace(path: Path) -> None:
    found = prove(load_config(path), layers=("availability", "fills"))

    assert found.findings == ()
    assert {row.verdict for row in found.rows} == {"no violation found"}
    assert found.rows[-1].part.kind == "engine"
    known, filled = found.outcomes
    assert known.coverage["inputs"] > 900
    assert filled.coverage["fills"] > 0
