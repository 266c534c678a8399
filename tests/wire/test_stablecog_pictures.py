"""Stablecog: where finished pictures are shown, for how long, to whom, and how they are listed."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.pictures import pixels
from tests.running import Client, Server
from tests.wire.raw import exchange, request
from tests.wire.stablecog_asking import (
    BASE,
    EULER,
    PROMPT,
    SD15,
    SEED,
    ask,
    assert_error,
    listed,
    look,
    outputs,
    settings,
)

GONE = "No picture is shown here, no longer or never."


@pytest.fixture
def newcomer(server: Server, other: dict[str, Any]) -> Iterator[Client]:
    """A client of an organization that has made nothing yet."""
    with Client(server.url, other["key"]["secret"]) as session:
        yield session


def test_an_answer_has_its_three_keys(client: Client) -> None:
    """Pictures, credits and settings; each picture has an id, a URL and its seed."""
    answer = ask(client, num_outputs=2).json()

    assert list(answer) == ["outputs", "remaining_credits", "settings"]
    assert [list(one) for one in answer["outputs"]] == [["id", "url", "seed"]] * 2


def test_a_url_belongs_to_this_server_and_cannot_be_guessed(client: Client) -> None:
    """The id in it is a random UUID; the address is the one that the caller used."""
    (one,) = outputs(ask(client))

    assert one["url"] == f"{client.url}{BASE}/files/{one['id']}.png"
    assert uuid.UUID(one["id"]).version == 4


def test_urls_follow_the_host_that_was_asked(server: Server, client: Client) -> None:
    """A caller behind a name gets URLs with that name; what is no host is not repeated."""
    for sent, said in (("pictures.example:8443", "pictures.example:8443"), ("x y/<script>", "localhost")):
        (one,) = outputs(ask(client, headers={"Host": sent}))
        assert one["url"].startswith(f"http://{said}{BASE}/files/")


def test_urls_follow_the_public_url(start: Callable[..., Server]) -> None:
    """``UNDERSTUDY_PUBLIC_URL`` says where the server is for others."""
    server = start(UNDERSTUDY_PUBLIC_URL="https://art.example/studio/")
    with Client(server.url) as own:
        (one,) = outputs(ask(own))
        page = listed(own)

    assert one["url"] == f"https://art.example/studio{BASE}/files/{one['id']}.png"
    assert page["outputs"][0]["image_url"] == one["url"]


def test_a_picture_is_a_png_that_needs_no_key(client: Client) -> None:
    """Whoever knows the address sees the picture, with or without a key, as often as he likes."""
    (one,) = outputs(ask(client, width=264, height=392))

    first, second = look(client, one["url"]), client.get(one["url"].removeprefix(client.url))

    assert first.headers["content-type"] == "image/png"
    assert pixels(first.content).shape == (392, 264, 3)
    assert first.content == second.content


def test_a_picture_may_be_kept(client: Client) -> None:
    """Its bytes never change: there is an ``ETag``, and it may be cached for as long as it is shown, a day."""
    (one,) = outputs(ask(client))

    headers = look(client, one["url"]).headers

    assert headers["etag"] == f'"{one["id"]}"'
    found = re.fullmatch(r"private, max-age=(\d+), immutable", headers["cache-control"])
    assert found is not None
    assert 86_300 < int(found[1]) <= 86_400


def test_head_shows_the_headers_alone(server: Server, client: Client) -> None:
    """The same status, type and length, and no picture."""
    (one,) = outputs(ask(client))
    whole = look(client, one["url"])

    head = client.head(one["url"].removeprefix(client.url))

    for name in ("content-type", "content-length", "etag"):
        assert head.headers[name] == whole.headers[name]
    assert (head.status_code, head.content) == (200, b"")
    assert client.head(f"{BASE}/files/{uuid.uuid4()}.png").status_code == 404


@pytest.mark.parametrize(
    "name",
    ["x.png", "00000000-0000-4000-8000-000000000000.png", "%2e%2e%5cetc.png", "%2e%2e.png", "{id}.png.png"],
)
def test_other_names_show_nothing(client: Client, name: str) -> None:
    """404 in the service's words."""
    (one,) = outputs(ask(client))

    assert_error(client.get(f"{BASE}/files/{name.format(id=one['id'])}"), 404, "not_found", GONE)


@pytest.mark.parametrize("name", ["{id}", "{id}.jpeg", "{id}.png/", "", "{id}.PNG", "..%2f..%2fetc%2fpasswd.png"])
def test_other_paths_are_no_pictures(client: Client, name: str) -> None:
    """404 for a path that nothing answers at."""
    (one,) = outputs(ask(client))

    assert_error(client.get(f"{BASE}/files/{name.format(id=one['id'])}"), 404, "not_found")


def test_pictures_are_shown_for_a_limited_time(start: Callable[..., Server]) -> None:
    """After it there is nothing at the address any more, and nothing in the list."""
    server = start(UNDERSTUDY_PICTURE_SECONDS="1")
    with Client(server.url) as own:
        (one,) = outputs(ask(own))
        path = one["url"].removeprefix(server.url)

        # A second is long for a picture; whoever looks a hundred times a second sees it go.
        while (answer := own.get(path)).status_code == 200:
            assert answer.headers["cache-control"] in {"private, max-age=0, immutable", "private, max-age=1, immutable"}

        assert_error(answer, 404, "not_found", GONE)
        assert listed(own) == {"total_count": 0, "outputs": []}


def test_pictures_outlive_the_server(start: Callable[..., Server]) -> None:
    """Stopped and started again it shows what it showed before."""
    server = start()
    with Client(server.url) as own:
        (one,) = outputs(ask(own))
        before = look(own, one["url"]).content
    server.stop()
    server.start()
    with Client(server.url) as own:
        assert own.get(f"{BASE}/files/{one['id']}.png").content == before
        assert listed(own)["total_count"] == 1


def test_a_new_organization_has_no_pictures(newcomer: Client) -> None:
    """An empty page without ``next``."""
    assert listed(newcomer) == {"total_count": 0, "outputs": []}


def test_a_picture_in_the_list_tells_everything(newcomer: Client) -> None:
    """The picture, and the request it came from with all that was asked for."""
    answer = ask(newcomer, num_outputs=2, negative_prompt="fog", model_id=SD15, scheduler_id=EULER, guidance_scale=6.5)
    first, second = outputs(answer)

    page = listed(newcomer)

    siblings = [
        {
            "id": one["id"],
            "image_url": one["url"],
            "gallery_status": "not_submitted",
            "is_favorited": False,
            "was_auto_submitted": False,
        }
        for one in (first, second)
    ]
    generations = [one.pop("generation") for one in page["outputs"]]
    assert page == {"total_count": 2, "outputs": siblings}
    assert generations[0] == generations[1]
    generation = generations[0]
    times = [datetime.fromisoformat(generation.pop(f"{name}_at")) for name in ("created", "started", "updated")]
    assert times[0] == times[1] <= times[2] == datetime.fromisoformat(generation.pop("completed_at"))
    assert uuid.UUID(generation.pop("id")).version == 4
    prompts = {name: generation.pop(name) for name in ("prompt", "negative_prompt")}
    assert {name: one["text"] for name, one in prompts.items()} == {"prompt": PROMPT, "negative_prompt": "fog"}
    assert all(uuid.UUID(one["id"]) for one in prompts.values())
    assert generation == {
        "model_id": SD15,
        "scheduler_id": EULER,
        "width": 256,
        "height": 256,
        "num_outputs": 2,
        "guidance_scale": 6.5,
        "inference_steps": 10,
        "seed": SEED,
        "status": "succeeded",
        "is_favorited": False,
        "was_auto_submitted": False,
        "outputs": siblings,
    }


def test_equal_prompts_have_equal_ids(newcomer: Client) -> None:
    """Requests do not."""
    for prompt in ("a fox", "a fox", "a hare"):
        ask(newcomer, prompt=prompt)

    generations = [one["generation"] for one in listed(newcomer)["outputs"]]
    ids = [one["prompt"]["id"] for one in generations]
    assert ids[1] == ids[2] != ids[0]
    assert len({one["id"] for one in generations}) == 3


def test_the_newest_come_first(newcomer: Client) -> None:
    """Request by request; the pictures of one request in the order of their seeds."""
    old, new = ask(newcomer, num_outputs=2), ask(newcomer, num_outputs=3)

    found = [one["id"] for one in listed(newcomer)["outputs"]]
    assert found == [one["id"] for one in (*outputs(new), *outputs(old))]


def test_pages(newcomer: Client) -> None:
    """Each page but the last has a ``next``, which leads on; what comes meanwhile moves nothing."""
    expected = [one["id"] for _ in range(2) for one in outputs(ask(newcomer, num_outputs=4))]
    expected = [*expected[4:], *expected[:4]]

    first = listed(newcomer, per_page=3)
    outputs(ask(newcomer))
    second = listed(newcomer, per_page=3, cursor=first["next"])
    third = listed(newcomer, per_page=3, cursor=second["next"])

    assert [len(page["outputs"]) for page in (first, second, third)] == [3, 3, 2]
    assert [one["id"] for page in (first, second, third) for one in page["outputs"]] == expected
    assert "next" not in third
    assert [page["total_count"] for page in (first, second, third)] == [8, 9, 9]


def test_an_empty_cursor_is_none(newcomer: Client) -> None:
    """The list begins with the newest."""
    ask(newcomer)

    assert listed(newcomer, cursor="") == listed(newcomer)


def test_a_page_has_fifty_pictures_unless_asked_otherwise(newcomer: Client) -> None:
    """And a hundred at most."""
    for _ in range(13):
        ask(newcomer, num_outputs=4)  # 52 credits would be needed for all; the last request is refused.

    assert len(listed(newcomer)["outputs"]) == len(listed(newcomer, per_page=100)["outputs"]) == 48
    assert "next" not in listed(newcomer)


def test_a_full_page(client: Client) -> None:
    """Fifty of many, and the way on."""
    for _ in range(13):
        ask(client, num_outputs=4)

    page = listed(client)
    assert len(page["outputs"]) == 50
    assert page["total_count"] >= 52
    assert listed(client, cursor=page["next"])["outputs"][0] not in page["outputs"]


@pytest.mark.parametrize("count", ["0", "101", "-1", "x", "1.5", ""])
def test_pages_of_other_lengths_are_refused(client: Client, count: str) -> None:
    """1 to 100."""
    assert_error(client.get(f"{BASE}/outputs?per_page={count}"), 400, "invalid_per_page")


@pytest.mark.parametrize("cursor", ["x", "0", "2023-05-26T14:14:49.457057Z"])
def test_cursors_of_others_are_refused(client: Client, cursor: str) -> None:
    """Only the ``next`` of a page is a cursor."""
    text = "cursor is none that a page of this list has ended with."
    assert_error(client.get(f"{BASE}/outputs?cursor={cursor}"), 400, "invalid_cursor", text)


def test_parameters_of_others_are_refused(client: Client) -> None:
    """A filter that would find too much is not passed over."""
    assert_error(client.get(f"{BASE}/outputs?model_ids={SD15}"), 400, "invalid_query")


def test_nobody_sees_the_list_of_others(newcomer: Client, client: Client) -> None:
    """Each organization has its own; the pictures themselves are for whoever knows where they are."""
    (mine,), (theirs,) = outputs(ask(newcomer)), outputs(ask(client))

    assert [one["id"] for one in listed(newcomer)["outputs"]] == [mine["id"]]
    assert mine["id"] not in {one["id"] for one in listed(client, per_page=100)["outputs"]}
    assert look(newcomer, theirs["url"]).status_code == 200


def test_older_path_and_newer_path_share_the_list(newcomer: Client) -> None:
    """A picture is listed whichever path made it."""
    answers = [ask(newcomer), ask(newcomer, "/v1/image/generate")]

    assert listed(newcomer)["total_count"] == 2
    assert settings(answers[0]) == settings(answers[1])


def test_pictures_of_refused_requests_are_not_listed(newcomer: Client) -> None:
    """Nothing of them is kept."""
    ask(newcomer, prompt="a nude figure in charcoal")
    ask(newcomer, width=260)

    assert listed(newcomer) == {"total_count": 0, "outputs": []}


def test_scripts_on_other_sites_may_load_pictures(server: Server, client: Client) -> None:
    """Browsers let pages of any origin read the picture and its headers."""
    (one,) = outputs(ask(client))
    path = one["url"].removeprefix(server.url)

    answer = exchange(server.url, request("GET", path, "Origin: https://page.example"))

    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] in {"*", "https://page.example"}
    assert "etag" in answer.headers["access-control-expose-headers"].lower()
