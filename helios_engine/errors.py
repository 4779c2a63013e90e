"""Everything Helios raises on purpose.

    HeliosError
    ├── ConfigError     the config or a command line is wrong            exit 2
    │   └── ContaminatedError  a model has seen the data of the run      exit 2
    ├── PluginError     a plugin cannot be loaded or is not allowed      exit 2
    ├── BuildError      the pieces do not fit together                   exit 2
    ├── DataError       market data is missing, wrong or unreadable      exit 3
    │   ├── AbsentError  a data set is not in the catalog                exit 3
    │   └── OvertakenError  a data set was written while it was in use   exit 3
    ├── JournalError    a run folder or journal cannot be read           exit 3
    ├── StorageError    the disk is full or a file cannot be written     exit 3
    ├── StageError      a stage broke the contract or raised             exit 1
    ├── VenueError      a simulated venue can no longer be believed      exit 1
    ├── TimeError       an input is older than now                       exit 3
    └── NotAvailableError  something optional is missing or not recorded  exit 4

A message says what was expected, what was found, where, and what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class HeliosError(Exception):
    """The root of every error Helios raises on purpose."""

    exit_code: ClassVar[int] = 1


class ConfigError(HeliosError):
    """A config file, a setting or a command line is wrong."""

    exit_code = 2


class ContaminatedError(ConfigError):
    """An artefact was trained on, or knows, what a run is to find out; says from when on a run could start."""


class PluginError(HeliosError):
    """A plugin cannot be loaded, is blocked, or is not the one that was allowed."""

    exit_code = 2


class BuildError(HeliosError):
    """The stages, feeds and effects of a run do not fit together."""

    exit_code = 2


class DataError(HeliosError):
    """Market data is missing, wrong or unreadable."""

    exit_code = 3


class AbsentError(DataError):
    """A data set is not in the catalog."""


class OvertakenError(DataError):
    """A data set was written by somebody else while it was in use; open it again."""


class JournalError(HeliosError):
    """A run folder or a journal cannot be read."""

    exit_code = 3


class StorageError(HeliosError):
    """The disk is full, or a file cannot be written."""

    exit_code = 3


class StageError(HeliosError):
    """A stage broke the contract or raised; names the stage and the event."""

    exit_code = 1


class VenueError(HeliosError):
    """A simulated venue reached a state that it can no longer be believed in."""

    exit_code = 1


class TimeError(HeliosError):
    """An input is older than now, or carries no usable time."""

    exit_code = 3


class NotAvailableError(HeliosError):
    """Something optional is not installed, or was not recorded."""

    exit_code = 4
