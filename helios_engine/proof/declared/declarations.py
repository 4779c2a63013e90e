"""A stage's declaration held against the reactions of its outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from helios_engine.proof.findings import Finding, Part
from helios_engine.stage import Depends


class Heard(msgspec.Struct):
    """What a stage heard, and what it said to each, as bytes under tags; its declaration and where it is written."""

    plugin: str
    where: str
    depends: dict[str, tuple[str, ...]]
    events: list[tuple[int, int, str, str, bytes]] = []
    outputs: list[list[tuple[str, bytes]]] = []


def matrix_of(reacted: dict[str, Any], outputs: list[str]) -> dict[str, dict[str, bool]]:
    """For every output and input, whether a change of the input was seen to change the output."""
    return {output: {column: _moved(output, found) for column, found in reacted.items()} for output in outputs}


def _moved(output: str, found: dict[str, Any]) -> bool:
    """Whether an output changed, or whether it came at all did."""
    return output in found or output.partition(".")[0] in found


def judged(part: Part, heard: Heard, found: dict[str, Any]) -> Iterator[Finding]:
    """The findings of one stage: undeclared inputs that matter, and declared ones that never do."""
    depends, reacted, outputs = Depends(heard.depends), found["reacted"], found["outputs"]
    for output in outputs:
        if not depends.speaks_of(output):
            continue
        for column, changes in reacted.items():
            ts, text = changes.get(output) or changes.get(output.partition(".")[0]) or (0, "")
            if ts and not depends.allows(output, column):
                what = f"depends on {column}, which its declaration does not name" + f": {text}" * bool(text)
                yield _finding(part, heard, output, ts, what, f"name {column} in `depends`, or keep it out of {output}")
    came = {column.partition(".")[0] for column in reacted}
    for pattern, named in heard.depends.items():
        matched = [output for output in outputs if Depends({pattern: ()}).speaks_of(output)]
        for column in named:
            for output in matched:
                if column in reacted and not _moved(output, reacted[column]):
                    what = f"declared to depend on {column}, which never mattered in {len(heard.events):,} events"
                    remedy = (
                        f"take {column} out of `depends`, or use it: a part that ignores its input is often a mistake"
                    )
                    yield _finding(part, heard, output, 0, what, remedy)
            if column not in reacted and column.partition(".")[0] in came:
                what = f"declared to depend on {column}, but the events it hears have no such number"
                yield _finding(part, heard, pattern, 0, what, "name it as `Body.field` or `Features.values[column]`")
            elif column not in reacted:
                what = f"declared to depend on {column}, which never came in this run"
                yield msgspec.structs.replace(_finding(part, heard, pattern, 0, what, ""), is_note=True)
        if not matched:
            what = f"declares {pattern}, which it never said in this run"
            yield msgspec.structs.replace(_finding(part, heard, pattern, 0, what, ""), is_note=True)


def _finding(part: Part, heard: Heard, column: str, first: int, what: str, remedy: str) -> Finding:
    return Finding(layer="declared", part=part, what=what, column=column, first=first, where=heard.where, remedy=remedy)
