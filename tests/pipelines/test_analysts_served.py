"""Real analysts as the callers of a service see them: answers, what is not installed, and what is broken."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engines.analysis.types import Analysis
from tests.pictures import png
from tests.pipelines.serving import patient
from tests.running import Client, Server, rows
from tests.tiny.reading import UNSAFE
from tests.wire.stativerse_asking import CLASSIFY, COMPARE, EDIT, ask, data, encoded, image, refused

Tiny = Callable[[str], Path]


@pytest.fixture(scope="module")
def served(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that sketches and has real analysts: tiny ones, and one broken that compares sentences."""
    home = tmp_path_factory.mktemp("analysts")
    cut = Path(shutil.copytree(tiny(Analysis.SIMILARITY), home / "cut"))
    (cut / "model.safetensors").write_bytes(b"half a file")
    places = {task: cut if task is Analysis.SIMILARITY else tiny(task) for task in Analysis}
    tables = [f"[analysis.{task}]\npath = {json.dumps(str(place))}\n" for task, place in places.items()]
    file = home / "engines.toml"
    file.write_text("\n".join(['[defaults]\ndevice = "cpu"\n', *tables]))
    env = {"UNDERSTUDY_ANALYSIS": "transformers", "UNDERSTUDY_THREADS": "1", "UNDERSTUDY_REQUEST_SECONDS": "300"}
    with Server(home / "home", "--engines-file", str(file), **env) as running:
        yield running


@pytest.fixture
def client(served: Server) -> Iterator[Client]:
    """A client of that server that waits for torch."""
    with patient(served) as session:
        yield session


def credits(client: Client) -> float:
    """What is left to spend."""
    return float(client.get("/v1/user/balance").json()["credits"])


def test_a_text_is_classified(client: Client) -> None:
    """By a network, whose scores for two labels are a distribution."""
    found = data(ask(client, CLASSIFY, input="a red fox", choices=["animals", "money"]))

    assert {row["label"] for row in found["output"]} == {"animals", "money"}
    assert sum(row["score"] for row in found["output"]) == pytest.approx(1, abs=1e-3)
    assert found["output"] == data(ask(client, CLASSIFY, input="a red fox", choices=["animals", "money"]))["output"]


def test_prompt_and_picture_are_judged_by_the_models_labels(client: Client) -> None:
    """Each with the labels that the weights come with."""
    found = data(ask(client, EDIT, safety_check=True))

    assert {row["label"] for row in found["nsfw_input_classifier"]["output"]} == set(UNSAFE)
    assert found["nsfw_output_classifier"] in {"normal", "nsfw"}


def test_a_background_is_removed(client: Client) -> None:
    """The picture gets a channel that says what its subject is."""
    answer = ask(client, EDIT, prompt=..., image=encoded(png(96, 64)), remove_background=True)

    cut_out = image(answer)
    assert (cut_out.mode, cut_out.size) == ("RGBA", (96, 64))
    assert np.asarray(cut_out)[..., 3].max() == 255


def test_broken_weights_cost_nothing_and_harm_nobody_else(served: Server, client: Client) -> None:
    """The caller reads that it failed, the owner which file is broken; other analysts answer."""
    before = credits(client)

    refused(ask(client, COMPARE), 500, "model_failed")

    assert credits(client) == before
    assert data(ask(client, CLASSIFY))["output"]
    (line,) = [row for row in rows(served.output()) if row["event"] == "analysis failed"]
    assert "cut/model.safetensors is broken" in line["problem"]
    assert line["mend"].startswith("put them at ")


def test_without_weights_the_service_says_so(make_server: Callable[..., Server], tmp_path: Path) -> None:
    """The caller reads that the model is not installed, the owner the command that brings it."""
    env = {"UNDERSTUDY_ANALYSIS": "transformers", "UNDERSTUDY_WEIGHTS": str(tmp_path / "nothing")}
    server = make_server(**env)

    with patient(server) as client:
        before = credits(client)
        refused(ask(client, CLASSIFY), 503, "model_unavailable")
        assert credits(client) == before

    (line,) = [row for row in rows(server.output()) if row["event"] == "weights are missing"]
    assert line["mend"] == "understudy engines pull zero-shot-classification"
