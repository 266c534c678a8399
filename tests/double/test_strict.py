"""Strict mode refuses what the real service silently ignores; without it the journal has the same findings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from tests.pictures import png
from tests.running import VERSIONS, Client, Server
from understudy.testing import Understudy

ENGINE = "stable-diffusion-v1-6"
PROMPTS = [{"text": "a fox"}]
FORM = {"text_prompts[0][text]": "a fox", "steps": "10"}


def _ask(
    client: Client, version: str = "v1", headers: dict[str, str] | None = None, **words: object
) -> requests.Response:
    body = {"text_prompts": PROMPTS, "steps": 10, "width": 320, "height": 320, **words}
    return client.post(f"/{version}/generation/{ENGINE}/text-to-image", json=body, headers=headers)


def _message(answer: requests.Response) -> str:
    assert (answer.status_code, answer.json()["name"]) == (400, "bad_request")
    return str(answer.json()["message"])


@pytest.mark.parametrize("version", VERSIONS)
def test_an_unknown_field_is_named(client: Client, world: Understudy, version: str) -> None:
    """The refusal is worded as the version words a field that breaks its rule, and costs nothing."""
    world.change(strict=True)

    message = _message(_ask(client, version, prompt="a fox"))

    prefix = "body.prompt" if version == "v1alpha" else "prompt:"
    assert message == f"{prefix} is no field of this operation and ignored"
    assert world.balance == 100


def test_a_correct_request_passes(client: Client, world: Understudy) -> None:
    """Strict mode is no obstacle to a client that says only what is read."""
    world.change(strict=True)

    assert _ask(client).status_code == 200
    assert client.get("/v1/user/account").status_code == 200


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"Content-Type": "application/json; charset=latin-1"}, "Content-Type: charset 'latin-1' is ignored"),
        ({"Content-Type": "text/plain"}, "Content-Type: 'text/plain' is ignored"),
        ({"Accept": "image/webp"}, "Accept: 'image/webp' is ignored"),
    ],
)
def test_a_header_is_named(client: Client, world: Understudy, headers: dict[str, str], message: str) -> None:
    """A charset that is not read, another name for JSON, a picture format that never comes."""
    world.change(strict=True)

    assert _message(_ask(client, headers=headers)).startswith(message)


@pytest.mark.parametrize(
    ("task", "fields", "named"),
    [
        ("", {"width": "512"}, "width"),
        ("", {"step_schedule_start": "0.5"}, "step_schedule_start"),
        ("", {"text_prompts[0][wieght]": "1"}, "text_prompts[0][wieght]"),
        ("/masking", {"mask_source": "INIT_IMAGE_ALPHA", "mask_image": "yes"}, "mask_image"),
    ],
)
def test_a_form_field_is_named(
    client: Client, world: Understudy, task: str, fields: dict[str, str], named: str
) -> None:
    """Sizes beside an init image, the schedule that the mode does not mean, a misspelt bracket, a useless mask."""
    world.change(strict=True)
    init = {"init_image": png(320, 320)}

    answer = client.post(f"/v1/generation/{ENGINE}/image-to-image{task}", files=init, data=FORM | fields)

    assert _message(answer).startswith(f"{named}: is ")


def test_queries_and_organizations_are_named(double: Server, world: Understudy) -> None:
    """What a GET says in vain is refused, too, with a 400 that no contract foresees there."""
    world.change(strict=True)
    key = {"Authorization": world.key}

    listed = requests.get(f"{double.url}/v1/engines/list?page=2", headers=key, timeout=30)
    named = requests.get(f"{double.url}/v1/user/account", headers={**key, "Organization": "org-1"}, timeout=30)

    assert _message(listed).startswith("page: is ignored")
    assert _message(named).startswith("Organization: is ignored")


def test_the_journal_warns_where_nothing_is_refused(client: Client, world: Understudy) -> None:
    """Without strict mode the same requests are answered, and the findings stand in the journal."""
    answer = _ask(client, headers={"Accept": "image/webp"}, prompt="a fox", Steps=20)

    assert answer.status_code == 200
    assert world.journal[-1].findings == [
        "header Accept 'image/webp' is ignored: the answer is application/json",
        "prompt is no field of this operation and ignored",
        "Steps is no field of this operation and ignored",
    ]


def test_a_refusal_stands_in_the_journal_with_all_findings(client: Client, world: Understudy) -> None:
    """A request has one refusal but every finding."""
    world.change(strict=True)
    _ask(client, prompt="a fox", Steps=20)

    entry = world.journal[-1]

    assert (entry.status, entry.outcome, len(entry.findings)) == (400, None, 2)


def test_a_server_may_be_strict_from_the_start(make_server: Callable[..., Server]) -> None:
    """With --strict every new world is, until it says otherwise."""
    server = make_server("--test", "--strict")
    world = Understudy(server.url, "sk-strict")

    with Client(server.url, world.key) as client:
        assert _message(_ask(client, prompt="a fox")).startswith("prompt: is no field")
        world.change(strict=False)
        assert _ask(client, prompt="a fox").status_code == 200
