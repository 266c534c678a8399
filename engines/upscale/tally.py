"""Progress over tiles, whatever a tile's work is."""

from __future__ import annotations

from engines.loading.model import Watch


class Tally:
    """Counts the pieces of work of one picture up to ``total``, and tells whoever watches, from 0 on."""

    def __init__(self, watch: Watch, total: int) -> None:
        self._watch = watch
        self._total = total
        self._done = 0
        watch.step(0, total)

    def next(self) -> None:
        """One more piece is done. Raises ``Stopped``."""
        self._done += 1
        self._watch.step(self._done, self._total)
