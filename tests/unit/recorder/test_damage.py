"""A log that was cut or damaged gives what is whole and names what is not; never a frame that was not recorded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helios_engine.errors import HeliosError, JournalError
from helios_engine.journal.framing import pack
from helios_engine.recorder import Frame, Gap, Limits, LogReader, Mark, Recorder
from helios_engine.recorder.entries import encode
from helios_engine.recorder.segment import Name, SegmentFile, name_of, segments

ROOMY = Limits(warn_free=0, stop_free=0)
ENTRIES = [b"one", b"two" * 3, b"", b"four"]


def record(folder: Path, raws: list[bytes], limits: Limits = ROOMY) -> Path:
    with Recorder(folder, limits, wall=lambda: 1000, monotonic=lambda: 5) as recorder:
        for raw in raws:
            recorder.record(raw, "c")
            recorder.flush()
    return segments(folder)[0]


def said(folder: Path) -> list[Frame | Gap | Mark]:
    return list(LogReader(folder).entries())


def check(found: list[Frame | Gap | Mark], whole: list[Frame | Gap | Mark]) -> None:
    """Every frame is one of the whole log's, in its place; what is missing before the end is named."""
    expected = 0
    for entry in found:
        assert entry.seq == expected
        if isinstance(entry, Gap):
            assert entry.count
            assert entry.count > 0
            expected += entry.count
        else:
            assert entry == whole[entry.seq]
            expected += 1
    assert expected <= len(whole)


def test_a_log_cut_at_any_byte_gives_an_exact_prefix_and_goes_on_in_a_new_segment(tmp_path: Path) -> None:
    path = record(tmp_path / "whole", ENTRIES)
    data, whole = path.read_bytes(), said(tmp_path / "whole")
    for length in range(len(data)):
        folder = tmp_path / "cut"
        folder.mkdir()
        (folder / path.name).write_bytes(data[:length])
        prefix = said(folder)
        assert prefix == whole[: len(prefix)]
        if length % 9 == 0:  # to start a recorder takes a hundred times as long as to read
            with Recorder(folder, ROOMY) as recorder:
                recorder.record(b"later", "c")
            after = said(folder)
            has_header = (folder / path.name).exists()
            assert after[: len(prefix)] == prefix
            assert [type(e) for e in after[len(prefix) :]] == ([Gap, Frame] if has_header else [Frame])
            assert data[:length].endswith(b"".join(p.read_bytes() for p in folder.glob("*.torn")))
        shutil.rmtree(folder)


def test_any_flipped_bit_costs_one_entry_at_most_and_never_makes_another(tmp_path: Path) -> None:
    path = record(tmp_path / "whole", ENTRIES)
    data, whole = path.read_bytes(), said(tmp_path / "whole")
    folder = tmp_path / "flipped"
    folder.mkdir()
    lost = 0
    for bit in range(len(data) * 8):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        (folder / path.name).write_bytes(damaged)

        found = said(folder)

        check(found, whole)
        missing = [e for e in whole if e not in found]
        assert len(missing) <= 1
        lost += len(missing)
        file = SegmentFile(folder / path.name)
        list(file.frames())
        assert file.damage > 0
    assert lost > len(whole) * 8


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_damage_of_any_kind_gives_no_frame_that_was_not_recorded(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("log")
    raws = data.draw(st.lists(st.binary(max_size=200), min_size=1, max_size=8))
    path = record(folder, raws, Limits(segment_bytes=300, warn_free=0, stop_free=0))
    whole = said(folder)
    path = data.draw(st.sampled_from(segments(folder)))
    content = bytearray(path.read_bytes())
    begin = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(begin, len(content)))
    content[begin:end] = data.draw(st.binary(max_size=60))
    path.write_bytes(content)

    try:
        found = said(folder)
    except HeliosError:
        return

    check(found, whole)


def test_a_missing_segment_is_a_gap_of_known_length(tmp_path: Path) -> None:
    record(tmp_path, [b"%d" % n for n in range(30)], Limits(segment_bytes=400, warn_free=0, stop_free=0))
    second, third = segments(tmp_path)[1:3]
    second.unlink()

    gaps = [e for e in said(tmp_path) if isinstance(e, Gap)]

    assert [(g.seq, g.count) for g in gaps] == [
        (name_of(second).first_seq, name_of(third).first_seq - name_of(second).first_seq)
    ]


def test_a_frame_inside_a_frame_is_not_read_as_one_behind_damage(tmp_path: Path) -> None:
    """A venue that sent bytes like our own, for the very offset they would lie at, knows everything but the key."""
    guess = Name(1, 0, b"\0\0\0\0")
    forged = encode(Frame(1, 1, 1, "c", "in", b"forged"))
    raws = [b"".join(pack(forged, guess.key, offset, guess.seed) for offset in range(100, 400)), b"true"]
    path = record(tmp_path, raws)
    damaged = bytearray(path.read_bytes())
    damaged[damaged.index(b"frame") - 3] ^= 1
    path.write_bytes(damaged)

    found = said(tmp_path)

    assert [(type(e), e.seq) for e in found] == [(Gap, 0), (Frame, 1)]
    assert isinstance(found[1], Frame)
    assert found[1].raw == b"true"


def test_a_segment_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = record(tmp_path, [b"x", b"y"])
    shutil.copy(path, path.with_name(path.name.replace("00000001-", "00000002-", 1)))

    with pytest.raises(JournalError, match="a segment is there twice"):
        said(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no such folder"):
        said(tmp_path / "none")


def test_a_reader_beside_a_writer_sees_a_growing_prefix(tmp_path: Path) -> None:
    limits = Limits(segment_bytes=3000, sync_ms=0, warn_free=0, stop_free=0)
    seen = 0
    with Recorder(tmp_path, limits) as recorder:
        for number in range(600):
            recorder.record(b"%d" % number, "c")
            if number % 50 == 0:
                raws = [e.raw for e in said(tmp_path) if isinstance(e, Frame)]
                assert raws == [b"%d" % n for n in range(len(raws))]
                assert len(raws) >= seen
                seen = len(raws)

    assert len(said(tmp_path)) == 600
