from __future__ import annotations

import pytest

from helios_engine.bodies import LlmRequest, PredictRequest
from helios_engine.effects import RunningEffect, effect_for
from helios_engine.errors import BuildError
from tests.market import Model


def running(name: str) -> RunningEffect:
    return RunningEffect(name, Model(), Model, (PredictRequest,), 0)


def request(model: str) -> PredictRequest:
    return PredictRequest("1", model, "X", "s", b"", b"")


def test_the_only_effect_that_takes_a_request_gets_it_whatever_its_model() -> None:
    assert effect_for(request("other"), [running("one")]).name == "one"


def test_of_several_effects_the_one_that_the_request_names_gets_it() -> None:
    assert effect_for(request("two"), [running("one"), running("two")]).name == "two"


@pytest.mark.parametrize("model", ["three", ""])
def test_a_request_that_names_none_of_several_is_refused_with_their_names(model: str) -> None:
    with pytest.raises(BuildError, match="effects that could: one, two"):
        effect_for(request(model), [running("one"), running("two")])


def test_a_request_that_nobody_takes_is_refused() -> None:
    with pytest.raises(BuildError, match="effects that could: none"):
        effect_for(LlmRequest("1", "m", "", "", ""), [running("one")])
