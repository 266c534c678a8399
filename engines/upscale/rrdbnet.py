"""The network of ESRGAN, under the names that the published Real-ESRGAN checkpoints use.

The architecture is that of "ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks" (Wang et
al., 2018): a trunk of residual-in-residual dense blocks, then two nearest-neighbour doublings. Real-ESRGAN
(Wang et al., 2021) keeps it for factors below four by folding 2x2 or 4x4 pixels into channels first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.loading.model import WeightsUnusable

_SLOPE = 0.2
_RESIDUAL_SCALE = 0.2
_FOLDS = {3: 1, 12: 2, 48: 4}
"""Channels that enter the first convolution, and the side of the square of RGB pixels they come from."""
_DENSE_LAYER = re.compile(r"body\.(\d+)\.rdb[123]\.conv[1-5]\.(?:weight|bias)")
_NAMED = 6
"""How many wrong entries a message names before it only counts."""


class RRDBNet(nn.Module):
    """Enlarges [1, 3, H, W] (RGB, 0 to 1) to [1, 3, H * scale, W * scale]; H and W are multiples of ``multiple``."""

    def __init__(self, features: int, blocks: int, growth: int, fold: int = 1) -> None:
        super().__init__()
        self.multiple = fold
        self.scale = 4 // fold
        self.conv_first = _conv(3 * fold**2, features)
        self.body = nn.Sequential(*(_ResidualBlock(features, growth) for _ in range(blocks)))
        self.conv_body = _conv(features, features)
        self.conv_up1 = _conv(features, features)
        self.conv_up2 = _conv(features, features)
        self.conv_hr = _conv(features, features)
        self.conv_last = _conv(features, 3)

    def forward(self, pixels: Tensor) -> Tensor:
        """The enlarged picture; values may leave 0 to 1 a little."""
        shallow = self.conv_first(functional.pixel_unshuffle(pixels, self.multiple))
        feature = self.conv_body(self.body(shallow)).add_(shallow)
        feature = _leaky(self.conv_up1(_doubled(feature)))
        feature = _leaky(self.conv_up2(_doubled(feature)))
        enlarged: Tensor = self.conv_last(_leaky(self.conv_hr(feature)))
        return enlarged


class _ResidualBlock(nn.Module):
    """Three dense blocks in a row, and a short cut around them."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = _DenseBlock(features, growth)
        self.rdb2 = _DenseBlock(features, growth)
        self.rdb3 = _DenseBlock(features, growth)

    def forward(self, feature: Tensor) -> Tensor:
        changed: Tensor = self.rdb3(self.rdb2(self.rdb1(feature)))
        return changed.mul_(_RESIDUAL_SCALE).add_(feature)


class _DenseBlock(nn.Module):
    """Five convolutions, each of which sees all that came before it, and a short cut around them."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.conv1 = _conv(features, growth)
        self.conv2 = _conv(features + growth, growth)
        self.conv3 = _conv(features + 2 * growth, growth)
        self.conv4 = _conv(features + 3 * growth, growth)
        self.conv5 = _conv(features + 4 * growth, features)

    def forward(self, feature: Tensor) -> Tensor:
        seen = feature
        for layer in (self.conv1, self.conv2, self.conv3, self.conv4):
            seen = torch.cat((seen, _leaky(layer(seen))), 1)
        changed: Tensor = self.conv5(seen)
        return changed.mul_(_RESIDUAL_SCALE).add_(feature)


def is_rrdbnet(state: Mapping[str, Tensor]) -> bool:
    """Whether this state dict has layers that only this architecture has."""
    return any(_DENSE_LAYER.fullmatch(name) for name in state)


def build(state: Mapping[str, Tensor]) -> RRDBNet:
    """The network that a state dict describes, holding its tensors, on the CPU, not to be trained.

    Raises ``WeightsUnusable`` that names the entries which are missing, unknown or of another shape.
    """
    features, entering = _widths(state, "conv_first.weight")
    growth, _ = _widths(state, "body.0.rdb1.conv1.weight")
    if entering not in _FOLDS:
        raise WeightsUnusable(f"conv_first.weight takes {entering} channels; an RRDBNet for RGB takes 3, 12 or 48")
    blocks = 1 + max(int(found[1]) for name in state if (found := _DENSE_LAYER.fullmatch(name)))
    with torch.device("meta"):
        network = RRDBNet(features, blocks, growth, _FOLDS[entering])
    _compare(network.state_dict(), state)
    network.load_state_dict(state, assign=True)
    return network.eval().requires_grad_(False)


def _widths(state: Mapping[str, Tensor], name: str) -> tuple[int, int]:
    weight = state.get(name)
    if weight is None or weight.ndim != 4:
        raise WeightsUnusable(f"{name} is {'missing' if weight is None else 'no convolution'}")
    return weight.shape[0], weight.shape[1]


def _compare(wanted: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> None:
    wrong = [f"{name} is missing" for name in wanted.keys() - state.keys()]
    wrong += [f"{name} is unknown" for name in state.keys() - wanted.keys()]
    wrong += [
        f"{name} is {_shape(state[name])}, not {_shape(wanted[name])}"
        for name in wanted.keys() & state.keys()
        if state[name].shape != wanted[name].shape
    ]
    if wrong:
        rest = f", and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise WeightsUnusable(f"not a whole RRDBNet: {', '.join(sorted(wrong)[:_NAMED])}{rest}")


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a scalar"


def _conv(entering: int, leaving: int) -> nn.Conv2d:
    return nn.Conv2d(entering, leaving, 3, padding=1)


def _leaky(feature: Tensor) -> Tensor:
    return functional.leaky_relu(feature, _SLOPE, inplace=True)


def _doubled(feature: Tensor) -> Tensor:
    return functional.interpolate(feature, scale_factor=2.0, mode="nearest")
