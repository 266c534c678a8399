"""Microseconds of the processor that checking, charging and judging take around a remembered picture, without a store.

Run it in a checkout: `python benchmarks/counter.py`.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvloop

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.accounts.model import Account, Caller, Charge  # noqa: E402 -- only now on the path
from app.darkroom import Darkroom  # noqa: E402
from app.desk import Desk  # noqa: E402
from app.filters import PromptFilter, WordOutputFilter, read_list  # noqa: E402
from app.studio import Studio  # noqa: E402
from app.till import Till  # noqa: E402
from engines.catalog import CARDS  # noqa: E402
from engines.memory import Memory  # noqa: E402
from engines.registry import Registry  # noqa: E402
from engines.sketch import SketchFamily  # noqa: E402
from engines.types import GenerationRequest, Prompt, Task  # noqa: E402

CALLER = Caller(Account("user-1", "a@example.com", "", ()), "org-1", "key-1", 10_000_000)
PROMPTS = (Prompt("a lighthouse on a cliff at sunset, sailing boats, gulls"),)
TIMES, ROUNDS = 2000, 7


class Willing:
    """A ledger that agrees to everything, one turn of the event loop later."""

    async def balance(self, organization_id: str) -> int:
        """Always the same."""
        return 1

    async def reserve(self, charge: Charge) -> int:
        """Agree."""
        await asyncio.sleep(0)
        return 1

    async def give_back(self, charge_id: str, amount: int, reason: str) -> None:
        """Agree."""

    async def settle(self, charge_id: str) -> None:
        """Agree."""
        await asyncio.sleep(0)

    async def release(self, charge_id: str, reason: str) -> None:
        """Agree."""


async def main() -> None:
    """Measure one sample and ten, and write a line for each."""
    hands, memory = ThreadPoolExecutor(2), Memory(2**28)
    family = SketchFamily(hands, memory=memory)
    prompts = PromptFilter(read_list(None, "prompt.txt", ""))
    pictures = WordOutputFilter(read_list(None, "output.txt", ""))
    registry, darkroom = Registry({card.id: family for card in CARDS}, CARDS), Darkroom(hands, memory)
    studio = Studio(registry, Till(Willing(), time.time), prompts, pictures, Desk(2, 128), darkroom, 120)
    for samples in (1, 10):
        request = GenerationRequest(
            Task.TEXT_TO_IMAGE, "stable-diffusion-v1-6", 512, 512, 7, prompts=PROMPTS, samples=samples
        )
        await bought(studio, request)
        spent = [await measured(studio, request) for _ in range(ROUNDS)]
        sys.stdout.write(f"{samples} remembered: {statistics.median(spent):.1f} us, at best {min(spent):.1f}\n")
    registry.close()


async def measured(studio: Studio, request: GenerationRequest) -> float:
    """Microseconds of the processor for one request."""
    began = time.process_time()
    for _ in range(TIMES):
        await bought(studio, request)
    return (time.process_time() - began) / TIMES * 1e6


async def bought(studio: Studio, request: GenerationRequest) -> None:
    """One request, delivered to nobody."""
    async with studio.generate(CALLER, request):
        pass


if __name__ == "__main__":
    uvloop.run(main())
