"""Where a key stands in a TOML file, and which known key was probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import Path

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")


def place(path: Path, text: str, header: str, key: str) -> str:
    """`file:line` of `key` under `header` (`[run]`, or `[[stage]] 3` for the third); else the header's line."""
    wanted, _, number = header.partition(" ")
    count = 0
    inside = header == ""
    found = 0
    for line_number, line in enumerate(text.splitlines(), 1):
        match = _HEADER.match(line)
        if match:
            title = f"{match[1]}{match[2]}{']' * len(match[1])}"
            if header == "" and match[2].partition(".")[0] == key:
                return f"{path}:{line_number}"
            count += title == wanted
            inside = title == wanted and (not number or count == int(number))
            found = line_number if inside else found
        elif inside and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line):
            return f"{path}:{line_number}"
    return f"{path}:{found}" if found else str(path)


def nearest(key: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known key, or all of them."""
    choices = sorted(known)
    close = difflib.get_close_matches(key, choices, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(choices)}"
