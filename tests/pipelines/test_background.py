"""The subject of a picture: which segments count, what is done where there are none, and where its edges are."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch.nn import functional

from engines.analysis.types import Analysis, Question
from engines.loading.device import Device
from engines.loading.model import Thrift, Watch
from engines.reading import background, coco
from engines.reading.background import BackgroundRemover
from engines.types import Pixels
from engines.weights.setup import Located
from tests.tiny.reading import KINDS_OF_SEGMENTS, SIDE

Tiny = Callable[[str], Path]
PATIENT = Watch(stopped=lambda: False, report=lambda done, total: None)
PERSON, DOG, SKY, BUILDING, NOTHING = range(len(KINDS_OF_SEGMENTS) + 1)
CERTAIN = 20.0
LEFT, RIGHT, MIDDLE = "left", "right", "middle"


class Output:
    """What a network for segments answers."""

    def __init__(self, kinds: torch.Tensor, masks: torch.Tensor) -> None:
        self.class_queries_logits = kinds
        self.masks_queries_logits = masks


class ScriptedNetwork:
    """Sees the segments that the test wants, on the upper half of its square, where wide pictures lie."""

    device, dtype = torch.device("cpu"), torch.float32

    def __init__(self, config: Any, segments: dict[str, int]) -> None:
        self.config = config
        self._segments = segments

    def __call__(self, pixels: torch.Tensor) -> Output:
        side = pixels.shape[-1] // 4
        kinds, masks = (
            torch.zeros(1, len(self._segments), NOTHING + 1),
            torch.full((len(self._segments), side, side), -9.0),
        )
        for place, (where, kind) in enumerate(self._segments.items()):
            kinds[0, place, kind] = CERTAIN
            columns = {LEFT: slice(side // 2), RIGHT: slice(side // 2, side), MIDDLE: slice(side // 4, -side // 4)}
            masks[place, : side // 2, columns[where]] = 9.0
        return Output(kinds, masks[None])


def photo(width: int, height: int) -> Pixels:
    """Blocks of color."""
    blocks = np.random.default_rng(3).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(blocks).resize((width, height), Image.Resampling.BICUBIC))


def load(folder: Path) -> BackgroundRemover:
    """The remover in a folder, on the CPU."""
    return background.load(Located(folder=folder), Device.choose("cpu"), torch.float32)


def ask(remover: BackgroundRemover, pixels: Pixels) -> Pixels:
    """The mask of the subject."""
    return remover.answer(Question(Analysis.BACKGROUND, pixels=pixels), PATIENT, Thrift.NONE)


@pytest.fixture
def seen(tiny: Tiny) -> Callable[[dict[str, int]], str]:
    """Which halves of a wide picture are the subject when the network sees these segments: both, one, or none."""
    real = load(tiny("background-removal"))

    def look(segments: dict[str, int]) -> str:
        mask = ask(BackgroundRemover(ScriptedNetwork(real._model.config, segments), real._prepare), photo(200, 100))
        assert mask.shape == (100, 200)
        halves = [name for name, part in ((LEFT, mask[:, :90]), (RIGHT, mask[:, 110:])) if part.mean() > 250]
        return " ".join(halves)

    return look


def test_things_are_the_subject(seen: Callable[[dict[str, int]], str]) -> None:
    """A person before the sky, and a dog beside a building."""
    assert seen({LEFT: PERSON, RIGHT: SKY}) == LEFT
    assert seen({LEFT: BUILDING, RIGHT: DOG}) == RIGHT


def test_all_things_together_are_the_subject(seen: Callable[[dict[str, int]], str]) -> None:
    """A person and the dog."""
    assert seen({LEFT: PERSON, RIGHT: DOG}) == "left right"


def test_without_things_all_but_the_surroundings_is_the_subject(seen: Callable[[dict[str, int]], str]) -> None:
    """A building before the sky, and something of no known kind before it."""
    assert seen({LEFT: SKY, RIGHT: BUILDING}) == RIGHT
    assert seen({LEFT: SKY, RIGHT: NOTHING}) == RIGHT


def test_without_a_subject_nothing_is_taken_away(seen: Callable[[dict[str, int]], str]) -> None:
    """A picture of the sky alone, and one of which nothing is known."""
    assert seen({LEFT: SKY, RIGHT: SKY}) == "left right"
    assert seen({LEFT: NOTHING}) == "left right"


@pytest.mark.parametrize(("width", "height"), [(150, 60), (60, 150), (64, 64), (33, 41)])
def test_edges_are_where_the_network_sees_them(tiny: Tiny, width: int, height: int) -> None:
    """The mask of one query, by the steps of the stock processor: enlarged to its square, cut, and fitted."""
    remover = load(tiny("background-removal"))
    network, pixels = remover._model, photo(width, height)
    with torch.no_grad():
        network.class_predictor.weight.zero_()
        network.class_predictor.bias.copy_(functional.one_hot(torch.tensor(NOTHING)) * CERTAIN)
        seen = remover._prepare(images=pixels, return_tensors="pt")["pixel_values"]
        masks = network(seen).masks_queries_logits[:, :1]
    remover._candidates = lambda kinds, found: [found[0]]

    mask = ask(remover, pixels)

    square = functional.interpolate(masks, size=(SIDE, SIDE), mode="bilinear")
    scale = SIDE / max(width, height)
    cut = square[:, :, : round(height * scale), : round(width * scale)]
    expected = functional.interpolate(cut, size=(height, width), mode="bilinear", align_corners=False)[0, 0].sigmoid()
    assert mask.shape == (height, width)
    assert np.abs(mask - expected.numpy() * 255).max() <= 1


def test_a_file_without_what_only_training_needs_is_whole(tiny: Tiny, tmp_path: Path) -> None:
    """Published weights lack the numbers of the training, and a trained network sees the same without them."""
    bare = Path(shutil.copytree(tiny("background-removal"), tmp_path / "bare"))
    weights = load_file(bare / "model.safetensors")
    for name in background.UNLEARNT:
        weights.pop(name)
    save_file(weights, bare / "model.safetensors", {"format": "pt"})

    one, other = (ask(load(folder), photo(80, 50)) for folder in (bare, tiny("background-removal")))

    assert np.array_equal(one, other)
    assert not load(bare)._model.attn_mask_probs.any()


def test_numbers_stand_for_cocos_kinds() -> None:
    """Published models have numbers for names; of 133, the first 80 are things."""
    names = coco.names([f"LABEL_{number}" for number in range(133)])

    assert [coco.is_thing(name) for name in names] == [True] * 80 + [False] * 53
    assert [coco.is_surroundings(names[number]) for number in (79, 80, 119, 129, 132)] == [
        False,
        False,
        True,
        False,
        True,
    ]


def test_other_labels_keep_their_names() -> None:
    """A model with names, or with other numbers, is taken at its word."""
    assert coco.names(["cat", "sky"]) == ("cat", "sky")
    assert coco.names(["LABEL_0", "LABEL_1"]) == ("LABEL_0", "LABEL_1")
    assert (coco.is_thing("cat"), coco.is_thing("wall"), coco.is_surroundings("wall")) == (True, False, True)
