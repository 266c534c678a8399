"""A tiny server that speaks the part of the Hugging Face Hub's HTTP API that its client library uses."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote, urlsplit

COMMIT, OLDER = "c" * 40, "d" * 40


@dataclass(frozen=True)
class Asked:
    """A request for the content of a file."""

    name: str
    range: str | None


@dataclass
class Hub:
    """Serves ``repositories``, each a mapping of names to contents, and ``files`` below ``/files/``.

    ``older`` holds what a repository was at the commit ``OLDER``.
    Whoever shows ``token`` is let into those that are ``gated``.
    ``cuts`` holds, by file name, after how many bytes the connection is dropped: one number for each
    time the file is asked for, until they are used up.
    """

    repositories: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    gated: frozenset[str] = frozenset()
    token: str = "hf_let_me_in"
    older: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    cuts: dict[str, list[int]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Listen on a free port."""
        hub = self

        class Answering(_Answering):
            served = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def names(self) -> set[str]:
        """The files whose content was asked for."""
        return {asked.name for asked in self.asked}


class _Answering(BaseHTTPRequestHandler):
    served: Hub
    _commit = COMMIT
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the library's name
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        words = unquote(urlsplit(self.path).path).strip("/").split("/")
        if words[0] == "files":
            self._file("/".join(words[1:]), self.served.files)
        elif words[:2] == ["api", "models"]:
            self._model("/".join(words[2:4]), words[4:])
        elif words[0] == "api":
            self._refuse(404, "EntryNotFound")
        else:
            self._resolve("/".join(words[:2]), words[3], "/".join(words[4:]))

    def _model(self, repository: str, rest: list[str]) -> None:
        files = self._repository(repository, rest[1] if len(rest) > 1 else "main")
        if files is None:
            return
        listed = [(name, len(data), _digest(data)) for name, data in files.items()]
        if rest and rest[0] == "tree":
            self._json([{"type": "file", "path": name, "size": size, "oid": oid} for name, size, oid in listed])
        else:
            siblings = [{"rfilename": name, "size": size, "blobId": oid} for name, size, oid in listed]
            self._json({"id": repository, "sha": self._commit, "siblings": siblings})

    def _resolve(self, repository: str, revision: str, name: str) -> None:
        if repository in self.served.gated and self.headers.get("Authorization") != f"Bearer {self.served.token}":
            self._refuse(403, "GatedRepo")
            return
        files = self._repository(repository, revision)
        if files is not None:
            self._file(name, files)

    def _repository(self, repository: str, revision: str) -> Mapping[str, bytes] | None:
        """The files of a repository, or None once the client is told why there are none."""
        self._commit = OLDER if revision == OLDER else COMMIT
        if revision == OLDER and repository in self.served.older:
            return self.served.older[repository]
        if repository not in self.served.repositories:
            self._refuse(401, "GatedRepo" if repository in self.served.gated else "RepoNotFound")
        elif revision not in {"main", COMMIT}:
            self._refuse(404, "RevisionNotFound")
        else:
            return self.served.repositories[repository]
        return None

    def _file(self, name: str, files: Mapping[str, bytes]) -> None:
        if name not in files:
            self._refuse(404, "EntryNotFound")
            return
        data, wanted = files[name], self.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("ETag", f'"{_digest(data)}"')
        self.send_header("X-Repo-Commit", self._commit)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if self.command == "GET":
            self.served.asked.append(Asked(name, wanted))
            self._send(name, data[start:])

    def _send(self, name: str, data: bytes) -> None:
        cuts = self.served.cuts.get(name)
        if not cuts:
            self.wfile.write(data)
            return
        self.wfile.write(data[: cuts.pop(0)])
        self.wfile.flush()
        self.close_connection = True

    def _json(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
