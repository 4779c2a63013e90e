"""Effects and prompts: models that look up what they should foretell, tools that find later pages, recordings."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from helios_engine.bodies import Bar, LlmReply, LlmRequest, Prediction, PredictRequest, Signal
from helios_engine.catalog.plugin_bodies import read_bodies
from helios_engine.catalog.store import Catalog
from helios_engine.codec import Codec
from helios_engine.events import Event
from helios_engine.proof.zoo.entry import Entry, Label, Layer
from helios_engine.proof.zoo.frames import bars_frame
from helios_engine.proof.zoo.market import REPORT, REPORTS
from helios_engine.proof.zoo.runs import BARS, STAGE, STAGE_RUN
from helios_engine.stage import EffectSpec, StageSpec
