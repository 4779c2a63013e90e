from __future__ import annotations

from pathlib import Path

from helios_engine.config_gate import GateSection
from helios_engine.gate import KINDS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "gate.md").read_text(encoding="utf-8")


def test_the_page_on_the_gate_names_every_key_and_every_kind() -> None:
    missing = [name for name in (*GateSection.__struct_fields__, *KINDS) if f"`{name}" not in PAGE]

    assert missing == []
