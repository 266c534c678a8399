"""A worker that never says that it is ready and takes no polite hint to end."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence


def main(descriptor: int, device: str, means: Sequence[str]) -> None:
    """Do nothing."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(600)
