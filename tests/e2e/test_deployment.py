"""The container files, as far as they can be tried without a container engine."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from app.settings import Settings
from app.store.whisper import answers, ask
from tests.running import PATIENCE, ROOT, Server
from tests.store.servers import redis_program, wait_until

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
IGNORED = (ROOT / ".dockerignore").read_text().split()


def test_compose_keeps_every_credit_on_disk(tmp_path: Path) -> None:
    """The Redis of the compose file starts with its very options, and they write every change to its volume."""
    service = COMPOSE["services"]["redis"]
    options = shlex.split(service["command"])[1:]
    sock = tmp_path / "redis.sock"

    process = subprocess.Popen(
        [redis_program(), *options, "--port", "0", "--unixsocket", str(sock), "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: answers(sock))
        assert ask(sock, "SET money 1") == "+OK"
        process.kill()
    finally:
        process.wait()

    assert b"money" in b"".join(file.read_bytes() for file in (tmp_path / "appendonlydir").iterdir())
    assert service["volumes"] == ["redis:/data"]
    assert set(COMPOSE["volumes"]) == {"redis", "understudy", "gpu"}


def test_compose_waits_for_a_healthy_redis_and_listens_on_loopback_only() -> None:
    """The server starts once Redis answers, finds it by its name, and is published to this machine alone."""
    service = COMPOSE["services"]["understudy"]

    settings = Settings.from_mapping({"REDIS_URL": service["environment"]["REDIS_URL"]})

    assert urlsplit(settings.redis_url or "").hostname == "redis"
    assert service["depends_on"] == {"redis": {"condition": "service_healthy"}}
    assert service["ports"] == ["127.0.0.1:8080:8080"]
    assert COMPOSE["services"]["redis"]["healthcheck"]["test"] == "redis-cli ping"


def test_compose_offers_real_engines_on_request_only() -> None:
    """The service with a GPU starts only when its profile is named, with the extra, and settings that are taken."""
    service = COMPOSE["services"]["gpu"]

    settings = Settings.from_mapping(service["environment"] | {"UNDERSTUDY_API_KEY": "", "UNDERSTUDY_CREDITS": "1"})

    assert service["profiles"] == ["gpu"]
    assert '".$EXTRAS"' in DOCKERFILE
    assert service["build"]["args"]["EXTRAS"] == "[gpu,vision]"
    assert (settings.engines, settings.weights) == ("diffusers", Path("/data/weights"))
    assert service["ports"] == ["127.0.0.1:8081:8080"]


def test_the_images_health_check_tells_a_ready_server_from_a_dead_one(server: Server) -> None:
    """The command of the Dockerfile succeeds while the server is ready and fails when nothing listens."""
    command = json.loads(re.findall(r"CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[0])
    port = server.url.rpartition(":")[2]

    ready = _health(command, port)
    dead = _health(command, "9")

    assert ready == 0
    assert dead != 0


@pytest.mark.parametrize(
    "line", ["USER 10001:10001", "--uid 10001", "HOST=0.0.0.0", "UNDERSTUDY_HOME=/data", "VOLUME /data"]
)
def test_the_image_runs_as_an_ordinary_user_with_data_in_a_volume(line: str) -> None:
    """Nothing runs as root; inside a container the server listens beyond loopback because it is told to."""
    assert line in DOCKERFILE


def test_the_images_command_serves_in_test_mode_without_a_volume(tmp_path: Path) -> None:
    """With `--test` behind the image's command, and nowhere to write to, the server is healthy as the image sees it."""
    served = json.loads(re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[0])
    health = json.loads(re.findall(r"^  CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[0])
    nowhere = tmp_path / "file" / "home"
    (tmp_path / "file").touch()

    with Server(tmp_path / "log", "--test", HOST="0.0.0.0", UNDERSTUDY_HOME=str(nowhere)) as server:
        port = server.url.rpartition(":")[2]

        assert _health(health, port) == 0

    assert served == ["understudy", "serve"]


def test_the_images_context_has_all_that_the_package_is_built_from(tmp_path: Path) -> None:
    """From what .dockerignore leaves of a checkout, a wheel with the same files is built."""
    left = shutil.ignore_patterns(*(line.removeprefix("**/") for line in IGNORED))
    shutil.copytree(ROOT, tmp_path / "context", ignore=lambda folder, names: left(folder, names) & set(names))

    whole, context = (_files_of_wheel(folder, tmp_path) for folder in (ROOT, tmp_path / "context"))

    assert context == whole
    assert "understudy/_house/spec/control.yaml" in context


def _files_of_wheel(source: Path, folder: Path) -> list[str]:
    target = folder / f"wheel-of-{source.name}"
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(source)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    return sorted(zipfile.ZipFile(next(target.glob("*.whl"))).namelist())


def _health(command: list[str], port: str) -> int:
    return subprocess.run(
        [sys.executable, *command[1:]],
        env={**os.environ, "PORT": port},
        stderr=subprocess.DEVNULL,
        timeout=PATIENCE,
        check=False,
    ).returncode
