"""The socket of a live run against everybody who has no business there: nothing is done, nobody is held up."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helios_engine.errors import ConfigError, HeliosError, NotAvailableError
from helios_engine.live.control import CLIENTS, LONGEST, Door, Request
from helios_engine.live.remote import ask, find_live

pytestmark = pytest.mark.live


def served(place: Path, steps: Callable[[Door, list[Request]], Awaitable[Any]], patience: float = 5.0) -> Any:
    """The steps against a door; whatever came through it is in the list."""
    came: list[Request] = []

    async def answer(request: Request) -> dict[str, str]:
        came.append(request)
        if request.command == "nothing":
            raise ConfigError("no such word")
        return {"command": request.command}

    async def whole() -> Any:
        async with Door(place, answer, patience=patience) as door:
            return await steps(door, came)

    return asyncio.run(whole())


def where(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "control.json").read_text())
    return found


async def says(place: Path, raw: bytes) -> bytes:
    """What the door says to a client that says this and no more; nothing if it is turned away."""
    reader, writer = await asyncio.open_unix_connection(where(place)["socket"])
    try:
        with suppress(ConnectionError):
            writer.write(raw)
            await writer.drain()
            writer.write_eof()
            return await reader.read()
        return b""
    finally:
        writer.close()


def line(place: Path, **changed: Any) -> bytes:
    return json.dumps({"token": where(place)["token"], "command": "status", "value": "all", **changed}).encode() + b"\n"


def test_who_has_the_token_is_answered(tmp_path: Path) -> None:
    async def steps(door: Door, came: list[Request]) -> Any:
        return await asyncio.to_thread(ask, tmp_path, "status"), came

    told, came = served(tmp_path, steps)

    assert (told, [request.command for request in came]) == ({"command": "status"}, ["status"])


@pytest.mark.parametrize("token", ["", "0" * 64, "é" * 64, "\x00", "x" * 2000])
def test_a_wrong_token_is_refused_and_counted_and_reaches_nobody(
    tmp_path: Path, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def steps(door: Door, came: list[Request]) -> Any:
        return json.loads(await says(tmp_path, line(tmp_path, token=token))), door.refused, came

    told, refused, came = served(tmp_path, steps)

    assert ("wrong token" in told["error"], refused, came) == (True, 1, [])
    assert [record.getMessage() for record in caplog.records] == ["a control with a wrong token was refused"]
    assert not token or token not in " ".join(str(vars(record)) for record in caplog.records)


def test_the_beginning_of_the_token_is_not_the_token(tmp_path: Path) -> None:
    async def steps(door: Door, came: list[Request]) -> Any:
        token = where(tmp_path)["token"]
        for near in (token[:-1], token + "0", token.upper() + " ", token[1:] + token[0]):
            await says(tmp_path, line(tmp_path, token=near))
        return door.refused, came

    assert served(tmp_path, steps) == (4, [])


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=300) | st.recursive(st.none() | st.text(), st.lists).map(msgspec.json.encode))
def test_rubbish_is_answered_with_an_error_and_reaches_nobody(raw: bytes, tmp_path_factory: Any) -> None:
    place = tmp_path_factory.mktemp("door")

    async def steps(door: Door, came: list[Request]) -> Any:
        return await says(place, raw), came, door.bad

    told, came, bad = served(place, steps)

    assert ("expected one line of JSON" in json.loads(told)["error"], came, bad) == (True, [], 1)


def test_a_line_that_is_too_long_is_turned_away_unread(tmp_path: Path) -> None:
    async def steps(door: Door, came: list[Request]) -> Any:
        told = await says(tmp_path, line(tmp_path, value="x" * 10 * LONGEST))
        return told, came[:], door.bad, await asyncio.to_thread(ask, tmp_path, "status")

    assert served(tmp_path, steps) == (b"", [], 1, {"command": "status"})


def test_who_says_nothing_holds_nobody_up_and_is_let_go(tmp_path: Path) -> None:
    async def steps(door: Door, came: list[Request]) -> Any:
        reader, writer = await asyncio.open_unix_connection(where(tmp_path)["socket"])
        told = await asyncio.to_thread(ask, tmp_path, "status")
        left = await reader.read()
        writer.close()
        return told, left, door.bad

    assert served(tmp_path, steps, patience=0.3) == ({"command": "status"}, b"", 1)


def test_two_at_one_time_are_both_answered(tmp_path: Path) -> None:
    async def steps(door: Door, came: list[Request]) -> Any:
        return await asyncio.gather(*(asyncio.to_thread(ask, tmp_path, word) for word in ("pause", "flatten")))

    assert served(tmp_path, steps) == [{"command": "pause"}, {"command": "flatten"}]


def test_a_crowd_is_turned_away_until_somebody_leaves(tmp_path: Path) -> None:
    async def steps(door: Door, came: list[Request]) -> Any:
        crowd = [await asyncio.open_unix_connection(where(tmp_path)["socket"]) for _ in range(CLIENTS)]
        with pytest.raises(HeliosError):
            await asyncio.to_thread(ask, tmp_path, "status")
        for _, writer in crowd:
            writer.close()
        while True:
            with suppress(HeliosError):
                return await asyncio.to_thread(ask, tmp_path, "status")

    assert served(tmp_path, steps) == {"command": "status"}


def test_an_error_of_the_run_comes_back_as_it_was(tmp_path: Path) -> None:
    async def steps(door: Door, came: list[Request]) -> Any:
        with pytest.raises(ConfigError, match="no such word"):
            await asyncio.to_thread(ask, tmp_path, "nothing")
        return True

    assert served(tmp_path, steps)


def test_a_path_that_is_too_long_for_a_socket_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / ("long" * 40) / ("er" * 60)
    place.mkdir(parents=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(place))

    async def steps(door: Door, came: list[Request]) -> Any:
        return await asyncio.to_thread(ask, place, "status"), len(where(place)["socket"]) < 100

    assert served(place, steps) == ({"command": "status"}, True)


def test_everything_is_gone_afterwards_and_a_silent_client_is_let_go(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:

        async def steps(door: Door, came: list[Request]) -> Any:
            silent.connect(where(tmp_path)["socket"])
            await asyncio.to_thread(ask, tmp_path, "status")
            return Path(where(tmp_path)["socket"]).parent

        folder = served(tmp_path, steps)
        silent.settimeout(5)
        assert silent.recv(1) == b""

    assert not folder.exists()
    with pytest.raises(NotAvailableError, match="not going on"):
        ask(tmp_path, "status")


def test_a_run_without_a_journal_yet_is_found_by_its_door(tmp_path: Path) -> None:
    place = tmp_path / "20260101T000000-young-00000000"
    place.mkdir()

    async def steps(door: Door, came: list[Request]) -> Any:
        return find_live("last", tmp_path), find_live("young", tmp_path)

    assert served(place, steps) == (place, place)
