"""A snapshot brings an engine to where the whole journal would; one that is damaged or foreign is refused."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from helios_engine.bodies import Bar, Trade
from helios_engine.codec import Codec
from helios_engine.engine import Engine
from helios_engine.errors import JournalError, StageError
from helios_engine.journal.frames import read_frames
from helios_engine.live import snapshot
from helios_engine.live.beginning import again
from helios_engine.live.connecting import Made
from helios_engine.live.effects import Inline
from helios_engine.live.killed import Killed
from helios_engine.live.paper import Paper
from helios_engine.live.restart import WHOLE, engine_of, go_on
from helios_engine.live.snapshots import FOLDER, Snapshots
from helios_engine.live.starting import paper_run
from helios_engine.live.venue_log import FILE
from helios_engine.recorder.connection import Wanted
from helios_engine.recording import RecordedVenue, Recording
from helios_engine.world import World
from tests.unit.live.acme import COIN, Acme, Server
from tests.unit.live.killing import live
from tests.unit.live.runs import config, plugins, swing


class Restarted(NamedTuple):
    """The engine of a killed run as far as its journal goes, from what it was made, and what the venue answered."""

    engine: Engine
    source: str
    run: Paper

    @property
    def state(self) -> dict[str, Any]:
        return snapshot.of_engine(self.engine)

    @property
    def answers(self) -> tuple[int, bytes]:
        saved = self.engine.port.venue.save()  # type: ignore[attr-defined]
        return saved["answers"], saved["digest"]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that traded for a while, with a snapshot every half second, and was killed."""
    folder = tmp_path_factory.mktemp("killed")

    async def killed() -> Path:
        over = asyncio.Event()
        async with Server() as server:
            server.say(COIN)
            prices = asyncio.create_task(swing(server, over.is_set))
            await live(folder, server, None, signal.SIGKILL, 2.2)
            over.set()
            await prices
        return next((folder / "runs").iterdir())

    return asyncio.run(killed())


def restarted(left: Path, tmp_path: Path, seconds: float = 1.0) -> Restarted:
    """Bring the run back in a copy of its folder, `left` as it is; without a connection, and at no time of day."""
    place = tmp_path / left.name
    if not place.exists():
        shutil.copytree(left, place)
    killed = Killed(place)
    run = paper_run(config(tmp_path), {"port": 1}, plugins=plugins(), world=World(now=lambda: 1))
    run.place = place
    began = again(run, killed)
    identities = [str(identity) for identity in began.plan.plugins.identities.values()]
    run.snapshots = Snapshots(place, began.plan.codec, identities, seconds)
    run.plan = began.plan
    run.asking = Inline(run.session.reply, run.session.effect_failed)
    engine, timeline, source = asyncio.run(engine_of(run, began, killed, run.asking.ask, ""))
    if not timeline.is_warm:
        run.session.join(engine, timeline)
    while run.session.step():
        pass
    engine.journal.leave()
    run.snapshots.log.close()
    return Restarted(engine, source, run)


def test_a_snapshot_and_what_follows_it_come_to_what_the_whole_journal_comes_to(left: Path, tmp_path: Path) -> None:
    one, whole = restarted(left, tmp_path / "one"), restarted(left, tmp_path / "whole", seconds=0)

    assert "snapshot" in one.source
    assert whole.source == WHOLE
    assert one.state == whole.state
    assert one.engine.timeline.delivered == whole.engine.timeline.delivered
    assert one.engine.timeline.boundary == whole.engine.timeline.boundary  # type: ignore[attr-defined]
    assert one.run.session.latest.save() == whole.run.session.latest.save()
    assert one.answers == restarted_from_nothing(left, tmp_path / "nothing").answers
    assert one.engine.port.fills > 0


def restarted_from_nothing(left: Path, tmp_path: Path) -> Restarted:
    """The same without a snapshot, but with a venue that keeps its log."""
    shutil.copytree(left, tmp_path / left.name, ignore=shutil.ignore_patterns(FOLDER))
    found = restarted(left, tmp_path)
    assert found.source == WHOLE
    return found


def test_the_log_of_the_venue_that_is_made_again_is_that_of_the_killed_run(left: Path, tmp_path: Path) -> None:
    found = [restarted(left, tmp_path / "one"), restarted_from_nothing(left, tmp_path / "nothing")]
    logs = [list(read_frames(one.run.place / FILE)) for one in found]  # type: ignore[operator]

    told = [[record for record in log if record[0] != "state"] for log in logs]
    assert told[0] == told[1]
    assert len(told[0]) > 4


@pytest.mark.parametrize("how", ["cut", "flipped", "foreign"])
def test_of_two_snapshots_the_sound_one_is_taken(left: Path, tmp_path: Path, how: str) -> None:
    place = tmp_path / left.name
    shutil.copytree(left, place)
    newest = sorted((place / FOLDER).iterdir())[-1]
    raw = bytearray(newest.read_bytes())
    if how == "cut":
        del raw[len(raw) // 2 :]
    elif how == "flipped":
        raw[len(raw) // 2] ^= 1
    else:
        raw = bytearray(snapshot.as_file(msgspec.msgpack.encode({**snapshot.read(newest), "header": "another"})))
    newest.write_bytes(raw)

    found = restarted(left, tmp_path)

    assert "snapshot" in found.source
    assert not newest.exists()
    assert len(found.run.snapshots.refused) == 1  # type: ignore[union-attr]
    assert found.state == restarted(left, tmp_path / "whole", seconds=0).state


def test_a_snapshot_that_the_journal_behind_it_does_not_bear_out_is_refused(left: Path, tmp_path: Path) -> None:
    place = tmp_path / left.name
    shutil.copytree(left, place)
    *_, before, newest = sorted((place / FOLDER).iterdir())
    newest.unlink()
    saved = snapshot.read(before)
    saved["state"]["engine"]["turns"] += 1
    before.write_bytes(snapshot.as_file(msgspec.msgpack.encode(saved)))

    found = restarted(left, tmp_path)

    assert found.source == WHOLE
    assert "made again it is" in found.run.snapshots.refused[0]  # type: ignore[union-attr]
    assert found.state == restarted(left, tmp_path / "whole", seconds=0).state


def test_without_a_sound_snapshot_the_whole_journal_is_taken(left: Path, tmp_path: Path) -> None:
    place = tmp_path / left.name
    shutil.copytree(left, place)
    (place / FILE).write_bytes((place / FILE).read_bytes()[:40])  # no log, so no venue

    found = restarted(left, tmp_path)

    assert found.source == WHOLE
    assert len(found.run.snapshots.refused) == 2  # type: ignore[union-attr]


def test_a_venue_that_keeps_no_log_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    found = Snapshots(tmp_path, Codec(), [], 1.0)
    venue = RecordedVenue(Recording(iter(())), lambda: 0)

    assert found.logged(venue) is venue
    assert "cannot be made again" in found.problem


def test_a_stage_whose_attributes_share_something_is_not_saved(left: Path, tmp_path: Path) -> None:
    engine = restarted(left, tmp_path).engine
    stage = engine.pipeline.nodes[0].stage
    stage.twice = stage.once = [1]

    with pytest.raises(StageError, match="'once' holds what another attribute holds too"):
        snapshot.of_engine(engine)


def test_a_snapshot_that_is_cut_or_flipped_at_any_byte_is_refused(left: Path, tmp_path: Path) -> None:
    raw = sorted((left / FOLDER).iterdir())[-1].read_bytes()
    path = tmp_path / "1.hls"
    path.write_bytes(raw)
    snapshot.read(path)
    damaged = [raw[:size] for size in range(0, len(raw), 7)] + [raw + b"\0"]
    for place in range(0, len(raw), 3):
        damaged.append(raw[:place] + bytes([raw[place] ^ (1 << place % 8)]) + raw[place + 1 :])
    for bad in damaged:
        path.write_bytes(bad)
        with pytest.raises(JournalError, match="cut or damaged"):
            snapshot.read(path)


class Told(Acme):
    """A connection that notes from when on it is to fill what was missed."""

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        super().__init__(wanted, World(), port=1)
        self.since: dict[Wanted, int] = {}

    def go_on(self, wanted: Wanted, since: int) -> None:
        self.since[wanted] = since


def test_a_feed_that_had_told_nothing_yet_is_filled_from_the_start_of_the_run(left: Path, tmp_path: Path) -> None:
    found = restarted(left, tmp_path)
    run, trades, bars = found.run, Wanted(Trade, COIN.instrument), Wanted(Bar, COIN.instrument, "1m")
    thin = Wanted(Trade, "THINZAR.ACME")
    run.wanted |= {bars: "bars", thin: "thin"}
    told = Told(list(run.wanted))
    run.made = Made(told, "acme")
    assert run.plan is not None

    go_on(run, found.engine.now, found.source)

    start, minute = run.plan.start, 60 * 10**9
    assert told.since == {
        trades: run.session.latest.until[trades],
        thin: start,
        bars: start // minute * minute - minute,
    }
    assert run.session.latest.until[trades] > start


def test_what_follows_a_kill_is_younger_than_all_that_came_before_it_whatever_the_clock_says(
    left: Path, tmp_path: Path
) -> None:
    found = restarted(left, tmp_path)  # in 1970
    go_on(found.run, found.engine.now, found.source)

    assert found.run.session.control("pause", "all") > found.engine.now
