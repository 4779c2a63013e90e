"""A paper run is killed with -9 at random moments and gone on with: it stays one run that replays and reconciles."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest

from helios_engine.codec import Codec
from helios_engine.errors import JournalError
from helios_engine.journal import Journal, JournalReader
from helios_engine.live.asking import changed
from helios_engine.live.killed import Killed
from helios_engine.reconcile import reconcile
from helios_engine.replay import replay
from tests.unit.live.acme import COIN, Server, trade
from tests.unit.live.killing import live
from tests.unit.live.runs import CONFIG, config, plugins, swing

KILLS = int(os.environ.get("KILLS", "30"))
LIVES = 5
"""Kills of one run; so many runs share the kills."""


async def killed_often(folder: Path, kills: int, seed: int) -> Path:
    """The folder of a run that was killed so many times, gone on with each time, and ended well at last."""
    draw, over = random.Random(seed), asyncio.Event()
    async with Server() as server:
        server.say(COIN)
        prices = asyncio.create_task(swing(server, over.is_set))
        place: Path | None = None
        for _ in range(kills):
            await live(folder, server, place, signal.SIGKILL, draw.uniform(0.0, 2.0))
            place = place or next((folder / "runs").iterdir(), None)
        await live(folder, server, place, signal.SIGINT, 1.5)
        over.set()
        await prices
    assert place is not None
    return place


@pytest.mark.parametrize("seed", range(-(-KILLS // LIVES)))
def test_a_run_that_is_killed_again_and_again_stays_one_run(tmp_path: Path, seed: int) -> None:
    place = asyncio.run(killed_often(tmp_path, LIVES, seed))
    assert reconcile(place, plugins=plugins()).differences == []
    assert replay(place, plugins=plugins()).differences == []
    reader = JournalReader(place / "journal.hlj", Codec())
    assert [source for source in ("trades", "quotes", "tick") if not _is_counted(reader, source)] == []
    with pytest.raises(JournalError, match="is over"):
        Killed(place)


def _is_counted(reader: JournalReader, source: str) -> bool:
    """Whether the inputs of a source bear the numbers 0, 1, 2 …: none twice, none left out."""
    numbers = [given.seq for given in reader.inputs() if given.source == source]
    return numbers == list(range(len(numbers))) and len(numbers) > 10


def test_a_journal_of_another_schema_is_neither_gone_on_with_nor_replayed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.hlj", [], Codec())
    journal.header({"schema": 1, "mode": "paper"})
    journal.leave()

    for take in (Killed, replay):
        with pytest.raises(JournalError, match="expected a journal of schema 2, found 1"):
            take(tmp_path)


def left(place: Path, digest: str = "", **more: int) -> None:
    """A journal of five frames, as of a paper run that was killed."""
    (place / "config.toml").write_text(CONFIG)
    journal = Journal(place / "journal.hlj", [], Codec())
    about = {"mode": "paper", "config_path": "paper.toml", "config_digest": digest or config(place).digest, **more}
    journal.header(about)
    for number in range(4):
        journal.flush()
        journal.input(number, number, "trades", number, trade(number, 1000.0))
    journal.leave()


def test_a_torn_end_is_cut_off_and_damage_in_the_middle_is_refused(tmp_path: Path) -> None:
    left(tmp_path)
    path = tmp_path / "journal.hlj"
    whole = path.read_bytes()

    path.write_bytes(whole[:-5])
    assert len(list(Killed(tmp_path).inputs(Codec()))) == 3

    path.write_bytes(whole[: len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 1]) + whole[len(whole) // 2 + 1 :])
    with pytest.raises(JournalError, match=r"damaged at byte \d+, in the middle: whole frames lie behind it"):
        Killed(tmp_path)


def test_a_run_that_was_killed_in_its_warm_up_is_not_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "early").mkdir()
    (tmp_path / "late").mkdir()
    left(tmp_path / "early", begin=0, start=4)
    left(tmp_path / "late", begin=0, start=3)

    assert Killed(tmp_path / "late").header["start"] == 3
    with pytest.raises(JournalError, match="was killed in its warm-up and had decided nothing; start a new run"):
        Killed(tmp_path / "early")


def test_a_run_whose_config_was_changed_is_another_run(tmp_path: Path) -> None:
    left(tmp_path)
    assert Killed(tmp_path).config.run.name == "paper"

    (tmp_path / "config.toml").write_text(CONFIG.replace("band = 0.05", "band = 0.5"))
    with pytest.raises(JournalError, match=r"config\.toml was changed since; put it back, or start a new run"):
        _ = Killed(tmp_path).config


def test_what_is_given_otherwise_than_at_the_beginning_is_said() -> None:
    before = {"url": "http://127.0.0.1:8765", "again": 0.5}
    assert changed(before, {"again": 0.5}) == []
    (text,) = changed(before, {"url": "https://exchange"})
    assert text.startswith("--set url=https://exchange goes before url=http://127.0.0.1:8765 of the run's beginning")
