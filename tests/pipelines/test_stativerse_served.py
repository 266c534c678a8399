"""Stativerse on real engines and real analysts, and with analysts whose weights are not there."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engines.analysis.types import Analysis
from tests.pictures import png
from tests.pipelines.serving import patient, write_engines
from tests.running import Client, Server
from tests.wire.stativerse_asking import (
    CLASSIFY,
    DRAW,
    EDIT,
    SEED,
    ask,
    data,
    encoded,
    every_picture,
    every_text,
    image,
    pixels,
    refused,
)

UNSAFE = {"toxic", "obscene", "threat"}
"""What the tiny judge of texts knows."""
UNAVAILABLE = "The model for this is not installed on this server."
JUDGED = {"safety_check": True}


def analysts(place: Callable[[Analysis], Path]) -> str:
    """The tables of ``engines.toml`` that say where the weights of each analyst lie."""
    return "\n".join(f'[analysis.{task}]\npath = "{place(task)}"' for task in Analysis)


@pytest.fixture(scope="module")
def server(tiny: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose engines and analysts are tiny models."""
    home = tmp_path_factory.mktemp("stativerse") / "home"
    file = write_engines(home.with_name("engines.toml"), tiny, top=analysts(tiny))
    env = {"UNDERSTUDY_OUTPUT_WORDS": "off", "UNDERSTUDY_THREADS": "1"}
    with Server(home, "--engines", "diffusers", "--engines-file", str(file), **env) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """A client of that server."""
    with patient(server) as session:
        yield session


@every_picture
def test_a_picture_of_a_real_engine(client: Client, endpoint: str) -> None:
    """Equal requests draw equal pictures, other prompts and seeds others."""
    first, again, other = (data(ask(client, endpoint, steps=2, seed=seed))["output"] for seed in (SEED, SEED, 5))

    assert first == again != other


@pytest.mark.parametrize("size", [(100, 71), (64, 328)])
def test_sizes_off_the_grid_of_a_real_engine(client: Client, size: tuple[int, int]) -> None:
    """Stable Diffusion 3, which takes multiples of 16, answers in any size, drawn and edited."""
    drawn = ask(client, DRAW, steps=2, resolution=size)
    edited = ask(client, EDIT, steps=2, image=encoded(png(*size)))

    assert image(drawn).size == image(edited).size == size


@every_picture
def test_guidance_reaches_a_real_engine(client: Client, endpoint: str) -> None:
    """So does the negative prompt, which counts with more guidance than 1."""
    plain, guided, negative = (
        pixels(ask(client, endpoint, steps=2, **changes))
        for changes in ({}, {"guidance": 6}, {"guidance": 6, "negative_prompt": "rain"})
    )

    assert (plain != guided).any()
    assert (guided != negative).any()


def test_the_judges_are_models(client: Client) -> None:
    """Labels are those of the models, each score a probability."""
    found = data(ask(client, DRAW, steps=2, **JUDGED))
    verdict = found["nsfw_input_classifier"]

    assert {row["label"] for row in verdict["output"]} == UNSAFE
    assert all(0 < row["score"] < 1 for row in verdict["output"])
    assert found["nsfw_output_classifier"] in {"normal", "nsfw"}


def test_a_model_finds_the_subject(client: Client) -> None:
    """The picture comes back with an alpha channel of its size."""
    cut = image(ask(client, EDIT, prompt=..., remove_background=True, image=encoded(png(80, 66))))

    assert (cut.mode, cut.size) == ("RGBA", (80, 66))
    assert (np.asarray(cut)[:, :, 3] > 0).any()


@every_text
@pytest.mark.parametrize("normalize", [True, False])
def test_texts_are_scored_by_models(client: Client, endpoint: str, normalize: bool) -> None:
    """Batches are answered as their parts are, and normalized scores add up to 1."""
    choices = ["a red fox", "money", "snow"]
    batch = data(ask(client, endpoint, input=["a fox", "a bank"], choices=choices, normalize=normalize))
    alone = data(ask(client, endpoint, input="a bank", choices=choices, normalize=normalize))
    scores = [row["score"] for row in alone["output"]]

    assert batch["output"][1] == [
        {"label": row["label"], "score": pytest.approx(row["score"])} for row in alone["output"]
    ]
    assert scores == sorted(scores, reverse=True)
    assert (math.fsum(scores) == pytest.approx(1)) is normalize


@pytest.fixture(scope="module")
def unread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with sketches, and real analysts none of which has weights."""
    home = tmp_path_factory.mktemp("unread") / "home"
    file = home.with_name("engines.toml")
    file.write_text(analysts(lambda task: home / "nothing" / task))
    with Server(home, "--engines-file", str(file), UNDERSTUDY_ANALYSIS="transformers") as running:
        yield running


@every_text
def test_a_text_that_nothing_can_read(unread: Server, endpoint: str) -> None:
    """503 without a charge, and the log names what is missing."""
    with patient(unread) as client:
        before = client.balance()

        refused(ask(client, endpoint), 503, "model_unavailable", UNAVAILABLE)
        assert client.balance() == before
    task = Analysis.CLASSIFICATION if endpoint == CLASSIFY else Analysis.SIMILARITY
    assert str(unread.home / "nothing" / task) in unread.output()


@every_picture
@pytest.mark.parametrize("changes", [{"safety_check": True}, {"safety_input": "a"}, {"remove_background": True}])
def test_a_picture_that_nothing_can_read(unread: Server, endpoint: str, changes: dict[str, object]) -> None:
    """Drawing works by itself; what was paid for a picture that cannot be judged or cut out is given back."""
    with patient(unread) as client:
        assert data(ask(client, endpoint))["output"]
        before = client.balance()

        refused(ask(client, endpoint, **changes), 503, "model_unavailable", UNAVAILABLE)
        assert client.balance() == before
