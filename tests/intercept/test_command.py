"""`understudy intercept` from the command line: what it prints, what it starts, and how it ends."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.intercept import SHELLS as OFFERED
from app.intercept.snippets import SHELLS
from tests.intercept.conftest import MakeCommand
from tests.intercept.proxies import Command
from tests.running import KEY, PATIENCE, ROOT, Server, understudy
from tests.store.servers import wait_until

VARIABLES = {
    *("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("NODE_EXTRA_CA_CERTS", "NODE_USE_ENV_PROXY"),
}


def fetch(command: Command, path: str, key: str = KEY) -> tuple[int, bytes]:
    """What curl gets from https://api.stability.ai with the variables that were printed."""
    result = subprocess.run(
        [
            *(str(shutil.which("curl")), "-sS", "-w", "%{http_code}", "-H", f"Authorization: {key}"),
            f"https://api.stability.ai{path}",
        ],
        env=command.env,
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )
    return int(result.stdout[-3:]), result.stdout[:-3]


def test_the_authority_is_made_and_named(tmp_path: Path) -> None:
    """`--ca` prints one line, the path of a certificate, also the first time."""
    result = understudy("intercept", "--ca", home=tmp_path)

    path = Path(result.stdout.removesuffix("\n"))
    assert path == tmp_path / "intercept" / "ca.pem"
    assert path.read_text().startswith("-----BEGIN CERTIFICATE-----\n")
    assert result.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_a_shell_can_evaluate_the_variables(tmp_path: Path, shell: str) -> None:
    """Every variable arrives with its value, also from a folder with blanks and quotes in its name."""
    home = tmp_path / "it's a home"
    script = f"eval \"$('{sys.executable}' -m understudy intercept --env --port 1234)\" && env"

    result = subprocess.run(
        [str(shutil.which(shell)), "-c", script],
        env={"PATH": "/usr/bin:/bin", "UNDERSTUDY_HOME": str(home)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )

    found = dict(line.split("=", 1) for line in result.stdout.splitlines() if "=" in line)
    assert set(found) >= VARIABLES
    assert found["HTTPS_PROXY"] == "http://127.0.0.1:1234"
    assert found["SSL_CERT_FILE"] == str(home / "intercept" / "bundle.pem")
    assert found["NODE_EXTRA_CA_CERTS"] == str(home / "intercept" / "ca.pem")


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("sh", r"export (\w+)=\S+"),
        ("fish", r"set -gx (\w+) '[^']+'"),
        ("powershell", r"\$env:(\w+) = '[^']+'"),
        ("dotenv", r"(\w+)=\S+"),
    ],
)
def test_other_shells_get_their_own_form(tmp_path: Path, shell: str, line: str) -> None:
    """`--shell` changes how the same variables are written, one on each line and nothing else."""
    printed = understudy("intercept", "--env", "--shell", shell, home=tmp_path).stdout.splitlines()

    assert {found[1] for text in printed if (found := re.fullmatch(line, text))} == VARIABLES
    assert len(printed) == len(VARIABLES)


def test_the_shells_that_are_offered_are_those_that_there_are() -> None:
    """The choice of the option is the table's."""
    assert set(OFFERED) == set(SHELLS)


@pytest.mark.parametrize(
    ("shell", "escaped"), [("fish", r"'it\'s'"), ("powershell", "'it''s'"), ("sh", "'it'\"'\"'s'"), ("dotenv", "it's")]
)
def test_quotes_are_escaped(shell: str, escaped: str) -> None:
    """A quote in a path does not end the value."""
    assert SHELLS[shell]("NAME", "it's").endswith(escaped)


def test_it_starts_an_understudy_of_its_own(make_command: MakeCommand) -> None:
    """Without --to a server is started on a free port, its greeting is shown, and options reach it."""
    command = make_command("--no-test", "--", "--no-caption", UNDERSTUDY_API_KEY=KEY).start()

    assert fetch(command, "/v1/user/balance") == (200, b'{"credits":1000}')
    assert "Understudy listens on http://127.0.0.1:" in command.output()


def test_its_own_understudy_is_a_test_double(make_command: MakeCommand) -> None:
    """By default any well-formed key opens a world of its own, and nothing is stored."""
    command = make_command().start()

    status, body = fetch(command, "/v1/user/balance", "sk-some-c25")

    assert (status, json.loads(body)) == (200, {"credits": 25})
    assert not (command.home / "store").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_with_everything_it_started(make_command: MakeCommand, number: int) -> None:
    """Ctrl-C, and the signals of service managers and closed terminals, end both processes without a traceback."""
    command = make_command("--no-test", UNDERSTUDY_API_KEY=KEY).start()
    own = re.search(r"listens on http://127\.0\.0\.1:(\d+)", command.output())
    assert own is not None

    status = command.stop(number)

    assert status == 0
    assert command.output().endswith("\nStopped.\n")
    assert "Traceback" not in command.output()
    assert not _listens(int(own[1]))


def test_nothing_is_left_behind_when_it_is_killed(make_command: MakeCommand) -> None:
    """Its Understudy ends by itself when the command could not end it."""
    command = make_command("--no-test", UNDERSTUDY_API_KEY=KEY).start()
    own = re.search(r"listens on http://127\.0\.0\.1:(\d+)", command.output())
    assert own is not None

    command.stop(signal.SIGKILL)

    wait_until(lambda: not _listens(int(own[1])))


def test_ctrl_c_ends_what_is_still_open(server: Server, make_command: MakeCommand) -> None:
    """Connections that are open do not hold it up."""
    command = make_command("--to", server.url).start()
    with socket.create_connection(command.address, timeout=PATIENCE) as idle:
        idle.sendall(b"CONNECT api.stability.ai:443 HTTP/1.1\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 200 ")

        assert command.stop() == 0

        assert idle.recv(100) == b""


def test_when_its_understudy_ends_it_ends(make_command: MakeCommand) -> None:
    """A server that does not start, here over an option that it does not know, ends the command with status 1."""
    command = make_command("--no-test", "--", "--no-such-option")

    assert command.process.wait(PATIENCE) == 1
    assert "No such option" in command.output()
    assert "Error: Understudy did not start" in command.output()


def test_a_second_start_uses_the_same_authority(server: Server, make_command: MakeCommand) -> None:
    """Only the first start says that an authority was made."""
    first = make_command("--to", server.url).start()
    ca = (first.home / "intercept" / "ca.pem").read_bytes()
    said = first.output()
    first.stop()
    second = make_command("--to", server.url).start()

    assert "A new authority was made" in said
    assert "A new authority was made" not in second.output()
    assert (second.home / "intercept" / "ca.pem").read_bytes() == ca
    assert fetch(second, "/v1/user/balance")[0] == 200


def test_no_private_key_is_ever_said(server: Server, make_command: MakeCommand) -> None:
    """Neither the output nor the most talkative log holds a key of ours, and no API key of the client's."""
    command = make_command("--to", server.url, UNDERSTUDY_LOG_LEVEL="debug").start()
    fetch(command, "/v1/user/balance")
    command.stop()

    secret = (command.home / "intercept" / "authority.pem").read_text().splitlines()[1]
    assert stat.S_IMODE((command.home / "intercept" / "authority.pem").stat().st_mode) == 0o600
    for word in (secret, "PRIVATE", KEY):
        assert word not in command.output()


def test_nobody_outside_is_let_in(server: Server, make_command: MakeCommand) -> None:
    """It listens on 127.0.0.1 and on no other address of the machine."""
    command = make_command("--to", server.url).start()

    host, port = command.address

    assert host == "127.0.0.1"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=PATIENCE)


def test_further_hosts_are_intercepted_when_named(server: Server, make_command: MakeCommand) -> None:
    """`--host`, given twice, intercepts two hosts and refuses the one that is not named."""
    command = make_command("--to", server.url, "--host", "one.example.com", "--host", "two.example.com").start()

    got = {}
    for host in ("one.example.com", "two.example.com", "api.stability.ai"):
        with socket.create_connection(command.address, timeout=PATIENCE) as sock:
            sock.sendall(f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode())
            got[host] = sock.recv(12)

    assert got == {
        "one.example.com": b"HTTP/1.1 200",
        "two.example.com": b"HTTP/1.1 200",
        "api.stability.ai": b"HTTP/1.1 403",
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "nonsense"], "use the address of an Understudy"),
        (["--to", "ftp://127.0.0.1"], "use the address of an Understudy"),
        (["--to", "http://127.0.0.1:8080/v1"], "use the address of an Understudy"),
        (["--to", "http://127.0.0.1:99999"], "use the address of an Understudy"),
        (["--to", "https://api.stability.ai"], "this is the host that is to be intercepted"),
        (["--to", "https://API.stability.ai."], "this is the host that is to be intercepted"),
        (["--env", "--port", "0"], "name the port"),
        (["--listen", "192.0.2.1", "--to", "http://127.0.0.1:1"], "cannot listen on 192.0.2.1:8888"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path: Path, words: list[str], said: str) -> None:
    """A bad option ends with status 1 and one line that says what would be right."""
    result = understudy("intercept", *words, home=tmp_path)

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--host", "not a host"],
        ["--host", "127.0.0.1"],
        ["--host", "*.stability.ai"],
        ["--host", "localhost"],
        ["--to", "http://127.0.0.1:1", "--", "--strict"],
        ["--port", "70000"],
        ["--shell", "tcsh"],
    ],
)
def test_wrong_usage_is_said_to_be_wrong(tmp_path: Path, words: list[str]) -> None:
    """Options that make no sense end with status 2 before anything is made."""
    result = understudy("intercept", *words, home=tmp_path)

    assert (result.returncode, result.stdout) == (2, "")
    assert not (tmp_path / "intercept").exists()


def test_a_port_in_use_is_named(server: Server, tmp_path: Path) -> None:
    """The commonest mistake gets a line that says what to change."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = understudy("intercept", "--to", server.url, "--port", port, home=tmp_path)

    assert result.returncode == 1
    assert result.stderr == (
        f"Error: cannot listen on 127.0.0.1:{port}: Address already in use; choose another --port or --listen\n"
    )


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    """Installed without the extra, the command says how to install it, and the rest of Understudy is none the worse."""
    program = (
        "import sys; sys.modules['cryptography'] = None; from understudy.launcher import main; "
        "sys.argv = ['understudy', 'intercept', '--ca']; main()"
    )

    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"UNDERSTUDY_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert "pip install 'understudy[intercept]'" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_it_has_help(tmp_path: Path) -> None:
    """Help names every option and shows examples."""
    text = understudy("intercept", "--help", home=tmp_path).stdout

    assert text.splitlines()[0].endswith("understudy intercept [OPTIONS] [-- SERVE_OPTIONS]")
    for option in ("--port", "--listen", "--to", "--host", "--no-test", "--env", "--shell", "--ca"):
        assert option in text


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
