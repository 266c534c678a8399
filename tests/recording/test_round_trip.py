"""Everything the three versions can be asked, recorded from a service and replayed when it is gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.pictures import png
from tests.recording.conftest import OWNERS, exchanges
from tests.running import KEY, VERSIONS, Client, Server
from tests.wire import asking

ENGINE = "stable-diffusion-v1-5"
Ask = Callable[[Client], requests.Response]


def _mask() -> bytes:
    return png(512, 512, "L", 0)


def _asks() -> dict[str, Ask]:
    asks: dict[str, Ask] = {}
    for version in VERSIONS:
        asks |= {f"{version} {name}": ask for name, ask in _of(version).items()}
    asks["v1 upscaling"] = lambda client: asking.upscale(client, png(128, 128))
    asks["v1 upscaling, latent"] = lambda client: asking.upscale(
        client, png(64, 64), "stable-diffusion-x4-latent-upscaler", seed=3, steps=10
    )
    asks["v1 upscaling as PNG"] = lambda client: asking.upscale(client, png(128, 128), headers={"Accept": "image/png"})
    return asks


def _of(version: str) -> dict[str, Ask]:
    """What can be asked in one version."""
    return {
        "engines": lambda client: client.get(f"/{version}/engines/list"),
        "balance": lambda client: client.get(f"/{version}/user/balance"),
        "account": lambda client: client.get(f"/{version}/user/account"),
        "text": lambda client: asking.text_to_image(client, version, ENGINE, samples=2),
        "text, not in ASCII": lambda client: asking.text_to_image(
            client, version, ENGINE, text_prompts=[{"text": "ein Bär im Schnee ❄"}]
        ),
        "text as PNG": lambda client: asking.text_to_image(client, version, ENGINE, {"Accept": "image/png"}),
        "filtered": lambda client: asking.text_to_image(client, version, ENGINE, text_prompts=[{"text": "nsfw"}]),
        "image": lambda client: asking.image_to_image(client, version, png(), ENGINE),
        "masking": lambda client: asking.masking(client, version, png(), _mask(), "MASK_IMAGE_BLACK", ENGINE),
        "refused field": lambda client: asking.text_to_image(client, version, ENGINE, steps=1000),
        "no JSON": lambda client: client.post(asking.path(version, engine=ENGINE), data=b"{"),
        "no picture": lambda client: asking.image_to_image(client, version, b"no picture", ENGINE),
        "no engine": lambda client: asking.text_to_image(client, version, "no-such-engine"),
    }


ASKS = _asks()


@pytest.fixture(scope="module")
def played(
    service: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, Mapping[str, requests.Response], Client]]:
    """The folder, each answer as it was while recording, and a client of a server that replays them."""
    base = tmp_path_factory.mktemp("played")
    tape = base / "tape"
    recording = ("--upstream", service.url, "--record", str(tape), "--spending-cap", "1000")
    with Server(base / "recorder", *recording, UNDERSTUDY_UPSTREAM_KEY=OWNERS) as recorder:
        client = Client(recorder.url)
        answers = {name: ask(client) for name, ask in ASKS.items()}
    with Server(base / "replayer", "--replay", str(tape)) as replayer:
        yield tape, answers, Client(replayer.url)


@pytest.mark.parametrize("name", sorted(ASKS))
def test_an_answer_comes_back_as_it_was(
    played: tuple[Path, Mapping[str, requests.Response], Client], name: str
) -> None:
    """Status, headers that mean something and every byte of the body are those of the recording."""
    _, recorded, client = played

    answer = ASKS[name](client)

    assert answer.status_code == recorded[name].status_code
    assert answer.content == recorded[name].content
    assert _telling(answer) == _telling(recorded[name])


def test_what_was_recorded_is_what_the_service_says(
    service: Server, played: tuple[Path, Mapping[str, requests.Response], Client]
) -> None:
    """The service answers the same to its owner directly, pictures and engine list alike."""
    _, recorded, _ = played
    direct = Client(service.url, OWNERS)

    for name in ("v1 engines", "v1alpha text", "v1beta masking", "v1 text as PNG", "v1 upscaling"):
        assert ASKS[name](direct).content == recorded[name].content


def test_every_kind_of_answer_was_recorded(played: tuple[Path, Mapping[str, requests.Response], Client]) -> None:
    """The recording has successes and errors of each kind that a request can bring about."""
    _, recorded, _ = played

    assert {answer.status_code for answer in recorded.values()} == {200, 400, 404}


def test_no_key_is_on_disk(played: tuple[Path, Mapping[str, requests.Response], Client]) -> None:
    """Neither the owner's key nor the callers' is in any file of the folder."""
    tape, _, _ = played

    for path in tape.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert OWNERS.encode() not in content
        assert KEY.encode() not in content


def test_pictures_are_files(played: tuple[Path, Mapping[str, requests.Response], Client]) -> None:
    """What was uploaded and what came back can be looked at; the JSON beside it names the files."""
    tape, _, _ = played
    folder = tape / next(name for name in exchanges(tape) if name.endswith("-post-masking"))

    request = json.loads((folder / "request.json").read_text())
    response = json.loads((folder / "response.json").read_text())

    assert (folder / request["fields"]["init_image"]["file"]).read_bytes() == png()
    assert (folder / request["fields"]["mask_image"]["file"]).read_bytes() == _mask()
    assert response["pictures"] == ["response-1.png"]
    assert response["body"]["artifacts"][0]["base64"] == "file:response-1.png"
    assert (folder / "response-1.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_says_nothing_of_the_moment(played: tuple[Path, Mapping[str, requests.Response], Client]) -> None:
    """A request file holds what was asked and no dates, boundaries or addresses."""
    tape, _, _ = played
    first = next(name for name in exchanges(tape) if name.endswith("-post-text-to-image"))

    request: dict[str, Any] = json.loads((tape / first / "request.json").read_text())

    assert request == {
        "method": "POST",
        "path": f"/v1/generation/{ENGINE}/text-to-image",
        "query": [],
        "headers": {"accept": "application/json"},
        "fields": {"samples": 2, "seed": 4021, "steps": 10, "text_prompts": [{"text": asking.PROMPT}]},
    }


def _telling(answer: requests.Response) -> dict[str, str]:
    names = ("content-type", "content-length", "finish-reason", "seed", "retry-after", "goa-error", "allow")
    return {name: answer.headers[name] for name in names if name in answer.headers}
