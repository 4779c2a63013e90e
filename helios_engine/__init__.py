"""Helios Engine: a backtest you can check, and the code that trades is the code that was checked.

The names below are all that a plugin or a notebook needs. `run`, `load_config` and `Result` are
loaded when they are first used, so that importing a plugin stays cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from helios_engine.bodies import (
    Account,
    Bar,
    BookDelta,
    BookSnapshot,
    CancelIntent,
    Control,
    DataIssue,
    Features,
    Fill,
    FundingPayment,
    FundingRate,
    Health,
    Instrument,
    Label,
    LlmReply,
    LlmRequest,
    MarkPrice,
    ModifyIntent,
    OrderAccepted,
    OrderCanceled,
    OrderIntent,
    OrderModified,
    OrderTriggered,
    OrderUnknown,
    Position,
    Prediction,
    PredictRequest,
    Print,
    Quarantine,
    Quote,
    Reject,
    RiskDecision,
    Schema,
    Signal,
    StrategicView,
    Target,
    Tick,
    Ticker,
    Trade,
    VenueStatus,
    VolForecast,
)
from helios_engine.errors import HeliosError
from helios_engine.events import Body, Event
from helios_engine.hookspecs import hookimpl
from helios_engine.stage import Block, BodySpec, Depends, EffectSpec, FeedSpec, Pin, Rows, StageSpec, VenueSpec

if TYPE_CHECKING:
    from helios_engine.config import load_config
    from helios_engine.runner import Result, run

_LATER = {
    "Result": "helios_engine.runner",
    "load_config": "helios_engine.config",
    "run": "helios_engine.runner",
}

__all__ = [
    "Account",
    "Bar",
    "Block",
    "Body",
    "BodySpec",
    "BookDelta",
    "BookSnapshot",
    "CancelIntent",
    "Control",
    "DataIssue",
    "Depends",
    "EffectSpec",
    "Event",
    "Features",
    "FeedSpec",
    "Fill",
    "FundingPayment",
    "FundingRate",
    "Health",
    "HeliosError",
    "Instrument",
    "Label",
    "LlmReply",
    "LlmRequest",
    "MarkPrice",
    "ModifyIntent",
    "OrderAccepted",
    "OrderCanceled",
    "OrderIntent",
    "OrderModified",
    "OrderTriggered",
    "OrderUnknown",
    "Pin",
    "Position",
    "PredictRequest",
    "Prediction",
    "Print",
    "Quarantine",
    "Quote",
    "Reject",
    "Result",
    "RiskDecision",
    "Rows",
    "Schema",
    "Signal",
    "StageSpec",
    "StrategicView",
    "Target",
    "Tick",
    "Ticker",
    "Trade",
    "VenueSpec",
    "VenueStatus",
    "VolForecast",
    "hookimpl",
    "load_config",
    "run",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name]), name)
    raise AttributeError(f"module 'helios_engine' has no attribute {name!r}")
