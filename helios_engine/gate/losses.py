"""How much is lost: since the start of the UTC day, and from the highest equity of the run."""

from __future__ import annotations

from decimal import Decimal

from helios_engine.bodies import Account
from helios_engine.gate.holdings import Case
from helios_engine.gate.limits import Limits
from helios_engine.ledger import Ledger
from helios_engine.timeframe import DAY


class Losses:
    """Remembers the equity that losses are measured from. Equity of 0 or less is a loss of everything."""

    def __init__(self, limits: Limits, ledger: Ledger) -> None:
        self._ledger = ledger
        self._daily, self._fall = limits.max_daily_loss, limits.max_drawdown
        self._day = -1
        self._at_dawn: Decimal | None = None
        self._peak: Decimal | None = None

    def marked(self, ts: int, account: Account, is_trading: bool) -> None:
        """Take in a marked account. A day begins with its first; the peak counts while orders may be sent."""
        day = ts // DAY
        if day != self._day:
            self._day, self._at_dawn = day, account.equity
        if is_trading and (self._peak is None or account.equity > self._peak):
            self._peak = account.equity

    def daily(self, case: Case) -> str | None:
        """The loss of the UTC day so far."""
        return self._judge("max_daily_loss", case, self._daily, "the day began with")

    def drawdown(self, case: Case) -> str | None:
        """The fall from the highest equity since the start of the run."""
        return self._judge("max_drawdown", case, self._fall, "the highest was")

    def _judge(self, kind: str, case: Case, limit: Decimal | None, words: str) -> str | None:
        if limit is None:
            return None
        account = self._ledger.account()
        if account is None:
            return f"{kind}: cannot be judged: a price that the account needs is unknown"
        self.marked(case.ts, account, True)
        since = self._at_dawn if kind == "max_daily_loss" else self._peak
        assert since is not None
        lost = 1 - account.equity / since if since > 0 else Decimal(1)
        if lost > limit:
            return f"{kind}: {lost:.2%} lost, equity {account.equity:.2f}, {words} {since:.2f}, limit {limit:.2%}"
        return None
