"""What an answer means, by its status, its kind of content and its body; nothing here waits or asks."""

from __future__ import annotations

from typing import Literal

import msgspec

from helios_valr.answers import Refusal
from helios_valr.errors import AccessError, PairError, RequestError

_PAIR = -21
_ACCESS = (-11252, -11268)


class Verdict(msgspec.Struct, frozen=True):
    """`ok`; `again`, for it may work later; `limited`, we asked too often; `refused`, it will never work."""

    kind: Literal["ok", "again", "limited", "refused"]
    reason: str = ""
    code: int = 0


def judge(status: int, body: bytes) -> Verdict:
    """The verdict on an answer to a reading request.

    A `code` in the body is a failure whatever the status says. HTML, an empty body or half a body is a fault on
    the way and may pass; JSON of a wrong shape is not looked at here.
    """
    if status == 429:
        return Verdict("limited", "HTTP 429: too many requests")
    if status >= 500 or status == 408:
        return Verdict("again", f"HTTP {status}: {_shown(body)}")
    code = _code(body)
    if 200 <= status < 300 and code is None:
        trouble = _not_json(body)
        return Verdict("again", f"HTTP {status} with {trouble}") if trouble else Verdict("ok")
    return Verdict("refused", f"HTTP {status}: {_shown(body)}", code or (status if status in (401, 403, 418) else 0))


def error_of(verdict: Verdict, where: str) -> RequestError:
    """The error for a refusal; its message says what VALR said."""
    if verdict.code == _PAIR:
        return PairError(f"{where}: VALR does not know the pair ({verdict.reason}); see /v1/public/pairs", _PAIR)
    if verdict.code in _ACCESS or verdict.code in (401, 403):
        return AccessError(
            f"{where}: VALR refuses access ({verdict.reason}); check key, its rights, and the clock. Not retried",
            verdict.code,
        )
    if verdict.code == 418:
        return RequestError(f"{where}: VALR has banned this address ({verdict.reason}); stop, and ask VALR", 418)
    return RequestError(f"{where}: refused for good ({verdict.reason}); check the request", verdict.code)


def _code(body: bytes) -> int | None:
    """The code of a refusal, or None if the body is none."""
    try:
        return msgspec.json.decode(body, type=Refusal).code
    except (ValueError, RecursionError):
        return None


def _not_json(body: bytes) -> str:
    if not body.strip():
        return "an empty body"
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (ValueError, RecursionError):
        return f"no whole JSON: {_shown(body)}"
    return ""


def _shown(body: bytes) -> str:
    return " ".join(body[:300].decode("utf-8", "replace").split()) or "no reason given"
