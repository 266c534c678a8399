"""What a loaded analyst can do, and in how large pieces; knows no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from engines.analysis.types import Findings, Question
from engines.loading.model import Thrift, Watch
from engines.types import Pixels

AT_ONCE: Mapping[Thrift, int] = {Thrift.NONE: 16, Thrift.TILED: 4, Thrift.FRUGAL: 1}
"""Texts, or pairs of them, that go through the network together."""


class Reader(Protocol):
    """An analyst in memory, ready to answer."""

    def answer(self, question: Question, watch: Watch, thrift: Thrift) -> Findings | Pixels:
        """What the question's task asks for. Raises ``Stopped``.

        The same question gets the same answer, whatever was asked before.
        """
        ...
