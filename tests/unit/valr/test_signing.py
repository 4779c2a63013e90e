"""Signatures against published vectors, and secrets that do not show themselves."""

from __future__ import annotations

import copy
import hashlib
import hmac
import logging
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helios_engine.bodies import Quote
from helios_engine.errors import ConfigError
from helios_engine.logs import component
from helios_engine.recorder.connection import Wanted
from helios_engine.world import World
from helios_valr.live.connection import Valr
from helios_valr.signing import credential, headers, sign
from tests.unit.valr.facts import document, needs_facts

VECTORS = ["official_get", "official_post", "post_btczar_compact", "post_btczar_spaced", "christsim_post", "sub_get",
           "ws_account", "ws_trade"]  # fmt: skip


@needs_facts
@pytest.mark.parametrize("name", VECTORS)
def test_signatures_are_the_published_ones(name: str) -> None:
    (vector,) = [each for each in document("signature_vectors.json") if each["name"] == name]
    secret, body = credential(vector["secret"]), vector["body"].encode()

    found = sign(secret, vector["timestamp"], vector["verb"], vector["path"], body, vector["subaccountId"])

    assert found == vector["signature"]


@given(st.integers(0, 2**45), st.sampled_from(["get", "POST", "Delete"]), st.text(), st.binary(), st.text("0123456789"))
def test_a_signature_covers_time_verb_path_body_and_subaccount(
    ts: int, verb: str, path: str, body: bytes, subaccount: str
) -> None:
    told = str(ts).encode() + verb.upper().encode() + path.encode() + body + subaccount.encode()

    found = sign(credential("a-test-secret"), ts, verb, path, body, subaccount)

    assert found == hmac.new(b"a-test-secret", told, hashlib.sha512).hexdigest()


def test_headers_carry_all_four_and_a_subaccount_only_if_there_is_one() -> None:
    plain = headers(credential("a-test-key"), credential("a-test-secret"), 7, "GET", "/ws/account")
    sub = headers(credential("a-test-key"), credential("a-test-secret"), 7, "GET", "/ws/account", subaccount="42")

    assert plain == {
        "Content-Type": "application/json",
        "X-VALR-API-KEY": "a-test-key",
        "X-VALR-SIGNATURE": sign(credential("a-test-secret"), 7, "GET", "/ws/account"),
        "X-VALR-TIMESTAMP": "7",
    }
    assert sub.keys() - plain.keys() == {"X-VALR-SUB-ACCOUNT-ID"}
    assert sub["X-VALR-SIGNATURE"] != plain["X-VALR-SIGNATURE"]


def test_a_secret_shows_itself_in_no_log_no_traceback_and_no_file(caplog: pytest.LogCaptureFixture) -> None:
    canary = "canary-in-the-mine"
    secret = credential(canary)
    try:
        raise RuntimeError(f"{secret} {secret!r}")
    except RuntimeError as error:
        said = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format_exception_only())
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("x").warning("signing with %s %r", secret, {"secret": secret})

    assert canary not in said + caplog.text + repr([secret]) + f"{secret}"
    for copied in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="does not leave its process"):
            copied(secret)


@pytest.mark.parametrize("name", ["key", "secret"])
def test_what_a_connection_signs_with_is_struck_out_of_logs(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    texts = {one: f"{one}-of-a-canary-in-the-log" for one in ("key", "secret")}
    for one, text in texts.items():
        monkeypatch.setenv(f"HELIOS_TEST_{one.upper()}", text)
    Valr([Wanted(Quote, "BTCZAR.VALR")], World(), key_env="HELIOS_TEST_KEY", secret_env="HELIOS_TEST_SECRET")

    with caplog.at_level(logging.DEBUG):
        component("venue").warning("a server said: unknown key %s", texts[name])

    assert "unknown key [secret]" in caplog.text
    assert texts[name] not in caplog.text


@pytest.mark.parametrize("text", ["", "with space", "line\n", "ключ"])
def test_what_can_be_no_key_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ConfigError, match="its value is not shown") as caught:
        credential(text)

    assert not text or text not in str(caught.value)
