"""What there is to see of a live run, as values that go over a socket and into JSON."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a look."""


class LineLook(Part, frozen=True, kw_only=True):
    """A line of the connection; seconds since it came up and last spoke, None if it never did."""

    name: str
    is_up: bool
    up_s: float | None
    heard_s: float | None
    frames: int
    attempts: int
    problem: str


class DataLook(Part, frozen=True, kw_only=True):
    """An instrument's data: last price, seconds since its last input, and how late that was by the venue's time."""

    instrument: str
    price: float | None
    age_s: float | None
    lag_s: float | None


class PositionLook(Part, frozen=True, kw_only=True):
    """A position at its average price; `worth` and `open_pnl` at the last price, `closed_pnl` before fees.

    `worth` is in the report currency, both profits are in the instrument's quote currency.
    """

    instrument: str
    quantity: Decimal
    average_price: Decimal
    price: float | None
    worth: Decimal | None
    open_pnl: Decimal | None
    closed_pnl: Decimal


class AccountLook(Part, frozen=True, kw_only=True):
    """Money in the report currency; `pnl` is the change of the equity since the start, fees included."""

    currency: str
    cash: Decimal
    equity: Decimal
    exposure: Decimal
    pnl: Decimal
    fees: Decimal


class OrderLook(Part, frozen=True, kw_only=True):
    """An order that is not known to be over; `left` may still be done."""

    id: str
    instrument: str
    side: str
    type: str
    quantity: Decimal
    left: Decimal
    price: Decimal | None
    trigger: Decimal | None
    reduce_only: bool
    is_unknown: bool


class DecisionLook(Part, frozen=True, kw_only=True):
    """The last target or intent of an instrument, in words, and how many seconds ago."""

    instrument: str
    kind: str
    text: str
    stage: str
    age_s: float


class RecorderLook(Part, frozen=True, kw_only=True):
    """The recording: frames taken and left out, entries not on the disk yet, bytes free there."""

    frames: int
    dropped: int
    waiting: int
    free: int
    problem: str


class Look(Part, frozen=True, kw_only=True):
    """A live run at `at` (ns UTC); `phase` is waiting, warming up, trading or ending.

    `out` has the stages that were put out, and how: see `Quarantine.kind`. `gate` has the switches by instrument (`*`:
    everything), `refused` what gate and venue turned away, by reason.
    """

    run: str
    mode: str
    at: int
    phase: str
    for_s: float
    out: dict[str, str] = {}
    lines: list[LineLook] = []
    data: list[DataLook] = []
    positions: list[PositionLook] = []
    account: AccountLook | None = None
    orders: list[OrderLook] = []
    open_orders: int = 0
    decisions: list[DecisionLook] = []
    gate: dict[str, str] = {}
    health: dict[str, float] = {}
    troubles: list[str] = []
    warnings: list[str] = []
    counts: dict[str, int] = {}
    refused: dict[str, int] = {}
    recorder: RecorderLook | None = None
