"""Signatures of private requests: lowercase hex HMAC-SHA512 over time, verb, path, body and subaccount.

Source: VALR's documentation, "Authentication". The path is the one on the wire, query included, byte for byte, and
the body is the bytes that are sent: JSON with other spaces has another signature.
"""

from __future__ import annotations

import hashlib
import hmac

from helios_engine.errors import ConfigError
from helios_engine.logs import Secret


def credential(text: str) -> Secret:
    """An API key or its secret, struck out of every log from now on.

    ConfigError, without the text, for what can be none: anything but printable ASCII without spaces, or too short.
    """
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigError(
            "an API key or secret of VALR: expected printable ASCII without spaces; its value is not shown"
        )
    return Secret(text)


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
