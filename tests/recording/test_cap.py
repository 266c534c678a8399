"""The spending cap: exact, before anything is sent, and across restarts."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from app.recording.prices import Quote, cost
from app.web.answer import Answer
from tests.pictures import png
from tests.recording.conftest import Caller, exchanges
from tests.recording.services import scripted
from tests.running import KEY, Client, Server
from tests.wire import asking

ENGINE = "stable-diffusion-v1-6"
PRICE = 0.9
"""Of one picture of this engine with up to 30 steps."""
PICTURE = {"base64": "", "seed": 1, "finishReason": "SUCCESS"}
FILTERED = {**PICTURE, "finishReason": "CONTENT_FILTERED"}


def draw(client: Client, seed: int = 1, samples: int = 1, engine: str = ENGINE) -> requests.Response:
    """A generation of 0.9 credits for each sample; no contract has the answers that are looked at here."""
    body = {"text_prompts": [{"text": "a barn"}], "steps": 30, "samples": samples, "seed": seed}
    path = f"{client.url}/v1/generation/{engine}/text-to-image"
    return requests.post(path, json=body, headers={"Authorization": KEY}, timeout=30)


def spent(tape: Path) -> float:
    """What the folder says was spent."""
    return float(json.loads((tape / "spending.json").read_text())["spent"])


def answer(*artifacts: dict[str, object]) -> tuple[int, dict[str, str], bytes]:
    """A successful answer of a service."""
    return 200, {}, json.dumps({"artifacts": artifacts}).encode()


def test_what_would_exceed_it_is_not_sent(record: Callable[..., Caller], tape: Path) -> None:
    """At 1.8 credits two pictures go through; the third is refused here, and the service never hears of it."""
    with scripted(answer(PICTURE)) as service:
        recorder = record(service.url, "--spending-cap", "1.8")

        statuses = [draw(recorder, seed).status_code for seed in (1, 2, 3)]
        refusal = draw(recorder, 4)

    assert statuses == [200, 200, 429]
    assert len(service.asked) == 2
    assert refusal.json()["name"] == "spending_cap_reached"
    assert refusal.json()["message"] == (
        "Not sent to the upstream: it would cost 0.9 credits, and 1.8 of the 1.8 that recordings may cost are spent. "
        "UNDERSTUDY_SPENDING_CAP raises that."
    )
    assert spent(tape) == 1.8


def test_it_outlives_the_server(record: Callable[..., Caller], tape: Path) -> None:
    """After a restart, a kill included, the same folder has as much left as before; a higher cap gives more."""
    with scripted(answer(PICTURE)) as service:
        first = record(service.url, "--spending-cap", "1.8", home="first")
        draw(first, 1)
        first.server.kill()
        second = record(service.url, "--spending-cap", "1.8", home="second")
        statuses = [draw(second, seed).status_code for seed in (2, 3)]
        second.server.stop()
        third = record(service.url, "--spending-cap", "2.7", home="third")
        statuses += [draw(third, seed).status_code for seed in (3, 4)]

    assert statuses == [200, 429, 200, 429]
    assert spent(tape) == 2.7


def test_many_at_once_do_not_slip_through(service: Server, record: Callable[..., Caller], tape: Path) -> None:
    """Twenty requests at once for a cap of five: five are answered, kept and paid for."""
    owner = Client(service.url, "sk-" + "Own3rsK" * 6)
    before = owner.balance()
    recorder = record(service.url, "--spending-cap", "4.5")

    with ThreadPoolExecutor(20) as many:
        statuses = sorted(one.status_code for one in many.map(lambda seed: draw(recorder, seed), range(1, 21)))

    assert statuses == [200] * 5 + [429] * 15
    assert len(exchanges(tape)) == 5
    assert spent(tape) == pytest.approx(before - owner.balance()) == 4.5


def test_twenty_at_once_are_all_kept(
    service: Server, record: Callable[..., Caller], replay: Callable[..., Caller], tape: Path
) -> None:
    """Twenty different requests at once become twenty exchanges, each with its own answer."""
    recorder = record(service.url, "--spending-cap", "100")
    with ThreadPoolExecutor(20) as many:
        recorded = list(many.map(lambda seed: draw(recorder, seed).content, range(1, 21)))
    client = replay()

    with ThreadPoolExecutor(20) as many:
        replayed = list(many.map(lambda seed: draw(client, seed).content, range(1, 21)))

    assert replayed == recorded
    assert [name[:4] for name in exchanges(tape)] == [f"{number:04d}" for number in range(1, 21)]


@pytest.mark.parametrize(
    ("reply", "pictures"),
    [
        (Answer(200, b'{"artifacts":[{"finishReason":"SUCCESS"},{"finishReason":"SUCCESS"}]}'), 2),
        (Answer(200, b'{"artifacts":[{"finishReason":"SUCCESS"},{"finishReason":"CONTENT_FILTERED"}]}'), 1),
        (Answer(200, b'{"artifacts":[{"finishReason":"CONTENT_FILTERED"}]}'), 0),
        (Answer(200, b"\x89PNG", "image/png", (("finish-reason", "SUCCESS"),)), 1),
        (Answer(200, b"\x89PNG", "image/png", (("finish-reason", "CONTENT_FILTERED"),)), 0),
        (Answer(400, b'{"name":"bad_request"}'), 0),
        (Answer(429, b'{"name":"insufficient_balance"}'), 0),
        (Answer(500, b'{"name":"server_error"}'), 0),
        (Answer(200, b"something that nobody knows"), 2),
        (Answer(200, b"[]"), 2),
    ],
)
def test_only_what_was_delivered_counts(reply: Answer, pictures: int) -> None:
    """Of two pictures asked for those count that came; errors and filtered ones are free, riddles count in full."""
    assert cost(Quote(900_000, 2), reply) == pictures * 900_000


def test_what_may_have_been_charged_counts(record: Callable[..., Caller], tape: Path) -> None:
    """A lost connection counts in full, since the service may have drawn the picture; an error does not."""
    seen = []
    with scripted(None, (500, {}, b"{}"), (307, {"Location": "/"}, b""), answer(FILTERED)) as service:
        recorder = record(service.url)
        for _ in range(4):
            draw(recorder)
            seen.append(spent(tape))

    assert seen == [PRICE, PRICE, PRICE, PRICE]


def test_an_engine_without_a_price_costs_as_much_as_the_dearest(record: Callable[..., Caller], tape: Path) -> None:
    """An engine that Understudy does not know is asked for only if the dearest of the task could be paid."""
    with scripted(answer(PICTURE)) as service:
        recorder = record(service.url, "--spending-cap", "1.6")
        status = draw(recorder, engine="a-new-engine").status_code

    assert status == 200
    assert spent(tape) == 1.6


def test_without_credits_everything_free_still_works(service: Server, record: Callable[..., Caller]) -> None:
    """A cap of 0 lets lists and balances through and no generation."""
    recorder = record(service.url, "--spending-cap", "0")

    assert len(recorder.get("/v1/engines/list").json()) == 15
    assert draw(recorder).status_code == 429


def test_prices_are_those_of_the_service(service: Server, record: Callable[..., Caller], tape: Path) -> None:
    """What the folder counts is what the service took, for each operation, size and number of steps."""
    owner = Client(service.url, "sk-" + "Own3rsK" * 6)
    before = asking.credits_of(owner)
    recorder = record(service.url, "--spending-cap", "1000")

    asking.text_to_image(recorder, "v1", "stable-diffusion-xl-1024-v0-9", steps=40)
    asking.text_to_image(recorder, "v1beta", "stable-diffusion-512-v2-1", width=640, height=512, samples=3)
    asking.text_to_image(recorder, "v1alpha", "stable-diffusion-768-v2-1", steps=...)
    asking.image_to_image(recorder, "v1alpha", png(576, 512), "stable-diffusion-v1-5", steps=20, samples=2)
    asking.masking(recorder, "v1", png(), png(512, 512, "L", 0), "MASK_IMAGE_WHITE", "stable-diffusion-v1-6", steps=45)
    asking.upscale(recorder, png(128, 128))
    asking.upscale(recorder, png(640, 512), "stable-diffusion-x4-latent-upscaler", steps=10)

    assert spent(tape) == pytest.approx(float(before - asking.credits_of(owner)), abs=1e-9)
    assert spent(tape) > 14
