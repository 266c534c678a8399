"""The real worker on a machine where torch is not installed."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from engines.worker import child


def main(descriptor: int, device: str, means: Sequence[str]) -> None:
    """Make importing torch fail, and work."""
    sys.modules["torch"] = None  # type: ignore[assignment]
    child.main(descriptor, device, means)
