"""One picture in the words of every contract: the same wish, sent and answered seven ways."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import requests

from app.dialects.aspects import ASPECTS
from tests.pictures import pixels
from tests.running import Client

STEPS = 15
"""What engines take where a contract has no word for steps; see ``settings``."""
KEPT = 0.25
"""How much of a picture to start from is kept; one contract has no word for that, and always keeps so much."""


@dataclass(frozen=True)
class Wish:
    """What to draw; ``address`` is where ``start`` can be fetched from."""

    engine: str
    prompt: str = "a lighthouse on a cliff, storm"
    negative: str = ""
    size: tuple[int, int] = (1024, 1024)
    seed: int = 4021
    guidance: float = 7.0
    start: bytes | None = None
    address: str = ""


@dataclass(frozen=True)
class Drawn:
    """A picture that came, with the seed that the answer told."""

    pixels: np.ndarray
    seed: int


Ask = Callable[[Client, Wish], requests.Response]
Read = Callable[[Client, requests.Response], Drawn]


def settings(engine: str) -> dict[str, str]:
    """The settings of a server on which contracts that have models of their own draw them with this engine."""
    models = ("serevix/sd-core", "serevix/sd3-large", "aithriving/core", "stativerse/image")
    return {
        "UNDERSTUDY_DEFAULT_STEPS": str(STEPS),
        "UNDERSTUDY_MODELS": ",".join(f"{model}={engine}" for model in models),
        "UNDERSTUDY_FETCH_PRIVATE": "on",
    }


def draw(client: Client, contract: str, wish: Wish) -> Drawn:
    """The wish, fulfilled through one contract."""
    ask, read = WAYS[contract]
    answer = ask(client, wish)
    assert answer.status_code == 200, f"{contract}: {answer.text}"
    return read(client, answer)


def _prompts(wish: Wish) -> list[dict[str, Any]]:
    against = [{"text": wish.negative, "weight": -1.0}] if wish.negative else []
    return [{"text": wish.prompt}, *against]


def _stability(version: str) -> Ask:
    def ask(client: Client, wish: Wish) -> requests.Response:
        words: dict[str, Any] = {
            "text_prompts": _prompts(wish),
            "seed": wish.seed,
            "steps": STEPS,
            "cfg_scale": wish.guidance,
        }
        base = f"/{version}/generation/{wish.engine}"
        if wish.start is None:
            width, height = wish.size
            return client.post(f"{base}/text-to-image", json=words | {"width": width, "height": height})
        files = {"init_image": wish.start}
        if version == "v1alpha":
            options = {**words, "step_schedule_start": 1 - KEPT}
            return client.post(f"{base}/image-to-image", files=files, data={"options": json.dumps(options)})
        form = {**words, "text_prompts": json.dumps(words["text_prompts"]), "image_strength": KEPT}
        return client.post(f"{base}/image-to-image", files=files, data=form)

    return ask


def _read_stability(_: Client, answer: requests.Response) -> Drawn:
    artifact = answer.json()["artifacts"][0]
    return Drawn(pixels(base64.b64decode(artifact["base64"])), artifact["seed"])


def _ask_serevix(client: Client, wish: Wish) -> requests.Response:
    words = {"prompt": wish.prompt, "seed": str(wish.seed)}
    words |= {"negative_prompt": wish.negative} if wish.negative else {}
    if wish.start is None:
        ratio = next(ratio for ratio, size in ASPECTS.items() if size == wish.size)
        words |= {"model": "sd-core", "aspect_ratio": ratio}
    else:
        words |= {"model": "sd3-large", "mode": "image-to-image", "strength": str(1 - KEPT)}
    files: dict[str, Any] = {name: (None, value) for name, value in words.items()}
    files |= {"image": wish.start} if wish.start is not None else {}
    return client.post("/v1/images/generations", files=files, headers={"Accept": "image/*"})


def _read_serevix(_: Client, answer: requests.Response) -> Drawn:
    return Drawn(pixels(answer.content), int(answer.headers["Seed"]))


def _ask_aithriving(client: Client, wish: Wish) -> requests.Response:
    width, height = wish.size
    words = {"prompt": wish.prompt, "width": width, "height": height, "seed": wish.seed}
    words |= {"negative_prompt": wish.negative} if wish.negative else {}
    return client.post("/api/generate/core", json=words)


def _read_aithriving(_: Client, answer: requests.Response) -> Drawn:
    data = answer.json()["data"]
    return Drawn(pixels(base64.b64decode(data["image"])), data["seed"])


def _ask_stablecog(client: Client, wish: Wish) -> requests.Response:
    width, height = wish.size
    words: dict[str, Any] = {
        "model_id": wish.engine,
        "prompt": wish.prompt,
        "negative_prompt": wish.negative or None,
        "width": width,
        "height": height,
        "num_outputs": 1,
        "inference_steps": STEPS,
        "guidance_scale": wish.guidance,
        "seed": wish.seed,
    }
    if wish.start is not None:
        words |= {"init_image_url": wish.address, "prompt_strength": 1 - KEPT}
    return client.post("/v1/image/generation/create", json=words)


def _read_stablecog(client: Client, answer: requests.Response) -> Drawn:
    output = answer.json()["outputs"][0]
    shown = requests.get(output["url"], timeout=client.patience)
    assert shown.status_code == 200, shown.text
    return Drawn(pixels(shown.content), output["seed"])


def _ask_stativerse(client: Client, wish: Wish) -> requests.Response:
    words: dict[str, Any] = {
        "prompt": wish.prompt,
        "negative_prompt": wish.negative or None,
        "resolution": list(wish.size),
        "steps": STEPS,
        "guidance": wish.guidance,
        "seed": wish.seed,
    }
    if wish.start is None:
        return client.post("/models/v1/image-generation", json=words)
    return client.post("/models/v1/image-edit", json=words | {"image": base64.b64encode(wish.start).decode()})


def _read_stativerse(_: Client, answer: requests.Response) -> Drawn:
    data = answer.json()["data"]
    return Drawn(pixels(base64.b64decode(data["output"])), data["seed"])


WAYS: Mapping[str, tuple[Ask, Read]] = {
    **{version: (_stability(version), _read_stability) for version in ("v1", "v1beta", "v1alpha")},
    "serevix": (_ask_serevix, _read_serevix),
    "aithriving": (_ask_aithriving, _read_aithriving),
    "stablecog": (_ask_stablecog, _read_stablecog),
    "stativerse": (_ask_stativerse, _read_stativerse),
}
"""How each contract that draws is asked, and where its answer has the picture."""
