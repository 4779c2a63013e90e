from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from helios_engine.errors import ConfigError, StorageError
from helios_engine.recorder import Frame, Gap, Limits, LogReader, Recorder
from helios_engine.recorder.checking import check
from helios_engine.recorder.entries import LARGEST
from helios_engine.recorder.segment import segments

ROOMY = Limits(warn_free=0, stop_free=0)


def frames(folder: Path) -> list[bytes]:
    return [frame.raw for frame in LogReader(folder).frames()]


def test_what_was_flushed_is_read_back_while_the_recorder_goes_on(tmp_path: Path) -> None:
    with Recorder(tmp_path, ROOMY) as recorder:
        for number in range(100):
            recorder.record(b"%d" % number, "public", "in", recv_ns=1000 + number)
        durable = recorder.flush()
        found = list(LogReader(tmp_path).entries())

    assert durable == 99
    assert [(e.seq, e.recv_ns, e.connection, e.direction, e.raw) for e in found if isinstance(e, Frame)] == [
        (n, 1000 + n, "public", "in", b"%d" % n) for n in range(100)
    ]


def test_full_segments_are_sealed_and_read_as_one_log(tmp_path: Path) -> None:
    limits = Limits(segment_bytes=2000, warn_free=0, stop_free=0)
    with Recorder(tmp_path, limits) as recorder:
        for number in range(500):
            recorder.record(b"%04d" % number * 20, "c")
            if number % 20 == 0:
                recorder.flush()

    assert len(segments(tmp_path)) > 10
    assert frames(tmp_path) == [b"%04d" % number * 20 for number in range(500)]


def test_a_closed_log_goes_on_without_a_gap_and_a_second_recorder_is_refused(tmp_path: Path) -> None:
    with Recorder(tmp_path, ROOMY) as recorder:
        recorder.record(b"one", "c")
        with pytest.raises(StorageError, match="another recorder"):
            Recorder(tmp_path, ROOMY)
    with Recorder(tmp_path, ROOMY) as recorder:
        recorder.record(b"two", "c")

    found = list(LogReader(tmp_path).entries())

    assert [(e.seq, e.raw) for e in found if isinstance(e, Frame)] == [(0, b"one"), (1, b"two")]
    assert len(found) == 2


def test_a_full_queue_leaves_frames_out_and_the_log_says_how_many(tmp_path: Path) -> None:
    stuck, go = threading.Event(), threading.Event()

    def slow(handle: int) -> None:
        stuck.set()
        go.wait(20)
        os.fdatasync(handle)

    limits = Limits(queue_frames=10, sync_ms=0, warn_free=0, stop_free=0)
    armed: list[bool] = []
    recorder = Recorder(tmp_path, limits, sync=lambda h: slow(h) if armed else os.fdatasync(h))
    armed.append(True)
    recorder.record(b"first", "c")
    assert stuck.wait(20)
    taken = [recorder.record(b"%d" % n, "c") for n in range(25)]
    go.set()
    recorder.flush()
    later = recorder.record(b"later", "c")
    recorder.close()

    found = list(LogReader(tmp_path).entries())

    assert [len(t) for t in taken] == [1] * 10 + [0] * 15
    assert [type(e) for e in later] == [Gap, Frame]
    assert [e.count for e in found if isinstance(e, Gap)] == [15]
    assert frames(tmp_path) == [b"first", *(b"%d" % n for n in range(10)), b"later"]
    assert recorder.dropped == 15


def test_a_frame_too_large_to_keep_is_a_gap_and_one_at_the_end_is_said_too(tmp_path: Path) -> None:
    with Recorder(tmp_path, ROOMY) as recorder:
        recorder.record(b"small", "c")
        assert recorder.record(bytes(LARGEST + 1), "c") == ()

    last = list(LogReader(tmp_path).entries())[-1]

    assert isinstance(last, Gap)
    assert (last.count, "is larger than" in last.reason) == (1, True)


@pytest.mark.parametrize(
    "wrong",
    [{"direction": "sideways"}, {"connection": "\ud800"}, {"connection": None}, {"recv_ns": 1.5}, {"recv_ns": 1 << 70}],
)
def test_what_could_not_be_read_back_is_refused_and_harms_no_other_frame(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with Recorder(tmp_path, ROOMY) as recorder:
        recorder.record(b"before", "c")
        with pytest.raises(ConfigError, match="expected bytes"):
            recorder.record(**{"raw": b"x", "connection": "c", **wrong})
        recorder.record(b"after", "c")

    assert frames(tmp_path) == [b"before", b"after"]


def test_a_clock_that_steps_back_is_written_as_it_was_beside_one_that_does_not(tmp_path: Path) -> None:
    clock = iter([500, 10, 400, 300])
    with Recorder(tmp_path, ROOMY, wall=lambda: next(clock, 300)) as recorder:
        for _ in range(3):
            recorder.record(b"x", "c")

    found = list(LogReader(tmp_path).frames())

    assert [f.recv_ns for f in found] == [10, 400, 300]
    assert [f.mono_ns for f in found] == sorted(f.mono_ns for f in found)


def test_a_failed_sync_stops_recording_and_acknowledges_nothing_more(tmp_path: Path) -> None:
    broken: list[bool] = []

    def sync(handle: int) -> None:
        if broken:
            raise OSError(errno.EIO, "Input/output error")
        os.fdatasync(handle)

    alarms: list[str] = []
    recorder = Recorder(tmp_path, ROOMY, sync=sync, alarm=alarms.append)
    recorder.record(b"kept", "c")
    kept = recorder.flush()
    broken.append(True)
    recorder.record(b"doubtful", "c")

    with pytest.raises(StorageError, match="Input/output error"):
        recorder.flush()
    with pytest.raises(StorageError, match="takes nothing more"):
        recorder.record(b"later", "c")
    with pytest.raises(StorageError, match="recording stopped"):
        recorder.close()
    assert recorder.durable == kept
    assert "recording stopped" in alarms[0]


def test_little_room_is_warned_of_and_less_stops_before_anything_is_written(tmp_path: Path) -> None:
    alarms: list[str] = []
    with Recorder(tmp_path / "low", Limits(warn_free=1 << 60, stop_free=0), alarm=alarms.append) as recorder:
        recorder.record(b"x", "c")

    with pytest.raises(StorageError, match="recording stops below"):
        Recorder(tmp_path / "none", Limits(warn_free=1 << 60, stop_free=1 << 60))
    assert len(alarms) == 1
    assert frames(tmp_path / "low") == [b"x"]


FULL = """
import resource, sys
from pathlib import Path
from helios_engine.errors import StorageError
from helios_engine.recorder import Limits, Recorder
margin = 1 << 20 if sys.argv[2] == "margin" else 0
limits = Limits(sync_ms=1, warn_free=2 * margin, stop_free=margin, segment_bytes=1 << 18)
recorder = Recorder(Path(sys.argv[1]), limits, alarm=lambda text: sys.stdout.write(text + chr(10)), on_durable=print)
if sys.argv[2] == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    for number in range(100_000):
        recorder.record(b"%08d" % number * 50, "c")
        if number % 50 == 0:
            recorder.flush()
except StorageError as error:
    sys.stdout.write(f"stopped: {error}" + chr(10))
try:
    recorder.close()
except StorageError:
    print("said")
"""


def check_full(folder: Path, output: str) -> None:
    acknowledged = max(int(line) for line in output.splitlines() if line.isdigit())
    assert "no space left" in output
    assert output.splitlines()[-1] == "said"
    found = [e.raw for e in LogReader(folder).entries() if isinstance(e, Frame)]
    assert found == [b"%08d" % n * 50 for n in range(len(found))]
    assert len(found) > acknowledged > 0


def test_a_file_that_may_not_grow_stops_recording_and_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    found = subprocess.run([sys.executable, "-c", FULL, tmp_path, "limit"], capture_output=True, text=True, check=True)

    check_full(tmp_path, found.stdout)
    with Recorder(tmp_path, ROOMY) as recorder:
        recorder.record(b"again", "c")
    gaps = [e for e in LogReader(tmp_path).entries() if isinstance(e, Gap)]
    assert gaps
    assert "before this one" in gaps[-1].reason


def on_small_disk(folder: Path, size: str, how: str) -> tuple[Path, str]:
    """Record on a disk of so many bytes until it is full; what was left there, and what the process said."""
    mount = ["unshare", "-rm", "sh", "-c"]
    if subprocess.run([*mount, f"mount -t tmpfs -o size=64k t {folder}"], capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here")
    disk, kept = folder / "disk", folder / "kept"
    disk.mkdir()
    script = f'mount -t tmpfs -o size={size} t "$1" && "$2" -c "$3" "$1" {how}; cp -r "$1" "$4"'
    found = subprocess.run(
        [*mount, script, "sh", disk, sys.executable, FULL, kept], capture_output=True, text=True, check=True
    )
    return kept, found.stdout


def test_a_full_disk_stops_recording_and_the_log_says_what_is_missing(tmp_path: Path) -> None:
    kept, out = on_small_disk(tmp_path, "400k", "full")

    check_full(kept, out)
    last = list(LogReader(kept).entries())[-1]
    assert isinstance(last, Gap)
    assert "no space left" in last.reason
    assert last.count
    assert last.count > 0


def test_a_disk_that_fills_up_is_warned_of_and_left_with_a_margin(tmp_path: Path) -> None:
    kept, out = on_small_disk(tmp_path, "4m", "margin")

    said = [line for line in out.splitlines() if not line.isdigit()]
    acknowledged = max(int(line) for line in out.splitlines() if line.isdigit())
    raws = frames(kept)
    assert "bytes are free; recording stops below" in said[0]
    assert any(line.startswith("recording stopped") for line in said[1:])
    assert said[-1] == "said"
    assert raws == [b"%08d" % n * 50 for n in range(len(raws))]
    assert len(raws) > acknowledged > 0
    assert 2.5 * 2**20 < sum(path.stat().st_size for path in kept.iterdir()) < 3.3 * 2**20
    assert [one.sealed for one in check(kept)][-1] == "stopped"
    assert not any(one.wrong for one in check(kept))


@pytest.mark.parametrize("wrong", [{"segment_bytes": 0}, {"sync_ms": -1}, {"queue_bytes": 1}, {"warn_free": 1}])
def test_settings_that_cannot_work_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="recorder"):
        Limits(**wrong)
