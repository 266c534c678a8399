"""Stablecog: models, schedulers and defaults, which nobody needs a key to see."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engines.catalog import CARDS
from engines.types import Sampler, Task
from tests.running import Client, Server
from tests.wire.stablecog_asking import (
    BASE,
    EULER,
    KANDINSKY,
    P_SAMPLER,
    PROMPT,
    SD15,
    SDXL,
    ask,
    assert_error,
    models,
    settings,
    shown,
    size,
)

SD_NAMES = ["K_LMS", "K_EULER", "K_EULER_ANCESTRAL", "DPM++_2M", "DPM++_2S", "UNIPC"]
SERVICE = {
    KANDINSKY: ("Kandinsky", "stable-diffusion-768-v2-1", 768),
    SD15: ("Stable Diffusion v1.5", "stable-diffusion-v1-5", 512),
    "48a7031d-43b6-4a23-9f8c-8020eb6862e4": ("Ghibli Diffusion", "stable-diffusion-v1-5", 512),
    "36d9d835-646f-4fc7-b9fe-98654464bf8e": ("Arcane Diffusion", "stable-diffusion-v1-5", 512),
    "b6c1372f-31a7-457c-907c-d292a6ffef97": ("Luna Diffusion", "stable-diffusion-v1-6", 768),
    "eaa438e1-dbf9-48fd-be71-206f0f257617": ("Redshift Diffusion", "stable-diffusion-v1-5", 512),
    "f7f3d973-ac6f-4a7a-9db8-e89e4fba03a9": ("Waifu Diffusion", "stable-diffusion-v1-5", 512),
    "8acfe4c8-751d-4aa6-8c3c-844e3ef478e0": ("Openjourney", "stable-diffusion-v1-5", 512),
    "fc06f6ab-ed14-4186-a7c0-aaec288d4f38": ("22h Diffusion", "stable-diffusion-v1-5", 512),
    "9fa49c00-109d-430f-9ddd-449f02e2c71a": ("Kandinsky 2.2", "stable-diffusion-768-v2-1", 768),
    SDXL: ("SDXL", "stable-diffusion-xl-1024-v1-0", 768),
    "3fb1f6d9-c0d3-4ae4-adf4-77f8da78a6f7": ("Waifu Diffusion XL", "stable-diffusion-xl-1024-v1-0", 768),
    "4e54440f-ee17-4712-b4b6-0671b94d685d": ("SSD-1B", "stable-diffusion-xl-1024-v1-0", 768),
    "986d447d-c38b-4218-a2c8-6e0b691f47ec": ("Stable Diffusion 3", "sd3-medium", 768),
    "0a99668b-45bd-4f7e-aa9c-f9aaa41ef13b": ("FLUX.1", "sd3.5-large", 768),
}
DRAWING = [card.id for card in CARDS if Task.TEXT_TO_IMAGE in card.tasks]
OTHERS = [card.id for card in CARDS if Task.TEXT_TO_IMAGE not in card.tasks]
DDIM = "82cf78dd-6afb-48cc-aca6-14224cca6950"


def test_models_need_no_key(client: Client) -> None:
    """Nor do the defaults."""
    for path in ("models", "defaults"):
        assert client.get(f"{BASE}/{path}", headers={"Authorization": None}).status_code == 200


def test_the_models_of_the_service_come_first(client: Client) -> None:
    """In its order, with names, default sizes and the engines that draw in their place."""
    rows = list(models(client).values())[: len(SERVICE)]

    found = {row["id"]: (row["name"], row["engine_id"], row["default_width"]) for row in rows}
    assert found == SERVICE
    assert list(found) == list(SERVICE)
    assert [row["default_height"] for row in rows] == [row["default_width"] for row in rows]


def test_every_engine_that_draws_follows(client: Client) -> None:
    """Under its own id, in sizes that go with the default number of steps."""
    rows = list(models(client).values())[len(SERVICE) :]

    assert [row["id"] for row in rows] == [row["engine_id"] for row in rows] == DRAWING
    assert max(row["default_width"] * row["default_height"] * 30 for row in rows) < 50 * 640 * 640


def test_one_model_is_the_default(client: Client) -> None:
    """The one that the defaults name."""
    marked = [row["id"] for row in models(client).values() if row["is_default"]]

    assert marked == [KANDINSKY] == [client.get(f"{BASE}/defaults").json()["model_id"]]


def test_schedulers_of_the_service(client: Client) -> None:
    """Those that the service lists for each family of models, by id and name."""
    found = models(client)

    assert found[KANDINSKY]["available_schedulers"] == [
        {"id": P_SAMPLER, "name": "P_SAMPLER"},
        {"id": DDIM, "name": "DDIM"},
    ]
    assert [one["name"] for one in found[SD15]["available_schedulers"]] == SD_NAMES
    assert [one["name"] for one in found["9fa49c00-109d-430f-9ddd-449f02e2c71a"]["available_schedulers"]] == [
        "DDPM",
        "DPM++_2M",
    ]


@pytest.mark.parametrize("model_id", SERVICE)
def test_every_model_draws_with_every_scheduler_it_lists(client: Client, model_id: str) -> None:
    """And without one; the picture is that of the engine behind it."""
    row = models(client)[model_id]

    for scheduler in row["available_schedulers"]:
        assert settings(ask(client, model_id=model_id, scheduler_id=scheduler["id"]))["scheduler_id"] == scheduler["id"]
    ours = ask(client, model_id=model_id)
    same = ask(client, model_id=row["engine_id"], scheduler_id=settings(ours)["scheduler_id"])
    assert (shown(client, ours) == shown(client, same)).all()


@pytest.mark.parametrize("engine", DRAWING)
def test_every_engine_draws_by_its_id(client: Client, engine: str) -> None:
    """In any size of this service, and in one of its own where none is asked for."""
    row = models(client)[engine]

    assert size(client, ask(client, model_id=engine, width=264, height=392)) == (264, 392)
    plain = ask(client, model_id=engine, width=..., height=..., inference_steps=...)
    assert size(client, plain) == (row["default_width"], row["default_height"])


def test_engines_take_every_sampler(client: Client) -> None:
    """All ten are there: eight under ids of the service, two under their names; each draws its own picture."""
    engine = "stable-diffusion-v1-6"
    schedulers = models(client)[engine]["available_schedulers"]

    drawn = {
        one["name"]: shown(client, ask(client, model_id=engine, scheduler_id=one["id"])).tobytes() for one in schedulers
    }

    assert len(set(drawn.values())) == len(Sampler)
    assert drawn["P_SAMPLER"] == drawn["DDPM"]
    assert drawn["UNIPC"] == drawn["DPM++_2M"]
    assert {"K_DPM_2", "K_DPM_2_ANCESTRAL"} <= drawn.keys()


@pytest.mark.parametrize("scheduler", [EULER, "x", "K_DPM_2", ""])
def test_a_scheduler_of_another_model_is_refused(client: Client, scheduler: str) -> None:
    """As one that does not exist is."""
    text = assert_error(ask(client, scheduler_id=scheduler), 400, "invalid_scheduler_id")

    assert text == f"Kandinsky has no scheduler {scheduler!r}; see /v1/image/generation/models."


@pytest.mark.parametrize("scheduler", [7, "x" * 201, [EULER]])
def test_what_is_no_scheduler_id(client: Client, scheduler: object) -> None:
    """It is refused with the same code."""
    assert_error(ask(client, scheduler_id=scheduler), 400, "invalid_scheduler_id")


@pytest.mark.parametrize("model", ["", "mona-lisa", "00000000-0000-0000-0000-000000000000", "Kandinsky"])
def test_an_unknown_model_is_refused(client: Client, model: str) -> None:
    """Names are no ids."""
    text = assert_error(ask(client, model_id=model), 400, "invalid_model_id")

    assert text == f"There is no model {model!r}; see /v1/image/generation/models."


@pytest.mark.parametrize("model", [7, "x" * 201, [SD15]])
def test_what_is_no_model_id(client: Client, model: object) -> None:
    """It is refused with the same code."""
    assert_error(ask(client, model_id=model), 400, "invalid_model_id")


@pytest.mark.parametrize("engine", OTHERS)
def test_an_engine_that_does_not_draw_is_refused(client: Client, engine: str) -> None:
    """Upscalers are no models here."""
    assert_error(ask(client, model_id=engine), 400, "invalid_model_id", f"{engine} does not offer text-to-image.")


def test_the_defaults(client: Client) -> None:
    """What a request that says nothing is drawn with, in the keys of the service."""
    assert client.get(f"{BASE}/defaults").json() == {
        "model_id": KANDINSKY,
        "scheduler_id": P_SAMPLER,
        "width": 768,
        "height": 768,
        "num_outputs": 4,
        "guidance_scale": 7,
        "inference_steps": 30,
        "prompt_strength": 0.6,
    }


def test_the_owner_chooses_the_engine_of_a_model(start: Callable[..., Server]) -> None:
    """``UNDERSTUDY_MODELS`` puts another engine behind a model; its id, name and size stay."""
    server = start(UNDERSTUDY_MODELS=f"stablecog/{SD15}=sd3-large")
    with Client(server.url) as own:
        row = models(own)[SD15]
        same = shown(own, ask(own, model_id="sd3-large", prompt=PROMPT))

        assert (row["name"], row["engine_id"], row["default_width"]) == ("Stable Diffusion v1.5", "sd3-large", 512)
        assert (shown(own, ask(own, model_id=SD15)) == same).all()
