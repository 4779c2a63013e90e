"""What stages that ran ahead have said comes out by input, and within it by stage."""

from __future__ import annotations

from helios_engine.bodies import Tick
from helios_engine.driving.ready import Ready
from helios_engine.timeline import Released

A, B, C, D = (Tick("1m", n) for n in range(4))


def test_outputs_come_by_input_and_then_in_the_order_of_the_stages_with_what_was_raised_last() -> None:
    failure = ValueError("third")
    ready = Ready()
    ready.add(1, [2, 2, 5], [A, B, C])
    ready.add(4, [0, 2], [D, A])
    ready.add(4, [2], [failure])

    assert ready.inputs.tolist() == [0, 2, 5]
    assert ready.at(0) == [Released(4, [D])]
    assert ready.at(2) == [Released(1, [A, B]), Released(4, [A, failure])]
    assert ready.at(5) == [Released(1, [C])]
    assert ready.at(1) == ()


def test_nothing_said_is_nothing_ready() -> None:
    assert Ready().inputs.tolist() == []
    assert Ready().at(0) == ()
