"""`understudy` with the contracts that the variable BENCH_CONTRACTS names, or all; no setting leaves any away."""

from __future__ import annotations

import os
import sys

from app import main
from app.cli import main as command

names = os.environ["BENCH_CONTRACTS"].split()
main.SERVED = tuple(kind for kind in main.SERVED if not names or kind.contract in names)
sys.exit(command())
