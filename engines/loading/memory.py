"""How much memory this process may use, and how to hand memory back to the system; nothing here knows torch."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_CGROUP = Path("/proc/self/cgroup")
_MOUNT = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 60
"""Version 1 of cgroups writes "no limit" as a number near 2^63."""


def allowed(cgroup: Path = _CGROUP, mount: Path = _MOUNT) -> int:
    """Bytes of RAM: what the machine has, or less where a container or a service unit is held to less."""
    return min([_installed(), *_limits(cgroup, mount)])


def give_back() -> None:
    """Return freed memory to the system. Only glibc keeps it for itself; elsewhere there is nothing to do."""
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        return  # another C library than glibc


def _installed() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _limits(cgroup: Path, mount: Path) -> list[int]:
    """Every limit that holds here: a group is also bound by those it lies in."""
    try:
        lines = cgroup.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []  # no Linux, or one without cgroups
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            found += _upwards(mount, path, "memory.max")
        elif "memory" in controllers.split(","):
            found += _upwards(mount / "memory", path, "memory.limit_in_bytes")
    return [limit for limit in found if limit < _UNLIMITED]


def _upwards(root: Path, path: str, name: str) -> list[int]:
    """The limits from the root of the hierarchy down to our group. In a container the path may not exist."""
    group = Path(path.lstrip("/"))
    files = [root / part / name for part in (group, *group.parents)]
    texts = [file.read_text(encoding="utf-8").strip() for file in files if file.is_file()]
    return [int(text) for text in texts if text.isdigit()]
