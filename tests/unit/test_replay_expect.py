"""`replay --expect`: a head that is written down in a user's own repository, and what CI makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.test_cli import done, helios

__all__ = ["done"]


def heads(done: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(helios("replay", "last", "--json", cwd=done).stdout)["replayed"]
    return found


def test_the_expected_heads_of_a_run_are_found(done: Path) -> None:
    known = heads(done)
    flags = [f"--expect={known['decisions']}", f"--expect=venue={known['venue'][:12]}"]

    found = helios("replay", "last", *flags, cwd=done)

    assert found.returncode == 0, found.stderr
    assert found.stdout.endswith("every head is the same, 2 of 2 as expected\n")


def test_another_head_is_a_difference_named_with_both(done: Path) -> None:
    made = heads(done)["decisions"][:8]

    found = helios("replay", "last", "--expect", "00000000", cwd=done)

    assert found.returncode == 1
    assert f"OTHER   00000000 was expected of decisions, found {made}" in found.stdout
    assert json.loads(helios("replay", "last", "--expect", "00000000", "--json", cwd=done).stdout)["not_expected"] == [
        "decisions"
    ]


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("5ace", "expected CHAIN=HEAD with at least 8 hex digits"),
        ("venue=", "expected CHAIN=HEAD with at least 8 hex digits"),
        ("not-a-head-at-all", "expected CHAIN=HEAD"),
        ("stage.nobody=5ace221efb00", "no such chain; the chains of this run are inputs, decisions"),
    ],
)
def test_a_head_that_can_be_none_is_refused(done: Path, flag: str, said: str) -> None:
    found = helios("replay", "last", "--expect", flag, cwd=done)

    assert found.returncode == 2
    assert said in found.stderr
