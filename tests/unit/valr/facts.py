"""Payloads, conformance cases and signature vectors of VALR, where they lie; tests that need them skip without."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

FACTS = os.environ.get("HELIOS_VALR_FACTS")


def needs_facts(test: Any) -> Any:
    """Mark a test that reads VALR's payloads or cases; it is skipped by name without them."""
    skip = pytest.mark.skipif(FACTS is None, reason="needs HELIOS_VALR_FACTS, the folder of VALR's payloads and cases")
    return pytest.mark.valr_facts(skip(test))


def payload_names(start: str = "") -> list[str]:
    """The names of the payload files that begin so, sorted; none without the folder."""
    folder = Path(str(FACTS)) / "payloads"
    return sorted(path.name for path in folder.glob(f"{start}*.json")) if FACTS else []


def payload(name: str) -> bytes:
    """A payload as it lies there."""
    return (Path(str(FACTS)) / "payloads" / name).read_bytes()


def document(name: str) -> Any:
    """A JSON file beside the payloads."""
    return json.loads((Path(str(FACTS)) / name).read_text(encoding="utf-8"))
