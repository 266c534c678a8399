"""How long a light request takes while many clients have pictures drawn, against the same on an idle server.

`make latency` runs it. One client asks for its balance at a fixed pace, first alone, then beside a crowd that has
1024x1024 pictures drawn all the time. A request that had to wait for the one before it counts from when it was due.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.crowd import crowd
from benchmarks.subject import KEY, Subject, choices, chosen, processor

RAMP = 2.0
"""Seconds until the crowd is at work; nothing is counted before."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Milliseconds, sorted."""

    all: tuple[float, ...]

    def at(self, share: float) -> float:
        """What this share of the requests took at most."""
        return self.all[min(len(self.all) - 1, int(len(self.all) * share))]

    def __str__(self) -> str:
        return f"{self.at(0.5):.2f} | {self.at(0.9):.2f} | {self.at(0.99):.2f} | {self.all[-1]:.1f} | {len(self.all)}"


def main() -> None:
    """Measure and write a table."""
    options = _options()
    with chosen(options) as subject:
        ask(subject, 100, 0.5)  # Warm.
        idle = ask(subject, options.pace, options.seconds)
        with crowd(subject, options.clients, options.side, round(options.seconds + 2 * RAMP)) as process:
            time.sleep(RAMP)
            before = processor(subject.pid)
            busy = ask(subject, options.pace, options.seconds)
            spent = processor(subject.pid) - before
            drawn = json.loads(process.communicate()[0])
    used = spent / options.seconds
    sys.stdout.write(
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} processors, {options.clients} clients, side {options.side}\n\n"
        "| GET balance, ms | p50 | p90 | p99 | most | requests |\n|--|--:|--:|--:|--:|--:|\n"
        f"| idle | {idle} |\n| beside the crowd | {busy} |\n\n"
        f"p99 beside the crowd is {busy.at(0.99) / idle.at(0.5):.1f} times the idle p50. The crowd got {sum(drawn)} "
        f"pictures, each client {min(drawn)} to {max(drawn)}; the server used {used:.2f} processors.\n"
    )


def ask(subject: Subject, pace: float, seconds: float) -> Waits:
    """Ask for the balance so many times in a second; every request must be answered with 200."""
    address = urlsplit(subject.url)
    head = f"GET /v1/user/balance HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()
    waits = []
    with socket.create_connection((address.hostname, address.port), timeout=60) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        due = time.perf_counter()
        end = due + seconds
        while due < end:
            early = due - time.perf_counter()
            if early > 0:
                time.sleep(early)
            began = time.perf_counter() if early > 0 else due
            _exchange(line, head)
            waits.append((time.perf_counter() - began) * 1000)
            due += 1 / pace
    return Waits(tuple(sorted(waits)))


def _exchange(line: socket.socket, head: bytes) -> None:
    line.sendall(head)
    answer = b""
    while not answer.endswith(b"}"):
        piece = line.recv(65536)
        if not piece:
            raise SystemExit("the server closed the connection")
        answer += piece
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"asked for the balance, got {answer!r}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make latency", description=__doc__, parents=[choices()])
    parser.add_argument("--clients", type=int, default=32, help="how many have pictures drawn (32)")
    parser.add_argument("--side", type=int, default=1024, help="width and height of their pictures (1024)")
    parser.add_argument("--seconds", type=float, default=15, help="how long each of both takes (15)")
    parser.add_argument("--pace", type=float, default=50, help="light requests in a second (50)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
