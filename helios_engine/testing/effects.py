"""The checks of an effect beside the prover's: what it replies, and that it repeats itself."""

from __future__ import annotations

from collections.abc import Sequence

from helios_engine.codec import first_bad_float, float_fields
from helios_engine.testing.hearing import hear_effect
from helios_engine.testing.stages import recipe_problems
from helios_engine.testing.subject import Subject


def contract(subject: Subject) -> Sequence[str]:
    """Name, words, typed settings, and a `handles` that a request of the run meets."""
    found = list(recipe_problems(subject.offer, subject.name))
    hear_effect(subject)
    return found


def replies(subject: Subject) -> Sequence[str]:
    """Every reply is of a kind that `emits` names, to the request that was made, and holds finite numbers."""
    heard, said, _ = hear_effect(subject)
    emits = subject.offer.spec.emits
    names = ", ".join(kind.__name__ for kind in emits)
    found = []
    for request, reply in zip(heard, said, strict=True):
        if reply is None:
            continue
        where = f"effect {subject.name!r} on {type(request).__name__} {getattr(request, 'id', '')}"
        if type(reply) not in emits:
            found.append(f"{where}: replied {type(reply).__name__}, but its spec emits {names}; add it to emits")
        elif getattr(reply, "request_id", None) != getattr(request, "id", None):
            found.append(f"{where}: replied to {getattr(reply, 'request_id', None)!r}; copy the request's id")
        elif (bad := first_bad_float(reply, float_fields(type(reply)))) is not None:
            found.append(f"{where}: {bad} is {getattr(reply, bad)!r}; reply a finite number or nothing")
    if not any(reply is not None for reply in said):
        found.append(f"effect {subject.name!r}: {len(heard)} bodies, and no reply to any; answer requests")
    return found[:3]


def repeats(subject: Subject) -> Sequence[str]:
    """A second effect of the same process, asked the same, replies the same."""
    heard, said, make = hear_effect(subject)
    again = make()
    for request, expected in zip(heard, said, strict=True):
        found = again.answer(request)
        if found != expected:
            return [
                f"effect {subject.name!r} on {type(request).__name__} {getattr(request, 'id', '')}: {found!r:.120} "
                f"in place of {expected!r:.120}; keep state in __init__, draw from random.Random(seed) of your own"
            ]
    return []
