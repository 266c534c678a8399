"""A worker without torch that does what the prompt of its job, or the first text of its question, says.

``draw`` and ``score`` work at once, ``until:<file>`` steps until the file exists, ``hang`` does one step and then
nothing, ``load`` does nothing at all, ``die`` is killed, ``exit`` ends, ``babble`` sends what is no message; the name
of a trouble fails with it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from engines.analysis.types import Findings
from engines.types import Picture
from engines.worker.messages import (
    Done,
    Errand,
    Failed,
    Holding,
    Holdings,
    Inquiry,
    Job,
    Note,
    Progress,
    Ready,
    Trouble,
)


def main(descriptor: int, device: str, means: Sequence[str]) -> None:
    """Say Ready and do jobs until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe = Connection(descriptor)
    limits = dict(limit.split("=") for limit in means)
    pipe.send(Ready(device, f"scripted {os.getpid()}", int(limits.get(device, 1000))))
    try:
        while True:
            job = pipe.recv()
            if isinstance(job, Job | Inquiry):
                _do(pipe, job)
    except (EOFError, OSError):
        return


def _do(pipe: Connection, job: Errand) -> None:
    said = job.request.prompts[0].text if isinstance(job, Job) else job.question.texts[0]
    word, _, rest = said.partition(":")
    if word == "load":
        time.sleep(600)
    pipe.send(Progress(job.id, 1, 100))
    if word == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif word == "exit":
        os._exit(7)
    elif word == "hang":
        time.sleep(600)
    elif word == "babble":
        pipe.send_bytes(b"this is not a message")
        time.sleep(600)
    elif word in set(Trouble):
        pipe.send(Failed(job.id, Trouble(word), "as the test wants it"))
    elif word != "until" or _waited(pipe, job, Path(rest)):
        _draw(pipe, job) if isinstance(job, Job) else _answer(pipe, job)


def _waited(pipe: Connection, job: Errand, file: Path) -> bool:
    """Whether the file came before a cancel."""
    step = 1
    while not file.exists():
        if pipe.poll(0.005) and pipe.recv().id == job.id:
            pipe.send(Failed(job.id, Trouble.STOPPED, "cancelled"))
            return False
        step += 1
        pipe.send(Progress(job.id, step, 100))
    return True


def _draw(pipe: Connection, job: Job) -> None:
    request = job.request
    pipe.send(Note(20, "drawing", (("with", job.setup.engine_id),)))
    pipe.send(Holdings((Holding(job.setup.engine_id, 700),), 700))
    sides = (job.safety is not None) + 2 * (job.guidance is not None)
    blank = np.full((request.height, request.width, 3), sides, np.uint8)
    pipe.send(Done(job.id, tuple(Picture(blank, seed) for seed in request.seeds())))


def _answer(pipe: Connection, job: Inquiry) -> None:
    question, name = job.question, job.setup.engine_id
    pipe.send(Holdings((Holding(name, 300),), 300))
    scores = tuple((0.5,) for _ in question.texts)
    pixels = question.pixels
    pipe.send(
        Done(job.id, Findings((name,), scores, scores) if pixels is None else np.zeros(pixels.shape[:2], np.uint8))
    )
