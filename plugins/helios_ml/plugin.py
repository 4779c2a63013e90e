"""What this plugin offers."""

from __future__ import annotations

from helios_engine.bodies import Prediction
from helios_engine.hookspecs import hookimpl
from helios_engine.stage import EffectSpec, StageSpec
from helios_ml.online_linear import OnlineLinear
from helios_ml.predictor import Predictor


@hookimpl
def helios_stages() -> list[StageSpec]:
    return [StageSpec("ml.predictor", Predictor)]


@hookimpl
def helios_effects() -> list[EffectSpec]:
    return [EffectSpec("ml.online_linear", OnlineLinear, emits=(Prediction,))]
