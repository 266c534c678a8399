"""What other processes do to a folder that is shared with them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from app.gallery.folder import Gallery
from tests.gallery.conftest import DAY, keep, prompts, run


def die_while_writing(folder: Path) -> None:
    """Write half of a picture, in a process of its own."""
    Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment, method-assign]
    keep(Gallery(folder, DAY, 10**9, lambda _: time.time()), "half")


def share(folder: Path, number: int) -> None:
    """What one of several processes does, with as much sweeping as there can be."""
    gallery = Gallery(folder, DAY, 10**9, lambda _: time.time())
    for index in range(40):
        kept = keep(gallery, f"{number}:{index}")
        doomed = keep(gallery, "doomed", f"org-doomed-{number % 2}")
        assert run(gallery.read(kept.id)) is not None
        run(gallery.sweep())
        run(gallery.forget(doomed.organization_id))
        prompts(gallery, doomed.organization_id)
        assert f"{number}:{index}" in prompts(gallery)
