"""What a world refuses to hold or cannot find."""

from __future__ import annotations

from app.errors import CounterError


class WorldRefused(CounterError):
    """The root of what is wrong with a wish about a world."""

    code = "world_refused"


class Full(WorldRefused):
    """A world holds as many ``what`` (rules, snapshots) as it may: ``most``."""

    code = "full"

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"a world holds at most {most} {what}")
        self.what = what
        self.most = most


class NoSuchSnapshot(WorldRefused):
    """No snapshot has this name."""

    code = "no_such_snapshot"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no snapshot {name}")
        self.name = name
