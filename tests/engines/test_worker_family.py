"""The family of real models as the registry sees it: what it offers, what it lacks, and how it ends."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest

from engines.catalog import CARDS
from engines.errors import EngineFailed, EngineNotReady
from engines.registry import Registry
from engines.types import EngineCard, GenerationRequest, Prompt
from engines.weights.setup import EngineSetup, Kind, Located, Source, Workshop
from engines.worker.family import TorchFamily
from engines.worker.process import Means
from engines.worker.workers import Workers
from tests.running import PATIENCE, ROOT
from tests.store.servers import wait_until

Order = Callable[..., GenerationRequest]

CARD, OTHER = (
    next(card for card in CARDS if card.id == name) for name in ("stable-diffusion-v1-6", "esrgan-v1-x2plus")
)
XL = next(card for card in CARDS if not card.guided)
SAFETY, GUIDANCE = Source(hub="ada/safety"), Source(hub="ada/guidance")


class ListedDisk:
    """A disk on which some sources lie."""

    def __init__(self) -> None:
        self.lost: set[Source] = set()

    def locate(self, source: Source) -> Located | None:
        """The weights, unless they are lost."""
        return None if source in self.lost else Located(folder=Path(source.label))

    def problem(self, source: Source) -> str | None:
        """That they are lost, if they are."""
        return f"{source.label} is lost" if source in self.lost else None


def setup(card: EngineCard, device: str = "cpu") -> EngineSetup:
    """An engine in a repository of its own name."""
    return EngineSetup(card.id, Kind.DIFFUSION, Source(hub=f"ada/{card.id}"), device)


def devices(workshop: Workshop) -> list[str]:
    """Those that the engines name."""
    return [setup.device for setup in workshop.engines]


@pytest.fixture
def disk() -> ListedDisk:
    """A disk that has everything."""
    return ListedDisk()


@pytest.fixture
def make(disk: ListedDisk) -> Iterator[Callable[..., TorchFamily]]:
    """A family of workers without torch."""
    made: list[TorchFamily] = []

    def build(*setups: EngineSetup, status: Path | None = None, **sides: Source) -> TorchFamily:
        workshop = Workshop(setups or (setup(CARD), setup(XL)), **sides)
        workers = Workers(devices(workshop), status=status, child="tests.engines.children.scripted")
        made.append(TorchFamily(workshop, disk, workers))
        return made[-1]

    yield build
    for family in made:
        family.close()


@pytest.fixture
def small(order: Order) -> Order:
    """A small request that says what the worker does."""

    def make(script: str = "draw", **changes: Any) -> GenerationRequest:
        return order(prompts=(Prompt(script),), width=64, height=64, **changes)

    return make


def sides_used(family: TorchFamily, card: EngineCard, request: GenerationRequest) -> int:
    """What the job carried besides the engine's weights: 1 for the checker, 2 for guidance; the worker paints it."""
    return int(family.submit(card, request).result(PATIENCE)[0].pixels[0, 0, 0])


def complaints(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Engine and command of every line about missing weights."""
    lines = [vars(record)["facts"] for record in caplog.records if record.message == "weights are missing"]
    return [(facts["engine"], facts["mend"]) for facts in lines]


def test_a_request_gets_its_pictures(make: Callable[..., TorchFamily], small: Order) -> None:
    """The worker of the engine's device draws."""
    assert len(make().submit(CARD, small(samples=2)).result(PATIENCE)) == 2


def test_an_engine_is_offered_while_its_weights_are_on_the_disk(
    make: Callable[..., TorchFamily], disk: ListedDisk
) -> None:
    """Lists show what can run now, and follow the disk."""
    registry = Registry(dict.fromkeys((CARD.id, XL.id, OTHER.id), make()), (CARD, XL, OTHER))
    before = registry.cards()
    disk.lost.add(setup(CARD).source)
    assert before == (CARD, XL)
    assert registry.cards() == (XL,)


def test_missing_weights_are_refused_and_logged_once_a_minute(
    make: Callable[..., TorchFamily], disk: ListedDisk, small: Order, caplog: pytest.LogCaptureFixture
) -> None:
    """The owner reads the command that mends it, and not once per request."""
    family = make()
    disk.lost |= {setup(CARD).source, setup(XL).source}
    for card in (CARD, CARD, XL, CARD):
        with caplog.at_level(logging.INFO, "understudy.engines"), pytest.raises(EngineNotReady):
            family.submit(card, small())
    assert complaints(caplog) == [(card.id, f"understudy engines pull {card.id}") for card in (CARD, XL)]


def test_what_the_owner_put_there_is_not_to_be_pulled(
    make: Callable[..., TorchFamily], disk: ListedDisk, small: Order, caplog: pytest.LogCaptureFixture
) -> None:
    """No command downloads a folder of one's own: the log says where it was looked for, and what is wrong."""
    own = EngineSetup(CARD.id, Kind.DIFFUSION, Source(path=Path("/models/mine")), "cpu")
    disk.lost.add(own.source)
    with caplog.at_level(logging.INFO, "understudy.engines"), pytest.raises(EngineNotReady):
        make(own).submit(CARD, small())
    assert complaints(caplog) == [(CARD.id, "put them at /models/mine, or name others in engines.toml")]
    assert "/models/mine is lost" in str(vars(caplog.records[-1])["facts"])


def test_a_request_for_an_engine_that_is_not_offered_is_logged(
    make: Callable[..., TorchFamily], disk: ListedDisk, small: Order, caplog: pytest.LogCaptureFixture
) -> None:
    """Asking for it by name tells the owner what to do; listing what there is tells him nothing."""
    registry = Registry(dict.fromkeys((CARD.id, XL.id), make()), (CARD, XL))
    disk.lost |= {setup(CARD).source, setup(XL).source}
    assert registry.cards() == ()
    with caplog.at_level(logging.INFO, "understudy.engines"), pytest.raises(EngineNotReady):
        registry.submit(small())
    assert complaints(caplog) == [(CARD.id, f"understudy engines pull {CARD.id}")]


def test_an_engine_that_nobody_set_up_is_not_ready(make: Callable[..., TorchFamily], small: Order) -> None:
    """A card without weights in the settings counts as an engine without weights."""
    with pytest.raises(EngineNotReady):
        make(setup(CARD)).submit(OTHER, small())


@pytest.mark.parametrize(("guidance", "used"), [("FAST_BLUE", 2), ("NONE", 0), (None, 0)])
def test_guidance_goes_along_where_it_is_wanted(
    make: Callable[..., TorchFamily], small: Order, guidance: str | None, used: int
) -> None:
    """CLIP is only loaded for requests that ask for guidance."""
    assert sides_used(make(guidance=GUIDANCE), CARD, small(guidance=guidance)) == used


def test_guidance_is_not_for_engines_that_ignore_it(make: Callable[..., TorchFamily], small: Order) -> None:
    """SDXL is drawn without CLIP whatever is asked for."""
    assert sides_used(make(guidance=GUIDANCE), XL, small(guidance="SIMPLE")) == 0


def test_the_safety_checker_goes_along_with_every_job(make: Callable[..., TorchFamily], small: Order) -> None:
    """Where the owner wants pictures checked, each one is."""
    assert sides_used(make(safety=SAFETY), XL, small()) == 1


@pytest.mark.parametrize(("name", "source"), [("safety", SAFETY), ("guidance", GUIDANCE)])
def test_nothing_is_drawn_where_a_side_model_is_missing(
    make: Callable[..., TorchFamily],
    disk: ListedDisk,
    small: Order,
    caplog: pytest.LogCaptureFixture,
    name: str,
    source: Source,
) -> None:
    """Unchecked pictures are never delivered when a checker is wanted, and the log says what to do."""
    family = make(**{name: source})
    disk.lost.add(source)
    with caplog.at_level(logging.INFO, "understudy.engines"), pytest.raises(EngineFailed, match=name):
        family.submit(CARD, small(guidance="SIMPLE"))
    assert complaints(caplog) == [(CARD.id, f"understudy engines pull {name}")]


def test_every_device_has_a_worker_and_a_queue_of_its_own(
    make: Callable[..., TorchFamily], small: Order, tmp_path: Path
) -> None:
    """A long picture on one device keeps nobody from another."""
    family = make(setup(CARD, "cpu"), setup(XL, "cuda:0"))
    family.submit(CARD, small(f"until:{tmp_path / 'never'}"))
    family.submit(CARD, small())
    assert family.submit(XL, small()).result(PATIENCE)
    wait_until(lambda: (family.waiting(), family.running()) == (1, 1))
    assert [state.device for state in family.states()] == ["cpu", "cuda:0"]


def test_the_status_file_says_what_is_loaded(make: Callable[..., TorchFamily], small: Order, tmp_path: Path) -> None:
    """Another process of the owner's sees the engines in memory."""
    path = tmp_path / "engines-status.json"
    make(status=path).submit(CARD, small()).result(PATIENCE)

    def loaded() -> list[str]:
        devices = json.loads(path.read_text())["devices"] if path.exists() else []
        return [engine["engine_id"] for device in devices for engine in device["engines"]]

    wait_until(lambda: loaded() == [CARD.id])


def test_closing_ends_every_job_and_removes_the_status(
    make: Callable[..., TorchFamily], small: Order, tmp_path: Path
) -> None:
    """Nobody hangs when the server ends."""
    path = tmp_path / "engines-status.json"
    family = make(setup(CARD, "cpu"), setup(XL, "mps"), status=path)
    jobs = [family.submit(card, small(f"until:{tmp_path / 'never'}")) for card in (CARD, CARD, XL)]
    wait_until(lambda: family.running() == 2 and path.exists())
    family.close()
    for job in jobs:
        with pytest.raises(CancelledError):
            job.result(0)
    assert not path.exists()


def test_a_closed_family_takes_no_requests(make: Callable[..., TorchFamily], small: Order) -> None:
    """A request after the end fails as the engine's failure."""
    family = make()
    family.close()
    with pytest.raises(EngineFailed, match="closed"):
        family.submit(CARD, small())


def test_workers_can_be_started_before_the_first_request(make: Callable[..., TorchFamily]) -> None:
    """The first caller need not wait for torch."""
    family = make()
    family.warm()
    wait_until(lambda: family.states()[0].name != "")


def test_workers_get_the_owners_memory_and_threads(disk: ListedDisk) -> None:
    """What engines.toml and the settings allow reaches the process that has to keep to it."""
    workshop = Workshop((setup(CARD),), memory=(("cpu", 5000),))
    workers = Workers(devices(workshop), Means(workshop.memory, threads=3), child="tests.engines.children.telling")
    family = TorchFamily(workshop, disk, workers)
    try:
        family.warm()
        wait_until(lambda: family.states()[0].name != "")
        assert json.loads(family.states()[0].name)["means"] == ["threads=3", "cpu=5000"]
    finally:
        family.close()


def test_the_server_never_imports_torch() -> None:
    """What the server imports of the real engines leaves the heavy libraries to the worker."""
    heavy = "{'torch', 'diffusers', 'transformers', 'huggingface_hub'} & set(sys.modules)"
    script = f"import sys, engines.worker.family, engines.worker.status; sys.exit(str({heavy} or ''))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
