"""What lies in a folder is a model, or lacks something that can be named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from engines.weights import disk as disk_module
from engines.weights.disk import Disk
from engines.weights.setup import Located, Source
from tests.engines.models import CLIP, CONFIGURATION, HALF, INDEX, MODEL, PICKLED, lay

SHARDS = {
    "unet/diffusion_pytorch_model.safetensors.index.json": b"{}",
    "unet/diffusion_pytorch_model-00001-of-00002.safetensors": b"one",
    "unet/diffusion_pytorch_model-00002-of-00002.safetensors": b"two",
}
HALF_SHARDS = {
    "text_encoder/model.safetensors.index.fp16.json": b"{}",
    "text_encoder/model.fp16-00001-of-00001.safetensors": b"one",
}
DEPTH = {
    "model_index.json": INDEX.replace(b'"unet"', b'"depth_estimator": ["transformers", "DPT"], "unet"'),
    "depth_estimator/config.json": b"{}",
    "depth_estimator/model.safetensors": b"depth",
    "feature_extractor/preprocessor_config.json": b"{}",
}

XL = {
    "model_index.json": INDEX.replace(
        b'"unet"', b'"text_encoder_2": ["transformers", "X"], "tokenizer_2": ["transformers", "X"], "unet"'
    ),
    "text_encoder_2/config.json": b"{}",
    "text_encoder_2/model.safetensors": b"second",
    "tokenizer_2/vocab.json": b"{}",
    "tokenizer_2/merges.txt": b"#",
}
FLOW = {
    **{name: content for name, content in {**MODEL, **XL}.items() if not name.startswith("unet/")},
    "model_index.json": XL["model_index.json"].replace(
        b'"unet"', b'"text_encoder_3": ["transformers", "X"], "tokenizer_3": ["transformers", "X"], "transformer"'
    ),
    "transformer/config.json": b"{}",
    "transformer/diffusion_pytorch_model.safetensors": b"transformer",
    "text_encoder_3/config.json": b"{}",
    "text_encoder_3/model.safetensors": b"third",
    "tokenizer_3/tokenizer.json": b"{}",
    "tokenizer_3/spiece.model": b"words",
}
X4 = {
    "model_index.json": INDEX.replace(b'"unet"', b'"low_res_scheduler": ["diffusers", "DDPMScheduler"], "unet"'),
    "low_res_scheduler/scheduler_config.json": b"{}",
}


def without(files: Mapping[str, bytes], *names: str) -> dict[str, bytes]:
    """All files but some."""
    return {name: content for name, content in files.items() if name not in names}


@pytest.mark.parametrize(
    ("files", "source", "variant"),
    [
        (MODEL, {}, None),
        (MODEL, {"variant": "fp16"}, None),
        ({**MODEL, **HALF}, {}, None),
        ({**MODEL, **HALF}, {"variant": "fp16"}, "fp16"),
        ({**without(MODEL, "unet/diffusion_pytorch_model.safetensors"), **SHARDS}, {}, None),
        ({**MODEL, **HALF_SHARDS}, {"variant": "fp16"}, "fp16"),
        ({**CONFIGURATION, **PICKLED}, {"pickle": True}, None),
        ({**MODEL, **DEPTH}, {}, None),
        ({**MODEL, **XL}, {}, None),
        ({**MODEL, **X4}, {}, None),
        (FLOW, {}, None),
        (
            {**without(MODEL, "tokenizer/vocab.json", "tokenizer/merges.txt"), "tokenizer/tokenizer.json": b"{}"},
            {},
            None,
        ),
        (CLIP, {}, None),
    ],
    ids=[
        "plain",
        "no such variant",
        "two",
        "half",
        "shards",
        "half shards",
        "pickles",
        "depth",
        "xl",
        "x4",
        "flow",
        "tokenizer",
        "clip",
    ],
)
def test_a_complete_folder(
    tmp_path: Path, files: dict[str, bytes], source: dict[str, str], variant: str | None
) -> None:
    """Everything a model is read from is there, in the wanted variant where there is one."""
    asked = Source(path=lay(tmp_path, files), **source)  # type: ignore[arg-type]  # fields of several types

    assert Disk(None).problem(asked) is None
    assert Disk(None).locate(asked) == Located(folder=tmp_path, variant=variant, pickle=asked.pickle)


@pytest.mark.parametrize(
    ("files", "lacking"),
    [
        (without(MODEL, "unet/config.json"), "unet/config.json"),
        (without(MODEL, "scheduler/scheduler_config.json"), "scheduler/scheduler_config.json"),
        (without(MODEL, "tokenizer/merges.txt"), "tokenizer/merges.txt"),
        (without(MODEL, "vae/diffusion_pytorch_model.safetensors"), "the weights of vae"),
        ({**MODEL, "vae/diffusion_pytorch_model.safetensors": b""}, "the weights of vae"),
        ({**CONFIGURATION, **HALF}, 'the weights of unet (there only as a variant: add variant = "fp16")'),
        ({**CONFIGURATION, **PICKLED}, "the weights of unet as safetensors (there only as .bin: add pickle = true"),
        ({**without(MODEL, "unet/diffusion_pytorch_model.safetensors"), **dict(list(SHARDS.items())[:2])}, "of unet"),
        (without({**MODEL, **DEPTH}, "feature_extractor/preprocessor_config.json"), "feature_extractor/preprocessor"),
        (without({**MODEL, **XL}, "text_encoder_2/config.json"), "text_encoder_2/config.json"),
        (without({**MODEL, **XL}, "text_encoder_2/model.safetensors"), "the weights of text_encoder_2"),
        (without({**MODEL, **XL}, "tokenizer_2/merges.txt"), "tokenizer_2/merges.txt"),
        (without({**MODEL, **X4}, "low_res_scheduler/scheduler_config.json"), "low_res_scheduler/scheduler_config"),
        (without(FLOW, "transformer/config.json"), "transformer/config.json"),
        (without(FLOW, "text_encoder_3/model.safetensors"), "the weights of text_encoder_3"),
        (without(FLOW, "tokenizer_3/tokenizer.json"), "tokenizer_3/"),
        ({**PICKLED, "model_index.json": b"{"}, "unet/config.json"),
        (without(MODEL, "model_index.json"), "has no model_index.json"),
        (without(CLIP, "model.safetensors"), "its weights"),
        ({}, "has no model_index.json"),
    ],
)
def test_an_incomplete_folder(tmp_path: Path, files: dict[str, bytes], lacking: str) -> None:
    """What is missing is named, and the model is not offered."""
    source = Source(path=lay(tmp_path, files))

    problem = Disk(None).problem(source)

    assert problem is not None
    assert lacking in problem
    assert Disk(None).locate(source) is None


def test_a_link_to_nothing_is_no_file(tmp_path: Path) -> None:
    """A link whose end was deleted counts as missing."""
    lay(tmp_path, MODEL)
    weights = tmp_path / "unet/diffusion_pytorch_model.safetensors"
    weights.unlink()
    weights.symlink_to(tmp_path / "gone")

    assert Disk(None).problem(Source(path=tmp_path)) == f"{tmp_path} is incomplete: it lacks the weights of unet"


def test_no_folder_at_all(tmp_path: Path) -> None:
    """A path that leads nowhere is said to."""
    assert Disk(None).problem(Source(path=tmp_path / "gone")) == f"{tmp_path / 'gone'} does not exist"


def test_one_file(tmp_path: Path) -> None:
    """A file comes with the folder that explains it."""
    file = lay(tmp_path, {"mine.safetensors": b"weights"}) / "mine.safetensors"
    config = lay(tmp_path / "config", CONFIGURATION)

    located = Disk(None).locate(Source(path=file, config=str(config)))

    assert located == Located(file=file, config=config)


def test_one_file_whose_configuration_is_incomplete(tmp_path: Path) -> None:
    """The configuration is judged too."""
    file = lay(tmp_path, {"mine.safetensors": b"weights"}) / "mine.safetensors"
    config = lay(tmp_path / "config", without(CONFIGURATION, "vae/config.json"))

    assert Disk(None).problem(Source(path=file, config=str(config))) == f"{config} lacks vae/config.json"


def test_one_file_that_explains_itself(tmp_path: Path) -> None:
    """An upscaler's file needs nothing else."""
    file = lay(tmp_path, {"x2.pth": b"weights"}) / "x2.pth"

    assert Disk(None).locate(Source(path=file, pickle=True)) == Located(file=file, pickle=True)


def test_the_size_counts_what_is_read(tmp_path: Path) -> None:
    """Files of another variant beside those that are read do not count."""
    disk, folder = Disk(None), lay(tmp_path, {**MODEL, **HALF, "README.md": b"long" * 1000})
    plain = disk.locate(Source(path=folder))
    half = disk.locate(Source(path=folder, variant="fp16"))
    assert plain is not None
    assert half is not None

    configuration = sum(map(len, CONFIGURATION.values()))
    assert disk.size(plain) == configuration + 400 + 200 + 100
    assert disk.size(half) == configuration + 200 + 100 + 100


def test_an_answer_holds_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked again at once, the disk is not looked at; a little later, what was pulled is seen."""
    disk, source, now = Disk(None), Source(path=tmp_path), [100.0]
    monkeypatch.setattr(disk_module.time, "monotonic", lambda: now[0])
    assert disk.locate(source) is None
    lay(tmp_path, MODEL)

    now[0] += 1.0
    assert disk.locate(source) is None
    now[0] += disk_module.FRESH
    assert disk.locate(source) is not None


def test_without_the_hubs_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is not installed, the way to install it is said."""
    monkeypatch.setattr(disk_module, "hub_installed", lambda: False)

    problem = Disk(None).problem(Source(hub="a/b"))

    assert problem == "huggingface_hub is not installed: pip install '.[gpu]' in the checkout"
