"""Models that read and cannot be used say which file is wrong, and none brings code of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from engines.analysis.types import Analysis
from engines.loading.model import WeightsUnusable
from engines.reading.similarity import SentenceEncoder, first, mean
from engines.weights.setup import AnalystSetup, Located, Source
from tests.pipelines import lending

Tiny = Callable[[str], Path]
Spoil = Callable[[Path], None]


@pytest.fixture
def load(tiny: Tiny, tmp_path: Path) -> Callable[[Analysis, Spoil], Any]:
    """Load a tiny model that was changed before."""

    def loaded(task: Analysis, spoil: Spoil) -> Any:
        folder = Path(shutil.copytree(tiny(task), tmp_path / "copy"))
        spoil(folder)
        return lending.keeper().reader(AnalystSetup(task, Source(path=folder)), Located(folder=folder))

    return loaded


def saying(file: str, **changes: Any) -> Spoil:
    """Change what a JSON file says."""

    def change(folder: Path) -> None:
        path = folder / file
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return change


def without(*names: str) -> Spoil:
    """Remove files."""
    return lambda folder: [(folder / name).unlink() for name in names] and None


def lacking(weight: str) -> Spoil:
    """Take a tensor out of the weights."""

    def change(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        del weights[weight]
        save_file(weights, folder / "model.safetensors", {"format": "pt"})

    return change


def cut(folder: Path) -> None:
    """Keep the first half of the weights."""
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def step(kind: str) -> Spoil:
    """Have the encoder end with a step of this kind."""
    last = {"idx": 2, "name": "2", "path": "2_Last", "type": f"sentence_transformers.models.{kind}"}

    def change(folder: Path) -> None:
        path = folder / "modules.json"
        path.write_text(json.dumps([*json.loads(path.read_text())[:2], last]))

    return change


def pooling(**modes: Any) -> Spoil:
    """Have the encoder pool in another way."""
    return lambda folder: (folder / "1_Pooling/config.json").write_text(json.dumps(modes)) and None


@pytest.mark.parametrize(
    ("task", "spoil", "said"),
    [
        (Analysis.TEXT_SAFETY, cut, "model.safetensors is broken"),
        (Analysis.TEXT_SAFETY, lacking("classifier.weight"), "1 weights are missing or of another size, classifier.we"),
        (Analysis.TEXT_SAFETY, without("tokenizer.json"), "has no tokenizer.json and no vocab.txt and no vocab.json"),
        (
            Analysis.TEXT_SAFETY,
            saying("config.json", model_type="vit"),
            "transformers has no model of the type vit for",
        ),
        (
            Analysis.TEXT_SAFETY,
            saying("config.json", id2label={"0": "a", "1": "b"}),
            "weights are missing or of another",
        ),
        (Analysis.CLASSIFICATION, saying("config.json", id2label={"0": "yes", "1": "no"}), "yes, no do not tell"),
        (Analysis.PICTURE_SAFETY, without("preprocessor_config.json"), "has no preprocessor_config.json"),
        (
            Analysis.PICTURE_SAFETY,
            saying("config.json", model_type="bert"),
            "transformers has no model of the type bert",
        ),
        (Analysis.BACKGROUND, saying("config.json", model_type="vit"), "transformers has no model of the type vit for"),
        (Analysis.BACKGROUND, lacking("query.weight"), "1 weights are missing or of another size, query.weight"),
        (Analysis.SIMILARITY, step("Dense"), "steps of the kind Dense are not known here"),
        (Analysis.SIMILARITY, pooling(pooling_mode_max_tokens=True), "pooling by max_tokens is not known here"),
        (
            Analysis.SIMILARITY,
            pooling(pooling_mode_mean_tokens=True, pooling_mode_cls_token=True),
            "pooling by mean_tokens and cls_token is not known here",
        ),
        (Analysis.SIMILARITY, lambda folder: (folder / "modules.json").write_text("{}") and None, "hold an array"),
        (Analysis.SIMILARITY, lambda folder: (folder / "modules.json").write_text("[") and None, "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(
    load: Callable[[Analysis, Spoil], Any], task: Analysis, spoil: Spoil, said: str
) -> None:
    """Nothing is made up in place of what is missing."""
    with pytest.raises(WeightsUnusable) as wrong:
        load(task, spoil)

    assert said in str(wrong.value)
    assert "copy" in str(wrong.value) or task is Analysis.CLASSIFICATION


@pytest.mark.parametrize("task", list(Analysis))
def test_code_in_a_folder_is_not_run(load: Callable[[Analysis, Spoil], Any], tmp_path: Path, task: Analysis) -> None:
    """A model of no known type that names its own classes is refused; one of a known type is read by the known code."""
    proof = tmp_path / "was-run"
    own = {"AutoConfig": "own.Config", "AutoModel": "own.Model", "AutoModelForSequenceClassification": "own.Model"}

    def bring_code(folder: Path) -> None:
        (folder / "own.py").write_text(f"open({str(proof)!r}, 'w')\nclass Config: pass\nclass Model: pass\n")
        saying("config.json", model_type="own", auto_map=own)(folder)
        for name in ("tokenizer_config.json", "preprocessor_config.json"):
            if (folder / name).is_file():
                saying(name, auto_map={"AutoTokenizer": ["own.Model", None], "AutoImageProcessor": "own.Model"})(folder)

    with pytest.raises(WeightsUnusable, match="own"):
        load(task, bring_code)

    assert not proof.exists()


@pytest.mark.parametrize(
    ("modes", "pool"),
    [
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, mean),
        ({"pooling_mode_cls_token": True}, first),
        ({"pooling_mode": "cls"}, first),
        ({"pooling_mode": "mean"}, mean),
    ],
)
def test_pooling_is_what_the_files_say(
    load: Callable[[Analysis, Spoil], Any], modes: dict[str, Any], pool: Any
) -> None:
    """In the words of old files and of new ones."""
    encoder: SentenceEncoder = load(Analysis.SIMILARITY, pooling(**modes))

    assert encoder._pool is pool


def test_an_encoder_without_such_files_takes_the_mean(load: Callable[[Analysis, Spoil], Any]) -> None:
    """Any model of transformers will do, and reads as far as its tokenizer says."""
    encoder = load(Analysis.SIMILARITY, without("modules.json", "sentence_bert_config.json"))

    assert encoder._pool is mean
    assert encoder._network.longest == encoder._network.tokenizer.model_max_length


def test_a_tokenizer_without_a_limit_stops_where_the_network_does(load: Callable[[Analysis, Spoil], Any]) -> None:
    """A text longer than the network has places for is cut rather than failing."""
    classifier = load(Analysis.TEXT_SAFETY, saying("tokenizer_config.json", model_max_length=10**30))

    assert classifier._network.longest == classifier._network.model.config.max_position_embeddings - 1
