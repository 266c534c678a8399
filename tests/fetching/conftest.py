"""Certificates of an authority of our own."""

from __future__ import annotations

import ssl

import pytest

from app.intercept.cabinet import Cabinet
from app.intercept.session import context

NAME = "pictures.example"


@pytest.fixture(scope="session")
def cabinet(tmp_path_factory: pytest.TempPathFactory) -> Cabinet:
    """A certificate for one name."""
    made = Cabinet(tmp_path_factory.mktemp("certificates"))
    made.prepare([NAME])
    return made


@pytest.fixture(scope="session")
def tls(cabinet: Cabinet) -> ssl.SSLContext:
    """What a host of that name serves with."""
    return context(cabinet)


@pytest.fixture(scope="session")
def trust(cabinet: Cabinet) -> ssl.SSLContext:
    """What a fetcher needs to believe it."""
    return ssl.create_default_context(cafile=cabinet.ca)
