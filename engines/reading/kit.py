"""How each analyst is put together, for whoever keeps engines within the memory budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from engines.analysis.types import Analysis
from engines.loading import files, pretrained
from engines.loading.components import Components
from engines.loading.device import Device
from engines.loading.kits import Kit
from engines.loading.shelf import Want
from engines.reading import background, classification, judging, similarity
from engines.reading.reader import Reader
from engines.weights.setup import AUTO, AnalystSetup, Located

_READER = "reader"
_LOAD: Mapping[Analysis, Callable[[Located, Device, torch.dtype], Reader]] = {
    Analysis.CLASSIFICATION: classification.load,
    Analysis.SIMILARITY: similarity.load,
    Analysis.TEXT_SAFETY: judging.load_for_texts,
    Analysis.PICTURE_SAFETY: judging.load_for_pictures,
    Analysis.BACKGROUND: background.load,
}


def reader(setup: AnalystSetup, located: Located, components: Components) -> Kit:
    """What the analyst of this setup takes. Raises ``WeightsUnusable``; nothing is loaded yet."""
    device = components.device
    dtype = torch.float32 if setup.dtype == AUTO else device.dtype(setup.dtype)
    folder = pretrained.folder_of(located)
    found = files.find(folder, located.variant, located.pickle)
    config = files.digest(files.settings(folder / "config.json"))
    want = Want(
        _READER,
        components.key(setup.task, found.paths, dtype, config),
        sum(files.size(path, dtype) for path in found.paths),
        lambda: _LOAD[setup.task](located, device, dtype),
    )
    return Kit((want,), lambda loaded: loaded[_READER])
