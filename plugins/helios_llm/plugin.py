"""What this plugin offers."""

from __future__ import annotations

from helios_engine.bodies import LlmReply
from helios_engine.hookspecs import hookimpl
from helios_engine.stage import EffectSpec, StageSpec
from helios_llm.cassette import Cassette
from helios_llm.rules import Rules
from helios_llm.strategist import Strategist


@hookimpl
def helios_stages() -> list[StageSpec]:
    return [StageSpec("llm.strategist", Strategist)]


@hookimpl
def helios_effects() -> list[EffectSpec]:
    return [
        EffectSpec("llm.cassette", Cassette, emits=(LlmReply,)),
        EffectSpec("llm.rules", Rules, emits=(LlmReply,)),
    ]
