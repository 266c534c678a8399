"""What the owner reads about weights that cannot be used: whose they are, and what mends them."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from engines.catalog import CARDS
from engines.types import GenerationRequest, Prompt, Task
from engines.weights.setup import EngineSetup, Kind, Located, Source
from engines.worker import journal
from engines.worker.messages import Failed, Job, Trouble

CARD = CARDS[4]
HUB = Source(hub="ada/model")
OWN = Source(path=Path("/models/mine"))


@pytest.mark.parametrize(
    ("source", "problem", "mend"),
    [
        (HUB, "/cache/model/unet is cut off", f"understudy engines pull {CARD.id}"),
        (HUB, "/cache/checker: 3 weights are missing", "understudy engines pull safety"),
        (HUB, "/cache/clip lacks config.json", "understudy engines pull guidance"),
        (OWN, "/models/mine/unet is cut off", "put them at /models/mine, or name others in engines.toml"),
    ],
)
def test_the_weights_that_are_broken_are_those_to_mend(
    caplog: pytest.LogCaptureFixture, source: Source, problem: str, mend: str
) -> None:
    """A broken checker is not mended by downloading the engine, nor a folder of one's own by any download."""
    request = GenerationRequest(Task.TEXT_TO_IMAGE, CARD.id, 512, 512, seed=1, prompts=(Prompt("a fox"),))
    places = [Located(folder=Path(place)) for place in ("/cache/model", "/cache/checker", "/cache/clip")]
    job = Job(1, CARD, request, EngineSetup(CARD.id, Kind.DIFFUSION, source), *places)

    with caplog.at_level(logging.INFO, "understudy.engines"):
        journal.failed("cpu", job, Failed(1, Trouble.WEIGHTS, problem))

    assert vars(caplog.records[-1])["facts"]["mend"] == mend
