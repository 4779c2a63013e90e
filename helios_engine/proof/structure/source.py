"""What the source of a part says that it does, whether or not a run came that way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from helios_engine.proof.hermetic.forbidden import Kind

_CLOCK = "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns sleep"
_DRAWS = (
    "random randint randrange uniform choice choices shuffle sample gauss normalvariate betavariate expovariate "
    "triangular getrandbits seed"
)
_NUMPY = "rand randn randint random normal uniform choice shuffle permutation standard_normal seed random_sample"
CALLS: dict[str, Kind] = {
    **{f"time.{name}": "clock" for name in _CLOCK.split()},
    **{f"datetime.datetime.{name}": "clock" for name in ("now", "utcnow", "today")},
    **{f"pandas.Timestamp.{name}": "clock" for name in ("now", "utcnow", "today")},
    "datetime.date.today": "clock",
    **{f"random.{name}": "randomness" for name in _DRAWS.split()},
    **{f"numpy.random.{name}": "randomness" for name in _NUMPY.split()},
    **{f"uuid.{name}": "randomness" for name in ("uuid1", "uuid4")},
    "os.urandom": "randomness",
    "os.getenv": "environment",
    "os.environ": "environment",
    "os.system": "process",
    "gc.get_objects": "memory",
    "gc.get_referrers": "memory",
    "sys._getframe": "memory",
    "inspect.currentframe": "memory",
    "inspect.stack": "memory",
}
"""What a class of a stage has no use for, by its full name."""
WHOLE: dict[str, Kind] = {
    "socket": "network",
    "requests": "network",
    "aiohttp": "network",
    "httpx": "network",
    "urllib.request": "network",
    "http.client": "network",
    "subprocess": "process",
    "multiprocessing": "process",
    "threading": "thread",
    "ctypes": "memory",
    "secrets": "randomness",
}
"""Modules of which a stage needs nothing."""
_CHANGING = frozenset(
    (
        *("append", "appendleft", "add", "extend", "insert", "update", "setdefault", "sort"),
        *("pop", "popleft", "popitem", "remove", "discard", "clear"),
    )
)
_MADE = frozenset(
    (
        *("list", "dict", "set", "bytearray", "deque", "defaultdict", "OrderedDict", "Counter"),
        *("zeros", "empty", "ones", "full", "array"),
    )
)


class Written(NamedTuple):
    """A line of a module that matters: the kind of reach, its words, and the line."""

    kind: Kind
    words: str
    line: int


class Source:
    """A module's syntax tree, with the full names of what it imports. Raises OSError, SyntaxError."""

    def __init__(self, file: Path) -> None:
        self.tree = ast.parse(file.read_bytes(), str(file))
        self.names = dict(self._imported())

    def reaches(self, first: int, last: int) -> Iterator[Written]:
        """What lines from `first` to before `last` name that is no event's, and what of the engine they set."""
        for node in ast.walk(self.tree):
            if not first <= getattr(node, "lineno", 0) < last:
                continue
            if isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Load):
                name = self.full_name(node)
                kind = CALLS.get(name)
                whole = next((m for m in WHOLE if name.startswith(f"{m}.")), None)
                if kind is not None or whole is not None:
                    yield Written(kind or WHOLE[str(whole)], f"has code with {name}", node.lineno)
            elif isinstance(node, ast.Attribute) and self.full_name(node).startswith("helios_engine."):
                yield Written("engine", f"has code that sets {self.full_name(node)}", node.lineno)

    def shared_state(self) -> Iterator[Written]:
        """Functions that change what the module holds: it outlives a run, and all runs of a process share it."""
        holders = {name for node in self.tree.body for name in _holders(node)}
        for function in (n for n in ast.walk(self.tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))):
            own = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            stated = {name for n in ast.walk(function) if isinstance(n, ast.Global) for name in n.names}
            for node in ast.walk(function):
                name = _changed(node)
                if name in holders - (own - stated) or (isinstance(node, ast.Global) and node.names):
                    what = name or ", ".join(node.names)  # type: ignore[attr-defined]
                    yield Written("memory", f"keeps state in its module ({what})", node.lineno)  # type: ignore[attr-defined]

    def full_name(self, node: ast.expr) -> str:
        """The dotted name of an expression, from the module that it was imported from; empty if it has none."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, "")
        if isinstance(node, ast.Attribute):
            owner = self.full_name(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return ""

    def _imported(self) -> Iterator[tuple[str, str]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for name in node.names:
                    yield (name.asname, name.name) if name.asname else (name.name.partition(".")[0],) * 2
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for name in node.names:
                    yield name.asname or name.name, f"{node.module}.{name.name}"


def _holders(node: ast.stmt) -> Iterator[str]:
    """The names that a statement of the module binds to something that can be changed."""
    if not isinstance(node, (ast.Assign, ast.AnnAssign)):
        return
    value = node.value
    made = value.func if isinstance(value, ast.Call) else None
    called = made.attr if isinstance(made, ast.Attribute) else made.id if isinstance(made, ast.Name) else ""
    if isinstance(value, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)) or called in _MADE:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _changed(node: ast.AST) -> str:
    """The name whose contents a node changes, if any: `x[…] = …`, `del x[…]`, `x.append(…)`, `x += …`."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
        found = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING:
        found = node.func.value
    else:
        return ""
    return found.id if isinstance(found, ast.Name) else ""
