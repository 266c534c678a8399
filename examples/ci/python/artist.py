"""A small client of the Stability API that a program could ship: pictures from prompts, or a reason why not."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

PNG_BEGINS = b"\x89PNG\r\n\x1a\n"
PNG_ENDS = b"IEND\xaeB`\x82"


class ArtistError(Exception):
    """No picture was made; the subclasses say why."""


class Refused(ArtistError):
    """The service understood the request and said no: ``status``, and its ``name`` and ``message`` for it."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(f"{status} {name}: {message}")
        self.status = status
        self.name = name


class Filtered(ArtistError):
    """The picture was withheld by the content filter; it cost nothing."""


class Unreachable(ArtistError):
    """No usable answer came: a timeout, a broken connection, half a picture, an answer of somebody else."""


@dataclass(frozen=True)
class Artist:
    """Asks ``host`` for pictures with ``key``; tries again where that can help, ``tries`` times in all."""

    host: str = field(default_factory=lambda: os.environ.get("API_HOST", "https://api.stability.ai"))
    key: str = field(default_factory=lambda: os.environ.get("STABILITY_API_KEY", ""))
    engine: str = "stable-diffusion-v1-6"
    seconds: float = 60.0
    tries: int = 1
    pause: Callable[[float], None] = time.sleep

    def draw(self, prompt: str, **parameters: object) -> bytes:
        """One PNG. Raises ``Refused``, ``Filtered`` or ``Unreachable``."""
        body = {"text_prompts": [{"text": prompt}], "steps": 10, **parameters}
        for left in range(self.tries - 1, -1, -1):
            try:
                return self._draw_once(body)
            except ArtistError as trouble:
                if not left or not _may_pass(trouble):
                    raise
                self.pause(1.0)
        raise ValueError("tries must be at least 1")

    def balance(self) -> float:
        """Credits."""
        answer = self._send("GET", "/v1/user/balance")
        return float(answer.json()["credits"])

    def engines(self) -> list[str]:
        """The ids of the engines."""
        return [engine["id"] for engine in self._send("GET", "/v1/engines/list").json()]

    def _draw_once(self, body: dict[str, object]) -> bytes:
        answer = self._send("POST", f"/v1/generation/{self.engine}/text-to-image", body)
        if answer.headers.get("Finish-Reason") == "CONTENT_FILTERED":
            raise Filtered("the content filter withheld the picture")
        if not (answer.content.startswith(PNG_BEGINS) and answer.content.endswith(PNG_ENDS)):
            raise Unreachable("the picture is not complete")
        return answer.content

    def _send(self, method: str, path: str, body: dict[str, object] | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}", "Accept": "image/png"}
        try:
            answer = requests.request(method, self.host + path, json=body, headers=headers, timeout=self.seconds)
        except requests.RequestException as trouble:
            raise Unreachable(type(trouble).__name__) from trouble
        promised = answer.headers.get("Content-Length", "")
        if promised and int(promised) != len(answer.content):
            raise Unreachable("the answer is not complete")
        if answer.ok:
            return answer
        raise _refusal(answer)


def _refusal(answer: requests.Response) -> ArtistError:
    try:
        told = answer.json()
        return Refused(answer.status_code, told["name"], told["message"])
    except (ValueError, KeyError, TypeError):
        return Unreachable(f"{answer.status_code} from somebody in between")


def _may_pass(trouble: ArtistError) -> bool:
    """Whether the same request may succeed a moment later."""
    if isinstance(trouble, Refused):
        return trouble.status >= 500 or trouble.name in {"rate_limit_exceeded", "too_many_requests"}
    return isinstance(trouble, Unreachable)
