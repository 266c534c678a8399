"""Which files of a repository or a folder make a model, by their names alone.

The same rules choose what is downloaded and judge whether what lies on the disk is complete. They
follow the layout of diffusers: ``model_index.json`` names the components, each in a folder of its name;
weights may come in a variant (``….fp16.safetensors``) and in shards (``…-00001-of-00002.safetensors``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

INDEX = "model_index.json"
WEIGHTED = ("unet", "transformer", "vae", "text_encoder", "text_encoder_2", "text_encoder_3", "depth_estimator")
"""The components with weights that our engines use; checkers and image encoders beside them are left out."""
SCHEDULERS = ("scheduler", "low_res_scheduler")
TOKENIZERS = ("tokenizer", "tokenizer_2", "tokenizer_3")
ESTIMATOR = "depth_estimator"
PREPROCESSOR = "preprocessor_config.json"
STEMS = (
    (".safetensors", ("diffusion_pytorch_model", "model")),
    (".bin", ("diffusion_pytorch_model", "pytorch_model")),
)
ALWAYS = frozenset({"vae", "text_encoder", "tokenizer", "scheduler"})
"""Every pipeline of ours has these, and a UNet or, from Stable Diffusion 3 on, a transformer; an index that does not
name them is broken, or of another kind."""
TRANSFORMER = "transformer"
UNET = "unet"
VOCABULARY = ("vocab.json", "merges.txt")
WORDS = re.compile(r"[^/]+\.(?:json|txt|model)")
MODULE = re.compile(r"\d+_\w+/config\.json")
"""What sentence encoders say of the steps after the model itself, such as ``1_Pooling/config.json``."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What belongs to a model: names relative to its folder, and in words what is not there."""

    files: tuple[str, ...]
    missing: tuple[str, ...] = ()
    variant: str | None = None
    """The variant that some weights file has; None where all are plain."""


def pipeline(index: Mapping[str, Any], names: AbstractSet[str], variant: str | None, pickle: bool) -> Layout:
    """The files of a whole pipeline. ``index`` is the content of ``model_index.json``."""
    used = _components(index)
    parts = [configuration(index, names)]
    parts += [_weights(names, f"{part}/", variant, pickle) for part in WEIGHTED if part in used]
    return _joined(parts)


def configuration(index: Mapping[str, Any], names: AbstractSet[str]) -> Layout:
    """The files of a pipeline without its weights."""
    used = _components(index)
    needed = [INDEX]
    needed += [f"{part}/config.json" for part in WEIGHTED if part in used]
    needed += [f"{part}/scheduler_config.json" for part in SCHEDULERS if part in used]
    # Only the depth estimator's pictures are prepared by rules of its own; elsewhere it serves the checker.
    needed += [f"feature_extractor/{PREPROCESSOR}"] if ESTIMATOR in used else []
    parts = [_tokenizer(names, f"{part}/") for part in TOKENIZERS if part in used]
    absent = tuple(name for name in needed if name not in names)
    return _joined([Layout(tuple(name for name in needed if name in names), absent), *parts])


def single(names: AbstractSet[str], variant: str | None, pickle: bool) -> Layout:
    """The files of one model of transformers, such as CLIP, that lies in a folder of its own."""
    words = tuple(
        sorted(
            name
            for name in names
            if (WORDS.fullmatch(name) and not name.endswith(".index.json")) or MODULE.fullmatch(name)
        )
    )
    missing = () if "config.json" in words else ("config.json",)
    return _joined([Layout(words, missing), _weights(names, "", variant, pickle)])


def _components(index: Mapping[str, Any]) -> frozenset[str]:
    """The names of the components that are there; an absent one is written as two nulls."""
    named = {name for name, value in index.items() if isinstance(value, list) and value and value[0] is not None}
    return ALWAYS | named | ({UNET} if TRANSFORMER not in named else set())


def _joined(parts: list[Layout]) -> Layout:
    return Layout(
        files=tuple(name for part in parts for name in part.files),
        missing=tuple(name for part in parts for name in part.missing),
        variant=next((part.variant for part in parts if part.variant), None),
    )


def _tokenizer(names: AbstractSet[str], folder: str) -> Layout:
    files = tuple(
        sorted(name for name in names if name.startswith(folder) and WORDS.fullmatch(name.removeprefix(folder)))
    )
    if f"{folder}tokenizer.json" in names:
        return Layout(files)
    return Layout(files, tuple(folder + name for name in VOCABULARY if folder + name not in names))


def _weights(names: AbstractSet[str], folder: str, variant: str | None, pickle: bool) -> Layout:
    """The weights of one component: the wanted variant before plain files, safetensors before pickles."""
    for wanted in (variant, None) if variant else (None,):
        for suffix, stems in STEMS if pickle else STEMS[:1]:
            for stem in stems:
                files = _whole(names, folder + stem, wanted, suffix) or _shards(names, folder + stem, wanted, suffix)
                if files:
                    return Layout(files, variant=wanted)
    return Layout((), (_what_is_missing(names, folder, pickle),))


def _whole(names: AbstractSet[str], stem: str, variant: str | None, suffix: str) -> tuple[str, ...]:
    name = f"{stem}.{variant}{suffix}" if variant else f"{stem}{suffix}"
    return (name,) if name in names else ()


def _shards(names: AbstractSet[str], stem: str, variant: str | None, suffix: str) -> tuple[str, ...]:
    """The index and all shards; nothing if one is missing. The variant stands before or after the count."""
    index = f"{stem}{suffix}.index.{variant}.json" if variant else f"{stem}{suffix}.index.json"
    if index not in names:
        return ()
    count = r"-\d{5}-of-(\d{5})"
    marked = f"(?:\\.{re.escape(variant)}{count}|{count}\\.{re.escape(variant)})" if variant else count
    pattern = re.compile(re.escape(stem) + marked + re.escape(suffix))
    found = {name: match for name in names if (match := pattern.fullmatch(name))}
    complete = found and {int(next(filter(None, match.groups()))) for match in found.values()} == {len(found)}
    return (index, *sorted(found)) if complete else ()


def _what_is_missing(names: AbstractSet[str], folder: str, pickle: bool) -> str:
    """In words, with a hint at what is there instead."""
    what = f"the weights of {folder.rstrip('/')}" if folder else "its weights"
    own = [name.removeprefix(folder) for name in names if name.startswith(folder)]
    stems = "|".join({stem for _, stems in STEMS for stem in stems})
    variants = sorted({match[1] for name in own if (match := re.fullmatch(rf"(?:{stems})\.(\w+)\.safetensors", name))})
    if variants:
        return f'{what} (there only as a variant: add variant = "{variants[0]}")'
    if not pickle and any(re.fullmatch(rf"(?:{stems})[\w.-]*\.bin", name) for name in own):
        return f"{what} as safetensors (there only as .bin: add pickle = true if you trust them)"
    return what
