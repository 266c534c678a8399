"""Fetches one large file so that a broken download goes on later, and explains what went wrong.

The Hub's own library goes on after a cut only while its process lives: it writes under a name of its
own each time and deletes what it has when it gives up. So what is large is fetched here, into the place
where that library looks for it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

PARTIAL = ".understudy"
"""The end of the name of what has come so far."""
PIECE = 2**20


class PullFailed(Exception):
    """A download did not come to its end; the message says why, and what helps."""


def fetch(url: str, target: Path, *, name: str, sha256: str | None, headers: Mapping[str, str] | None = None) -> None:
    """Download ``url`` to ``target`` with a progress bar, from where an earlier try stopped.

    ``sha256`` is what the content must have, if that is known; a file that has not is deleted.
    Raises ``PullFailed`` then, and the errors of the Hub's library.
    """
    from huggingface_hub.file_download import http_get  # noqa: PLC0415 -- slow, and of the extra "gpu"

    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}{PARTIAL}")
    with _alone(target.with_name(f"{target.name}.lock")):
        if target.exists():
            return
        if not (sha256 and partial.exists() and checksum(partial) == sha256):
            with partial.open("ab") as file:
                http_get(url, file, resume_size=file.tell(), headers=dict(headers or {}), displayed_filename=name)
            if sha256 and (found := checksum(partial)) != sha256:
                partial.unlink()
                raise PullFailed(f"{name} has the checksum {found}, not {sha256}: it is not kept")
        partial.replace(target)


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Two that pull at once would write into one file; the second waits, and finds it there."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def checksum(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


@contextlib.contextmanager
def explained(what: str, revision: str | None = None) -> Iterator[None]:
    """Turn the errors of the Hub's library, of the network and of the disk into ``PullFailed``."""
    from huggingface_hub import errors  # noqa: PLC0415 -- slow, and of the extra "gpu"

    try:
        yield
    except errors.GatedRepoError as problem:
        raise PullFailed(
            f"{what} is gated: accept its licence on its page on the Hub, make a token there, "
            f"and put it into HF_TOKEN or run `hf auth login`"
        ) from problem
    except errors.RevisionNotFoundError as problem:
        raise PullFailed(f"{what} has no revision {revision!r}") from problem
    except errors.RepositoryNotFoundError as problem:
        raise PullFailed(
            f"the Hub has no repository {what}, or a private one: check the name, "
            f"or put a token that may read it into HF_TOKEN"
        ) from problem
    except errors.HfHubHTTPError as problem:
        raise PullFailed(f"{what}: the server answered {problem.response.status_code}") from problem
    except (_transport_error(), errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled) as problem:
        raise PullFailed(
            f"{what} cannot be reached, or the connection broke ({_first_line(problem)}); "
            f"what has come is kept: the same command goes on from there"
        ) from problem
    except OSError as problem:
        if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise PullFailed(f"{what}: the disk is full; make room, and the same command goes on") from problem
        raise PullFailed(f"{what}: {_first_line(problem)}") from problem


def _transport_error() -> type[Exception]:
    """The root of the HTTP client's errors, which the Hub's library has changed between its versions."""
    from huggingface_hub import errors  # noqa: PLC0415 -- slow, and of the extra "gpu"

    root: type[Exception] = vars(errors)["HTTPError"]
    return root


def _first_line(problem: Exception) -> str:
    return next(iter(str(problem).splitlines()), "") or type(problem).__name__
