"""`understudy` with the contracts that the variable BENCH_CONTRACTS names, or all; no setting leaves any away."""

from __future__ import annotations

import os
import sys

from app.cli import main
from app.dialects import served

names = os.environ["BENCH_CONTRACTS"].split()
served.SERVED = tuple(kind for kind in served.SERVED if not names or kind.contract in names)
sys.exit(main())
