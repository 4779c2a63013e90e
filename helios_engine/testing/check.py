"""A check: its name, what it asks, and the verdict, found in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from helios_engine.errors import HeliosError, NotAvailableError
from helios_engine.proof.forks import answer_of

Status = Literal["passed", "failed", "not judged"]
Judge = Callable[[], Sequence[str]]
SECONDS = 600.0


class ConformanceError(AssertionError):
    """A part does not keep a check, or could not be judged by it."""


class UnjudgedError(NotAvailableError):
    """The check could not be made, and why; raised by a judge."""


class Verdict(NamedTuple):
    """What a check came to; `message` says what, where and how to mend it."""

    subject: str
    check: str
    status: Status
    message: str


class Check(NamedTuple):
    """One question to one part. `judge` returns what is wrong, nothing if all is well; raises UnjudgedError."""

    subject: str
    name: str
    about: str
    judge: Judge

    def __str__(self) -> str:
        return f"{self.subject}:{self.name}"

    def verdict(self) -> Verdict:
        """Ask, in a child process: what a plugin keeps in modules cannot pass from one check to the next."""
        try:
            found: dict[str, Any] = answer_of(lambda: _answer(self.judge), seconds=SECONDS)
        except HeliosError as error:
            return Verdict(self.subject, self.name, "failed", f"the check ended with {error}")
        return Verdict(self.subject, self.name, found["status"], found["message"])

    def __call__(self) -> None:
        """Raise ConformanceError unless the part passes; one that could not be judged has not passed."""
        found = self.verdict()
        if found.status != "passed":
            raise ConformanceError(f"{self}: {found.status}: {found.message}")


def _answer(judge: Judge) -> dict[str, str]:
    try:
        problems = judge()
    except UnjudgedError as error:
        return {"status": "not judged", "message": str(error)}
    except HeliosError as error:
        return {"status": "failed", "message": f"{type(error).__name__}: {error}"}
    return {"status": "failed" if problems else "passed", "message": "\n".join(problems)}
