"""Tiny models that read: one for each task of the analysts, in folders as the Hub has them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    BertTokenizer,
    DebertaV2Config,
    DebertaV2ForSequenceClassification,
    EomtConfig,
    EomtForUniversalSegmentation,
    ViTConfig,
    ViTForImageClassification,
)
from transformers.models.eomt.image_processing_pil_eomt import EomtImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

Module = TypeVar("Module", bound=torch.nn.Module)

LONGEST = 96
"""Tokens that the networks have places for: a text of more letters is cut."""
WIDTH = 32
SIDE, PATCH, QUERIES = 64, 16, 8
KINDS_OF_SEGMENTS = ("person", "dog", "sky-other-merged", "building-other-merged")
UNSAFE = ("toxic", "obscene", "threat")
SIZES = {"hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2}


def tokenizer() -> BertTokenizer:
    """A token for each letter, which is its place in a word as well."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,!?'-"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    return BertTokenizer(vocab={word: place for place, word in enumerate(words)}, model_max_length=LONGEST)


def _texts(config: Callable[..., Any], **more: Any) -> Any:
    return config(**SIZES, vocab_size=len(tokenizer()), max_position_embeddings=LONGEST, **more)


def _labels(*names: str) -> dict[str, dict[Any, Any]]:
    return {"id2label": dict(enumerate(names)), "label2id": {name: place for place, name in enumerate(names)}}


def _inference(folder: Path) -> None:
    """DeBERTa v2 with the two labels of models for zero-shot classification."""
    config = _texts(
        DebertaV2Config, **_labels("entailment", "not_entailment"), relative_attention=True, pos_att_type=["p2c", "c2p"]
    )
    _save(DebertaV2ForSequenceClassification(config), tokenizer(), folder)


def _old_inference(folder: Path) -> None:
    """BERT with the three labels of the first data set for inference."""
    config = _texts(BertConfig, **_labels("CONTRADICTION", "NEUTRAL", "ENTAILMENT"))
    _save(BertForSequenceClassification(config), tokenizer(), folder)


def _sentences(folder: Path) -> None:
    """BERT, with the files of sentence-transformers, which here cut texts sooner than the tokenizer would."""
    _save(BertModel(_texts(BertConfig)), tokenizer(), folder)
    steps = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))
    modules = [
        {"idx": place, "name": str(place), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for place, (path, kind) in enumerate(steps)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": LONGEST // 2}))
    (folder / "1_Pooling").mkdir()
    modes = {"word_embedding_dimension": WIDTH, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
    (folder / "1_Pooling/config.json").write_text(json.dumps(modes))


def _unsafe_texts(folder: Path) -> None:
    """BERT with labels that do not exclude each other."""
    config = _texts(BertConfig, **_labels(*UNSAFE), problem_type="multi_label_classification")
    _save(BertForSequenceClassification(config), tokenizer(), folder)


def _unsafe_pictures(folder: Path) -> None:
    """A vision transformer with labels of which one is right."""
    config = ViTConfig(**SIZES, **_labels("normal", "nsfw"), image_size=SIDE, patch_size=PATCH)
    processor = ViTImageProcessorPil(size={"height": SIDE, "width": SIDE})
    _save(ViTForImageClassification(config), processor, folder)


def _segments(folder: Path) -> None:
    """A network for segments, whose processor pads pictures to a square."""
    config = EomtConfig(
        hidden_size=WIDTH,
        num_hidden_layers=3,
        num_attention_heads=2,
        image_size=SIDE,
        patch_size=PATCH,
        num_blocks=1,
        num_queries=QUERIES,
        num_register_tokens=1,
        **_labels(*KINDS_OF_SEGMENTS),
    )
    processor = EomtImageProcessorPil(size={"shortest_edge": SIDE, "longest_edge": SIDE}, do_pad=True)
    _save(EomtForUniversalSegmentation(config), processor, folder)


def _save(model: Any, reader: Any, folder: Path) -> None:
    _enlivened(model).save_pretrained(folder)
    reader.save_pretrained(folder)


@torch.no_grad()
def _enlivened(model: Module) -> Module:
    """Enlarge what starts very small, so that every letter and every pixel makes a difference."""
    for weight in model.parameters():
        if weight.ndim > 1:
            weight.mul_(8)
    return model.eval()


KINDS: dict[str, Callable[[Path], None]] = {
    "zero-shot-classification": _inference,
    "sentence-similarity": _sentences,
    "text-safety": _unsafe_texts,
    "picture-safety": _unsafe_pictures,
    "background-removal": _segments,
    "three-labels": _old_inference,
}
"""Named by the tasks; the last is another one for the first."""
