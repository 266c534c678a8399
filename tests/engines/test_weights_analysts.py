"""engines.toml on what reads texts and pictures: what ships, what an owner may lay over it, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engines.analysis.types import Analysis
from engines.weights.config import read
from engines.weights.disk import Disk
from engines.weights.setup import AnalystSetup, Source, Workshop
from engines.weights.table import BadWorkshop
from tests.engines.models import lay

Write = Callable[[str], Path]
ENCODER = {
    "config.json": b"{}",
    "model.safetensors": b"encoder" * 9,
    "modules.json": b"[]",
    "1_Pooling/config.json": b'{"pooling_mode_mean_tokens": true}',
}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write an owner's file."""

    def written(text: str) -> Path:
        path = tmp_path / "engines.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def analyst(workshop: Workshop, task: Analysis) -> AnalystSetup:
    """The one analyst for this task."""
    (found,) = [setup for setup in workshop.analysts if setup.task is task]
    return found


def test_the_shipped_file_serves_every_task() -> None:
    """Out of the box each task has a model of the Hub without pickles, on the device of the engines."""
    workshop = read(None)

    assert [setup.task for setup in workshop.analysts] == list(Analysis)
    assert {(setup.device, setup.dtype, setup.source.pickle) for setup in workshop.analysts} == {
        ("auto", "auto", False)
    }
    assert all(setup.source.hub for setup in workshop.analysts)


def test_an_analyst_is_called_by_its_task() -> None:
    """Lists, commands and the log know it by the name that requests have for what it does."""
    assert [setup.engine_id for setup in read(None).analysts] == [task.value for task in Analysis]


def test_a_table_without_weights_changes_only_what_it_names(write: Write) -> None:
    """The precision is the owner's, the weights are the shipped ones."""
    changed = analyst(read(write('[analysis.text-safety]\ndtype = "bfloat16"\n')), Analysis.TEXT_SAFETY)

    assert changed.source == analyst(read(None), Analysis.TEXT_SAFETY).source
    assert changed.dtype == "bfloat16"


def test_a_table_with_weights_replaces_the_shipped_one(write: Write, tmp_path: Path) -> None:
    """A folder beside the file takes the place of the model of the Hub."""
    found = analyst(read(write('[analysis.picture-safety]\npath = "mine"\n')), Analysis.PICTURE_SAFETY)

    assert found.source == Source(path=tmp_path / "mine")


def test_defaults_hold_for_analysts_too(write: Write) -> None:
    """Device and precision for everything need to be said once."""
    workshop = read(write('[defaults]\ndevice = "cuda"\ndtype = "float16"\n'))

    assert {(setup.device, setup.dtype) for setup in workshop.analysts} == {("cuda:0", "float16")}


def test_only_what_is_named(write: Write) -> None:
    """A file that hides the shipped engines hides the shipped analysts."""
    workshop = read(write('only = true\n[analysis.text-safety]\nrevision = "v2"\n'))

    assert [(setup.task, setup.source.revision) for setup in workshop.analysts] == [(Analysis.TEXT_SAFETY, "v2")]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            '[analysis.text-safty]\nhub = "a/b"',
            "[analysis] text-safty: there is no such key; did you mean text-safety?",
        ),
        ('[analysis]\ntext-safety = "a/b"', "analysis.text-safety = 'a/b': use a table, [analysis.text-safety]"),
        ('[analysis.text-safety]\nsampler = "DDIM"', "[analysis.text-safety] sampler: there is no such key"),
        ('[analysis.text-safety]\nhub = "a/b"\npath = "c"', "has hub and path: use exactly one of hub, path and url"),
        ('[analysis.text-safety]\nhub = "nobody"', "hub = 'nobody': use \"owner/name\" of a repository of the Hub"),
        ('[analysis.text-safety]\npath = "a.safetensors"', "use the folder that holds the model with its config.json"),
        ('[analysis.text-safety]\ndtype = "int8"', "dtype = 'int8': use one of auto, float32, float16, bfloat16"),
        ('[analysis.text-safety]\ndevice = "tpu"', "device = 'tpu': use auto, cpu, mps, cuda"),
        (
            '[analysis.text-safety]\ndevice = "cpu"',
            "[analysis.text-safety] device = 'cpu': esrgan-v1-x2plus is on auto",
        ),
    ],
)
def test_what_is_refused(text: str, complaint: str, write: Write) -> None:
    """Each mistake is named with its place and with what would be right."""
    with pytest.raises(BadWorkshop) as refused:
        read(write(text))

    assert complaint in str(refused.value)


def test_an_encoder_comes_with_what_is_said_of_its_pooling(tmp_path: Path) -> None:
    """The file in the folder of the second step is counted, downloaded and judged with the others."""
    disk, folder = Disk(None), lay(tmp_path / "encoder", {**ENCODER, "onnx/model.onnx": b"another"})
    located = disk.locate(Source(path=folder))

    assert located is not None
    assert disk.size(located) == sum(map(len, ENCODER.values()))
