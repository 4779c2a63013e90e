"""`helios-engine ctl` on a paper run in a process of its own: what it asks is done, journaled, and replays."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from helios_engine.bodies import Control
from helios_engine.codec import Codec
from helios_engine.journal import JournalReader
from tests.unit.live.process import Ended, Live, is_holding

pytestmark = pytest.mark.live


def run(folder: Path, steps: Callable[[Live], Awaitable[Any]], *flags: str) -> Any:
    async def whole() -> Any:
        async with Live(folder, *flags) as live:
            return await steps(live)

    return asyncio.run(whole())


def is_flat(look: dict[str, Any]) -> bool:
    return not look["orders"] and all(float(p["quantity"]) == 0 for p in look["positions"])


def controls(place: Path) -> list[tuple[str, str]]:
    found = [i.body for i in JournalReader(place / "journal.hlj", Codec()).inputs() if isinstance(i.body, Control)]
    return [(body.name, body.value) for body in found]


def test_flatten_closes_what_is_held_and_takes_back_what_rests_and_the_run_replays(tmp_path: Path) -> None:
    async def steps(live: Live) -> tuple[Ended, dict[str, Any], Ended, Path]:
        await live.until(is_holding)
        told = await live.ctl("last", "flatten")
        await live.until(is_flat)
        before = await live.ask("status")
        look = await live.until(lambda look: look["counts"]["refused"] > before["counts"]["refused"] + 1)
        return told, look, await live.end(), live.place

    told, look, ended, place = run(tmp_path, steps)

    assert (told.code, "flatten of everything: in the journal at" in told.out) == (0, True), told.err
    assert is_flat(look)  # although the stage went on trying to buy
    assert look["gate"] == {"*": "flatten"}
    assert controls(place) == [("flatten", "all"), ("stop", "all")]
    assert (ended.code, "zero differences" in ended.out) == (0, True), ended.err


def test_every_word_of_ctl(tmp_path: Path) -> None:
    async def steps(live: Live) -> dict[str, Ended]:
        await live.until(is_holding)
        found = {word: await live.ctl("last", word) for word in ("status", "positions", "pause", "resume")}
        found["json"] = await live.ctl("held", "status", "--json")
        found["slip"] = await live.ctl("last", "flatten", "--instrument", "BTCZR.ACME")
        found["kill"] = await live.ctl(str(live.place), "kill")
        found["file"] = Ended(0, (live.place / "KILL").read_text(), "")
        found["killed"] = Ended(0, json.dumps(await live.until(lambda look: len(look["orders"]) == 1)), "")
        found["ended"] = await live.end()
        found["over"] = await live.ctl("last", "status", "--json")
        return found

    found = run(tmp_path, steps)

    assert {name: one.code for name, one in found.items() if one.code} == {"slip": 2, "over": 4}
    for word in ("run ", "link ", "data ", "equity ", "held ", "order ", "intent ", "gate ", "health ", "disk "):
        assert f"\n{word}" in "\n" + found["status"].out
    assert "BTCZAR.ACME" in found["positions"].out
    assert "held by pause of everything" in found["pause"].out
    assert "the gate is open" in found["resume"].out
    assert json.loads(found["json"].out)["phase"] == "trading"
    assert "no instrument 'BTCZR.ACME'" in found["slip"].err
    assert "killed by ctl" in found["file"].out
    assert json.loads(found["killed"].out)["orders"][0]["reduce_only"] is True  # the stop goes on resting
    assert "the run is over" in json.loads(found["over"].out)["error"]
    assert "zero differences" in found["ended"].out


def test_a_file_of_the_name_kill_kills_without_a_socket(tmp_path: Path) -> None:
    async def steps(live: Live) -> tuple[dict[str, Any], Ended, Path]:
        await live.until(is_holding)
        (live.place / "KILL").touch()
        return await live.until(lambda look: look["gate"] == {"*": "kill"}), await live.end(), live.place

    look, ended, place = run(tmp_path, steps, "--no-check")

    assert look["counts"]["fills"] > 0
    assert (ended.code, controls(place)) == (0, [("kill", "all"), ("stop", "all")])


def test_nobody_else_can_read_or_find_the_token(tmp_path: Path) -> None:
    async def steps(live: Live) -> tuple[list[int], str, Path, Path]:
        await live.until(is_holding)
        where = json.loads((live.place / "control.json").read_text())
        folder = Path(where["socket"]).parent
        paths = (live.place / "control.json", folder, Path(where["socket"]))
        modes = [stat.S_IMODE(path.stat().st_mode) for path in paths]
        await live.ask("pause")
        await live.end()
        return modes, where["token"], folder, live.place

    modes, token, folder, place = run(tmp_path, steps)

    assert modes == [0o600, 0o700, 0o600]
    assert len(bytes.fromhex(token)) == 32
    assert not folder.exists()
    assert not (place / "control.json").exists()
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"journal.hlj", "report.html", "run.json", "helios.log"} <= {path.name for path in left}
    assert [path for path in left if token.encode() in path.read_bytes()] == []


def test_a_killed_run_is_said_to_be_gone(tmp_path: Path) -> None:
    async def steps(live: Live) -> Ended:
        await live.until(is_holding)
        await live.shot()
        return await live.ctl("last", "flatten")

    told = run(tmp_path, steps)

    assert (told.code, "nobody listens any more" in told.err) == (4, True)


def test_a_killed_switch_stays_killed_when_the_run_is_gone_on_with(tmp_path: Path) -> None:
    async def steps(live: Live) -> tuple[int, dict[str, Any], Ended]:
        await live.until(is_holding)
        await live.ask("kill")
        before = await live.ask("status")
        await live.shot()
        (live.place / "control.json").unlink()
        await live.start("--resume", "last")
        look = await live.until(lambda look: look["counts"].get("refused", 0) > before["counts"]["refused"] + 1)
        return before["counts"]["orders"], look, await live.end()

    orders, look, ended = run(tmp_path, steps)

    assert (look["gate"], look["counts"]["orders"]) == ({"*": "kill"}, orders)
    assert (ended.code, "zero differences" in ended.out) == (0, True), ended.err


def test_a_run_that_is_killed_while_it_waits_for_a_price_never_begins(tmp_path: Path) -> None:
    async def waited() -> tuple[dict[str, Any], Ended, Ended, Ended]:
        live = Live(tmp_path)
        live.is_open.clear()
        async with live:
            waiting = await live.until(lambda look: bool(look["lines"][0]["is_up"]))
            paused, killed = await live.ctl("last", "pause"), await live.ctl("last", "kill", "--json")
            live.is_open.set()
            return waiting, paused, killed, await live.ended()

    waiting, paused, killed, ended = asyncio.run(waited())

    assert (waiting["phase"], waiting["positions"], waiting["account"]) == ("waiting", [], None)
    assert (paused.code, "nothing was changed" in paused.err) == (4, True)
    assert json.loads(killed.out)["note"] == "waiting: it ends before it begins"
    assert (ended.code, "killed before it began" in ended.err) == (4, True)


def test_a_run_that_goes_on_is_not_taken_over_by_a_second_process(tmp_path: Path) -> None:
    async def steps(live: Live) -> tuple[Ended, Any, Ended]:
        await live.until(is_holding)
        first = live.process
        await live.start("--resume", "last")
        second = await live.ended()
        live.process = first
        return second, await live.ask("status"), await live.end()

    second, look, ended = run(tmp_path, steps, "--no-check")

    assert (second.code, "another recorder is writing here" in second.err) == (3, True)
    assert look["phase"] == "trading"
    assert ended.code == 0


def test_a_run_goes_on_with_the_settings_of_its_beginning_and_says_which_are_others(tmp_path: Path) -> None:
    async def steps(live: Live) -> Ended:
        await live.until(is_holding)
        await live.shot()
        (live.place / "control.json").unlink()
        await live.start("--resume", "last", "--set", "again=0.1", knows_port=True)
        await live.until(lambda look: look["phase"] == "trading" and look["counts"]["frames"] > 10)
        return await live.end()

    ended = run(tmp_path, steps, "--no-check")

    assert ended.code == 0, ended.err
    (place,) = tmp_path.glob("runs/*-held-*")
    warnings = json.loads((place / "run.json").read_text())["warnings"]
    assert [text for text in warnings if "--set" in text] == [
        "--set again=0.1 goes before what the run began with, until it ends or is killed: --resume needs it again"
    ]
    assert not any("of another run" in text for text in warnings)
    assert JournalReader(place / "journal.hlj", Codec()).header()["settings"].keys() == {"port"}
