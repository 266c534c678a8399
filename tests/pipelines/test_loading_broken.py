"""Checkpoints that cannot be used are refused with a sentence that names what is wrong."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engines.loading.model import WeightsUnusable
from engines.weights.setup import Kind, Located
from tests.pipelines import lending

Tiny = Callable[[str], Path]
Copy = Callable[[str], Path]


@pytest.fixture
def copy(tiny: Tiny, tmp_path: Path) -> Copy:
    """A copy of a tiny model that a test may spoil."""
    return lambda kind: Path(shutil.copytree(tiny(kind), tmp_path / kind))


def refusal(located: Located, kind: Kind = Kind.DIFFUSION, guidance: Located | None = None) -> str:
    """What the owner reads in the log; nothing of the refused engine stays loaded."""
    keeper = lending.keeper()
    with pytest.raises(WeightsUnusable) as refused:
        keeper.lend(lending.setup("refused", kind), located, guidance)
    assert keeper.holdings().memory == 0
    return str(refused.value)


def edited(path: Path, **fields: Any) -> None:
    """Change fields of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


@pytest.mark.parametrize(
    "name",
    [
        "model_index.json",
        "unet/config.json",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
        "tokenizer/tokenizer.json",
        "scheduler/scheduler_config.json",
    ],
)
def test_a_missing_file_is_named(copy: Copy, name: str) -> None:
    """The sentence says in which folder what is missing."""
    folder = copy("sd1")
    (folder / name).unlink()

    assert Path(name).parts[0] in refusal(Located(folder=folder))


@pytest.mark.parametrize("name", ["unet/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors"])
def test_a_file_that_was_cut_off_is_named(copy: Copy, name: str) -> None:
    """As a broken download leaves it."""
    weights = copy("sd1") / name
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])

    said = refusal(Located(folder=weights.parents[1]))

    assert name in said
    assert "broken" in said


def test_a_file_of_other_content_is_named(copy: Copy) -> None:
    """A page of HTML under the name of the weights."""
    weights = copy("sd1") / "vae" / lending.SAFETENSORS
    weights.write_text("<html>not found</html>" * 100)

    assert f"vae/{lending.SAFETENSORS}" in refusal(Located(folder=weights.parents[1]))


def test_a_configuration_that_is_no_json_is_named(copy: Copy) -> None:
    """The sentence names the file."""
    folder = copy("sd1")
    (folder / "unet/config.json").write_text("{")

    assert "unet/config.json" in refusal(Located(folder=folder))


@pytest.mark.parametrize("name", [f"unet/{lending.SAFETENSORS}", "text_encoder/model.safetensors"])
def test_missing_weights_are_not_made_up(copy: Copy, name: str) -> None:
    """The libraries would fill them with random numbers and only warn."""
    file = copy("sd1") / name
    weights = load_file(file)
    lost = min(weights)
    del weights[lost]
    save_file(weights, file, {"format": "pt"})

    said = refusal(Located(folder=file.parents[1]))

    assert "1 weights are missing" in said
    assert lost in said


@pytest.mark.parametrize("name", [f"unet/{lending.SAFETENSORS}", "text_encoder/model.safetensors"])
def test_weights_of_another_size_are_refused(copy: Copy, name: str) -> None:
    """A fine-tune of another architecture under the configuration of this one."""
    file = copy("sd1") / name
    weights = {key: torch.cat([weight, weight]) for key, weight in load_file(file).items()}
    save_file(weights, file, {"format": "pt"})

    assert Path(name).parts[0] in refusal(Located(folder=file.parents[1]))


def test_an_upscaler_does_not_draw(tiny: Tiny) -> None:
    """The sentence tells what was found: a UNet with seven channels."""
    assert "7 input channels" in refusal(Located(folder=tiny("x4")))


def test_a_drawing_model_does_not_upscale(tiny: Tiny) -> None:
    """The other way round: four channels."""
    assert "4 input channels" in refusal(Located(folder=tiny("sd1")), Kind.LATENT_UPSCALER)


def test_a_checkpoint_is_no_esrgan(tiny: Tiny) -> None:
    """Stable Diffusion in one file where an upscaler should be."""
    assert "RRDBNet" in refusal(Located(file=tiny("sd1-file")), Kind.ESRGAN)


def test_an_esrgan_is_no_checkpoint(tiny: Tiny) -> None:
    """An upscaler where Stable Diffusion in one file should be."""
    said = refusal(Located(file=tiny("esrgan"), config=tiny("sd1")))

    assert "holds no weights for the unet" in said


def test_an_encoder_that_does_not_fit_the_unet_is_refused(copy: Copy, tiny: Tiny) -> None:
    """SD 2's encoder beside SD 1's UNet: both widths are told."""
    folder = copy("sd1")
    shutil.copytree(tiny("sd2") / "text_encoder", folder / "text_encoder", dirs_exist_ok=True)

    said = refusal(Located(folder=folder))

    assert "16" in said
    assert "24" in said


def test_depth_needs_its_estimator(copy: Copy) -> None:
    """A UNet that reads depth with nothing to estimate it."""
    folder = copy("depth")
    edited(folder / "model_index.json", depth_estimator=[None, None])

    assert "depth_estimator" in refusal(Located(folder=folder))


@pytest.mark.parametrize(
    ("component", "field", "said"),
    [
        ("vae", "latent_channels", "latents 16 channels"),
        ("text_encoder_3", "d_model", "texts 48 wide"),
        ("text_encoder_2", "projection_dim", "whole texts 36 wide"),
        ("text_encoder_2", "hidden_size", "texts 48 wide"),
    ],
)
def test_what_does_not_fit_the_transformer_is_refused(copy: Copy, component: str, field: str, said: str) -> None:
    """Parts of another Stable Diffusion 3 than the transformer's: the sentence tells the sizes."""
    folder = copy("sd3")
    edited(folder / component / "config.json", **{field: 64})

    assert said in refusal(Located(folder=folder))


@pytest.mark.parametrize("name", ["vae", "text_encoder", "text_encoder_2"])
def test_stable_diffusion_3_needs_all_but_t5(copy: Copy, name: str) -> None:
    """The sentence names what is not there."""
    folder = copy("sd3")
    edited(folder / "model_index.json", **{name: [None, None]})

    assert f"it has no {name}" in refusal(Located(folder=folder))


def test_stable_diffusion_3_does_not_upscale(tiny: Tiny) -> None:
    """A transformer where the latent upscaler's UNet should be."""
    assert "a transformer cannot serve" in refusal(Located(folder=tiny("sd3")), Kind.LATENT_UPSCALER)


def test_stable_diffusion_3_in_one_file_is_refused(tiny: Tiny) -> None:
    """Such files are not read; the sentence says what is."""
    said = refusal(Located(file=tiny("sd1-file"), config=tiny("sd3")))

    assert "a folder in diffusers' layout only" in said


def test_a_checkpoint_brings_no_code_of_its_own(copy: Copy) -> None:
    """Classes are looked up in a table, whatever the checkpoint names; no file of Python is read."""
    folder = copy("sd1")
    (folder / "unet/own.py").write_text("raise SystemExit('ran')")
    edited(folder / "model_index.json", unet=["own", "MyUNet"])

    assert "MyUNet is not supported" in refusal(Located(folder=folder))


class _Trap:
    """Would end the process if it were unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (exit, ("unpickled",))


@pytest.mark.parametrize("allowed", [False, True])
def test_pickles_run_no_code(copy: Copy, allowed: bool) -> None:
    """Not read at all unless the owner allows it, and then without executing what they ask for."""
    folder = copy("sd1")
    (folder / "unet" / lending.SAFETENSORS).unlink()
    (folder / "unet/diffusion_pytorch_model.bin").write_bytes(pickle.dumps({"conv_in.weight": _Trap()}))

    assert "unet" in refusal(Located(folder=folder, pickle=allowed))


def test_an_allowed_pickle_is_read(copy: Copy) -> None:
    """Older checkpoints exist only in this form."""
    folder = copy("sd1")
    file = folder / "unet" / lending.SAFETENSORS
    torch.save(load_file(file), folder / "unet/diffusion_pytorch_model.bin")
    file.unlink()

    model = lending.keeper().lend(lending.setup("pickled"), Located(folder=folder, pickle=True), None)

    assert lending.draw(model).shape == (128, 128, 3)


def test_a_single_pickle_must_be_allowed(tiny: Tiny, tmp_path: Path) -> None:
    """The sentence says what to write to allow it."""
    file = tmp_path / "model.ckpt"
    torch.save({"state_dict": load_file(tiny("sd1-file"))}, file)

    assert "pickle = true" in refusal(Located(file=file, config=tiny("sd1")))


def test_an_allowed_single_pickle_is_read(tiny: Tiny, tmp_path: Path) -> None:
    """As the first checkpoints were published."""
    file = tmp_path / "model.ckpt"
    torch.save({"state_dict": load_file(tiny("sd1-file"))}, file)

    model = lending.keeper().lend(lending.setup("ckpt"), Located(file=file, config=tiny("sd1"), pickle=True), None)

    assert lending.draw(model).shape == (128, 128, 3)


def test_a_single_file_without_some_weights_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    """Missing weights are not made up here either."""
    weights = load_file(tiny("sd1-file"))
    del weights["model.diffusion_model.middle_block.0.in_layers.2.weight"]
    save_file(weights, tmp_path / "lacking.safetensors")

    said = refusal(Located(file=tmp_path / "lacking.safetensors", config=tiny("sd1")))

    assert "lacking.safetensors" in said


def test_a_single_file_needs_its_configuration(tiny: Tiny) -> None:
    """The sentence says what to set."""
    assert "config" in refusal(Located(file=tiny("sd1-file")))


def test_a_guide_must_be_a_clip_model(tiny: Tiny) -> None:
    """A folder of something else is named."""
    vae = tiny("sd1") / "vae"

    assert "vae" in refusal(Located(folder=tiny("sd1")), guidance=Located(folder=vae))


def test_an_allowed_pickle_takes_the_memory_of_its_weights(tiny: Tiny, tmp_path: Path) -> None:
    """What a training left beside them in the file, and the precision it was saved in, do not count."""
    weights = load_file(tiny("sd1-file"))
    spare = {f"model_ema.{name}": weight for name, weight in weights.items()}
    torch.save({"state_dict": weights | spare, "optimizer_states": [spare]}, tmp_path / "model.ckpt")
    keeper = lending.keeper()

    keeper.lend(lending.setup("safe"), Located(file=tiny("sd1-file"), config=tiny("sd1")), None)
    one = keeper.holdings().memory
    located = Located(file=tmp_path / "model.ckpt", config=tiny("sd1"), pickle=True)
    keeper.lend(lending.setup("ckpt", dtype="bfloat16"), located, None)

    assert keeper.holdings().memory == one + one // 2
