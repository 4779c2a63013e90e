"""Each fault of the simulated VALR is seen by a client, and in the log."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from helios_valr.simulator import Fault, Simulator
from helios_valr.wire import Wire
from tests.unit.valr.simulated import heard, with_simulator


@pytest.mark.parametrize("kind", ["drop", "bad_checksum", "duplicate", "reorder"])
def test_a_fault_of_a_frame_is_seen_by_the_client_and_in_the_log(kind: Any) -> None:
    frames, simulator = heard("OB_L1_DIFF", lambda found: len(found) > 60, Fault(kind, at=0.05))

    wire = Wire()
    verdicts = [wire.take(json.dumps(frame), 1_790_133_597 * 10**9) for frame in frames]
    fault = simulator.faults.all[0]
    assert (fault.times, fault.touched) == (1, ["OB_L1_DIFF:BTCZAR"])
    assert fault.ended is not None
    lost = [taken for taken in verdicts if taken.resync]
    assert bool(lost) == (kind != "duplicate")
    assert kind != "duplicate" or wire.counts["book frames ignored"] == 1


def test_a_cut_line_ends_without_a_word() -> None:
    frames, simulator = heard("OB_L1_DIFF", lambda found: False, Fault("close", at=0.2))

    assert len(frames) > 1
    assert simulator.faults.all[0].times == 1


def test_a_stall_leaves_pong_alone() -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> list[str]:
        async with session.ws_connect(f"{url}/ws/trade") as socket:
            await socket.send_json(
                {"type": "SUBSCRIBE", "subscriptions": [{"event": "OB_L1_DIFF", "pairs": ["BTCZAR"]}]}
            )
            while not simulator.faults.all[0].times > 20:
                await asyncio.sleep(0.01)
            await socket.send_json({"type": "PING"})
            return [json.loads((await socket.receive()).data)["type"] for _ in range(2)]

    assert with_simulator(work, Fault("stall", seconds=600.0)) == ["SUBSCRIBED", "PONG"]


@pytest.mark.parametrize(("kind", "status"), [("429", 429), ("503", 503), ("html", 502), ("empty", 200)])
def test_a_fault_of_rest_comes_once(kind: Any, status: int) -> None:
    async def work(simulator: Simulator, url: str, session: aiohttp.ClientSession) -> list[int]:
        return [(await session.get(f"{url}/v1/public/time")).status for _ in range(2)]

    assert with_simulator(work, Fault(kind)) == [status, 200]
