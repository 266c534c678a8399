"""Reads the keys that say how weights run, whatever they are for: on which device and in which precision."""

from __future__ import annotations

import re

from engines.weights.setup import AUTO
from engines.weights.table import Table

DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d{1,2})?")
DTYPES = (AUTO, "float32", "float16", "bfloat16")


def read_device(table: Table) -> str:
    """The device that a table names. Raises ``BadWorkshop``."""
    name = table.text("device") or AUTO
    if not DEVICE.fullmatch(name):
        raise table.refused("device", "auto, cpu, mps, cuda or cuda:0, cuda:1, …")
    return numbered(name)


def numbered(device: str) -> str:
    """Plain ``cuda`` is the first of its kind; under two names a device would get two workers."""
    return "cuda:0" if device == "cuda" else device


def read_dtype(table: Table) -> str:
    """The precision that a table names. Raises ``BadWorkshop``."""
    return table.choice("dtype", DTYPES) or AUTO
