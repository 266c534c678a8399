"""Replay in test mode: recorded answers, and the faults and keys of worlds on top of them."""

from __future__ import annotations

from collections.abc import Callable

import requests

from tests.recording.conftest import Caller
from tests.recording.services import scripted
from tests.running import Server

TEXT = "/v1/generation/stable-diffusion-v1-5/text-to-image"


def test_every_world_begins_each_sequence_anew(
    record: Callable[..., Caller], make_server: Callable[..., Server], tape: object
) -> None:
    """Workers with keys of their own each see the first answer first, whatever others have asked."""
    with scripted((200, {}, b'{"credits":2}'), (200, {}, b'{"credits":1}')) as service:
        recorder = record(service.url)
        recorder.balance()
        recorder.balance()
    server = make_server("--test", "--replay", str(tape), home="double")

    seen = [
        requests.get(server.url + "/v1/user/balance", headers={"Authorization": f"sk-{worker}"}, timeout=30).json()
        for worker in ("first", "second", "first", "second")
    ]

    assert [one["credits"] for one in seen] == [2, 2, 1, 1]


def test_faults_go_before_recordings(
    record: Callable[..., Caller], make_server: Callable[..., Server], tape: object
) -> None:
    """A magic prompt plays its outcome; everything else is answered from the folder or refused."""
    body = {"text_prompts": [{"text": "a barn"}]}
    with scripted((200, {}, b'{"artifacts":[]}')) as service:
        recorder = record(service.url)
        requests.post(recorder.url + TEXT, json=body, headers=dict(recorder.headers), timeout=30)
    server = make_server("--test", "--replay", str(tape), home="double")

    prompts = ("a barn", "understudy:server_error", "a boat")
    statuses = [
        requests.post(
            server.url + TEXT,
            json={"text_prompts": [{"text": prompt}]},
            headers={"Authorization": "sk-any-key"},
            timeout=30,
        ).status_code
        for prompt in prompts
    ]

    assert statuses == [200, 500, 501]
