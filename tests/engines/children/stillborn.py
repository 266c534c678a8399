"""A worker that cannot start as long as the file that its limit ``ill`` names exists; it counts its tries there."""

from __future__ import annotations

from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from engines.worker.messages import Note
from tests.engines.children import scripted


def main(descriptor: int, device: str, means: Sequence[str]) -> None:
    """Say why and end, or do as the other one does."""
    illness = Path(means[-1].partition("=")[2])
    if not illness.exists():
        scripted.main(descriptor, device, ())
        return
    with illness.open("a") as tries:
        tries.write("x")
    Connection(descriptor).send(Note(40, "torch is not installed"))
