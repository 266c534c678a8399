"""Test mode through every contract: magic words, rules, journal, strict mode, time and reset, each in its own words."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from app.worlds.outcomes import Outcome
from tests.double.playing import ENVOY, ERRORS
from tests.drawing import STEPS, WAYS, Wish, draw, settings
from tests.pictures import png
from tests.running import Client, Server
from understudy.testing import ControlError, Understudy

ENGINE = "stable-diffusion-v1-6"
OWN_STATUS = {
    ("aithriving", Outcome.INSUFFICIENT_BALANCE): 402,
    ("stablecog", Outcome.INSUFFICIENT_BALANCE): 400,
    ("stativerse", Outcome.INSUFFICIENT_BALANCE): 402,
}
"""Where a service answers with another status than the Stability API."""
NAMES = {
    "serevix": "generate-image",
    "aithriving": "generate-core",
    "stablecog": "create-generation",
    "stativerse": "image-generation",
}
"""What rules and journals call the operation that draws from words."""
FILTERED = {"serevix": 200, "aithriving": 400, "stablecog": 400, "stativerse": 200}
"""The status of an answer whose only picture was filtered."""
NAMED = {"serevix", "stablecog"}
"""Contracts with a word for the engine in the body."""
PICTURE = base64.b64encode(png(64, 64)).decode()

every_contract = pytest.mark.parametrize("contract", WAYS)
every_service = pytest.mark.parametrize("contract", NAMES)


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server in test mode on which every contract draws with the same engine."""
    home = tmp_path_factory.mktemp("services") / "home"
    with Server(home, "--test", UNDERSTUDY_QUEUE="10000", **settings(ENGINE)) as running:
        yield running


class Unheld(Client):
    """A client that holds no answer against its contract: some are the network's, or of another service."""

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", self.patience)
        return requests.Session.request(self, method, self.url + str(url), *args, **kwargs)


@pytest.fixture
def unheld(double: Server, key: str) -> Iterator[Client]:
    """Such a client with this test's key."""
    with Unheld(double.url, key) as session:
        yield session


def ask(client: Client, contract: str, prompt: str = "a fox", **changes: Any) -> requests.Response:
    """A picture, asked for in the words of a contract."""
    size = (1024, 1024) if contract == "serevix" else (512, 512)
    return WAYS[contract][0](client, Wish(ENGINE, prompt, size=size, **changes))


@every_contract
@pytest.mark.parametrize("outcome", ERRORS)
def test_a_prompt_asks_for_an_error(
    client: Client, unheld: Client, world: Understudy, contract: str, outcome: Outcome
) -> None:
    """Each error comes in the service's own words, which its contract describes, and costs nothing.

    The services know no organizations, so their contracts know no 403; it is played all the same.
    """
    foreign = contract in NAMES and outcome is Outcome.PERMISSION_DENIED
    answer = ask(unheld if foreign else client, contract, f"a fox, understudy:{outcome}, at dawn")

    assert answer.status_code == OWN_STATUS.get((contract, outcome), ERRORS[outcome]), answer.text
    assert ("Retry-After" in answer.headers) >= (outcome in {Outcome.RATE_LIMIT_EXCEEDED, Outcome.TOO_MANY_REQUESTS})
    assert (world.balance, world.journal[0].outcome) == (100, outcome)


@every_contract
def test_a_key_asks_for_an_error(double: Server, contract: str) -> None:
    """What a key says is played in every contract, whatever is sent with it."""
    with Client(double.url, "sk-understudy-server-error.services") as client:
        assert ask(client, contract).status_code == 500


def test_a_refused_media_type_names_the_ones_that_are_taken(client: Client) -> None:
    """A service that reads forms asks for no JSON."""
    answer = ask(client, "serevix", "a fox, understudy:unsupported_media_type")

    assert "Content-Type must be multipart/form-data, but" in answer.json()["error"]["message"]


def test_a_refused_media_type_where_no_body_is_read(double: Server) -> None:
    """It is played there as well, in the words for JSON."""
    with Unheld(double.url, "sk-understudy-unsupported-media-type") as client:
        answer = client.get("/v1/credits")

    assert (answer.status_code, answer.json()["description"]) == (415, "Send application/json, not text/plain.")


@pytest.mark.parametrize("outcome", ["invalid_file_size", "invalid_mime_type", "invalid_image_dimensions"])
def test_an_unusable_picture_is_the_one_at_the_address(client: Client, outcome: str) -> None:
    """Stablecog knows pictures only by their address, and names that field."""
    answer = ask(client, "stablecog", f"a fox, understudy:{outcome}")

    assert answer.json()["error"] == "image_url_width_height_error"
    assert answer.json()["description"].startswith("init_image_url: the file ")


@every_contract
def test_a_key_without_credits_is_refused_by_all(double: Server, contract: str) -> None:
    """The real refusal has the status of the played one."""
    with Client(double.url, "sk-understudy-insufficient-balance") as client:
        refused = ask(client, contract)

    assert refused.status_code == OWN_STATUS.get((contract, Outcome.INSUFFICIENT_BALANCE), 429)


@pytest.mark.parametrize("contract", sorted(NAMED))
@pytest.mark.parametrize("outcome", [Outcome.SERVER_ERROR, Outcome.NOT_FOUND, Outcome.TOO_MANY_REQUESTS])
def test_a_model_asks_for_an_error(client: Client, contract: str, outcome: Outcome) -> None:
    """Where the body names a model, a magic one is as good as a magic engine in a path."""
    answer = _with_model(client, contract, f"understudy-{outcome.replace('_', '-')}")

    assert answer.status_code == ERRORS[outcome]


@pytest.mark.parametrize("contract", sorted(NAMED))
def test_a_magic_model_draws_where_something_has_to_be_drawn(client: Client, world: Understudy, contract: str) -> None:
    """An outcome that is played on a picture finds an engine that draws it, although no list has the magic one."""
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        _with_model(client, contract, "understudy-wrong-content-length")

    (entry,) = world.journal
    assert (entry.status, entry.outcome, entry.engine) == (
        200,
        "wrong_content_length",
        "understudy-wrong-content-length",
    )
    assert world.balance == 100


def _with_model(client: Client, contract: str, model: str) -> requests.Response:
    if contract == "stablecog":
        return ask_with(client, "/v1/image/generation/create", {"prompt": "a fox", "model_id": model, "num_outputs": 1})
    files = {"model": (None, model), "prompt": (None, "a fox")}
    return client.post("/v1/images/generations", files=files)


def ask_with(client: Client, path: str, body: Any) -> requests.Response:
    """A JSON body as it is."""
    return client.post(path, json=body)


@every_service
def test_filtered_pictures_cost_nothing(client: Client, world: Understudy, contract: str) -> None:
    """Each service says in its own way that a picture was filtered, and takes nothing for it."""
    answer = ask(client, contract, "understudy:content_filtered")

    assert answer.status_code == FILTERED[contract]
    if contract == "serevix":
        assert answer.headers["Finish-Reason"] == "CONTENT_FILTERED"
    if contract == "stativerse":
        assert answer.json()["data"]["nsfw_output_classifier"] == "nsfw"
    assert world.balance == 100
    assert world.journal[0].outcome == "content_filtered"


@every_contract
def test_faults_of_the_network(unheld: Client, world: Understudy, contract: str) -> None:
    """A proxy's 503, a reset, nothing, half an answer and a lie about its length: in every contract, for free."""
    unavailable = ask(unheld, contract, "understudy:unavailable")
    assert (unavailable.status_code, unavailable.content) == (503, ENVOY)
    for outcome in ("connection_reset", "empty_reply", "truncated_picture", "wrong_content_length"):
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            ask(unheld, contract, f"understudy:{outcome}")
    assert world.balance == 100
    assert [entry.outcome for entry in world.journal][-1] == "wrong_content_length"


@every_contract
def test_the_journal_has_the_prompts_and_no_picture(client: Client, world: Understudy, contract: str) -> None:
    """Which contract, which operation, what was wanted; pictures only as hashes and sizes, keys not at all."""
    drawn = draw(client, contract, Wish(ENGINE, "a fox in snow", "people", size=(1024, 1024), seed=9))

    (entry,) = world.journal
    assert entry.facts["version"] == contract
    assert entry.operation == NAMES.get(contract, "text-to-image")
    assert entry.prompts == ["a fox in snow", "people"]
    assert entry.status == 200
    assert 0 < entry.facts["charged"] == pytest.approx(100 - world.balance)
    if contract != "stablecog":  # It answers with an address.
        (picture,) = entry.facts["pictures"]
        assert (picture["width"], picture["height"], picture["seed"]) == (1024, 1024, drawn.seed)
    _assert_no_picture(entry.facts, client.headers["Authorization"])


@pytest.mark.parametrize("form", ["Base64 PNG", "Base64 JPEG", "Base64 JPEG Progressive", "RGBA 2D", "RGBA 1D"])
@pytest.mark.parametrize("head", ["", "data:image/png;base64,"])
def test_pictures_in_json_stay_out_of_the_journal(client: Client, world: Understudy, form: str, head: str) -> None:
    """Base64 with or without the head of a data URI, and bare numbers: what is kept are hashes and numbers of bytes."""
    body = {"image": [head + PICTURE, PICTURE], "output_format": form}

    assert ask_with(client, "/models/v1/image-edit", body).status_code == 200

    (entry,) = world.journal
    sent = entry.facts["fields"]["image"]
    assert [(one["width"], one["height"]) for one in sent] == [(64, 64)] * 2
    assert len(entry.facts["pictures"]) == 1
    assert entry.facts["answer"]["data"]["output"].startswith("sha256:")
    _assert_no_picture(entry.facts, client.headers["Authorization"])


def test_a_broken_picture_in_json_stays_out_of_the_journal(client: Client, world: Understudy) -> None:
    """What begins like a picture is one for the journal, wherever it ends."""
    for broken in (PICTURE[:-30], PICTURE[:500] + "!" + PICTURE[500:]):
        assert ask_with(client, "/models/v1/image-edit", {"image": broken}).status_code == 400

    assert all(set(entry.facts["fields"]["image"]) >= {"sha256", "bytes"} for entry in world.journal)
    for entry in world.journal:
        _assert_no_picture(entry.facts, client.headers["Authorization"])


def _assert_no_picture(facts: Any, key: str | bytes) -> None:
    text = json.dumps(facts)
    assert "iVBORw0KGgo" not in text
    assert PICTURE[40:80] not in text
    assert "[255, " not in text
    assert str(key).removeprefix("Bearer ") not in text


@every_service
def test_rules_reach_every_operation(client: Client, world: Understudy, contract: str) -> None:
    """By operation, by contract, by a word of the prompt and by number: exactly those requests that are meant."""
    world.fail_next("server_error", operation=NAMES[contract], version=contract, prompt="FOX", call=2)

    statuses = [ask(client, contract, prompt).status_code for prompt in ("a fox", "a boat", "a fox", "a fox")]

    assert statuses == [200, 200, 500, 200]
    assert [entry.facts["rules"] for entry in world.journal] == [[], [], ["rule-1"], []]
    assert world.journal.count(version=contract, operation=NAMES[contract]) == 4


def test_rules_by_the_model_of_a_body(client: Client, world: Understudy) -> None:
    """What the body names as its model is the engine that rules look at."""
    world.fail_next("server_error", engine="sd-core")

    assert [_with_model(client, "serevix", model).status_code for model in ("sd3-large", "sd-core")] == [200, 500]


def test_rules_name_only_what_there_is(world: Understudy) -> None:
    """A misspelt operation or contract is refused, and the message lists those that there are."""
    with pytest.raises(ControlError, match=r"match\.operation.*text-to-image.*generate-core.*sentence"):
        world.fail_next("server_error", operation="paint")
    with pytest.raises(ControlError, match=r"match\.version.*v1alpha.*stablecog"):
        world.fail_next("server_error", version="v2")
    with pytest.raises(ControlError, match="operation"):
        world.journal.count(operation="paint")


@pytest.mark.parametrize(
    ("method", "path", "body", "operation", "prompts"),
    [
        ("GET", "/v1/credits", None, "show-credits", ()),
        ("GET", "/v1/image/generation/models", None, "list-models", ()),
        (
            "POST",
            "/models/v1/classification",
            {"input": "a fox", "choices": ["animal", "ship"]},
            "classification",
            ("a fox",),
        ),
        (
            "POST",
            "/models/v1/sentence",
            {"input": ["a fox", "a boat"], "choices": ["animal", "ship"]},
            "sentence",
            ("a fox", "a boat"),
        ),
    ],
)
def test_what_draws_nothing_can_fail_too(
    client: Client, world: Understudy, method: str, path: str, body: Any, operation: str, prompts: tuple[str, ...]
) -> None:
    """A rule by operation reaches lists, balances and texts; the texts that are read count as prompts."""
    world.fail_next("server_error", operation=operation)

    assert [client.request(method, path, json=body).status_code for _ in range(2)] == [500, 200]
    assert {entry.operation for entry in world.journal} == {operation}
    assert {tuple(entry.prompts) for entry in world.journal} == {prompts}


@every_service
def test_latency_is_about_what_is_asked_for(client: Client, world: Understudy, contract: str) -> None:
    """A prompt holds the answer back, and the estimate of a real service's time knows each contract's sizes."""
    ask(client, contract, "a fox, understudy:latency=0.05")
    world.latency(real=True, times=1)
    ask(client, contract)

    pixels = 1024 * 1024 if contract == "serevix" else 512 * 512
    steps = 30 if contract == "aithriving" else STEPS  # It has no word for engine or steps.
    assert [entry.facts["latency"] for entry in world.journal] == [0.05, pytest.approx(0.6 + 1e-7 * pixels * steps)]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/generate/core", {"prompt": "a fox", "colour": "red"}),
        ("/v1/image/generation/create", {"prompt": "a fox", "colour": "red"}),
        ("/models/v1/image-generation", {"prompt": "a fox", "colour": "red"}),
        ("/models/v1/sentence", {"input": "a fox", "choices": ["animal"], "colour": "red"}),
    ],
)
def test_strict_mode_names_what_is_ignored(client: Client, world: Understudy, path: str, body: Any) -> None:
    """A field that a contract does not have is a finding in the journal, and refused in strict mode."""
    lenient = ask_with(client, path, body)
    world.change(strict=True)
    strict = ask_with(client, path, body)

    assert (lenient.status_code, strict.status_code) == (200, 400)
    assert "colour" in strict.text
    assert [entry.facts["findings"] for entry in world.journal] == [
        ["colour is no field of this operation and ignored"]
    ] * 2


@every_contract
def test_what_is_right_is_right_in_strict_mode(client: Client, world: Understudy, contract: str) -> None:
    """A request as the documents have it gives no finding in any contract."""
    world.change(strict=True)

    answer = ask(client, contract)

    assert answer.status_code == 200, answer.text
    assert world.journal[0].facts["findings"] == []


def test_a_day_passes_when_it_is_told_to(double: Server, world: Understudy, new_key: Callable[..., str]) -> None:
    """The credits of a day come back at midnight of the world's clock, and not before."""
    with Server(double.home.with_name("poor"), "--test", UNDERSTUDY_DAILY_CREDITS="0.2") as poor:
        world = Understudy(poor.url, new_key())
        with Client(poor.url, world.key) as client:
            body = {"input": "a fox", "choices": ["animal"]}
            statuses = [ask_with(client, "/models/v1/sentence", body).status_code for _ in range(3)]
            world.advance(24 * 60 * 60)
            statuses.append(ask_with(client, "/models/v1/sentence", body).status_code)

    assert statuses == [200, 200, 429, 200]


def test_a_picture_is_shown_by_the_clock_of_its_world(client: Client, world: Understudy) -> None:
    """A day later by that clock it is gone from its address as well, although no key is sent there."""
    url = ask(client, "stablecog").json()["outputs"][0]["url"]
    statuses = [requests.get(url, timeout=30).status_code]
    for _ in range(2):
        world.advance(12 * 60 * 60)
        statuses.append(requests.get(url, timeout=30).status_code)

    assert statuses == [200, 200, 404]


def test_a_reset_forgets_finished_pictures(client: Client, world: Understudy) -> None:
    """What hung in the gallery is gone with everything else of the world, and of no other world."""
    kept, gone = Understudy(world.url, f"{world.key}-kept"), world
    shown = {}
    for one in (kept, gone):
        with Client(one.url, one.key) as its:
            shown[one.key] = ask(its, "stablecog").json()["outputs"][0]["url"]

    gone.reset()

    assert [requests.get(shown[one.key], timeout=30).status_code for one in (kept, gone)] == [200, 404]
    assert client.get("/v1/image/generation/outputs").json()["outputs"] == []


def test_two_worlds_draw_the_same_without_a_seed(double: Server, new_key: Callable[..., str]) -> None:
    """The seeds of a world are the same in every contract, in the order in which they are asked for."""
    key = new_key()
    seeds = []
    for _ in range(2):
        Understudy(double.url, key).reset()
        with Client(double.url, key) as client:
            first = ask_with(client, "/api/generate/core", {"prompt": "a fox", "width": 320, "height": 320})
            second = ask_with(client, "/models/v1/image-generation", {"prompt": "a fox", "resolution": [64, 64]})
            seeds.append((first.json()["data"]["seed"], second.json()["data"]["seed"]))

    assert seeds[0] == seeds[1]
    assert len(set(seeds[0])) == 2


@every_contract
def test_engines_that_a_world_does_not_see_draw_nothing(client: Client, world: Understudy, contract: str) -> None:
    """Whatever a contract calls them, hidden engines are refused and cost nothing, and come back when they are seen."""
    world.change(engines=["stable-diffusion-v1-5"])
    refused = ask(Unheld(client.url, world.key), contract)
    world.change(engines=None)

    assert refused.status_code >= 400
    assert (world.journal[0].outcome, world.balance) == (None, 100)
    assert ask(client, contract).status_code == 200
