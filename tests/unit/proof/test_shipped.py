"""No shipped config gives the layers that look at processes a false alarm."""

from __future__ import annotations

from pathlib import Path

import pytest

from helios_engine.config import load_config
from helios_engine.proof.prover import prove

CONFIGS = sorted((Path(__file__).resolve().parents[3] / "configs").glob("*.toml"))


@pytest.mark.slow
@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_shipped_config_is_left_in_peace(path: Path) -> None:
    found = prove(load_config(path), layers=("structure", "hermetic", "differential"))

    assert found.findings == ()
    assert {row.verdict for row in found.rows} == {"no violation found"}
    assert found.exit_code == 0
