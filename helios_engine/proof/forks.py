"""Work in forked children: each starts warm, as a copy of this process, and ends with a plain answer."""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, NoReturn

import msgspec

from helios_engine import errors
from helios_engine.errors import HeliosError, NotAvailableError

PROCESSES = max(1, min(4, os.cpu_count() or 1))
_CRASHED = 70
_GRACE = 1.0
"""Seconds after its deadline at which a child ends by itself, if nobody has ended it; and from a request to an end."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_RAISED = {
    kind.__name__: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HeliosError)
}


class Answer(NamedTuple):
    """What became of job number `number`: its result, or the error it ended with."""

    number: int
    result: Any
    error: str


class _Told(BaseException):
    """Raised in a child that is told to end, so that it ends its own children and removes its folders."""


class _Child(NamedTuple):
    pid: int
    pipe: int
    number: int
    deadline: float
    received: bytearray


def forked(
    jobs: Iterable[Callable[[], Any]], *, seconds: float = 120.0, processes: int = PROCESSES
) -> Iterator[Answer]:
    """Run each job in a child of its own, at most `processes` at once; yield answers as they come.

    A job returns what msgspec can encode. One that raises, dies or takes longer than `seconds` answers with an
    `error`. Raises NotAvailableError where a process cannot be forked.
    """
    if not hasattr(os, "fork"):
        raise NotAvailableError("the prover forks processes, which this system cannot; use Linux, macOS or WSL")
    waiting = iter(enumerate(jobs))
    children: dict[int, _Child] = {}
    with selectors.DefaultSelector() as selector:
        try:
            while True:
                while len(children) < processes and (job := next(waiting, None)) is not None:
                    with _uninterrupted():
                        child = _start(*job, seconds)
                        children[child.pipe] = child
                    selector.register(child.pipe, selectors.EVENT_READ)
                if not children:
                    return
                for key, _ in selector.select(timeout=0.5):
                    child = children[int(key.fd)]
                    piece = os.read(child.pipe, 1 << 20)
                    if piece:
                        child.received.extend(piece)
                        continue
                    selector.unregister(child.pipe)
                    del children[child.pipe]
                    yield _ended(child)
                for child in [c for c in children.values() if c.deadline < time.monotonic()]:
                    _end(child)
        finally:
            for child in children.values():
                os.kill(child.pid, signal.SIGTERM)
            for child in children.values():
                _end(child)
                os.close(child.pipe)
                os.waitpid(child.pid, 0)


def answer_of(job: Callable[[], Any], *, seconds: float = 3600.0) -> Any:
    """The result of one job in a child of its own; raises HeliosError with its error."""
    (answer,) = forked([job], seconds=seconds)
    if answer.error:
        raise _RAISED.get(answer.error.partition(":")[0], HeliosError)(answer.error.partition(": ")[2] or answer.error)
    return answer.result


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Signals wait: one between a fork and the child's first line would have the child go on as its parent."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(number: int, job: Callable[[], Any], seconds: float) -> _Child:
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        # Python 3.12 warns of forks beside threads; a child uses none of its parent's.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        os.close(reading)
        _work(job, writing, seconds)
    os.close(writing)
    return _Child(pid, reading, number, time.monotonic() + seconds, bytearray())


def _work(job: Callable[[], Any], writing: int, seconds: float) -> NoReturn:
    """The child's whole life; it never returns, and runs none of the parent's cleaning up."""
    code = _CRASHED
    try:
        # What came from the parent is left where it is: a collection would copy all its pages.
        gc.freeze()
        # A child of a child must end by itself, because who kills its parent does not know it.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds + _GRACE)
        # Ctrl-C reaches every process of a terminal: the first of them ends the others, each once.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, _tell)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        content = memoryview(msgspec.msgpack.encode(_answered(job)))
        while content:
            content = content[os.write(writing, content) :]
        code = 0
    except _Told:
        pass
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _answered(job: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"result": job()}
    except _Told:
        raise
    except BaseException as error:
        return {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}


def _tell(number: int, frame: Any) -> NoReturn:
    # It is told once: a second signal must not break off its cleaning up.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Told


def _end(child: _Child) -> None:
    """Ask a child to end, and kill it if it does not."""
    os.kill(child.pid, signal.SIGTERM)
    deadline = time.monotonic() + 2 * _GRACE
    while os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() > deadline:
            os.kill(child.pid, signal.SIGKILL)
            return
        time.sleep(0.01)


def _ended(child: _Child) -> Answer:
    os.close(child.pipe)
    _, status = os.waitpid(child.pid, 0)
    if not child.received:
        cause = os.waitstatus_to_exitcode(status)
        late = child.deadline < time.monotonic()
        return Answer(child.number, None, "took too long" if late else f"the process ended with {cause}")
    try:
        answer = msgspec.msgpack.decode(bytes(child.received))
    except msgspec.DecodeError:
        return Answer(child.number, None, "the process died while it answered")
    return Answer(child.number, answer.get("result"), answer.get("error", ""))
