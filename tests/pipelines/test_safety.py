"""The safety checker judges pictures by what is in them, and broken files are named as such."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from PIL import Image
from torch.nn import functional
from transformers import ViTConfig, ViTForImageClassification
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from engines.diffusion import safety
from engines.diffusion.preprocessing import Preprocessing
from engines.loading.device import Device
from engines.loading.model import WeightsUnusable
from engines.types import Pixels
from engines.weights.setup import Located

Tiny = Callable[[str], Path]
CPU = Device.choose("cpu")
SIDE = 32


def _picture(seed: int, width: int = 72, height: int = 48) -> Pixels:
    """Blocks of color."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(blocks).resize((width, height), Image.Resampling.BICUBIC))


def _load(folder: Path, dtype: torch.dtype = torch.float32) -> safety.SafetyChecker:
    return safety.load(Located(folder=folder), CPU, dtype)


@pytest.fixture
def checker_folder(tiny: Tiny, tmp_path: Path) -> Path:
    """A pipeline's folder with a checker that may be changed."""
    return shutil.copytree(tiny("safety"), tmp_path / "pipeline")


def _changed(folder: Path, change: Callable[[Any], None]) -> Path:
    model = StableDiffusionSafetyChecker.from_pretrained(folder / "safety_checker", local_files_only=True)
    with torch.no_grad():
        change(model)
    model.save_pretrained(folder / "safety_checker")
    return folder


def _thresholds(concepts: float, care: float = 2.0) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        model.concept_embeds_weights.fill_(concepts)
        model.special_care_embeds_weights.fill_(care)

    return change


def _seen(folder: Path, pixels: Pixels) -> tuple[Any, torch.Tensor]:
    """The checker's model and what it reads, both by the libraries' own code."""
    model = StableDiffusionSafetyChecker.from_pretrained(folder / "safety_checker", local_files_only=True)
    processor = CLIPImageProcessorPil.from_pretrained(folder / "feature_extractor", local_files_only=True)
    return model, processor(Image.fromarray(pixels), return_tensors="pt").pixel_values


@torch.no_grad()
def _embedding(folder: Path, pixels: Pixels) -> torch.Tensor:
    model, values = _seen(folder, pixels)
    embedding: torch.Tensor = model.visual_projection(model.vision_model(values)[1])[0]
    return embedding


def test_thresholds_below_every_cosine_find_every_picture_unsafe(checker_folder: Path) -> None:
    """A checker that is set to trip always trips."""
    checker = _load(_changed(checker_folder, _thresholds(-2)))
    assert all(checker.unsafe(_picture(seed)) for seed in range(3))


def test_thresholds_above_every_cosine_find_every_picture_safe(checker_folder: Path) -> None:
    """A checker that is set never to trip does not."""
    checker = _load(_changed(checker_folder, _thresholds(2)))
    assert not any(checker.unsafe(_picture(seed)) for seed in range(3))


def test_the_verdict_depends_on_the_picture(checker_folder: Path) -> None:
    """Where one picture is the concept, that picture is unsafe and another is not."""
    concept = _embedding(checker_folder, _picture(1))

    def change(model: Any) -> None:
        _thresholds(0.999)(model)
        model.concept_embeds[3] = concept

    checker = _load(_changed(checker_folder, change))
    assert checker.unsafe(_picture(1))
    assert not checker.unsafe(_picture(2))


def test_special_care_lowers_the_other_thresholds(checker_folder: Path) -> None:
    """A picture a little below a concept's threshold is unsafe only where it calls for special care."""
    concept = _embedding(checker_folder, _picture(1))

    def change(care: float) -> Callable[[Any], None]:
        def near(model: Any) -> None:
            _thresholds(1.005, care)(model)
            model.concept_embeds[3] = concept

        return near

    assert not _load(_changed(checker_folder, change(2))).unsafe(_picture(1))
    assert _load(_changed(checker_folder, change(-2))).unsafe(_picture(1))


def test_verdicts_are_those_of_the_published_checker(checker_folder: Path) -> None:
    """With a threshold in the middle of what these pictures reach both answers occur, and the library's own agree."""
    pictures = [_picture(seed, 40 + 16 * seed, 64) for seed in range(12)]
    seen = [_embedding(checker_folder, pixels) for pixels in pictures]
    concepts = _seen(checker_folder, pictures[0])[0].concept_embeds.detach()
    nearest = sorted(float(functional.cosine_similarity(concepts, embedding[None]).max()) for embedding in seen)
    checker = _load(_changed(checker_folder, _thresholds((nearest[5] + nearest[6]) / 2, 0.3)))
    expected = []
    for pixels in pictures:
        model, values = _seen(checker_folder, pixels)
        expected.append(model(clip_input=values, images=np.zeros((1, 1, 1, 3)))[1][0])
    assert [checker.unsafe(pixels) for pixels in pictures] == expected
    assert len(set(expected)) == 2


def test_a_checker_in_a_folder_of_its_own_is_found(checker_folder: Path) -> None:
    """The published repository holds the checker and its preprocessing in one folder."""
    _changed(checker_folder, _thresholds(-2))
    alone = checker_folder / "safety_checker"
    (checker_folder / "feature_extractor" / "preprocessor_config.json").rename(alone / "preprocessor_config.json")
    assert _load(alone).unsafe(_picture(1))


def test_half_precision_judges_as_well(checker_folder: Path) -> None:
    """In bf16 the extremes stay extremes."""
    assert _load(_changed(checker_folder, _thresholds(-2)), torch.bfloat16).unsafe(_picture(1))
    assert not _load(_changed(checker_folder, _thresholds(2)), torch.bfloat16).unsafe(_picture(1))


def _classifier(folder: Path, names: tuple[str, ...], bias: tuple[float, ...], **options: Any) -> Path:
    """A tiny vision transformer that gives every label its own probability, whatever it sees."""
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=SIDE,
        patch_size=8,
        id2label=dict(enumerate(names)),
        label2id={name: number for number, name in enumerate(names)},
        **options,
    )
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(1)
        model = ViTForImageClassification(config)
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor(bias))
    model.save_pretrained(folder)
    ViTImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(("bias", "unsafe"), [((0.0, 2.0), True), ((2.0, 0.0), False)])
def test_a_classifier_is_a_checker_too(tmp_path: Path, bias: tuple[float, ...], *, unsafe: bool) -> None:
    """The label that sounds unsafe has to be more probable than the other."""
    assert _load(_classifier(tmp_path, ("normal", "NSFW"), bias)).unsafe(_picture(1)) is unsafe


def test_unsafe_labels_of_a_classifier_count_together(tmp_path: Path) -> None:
    """Two labels of 0.3 each are 0.6."""
    bias = tuple(float(np.log(share)) for share in (0.4, 0.3, 0.3))
    assert _load(_classifier(tmp_path, ("drawings", "hentai", "porn"), bias)).unsafe(_picture(1))


@pytest.mark.parametrize(("bias", "unsafe"), [((5.0, 0.1, -5.0), True), ((5.0, -0.1, -0.1), False)])
def test_labels_that_do_not_exclude_each_other_count_one_by_one(
    tmp_path: Path, bias: tuple[float, ...], *, unsafe: bool
) -> None:
    """One label above one half is enough, two just below it are not."""
    names = ("neutral", "sexy", "porn")
    folder = _classifier(tmp_path, names, bias, problem_type="multi_label_classification")
    assert _load(folder).unsafe(_picture(1)) is unsafe


def test_a_classifier_looks_at_the_picture(tmp_path: Path) -> None:
    """A classifier that tells dark from light finds the light one unsafe."""
    model = ViTForImageClassification.from_pretrained(_classifier(tmp_path, ("sfw", "nsfw"), (0, 0)))
    dark, light = (np.full((40, 40, 3), value, np.uint8) for value in (20, 230))
    read = Preprocessing.of(tmp_path)
    with torch.no_grad():
        away, there = (model.vit(read.apply(pixels))[0][0, 0] for pixels in (dark, light))
        slope = (there - away) / (there - away).square().sum()
        model.classifier.weight.copy_(torch.stack([-slope, slope]))
        model.classifier.bias.copy_(torch.stack([(there + away) @ slope / 2, -(there + away) @ slope / 2]))
    model.save_pretrained(tmp_path)
    checker = _load(tmp_path)
    assert checker.unsafe(light)
    assert not checker.unsafe(dark)


def test_a_classifier_of_other_things_is_no_checker(tmp_path: Path) -> None:
    """Cats and dogs are refused when it is loaded, not passed as safe for ever."""
    with pytest.raises(WeightsUnusable, match="sounds unsafe"):
        _load(_classifier(tmp_path, ("cat", "dog"), (0, 0)))


def test_another_model_is_no_checker(tiny: Tiny) -> None:
    """CLIP itself does not judge."""
    with pytest.raises(WeightsUnusable, match="CLIPModel"):
        _load(tiny("clip"))


def test_a_classifier_cannot_bring_its_own_code(tmp_path: Path) -> None:
    """Only classes that transformers has are run, whatever a configuration asks for."""
    folder = _classifier(tmp_path, ("normal", "nsfw"), (0.0, 2.0))
    config = json.loads((folder / "config.json").read_text())
    config |= {"architectures": ["TheirForImageClassification"], "model_type": "theirs"}
    config["auto_map"] = {"AutoModelForImageClassification": "theirs.TheirForImageClassification"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "theirs.py").write_text("raise SystemExit('run')")
    with pytest.raises(WeightsUnusable, match="TheirForImageClassification"):
        _load(folder)


@pytest.mark.parametrize(
    "missing",
    ["safety_checker/model.safetensors", "safety_checker/config.json", "feature_extractor/preprocessor_config.json"],
)
def test_a_checker_that_lacks_a_file_is_unusable(checker_folder: Path, missing: str) -> None:
    """The error names the folder."""
    (checker_folder / missing).unlink()
    with pytest.raises(WeightsUnusable, match="safety_checker"):
        _load(checker_folder)


def test_a_checker_that_was_cut_off_is_unusable(checker_folder: Path) -> None:
    """Half a download does not become half a checker."""
    weights = checker_folder / "safety_checker" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(WeightsUnusable, match="safety_checker"):
        _load(checker_folder)


def test_a_checker_of_another_size_is_unusable(checker_folder: Path) -> None:
    """Weights that do not fit the configuration are not replaced by chance."""
    path = checker_folder / "safety_checker" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["vision_config"]["num_hidden_layers"] = 3
    path.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(WeightsUnusable, match="missing"):
        _load(checker_folder)


@pytest.mark.parametrize(
    "content", ["{", "[]", "{}", '{"size": 32, "image_mean": "red"}', '{"size": 32, "resample": 77}']
)
def test_preprocessing_that_makes_no_sense_is_unusable(checker_folder: Path, content: str) -> None:
    """A broken file is named."""
    (checker_folder / "feature_extractor" / "preprocessor_config.json").write_text(content, encoding="utf-8")
    with pytest.raises(WeightsUnusable, match="preprocessor_config"):
        _load(checker_folder)


@pytest.mark.parametrize(("width", "height"), [(64, 64), (100, 64), (64, 131), (20, 500), (33, 32)])
@pytest.mark.parametrize("processor", [CLIPImageProcessorPil, ViTImageProcessorPil])
def test_pictures_are_prepared_as_the_library_does_it(tmp_path: Path, processor: Any, width: int, height: int) -> None:
    """Size, middle, range and colors are the same as those of transformers' processors."""
    sides = {"height": SIDE, "width": SIDE}
    clip = processor is CLIPImageProcessorPil
    theirs = processor(size={"shortest_edge": SIDE}, crop_size=sides) if clip else processor(size=sides)
    theirs.save_pretrained(tmp_path)
    pixels = _picture(1, width, height)
    expected = theirs(Image.fromarray(pixels), return_tensors="pt").pixel_values
    assert torch.allclose(Preprocessing.of(tmp_path).apply(pixels), expected, atol=1e-5)


def test_old_files_hold_one_number_for_a_size(tmp_path: Path) -> None:
    """With a crop it is the shorter side, without one both sides."""
    sides = {}
    for crop in (True, False):
        settings = {"size": SIDE, "crop_size": 24, "do_center_crop": crop, "resample": 3}
        (tmp_path / "preprocessor_config.json").write_text(json.dumps(settings), encoding="utf-8")
        read = Preprocessing.of(tmp_path)
        sides[crop] = (read.size, read.crop, tuple(read.apply(_picture(1)).shape[2:]))
    assert sides == {True: (SIDE, (24, 24), (24, 24)), False: ((SIDE, SIDE), None, (SIDE, SIDE))}
