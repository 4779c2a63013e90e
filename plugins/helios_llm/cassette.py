"""Recorded replies, found by what was asked; a reply that was not recorded is an error, never a call."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from helios_engine.bodies import LlmReply, LlmRequest
from helios_engine.errors import DataError, NotAvailableError, StorageError


class Cassette:
    """Answers a request with the recorded reply to the same words.

    `cassette` is a file of JSON lines, one a reply: `{"key": …, "request": {…}, "text": …}`. The request
    is `{"model", "prompt", "schema", "system"}` and the key the sha256, in hex, of its canonical JSON
    (keys sorted, no spaces, ASCII). The order of lines does not matter; of two with one key the later
    wins. Raises NotAvailableError for what was not recorded, DataError for a line that is not whole.
    """

    handles = LlmRequest

    def __init__(self, cassette: Path) -> None:
        self.path = cassette
        self.texts = read(cassette)

    def answer(self, body: LlmRequest) -> LlmReply:
        """The recorded reply; NotAvailableError if these words were never recorded."""
        key = key_of(question(body))
        if key not in self.texts:
            raise NotAvailableError(
                f"{self.path}: no reply recorded for LlmRequest {body.id} (key {key[:12]}…, model {body.model}) among "
                f"{len(self.texts)}; record one by a run whose effect has record = {str(self.path)!r}"
            )
        return LlmReply(body.id, body.model, self.texts[key])


def question(request: LlmRequest) -> dict[str, str]:
    """What was asked, whatever the id."""
    return {
        "model": request.model,
        "system": request.system,
        "prompt": request.prompt,
        "schema": request.reply_schema,
    }


def key_of(asked: dict[str, str]) -> str:
    """The sha256 of the canonical JSON of a question, in hex."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def append(path: Path, request: LlmRequest, text: str) -> None:
    """Add a reply as one whole line, durable when this returns; StorageError if it cannot be written."""
    asked = question(request)
    line = json.dumps({"key": key_of(asked), "request": asked, "text": text}, sort_keys=True).encode() + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            # One write under O_APPEND: two runs that record into one file do not mix their lines.
            written = os.write(handle, line)
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise StorageError(f"{path}: the reply to {request.id} cannot be recorded: {error}") from error
    if written < len(line):
        raise StorageError(
            f"{path}: only {written} of {len(line)} bytes of the reply to {request.id} were written; "
            "free disk space and remove the last line"
        )


def read(path: Path) -> dict[str, str]:
    """Every recorded text by its key; DataError names the line that is not one."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise NotAvailableError(f"{path}: no such cassette; record one by a run whose effect sets `record`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: expected a cassette of JSON lines, which cannot be read: {error}") from None
    texts: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            key, text = _entry(line, f"{path}:{number}")
            texts[key] = text
    return texts


def _entry(line: str, where: str) -> tuple[str, str]:
    try:
        entry = json.loads(line)
        key, asked, text = entry["key"], entry["request"], entry["text"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{where}: expected an object with key, request and text, found {line[:40]!r} ({error!r}); "
            "remove the line and record its reply again"
        ) from None
    if not isinstance(text, str) or not isinstance(asked, dict) or key != key_of(asked):
        raise DataError(f"{where}: the key is not that of the request; the line was changed: record its reply again")
    return key, text
