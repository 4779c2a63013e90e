"""What can go wrong between us and VALR, as kinds of the engine's errors.

DataError
└── WireError          what came is not what VALR says it sends; the message names the field
ConfigError
├── PairError          VALR does not know the pair (code -21)
├── RequestError       VALR refuses the request for good (-11, -113, any other 4xx)
└── AccessError        key or signature are refused (401, 403, -11252, -11268); never retried
NotAvailableError
└── UnreachableError   no whole answer after all attempts: a dead line, 5xx, HTML, 429, maintenance
"""

from __future__ import annotations

from helios_engine.errors import ConfigError, DataError, NotAvailableError


class WireError(DataError):
    """A message or a body is not what VALR says it sends; nothing of it is used."""


class RequestError(ConfigError):
    """VALR refuses the request, and would refuse it again. `code` is VALR's own, 0 where it gave none."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class PairError(RequestError):
    """VALR does not know the pair."""


class AccessError(RequestError):
    """VALR refuses the key or the signature. Asking again would only look like an attack."""


class UnreachableError(NotAvailableError):
    """No whole answer came after all attempts that are allowed."""
