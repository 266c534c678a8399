"""Which recorded answer a request gets: what makes no difference, what does, and what is said when none fits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.pictures import png
from tests.recording.conftest import OWNERS, Caller, exchanges
from tests.recording.services import scripted
from tests.running import KEY, Client, Server, rows

TEXT = "/v1/generation/stable-diffusion-v1-5/text-to-image"
IMAGE = "/v1/generation/stable-diffusion-v1-5/image-to-image"
ALPHA = "/v1alpha/generation/stable-diffusion-v1-5/image-to-image"
JSON = {"Content-Type": "application/json", "Authorization": KEY}
RECORDED = b'{"text_prompts":[{"text":"a barn","weight":1}],"cfg_scale":7,"steps":10,"seed":5}'


def raw(client: Client, path: str, body: bytes, **headers: str) -> requests.Response:
    """A body exactly as it is written; contracts do not describe what is said when nothing matches."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(client.url + path, data=body, headers={**JSON, **sent}, timeout=30)


def form(boundary: str, *parts: tuple[str, bytes]) -> tuple[bytes, str]:
    """A form with a boundary of one's own, and its Content-Type."""
    line = b"--" + boundary.encode()
    blocks = [b'%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b' % (line, n.encode(), v) for n, v in parts]
    return b"\r\n".join([*blocks, line + b"--", b""]), f"multipart/form-data; boundary={boundary}"


@pytest.fixture(scope="module")
def replaying(service: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """A server that replays one text-to-image and one image-to-image."""
    base = tmp_path_factory.mktemp("matching")
    recording = ("--upstream", service.url, "--record", str(base / "tape"))
    with Server(base / "recorder", *recording, UNDERSTUDY_UPSTREAM_KEY=OWNERS) as server:
        recorder = Caller(server)
        assert raw(recorder, TEXT, RECORDED).status_code == 200
        body, media = form("first", ("init_image", png()), ("text_prompts[0][text]", b"a barn"), ("steps", b"10"))
        assert raw(recorder, IMAGE, body, Content_Type=media).status_code == 200
    with Server(base / "replayer", "--replay", str(base / "tape")) as server:
        yield Caller(server)


def test_the_way_json_is_written_makes_no_difference(replaying: Caller) -> None:
    """Order, white space, the way of numbers and escapes: the same request gets the recorded answer."""
    written = [
        b'{"seed": 5.0, "steps": 1e1, "cfg_scale": 7.00, "text_prompts": [{"weight": 1.0, "text": "a barn"}]}',
        b'{\n\t"text_prompts":[{"text":"\\u0061 barn","weight":1}],"cfg_scale":7,"steps":10,"seed":5}\n',
    ]

    answers = [raw(replaying, TEXT, body, Content_Type="application/json; charset=utf-8") for body in written]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content


def test_the_way_a_form_is_written_makes_no_difference(replaying: Caller) -> None:
    """Another boundary, another order of parts, and prompts as JSON: the same request gets the recorded answer."""
    prompts = (b"text_prompts[0][text]", b"a barn")
    forms = [
        form("second", ("steps", b"10"), (prompts[0].decode(), prompts[1]), ("init_image", png())),
        form("third", ("text_prompts", b'[ {"text": "a barn"} ]'), ("init_image", png()), ("steps", b"+10")),
        form("fourth", ("text_prompts[7][text]", b"a barn"), ("init_image", png()), ("steps", b"10")),
    ]

    answers = [raw(replaying, IMAGE, body, Content_Type=media) for body, media in forms]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


@pytest.mark.parametrize(
    ("body", "accept", "told"),
    [
        (RECORDED.replace(b"barn", b"boat"), "*/*", 'text_prompts[0].text (recorded "a barn", sent "a boat")'),
        (RECORDED.replace(b'"steps":10', b'"steps":40'), "*/*", "steps (recorded 10, sent 40)"),
        (RECORDED.replace(b',"seed":5', b""), "*/*", "seed (recorded 5, sent nothing)"),
        (RECORDED, "image/png", 'accept (recorded "application/json", sent "image/png")'),
    ],
)
def test_what_matters_is_named(replaying: Caller, body: bytes, accept: str, told: str) -> None:
    """A request that nothing matches gets 501 `no_recording`, the nearest recording and what differs."""
    answer = raw(replaying, TEXT, body, Accept=accept)

    assert answer.status_code == 501
    assert answer.json()["name"] == "no_recording"
    assert answer.json()["message"] == (
        f"No recording answers POST {TEXT}. The nearest one is 0001-post-text-to-image, which differs in {told}."
    )


def test_another_picture_is_another_request(replaying: Caller) -> None:
    """Pictures are told apart by their hash."""
    body, media = form("b", ("init_image", png(512, 576)), ("text_prompts[0][text]", b"a barn"), ("steps", b"10"))

    answer = raw(replaying, IMAGE, body, Content_Type=media)

    assert answer.status_code == 501
    assert "0002-post-image-to-image, which differs in init_image (recorded a file with the hash" in answer.text


def test_every_version_says_it_in_its_own_shape(replaying: Caller) -> None:
    """In v1alpha the error has goa's keys and header."""
    answer = raw(replaying, ALPHA, b"{")

    assert answer.status_code == 501
    assert answer.headers["goa-error"] == "no_recording"
    assert set(answer.json()) == {"name", "id", "message", "temporary", "timeout", "fault"}


def test_the_log_names_fields_but_no_prompt(replaying: Caller) -> None:
    """The log line of a request without a recording says what differs, without the words of the request."""
    raw(replaying, TEXT, RECORDED.replace(b"barn", b"hidden word"))
    replaying.get("/readyz")  # By its answer the line of the request before it is written.

    details = [row["detail"] for row in rows(replaying.server.output()) if row.get("error") == "no_recording"]

    assert "nearest is 0001-post-text-to-image, other text_prompts[0].text" in details
    assert "hidden word" not in replaying.server.output()


def test_a_wrong_key_is_refused_as_everywhere(replaying: Caller) -> None:
    """While replaying, too, callers need a key of this server."""
    answer = raw(replaying, TEXT, RECORDED, Authorization="sk-not-a-key-of-this-server")

    assert answer.status_code == 401


def test_answers_to_the_same_request_come_in_order(
    record: Callable[..., Caller], replay: Callable[..., Caller], tape: Path
) -> None:
    """Different answers are kept as a sequence, equal ones once; the last stays when the sequence is over."""
    balances = [b'{"credits":3}', b'{"credits":3}', b'{"credits":2}', b'{"credits":3}']
    with scripted(*((200, {}, body) for body in balances)) as service:
        recorder = record(service.url)
        for _ in balances:
            recorder.balance()
    client = replay()

    seen = [client.balance() for _ in range(5)]

    assert exchanges(tape) == ["0001-get-user-balance", "0002-get-user-balance", "0003-get-user-balance"]
    assert seen == [3, 2, 3, 3, 3]


def test_recording_the_same_again_changes_nothing(record: Callable[..., Caller], tape: Path) -> None:
    """A second session that hears the same adds no files, though each error has an id of its own."""
    seen = []
    for session in ("one", "two"):
        error = b'{"id":"%b","message":"no","name":"bad_request"}' % session.encode()
        with scripted((200, {}, b'{"credits":1}'), (200, {}, b'{"credits":2}'), (400, {}, error)) as service:
            recorder = record(service.url, home=session)
            recorder.balance()
            recorder.balance()
            raw(recorder, TEXT, b'{"text_prompts":[]}')
            recorder.server.stop()
        seen.append({path: path.read_bytes() for path in tape.rglob("*") if path.is_file()})

    assert seen[0] == seen[1]
    assert len(exchanges(tape)) == 3


def test_recordings_can_be_read_by_people(service: Server, record: Callable[..., Caller], tape: Path) -> None:
    """Texts stand as they are, not escaped, and each file ends with a line."""
    raw(record(service.url), TEXT, json.dumps({"text_prompts": [{"text": "ein Bär ❄"}], "steps": 10}).encode())

    text = (tape / "0001-post-text-to-image" / "request.json").read_text("utf-8")

    assert '"text": "ein Bär ❄"' in text
    assert text.endswith("}\n")
