"""Downloads weights: only the files that are read, into the Hub's cache, going on where a download was cut."""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.weights import layout
from engines.weights.disk import INSTALL, hub_installed, url_file
from engines.weights.layout import Layout
from engines.weights.setup import Source

if TYPE_CHECKING:
    from huggingface_hub import HfApi

Say = Callable[[str], None]
"""Takes one line about what is going on."""
Choose = Callable[[frozenset[str]], Layout]
"""Picks, from the names of all files of a repository, those that are wanted."""
PIECE = 2**20


class PullFailed(Exception):
    """A download did not come to its end; the message says why, and what helps."""


@dataclass(frozen=True, slots=True)
class Puller:
    """Downloads into ``cache``, the user's standard one if None, from ``endpoint``, the Hub itself if None."""

    cache: Path | None
    say: Say
    endpoint: str | None = None

    def pull(self, source: Source) -> None:
        """Download what is missing of ``source`` and of its configuration. Raises ``PullFailed``."""
        if source.path is None or (source.config and not Path(source.config).is_absolute()):
            _need_hub()
        if source.url:
            self._pull_url(source, source.url)
        elif source.hub:
            self._pull_hub(source, source.hub)
        if source.config and not Path(source.config).is_absolute():
            self._pull_config(source.config)

    def _pull_hub(self, source: Source, repository: str) -> None:
        def choose(names: frozenset[str]) -> Layout:
            if source.file:
                return Layout((source.file,) if source.file in names else (), _absent(source.file, names))
            if layout.INDEX not in names:
                return layout.single(names, source.variant, source.pickle)
            index = self._index(repository, source.revision)
            return layout.pipeline(index, names, source.variant, source.pickle)

        self._fetch(repository, source.revision, choose)

    def _pull_config(self, repository: str) -> None:
        def choose(names: frozenset[str]) -> Layout:
            if layout.INDEX not in names:
                return Layout((), (layout.INDEX,))
            return layout.configuration(self._index(repository, None), names)

        self._fetch(repository, None, choose)

    def _fetch(self, repository: str, revision: str | None, choose: Choose) -> None:
        """Download the chosen files of a repository that are not in the cache yet."""
        from huggingface_hub import snapshot_download  # noqa: PLC0415 -- slow, and of the extra "gpu"

        with _explained(repository, revision):
            info = self._api().model_info(repository, revision=revision, files_metadata=True)
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
        chosen = choose(frozenset(sizes))
        if chosen.missing:
            raise PullFailed(f"{repository} lacks {', '.join(chosen.missing)}")
        self.say(f"{repository}: {len(chosen.files)} files, {readable(sum(sizes[name] for name in chosen.files))}")
        with _explained(repository, revision):
            snapshot_download(
                repository,
                revision=revision,
                cache_dir=self.cache,
                endpoint=self.endpoint,
                # These are patterns: brackets in a name would be read as a set of letters.
                allow_patterns=[glob.escape(name) for name in chosen.files],
            )

    def _index(self, repository: str, revision: str | None) -> dict[str, Any]:  # JSON
        from huggingface_hub import hf_hub_download  # noqa: PLC0415 -- slow, and of the extra "gpu"

        with _explained(repository, revision):
            path = hf_hub_download(
                repository, layout.INDEX, revision=revision, cache_dir=self.cache, endpoint=self.endpoint
            )
        try:
            index = json.loads(Path(path).read_text(encoding="utf-8"))
        except ValueError as problem:
            raise PullFailed(f"{repository}: {layout.INDEX} is not JSON") from problem
        return index if isinstance(index, dict) else {}

    def _api(self) -> HfApi:
        from huggingface_hub import HfApi  # noqa: PLC0415 -- slow, and of the extra "gpu"

        return HfApi(endpoint=self.endpoint)

    def _pull_url(self, source: Source, url: str) -> None:
        """Download one file from elsewhere; it gets its name when its content is what was promised."""
        from huggingface_hub.file_download import http_get  # noqa: PLC0415 -- slow, and of the extra "gpu"

        target = url_file(source, self.cache)
        if target.exists():
            self.say(f"{source.label}: {readable(target.stat().st_size)}, on the disk already")
            return
        partial = target.with_name(f"{target.name}.incomplete")
        self.say(source.label)
        with _explained(source.label, None):
            target.parent.mkdir(parents=True, exist_ok=True)
            if not (partial.exists() and _sha256(partial) == source.sha256):
                with partial.open("ab") as file:
                    http_get(url, file, resume_size=file.tell(), displayed_filename=target.name)
            found = _sha256(partial)
            if found == source.sha256:
                partial.replace(target)
                return
            partial.unlink()
        raise PullFailed(f"{source.label} has the checksum {found}, not {source.sha256}: it is not kept")


def readable(size: int) -> str:
    """Bytes for people: 2.1 GB."""
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if size >= 10**power:
            return f"{size / 10**power:.1f} {unit}"
    return f"{size} B"


def _need_hub() -> None:
    if not hub_installed():
        raise PullFailed(f"downloading needs huggingface_hub: {INSTALL}")


def _absent(name: str, names: frozenset[str]) -> tuple[str, ...]:
    """In words, that a file is not there, and what is."""
    if name in names:
        return ()
    others = sorted(other for other in names if other.endswith(layout.STEMS[0][0]))
    return (f"the file {name}" + (f" (it has {', '.join(others)})" if others else ""),)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


@contextlib.contextmanager
def _explained(what: str, revision: str | None) -> Iterator[None]:
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
