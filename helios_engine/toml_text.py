"""Configs as TOML text, from the tables that `tomllib` reads."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(table: Mapping[str, Any]) -> str:
    """Text that `tomllib` reads back as `table`: plain keys, then a `[section]` a table, `[[x]]` for a list of them.

    TypeError for a value that TOML has no form for.
    """
    plain = {key: value for key, value in table.items() if not _is_section(value)}
    blocks = ["".join(f"{_key(key)} = {_value(value)}\n" for key, value in plain.items())] if plain else []
    for key, value in table.items():
        if not _is_section(value):
            continue
        header, parts = (f"[{_key(key)}]", [value]) if isinstance(value, Mapping) else (f"[[{_key(key)}]]", value)
        for part in parts:
            blocks.append(header + "\n" + "".join(f"{_key(k)} = {_value(v)}\n" for k, v in part.items()))
    return "\n".join(blocks)


def _is_section(value: Any) -> bool:
    is_tables = isinstance(value, list) and bool(value) and all(isinstance(part, Mapping) for part in value)
    return isinstance(value, Mapping) or is_tables


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(text: str) -> str:
    # JSON's escapes are TOML's, and it leaves only the delete character as it is, which TOML does not allow.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case int() | float():
            return repr(value)
        case datetime() | date() | time():
            return value.isoformat()
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case Mapping():
            inside = ", ".join(f"{_key(key)} = {_value(part)}" for key, part in value.items())
            return f"{{ {inside} }}" if inside else "{}"
    raise TypeError(f"expected what TOML can hold, found {value!r}")
