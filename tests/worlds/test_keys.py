"""What an API key says about its world."""

from __future__ import annotations

import hashlib

import pytest

from app.errors import UnknownKey
from app.worlds.keys import read_key


@pytest.mark.parametrize(
    ("key", "name", "credits"),
    [
        ("sk-abc", "abc", None),
        ("sk-test-ada", "test-ada", None),
        ("sk-test-ada-c25", "test-ada", 25_000_000),
        ("sk-test-ada-c0.5", "test-ada", 500_000),
        ("sk-test-ada-c0.000001", "test-ada", 1),
        ("sk-test-ada-c0", "test-ada", 0),
        ("sk-a-c999999999", "a", 999_999_999_000_000),
        ("sk-a-c1-c2", "a-c1", 2_000_000),
        ("sk-a.b_c-d", "a.b_c-d", None),
        ("sk-c25", "c25", None),
        ("sk-test-c", "test-c", None),
        ("sk-test-c25x", "test-c25x", None),
        ("sk-test-c1234567890", "test-c1234567890", None),
        ("sk-test-c.5", "test-c.5", None),
        ("sk-" + "a" * 9 + "-" + "b" * 243, "a" * 9 + "-" + "b" * 243, None),
    ],
)
def test_a_key_has_a_name_and_perhaps_a_balance(key: str, name: str, credits: int | None) -> None:
    """A number of credits at the end is the opening balance, exact to the micro-credit."""
    facts = read_key(key)
    assert (facts.name, facts.credits) == (name, credits)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "sk-",
        "sk-ab",
        "abc",
        "SK-abc",
        "sk_abc",
        "pk-abc",
        "sk-a b c",
        "sk-abc\n",
        "sk-ключ",
        "sk-abc/../d",
        "sk-" + "a" * 254,
        "\ud800",
        "sk-\ud800\ud800\ud800",
        "sk-test-c\uff11",
    ],
)
def test_what_is_not_well_formed_is_no_key(key: str) -> None:
    """It is answered like any wrong key."""
    with pytest.raises(UnknownKey):
        read_key(key)


def test_the_id_is_a_hash_of_the_whole_key() -> None:
    """The same key is the same world in every process; another balance is another world."""
    facts = read_key("sk-test-ada")
    assert facts.id == hashlib.sha256(b"sk-test-ada").hexdigest()[:16]
    assert facts.id != read_key("sk-test-ada-c25").id


def test_a_key_that_may_be_real_is_not_shown() -> None:
    """Somebody may point a client with a real key at us; lists of worlds must not spread it."""
    secret = "sk-" + "aB3" * 16
    facts = read_key(secret)
    assert facts.name == facts.id
    assert facts.hint == f"{secret[:5]}…{secret[-4:]}"
