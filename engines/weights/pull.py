"""Downloads weights: only the files that are read, into the Hub's cache, going on where a download was cut."""

from __future__ import annotations

import glob
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.weights import layout
from engines.weights.disk import INSTALL, hub_installed, url_file
from engines.weights.fetch import PARTIAL, PullFailed, checksum, explained, fetch
from engines.weights.layout import Layout
from engines.weights.setup import Source

if TYPE_CHECKING:
    from huggingface_hub import HfApi

Say = Callable[[str], None]
"""Takes one line about what is going on."""
Choose = Callable[[frozenset[str]], Layout]
"""Picks, from the names of all files of a repository, those that are wanted."""
LARGE = 10_000_000
"""Files of so many bytes are worth going on with."""
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Puller:
    """Downloads into ``cache``, the user's standard one if None, from ``endpoint``, the Hub itself if None."""

    cache: Path | None
    say: Say
    endpoint: str | None = None

    def pull(self, source: Source) -> None:
        """Download what is missing of ``source`` and of its configuration. Raises ``PullFailed``."""
        if not source.local:
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

        with explained(repository, revision):
            info = self._api().model_info(repository, revision=revision, files_metadata=True)
        sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
        chosen = choose(frozenset(sizes))
        if chosen.missing:
            raise PullFailed(f"{repository} lacks {', '.join(chosen.missing)}")
        absent = {
            name: sizes[name] for name in chosen.files if not self._whole(repository, info.sha, name, sizes[name])
        }
        total = f"{len(chosen.files)} files, {readable(sum(sizes[name] for name in chosen.files))}"
        if not absent:
            self.say(f"{repository}: {total}, on the disk already")
        else:
            self.say(f"{repository}: {total}, of which {readable(sum(absent.values()))} are to be downloaded")
        with explained(repository, revision):
            self._make_sure_of_room(repository, sum(absent.values()))
            for name in (name for name, size in absent.items() if size >= LARGE):
                self._fetch_large(repository, info.sha or "main", name)
            snapshot_download(
                repository,
                revision=revision,
                cache_dir=self.cache,
                endpoint=self.endpoint,
                # These are patterns: brackets in a name would be read as a set of letters.
                allow_patterns=[glob.escape(name) for name in chosen.files],
            )

    def _fetch_large(self, repository: str, commit: str, name: str) -> None:
        """Fetch one file to where the Hub's library, which then gives it its name, looks for its content."""
        from huggingface_hub import get_hf_file_metadata, get_token, hf_hub_url  # noqa: PLC0415 -- of the extra "gpu"

        url = hf_hub_url(repository, name, revision=commit, endpoint=self.endpoint)
        etag = get_hf_file_metadata(url, endpoint=self.endpoint).etag
        if etag is None:
            return
        # The tag of a large file is its checksum.
        known = etag if SHA256.fullmatch(etag) else None
        token = get_token()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        fetch(url, self._blobs(repository) / etag, name=name, sha256=known, headers=headers)

    def _whole(self, repository: str, commit: str | None, name: str, size: int) -> bool:
        """Whether a file is in the cache; a broken one is taken out of it."""
        from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415 -- of the extra "gpu"

        found = try_to_load_from_cache(repository, name, cache_dir=self.cache, revision=commit)
        content = Path(found).resolve() if isinstance(found, str) else None
        if content is None or not content.exists():
            return False
        if _as_promised(content, size):
            return True
        self.say(f"{repository}: {name} is broken, and is downloaded again")
        content.unlink()
        return False

    def _folder(self) -> Path:
        from huggingface_hub.constants import HF_HUB_CACHE  # noqa: PLC0415 -- reads the environment

        return self.cache or Path(HF_HUB_CACHE).expanduser()

    def _blobs(self, repository: str) -> Path:
        """Where the Hub's library keeps the contents of a repository's files, named by their tags."""
        from huggingface_hub.file_download import repo_folder_name  # noqa: PLC0415 -- of the extra "gpu"

        return self._folder() / repo_folder_name(repo_id=repository, repo_type="model") / "blobs"

    def _make_sure_of_room(self, repository: str, size: int) -> None:
        """Fail before a download that cannot end well."""
        self._folder().mkdir(parents=True, exist_ok=True)
        needed = size - sum(path.stat().st_size for path in self._blobs(repository).glob(f"*{PARTIAL}"))
        free = shutil.disk_usage(self._folder()).free
        if free < needed:
            room = f"{readable(needed)} do not fit into {self._folder()}: {readable(free)} are free"
            raise PullFailed(f"{repository}: {room}")

    def _index(self, repository: str, revision: str | None) -> dict[str, Any]:  # JSON
        from huggingface_hub import hf_hub_download  # noqa: PLC0415 -- slow, and of the extra "gpu"

        with explained(repository, revision):
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
        target = url_file(source, self.cache)
        if not target.exists():
            self.say(url)
        elif checksum(target) == source.sha256:
            self.say(f"{url}: {readable(target.stat().st_size)}, on the disk already")
            return
        else:
            self.say(f"{url}: broken on the disk, and is downloaded again")
            target.unlink()
        with explained(url):
            fetch(url, target, name=target.name, sha256=source.sha256)


def readable(size: int) -> str:
    """Bytes for people: 2.1 GB."""
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if size >= 10**power:
            return f"{size / 10**power:.1f} {unit}"
    return f"{size} B"


def _as_promised(content: Path, size: int) -> bool:
    """Whether a file of the Hub's cache has its size, and the content that large ones are named by."""
    if size and content.stat().st_size != size:
        return False
    return not SHA256.fullmatch(content.name) or checksum(content) == content.name


def _need_hub() -> None:
    if not hub_installed():
        raise PullFailed(f"downloading needs huggingface_hub: {INSTALL}")


def _absent(name: str, names: frozenset[str]) -> tuple[str, ...]:
    """In words, that a file is not there, and what is."""
    if name in names:
        return ()
    others = sorted(other for other in names if other.endswith(layout.STEMS[0][0]))
    return (f"the file {name}" + (f" (it has {', '.join(others)})" if others else ""),)
