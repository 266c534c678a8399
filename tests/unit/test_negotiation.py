"""Which media type a client gets for what it says it accepts."""

from __future__ import annotations

import pytest

from app.web.answer import JSON, PNG
from app.web.negotiation import wanted

OFFERS = (JSON, PNG)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/json",
        "application/json, text/plain, */*",
        "application/vnd.goa.error",
        "text/html",
        "image/jpeg",
        "application/json, application/json",
        "image/png;q=0",
        "image/png;q=nonsense",
        "image/png;q=0.2, application/json;q=0.9",
        ";;;,,,",
        "APPLICATION/JSON; charset=utf-8",
    ],
)
def test_everything_unclear_is_json(accept: str) -> None:
    """Absent, wild, unknown, doubled and malformed values all get JSON."""
    assert wanted(accept, OFFERS) == JSON


@pytest.mark.parametrize(
    "accept",
    [
        "image/png",
        "IMAGE/PNG",
        "image/*",
        "image/png, */*",
        "image/*;q=0.5, application/json;q=0.4",
        "text/html,image/png",
    ],
)
def test_a_png_is_given_where_it_is_wanted_most(accept: str) -> None:
    """Naming PNG, or pictures of any kind, above JSON gets a PNG."""
    assert wanted(accept, OFFERS) == PNG
