"""Work outside the pipeline: asked by a request body, answered by a reply body."""

from __future__ import annotations

from helios_engine.events import Body


class PredictRequest(Body, frozen=True):
    """Ask `model` for a prediction; `values` and `mask` are those of `Features`."""

    id: str
    model: str
    instrument: str
    schema: str
    values: bytes
    mask: bytes


class LlmRequest(Body, frozen=True):
    """Ask a language model; `reply_schema` is the JSON schema that its answer must obey."""

    id: str
    model: str
    system: str
    prompt: str
    reply_schema: str


class LlmReply(Body, frozen=True):
    """The raw text that came back for the `LlmRequest` with this id; empty with an `error`."""

    request_id: str
    model: str
    text: str
    error: str = ""
