"""Record raw frames before they are read, so that a parser's mistake loses nothing; see docs/recording.md."""

from helios_engine.recorder.entries import Frame, Gap, Mark
from helios_engine.recorder.limits import Limits
from helios_engine.recorder.log import LogReader
from helios_engine.recorder.recorder import Recorder

__all__ = ["Frame", "Gap", "Limits", "LogReader", "Mark", "Recorder"]
