"""What every example script promises to print or to leave behind, and whether it did."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

ASSETS = Path(__file__).resolve().parent.parent / "assets"
VERSIONS = ("v1alpha", "v1beta", "v1")
SERVICES = ("python", "curl")
"""The languages in which the operations of the other services are shown."""
SMALL, LARGE = (512, 512), (1024, 1024)
SENT = {SMALL: "init_image.png", LARGE: "init_image_1024.png"}
# How many pictures a script leaves behind, and their size in pixels.
PICTURES = {
    ("v1alpha", "text_to_image"): (2, SMALL),
    ("v1alpha", "image_to_image"): (1, SMALL),
    ("v1alpha", "masking"): (1, SMALL),
    ("v1beta", "text_to_image"): (2, SMALL),
    ("v1beta", "image_to_image"): (1, SMALL),
    ("v1beta", "masking"): (1, SMALL),
    ("v1", "text_to_image"): (1, LARGE),
    ("v1", "text_to_image_png"): (1, SMALL),
    ("v1", "image_to_image"): (1, LARGE),
    ("v1", "masking"): (1, SMALL),
    ("v1", "masking_alpha"): (1, SMALL),
    ("v1", "upscale"): (1, LARGE),
    ("serevix", "text_to_image"): (1, LARGE),
    ("serevix", "image_to_image"): (1, SMALL),
    ("aithriving", "core"): (1, LARGE),
    ("stablecog", "create"): (2, SMALL),
    ("stablecog", "init_image"): (1, SMALL),
    ("stativerse", "image_generation"): (1, SMALL),
    ("stativerse", "image_edit"): (1, SMALL),
}
# These send a picture and ask for a different one of the same size.
REDRAWN = {"image_to_image", "masking", "masking_alpha", "image_edit"}
# The keys that the answer printed by the other scripts must have.
PRINTED = {
    **{(version, "list_engines"): {"id", "name", "description", "type"} for version in VERSIONS},
    **{(version, "account"): {"id", "email", "organizations"} for version in VERSIONS},
    **{(version, "balance"): {"credits"} for version in VERSIONS},
    ("stablecog", "models"): {"models"},
    ("stablecog", "defaults"): {"model_id", "scheduler_id", "width", "height", "num_outputs", "prompt_strength"},
    ("stablecog", "outputs"): {"total_count", "outputs"},
    ("stablecog", "credits"): {"total_remaining_credits", "credits"},
    ("stativerse", "classification"): {"ok", "data", "error"},
    ("stativerse", "sentence"): {"ok", "data", "error"},
}


class Failed(Exception):
    """An example did not do what it promises; the message says what was seen."""


@dataclass(frozen=True)
class Case:
    """One script: its language, the version of the API or another service, and the operation it shows."""

    language: str
    version: str
    operation: str

    def __str__(self) -> str:
        return f"{self.language}/{self.version}/{self.operation}"


def cases(language: str) -> list[Case]:
    """Every script that a language must have."""
    shown = [*PRINTED, *PICTURES]
    return [Case(language, *one) for one in shown if one[0] in VERSIONS or language in SERVICES]


def check(case: Case, printed: str, out: Path) -> str:
    """Check what a script printed and wrote, and tell it in a few words. Raises ``Failed``."""
    printing = (case.version, case.operation) in PRINTED
    return check_printed(case, printed) if printing else check_pictures(case, out)


def check_printed(case: Case, printed: str) -> str:
    """The answer must be JSON with the keys of its operation; only v1alpha wraps the list of engines."""
    keys = PRINTED[case.version, case.operation]
    try:
        answer: Any = json.loads(printed)
        if case.operation == "list_engines":
            rows = answer["engines"] if case.version == "v1alpha" else answer
        else:
            rows = [answer]
        complete = bool(rows) and all(set(row) >= keys for row in rows)
    except (ValueError, TypeError, KeyError) as problem:
        raise Failed(f"printed {tail(printed)!r}, which is no {case.operation} answer") from problem
    if not complete:
        raise Failed(f"printed {tail(printed)!r}; expected the keys {', '.join(sorted(keys))}")
    return f"{len(rows)} x {', '.join(rows[0])}"


def check_pictures(case: Case, out: Path) -> str:
    """Exactly the promised pictures must be there, well named, readable, RGB and of the right size."""
    count, size = PICTURES[case.version, case.operation]
    pattern = re.compile(rf"{case.language}_{case.version}_{case.operation}_[0-9]+\.png")
    names = sorted(path.name for path in out.glob("*"))
    if len(names) != count or not all(map(pattern.fullmatch, names)):
        raise Failed(f"expected {count} x {pattern.pattern}, found {', '.join(names) or 'nothing'}")
    for name in names:
        try:
            with Image.open(out / name) as picture:
                picture.load()
        except OSError as problem:
            raise Failed(f"{name}: {problem}") from problem
        if (picture.format, picture.mode, picture.size) != ("PNG", "RGB", size):
            raise Failed(f"{name} is {picture.format} {picture.mode} {picture.size}, expected PNG RGB {size}")
        if case.operation in REDRAWN and not differs(picture, SENT[size]):
            raise Failed(f"{name} is the init image, nothing was drawn")
    return f"{count} x {size[0]}x{size[1]}"


def differs(picture: Image.Image, sent: str) -> bool:
    """Whether any pixel is another than in the picture that was sent."""
    with Image.open(ASSETS / sent) as original:
        return ImageChops.difference(picture, original).getbbox() is not None


def tail(text: str) -> str:
    """The last lines of a program's output, short enough for a table."""
    return " | ".join(line.strip() for line in text.strip().splitlines()[-8:] if line.strip())[-700:]
