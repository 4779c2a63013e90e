"""A terminal as small as can be: what a process writes to it, as people see it."""

from __future__ import annotations

import re

_PIECE = re.compile(r"\x1b\[(?P<private>\?)?(?P<number>\d*)(?P<letter>[A-Za-z])|(?P<text>[^\x1b])", re.DOTALL)


class Screen:
    """Knows what a status block uses: lines, returns, up, erase to the end, and whether lines wrap."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows: list[str] = [""]
        self.row = self.column = self.longest = 0
        self.wraps = True

    def write(self, text: str) -> None:
        for piece in _PIECE.finditer(text):
            self._text(piece["text"]) if piece["text"] else self._control(piece)

    def _text(self, letter: str) -> None:
        if letter == "\r":
            self.column = 0
        elif letter == "\n":
            self.row += 1
            self.rows += [""] * (self.row + 1 - len(self.rows))
        else:
            if self.column >= self.columns:
                assert self.wraps, "text beyond the edge of the terminal"
                self._text("\n")
                self.column = 0
            line = self.rows[self.row].ljust(self.column)
            self.rows[self.row] = line[: self.column] + letter + line[self.column + 1 :]
            self.column += 1

    def _control(self, piece: re.Match[str]) -> None:
        match piece["letter"]:
            case "A":
                self.row = max(0, self.row - int(piece["number"] or 1))
            case "K":
                self.rows[self.row] = self.rows[self.row][: self.column]
            case "J":
                self.rows[self.row] = self.rows[self.row][: self.column]
                del self.rows[self.row + 1 :]
            case "h" | "l" if piece["number"] == "7":
                self.wraps = piece["letter"] == "h"
            case "m":
                pass  # colours of the summary
            case other:
                raise AssertionError(f"a status block does not use {other!r}")
