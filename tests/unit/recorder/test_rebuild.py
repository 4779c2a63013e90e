from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from helios_engine.bodies import Instrument, Trade
from helios_engine.catalog.store import Catalog
from helios_engine.catalog.tick_feeds import CatalogTrades
from helios_engine.codec import Codec
from helios_engine.errors import DataError, StageError
from helios_engine.events import Body
from helios_engine.recorder import Frame, Gap, LogReader, Mark, Recorder
from helios_engine.recorder.checking import check
from helios_engine.recorder.compaction import FILE, Compaction, compacted
from helios_engine.recorder.parsing import Intake, rebuild, replayed
from helios_engine.recorder.segment import segments
from tests.unit.recorder.acme import SMALL, Other, begin, record, trade_of


def compaction(folder: Path, catalog: Path) -> Compaction:
    return Compaction(folder, Catalog(catalog), begin, Codec())


def trades(catalog: Path) -> list[tuple[int, Body]]:
    return list(CatalogTrades(str(catalog), "BTCZAR.ACME").inputs(0, 2**62))


def test_a_log_parsed_again_gives_the_inputs_and_heads_that_the_live_run_saw(tmp_path: Path) -> None:
    live = record(tmp_path, range(200))

    again = [found for _, _, inputs in replayed(tmp_path, begin) for found in inputs]
    sessions = rebuild(tmp_path, begin)

    assert again == live
    assert [ts for ts, _ in again] == sorted(ts for ts, _ in again)
    assert [(s.session, s.inputs, s.marks, s.differs) for s in sessions] == [(0, len(live), 5, "")]


def test_each_session_begins_its_parser_and_its_chain_anew(tmp_path: Path) -> None:
    one, two = record(tmp_path, range(100)), record(tmp_path, range(100, 200))

    sessions = rebuild(tmp_path, begin)

    assert [(s.inputs, s.differs) for s in sessions] == [(len(one), ""), (len(two), "")]


def test_a_clock_set_back_between_two_sessions_does_not_put_inputs_before_earlier_ones(tmp_path: Path) -> None:
    live = record(tmp_path / "log", range(200, 300))
    live += record(tmp_path / "log", range(100))

    again = [found for _, _, inputs in replayed(tmp_path / "log", begin) for found in inputs]
    compaction(tmp_path / "log", tmp_path / "catalog").run()

    assert again == live
    assert [ts for ts, _ in again] == sorted(ts for ts, _ in again)
    assert all(not session.differs for session in rebuild(tmp_path / "log", begin))
    assert trades(tmp_path / "catalog") == [(ts, body) for ts, body in live if isinstance(body, Trade)]


def test_another_parser_is_told_where_it_differs_first(tmp_path: Path) -> None:
    record(tmp_path, range(200))

    (session,) = rebuild(tmp_path, lambda: begin(Other))

    marks = [e.seq for e in LogReader(tmp_path).entries() if isinstance(e, Mark)]
    assert session.differs.startswith(f"at entry {marks[1]}: ")


def test_damage_shows_in_the_heads_and_in_the_check(tmp_path: Path) -> None:
    record(tmp_path, range(200))
    path = segments(tmp_path)[1]
    damaged = bytearray(path.read_bytes())
    damaged[300] ^= 4
    path.write_bytes(damaged)

    wrong = [one.name for one in check(tmp_path) if one.wrong]
    (session,) = rebuild(tmp_path, begin)

    assert wrong == [path.name]
    assert session.differs


def test_a_log_whose_first_header_is_lost_is_parsed_as_it_was(tmp_path: Path) -> None:
    live = record(tmp_path, range(200))
    path = segments(tmp_path)[0]
    damaged = bytearray(path.read_bytes())
    damaged[30] ^= 4
    path.write_bytes(damaged)

    assert [one.wrong.split("; ")[1] for one in check(tmp_path) if one.wrong] == ["its header is lost"]
    assert [found for _, _, inputs in replayed(tmp_path, begin) for found in inputs] == live
    assert [session.differs for session in rebuild(tmp_path, begin)] == [""]


def test_a_segment_that_was_changed_and_sealed_again_does_not_fit_the_next(tmp_path: Path) -> None:
    record(tmp_path / "a", range(200))
    record(tmp_path / "b", range(1, 201))
    first, other = segments(tmp_path / "a")[0], segments(tmp_path / "b")[0]
    first.unlink()
    (tmp_path / "a" / other.name).write_bytes(other.read_bytes())

    assert any("not what it goes on from" in one.wrong for one in check(tmp_path / "a"))


def test_a_parser_that_fails_names_the_entry_and_the_frame_is_recorded(tmp_path: Path) -> None:
    with Recorder(tmp_path, SMALL) as recorder:
        intake = Intake(recorder, begin())
        intake.take(b"I", "public")
        with pytest.raises(StageError, match="failed at entry 1: ValueError"):
            intake.take(b"T,not,enough", "public")

    assert [f.raw for f in LogReader(tmp_path).frames()] == [b"I", b"T,not,enough"]


def test_sealed_segments_are_in_the_catalog_as_they_were_seen_live(tmp_path: Path) -> None:
    live = record(tmp_path / "log", range(200))

    done = compaction(tmp_path / "log", tmp_path / "catalog").run()

    assert trades(tmp_path / "catalog") == [(ts, body) for ts, body in live if isinstance(body, Trade)]
    assert sum(one.rows for one in done) == len(live)
    assert [one.segment for one in done] == [p.name for p in segments(tmp_path / "log")]
    assert compaction(tmp_path / "log", tmp_path / "catalog").run() == []


def test_raw_goes_only_with_its_whole_session_and_what_follows_goes_on(tmp_path: Path) -> None:
    log, catalog = tmp_path / "log", tmp_path / "catalog"
    live = record(log, range(150))
    second = record(log, range(150, 300))
    compaction(log, catalog).run(remove=True)
    kept = [name.name for name in segments(log)]
    third = record(log, range(300, 350))
    compaction(log, catalog).run(remove=True)

    assert {one.segment for one in compacted(log)} > set(kept)
    assert len(rebuild(log, begin)) == 1
    assert trades(catalog) == [(ts, b) for ts, b in [*live, *second, *third] if isinstance(b, Trade)]


def test_rows_that_read_back_otherwise_do_not_count(tmp_path: Path) -> None:
    record(tmp_path / "log", range(40))
    record(tmp_path / "other", range(1, 41))
    compaction(tmp_path / "other", tmp_path / "catalog").run()

    with pytest.raises(DataError, match="differ"):
        compaction(tmp_path / "log", tmp_path / "catalog").run(remove=True)

    assert not (tmp_path / "log" / FILE).exists()
    assert segments(tmp_path / "log")


def test_trades_without_a_definition_are_refused(tmp_path: Path) -> None:
    with Recorder(tmp_path / "log", SMALL) as recorder:
        Intake(recorder, begin()).take(trade_of(1), "public")

    with pytest.raises(DataError, match="without its definition"):
        compaction(tmp_path / "log", tmp_path / "catalog").run()


COMPACT = """
import sys
from pathlib import Path
from tests.unit.recorder.test_rebuild import compaction
print("begin", flush=True)
compaction(Path(sys.argv[1]), Path(sys.argv[2])).run(remove=True)
"""


def test_a_compaction_killed_at_any_point_is_done_again_and_ends_the_same(tmp_path: Path) -> None:
    log, catalog = tmp_path / "log", tmp_path / "catalog"
    live = [*record(log, range(400)), *record(log, range(400, 420))]
    moments = random.Random(3)
    for _ in range(int(os.environ.get("KILLS", "30")) // 6):
        with subprocess.Popen([sys.executable, "-c", COMPACT, log, catalog], stdout=subprocess.PIPE) as worker:
            assert worker.stdout is not None
            worker.stdout.readline()
            time.sleep(moments.random() * 0.25)
            worker.kill()

    compaction(log, catalog).run()

    assert trades(catalog) == [(ts, body) for ts, body in live if isinstance(body, Trade)]
    assert sum(one.rows for one in compacted(log)) == len(live)


def test_what_was_left_out_is_told_to_the_parser_at_the_same_place_live_and_again(tmp_path: Path) -> None:
    with Recorder(tmp_path, SMALL) as recorder:
        intake = Intake(recorder, begin())
        live = intake.take(b"I", "public")
        live += intake.take(bytes(1 << 25), "public")
        live += intake.take(trade_of(1), "public")
        live += intake.gap(None, "a new connection")
        intake.mark()

    again = [found for _, _, inputs in replayed(tmp_path, begin) for found in inputs]

    assert again == live
    assert [type(e) for e in LogReader(tmp_path).entries()] == [Frame, Gap, Frame, Gap, Mark]
    assert isinstance(live[0][1], Instrument)
    assert msgspec.structs.asdict(live[1][1])["status"].startswith("gap: a frame of")
