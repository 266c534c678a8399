"""What a caller may not do: keys, organizations, credits, rates, words."""

from __future__ import annotations

from app.errors.root import CounterError


class NoKey(CounterError):
    """The request carries no API key."""

    code = "no_key"


class TurnedAway(CounterError):
    """The caller may not call, at least not now; whatever was known of them is known no longer."""

    code = "turned_away"


class UnknownKey(TurnedAway):
    """The API key is not one of ours, or was revoked."""

    code = "unknown_key"


class NotAMember(TurnedAway):
    """The caller does not belong to the organization it names."""

    code = "not_a_member"


class CallerChanged(TurnedAway):
    """The caller was remembered, and another organization is to pay by now; never leaves the counter."""

    code = "caller_changed"


class InsufficientBalance(CounterError):
    """The organization cannot pay; both figures in micro-credits."""

    code = "insufficient_balance"

    def __init__(self, need: int, have: int) -> None:
        super().__init__(f"need {need}, have {have}")
        self.need = need
        self.have = have


class AllowanceExhausted(CounterError):
    """What may be spent in a day is spent; figures in micro-credits, ``resets`` in Unix seconds.

    ``left`` may be said as below zero, where an allowance was lowered in the middle of a day: nothing is left then.
    """

    code = "allowance_exhausted"

    def __init__(self, need: int, left: int, resets: int) -> None:
        left = max(0, left)
        super().__init__(f"need {need}, {left} left until {resets}")
        self.need = need
        self.left = left
        self.resets = resets


class RateLimited(TurnedAway):
    """Too many requests in a short time; ``retry_after`` in whole seconds."""

    code = "rate_limited"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


class PromptRefused(CounterError):
    """A prompt holds a word that is filtered."""

    code = "prompt_refused"
