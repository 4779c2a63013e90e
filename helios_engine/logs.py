"""Logs as one JSON object a line, by component, rotated, and without secrets.

Nothing logs on the per-event path; what happens there is in the journal.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

from helios_engine.errors import ConfigError
from helios_engine.settings import Settings

ROOT = "helios_engine"
FILE = "helios.log"
REDACTED = "[secret]"
_SHORTEST = 6
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_needles: set[str] = set()


class Secret:
    """A text that never shows itself; `reveal()` is the only way to it.

    Its value is struck out of every log from then on. ConfigError if it is shorter than six
    characters: striking out so short a text would blank ordinary words.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if len(text) < _SHORTEST:
            raise ConfigError(
                f"a secret has at least {_SHORTEST} characters, this one has {len(text)}; check its value"
            )
        self._text = text
        _needles.update({text, quote(text, safe=""), repr(text)[1:-1], json.dumps(text)[1:-1]})
        _needles.add(json.dumps(text, ensure_ascii=False)[1:-1])

    def reveal(self) -> str:
        """The text itself, for the one call that needs it."""
        return self._text

    def __repr__(self) -> str:
        return REDACTED

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret does not leave its process; store its name, not its value")


def redact(text: str) -> str:
    """`text` with every known secret struck out, plain, quoted or percent-encoded."""
    # Longest first: a secret may be a part of another's encoded form.
    for needle in sorted(_needles, key=len, reverse=True):
        text = text.replace(needle, REDACTED)
    return text


def component(name: str) -> logging.Logger:
    """The logger of a component, such as `catalog` or `venue`; `extra={…}` adds fields."""
    logger = logging.getLogger(f"{ROOT}.{name}")
    if not any(isinstance(known, _Redact) for known in logger.filters):
        logger.addFilter(_Redact())
    return logger


def configure(settings: Settings, folder: str | Path | None = None) -> Path:
    """Send logs to `helios.log` in `folder` (default: the setting `logs`); return the file's path.

    The file and its folder are made with the first line. A second call replaces the first.
    """
    path = Path(settings.logs if folder is None else folder) / FILE
    root = logging.getLogger(ROOT)
    for old in [known for known in root.handlers if isinstance(known, _File)]:
        root.removeHandler(old)
        old.close()
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if name.startswith(f"{ROOT}.") and isinstance(logger, logging.Logger):
            logger.setLevel(logging.NOTSET)
    root.setLevel(settings.log_level)
    for name, level in settings.log_levels.items():
        component(name).setLevel(level)
    file = _File(path, maxBytes=settings.log_bytes, backupCount=settings.log_files, encoding="utf-8", delay=True)
    file.setFormatter(JsonLines())
    file.addFilter(_Redact())
    root.addHandler(file)
    return path


class JsonLines(logging.Formatter):
    """One JSON object a record: `ts` (ISO 8601 UTC), `level`, `component`, `message`, and extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "ts": moment.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "component": record.name.removeprefix(f"{ROOT}."),
            "message": record.getMessage(),
        }
        extra = {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
        # A field may not pass for one of the four above.
        line |= {(f"{key}_" if key in line else key): value for key, value in extra.items()}
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_text or "".join(traceback.format_exception(*record.exc_info))
        if record.stack_info:
            line["stack"] = record.stack_info
        return redact(json.dumps(line, default=repr, ensure_ascii=False))


class _Redact(logging.Filter):
    """Strikes secrets out of the record itself, so that no other handler sees them either."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(_message(record)), ()
        if record.exc_info and record.exc_info[0] is not None and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        for key in ("exc_text", "stack_info"):
            text = getattr(record, key)
            if text:
                setattr(record, key, redact(text))
        for key, value in record.__dict__.items():
            if key not in _STANDARD and isinstance(value, str):
                record.__dict__[key] = redact(value)
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # A filter's error would reach the caller, and a slip in a log line must not stop a run.
        return f"{record.msg} {record.args!r}"


class _File(RotatingFileHandler):
    """A rotating file that makes its folder when it is first written."""

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()
