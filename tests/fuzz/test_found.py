"""What fuzzing has found so far, each as a request of its own so that it stays found."""

from __future__ import annotations

import pytest

from tests.fuzz.judging import complaint
from tests.fuzz.wires import connection, exchange, read_reply
from tests.running import VERSIONS, Client, Server

PATH = "/generation/stable-diffusion-v1-5/text-to-image"
PROMPT = '"text_prompts": [{"text": "a boat"}], "steps": 10'
every_version = pytest.mark.parametrize("version", VERSIONS)


def post(client: Client, version: str, body: str) -> tuple[int, str]:
    """Status of a JSON body, and the name or the key of what came back."""
    answer = client.post(f"/{version}{PATH}", data=body.encode(), headers={"Content-Type": "application/json"})
    content = answer.json()
    return answer.status_code, content.get("name") or next(iter(content))


@every_version
def test_sides_of_thousands_of_digits_are_refused(client: Client, version: str) -> None:
    """The caller sees 400, though the number of pixels cannot even be written out."""
    side = "64" + "0" * 4000

    assert post(client, version, f'{{{PROMPT}, "width": {side}, "height": {side}}}') == (400, "bad_request")


@every_version
def test_sides_of_hundreds_of_digits_are_refused(client: Client, version: str) -> None:
    """The caller sees that there are too many pixels."""
    side = "64" + "0" * 200

    assert post(client, version, f'{{{PROMPT}, "width": {side}, "height": {side}}}') == (400, "invalid_pixel_count")


@every_version
@pytest.mark.parametrize("depth", [250, 900])
def test_ignored_fields_may_be_nested_deeply(client: Client, version: str, depth: int) -> None:
    """The caller gets a picture: nobody looks into ``extras``."""
    extras = '{"a":' * depth + "1" + "}" * depth

    assert post(client, version, f'{{{PROMPT}, "extras": {extras}, "unknown": {extras}}}') == (200, "artifacts")


@every_version
@pytest.mark.parametrize("options", ["0", '"x"', "{}", '{"steps": 150}'])
def test_options_means_nothing_in_json(client: Client, version: str, options: str) -> None:
    """The caller gets a picture: only forms of v1alpha have ``options``, elsewhere it is an unknown field."""
    assert post(client, version, f'{{{PROMPT}, "options": {options}}}') == (200, "artifacts")


@every_version
@pytest.mark.parametrize("field", ['"\\ud800": 1', '"sampler": "\\udfff"'])
def test_half_characters_are_named_as_what_they_are(client: Client, version: str, field: str) -> None:
    """The caller sees that the body is not valid Unicode."""
    answer = client.post(
        f"/{version}{PATH}", data=f"{{{PROMPT}, {field}}}", headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 400
    assert answer.json()["message"] == "body: not valid Unicode"


@every_version
@pytest.mark.parametrize("method", [b"get", b"\xff", b"GE", b""])
def test_unknown_methods_are_refused_in_the_words_of_the_path(server: Server, version: str, method: bytes) -> None:
    """The caller sees the error shape of the version, though the parser gave up before the path."""
    wire = method + f" /{version}/user/balance HTTP/1.1\r\nHost: h\r\n\r\n".encode()

    (reply,) = exchange(server.url, wire).replies

    assert reply.status == 400
    assert complaint(reply, wire) is None


@every_version
def test_absolute_urls_are_refused_in_the_words_of_their_path(server: Server, version: str) -> None:
    """A proxy's way of writing the path leads to the same dialect."""
    (reply,) = exchange(server.url, f"GET http://h/{version}/user/balance HTTP/1.1\r\nbroken\r\n\r\n".encode()).replies

    assert ("goa-error" in reply.headers) == (version == "v1alpha")


@every_version
@pytest.mark.parametrize("method", ["DELETE", "BREW", ""])
def test_preflights_for_other_methods_are_answered_without_text(client: Client, version: str, method: str) -> None:
    """The browser sees which methods there are, and no plain text."""
    answer = client.options(
        f"/{version}/user/balance", headers={"Origin": "http://a.example", "Access-Control-Request-Method": method}
    )

    assert answer.status_code == 204
    assert "GET" in answer.headers["Access-Control-Allow-Methods"]


@every_version
@pytest.mark.parametrize("asked", ["bytes=x", "bytes=999999999-", "bytes=0-1,5-6"])
def test_files_of_the_documentation_are_always_whole(client: Client, version: str, asked: str) -> None:
    """A Range is ignored, instead of refused in plain text."""
    answer = client.get(f"/{version}/ui/swagger-ui.css", headers={"Range": asked})

    assert answer.status_code == 200


def test_endless_trailers_are_cut(server: Server) -> None:
    """A chunked body that never stops sending trailers is answered, not collected."""
    head = f"POST /v1{PATH} HTTP/1.1\r\nHost: h\r\nAuthorization: {server.key}\r\nContent-Type: application/json\r\n"
    with connection(server.url) as sock:
        sock.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Endless: ")
        sock.sendall(b"t" * 80_000)
        reply = read_reply(sock)

    assert reply is not None
    assert reply.status == 431


def test_a_public_answer_beside_a_refusal_is_no_fault(server: Server) -> None:
    """A body that is refused while an operation without a key answers: the caller sees the refusal, the log nothing."""
    head = b"GET /v1/image/generation/defaults HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    found = [exchange(server.url, head + b"0\r\nA: " + b"t" * 60_000).replies for _ in range(5)]

    assert {reply.status for replies in found for reply in replies} == {431}
    assert "without completing response" not in server.output()
