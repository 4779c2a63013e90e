"""A case goes whole into a fresh process, or it is said why it cannot."""

from __future__ import annotations

import datetime
import os
import random
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from helios_engine.errors import NotAvailableError
from helios_engine.proof.differential.circumstances import KINDS, USUAL, Circumstances
from helios_engine.proof.differential.fresh import Errand, answers
from helios_engine.proof.rehearsals.retelling import Retold, case_of, retell
from tests.unit.proof import leaky
from tests.unit.proof.trying import case

HERE = "tests.unit.proof.test_fresh"


def surroundings(retold: Retold) -> dict[str, Any]:
    """What a process sees around it, and what it makes of the case."""
    told = case_of(retold)
    return {
        "digest": told.config.digest,
        "catalog": told.config.catalog,
        "identities": sorted(map(str, told.plugins.identities.values())),
        "stage": told.plugins.offers("stage")["leaky.clean"].spec.factory.__name__,
        "seen": {
            "wall clock": datetime.datetime.now(datetime.UTC).year,
            "time zone": time.tzname[0],
            "locale": os.environ.get("LC_ALL", ""),
            "environment": os.environ.get("MY_SIGNAL", ""),
            "working directory": str(Path.cwd()),
            "home directory": str(Path.home()),
            "temporary directory": os.environ.get("TMPDIR", ""),
            "hash seed": hash("a"),
            "global random seeds": random.random(),
            "threads": os.environ.get("OMP_NUM_THREADS", ""),
        },
    }


def failing(retold: Retold) -> None:
    """Dies as C code dies."""
    os._exit(3)


def test_a_case_arrives_whole_and_only_what_should_be_other_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SIGNAL", "1")
    tried = case(tmp_path, [leaky.Clean])
    errands = [Errand(f"{HERE}:surroundings", {}, under) for under in (USUAL, USUAL, Circumstances(KINDS, 1))]

    found = {a.number: a.result for a in answers(tried, errands)}

    assert found[0] == found[1]
    assert found[0]["digest"] == tried.config.digest
    assert found[0]["catalog"] == tried.config.catalog
    assert found[0]["identities"] == sorted(map(str, tried.plugins.identities.values()))
    assert found[0]["stage"] == "Clean"
    assert {k: v for k, v in found[2].items() if k != "seen"} == {k: v for k, v in found[0].items() if k != "seen"}
    assert [kind for kind in KINDS if found[0]["seen"][kind] == found[2]["seen"][kind]] == []


def test_a_process_that_dies_is_reported(tmp_path: Path) -> None:
    (answer,) = answers(case(tmp_path, [leaky.Clean]), [Errand(f"{HERE}:failing", {})])

    assert "a fresh process ended with 3" in answer.error


def test_a_job_that_raises_says_so(tmp_path: Path) -> None:
    (answer,) = answers(case(tmp_path, [leaky.Clean]), [Errand(f"{HERE}:missing", {})])

    assert "AttributeError" in answer.error


def test_a_config_that_was_changed_in_memory_is_not_run_as_another(tmp_path: Path) -> None:
    tried = case(tmp_path, [leaky.Clean])
    changed = tried._replace(config=msgspec.structs.replace(tried.config, stages=tried.config.stages * 2))

    with pytest.raises(NotAvailableError, match="changed after it was read"):
        retell(changed)
