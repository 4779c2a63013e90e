from __future__ import annotations

from collections.abc import Iterator

from helios_engine.bodies import Bar, Signal, Target
from helios_engine.events import Event
from helios_engine.pipeline import Pipeline
from tests.recreating import recreate
from tests.stages import Collector, Follow, Size, bar, event, node


def pipeline(*stages: type, leaving: tuple[type, ...] = (Target,)) -> tuple[Pipeline, Collector]:
    collector = Collector()
    nodes = [node(stage, f"test.{n}") for n, stage in enumerate(stages)]
    return Pipeline(nodes, collector, lambda kind: kind in leaving), collector


def test_a_turn_runs_through_the_stages_in_order_and_returns_what_leaves() -> None:
    line, collector = pipeline(Follow, Size)
    line.push(event(bar(8.0, 1)))

    leaving = line.push(event(bar(9.0, 2), seq=1))

    assert leaving == [Target("BTCZAR.VALR", 10.0)]
    assert [(position, cause) for position, _, _, cause in collector.outputs] == [(0, ("feed", 1)), (1, ("feed", 1))]


def test_nothing_flows_upstream_within_a_turn() -> None:
    line, collector = pipeline(Size, Follow)

    line.push(event(bar(8.0, 1)))
    line.push(event(bar(9.0, 2)))

    assert [type(body) for _, _, body, _ in collector.outputs] == [Signal]


class Echo:
    """Counts what it has seen of one turn before it speaks."""

    consumes = (Bar, Signal)

    def __init__(self) -> None:
        self.seen: list[str] = []

    def on_event(self, event: Event[Bar | Signal]) -> Iterator[Target]:
        self.seen.append(type(event.body).__name__)
        yield Target("X", float(len(self.seen)))


def test_a_stage_sees_the_events_of_a_turn_in_the_order_in_which_they_came_to_be() -> None:
    line, _ = pipeline(Follow, Echo)

    line.push(event(bar(8.0, 1)))
    line.push(event(bar(9.0, 2)))

    assert line.nodes[1].stage.seen == ["Bar", "Bar", "Signal"]


def test_every_stage_may_be_dropped_and_made_again_from_its_state() -> None:
    line, collector = pipeline(Follow, Size)
    twin, expected = pipeline(Follow, Size)
    for number, close in enumerate([8.0, 9.0, 7.0, 7.5], 1):
        for position in range(2):
            recreate(line, position)
        line.push(event(bar(close, number)))
        twin.push(event(bar(close, number)))

    assert collector.outputs == expected.outputs
