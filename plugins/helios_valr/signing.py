"""Signatures of private requests: lowercase hex HMAC-SHA512 over time, verb, path, body and subaccount.

Source: VALR's documentation, "Authentication". The path is the one on the wire, query included, byte for byte, and
the body is the bytes that are sent: JSON with other spaces has another signature.
"""

from __future__ import annotations

import hashlib
import hmac

from helios_engine.errors import ConfigError


class Secret:
    """A key or secret that does not show itself in logs, tracebacks or a repr."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise ConfigError(
                "an API key or secret of VALR: expected printable ASCII without spaces; its value is not shown"
            )
        self._text = text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not copied into files")

    def reveal(self) -> str:
        """The text itself; for a header or a signature and nothing else."""
        return self._text


def sign(secret: Secret, milliseconds: int, verb: str, path: str, body: bytes = b"", subaccount: str = "") -> str:
    """The signature of one request at `milliseconds` since 1970; 128 hex digits."""
    told = f"{milliseconds}{verb.upper()}{path}".encode() + body + subaccount.encode()
    return hmac.new(secret.reveal().encode(), told, hashlib.sha512).hexdigest()


def headers(
    key: Secret, secret: Secret, milliseconds: int, verb: str, path: str, body: bytes = b"", subaccount: str = ""
) -> dict[str, str]:
    """What a signed request carries. `subaccount` is for a primary account's key only; a subaccount's own sends none.

    For a websocket the verb is GET, the path that of the socket and the body empty.
    """
    found = {
        "Content-Type": "application/json",
        "X-VALR-API-KEY": key.reveal(),
        "X-VALR-SIGNATURE": sign(secret, milliseconds, verb, path, body, subaccount),
        "X-VALR-TIMESTAMP": str(milliseconds),
    }
    if subaccount:
        found["X-VALR-SUB-ACCOUNT-ID"] = subaccount
    return found
