"""A setting that cannot be used stops the start, and says which it is and what would be right."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import Server, understudy

WHOLE = (
    ("PORT", "0 to 65,535"),
    ("UNDERSTUDY_WORKERS", "1 to 256"),
    ("UNDERSTUDY_RATE_REQUESTS", "1 to 1,000,000"),
    ("UNDERSTUDY_RATE_WINDOW", "1 to 86,400"),
    ("UNDERSTUDY_RATE_LOCKOUT", "1 to 86,400"),
    ("UNDERSTUDY_MAX_BODY", "1,024 to 2,147,483,648"),
    ("UNDERSTUDY_MAX_PARTS", "1 to 100,000"),
    ("UNDERSTUDY_MAX_FIELD", "1,024 to 2,147,483,648"),
    ("UNDERSTUDY_MAX_FILE", "1,024 to 2,147,483,648"),
    ("UNDERSTUDY_MAX_PIXELS", "4,096 to 2,147,483,648"),
    ("UNDERSTUDY_MAX_HEADER", "1,024 to 1,048,576"),
    ("UNDERSTUDY_GENERATIONS", "0 to 1,024"),
    ("UNDERSTUDY_QUEUE", "0 to 1,000,000"),
    ("UNDERSTUDY_PICTURE_BYTES", "1,000,000 to 1,125,899,906,842,624"),
    ("UNDERSTUDY_FETCH_BYTES", "1,024 to 2,147,483,648"),
)
NUMBERS = (
    ("UNDERSTUDY_CREDITS", "0 to 1,000,000,000"),
    ("UNDERSTUDY_REQUEST_SECONDS", "0.01 to 86,400"),
    ("UNDERSTUDY_BODY_SECONDS", "0.01 to 86,400"),
    ("UNDERSTUDY_HEADER_SECONDS", "0.01 to 86,400"),
    ("UNDERSTUDY_ANSWER_SECONDS", "0.01 to 86,400"),
    ("UNDERSTUDY_DAILY_CREDITS", "0 to 1,000,000,000"),
    ("UNDERSTUDY_PICTURE_SECONDS", "1 to 31,536,000"),
    ("UNDERSTUDY_FETCH_SECONDS", "0.01 to 86,400"),
)
OTHERS = (
    ("UNDERSTUDY_RATE_LIMIT", "maybe", "use on or off"),
    ("UNDERSTUDY_CAPTION", "2", "use on or off"),
    ("UNDERSTUDY_LOG_LEVEL", "loud", "use one of debug, info, warning, error"),
    ("UNDERSTUDY_API_KEY", "short", "use 8 to 256 printable ASCII characters"),
    ("UNDERSTUDY_API_KEY", "sk-with a space", "without spaces"),
    ("UNDERSTUDY_DEFAULT_STEPS", "9", "use 10 to 150"),
    ("UNDERSTUDY_DEFAULT_STEPS", "esrgan-v1-x2plus=many", "engine-id=steps"),
    ("UNDERSTUDY_DEFAULT_STEPS", "stable-diffusion-v9=30", "there is no engine stable-diffusion-v9"),
    ("UNDERSTUDY_PROMPT_WORDS", "/nowhere/words.txt", "use a readable UTF-8 file"),
    ("UNDERSTUDY_OUTPUT_WORDS", "/nowhere/words.txt", "or off"),
    ("REDIS_URL", "localhost:6379", "use redis://"),
    ("UNDERSTUDY_FETCH_PRIVATE", "perhaps", "use on or off"),
    ("UNDERSTUDY_ANALYSIS", "sketch", "use one of embedded, transformers"),
    ("UNDERSTUDY_PUBLIC_URL", "pictures.example.com", "use an address such as https://"),
    ("UNDERSTUDY_PUBLIC_URL", "https://user:word@example.com", "use an address such as https://"),
    ("UNDERSTUDY_MODELS", "aithriving/core", "use contract/model=engine-id"),
    ("UNDERSTUDY_MODELS", "core=stable-diffusion-v1-6", "use contract/model=engine-id with one of aithriving, "),
    ("UNDERSTUDY_MODELS", "aithriving/shell=stable-diffusion-v1-6", "aithriving has no model 'shell', only core"),
    ("UNDERSTUDY_MODELS", "aithriving/core=stable-diffusion-v9", "there is no engine stable-diffusion-v9"),
    ("UNDERSTUDY_MODELS", "aithriving/core=esrgan-v1-x2plus", "esrgan-v1-x2plus does not draw from text"),
)
CASES = (
    *((name, value, words) for name, words in WHOLE for value in ("-1", "many", "1.5")),
    *((name, value, words) for name, words in NUMBERS for value in ("-1", "much", "nan", "inf")),
    *OTHERS,
)


@pytest.mark.parametrize(("name", "value", "words"), CASES)
def test_a_bad_setting_stops_the_start(tmp_path: Path, name: str, value: str, words: str) -> None:
    """The user sees one line with the setting's name and what would be right, and exit status 1."""
    done = understudy("serve", home=tmp_path / "home", **{"PORT": "0", name: value})

    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith(f"Error: {name}")
    assert words in line or (value in {"many", "much", "1.5"} and "number" in line)


def test_an_api_key_is_not_repeated(tmp_path: Path) -> None:
    """The message about a bad key does not write it into a log."""
    done = understudy("serve", home=tmp_path / "home", UNDERSTUDY_API_KEY="secret words")

    assert "secret" not in done.stderr


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("by", ["--port", "PORT"])
def test_a_port_in_use_stops_the_start(tmp_path: Path, taken: int, by: str) -> None:
    """The user sees the address, the reason and the way out; nothing was started or left behind."""
    home = tmp_path / "home"
    options = ["--port", str(taken)] if by == "--port" else []
    done = understudy("serve", *options, home=home, **({} if options else {"PORT": str(taken)}))

    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith(f"Error: cannot listen on 127.0.0.1:{taken}: ")
    assert line.endswith("in use; choose another --port")
    assert not home.exists()


@pytest.mark.parametrize("host", ["nowhere.invalid", "203.0.113.7", "not a host"])
def test_a_host_that_is_not_ours_stops_the_start(tmp_path: Path, host: str) -> None:
    """The user sees which address cannot be listened on."""
    done = understudy("serve", "--port", "0", home=tmp_path / "home", HOST=host)

    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith(f"Error: cannot listen on {host}:0: ")
    assert line.endswith("choose another --host")


def test_a_store_that_does_not_answer_stops_the_start(tmp_path: Path, taken: int) -> None:
    """The user sees that Redis is the trouble."""
    done = understudy("serve", "--port", "0", home=tmp_path / "home", REDIS_URL=f"redis://127.0.0.1:{taken}/0")

    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("Error: the store does not answer")


def test_a_home_in_use_stops_the_start(server: Server) -> None:
    """The user sees that another server owns the folder."""
    done = understudy("serve", "--port", "0", home=server.home)

    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert str(server.home) in line
