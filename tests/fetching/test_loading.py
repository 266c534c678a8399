"""What a server pays for being able to fetch."""

from __future__ import annotations

import subprocess
import sys

from tests.running import ROOT


def test_nothing_is_loaded_before_the_first_url() -> None:
    """A fetcher that was never asked has not imported the HTTP client."""
    program = (
        "import sys; from app.fetching.fetcher import Fetcher; Fetcher(False, 1, 1.0); print('httpx' in sys.modules)"
    )

    printed = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert printed.stdout == "False\n"
