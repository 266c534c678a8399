"""Folders and settings that cannot be used stop the start and say why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.recording.recordings import open_recordings
from app.settings import BadSetting, Settings
from tests.recording.conftest import OWNERS, Caller
from tests.recording.services import scripted
from tests.running import understudy

REQUEST = {"method": "GET", "path": "/v1/user/balance", "query": [], "headers": {}}
RESPONSE = {"status": 200, "headers": {"content-type": "application/json"}, "body": {"credits": 1}}


@pytest.fixture
def exchange(tape: Path) -> Path:
    """A folder with one good exchange, written by hand."""
    folder = tape / "0001-get-user-balance"
    folder.mkdir(parents=True)
    (folder / "request.json").write_text(json.dumps(REQUEST))
    (folder / "response.json").write_text(json.dumps(RESPONSE))
    return folder


def test_recordings_may_be_written_by_hand(exchange: Path, replay: Callable[..., Caller]) -> None:
    """A folder that nobody recorded is replayed like any other."""
    assert replay().balance() == 1


def test_folders_of_two_branches_go_together(exchange: Path, replay: Callable[..., Caller]) -> None:
    """The same number twice, as after a merge, is no problem: the names decide the order."""
    twin = exchange.with_name("0001-get-user-balance-again")
    twin.mkdir()
    (twin / "request.json").write_text(json.dumps(REQUEST))
    (twin / "response.json").write_text(json.dumps({**RESPONSE, "body": {"credits": 2}}))
    client = replay()

    assert [client.balance() for _ in range(3)] == [1, 2, 2]


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("request.json", None, "0001-get-user-balance/request.json: No such file or directory"),
        ("response.json", None, "0001-get-user-balance/response.json: No such file or directory"),
        ("response.json", "{", "0001-get-user-balance/response.json: no JSON"),
        ("response.json", "[]", "0001-get-user-balance/response.json: must hold an object"),
        ("request.json", "{}", "0001-get-user-balance/request.json: method and path must be texts"),
        ("response.json", json.dumps({**RESPONSE, "status": "200"}), "status must be a number from 200 to 599"),
        ("response.json", json.dumps({**RESPONSE, "headers": []}), "headers must be an object of texts"),
        ("response.json", json.dumps({**RESPONSE, "pictures": 1}), "file, text and pictures must be texts"),
        (
            "response.json",
            json.dumps({**RESPONSE, "pictures": ["gone.png"]}),
            "balance/gone.png: there is no such file",
        ),
        ("response.json", json.dumps({**RESPONSE, "file": "../../x"}), "there is no such file"),
    ],
)
def test_a_broken_recording_is_named(exchange: Path, tape: Path, file: str, content: str | None, told: str) -> None:
    """The message has the setting, the file and what is wrong with it."""
    (exchange / file).unlink()
    if content is not None:
        (exchange / file).write_text(content)

    with pytest.raises(BadSetting) as refused:
        open_recordings(tape, "UNDERSTUDY_REPLAY")

    assert str(refused.value).startswith(f"UNDERSTUDY_REPLAY={str(tape)!r}: ")
    assert told in str(refused.value)


def test_a_broken_recording_stops_the_start(exchange: Path, tape: Path, tmp_path: Path) -> None:
    """The command ends with one line that says which file it is, and no trace."""
    (exchange / "request.json").write_text("{")

    result = understudy("serve", "--port", "0", "--replay", str(tape), home=tmp_path / "home")

    assert result.returncode == 1
    assert "0001-get-user-balance/request.json: no JSON" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_broken_spending_file_stops_the_start(tape: Path, tmp_path: Path) -> None:
    """What was spent is not guessed."""
    tape.mkdir()
    (tape / "spending.json").write_text('{"spent": "much"}')

    result = _record(tape, tmp_path)

    assert result.returncode == 1
    assert "spending.json: does not say what was spent" in result.stderr


@pytest.mark.parametrize("missing", [True, False])
def test_a_folder_without_recordings_stops_the_start(tape: Path, tmp_path: Path, missing: bool) -> None:
    """Replaying nothing is a mistake in the path."""
    if not missing:
        tape.mkdir()

    result = understudy("serve", "--port", "0", "--replay", str(tape), home=tmp_path / "home")

    assert result.returncode == 1
    assert ("No such file" if missing else "there are no recordings in this folder") in result.stderr


def test_two_servers_cannot_record_into_one_folder(record: Callable[..., Caller], tape: Path, tmp_path: Path) -> None:
    """The second one would count past the cap of the first."""
    with scripted((200, {}, b"{}")) as service:
        record(service.url)

        result = _record(tape, tmp_path)

    assert result.returncode == 1
    assert "another server records into this folder" in result.stderr


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"UNDERSTUDY_RECORD": "t"}, "UNDERSTUDY_UPSTREAM and UNDERSTUDY_RECORD: use both or neither"),
        ({"UNDERSTUDY_UPSTREAM": "http://a"}, "UNDERSTUDY_UPSTREAM and UNDERSTUDY_RECORD: use both or neither"),
        ({"UNDERSTUDY_RECORD": "t", "UNDERSTUDY_REPLAY": "t"}, "use one of them"),
        ({"UNDERSTUDY_UPSTREAM": "http://a", "UNDERSTUDY_RECORD": "t"}, "UNDERSTUDY_UPSTREAM_KEY: set your key"),
        ({"UNDERSTUDY_UPSTREAM": "api.example"}, "use an address such as https://api.stability.ai"),
        ({"UNDERSTUDY_UPSTREAM": "https://u:p@api.example"}, "use an address such as"),
        ({"UNDERSTUDY_REPLAY": "t", "UNDERSTUDY_WORKERS": "2"}, "UNDERSTUDY_WORKERS: use 1 to record or replay"),
        ({"UNDERSTUDY_SPENDING_CAP": "-1"}, "UNDERSTUDY_SPENDING_CAP='-1'"),
    ],
)
def test_settings_that_do_not_go_together(env: dict[str, str], told: str) -> None:
    """The message names the variable and what would be right."""
    with pytest.raises(BadSetting) as refused:
        Settings.from_mapping({"HOME": "/", **env})

    assert told in str(refused.value)


@pytest.mark.parametrize("name", ["UNDERSTUDY_UPSTREAM_KEY", "STABILITY_API_KEY"])
def test_the_key_may_come_from_where_clients_have_it(name: str) -> None:
    """STABILITY_API_KEY is the owner's key where no other is set; no representation shows it."""
    env = {"HOME": "/", "UNDERSTUDY_UPSTREAM": "https://api.example/", "UNDERSTUDY_RECORD": "tape", name: OWNERS}

    settings = Settings.from_mapping(env)

    assert settings.recording.upstream_key == OWNERS
    assert settings.recording.upstream == "https://api.example"
    assert OWNERS not in repr(settings)


def _record(tape: Path, tmp_path: Path):
    env = {"UNDERSTUDY_UPSTREAM_KEY": OWNERS}
    options = ("--upstream", "http://127.0.0.1:1", "--record", str(tape))
    return understudy("serve", "--port", "0", *options, home=tmp_path / "home", **env)
