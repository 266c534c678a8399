"""Downloads from a small hub on this machine: the right files, cut connections, and what is said of failures."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from engines.weights.disk import Disk
from engines.weights.fetch import PARTIAL, PullFailed
from engines.weights.pull import Puller
from engines.weights.setup import Source
from tests.engines.models import CLIP, CONFIGURATION, HALF, MODEL, PICKLED, WEIGHTS
from tests.hub import COMMIT, OLDER, Asked, Hub

BESIDE = {
    "README.md": b"read me",
    "v1.ckpt": b"pickle",
    "unet/diffusion_flax_model.msgpack": b"flax",
    "vae/model.onnx": b"onnx",
    "safety_checker/config.json": b"{}",
    "safety_checker/model.safetensors": b"checker",
}
LARGE = bytes(range(256)) * 4096
UNET = "unet/diffusion_pytorch_model.safetensors"
FULL = {**MODEL, **HALF, **PICKLED, **BESIDE}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client waits a second before it goes on after a cut, and counts from ten megabytes on as large."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 65_536)
    monkeypatch.setattr("engines.weights.pull.LARGE", len(LARGE))


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A hub with a model, CLIP and a lone file."""
    repositories = {
        "ada/model": FULL,
        "ada/clip": {**CLIP, **BESIDE},
        "ada/files": {"mine.safetensors": b"mine", "other.safetensors": b"other"},
        "ada/gated": MODEL,
    }
    with Hub(repositories, {"x2.pth": LARGE}, frozenset({"ada/gated"})) as running:
        yield running


@pytest.fixture
def pull(hub: Hub, tmp_path: Path) -> Callable[[Source], list[str]]:
    """Download into an empty cache; gives the lines that were said."""

    def work(source: Source) -> list[str]:
        said: list[str] = []
        Puller(tmp_path, said.append, hub.url).pull(source)
        return said

    return work


Pull = Callable[[Source], list[str]]


def test_only_what_is_read_is_downloaded(pull: Pull, hub: Hub, tmp_path: Path) -> None:
    """Safetensors, configurations and tokenizer; no pickles, no other formats, no checker."""
    said = pull(Source(hub="ada/model"))

    assert hub.names() == set(MODEL)
    assert said == ["ada/model: 10 files, 1.1 kB, of which 792 B are to be downloaded"]
    located = Disk(tmp_path).locate(Source(hub="ada/model"))
    assert located is not None
    assert located.folder is not None
    assert (located.folder / UNET).read_bytes() == WEIGHTS[UNET]


def test_a_variant_where_there_is_one(pull: Pull, hub: Hub, tmp_path: Path) -> None:
    """Half the size for UNet and VAE; the text encoder, which has no such file, is plain."""
    source = Source(hub="ada/model", variant="fp16")

    pull(source)

    assert hub.names() == {*CONFIGURATION, *HALF, "text_encoder/model.safetensors"}
    located = Disk(tmp_path).locate(source)
    assert located is not None
    assert located.variant == "fp16"


def test_what_is_there_is_not_downloaded_again(pull: Pull, hub: Hub) -> None:
    """A second pull asks for no content at all."""
    pull(Source(hub="ada/model"))
    hub.asked.clear()

    said = pull(Source(hub="ada/model"))

    assert hub.asked == []
    assert said == ["ada/model: 10 files, 1.1 kB, on the disk already"]


def test_a_model_of_transformers(pull: Pull, hub: Hub, tmp_path: Path) -> None:
    """A checker or CLIP is one folder without an index."""
    pull(Source(hub="ada/clip"))

    assert hub.names() == set(CLIP)
    assert Disk(tmp_path).problem(Source(hub="ada/clip")) is None


def test_a_fixed_revision(pull: Pull, tmp_path: Path) -> None:
    """A commit is found again by its own name only."""
    pull(Source(hub="ada/model", revision=COMMIT))

    assert Disk(tmp_path).locate(Source(hub="ada/model", revision=COMMIT)) is not None
    assert Disk(tmp_path).problem(Source(hub="ada/model", revision="v2")) == "ada/model is not downloaded"


def test_an_older_commit_is_what_it_was(pull: Pull, hub: Hub, tmp_path: Path) -> None:
    """What was added to a repository since is not downloaded, and what was changed comes as it was."""
    hub.older = {"ada/model": {**MODEL, UNET: LARGE}}

    pull(Source(hub="ada/model", revision=OLDER))

    located = Disk(tmp_path).locate(Source(hub="ada/model", revision=OLDER))
    assert located is not None
    assert located.folder is not None
    assert (located.folder / UNET).read_bytes() == LARGE
    assert Disk(tmp_path).problem(Source(hub="ada/model")) == "ada/model is not downloaded"


def test_one_file_and_its_configuration(pull: Pull, hub: Hub, tmp_path: Path) -> None:
    """Of the repository that explains it no weights are downloaded."""
    source = Source(hub="ada/files", file="mine.safetensors", config="ada/model")

    pull(source)

    assert hub.names() == {"mine.safetensors", *CONFIGURATION}
    located = Disk(tmp_path).locate(source)
    assert located is not None
    assert located.file is not None
    assert located.config is not None
    assert located.file.read_bytes() == b"mine"


def test_a_name_with_brackets_is_a_name(pull: Pull, hub: Hub, tmp_path: Path) -> None:
    """Model sites are fond of them, and patterns of files are not."""
    hub.repositories = {"ada/files": {"mine[v1].safetensors": b"mine", "minev.safetensors": b"other"}}
    source = Source(hub="ada/files", file="mine[v1].safetensors")

    pull(source)

    assert hub.names() == {"mine[v1].safetensors"}
    assert Disk(tmp_path).problem(source) is None


def test_a_file_whose_configuration_was_not_pulled(pull: Pull, tmp_path: Path) -> None:
    """Half of it is not enough."""
    pull(Source(hub="ada/files", file="mine.safetensors"))

    problem = Disk(tmp_path).problem(Source(hub="ada/files", file="mine.safetensors", config="ada/model"))

    assert problem == "ada/model, the configuration of ada/files/mine.safetensors, is not downloaded"


def test_a_cut_connection_is_taken_up_at_once(pull: Pull, hub: Hub, tmp_path: Path) -> None:
    """Dropped half way, the rest is asked for from the byte where it broke."""
    hub.repositories = {"ada/model": {**MODEL, UNET: LARGE}}
    hub.cuts[UNET] = [len(LARGE) // 2]

    pull(Source(hub="ada/model"))

    assert [asked for asked in hub.asked if asked.name == UNET] == [
        Asked(UNET, None),
        Asked(UNET, f"bytes={len(LARGE) // 2}-"),
    ]
    located = Disk(tmp_path).locate(Source(hub="ada/model"))
    assert located is not None
    assert located.folder is not None
    assert (located.folder / UNET).read_bytes() == LARGE


def test_a_pull_that_broke_goes_on_later(pull: Pull, hub: Hub, tmp_path: Path) -> None:
    """When the connection keeps breaking the pull fails; the next one asks for the rest only."""
    hub.repositories = {"ada/model": {**MODEL, UNET: LARGE}}
    hub.cuts[UNET] = [len(LARGE) // 2] + [0] * 6
    with pytest.raises(PullFailed, match="the same command goes on from there"):
        pull(Source(hub="ada/model"))
    assert Disk(tmp_path).locate(Source(hub="ada/model")) is None
    hub.cuts.clear()
    hub.asked.clear()

    pull(Source(hub="ada/model"))

    assert [asked for asked in hub.asked if asked.name == UNET] == [Asked(UNET, f"bytes={len(LARGE) // 2}-")]
    assert Disk(tmp_path).problem(Source(hub="ada/model")) is None


def test_what_an_earlier_pull_left_is_not_trusted(pull: Pull, hub: Hub, tmp_path: Path) -> None:
    """Joined to a beginning that is damaged, the file is refused; the next pull starts from nothing."""
    hub.repositories = {"ada/model": {**MODEL, UNET: LARGE}}
    left = tmp_path / "models--ada--model/blobs" / f"{hashlib.sha256(LARGE).hexdigest()}{PARTIAL}"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"x" * 1000)

    with pytest.raises(PullFailed, match="it is not kept"):
        pull(Source(hub="ada/model"))
    assert hub.asked[-1] == Asked(UNET, "bytes=1000-")

    pull(Source(hub="ada/model"))
    assert Disk(tmp_path).problem(Source(hub="ada/model")) is None


def test_two_that_pull_at_once(pull: Pull, hub: Hub, tmp_path: Path) -> None:
    """The second waits for the first, and the file comes over the wire once."""
    hub.repositories = {"ada/model": {**MODEL, UNET: LARGE}}

    with ThreadPoolExecutor(2) as both:
        list(both.map(pull, [Source(hub="ada/model")] * 2))

    assert [asked.name for asked in hub.asked].count(UNET) == 1
    assert Disk(tmp_path).problem(Source(hub="ada/model")) is None


def lone_file(hub: Hub, checksum: str | None = None) -> Source:
    """A file outside repositories."""
    return Source(url=f"{hub.url}/files/x2.pth", sha256=checksum or hashlib.sha256(LARGE).hexdigest(), pickle=True)


def test_a_file_from_elsewhere(pull: Pull, hub: Hub, tmp_path: Path) -> None:
    """It is kept under its name once its checksum is right, and not asked for again."""
    source = lone_file(hub)

    pull(source)
    said = pull(source)

    located = Disk(tmp_path).locate(source)
    assert located is not None
    assert located.file is not None
    assert (located.file.name, located.file.read_bytes(), located.pickle) == ("x2.pth", LARGE, True)
    assert len(hub.asked) == 1
    assert said == [f"{source.url}: 1.0 MB, on the disk already"]


def test_a_file_from_elsewhere_goes_on_later(pull: Pull, hub: Hub, tmp_path: Path) -> None:
    """Its download goes on like any other."""
    source = lone_file(hub)
    hub.cuts["x2.pth"] = [len(LARGE) // 4] + [0] * 6
    with pytest.raises(PullFailed, match="connection broke"):
        pull(source)
    assert Disk(tmp_path).problem(source) == f"{source.url} is not downloaded"
    hub.cuts.clear()
    hub.asked.clear()

    pull(source)

    assert hub.asked == [Asked("x2.pth", f"bytes={len(LARGE) // 4}-")]
    assert Disk(tmp_path).problem(source) is None


def test_a_file_that_is_not_what_was_promised(pull: Pull, hub: Hub, tmp_path: Path) -> None:
    """With another checksum nothing of it is kept."""
    source = lone_file(hub, "0" * 64)

    with pytest.raises(PullFailed, match=r"has the checksum [0-9a-f]{64}, not 0{64}: it is not kept"):
        pull(source)

    assert [path for path in tmp_path.rglob("x2.pth*") if path.suffix != ".lock"] == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (Source(hub="ada/none"), "the Hub has no repository ada/none, or a private one"),
        (Source(hub="ada/gated"), "ada/gated is gated: accept its licence .* HF_TOKEN"),
        (Source(hub="ada/model", revision="v9"), "ada/model has no revision 'v9'"),
        (Source(hub="ada/files"), "ada/files lacks config.json, its weights"),
        (
            Source(hub="ada/files", file="x.safetensors"),
            r"ada/files lacks the file x.safetensors \(it has mine.safetensors, other.safetensors\)",
        ),
        (Source(hub="ada/files", file="mine.safetensors", config="ada/clip"), "ada/clip lacks model_index.json"),
    ],
    ids=["missing", "gated", "revision", "no model", "no such file", "no configuration"],
)
def test_what_the_hub_does_not_have(pull: Pull, source: Source, said: str) -> None:
    """The message says what is wrong and what helps."""
    with pytest.raises(PullFailed, match=said):
        pull(source)


def test_a_gated_repository_opens_for_a_token(
    pull: Pull, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HF_TOKEN is shown for small files and for large ones."""
    hub.repositories = {"ada/gated": {**MODEL, UNET: LARGE}}
    monkeypatch.setenv("HF_TOKEN", hub.token)

    pull(Source(hub="ada/gated"))

    assert Disk(tmp_path).problem(Source(hub="ada/gated")) is None
    assert hub.names() == set(MODEL)


def test_no_such_file_elsewhere(pull: Pull, hub: Hub) -> None:
    """A wrong address is told from a broken network."""
    with pytest.raises(PullFailed, match=r"gone\.pth: the server answered 404"):
        pull(Source(url=f"{hub.url}/files/gone.pth", sha256="0" * 64))


def test_pickles_only(pull: Pull, hub: Hub) -> None:
    """A repository without safetensors is refused before anything large is downloaded, and taken if allowed."""
    hub.repositories = {"ada/model": {**CONFIGURATION, **PICKLED}}
    with pytest.raises(PullFailed, match=r"the weights of unet as safetensors .there only as \.bin: add pickle = true"):
        pull(Source(hub="ada/model"))
    assert hub.names() == {"model_index.json"}

    pull(Source(hub="ada/model", pickle=True))

    assert hub.names() == {*CONFIGURATION, *PICKLED}


def test_no_network(tmp_path: Path) -> None:
    """Nobody listens there."""
    puller = Puller(tmp_path, lambda _line: None, "http://127.0.0.1:1")

    with pytest.raises(PullFailed, match="ada/model cannot be reached"):
        puller.pull(Source(hub="ada/model"))


def test_too_little_room(pull: Pull, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot fit is not begun."""
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=500))

    with pytest.raises(PullFailed, match=r"ada/model: 792 B do not fit into .*: 500 B are free"):
        pull(Source(hub="ada/model"))

    assert hub.names() == {"model_index.json"}


def test_a_full_disk(pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is named, not the network."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.snapshot_download", full)

    with pytest.raises(PullFailed, match="the disk is full; make room"):
        pull(Source(hub="ada/model"))
