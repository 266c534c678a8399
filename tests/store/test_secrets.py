"""What the store knows of a key: its hash, and nothing that opens anything."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

import redis

from app.accounts.ports import RateLimit
from app.store.redis_store import RedisStore
from tests.store.servers import CREDIT, charge_for, play

FIRST = "sk-" + "F1rstK3y" * 6


async def a_life_of_keys(store: RedisStore) -> tuple[str, ...]:
    """Every way in which a key comes into the store and is used; the keys."""
    await store.bootstrap(FIRST, 10 * CREDIT)
    account, made = await store.create_account("ada@example.com", credits=10 * CREDIT)
    second = await store.create_key(account.id, "laptop")
    revoked = await store.create_key(account.id, "lost")
    await store.revoke_key(revoked.key.id)
    for key in (FIRST, made.secret, second.secret):
        caller = await store.identify(key, None, RateLimit(2, 10, 60))
        charge = charge_for(caller, CREDIT)
        await store.reserve(charge)
        await store.settle(charge.id)
    return FIRST, made.secret, second.secret, revoked.secret


def test_keys_are_named_by_their_sha_256(url: str) -> None:
    """For each key there is one entry under the SHA-256 of the whole key in hexadecimal, and there are no others."""
    keys = play(url, a_life_of_keys)

    with redis.Redis.from_url(url, decode_responses=True) as client:
        found = set(client.scan_iter("understudy:key:*"))
    assert found == {f"understudy:key:{hashlib.sha256(key.encode()).hexdigest()}" for key in keys}


def test_no_key_can_be_read_from_the_store(url: str) -> None:
    """No name and no value anywhere holds a key, neither as it is nor in hexadecimal or base64."""
    keys = play(url, a_life_of_keys)

    with redis.Redis.from_url(url) as client:
        everything = b"\n".join(contents(client))
    assert b"understudy:rate:" in everything
    assert b"laptop" in everything
    for key in keys:
        for disguise in disguises(key):
            assert disguise not in everything


def contents(client: redis.Redis) -> Iterator[bytes]:
    """Every name in the store, and every piece of every value."""
    for name in client.scan_iter():
        yield name
        match client.type(name):
            case b"string":
                yield client.get(name)
            case b"hash":
                yield from (part for pair in client.hgetall(name).items() for part in pair)
            case b"set":
                yield from client.smembers(name)
            case b"zset":
                yield from client.zrange(name, 0, -1)
            case b"list":
                yield from client.lrange(name, 0, -1)
            case b"stream":
                entries = client.xrange(name)
                yield from (part for _, entry in entries for pair in entry.items() for part in pair)
            case other:
                raise AssertionError(f"{name!r} is a {other!r}, which this test cannot look into")


def disguises(key: str) -> Iterator[bytes]:
    """A key as it is, its secret part, and both in writings that anybody could turn back."""
    for text in (key.encode(), key.removeprefix("sk-").encode()):
        yield text
        yield text.hex().encode()
        yield text.hex().upper().encode()
        yield base64.b64encode(text).rstrip(b"=")
        yield base64.urlsafe_b64encode(text).rstrip(b"=")
