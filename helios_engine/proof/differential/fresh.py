"""Work in fresh processes: a new interpreter that imports everything itself, as a run on another day would.

A fork inherits what modules already hold. Only a fresh process shows what depends on the hash seed, on the
environment at import, or on the moment at which a plugin was loaded.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from helios_engine.errors import NotAvailableError
from helios_engine.proof.case import Case
from helios_engine.proof.differential.circumstances import USUAL, Circumstances, apply, environment
from helios_engine.proof.forks import PROCESSES, Answer, forked
from helios_engine.proof.rehearsals.retelling import Retold, retell

SECONDS = 900.0
"""A fresh process that takes longer has hung."""


class Errand(NamedTuple):
    """A job for a fresh process: `module:function` and its plain keywords, and under which circumstances.

    The function takes the case retold, so that it can watch plugins being imported when it makes a case of it.
    """

    job: str
    given: Mapping[str, Any]
    under: Circumstances = USUAL


class _Order(msgspec.Struct, frozen=True):
    job: str
    given: dict[str, Any]
    under: Circumstances
    case: Retold
    answer: str


def answers(case: Case, errands: Sequence[Errand], processes: int = PROCESSES) -> Iterator[Answer]:
    """Run every errand in a fresh process of its own, at most `processes` at once; yield answers as they come.

    Raises NotAvailableError for a case that cannot be told to another process.
    """
    retold = retell(case)
    jobs: Iterable[Callable[[], Any]] = (partial(_run, case.folder, retold, errand) for errand in errands)
    yield from forked(jobs, seconds=SECONDS + 30, processes=processes)


def _run(folder: Path, retold: Retold, errand: Errand) -> Any:
    """Start the interpreter, wait for it, and return what it answers."""
    place = folder / f"fresh-{uuid.uuid4().hex}"
    place.mkdir()
    order = place / "order"
    answer = place / "answer"
    order.write_bytes(msgspec.msgpack.encode(_Order(errand.job, dict(errand.given), errand.under, retold, str(answer))))
    surroundings = environment(errand.under, place)
    done = subprocess.run(
        [sys.executable, "-m", "helios_engine.proof.differential.fresh", str(order)],
        cwd=surroundings.folder,
        env=surroundings.variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode != 0 or not answer.exists():
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise NotAvailableError(f"a fresh process ended with {done.returncode}: {said}")
    return msgspec.msgpack.decode(answer.read_bytes())


def main(path: str) -> None:
    """The fresh process's whole work: change the circumstances, do the job, write the answer."""
    order = msgspec.msgpack.decode(Path(path).read_bytes(), type=_Order)
    apply(order.under)
    module, _, name = order.job.partition(":")
    result = getattr(import_module(module), name)(order.case, **order.given)
    answer = Path(order.answer)
    half = answer.with_suffix(".half")
    half.write_bytes(msgspec.msgpack.encode(result))
    half.replace(answer)


if __name__ == "__main__":
    main(sys.argv[1])
    sys.stdout.flush()
    # Threads that a plugin started must not keep the process from ending.
    os._exit(0)
