"""Engines share what they have in common and make room for each other."""

from __future__ import annotations

import json
import logging
import os
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engines.loading.files import Fingerprints
from engines.loading.keeper import Keeper
from engines.loading.model import BudgetExceeded
from engines.loading.shelf import Shelf
from engines.weights.setup import Located
from tests.pipelines import lending

Tiny = Callable[[str], Path]

take = Shelf.take


def loaded(keeper: Keeper) -> list[str]:
    """The engines in memory, by id."""
    return sorted(holding.engine_id for holding in keeper.holdings().engines)


def small(tiny: Tiny, *kinds: str) -> Keeper:
    """A keeper with just enough memory for these kinds at once."""
    measured = lending.keeper()
    for kind in kinds:
        lending.lend(measured, tiny(kind), kind)
    return lending.keeper(measured.holdings().memory)


def test_an_engine_is_loaded_once(tiny: Tiny) -> None:
    """The second request gets what the first one loaded."""
    keeper = lending.keeper()

    assert lending.lend(keeper, tiny("sd1")) is lending.lend(keeper, tiny("sd1"))


def test_equal_files_in_two_folders_are_held_once(tiny: Tiny, tmp_path: Path) -> None:
    """Content decides, not the path: two engines, one set of components, counted once."""
    keeper, copied = lending.keeper(), Path(shutil.copytree(tiny("sd1"), tmp_path / "copy"))

    one, other = lending.lend(keeper, tiny("sd1"), "one"), lending.lend(keeper, copied, "other")

    assert one is not other
    assert lending.parts(one).unet is lending.parts(other).unet
    assert lending.parts(one).vae is lending.parts(other).vae
    holdings = keeper.holdings()
    assert [holding.memory for holding in holdings.engines] == [holdings.memory] * 2


def test_a_changed_component_is_held_beside_the_shared_ones(tiny: Tiny, tmp_path: Path) -> None:
    """An engine with a UNet of its own shares VAE and text encoder with its relative."""
    keeper, other = lending.keeper(), Path(shutil.copytree(tiny("sd1"), tmp_path / "other"))
    shutil.copytree(tiny("inpainting") / "unet", other / "unet", dirs_exist_ok=True)

    first = lending.parts(lending.lend(keeper, tiny("sd1"), "one"))
    second = lending.parts(lending.lend(keeper, other, "other"))

    assert first.vae is second.vae
    assert first.text_encoders[0] is second.text_encoders[0]
    assert first.unet is not second.unet


def test_equal_weights_under_another_configuration_are_another_component(tiny: Tiny, tmp_path: Path) -> None:
    """What a file means is said beside it: the same autoencoder with another scale is not shared."""
    keeper, other = lending.keeper(), Path(shutil.copytree(tiny("sd1"), tmp_path / "other"))
    config = other / "vae/config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "scaling_factor": 0.5}))

    first = lending.parts(lending.lend(keeper, tiny("sd1"), "one"))
    second = lending.parts(lending.lend(keeper, other, "other"))

    assert first.unet is second.unet
    assert (first.vae.config.scaling_factor, second.vae.config.scaling_factor) == (0.18215, 0.5)


def test_precisions_are_not_mixed(tiny: Tiny) -> None:
    """The same files in another precision are other components."""
    keeper = lending.keeper()

    exact = lending.lend(keeper, tiny("sd1"), "exact")
    rough = lending.lend(keeper, tiny("sd1"), "rough", dtype="bfloat16")

    assert lending.parts(exact).unet is not lending.parts(rough).unet


def test_the_bytes_are_those_of_the_weights(tiny: Tiny) -> None:
    """What is reported is what the parameters take, halved in half precision."""
    exact, rough = lending.keeper(), lending.keeper()

    parts = lending.parts(lending.lend(exact, tiny("sd1")))
    lending.lend(rough, tiny("sd1"), dtype="bfloat16")

    models = (parts.unet, parts.vae, *parts.text_encoders)
    counted = sum(weight.numel() for model in models for weight in model.parameters())
    assert exact.holdings().memory == counted * 4
    assert rough.holdings().memory == counted * 2


def test_the_least_recently_used_engine_goes(tiny: Tiny) -> None:
    """Using an engine protects it; the one that was idle longest makes room."""
    keeper = small(tiny, "sd1", "sd2")
    for kind in ("sd1", "sd2", "sd1"):
        lending.lend(keeper, tiny(kind), kind)

    lending.lend(keeper, tiny("inpainting"), "inpainting")

    assert loaded(keeper) == ["inpainting", "sd1"]
    assert keeper.holdings().memory <= keeper._budget


def test_an_evicted_engine_comes_back_the_same(tiny: Tiny) -> None:
    """Its picture does not change by a bit."""
    keeper = small(tiny, "sdxl")
    before = lending.draw(lending.lend(keeper, tiny("sd1"), "sd1"))
    lending.lend(keeper, tiny("sdxl"), "sdxl")
    assert loaded(keeper) == ["sdxl"]

    after = lending.draw(lending.lend(keeper, tiny("sd1"), "sd1"))

    assert loaded(keeper) == ["sd1"]
    assert np.array_equal(before, after)


def test_an_evicted_engine_is_really_gone(tiny: Tiny) -> None:
    """Nothing holds on to its weights."""
    keeper = small(tiny, "sdxl")
    lending.draw(lending.lend(keeper, tiny("sd1"), "sd1"))
    weights = next(lending.parts(lending.lend(keeper, tiny("sd1"), "sd1")).unet.parameters())
    gone: list[bool] = []
    weakref.finalize(weights, gone.append, True)
    del weights

    lending.lend(keeper, tiny("sdxl"), "sdxl")

    assert gone


def test_the_memory_of_an_evicted_engine_is_given_back(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """The device frees what it holds in reserve before the next engine is loaded, and only then."""
    keeper, events = small(tiny, "sdxl"), []
    monkeypatch.setattr(keeper._device, "free", lambda: events.append("freed"))
    monkeypatch.setattr(Shelf, "take", lambda self, want: events.append(want.name) or take(self, want))

    lending.lend(keeper, tiny("sd1"), "sd1")
    lending.lend(keeper, tiny("sdxl"), "sdxl")

    assert events == ["unet", "vae", "text_encoder", "freed", "unet", "vae", "text_encoder", "text_encoder_2"]


def test_what_the_next_engine_shares_is_not_loaded_again(tiny: Tiny, tmp_path: Path) -> None:
    """An engine makes room for its relative without what both consist of."""
    other = Path(shutil.copytree(tiny("sd1"), tmp_path / "other"))
    shutil.copytree(tiny("inpainting") / "unet", other / "unet", dirs_exist_ok=True)
    measured = lending.keeper()
    lending.lend(measured, other, "other")
    keeper = lending.keeper(measured.holdings().memory)
    before = lending.parts(lending.lend(keeper, tiny("sd1"), "one"))

    after = lending.parts(lending.lend(keeper, other, "other"))

    assert loaded(keeper) == ["other"]
    assert (after.vae, *after.text_encoders) == (before.vae, *before.text_encoders)


def test_shared_components_survive_the_eviction_of_one_user(tiny: Tiny, tmp_path: Path) -> None:
    """Evicting one of two relatives frees only what the other does not use."""
    other = Path(shutil.copytree(tiny("sd1"), tmp_path / "other"))
    shutil.copytree(tiny("inpainting") / "unet", other / "unet", dirs_exist_ok=True)
    keeper = lending.keeper()
    lending.lend(keeper, tiny("sd1"), "one")
    vae = lending.parts(lending.lend(keeper, other, "other")).vae
    before = keeper.holdings().memory

    keeper.release()

    assert loaded(keeper) == ["other"]
    assert 0 < before - keeper.holdings().memory <= lending.weigh(tiny("sd1") / "unet")
    assert lending.parts(lending.lend(keeper, tiny("sd1"), "one")).vae is vae


def test_an_engine_larger_than_the_budget_is_refused(tiny: Tiny) -> None:
    """It counts as out of memory, and what is loaded stays: evicting it would not help."""
    keeper = small(tiny, "sd1")
    lending.lend(keeper, tiny("sd1"), "sd1")

    with pytest.raises(BudgetExceeded) as refused:
        lending.lend(keeper, tiny("sdxl"), "sdxl")

    assert loaded(keeper) == ["sd1"]
    assert refused.value.needed > refused.value.budget
    assert keeper._device.is_out_of_memory(refused.value)


def test_release_keeps_what_is_in_use(tiny: Tiny) -> None:
    """The engine that was lent last and the checker stay; the rest is let go."""
    keeper = lending.keeper()
    for kind in ("sd1", "sd2"):
        lending.lend(keeper, tiny(kind), kind)
    checker = keeper.safety(Located(folder=tiny("safety")))

    keeper.release()

    assert loaded(keeper) == ["sd2"]
    assert keeper.safety(Located(folder=tiny("safety"))) is checker


def test_a_checker_does_not_replace_the_engine_in_use(tiny: Tiny) -> None:
    """Where both do not fit, the budget is exceeded, and the engine stays."""
    keeper = small(tiny, "sd1")
    lending.lend(keeper, tiny("sd1"), "sd1")

    with pytest.raises(BudgetExceeded):
        keeper.safety(Located(folder=tiny("safety")))

    assert loaded(keeper) == ["sd1"]


def test_a_checker_makes_room_among_idle_engines(tiny: Tiny) -> None:
    """An engine that nobody uses goes before the picture stays unchecked."""
    keeper = small(tiny, "sd1", "sd2")
    for kind in ("sd1", "sd2"):
        lending.lend(keeper, tiny(kind), kind)

    checker = keeper.safety(Located(folder=tiny("safety")))

    assert loaded(keeper) == ["sd2"]
    assert checker.unsafe(np.zeros((64, 64, 3), np.uint8)) in {True, False}


def test_guidance_is_shared_by_all_engines(tiny: Tiny) -> None:
    """One CLIP model guides them all."""
    keeper, clip = lending.keeper(), Located(folder=tiny("clip"))
    keeper.lend(lending.setup("one"), Located(folder=tiny("sd1")), clip)
    before = keeper.holdings().memory

    keeper.lend(lending.setup("two"), Located(folder=tiny("sd1")), clip)

    assert keeper.holdings().memory == before


def test_an_engine_with_and_without_guidance_is_one(tiny: Tiny) -> None:
    """Both ways of lending it are one entry, with the bytes of all it uses; only one of them can guide."""
    keeper, setup, weights = lending.keeper(), lending.setup("one"), Located(folder=tiny("sd1"))
    plain: Any = keeper.lend(setup, weights, None)
    alone = keeper.holdings().memory
    guided: Any = keeper.lend(setup, weights, Located(folder=tiny("clip")))

    (holding,) = keeper.holdings().engines

    assert holding.memory == keeper.holdings().memory > alone
    assert plain._guidance is None
    assert guided._guidance is not None


def test_loading_and_evicting_are_logged(tiny: Tiny, caplog: pytest.LogCaptureFixture) -> None:
    """One line for each component with its number, seconds and size, and one for what made room."""
    keeper = small(tiny, "sdxl")
    with caplog.at_level(logging.INFO, "engines.loading"):
        lending.lend(keeper, tiny("sd1"), "sd1")
        lending.lend(keeper, tiny("sdxl"), "sdxl")

    lines = [(record.getMessage(), record.facts) for record in caplog.records if record.name.startswith("engines")]

    assert [facts["number"] for event, facts in lines if event == "component loaded"][:3] == [
        "1 of 3",
        "2 of 3",
        "3 of 3",
    ]
    assert [facts["engine"] for event, facts in lines if event == "engine evicted"] == ["sd1"]
    assert all(facts["megabytes"] >= 0 for _, facts in lines)


def test_a_compiled_engine_draws_the_same(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling concerns the UNet of that engine alone; relatives keep theirs as it is."""
    compiled: list[str] = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda module: compiled.append(type(module).__name__))
    keeper = lending.keeper()

    fast = lending.lend(keeper, tiny("sd1"), "fast", compile=True)
    plain = lending.lend(keeper, tiny("sd1"), "plain")

    assert compiled == ["UNet2DConditionModel"]
    assert lending.parts(fast).unet is not lending.parts(plain).unet
    assert lending.parts(fast).vae is lending.parts(plain).vae


def test_a_file_that_changes_is_another(tmp_path: Path) -> None:
    """Replaced weights are noticed, even under the same name and of the same size."""
    file, fingerprints = tmp_path / "weights", Fingerprints()
    file.write_bytes(b"one")
    before = fingerprints.of(file)

    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))

    assert fingerprints.of(file) != before


def test_the_hubs_cache_needs_no_reading(tmp_path: Path) -> None:
    """Its large files are named by the hash of their content."""
    name = "ab" * 32
    (tmp_path / name).write_bytes(b"anything")
    (tmp_path / "model.safetensors").symlink_to(tmp_path / name)

    assert Fingerprints().of(tmp_path / "model.safetensors") == name
