"""A worker that tells, as the name of its device, what it finds in its environment."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from multiprocessing.connection import Connection

from engines.worker.messages import Ready


def main(descriptor: int, device: str, means: Sequence[str]) -> None:
    """Say Ready with the environment and the means as JSON, and wait for the end."""
    pipe = Connection(descriptor)
    pipe.send(Ready(device, json.dumps({"environment": dict(os.environ), "means": list(means)}), 1))
    pipe.poll(None)
