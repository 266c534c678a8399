"""Styles, guidance, engines of one's own and grey masks, as they come out of the API on real engines."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from engines.diffusion.styles import STYLES
from tests.pictures import pixels, png
from tests.pipelines.serving import KINDS, Tiny, patient, write_engines
from tests.running import Client, Server, rows, understudy
from tests.wire.asking import PROMPT, SMALL, SMALL_SIZE, every_version, masking, picture, text_to_image

PRESETS = ("FAST_BLUE", "FAST_GREEN", "SIMPLE", "SLOW", "SLOWER", "SLOWEST")
SIDE = 320
OWN = """
[guidance]
path = "{clip}"
[engines.house]
like = "{like}"
name = "House style"
description = "Drawn from a pickle"
path = "{pickled}"
pickle = true
sampler = "DDIM"
"""


@pytest.fixture(scope="module")
def guided_server(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with CLIP, and an engine of the owner's own in the oldest format."""
    home = tmp_path_factory.mktemp("guided")
    words = OWN.format(clip=tiny("clip"), like=SMALL, pickled=pickled(tiny(KINDS[SMALL]), home / "pickled"))
    file = write_engines(home / "engines.toml", tiny, top=words)
    with Server(
        home / "home", "--engines", "diffusers", "--engines-file", str(file), UNDERSTUDY_THREADS="1"
    ) as running:
        yield running


@pytest.fixture
def guided(guided_server: Server) -> Iterator[Client]:
    """A client of it."""
    with patient(guided_server) as session:
        yield session


def pickled(model: Path, folder: Path) -> Path:
    """A copy of a model whose weights are pickles, as the first ones were published."""
    import torch

    names = {"model.safetensors": "pytorch_model.bin"}
    for safe in [*shutil.copytree(model, folder).rglob("*.safetensors")]:
        torch.save(load_file(safe), safe.with_name(names.get(safe.name, f"{safe.stem}.bin")))
        safe.unlink()
    return folder


def drawn(client: Client, version: str = "v1", engine: str = SMALL, **changes: object) -> np.ndarray:
    """The smallest picture there is."""
    return picture(text_to_image(client, version, engine, **{**SMALL_SIZE, **changes}))


@every_version
def test_a_style_is_words_at_the_end_of_the_prompts(real: Client, version: str) -> None:
    """The picture of a preset is the one that its words give, written out: what the page on engines promises."""
    style = STYLES["origami"]
    written = [{"text": f"{PROMPT}, {style.positive}"}, {"text": style.negative, "weight": -1}]

    preset = drawn(real, version, style_preset="origami")

    assert np.array_equal(preset, drawn(real, version, text_prompts=written))
    assert not np.array_equal(preset, drawn(real, version))


def test_every_preset_guides_in_its_own_way(guided: Client) -> None:
    """Six pictures that differ from the one without guidance and from each other; asked again, they are the same."""
    pictures = [drawn(guided, clip_guidance_preset=preset) for preset in ("NONE", *PRESETS)]
    again = [drawn(guided, clip_guidance_preset=preset) for preset in ("NONE", *PRESETS)]

    assert len({one.tobytes() for one in pictures}) == len(pictures)
    assert all(np.array_equal(one, other) for one, other in zip(pictures, again, strict=True))


def test_guided_pictures_keep_the_promise_of_seeds(guided: Client) -> None:
    """The cut-outs of the second of two samples are those that its seed gives alone."""
    both = text_to_image(guided, "v1", SMALL, samples=2, seed=5, clip_guidance_preset="SLOW", **SMALL_SIZE)

    assert np.array_equal(picture(both, 1), drawn(guided, seed=6, clip_guidance_preset="SLOW"))


@every_version
def test_a_fast_preset_needs_an_ancestral_sampler(guided: Client, version: str) -> None:
    """Another sampler is refused, as the contract says; an ancestral one is taken."""
    preset = {"clip_guidance_preset": "FAST_BLUE"}

    refused = text_to_image(guided, version, SMALL, sampler="K_HEUN", **preset, **SMALL_SIZE)

    assert (refused.status_code, refused.json()["name"]) == (400, "bad_request")
    assert drawn(guided, version, sampler="K_EULER_ANCESTRAL", **preset).shape == (128, 128, 3)


def test_an_engine_of_ones_own(guided: Client, guided_server: Server) -> None:
    """It is listed after the others in the owner's words, and draws like the one it is like, in its own way."""
    listed = guided.get("/v1/engines/list").json()
    own = drawn(guided, engine="house")
    file = str(guided_server.home.with_name("engines.toml"))
    state = understudy(
        "engines", "list", "--engines", "diffusers", "--engines-file", file, "--json", home=guided_server.home
    )

    assert (listed[-1]["id"], listed[-1]["name"]) == ("house", "House style")
    assert listed[-1]["description"] == "Drawn from a pickle"
    assert np.array_equal(own, drawn(guided, sampler="DDIM"))
    assert {row["id"]: row["state"] for row in json.loads(state.stdout)}["house"] == "loaded"
    assert [row for row in rows(guided_server.output()) if row["level"] == "error"] == []


@pytest.mark.parametrize("source", ["MASK_IMAGE_WHITE", "MASK_IMAGE_BLACK", "INIT_IMAGE_ALPHA"])
def test_a_grey_pixel_changes_in_proportion(real: Client, source: str) -> None:
    """No pixel moves farther than its share of the mask; untouched ones come back exactly, full ones are new."""
    sent = png(SIDE, SIDE)
    grey = np.broadcast_to(np.linspace(0, 255, SIDE).astype(np.uint8), (SIDE, SIDE))
    share = grey if source == "MASK_IMAGE_WHITE" else 255 - grey
    init, mask = (with_alpha(sent, grey), None) if source == "INIT_IMAGE_ALPHA" else (sent, saved(grey))

    moved = np.abs(picture(masking(real, "v1", init, mask, source)) - pixels(sent)).max(axis=2)

    assert (moved <= share.astype(int) + 1).all()
    assert not moved[share == 0].any()
    assert moved[share > 250].mean() > 10


def saved(grey: np.ndarray) -> bytes:
    """A mask as a file."""
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    return buffer.getvalue()


def with_alpha(sent: bytes, grey: np.ndarray) -> bytes:
    """A picture with this transparency."""
    buffer = io.BytesIO()
    image = Image.open(io.BytesIO(sent)).convert("RGBA")
    image.putalpha(Image.fromarray(grey))
    image.save(buffer, "PNG")
    return buffer.getvalue()
