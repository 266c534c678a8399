"""Clients that ask for pictures all the time, each for the next as soon as it has one, in a process of their own.

`python -m benchmarks.crowd URL CLIENTS SIDE SECONDS` writes how many pictures each client got, as a JSON list.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.subject import KEY, ROOT, Subject

ENGINE = "stable-diffusion-xl-1024-v1-0"
WORDS = "a lighthouse on a cliff at sunset, sailing boats, gulls"
PIECE = 1 << 18
STAND_BACK = 10


def main() -> None:
    """Ask until the time is over, and say who got how much; other clients have machines of their own, so stand back."""
    os.nice(STAND_BACK)
    url, clients, side, seconds = sys.argv[1], *map(int, sys.argv[2:5])
    subject = Subject(url, 0)
    finished = [0] * clients
    end = time.monotonic() + seconds

    def keep_asking(client: int) -> None:
        connection = subject.connect()
        while time.monotonic() < end:
            ask_for_picture(connection, side, client * 100_000 + finished[client] + 1)
            finished[client] += 1

    threads = [threading.Thread(target=keep_asking, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps(finished))


@contextmanager
def crowd(subject: Subject, clients: int, side: int, seconds: int) -> Iterator[subprocess.Popen[str]]:
    """The clients at work; what they write can be read once their time is over."""
    command = [sys.executable, "-m", "benchmarks.crowd", subject.url, str(clients), str(side), str(seconds)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- ourselves
        try:
            yield process
        finally:
            process.kill()


def ask_for_picture(
    connection: http.client.HTTPConnection, side: int, seed: int, *, samples: int = 1, media: str = "image/png"
) -> int:
    """How many bytes the answer has; anything but a 200 ends the program."""
    body = {"text_prompts": [{"text": WORDS}], "width": side, "height": side, "seed": seed, "samples": samples}
    headers = {"Authorization": f"Bearer {KEY}", "Accept": media, "Content-Type": "application/json"}
    connection.request("POST", f"/v1/generation/{ENGINE}/text-to-image", json.dumps(body), headers)
    answer = connection.getresponse()
    size, piece = 0, bytearray(PIECE)
    while got := answer.readinto(piece):
        size += got
    if answer.status != 200:
        raise SystemExit(f"asked for a picture, got status {answer.status}: {bytes(piece[:200]).rstrip(bytes(1))!r}")
    return size


if __name__ == "__main__":
    main()
