"""Tables come back with a UTC index and exact nanoseconds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from helios_engine.errors import JournalError
from helios_engine.report.frames import Frames
from tests.unit.report.run_folders import START, write_run


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    folder = tmp_path_factory.mktemp("run")
    write_run(folder, days=30)
    return Frames(folder)


@pytest.mark.parametrize("name", ["equity", "fills", "trades", "legs", "prices", "orders", "volumes"])
def test_every_table_has_a_utc_index_in_nanoseconds(frames: Frames, name: str) -> None:
    frame = getattr(frames, name)

    assert str(frame.index.dtype) == "datetime64[ns, UTC]"
    assert not frame.empty


def test_the_first_mark_is_the_start_of_the_run(frames: Frames) -> None:
    assert frames.equity.index[0].value == START


def test_an_open_trip_has_no_exit_and_closed_ones_have_exact_times(frames: Frames) -> None:
    trades = frames.trades

    assert trades["exit_ts"].isna().tolist() == trades["is_open"].tolist()
    closed = trades[~trades["is_open"]]
    assert ((closed["exit_ts"] - closed.index.to_series(index=closed.index)) == closed["duration"]).all()
    assert isinstance(trades["duration"].iloc[0], pd.Timedelta)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"equity\.parquet: not there"):
        _ = Frames(tmp_path).equity


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "equity.parquet").write_bytes(b"PAR1 and then nothing of use PAR1")

    with pytest.raises(JournalError, match=r"equity\.parquet: cannot be read"):
        _ = Frames(tmp_path).equity


def test_has_says_whether_a_table_was_written(frames: Frames, tmp_path: Path) -> None:
    assert (frames.has("equity"), Frames(tmp_path).has("equity")) == (True, False)
