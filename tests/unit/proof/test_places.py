"""Which files a part may touch while it is on the stack."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from helios_engine.proof.hermetic.places import Places


@pytest.mark.parametrize(
    ("event", "name", "flags", "allowed"),
    [
        ("os.mkdir", "__pycache__", 0o777, True),
        (
            "open",
            "__pycache__",
            os.O_RDWR | os.O_EXCL,
            True,
        ),  # a file without a name, numba's trial whether it may write
        ("open", "__pycache__/kernel.run-1.py311.nbi", os.O_WRONLY, True),
        ("open", "__pycache__/prices.csv", os.O_WRONLY, False),
        ("open", "__pycache__/prices.csv", os.O_RDONLY, False),
        ("os.mkdir", "cache", 0o777, False),
        ("open", "a-1.0.dist-info/entry_points.txt", os.O_RDONLY, True),  # a library looks for plugins of its own
        ("open", "a-1.0.dist-info/prices.csv", os.O_RDONLY, False),
    ],
)
def test_compiled_code_and_metadata_of_packages_are_nobodys_data(
    tmp_path: Path, event: str, name: str, flags: int, allowed: bool
) -> None:
    places = Places(str(tmp_path / "catalog"), ())
    path = str(tmp_path / "plugin" / name)

    found = places.rule(event, (path, None, flags) if event == "open" else (path, flags, -1), (), (str(tmp_path),))

    assert (found is None) == allowed
