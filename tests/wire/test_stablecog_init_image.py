"""Stablecog: pictures to start from, where they are fetched, how they are made to fit, and how much they count."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from tests.pictures import png
from tests.running import Client, Server
from tests.wire.asking import image_to_image, picture
from tests.wire.stablecog_asking import (
    BASE,
    PROMPT,
    SD15,
    ask,
    assert_error,
    credits_of,
    listed,
    look,
    outputs,
    settings,
    shown,
)

UNREADABLE = "image_url_width_height_error"
REFUSED = "invalid_init_image_url"


def _jpeg(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png(width, height))).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


PICTURES = {
    "/square.png": (200, png(256, 256)),
    "/wide.png": (200, png(512, 256)),
    "/tall.png": (200, png(128, 384)),
    "/photo.jpg": (200, _jpeg(256, 256)),
    "/none.png": (404, png(64, 64)),
    "/page.html": (200, b"<html>no picture</html>"),
    "/empty.png": (200, b""),
    "/torn.png": (200, png(256, 256)[:300]),
    "/heavy.png": (200, b"\x89PNG" + bytes(300_000)),
    "/huge.png": (200, png(1200, 1200, fill=(1, 2, 3))),
}


class _Shelf(BaseHTTPRequestHandler):
    """Hands out the pictures above, and one redirect."""

    def do_GET(self) -> None:
        """Answer one request."""
        if self.path == "/moved.png":
            self.send_response(302)
            self.send_header("Location", "/square.png")
            self.end_headers()
            return
        status, data = PICTURES[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the library's
        """Nothing."""


@pytest.fixture(scope="module")
def shelf() -> Iterator[str]:
    """The address of a web server with pictures, on this computer."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Shelf) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def fetching(start: Callable[..., Server]) -> Iterator[Client]:
    """A client of a server that asks this computer for pictures, and takes small ones only."""
    server = start(
        UNDERSTUDY_FETCH_PRIVATE="on",
        UNDERSTUDY_FETCH_BYTES="200000",
        UNDERSTUDY_MAX_PIXELS="1000000",
        UNDERSTUDY_CREDITS="10000",
    )
    with Client(server.url) as session:
        yield session


@pytest.mark.parametrize("name", ["square.png", "photo.jpg", "moved.png"])
def test_a_picture_is_drawn_from_another(fetching: Client, shelf: str, name: str) -> None:
    """Fetched from its address, redirects included; the settings tell it and how much the prompt counted."""
    answer = ask(fetching, init_image_url=f"{shelf}/{name}", prompt_strength=0.4)

    told = settings(answer)
    assert (told["init_image_url"], told["prompt_strength"]) == (f"{shelf}/{name}", 0.4)
    assert (shown(fetching, answer) != shown(fetching, ask(fetching))).any()


def test_strength_0_gives_the_picture_back(fetching: Client, shelf: str) -> None:
    """Pixel by pixel."""
    answer = ask(fetching, init_image_url=f"{shelf}/square.png", prompt_strength=0)

    given = np.asarray(Image.open(io.BytesIO(PICTURES["/square.png"][1])))
    assert (shown(fetching, answer) == given).all()


def test_strength_1_ignores_the_picture(fetching: Client, shelf: str) -> None:
    """Whatever the picture is."""
    drawn = [
        shown(fetching, ask(fetching, init_image_url=f"{shelf}/{name}.png", prompt_strength=1))
        for name in ("square", "wide")
    ]

    assert (drawn[0] == drawn[1]).all()


def test_a_higher_strength_leaves_less_of_the_picture(fetching: Client, shelf: str) -> None:
    """The nearer to 0, the nearer to the picture; without a strength it is 0.6."""
    given = np.asarray(Image.open(io.BytesIO(PICTURES["/square.png"][1]))).astype(np.int16)

    answers = {one: ask(fetching, init_image_url=f"{shelf}/square.png", prompt_strength=one) for one in (0.2, 0.6, 0.9)}
    unnamed = ask(fetching, init_image_url=f"{shelf}/square.png")

    far = [float(np.abs(shown(fetching, answer) - given).mean()) for answer in answers.values()]
    assert far == sorted(far)
    assert far[0] < far[2]
    assert (shown(fetching, unnamed) == shown(fetching, answers[0.6])).all()


def test_strength_without_a_picture_means_nothing(client: Client) -> None:
    """The picture is that of the prompt alone."""
    assert (shown(client, ask(client, prompt_strength=0.1)) == shown(client, ask(client))).all()


@pytest.mark.parametrize("strength", [-0.1, 1.1, "0.5", [0.5]])
def test_other_strengths_are_refused(client: Client, strength: object) -> None:
    """And named, also without a picture."""
    assert_error(ask(client, prompt_strength=strength), 400, "invalid_prompt_strength")


def test_pixels_are_those_of_the_other_contracts(fetching: Client, shelf: str) -> None:
    """A prompt strength of 0.4 is an image strength of 0.6."""
    large = png(512, 512)
    PICTURES["/large.png"] = (200, large)
    theirs = image_to_image(
        fetching, "v1", large, "stable-diffusion-v1-6", init_image_mode="IMAGE_STRENGTH", image_strength=0.6
    )

    ours = ask(
        fetching,
        model_id="stable-diffusion-v1-6",
        width=512,
        height=512,
        init_image_url=f"{shelf}/large.png",
        prompt_strength=0.4,
    )

    assert (shown(fetching, ours) == picture(theirs)).all()


@pytest.mark.parametrize(("name", "size"), [("wide", (256, 256)), ("tall", (512, 256)), ("tall", (256, 256))])
def test_another_shape_is_cut_around_the_middle(fetching: Client, shelf: str, name: str, size: tuple[int, int]) -> None:
    """The largest part that has the proportions of the answer, in its size; nothing is squeezed."""
    width, height = size
    answer = ask(fetching, init_image_url=f"{shelf}/{name}.png", prompt_strength=0, width=width, height=height)

    given = Image.open(io.BytesIO(PICTURES[f"/{name}.png"][1]))
    scale = min(given.width / width, given.height / height)
    left, top = (given.width - width * scale) / 2, (given.height - height * scale) / 2
    box = (left, top, given.width - left, given.height - top)
    expected = np.asarray(given.resize(size, Image.Resampling.LANCZOS, box=box)).astype(np.int16)
    assert np.abs(shown(fetching, answer) - expected).max() <= 1


def test_each_of_several_pictures_starts_from_it(fetching: Client, shelf: str) -> None:
    """With its own seed."""
    answer = ask(fetching, init_image_url=f"{shelf}/square.png", num_outputs=2)

    assert (shown(fetching, answer, 0) != shown(fetching, answer, 1)).any()


def test_a_picture_of_this_server_needs_no_network(client: Client) -> None:
    """The address of a finished picture is looked up, although addresses of this computer are not asked."""
    first = ask(client)
    url = outputs(first)[0]["url"]

    again = ask(client, init_image_url=url, prompt_strength=0)

    assert (shown(client, again) == shown(client, first)).all()
    assert settings(again)["init_image_url"] == url


@pytest.mark.parametrize("tail", ["?v=2", "#top", "?v=2#top"])
def test_an_own_picture_is_found_whatever_hangs_on_its_address(client: Client, tail: str) -> None:
    """A query and a fragment make no other picture of it, here as at the address itself."""
    url = outputs(ask(client))[0]["url"]

    answer = ask(client, init_image_url=url + tail, prompt_strength=0)

    assert look(client, url + tail).status_code == 200
    assert (shown(client, answer) == shown(client, ask(client))).all()


def test_half_a_character_in_an_address_is_a_question_mark(client: Client) -> None:
    """Half of a surrogate pair, which no answer and no list could tell, harms nobody here either."""
    url = outputs(ask(client))[0]["url"]

    answer = ask(client, init_image_url=url + "?half=\ud83e")

    assert settings(answer)["init_image_url"] == url + "?half=?"


@pytest.mark.parametrize("name", ["00000000-0000-4000-8000-000000000000.png", "x", "", "../../credits"])
def test_a_picture_of_this_server_that_is_gone(client: Client, name: str) -> None:
    """It has a code of its own."""
    text = "init_image_url: no picture is shown there, no longer or never."
    assert_error(ask(client, init_image_url=f"{client.url}{BASE}/files/{name}"), 400, "init_image_not_found", text)


@pytest.mark.parametrize("sent", ["", None, ...])
def test_no_address_is_no_picture(client: Client, sent: object) -> None:
    """An empty text counts as none, and the settings do not mention it."""
    answer = ask(client, init_image_url=sent)

    assert "init_image_url" not in settings(answer)
    assert (shown(client, answer) == shown(client, ask(client))).all()


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64,iVBORw0KGgo=",
        "file:///etc/passwd",
        "ftp://example.com/a.png",
        "s3://bucket/a.png",
        "square.png",
        "//example.com/a.png",
        "http://",
        "http://ada:secret@example.com/a.png",
        "http://127.0.0.1/a.png",
        "http://localhost/a.png",
        "http://10.0.0.1/a.png",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/a.png",
        "http://93.184.216.34:22/a.png",
        "http://name.invalid/a.png",
        "http://2130706433/a.png",
        "\ud800",
    ],
)
def test_addresses_that_are_not_asked(client: Client, url: str) -> None:
    """Other schemes, passwords, private networks, this computer, odd ports, names that do not exist."""
    before = credits_of(client)

    text = assert_error(ask(client, init_image_url=url), 400, REFUSED)

    assert text.startswith("init_image_url: ")
    assert credits_of(client) == before


@pytest.mark.parametrize("sent", [7, ["http://example.com/a.png"], "http://example.com/" + "a" * 8192])
def test_what_is_no_address(client: Client, sent: object) -> None:
    """Another type, or more characters than an address has."""
    assert_error(ask(client, init_image_url=sent), 400, REFUSED)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none.png", "the host answered with status 404."),
        ("page.html", "the file must be a PNG, JPEG or WebP picture."),
        ("torn.png", "the file must be a PNG, JPEG or WebP picture."),
        ("empty.png", "the file is empty."),
        ("heavy.png", "the answer has more than 200000 bytes."),
        ("huge.png", "the picture has 1440000 pixels, at most 1000000 are decoded."),
    ],
)
def test_what_cannot_be_used(fetching: Client, shelf: str, name: str, reason: str) -> None:
    """The answer says what was found there; nothing is charged and nothing kept."""
    before, pictures = credits_of(fetching), listed(fetching)["total_count"]

    answer = ask(fetching, init_image_url=f"{shelf}/{name}")

    assert_error(answer, 400, UNREADABLE, f"init_image_url: {reason}")
    assert (credits_of(fetching), listed(fetching)["total_count"]) == (before, pictures)


def test_nobody_there(fetching: Client) -> None:
    """A port that nothing listens on."""
    text = "init_image_url: no connection to the host could be made."
    assert_error(ask(fetching, init_image_url="http://127.0.0.1:9/a.png"), 400, UNREADABLE, text)


def test_a_wrong_request_fetches_nothing(fetching: Client, shelf: str) -> None:
    """What is wrong with the words is told first."""
    for wrong, code in (({"width": 260}, "invalid_width"), ({"model_id": "x"}, "invalid_model_id")):
        assert_error(ask(fetching, init_image_url=f"{shelf}/none.png", **wrong), 400, code)


def test_an_engine_that_draws_from_words_alone(fetching: Client, shelf: str) -> None:
    """It is refused as a model for this."""
    answer = ask(fetching, model_id="sd-core", init_image_url=f"{shelf}/square.png")

    assert_error(answer, 400, "invalid_model_id", "sd-core does not offer image-to-image.")


def test_the_list_tells_what_a_picture_started_from(fetching: Client, shelf: str) -> None:
    """Its address and how much the prompt counted; other pictures have neither."""
    ask(fetching)
    ask(fetching, init_image_url=f"{shelf}/square.png", model_id=SD15)

    new, old = (one["generation"] for one in listed(fetching, per_page=2)["outputs"])
    assert (new["init_image_url"], new["prompt_strength"]) == (f"{shelf}/square.png", 0.6)
    assert {"init_image_url", "prompt_strength"} & old.keys() == set()
    assert old["prompt"]["text"] == PROMPT
