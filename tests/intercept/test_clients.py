"""Clients that have https://api.stability.ai built in, unchanged, with nothing but the printed variables."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.intercept.proxies import Command, bare_environment
from tests.running import KEY, PATIENCE, ROOT

PROGRAMS = Path(__file__).parent / "clients"
CLIENTS = {
    "requests": [sys.executable, "with_requests.py"],
    "urllib": [sys.executable, "with_urllib.py"],
    "httpx": [sys.executable, "with_httpx.py"],
    "node https": ["node", "with_https.mjs"],
    "node fetch": ["node", "with_fetch.mjs"],
    "curl": ["bash", "with_curl.sh"],
}
STRANGERS = ("CERTIFICATE_VERIFY_FAILED", "SELF_SIGNED", "self-signed", "unable to get", "unable to verify")
"""How clients say that they do not know an authority."""


@pytest.fixture(
    params=[
        pytest.param(line, id=name, marks=[pytest.mark.needs("node")] * (line[0] == "node"))
        for name, line in CLIENTS.items()
    ]
)
def client(request: pytest.FixtureRequest) -> list[str]:
    """The command line of every client in turn; each prints a JSON line with the engines and the size of a picture."""
    program, script = request.param
    found = shutil.which(program)
    assert found is not None, f"{program} is needed for this test"
    return [found, str(PROGRAMS / script)]


def _run(client: list[str], env: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        client,
        env={**env, "STABILITY_API_KEY": KEY},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_a_client_gets_its_picture(client: list[str], intercepting: Command, tmp_path: Path) -> None:
    """It lists the engines and draws a picture, both from the address that it has built in."""
    result = _run(client, intercepting.env, tmp_path)

    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert len(answer["engines"]) == 15
    assert answer["size"] == [512, 512]


def test_a_client_that_does_not_know_our_authority_refuses(
    client: list[str], intercepting: Command, tmp_path: Path
) -> None:
    """Sent through the proxy without the certificates, a client stops before it sends anything."""
    proxied = {name: value for name, value in intercepting.env.items() if "roxy" in name.lower()}

    result = _run(client, {**bare_environment(), **proxied}, tmp_path)

    assert result.returncode != 0
    assert any(words in result.stderr for words in STRANGERS), result.stderr


def test_the_log_says_what_to_do_about_it(intercepting: Command) -> None:
    """A handshake that failed on the certificate names the command that prints the variables."""
    before = len(intercepting.output())
    stranger = [str(shutil.which("curl")), "-sS", "https://api.stability.ai/"]

    subprocess.run(
        stranger,
        env={**bare_environment(), "https_proxy": intercepting.env["https_proxy"]},
        cwd=ROOT,
        capture_output=True,
        check=False,
    )

    assert "understudy intercept --env" in intercepting.output()[before:]


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """The command before a test double of its own."""
    command = Command(tmp_path_factory.mktemp("double") / "home")
    try:
        yield command.start()
    finally:
        command.stop()


def test_curl_is_told_why_another_host_is_refused(intercepting: Command, tmp_path: Path) -> None:
    """A request to any other host of the web ends at the proxy, with 403 and a sentence."""
    command = [str(shutil.which("curl")), "-sS", "-i", "--proxy", intercepting.env["https_proxy"]]

    tunnel = subprocess.run([*command, "https://example.com/"], capture_output=True, text=True, check=False)
    plain = subprocess.run([*command, "http://example.com/"], capture_output=True, text=True, check=True)

    assert tunnel.returncode == 56
    assert "403" in tunnel.stderr
    assert plain.stdout.startswith("HTTP/1.1 403 Forbidden\r\n") or plain.stdout.startswith("HTTP/1.1 403 Forbidden\n")
    assert "nothing was sent to example.com:80" in plain.stdout


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("empty_reply", 52), ("connection_reset", 56), ("wrong_content_length", 18), ("server_error", 22)],
)
def test_faults_of_the_test_double_come_through(double: Command, tmp_path: Path, outcome: str, status: int) -> None:
    """What breaks on purpose behind the proxy breaks in the same way before it, as curl's exit status tells."""
    body = json.dumps({"text_prompts": [{"text": f"understudy:{outcome}"}]})
    command = [str(shutil.which("curl")), "-sSf", "-o", "answer", "-H", "Authorization: sk-faults", "--json", body]

    result = subprocess.run(
        [*command, "https://api.stability.ai/v1/generation/stable-diffusion-v1-6/text-to-image"],
        env=double.env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == status, result.stderr
