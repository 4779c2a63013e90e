"""What a request asks for, read strictly, and VALR's way of saying no."""

from __future__ import annotations

from helios_valr.moments import of_iso

Query = dict[str, str]


class RefusedError(Exception):
    """VALR says no: its code and the status of HTTP."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def whole(query: Query, name: str, default: int, most: int | None = None) -> int:
    """A whole number, at most `most`."""
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise RefusedError(-11, f"{name} must be a whole number")
    if most is not None and int(text) > most:
        raise RefusedError(-11, f"{name} must be at most {most}")
    return int(text)


def moment(query: Query, name: str, default: int) -> int:
    """A time in ns UTC from ISO 8601; without a zone it is UTC."""
    if name not in query:
        return default
    try:
        return of_iso(query[name])
    except ValueError:
        raise RefusedError(-11, f"{name} must be a time in ISO 8601") from None


def truth(query: Query, name: str) -> bool:
    """`true` or `false`, the latter if nothing is said."""
    if query.get(name, "false") not in ("true", "false"):
        raise RefusedError(-11, f"{name} must be true or false")
    return query.get(name) == "true"
