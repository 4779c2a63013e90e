"""Recorded replies, found by what was asked; a reply that was not recorded is an error, never a call.

A cassette is JSON lines `{"key", "request", "text"}`; the key is the sha256 of the canonical JSON of
model, system, prompt and reply schema. The order of lines does not matter; a later line wins.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from helios_engine.bodies import LlmReply, LlmRequest
from helios_engine.errors import DataError, NotAvailableError


class Cassette:
    """Answers a request with the recorded reply to the same words."""

    handles = LlmRequest

    def __init__(self, cassette: Path) -> None:
        self.path = cassette
        self.texts = read(cassette)

    def answer(self, body: LlmRequest) -> LlmReply:
        """The recorded reply; NotAvailableError if these words were never recorded."""
        key = key_of(body)
        if key not in self.texts:
            raise NotAvailableError(
                f"no reply recorded in {self.path} for LlmRequest {key[:12]}… (model {body.model}): record one by a run "
                "whose effect has `record` set to this file"
            )
        return LlmReply(body.id, body.model, self.texts[key])


def key_of(request: LlmRequest) -> str:
    """What identifies a question, whatever its id."""
    parts = {"model": request.model, "system": request.system, "prompt": request.prompt, "schema": request.reply_schema}
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def append(path: Path, request: LlmRequest, text: str) -> None:
    """Add a reply as one whole line, durable when this returns."""
    asked = {"model": request.model, "system": request.system, "prompt": request.prompt, "schema": request.reply_schema}
    line = json.dumps({"key": key_of(request), "request": asked, "text": text}, sort_keys=True, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(handle, line.encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


def read(path: Path) -> dict[str, str]:
    """Every recorded reply by its key; DataError names the line that is none."""
    texts: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a readable cassette: {error}; record one by a run with `record` set") from None
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            texts[entry["key"]] = entry["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}:{number}: expected an object with key, request and text: {error!r}") from None
    return texts
