"""Checkpoints of every kind are read from the disk as they are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers.models.attention_processor import AttnProcessor2_0
from safetensors.torch import load_file, save_file

from engines.loading.device import Device
from engines.weights.setup import Kind, Located
from tests.pipelines import lending

Tiny = Callable[[str], Path]

CHANNELS = {"sd1": 4, "sd2": 4, "sd2-v": 4, "sdxl": 4, "inpainting": 9, "depth": 5}
CHANNELS |= {"sd3": 16, "sd3-no-t5": 16, "sd3.5": 16}


@pytest.mark.parametrize("kind", CHANNELS)
def test_every_kind_of_checkpoint_draws(tiny: Tiny, kind: str) -> None:
    """Each is recognized by what is in its folder, without being told."""
    model = lending.lend(lending.keeper(), tiny(kind))

    picture = lending.draw(model)

    assert picture.shape == (128, 128, 3)
    assert 10 < picture.std() < 100
    assert lending.parts(model).unet.config.in_channels == CHANNELS[kind]


def test_sdxl_has_two_encoders_and_its_zeros(tiny: Tiny) -> None:
    """Both encoders with their tokenizers, in order, and what an empty negative prompt means."""
    parts = lending.parts(lending.lend(lending.keeper(), tiny("sdxl")))

    assert [encoder.config.hidden_size for encoder in parts.text_encoders] == [16, 24]
    assert [tokenizer.pad_token for tokenizer in parts.tokenizers] == ["<|endoftext|>", "!"]
    assert parts.zeros_for_empty


def test_stable_diffusion_3_has_two_encoders_and_t5(tiny: Tiny) -> None:
    """T5 stands apart from the two of CLIP's kind, and may be absent."""
    parts = lending.parts(lending.lend(lending.keeper(), tiny("sd3")))
    without = lending.parts(lending.lend(lending.keeper(), tiny("sd3-no-t5")))

    assert [encoder.config.hidden_size for encoder in parts.text_encoders] == [16, 24]
    assert [tokenizer.pad_token for tokenizer in parts.tokenizers] == ["<|endoftext|>", "!"]
    assert (parts.t5.config.d_model, parts.t5_tokenizer.pad_token) == (48, "<pad>")
    assert (without.t5, without.t5_tokenizer, len(without.text_encoders)) == (None, None, 2)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_stable_diffusion_3_in_half_precision(tiny: Tiny, dtype: str) -> None:
    """All of it, but for what T5 would overflow in; what it takes in memory counts that too."""
    keeper, exact = lending.keeper(), lending.keeper()

    rough = lending.lend(keeper, tiny("sd3"), dtype=dtype)
    difference = np.abs(lending.draw(lending.lend(exact, tiny("sd3"))).astype(int) - lending.draw(rough))

    parts = lending.parts(rough)
    models = (parts.unet, parts.vae, *parts.text_encoders, parts.t5)
    weights = {name: weight for model in models for name, weight in model.named_parameters()}
    assert {name.split(".")[-2] for name, weight in weights.items() if weight.dtype == torch.float32} == (
        {"wo"} if dtype == "float16" else set()
    )
    held = (
        sum(weight.nbytes for model in models for weight in model.parameters()) + parts.unet.pos_embed.pos_embed.nbytes
    )
    assert keeper.holdings().memory == held
    assert 0 < difference.mean() < 10


def test_depth_comes_with_its_estimator(tiny: Tiny) -> None:
    """The estimator and what prepares pictures for it."""
    parts = lending.parts(lending.lend(lending.keeper(), tiny("depth")))

    assert parts.depth_estimator is not None
    assert parts.depth_processor.size == {"height": 64, "width": 64}


def test_the_latent_upscaler_knows_two_schedulers(tiny: Tiny) -> None:
    """One makes the picture, the other adds noise to the small one."""
    model = lending.lend(lending.keeper(), tiny("x4"), kind=Kind.LATENT_UPSCALER)

    parts = lending.parts(model)

    assert parts.scheduler["prediction_type"] == "v_prediction"
    assert parts.noise_schedule["beta_schedule"] == "squaredcos_cap_v2"


def test_esrgan_is_read_from_one_file(tiny: Tiny) -> None:
    """The published names are enough to know the network."""
    model = lending.keeper().lend(lending.setup("esrgan", Kind.ESRGAN), Located(file=tiny("esrgan")), None)

    assert model.scale == 2


def test_a_single_file_draws_like_its_folder(tiny: Tiny) -> None:
    """The same weights under their original names give the same picture, bit for bit."""
    keeper = lending.keeper()
    located = Located(file=tiny("sd1-file"), config=tiny("sd1"))

    one = lending.draw(keeper.lend(lending.setup("one-file"), located, None))
    folder = lending.draw(lending.lend(keeper, tiny("sd1")))

    assert np.array_equal(one, folder)


def test_weights_are_taken_as_they_are(tiny: Tiny) -> None:
    """Nothing is initialized anew: every weight of the UNet is the one in the file."""
    unet = lending.parts(lending.lend(lending.keeper(), tiny("sd1"))).unet

    stored = load_file(tiny("sd1") / "unet" / lending.SAFETENSORS)

    assert stored.keys() == unet.state_dict().keys()
    assert all(torch.equal(stored[name], weight) for name, weight in unet.state_dict().items())


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_the_precision_is_the_owners(tiny: Tiny, dtype: str) -> None:
    """All components have it."""
    parts = lending.parts(lending.lend(lending.keeper(), tiny("sd1"), dtype=dtype))

    found = {weight.dtype for model in (parts.unet, parts.vae, *parts.text_encoders) for weight in model.parameters()}

    assert found == {getattr(torch, dtype)}
    assert parts.dtype == getattr(torch, dtype)


def test_bfloat16_draws_nearly_the_same(tiny: Tiny) -> None:
    """Half the bits change a picture a little."""
    keeper = lending.keeper()

    exact = lending.draw(lending.lend(keeper, tiny("sd1")))
    rough = lending.draw(lending.lend(keeper, tiny("sd1"), dtype="bfloat16"))

    assert 0 < np.abs(exact.astype(int) - rough).mean() < 10


@pytest.mark.parametrize(("dtype", "expected"), [("float16", torch.float32), ("bfloat16", torch.bfloat16)])
@pytest.mark.parametrize(("name", "kind"), [("sdxl", Kind.DIFFUSION), ("x4", Kind.LATENT_UPSCALER)])
def test_a_vae_that_overflows_in_float16_stays_exact(
    tiny: Tiny, name: str, kind: Kind, dtype: str, expected: torch.dtype
) -> None:
    """Those of SDXL and of the x4 upscaler do; bfloat16 is wide enough for both."""
    parts = lending.parts(lending.lend(lending.keeper(), tiny(name), kind=kind, dtype=dtype))

    assert next(parts.vae.parameters()).dtype == expected
    assert next(parts.unet.parameters()).dtype == getattr(torch, dtype)


@pytest.mark.parametrize(("name", "kind"), [("sdxl", Kind.DIFFUSION), ("x4", Kind.LATENT_UPSCALER)])
def test_a_vae_that_says_it_does_not_overflow_is_believed(tiny: Tiny, tmp_path: Path, name: str, kind: Kind) -> None:
    """A mended VAE of a later publisher stays in half precision."""
    folder = Path(shutil.copytree(tiny(name), tmp_path / name))
    config = folder / "vae/config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "force_upcast": False}))

    parts = lending.parts(lending.lend(lending.keeper(), folder, kind=kind, dtype="float16"))

    assert next(parts.vae.parameters()).dtype == torch.float16


def test_the_owner_can_change_the_schedule(tiny: Tiny) -> None:
    """Fields in the setup replace those of the checkpoint; the others stay."""
    model = lending.lend(lending.keeper(), tiny("sd1"), scheduler=(("prediction_type", "v_prediction"),))

    schedule = lending.parts(model).scheduler

    assert schedule["prediction_type"] == "v_prediction"
    assert schedule["beta_schedule"] == "scaled_linear"


def test_the_wanted_variant_is_taken_before_plain_files(tiny: Tiny, tmp_path: Path) -> None:
    """A component without that variant is read from its plain file, as published checkpoints need it."""
    folder = Path(shutil.copytree(tiny("sd1"), tmp_path / "sd1"))
    (folder / "unet" / lending.SAFETENSORS).rename(folder / "unet/diffusion_pytorch_model.fp16.safetensors")

    model = lending.keeper().lend(lending.setup("variant"), Located(folder=folder, variant="fp16"), None)

    assert np.array_equal(lending.draw(model), lending.draw(lending.lend(lending.keeper(), tiny("sd1"))))


def test_a_tokenizer_in_two_files_reads_the_same(tiny: Tiny, tmp_path: Path) -> None:
    """Older repositories have a vocabulary and merges instead of ``tokenizer.json``."""
    folder = Path(shutil.copytree(tiny("sd1"), tmp_path / "sd1"))
    whole = folder / "tokenizer/tokenizer.json"
    vocabulary = json.loads(whole.read_text())["model"]["vocab"]
    (folder / "tokenizer/vocab.json").write_text(json.dumps(vocabulary))
    (folder / "tokenizer/merges.txt").write_text("#version: 0.2\n")
    whole.unlink()

    model = lending.lend(lending.keeper(), folder)

    assert np.array_equal(lending.draw(model), lending.draw(lending.lend(lending.keeper(), tiny("sd1"))))


def test_nothing_learns(tiny: Tiny) -> None:
    """No weight asks for gradients, no dropout is on."""
    parts = lending.parts(lending.lend(lending.keeper(), tiny("sd1")))

    models = (parts.unet, parts.vae, *parts.text_encoders)

    assert not any(weight.requires_grad for model in models for weight in model.parameters())
    assert not any(model.training for model in models)


def test_attention_is_torchs_own(tiny: Tiny) -> None:
    """Every attention, of painter, autoencoder and reader, is one call of ``scaled_dot_product_attention``."""
    parts = lending.parts(lending.lend(lending.keeper(), tiny("sd1")))

    assert {type(one) for one in parts.unet.attn_processors.values()} == {AttnProcessor2_0}
    assert {type(one) for one in parts.vae.attn_processors.values()} == {AttnProcessor2_0}
    assert {encoder.config._attn_implementation for encoder in parts.text_encoders} == {"sdpa"}


def test_half_precision_on_a_cpu_uses_the_fast_order(tiny: Tiny) -> None:
    """Channels come last in memory, without which float16 is many times slower."""
    device = Device.choose("cpu")
    layer = torch.nn.Conv2d(4, 8, 3, dtype=torch.float16)

    assert device.place(layer, torch.float16).weight.is_contiguous(memory_format=torch.channels_last)


def test_published_text_encoders_have_longer_names(tiny: Tiny, tmp_path: Path) -> None:
    """The files of SD 1 and 2 say ``text_model.`` before every name, and list positions that are no weights."""
    folder = Path(shutil.copytree(tiny("sd1"), tmp_path / "sd1"))
    file = folder / "text_encoder/model.safetensors"
    weights = {f"text_model.{name}": weight for name, weight in load_file(file).items()}
    save_file({**weights, "text_model.embeddings.position_ids": torch.arange(77)[None]}, file, {"format": "pt"})

    model = lending.lend(lending.keeper(), folder)

    assert np.array_equal(lending.draw(model), lending.draw(lending.lend(lending.keeper(), tiny("sd1"))))


def test_published_vaes_have_older_names(tiny: Tiny, tmp_path: Path) -> None:
    """The attention of SD 1's VAE was named ``query``, ``key``, ``value`` and ``proj_attn`` when it was published."""
    names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    folder = Path(shutil.copytree(tiny("sd1"), tmp_path / "sd1"))
    file = folder / "vae" / lending.SAFETENSORS
    weights = load_file(file)
    for new, old in names.items():
        weights = {name.replace(new, old): weight for name, weight in weights.items()}
    save_file(weights, file, {"format": "pt"})

    model = lending.lend(lending.keeper(), folder)

    assert np.array_equal(lending.draw(model), lending.draw(lending.lend(lending.keeper(), tiny("sd1"))))


def test_weights_in_shards_are_one_component(tiny: Tiny, tmp_path: Path) -> None:
    """Large UNets come in several files with an index."""
    folder = Path(shutil.copytree(tiny("sd1"), tmp_path / "sd1"))
    _shard(folder / "unet")

    keeper = lending.keeper()
    model = lending.lend(keeper, folder)

    whole = lending.keeper()
    assert np.array_equal(lending.draw(model), lending.draw(lending.lend(whole, tiny("sd1"))))
    assert keeper.holdings().memory == whole.holdings().memory


def _shard(folder: Path) -> None:
    """Divide the weights into two files, as diffusers does with large ones."""
    file = folder / lending.SAFETENSORS
    weights, stem = load_file(file), file.name.removesuffix(".safetensors")
    shards = {f"{stem}-0000{part + 1}-of-00002.safetensors": sorted(weights)[part::2] for part in (0, 1)}
    for shard, names in shards.items():
        save_file({name: weights[name] for name in names}, folder / shard, {"format": "pt"})
    places = {name: shard for shard, names in shards.items() for name in names}
    index = {"metadata": {"total_size": file.stat().st_size}, "weight_map": places}
    (folder / f"{file.name}.index.json").write_text(json.dumps(index))
    file.unlink()
