"""The network of Real-ESRGAN: what it reads off a checkpoint, and what it computes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from engines.loading.model import WeightsUnusable
from engines.upscale.rrdbnet import RRDBNet, build, is_rrdbnet


def made(features: int = 6, blocks: int = 2, growth: int = 4, fold: int = 2) -> dict[str, Tensor]:
    """The state dict of a network with random weights."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(3)
        return RRDBNet(features, blocks, growth, fold).state_dict()


def by_the_paper(state: dict[str, Tensor], pixels: Tensor, fold: int, blocks: int) -> Tensor:
    """The same network once more, written down as the paper and the key names say, one line per step."""

    def conv(name: str, feature: Tensor) -> Tensor:
        return functional.conv2d(feature, state[f"{name}.weight"], state[f"{name}.bias"], padding=1)

    def active(feature: Tensor) -> Tensor:
        return torch.where(feature > 0, feature, 0.2 * feature)

    def dense(name: str, feature: Tensor) -> Tensor:
        seen = [feature]
        for layer in range(1, 5):
            seen.append(active(conv(f"{name}.conv{layer}", torch.cat(seen, 1))))
        return feature + 0.2 * conv(f"{name}.conv5", torch.cat(seen, 1))

    folded = pixels
    if fold > 1:
        height, width = pixels.shape[2] // fold, pixels.shape[3] // fold
        cells = pixels.reshape(1, 3, height, fold, width, fold)
        folded = cells.permute(0, 1, 3, 5, 2, 4).reshape(1, 3 * fold * fold, height, width)
    first = conv("conv_first", folded)
    feature = first
    for block in range(blocks):
        inside = feature
        for number in (1, 2, 3):
            inside = dense(f"body.{block}.rdb{number}", inside)
        feature = feature + 0.2 * inside
    feature = first + conv("conv_body", feature)
    for name in ("conv_up1", "conv_up2"):
        feature = active(conv(name, feature.repeat_interleave(2, 2).repeat_interleave(2, 3)))
    return conv("conv_last", active(conv("conv_hr", feature)))


@pytest.mark.parametrize(("fold", "scale"), [(1, 4), (2, 2), (4, 1)])
def test_it_computes_what_the_paper_says(fold: int, scale: int) -> None:
    """The x4, x2 and x1 checkpoints give the published formulas' pixels."""
    state, pixels = made(fold=fold), torch.rand(1, 3, 12, 8)
    network = build(state)
    assert network.scale == scale
    enlarged = network(pixels)
    assert enlarged.shape == (1, 3, 12 * scale, 8 * scale)
    torch.testing.assert_close(enlarged, by_the_paper(state, pixels, fold, blocks=2))


def test_the_published_architecture_has_the_published_names() -> None:
    """Real-ESRGAN x2plus has 702 entries, 16.7 million weights, and 12 channels at its entrance."""
    with torch.device("meta"):
        state = RRDBNet(64, 23, 32, 2).state_dict()
    assert len(state) == 2 * (23 * 15 + 6)
    assert sum(weight.numel() for weight in state.values()) == 16_703_171
    assert state["conv_first.weight"].shape == (64, 12, 3, 3)
    assert state["body.22.rdb3.conv5.weight"].shape == (64, 192, 3, 3)
    assert state["conv_last.bias"].shape == (3,)


@pytest.mark.parametrize(("features", "blocks", "growth"), [(8, 1, 4), (6, 3, 2)])
def test_sizes_are_read_off_the_weights(features: int, blocks: int, growth: int) -> None:
    """Any width and depth loads without being told which."""
    network = build(made(features, blocks, growth))
    assert len(network.body) == blocks
    assert not any(weight.requires_grad for weight in network.parameters())


def without(name: str) -> dict[str, Tensor]:
    return {key: weight for key, weight in made().items() if key != name}


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (without("conv_first.weight"), "conv_first.weight is missing"),
        (without("conv_hr.bias"), "conv_hr.bias is missing"),
        (without("body.1.rdb2.conv3.weight"), "body.1.rdb2.conv3.weight is missing"),
        ({**made(), "head.weight": torch.zeros(1)}, "head.weight is unknown"),
        ({**made(), "conv_up1.weight": torch.zeros(6, 6, 1, 1)}, "conv_up1.weight is 6x6x1x1, not 6x6x3x3"),
        ({**made(), "conv_first.weight": torch.zeros(6, 4, 3, 3)}, "takes 4 channels"),
        ({**made(), "conv_first.weight": torch.zeros(6)}, "conv_first.weight is no convolution"),
    ],
)
def test_what_is_wrong_is_named(state: dict[str, Tensor], says: str) -> None:
    """A checkpoint that is not whole is refused, with the name of what is wrong."""
    with pytest.raises(WeightsUnusable) as refused:
        build(state)
    assert says in str(refused.value)


def test_a_long_list_of_faults_is_cut_short() -> None:
    """Where nearly everything is missing, a few names and a number are enough."""
    few: dict[str, Any] = {k: w for k, w in made().items() if k in {"conv_first.weight", "body.0.rdb1.conv1.weight"}}
    with pytest.raises(WeightsUnusable, match="and 34 more"):
        build(few)


def test_other_networks_are_told_apart() -> None:
    """A network that only shares a few names is not taken for an RRDBNet."""
    assert is_rrdbnet(made())
    assert not is_rrdbnet({"conv_first.weight": torch.zeros(1), "body.0.weight": torch.zeros(1)})
