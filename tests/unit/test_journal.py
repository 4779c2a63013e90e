from __future__ import annotations

import errno
import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import Fill, Signal, Target
from helios_engine.codec import Codec, UnknownBody
from helios_engine.errors import BuildError, JournalError, StorageError
from helios_engine.events import Body
from helios_engine.files import storage_error
from helios_engine.journal import Chain, Journal, JournalReader
from helios_engine.journal.frames import FrameWriter, read_frames
from helios_engine.stage import BodySpec

FILL = Fill("1", "V-1", "BTCZAR.VALR", "BUY", Decimal("0.5"), Decimal("100"), Decimal("0.1"), "ZAR", "TAKER")


class Mood(Body, frozen=True):
    """A plugin's own body."""

    value: float


def write(path: Path, outputs: int = 3) -> dict[str, str]:
    journal = Journal(path, ["one", "two"], Codec())
    journal.header({"name": "test"})
    journal.input(4, 10, "venue", 0, FILL)
    for number in range(outputs):
        journal.output(0, number, Signal("X", float(number)), ("feed", number))
        journal.output(1, number, Target("X", float(number)), ("feed", number))
    heads = journal.heads({"feed": ("abc", outputs)})
    journal.close("complete", heads)
    return heads


def test_a_journal_gives_back_header_inputs_decisions_and_heads(tmp_path: Path) -> None:
    heads = write(tmp_path / "j")

    reader = JournalReader(tmp_path / "j", Codec())

    assert reader.header() == {"schema": 2, "name": "test"}
    assert list(reader.inputs()) == [(4, 10, "venue", 0, FILL)]
    assert [(o.stage, o.body, o.cause) for o in reader.outputs()] == [
        ("two", Target("X", float(n)), ("feed", n)) for n in range(3)
    ]
    assert reader.end() == ("complete", heads)


def test_derived_outputs_are_hashed_and_not_stored(tmp_path: Path) -> None:
    write(tmp_path / "j", outputs=5000)

    chunks = [c for c in JournalReader(tmp_path / "j", Codec()).chunks() if c.chain == "stage.one"]

    assert [c.outputs for c in chunks] == [4096, 5000]


def test_every_head_says_something_else_about_the_run(tmp_path: Path) -> None:
    heads = [write(tmp_path / str(n), outputs=n) for n in (3, 4)]

    assert [name for name in heads[0] if heads[0][name] == heads[1][name]] == ["venue"]


@given(st.lists(st.binary(max_size=20), max_size=50), st.integers(1, 7))
def test_a_head_does_not_depend_on_where_chunks_end(raws: list[bytes], step: int) -> None:
    one, other = Chain("a"), Chain("b")
    for number, raw in enumerate(raws):
        one.add(number, raw)
        other.add(number, raw)
        if number % step == 0:
            other.close()

    assert one.head == other.head


@given(st.lists(st.binary(max_size=8), max_size=300), st.integers(0, 300))
def test_a_chain_that_is_saved_and_restored_comes_to_the_same_head(raws: list[bytes], cut: int) -> None:
    whole, before, after = Chain("a"), Chain("a"), Chain("a")
    for number, raw in enumerate(raws):
        whole.add(number, raw)
    for number, raw in enumerate(raws[:cut]):
        before.add(number, raw)
    after.restore(before.save())
    for number, raw in enumerate(raws[cut:], min(cut, len(raws))):
        after.add(number, raw)

    assert after.save() == whole.save()
    assert (after.head, after.close()) == (whole.head, whole.close())


def test_a_journal_cut_at_any_byte_gives_an_exact_prefix_or_a_refusal(tmp_path: Path) -> None:
    writer = FrameWriter(tmp_path / "whole")
    for number in range(20):
        writer.append(["record", number])
        writer.flush()
    writer.close()
    whole = (tmp_path / "whole").read_bytes()
    expected = list(read_frames(tmp_path / "whole"))

    for length in range(len(whole)):
        (tmp_path / "cut").write_bytes(whole[:length])
        try:
            found = list(read_frames(tmp_path / "cut", salvage=True))
        except JournalError as error:
            assert length < 17, error
            continue
        assert found == expected[: len(found)]


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    write(tmp_path / "j")
    damaged = bytearray((tmp_path / "j").read_bytes())
    damaged[60] ^= 1
    (tmp_path / "j").write_bytes(damaged)

    with pytest.raises(JournalError, match="frame 0 is cut or damaged"):
        JournalReader(tmp_path / "j", Codec()).end()


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "j").write_text("hello")

    with pytest.raises(JournalError, match="is not a Helios journal"):
        JournalReader(tmp_path / "j", Codec()).header()


def test_a_full_disk_ends_in_a_clear_error_and_a_readable_journal(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    pid = os.fork()
    if pid == 0:  # a process of its own: the limit on file size cannot be raised again
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
        code = 1
        writer = FrameWriter(tmp_path / "j")
        try:
            for _ in range(100):
                writer.append([os.urandom(300)])
                writer.flush()
        except StorageError:
            code = 42
        os._exit(code)
    _, status = os.waitpid(pid, 0)

    assert os.waitstatus_to_exitcode(status) == 42
    assert len(list(read_frames(tmp_path / "j"))) > 5


def test_a_frame_that_was_written_in_part_is_taken_back_and_written_once_there_is_room(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    pid = os.fork()
    if pid == 0:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        writer = FrameWriter(tmp_path / "j")
        writer.append(["first"])
        writer.flush()
        whole = (tmp_path / "j").stat().st_size
        writer.append([os.urandom(5000)])
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, most))
        code = 1
        try:
            writer.flush()
        except StorageError:
            code = 42 if (tmp_path / "j").stat().st_size == whole else 2
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        writer.append(["last"])
        writer.close()
        os._exit(code)
    _, status = os.waitpid(pid, 0)

    assert os.waitstatus_to_exitcode(status) == 42
    records = list(read_frames(tmp_path / "j"))
    assert [len(record[0]) for record in records] == [5, 5000, 4]


def test_errors_of_the_disk_are_told_apart(tmp_path: Path) -> None:
    assert "no space left" in str(storage_error(tmp_path, OSError(errno.ENOSPC, "full")))
    assert "cannot be written: read-only" in str(storage_error(tmp_path, OSError(errno.EROFS, "read-only")))


def test_a_plugins_body_is_read_without_the_plugin(tmp_path: Path) -> None:
    codec = Codec([BodySpec(Mood, "news.Mood/1")])
    journal = Journal(tmp_path / "j", ["one"], codec)
    journal.header({})
    journal.input(0, 1, "news", 0, Mood(0.5))
    journal.close("complete", {})

    body = next(JournalReader(tmp_path / "j", Codec()).inputs()).body

    assert isinstance(body, UnknownBody)
    assert (body.tag, body.as_dict()) == ("news.Mood/1", {"value": 0.5})


@pytest.mark.parametrize("tag", ["Mood", "news.Mood", "news.Mood/x", ".Mood/1"])
def test_a_tag_without_plugin_name_and_version_is_refused(tag: str) -> None:
    with pytest.raises(BuildError, match=r"must read 'plugin.Name/version'"):
        Codec([BodySpec(Mood, tag)])
