"""While recording and replaying only the Stability API is served: nobody knows what the others would cost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import requests

from tests.recording.conftest import Caller, exchanges
from tests.recording.services import scripted
from tests.running import KEY, PATIENCE, SERVICES, VERSIONS, base_of, document_paths

OPERATIONS = [
    (method, base_of(name) + path)
    for name in SERVICES
    for path, operations in document_paths(name).items()
    for method in operations
]


def test_nothing_of_theirs_is_forwarded(record: Callable[..., Caller], tape: Path) -> None:
    """Every operation of theirs is 404 in the words of v1, costs nothing and reaches nobody."""
    with scripted((200, {}, b"{}")) as service:
        _assert_absent(record(service.url))

    assert service.asked == []
    assert exchanges(tape) == []


def test_nothing_of_theirs_is_replayed(record: Callable[..., Caller], replay: Callable[..., Caller]) -> None:
    """They are not even there, so that no client takes a missing recording for one of their answers."""
    with scripted((200, {}, b"[]")) as service:
        record(service.url).get("/v1/engines/list")

    _assert_absent(replay())


def test_test_mode_makes_no_difference(make_server: Callable[..., Caller], tape: Path) -> None:
    """Worlds have rules for the contracts that are served, and for no others."""
    with scripted((200, {}, b"[]")) as service:
        recording = ("--upstream", service.url, "--record", str(tape))
        server = make_server("--test", *recording, UNDERSTUDY_UPSTREAM_KEY=KEY)
        url = f"{server.url}/_understudy/world/journal?version=stablecog"
        answer = requests.get(url, headers={"Authorization": KEY}, timeout=PATIENCE)

    assert answer.status_code == 400
    assert answer.json()["message"] == "version: has to be one of v1, v1beta, v1alpha"


def _assert_absent(caller: Caller) -> None:
    answers = [
        requests.request(method, caller.url + path, headers={"Authorization": f"Bearer {KEY}"}, timeout=PATIENCE)
        for method, path in OPERATIONS
    ]
    assert len(answers) >= 13
    assert {(answer.status_code, answer.json()["name"]) for answer in answers} == {(404, "not_found")}
    assert caller.get("/readyz").json()["contracts"] == sorted(VERSIONS)
    for name in SERVICES:
        assert requests.get(f"{caller.url}/{name}/openapi.json", timeout=PATIENCE).status_code == 404
