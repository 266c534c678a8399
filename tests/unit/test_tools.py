"""What a dialect asks its tools: where this server is, and which engine stands for a model."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.settings import BadSetting, Services, Settings
from tests.rooms import tools

MODELS = {"core": "sd-core", "large": "sd3-large"}


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("pictures.example.com", "http://pictures.example.com"),
        ("understudy_1.local:1", "http://understudy_1.local:1"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("[fe80::1]", "http://[fe80::1]"),
        (None, "http://localhost"),
        ("", "http://localhost"),
        ("a b", "http://localhost"),
        ("evil.example/path", "http://localhost"),
        ("user@evil.example", "http://localhost"),
        ("a.example, b.example", "http://localhost"),
        ("a.example:123456", "http://localhost"),
        ('a.example"', "http://localhost"),
        ("привет.example", "http://localhost"),
    ],
)
def test_the_address_is_what_the_caller_used(host: str | None, address: str) -> None:
    """A URL in an answer leads back to where the request went; a header that is no host is not repeated."""
    assert tools().address({} if host is None else {"host": host}) == address


def test_the_owner_may_say_the_address() -> None:
    """Behind a proxy the header tells nothing: what the owner says counts."""
    services = Services(public_url="https://pictures.example.com/v2")

    assert tools(services=services).address({"host": "10.0.0.7:8080"}) == "https://pictures.example.com/v2"


def test_models_are_the_contracts_own() -> None:
    """Without a setting each model is drawn by the engine that its contract chose."""
    assert tools().models("aithriving", MODELS) == MODELS


def test_the_owner_chooses_engines_for_models() -> None:
    """Only the named model of the named contract is drawn by another engine, the last word counts."""
    chosen = (
        ("aithriving/core", "stable-diffusion-v1-5"),
        ("serevix/large", "stable-diffusion-v1-6"),
        ("aithriving/core", "stable-diffusion-v1-6"),
    )
    found = tools(services=Services(models=chosen)).models("aithriving", MODELS)

    assert found == {"core": "stable-diffusion-v1-6", "large": "sd3-large"}
    assert MODELS["core"] == "sd-core"


def test_a_model_that_is_not_there_cannot_be_chosen() -> None:
    """The message names the setting, the contract and the models that it has."""
    services = Services(models=(("aithriving/shell", "stable-diffusion-v1-6"),))

    with pytest.raises(BadSetting, match=r"UNDERSTUDY_MODELS: aithriving has no model 'shell', only core, large"):
        tools(services=services).models("aithriving", MODELS)


def test_work_of_the_hands_is_off_the_loop() -> None:
    """Picture work runs in the executor that is given for it, and its value comes back."""
    with ThreadPoolExecutor(1, thread_name_prefix="hands") as hands:
        name = asyncio.run(tools(hands=hands).by_hand(lambda word: threading.current_thread().name + word, "!"))

    assert name.startswith("hands")
    assert name.endswith("!")


def test_the_settings_of_services() -> None:
    """Every variable reaches its field; without them credits last for a thousand a day and pictures for a day."""
    usual = Settings.from_mapping({})
    changed = Settings.from_mapping(
        {
            "UNDERSTUDY_MODELS": "aithriving/core=stable-diffusion-v1-6, serevix/sd3-large=sd3-medium",
            "UNDERSTUDY_PUBLIC_URL": "https://pictures.example.com/",
            "UNDERSTUDY_DAILY_CREDITS": "2.5",
            "UNDERSTUDY_PICTURE_SECONDS": "60",
            "UNDERSTUDY_PICTURE_BYTES": "2000000",
            "UNDERSTUDY_FETCH_PRIVATE": "on",
            "UNDERSTUDY_FETCH_BYTES": "4096",
            "UNDERSTUDY_FETCH_SECONDS": "1.5",
            "UNDERSTUDY_ANALYSIS": "transformers",
        }
    )

    assert (usual.services, usual.analysis) == (Services(), "embedded")
    assert usual.services.daily_credits == 1_000_000_000
    assert changed.analysis == "transformers"
    assert changed.services == Services(
        models=(("aithriving/core", "stable-diffusion-v1-6"), ("serevix/sd3-large", "sd3-medium")),
        public_url="https://pictures.example.com",
        daily_credits=2_500_000,
        picture_seconds=60.0,
        picture_bytes=2_000_000,
        fetch_private=True,
        fetch_bytes=4096,
        fetch_seconds=1.5,
    )


def test_real_engines_come_with_real_readers() -> None:
    """With diffusers texts and pictures are read by models as well, unless the owner wants it otherwise."""
    real = {"UNDERSTUDY_ENGINES": "diffusers"}

    assert Settings.from_mapping(real).analysis == "transformers"
    assert Settings.from_mapping({**real, "UNDERSTUDY_ANALYSIS": "embedded"}).analysis == "embedded"
