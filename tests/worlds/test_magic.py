"""Prompts, engine ids and keys that mean an outcome."""

from __future__ import annotations

import pytest

from app.worlds.latency import Fixed
from app.worlds.magic import Spell, in_engine, in_key, in_prompts
from app.worlds.outcomes import Outcome
from app.worlds.worlds import Worlds


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_can_be_asked_for_in_three_ways(outcome: Outcome) -> None:
    """A prompt plays each outcome, and so does an engine id; a key does but for the one it opens a world for."""
    dashed = outcome.replace("_", "-")
    assert in_prompts([f"a fox understudy:{outcome}"]) == Spell(outcome)
    assert in_engine(f"understudy-{dashed}") == Spell(outcome)
    assert in_key(f"sk-understudy-{dashed}") == (None if outcome is Outcome.INSUFFICIENT_BALANCE else Spell(outcome))


@pytest.mark.parametrize(
    "text",
    [
        "understudy:server_error",
        "UNDERSTUDY:SERVER_ERROR",
        "understudy:server-error",
        "a fox, understudy:server_error, oil",
        "(understudy:server_error)",
        "(understudy:server_error:1.3)",
        "“understudy:server_error”.",
        "understudy:nothing understudy:server_error",
        "a\nunderstudy:server_error\nfox",
    ],
)
def test_a_spell_is_found_as_a_whole_word(text: str) -> None:
    """Wherever it stands and in whatever case."""
    assert in_prompts(["a fox", text]) == Spell(Outcome.SERVER_ERROR)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "server_error",
        "understudy",
        "understudy:",
        "understudy: server_error",
        "understudy:server_errors",
        "understudy:server_error2",
        "understudy:server_error=1",
        "xunderstudy:server_error",
        "my-understudy:server_error",
        "understudy:nothing",
        "under\u017ftudy:server_error",
        "understudy:latency",
        "understudy:latency=",
        "understudy:latency=-1",
        "understudy:latency=nan",
        "understudy:latency=2s",
        "understudy:latency=2.5s",
        "understudy:latency=1234567",
    ],
)
def test_other_words_are_no_spell(text: str) -> None:
    """A word that is no outcome is a prompt like any other."""
    assert in_prompts([text]) is None


def test_the_first_outcome_counts() -> None:
    """Of several spells the first is played, with the first latency."""
    found = in_prompts(["understudy:latency=2.5 understudy:timeout", "understudy:server_error understudy:latency=1"])
    assert found == Spell(Outcome.TIMEOUT, Fixed(2.5))


def test_a_latency_alone_is_a_spell() -> None:
    """The answer is late, and otherwise as always."""
    assert in_prompts(["a fox, understudy:latency=3."]) == Spell(None, Fixed(3.0))


@pytest.mark.parametrize("engine_id", ["", "understudy-", "understudy-fox", "stable-diffusion-v1-6", "server-error"])
def test_other_engines_are_no_spell(engine_id: str) -> None:
    """An engine that is none is simply not found."""
    assert in_engine(engine_id) is None


@pytest.mark.parametrize(
    "key", ["", "sk-", "understudy-timeout", "sk-understudy-", "sk-understudy-fox", "sk-test-timeout", "\ud800"]
)
def test_other_keys_are_no_spell(key: str) -> None:
    """A key that asks for no outcome is like any other, or no key."""
    assert in_key(key) is None


def test_a_magic_key_may_carry_a_balance_and_a_workers_name() -> None:
    """Workers that share an outcome need not share a world."""
    assert in_key("sk-understudy-rate-limit") == Spell(Outcome.RATE_LIMIT_EXCEEDED)
    assert in_key("sk-understudy-timeout.worker-2-c0.5") == Spell(Outcome.TIMEOUT)


def test_a_key_without_credits_opens_a_poor_world(worlds: Worlds) -> None:
    """It is refused what costs something and nothing else; a balance in the key still counts."""
    assert worlds.open("sk-understudy-insufficient-balance").books.balance == 0
    assert worlds.open("sk-understudy-insufficient-balance.worker-2").books.balance == 0
    assert worlds.open("sk-understudy-insufficient-balance-c3").books.balance == 3_000_000
