"""Servers that the end-to-end tests stand on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.store.servers import RealRedis


@pytest.fixture
def redis_url() -> Iterator[str]:
    """The address of a real, empty Redis of one's own."""
    redis = RealRedis()
    yield redis.url
    redis.close()
