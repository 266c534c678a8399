"""What the tests of the limits share."""

from __future__ import annotations

import pytest

from tests.running import VERSIONS


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    """Every version in turn."""
    return str(request.param)
