"""All exchanges of a folder: which answers there are to a request, and in what order they came."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from app.recording import exchange
from app.recording.exchange import BrokenExchange, Exchange
from app.recording.normal import NormalRequest
from app.settings import BadSetting
from app.web.answer import Answer

NAME = re.compile(r"(\d{4,9})-[a-z0-9-]+")


class Recordings:
    """The exchanges in ``folder``, in the order of their numbers."""

    def __init__(self, folder: Path, exchanges: tuple[Exchange, ...]) -> None:
        self.folder = folder
        self._all = list(exchanges)
        self._by_request: defaultdict[str, list[Exchange]] = defaultdict(list)
        for one in exchanges:
            self._by_request[one.identity].append(one)
        self._seen: defaultdict[str, int] = defaultdict(int)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(tuple(self._all))

    def __len__(self) -> int:
        return len(self._all)

    def to(self, request: NormalRequest) -> tuple[Exchange, ...]:
        """Every answer to this request, in the order in which they came; none if it was never asked."""
        return tuple(self._by_request.get(request.identity, ()))

    def add(self, operation: str, request: NormalRequest, answer: Answer) -> Exchange | None:
        """Keep an exchange, unless the same answer is already kept where it belongs.

        Since the start the n-th answer to a request belongs where the n-th one was kept, and an answer
        that only repeats the one before it belongs there too. None: nothing was written.
        """
        kept, place = self._by_request[request.identity], self._seen[request.identity]
        if place < len(kept) and same(kept[place].answer(), answer):
            self._seen[request.identity] += 1
            return None
        if place > 0 and same(kept[place - 1].answer(), answer):
            return None
        written = exchange.write(self.folder / self._name(operation, request), request, answer)
        self._all.append(written)
        kept.append(written)
        self._seen[request.identity] = len(kept)
        return written

    def _name(self, operation: str, request: NormalRequest) -> str:
        number = max((_number(one) for one in self._all), default=0) + 1
        return f"{number:04d}-{request.facts['method'].lower()}-{operation}"


def open_recordings(folder: Path, setting: str) -> Recordings:
    """What is in ``folder``. Raises ``BadSetting`` with the name of the setting and what is wrong with which file."""
    try:
        names = [path for path in folder.iterdir() if NAME.fullmatch(path.name)]
        found = tuple(exchange.read(path) for path in sorted(names, key=_order))
    except BrokenExchange as problem:
        raise BadSetting(f"{setting}={str(folder)!r}: {problem}; mend or delete that recording") from problem
    except OSError as problem:
        raise BadSetting(f"{setting}={str(folder)!r}: {problem.strerror}") from problem
    return Recordings(folder, found)


def same(one: Answer, other: Answer) -> bool:
    """Whether two answers say the same; the id of an error, which is new each time, says nothing."""
    return (one.status, one.media_type, sorted(one.headers)) == (
        other.status,
        other.media_type,
        sorted(other.headers),
    ) and (one.body == other.body or (one.status >= 400 and _without_id(one.body) == _without_id(other.body)))


def _without_id(body: bytes) -> object:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return body
    return {name: part for name, part in value.items() if name != "id"} if isinstance(value, dict) else value


def _order(path: Path) -> tuple[int, str]:
    return int(path.name.partition("-")[0]), path.name


def _number(one: Exchange) -> int:
    return _order(one.folder)[0]
