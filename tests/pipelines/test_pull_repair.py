"""A second pull mends what has become broken on the disk, which is what the log tells an owner to run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engines.weights.pull import Puller
from engines.weights.setup import Source
from tests.engines.models import MODEL, WEIGHTS
from tests.hub import COMMIT, Hub

UNET = "unet/diffusion_pytorch_model.safetensors"
MODEL_SOURCE = Source(hub="ada/model")
LONE = b"upscaler" * 100


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A hub with a model and a lone file."""
    with Hub({"ada/model": MODEL}, {"x2.pth": LONE}) as running:
        yield running


@pytest.fixture
def pull(hub: Hub, tmp_path: Path) -> Callable[[Source], list[str]]:
    """Download into a cache; gives the lines that were said."""

    def work(source: Source) -> list[str]:
        said: list[str] = []
        Puller(tmp_path, said.append, hub.url).pull(source)
        return said

    return work


def in_cache(cache: Path) -> Path:
    """The UNet's weights in the cache."""
    return cache / "models--ada--model" / "snapshots" / COMMIT / UNET


@pytest.mark.parametrize("spoiled", [WEIGHTS[UNET][:7], b"X" + WEIGHTS[UNET][1:]], ids=["cut off", "another content"])
@pytest.mark.parametrize("large", [1, 10**9], ids=["in pieces", "by the library"])
def test_a_broken_file_is_downloaded_again(
    pull: Callable[[Source], list[str]],
    hub: Hub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoiled: bytes,
    large: int,
) -> None:
    """Only that file, and the owner is told."""
    monkeypatch.setattr("engines.weights.pull.LARGE", large)
    pull(MODEL_SOURCE)
    in_cache(tmp_path).resolve().write_bytes(spoiled)
    hub.asked.clear()

    said = pull(MODEL_SOURCE)

    assert said == [
        f"ada/model: {UNET} is broken, and is downloaded again",
        "ada/model: 10 files, 1.1 kB, of which 400 B are to be downloaded",
    ]
    assert hub.names() == {UNET}
    assert in_cache(tmp_path).read_bytes() == WEIGHTS[UNET]


def test_a_broken_lone_file_is_downloaded_again(pull: Callable[[Source], list[str]], hub: Hub, tmp_path: Path) -> None:
    """Its checksum is known from engines.toml."""
    source = Source(url=f"{hub.url}/files/x2.pth", sha256=hashlib.sha256(LONE).hexdigest())
    pull(source)
    file = next((tmp_path / "understudy").rglob("x2.pth"))
    file.write_bytes(LONE[:9])

    said = pull(source)

    assert said == [f"{source.url}: broken on the disk, and is downloaded again"]
    assert file.read_bytes() == LONE
