"""How the owner wants engines to run, as plain data that can cross a pipe."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

from engines.analysis.types import Analysis
from engines.types import Sampler

AUTO = "auto"


class Kind(enum.StrEnum):
    """Which code runs a checkpoint."""

    DIFFUSION = "diffusion"
    LATENT_UPSCALER = "latent-upscaler"
    ESRGAN = "esrgan"


class LongPrompts(enum.StrEnum):
    """What becomes of a prompt that the text encoder cannot read in one go."""

    CUT = "cut"
    """The rest is not read, as on the real service."""
    CHUNKS = "chunks"
    """It is read in pieces of 75 tokens, whose embeddings are laid end to end."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where weights come from: exactly one of ``hub``, a repository of the Hub, ``path`` and ``url``.

    ``path`` is a folder in diffusers' layout or one file; ``file`` names one file inside ``hub``.
    ``url`` is one file elsewhere on the web, known by the ``sha256`` of its content, in hexadecimal.
    For one file, ``config`` is the folder or the repository whose configuration and tokenizer fit it.
    ``pickle`` allows files that are not safetensors (they are then read with ``weights_only``).
    """

    hub: str | None = None
    path: Path | None = None
    revision: str | None = None
    file: str | None = None
    variant: str | None = None
    config: str | None = None
    pickle: bool = False
    url: str | None = None
    sha256: str | None = None

    @property
    def label(self) -> str:
        """What people call it: the repository, with the file in it if it is one, the path or the address."""
        if self.hub is None:
            return self.url or str(self.path)
        return f"{self.hub}/{self.file}" if self.file else self.hub

    @property
    def local(self) -> bool:
        """Whether all of it lies where the owner put it, so that there is nothing to download."""
        return self.path is not None and (self.config is None or Path(self.config).is_absolute())


@dataclass(frozen=True, slots=True)
class Located:
    """Weights found on the disk: a folder in diffusers' layout, or one file and the folder that explains it.

    ``variant`` is what some weights file of ``folder`` has in its name; components without a file of
    that variant have a plain one.
    """

    folder: Path | None = None
    file: Path | None = None
    config: Path | None = None
    variant: str | None = None
    pickle: bool = False


@dataclass(frozen=True, slots=True)
class EngineSetup:
    """How one engine runs."""

    engine_id: str
    kind: Kind
    source: Source
    device: str = AUTO
    """``auto``, ``cpu``, ``mps``, ``cuda`` or ``cuda:<n>``."""
    dtype: str = AUTO
    """``auto``, ``float32``, ``float16`` or ``bfloat16``."""
    sampler: Sampler | None = None
    """The sampler where a request names none; None leaves the choice to the engine."""
    scheduler: tuple[tuple[str, str | int | float | bool], ...] = ()
    """Fields that replace those of the checkpoint's scheduler configuration."""
    long_prompts: LongPrompts = LongPrompts.CUT
    compile: bool = False
    tile: int = 0
    """Side of an upscaler's tile in pixels of its input; 0 is the engine's own choice."""
    like: str | None = None
    """For an engine of the owner's own: the id of the engine whose card it shares."""
    name: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class AnalystSetup:
    """How one analyst runs; its weights are a folder."""

    task: Analysis
    source: Source
    device: str = AUTO
    dtype: str = AUTO
    """As an engine's, but for ``auto``, which is single precision on every device."""

    @property
    def engine_id(self) -> str:
        """What it is called beside engines: the name of its task."""
        return self.task.value


@dataclass(frozen=True, slots=True)
class Workshop:
    """Everything that ``engines.toml`` says."""

    engines: tuple[EngineSetup, ...]
    memory: tuple[tuple[str, int], ...] = ()
    """Bytes of weights that a device may hold, by device name; a device not named decides by itself."""
    safety: Source | None = None
    """A checker of finished pictures; None for none."""
    guidance: Source | None = None
    """A CLIP model for the guidance presets; None leaves them without effect."""
    analysts: tuple[AnalystSetup, ...] = ()

    @property
    def setups(self) -> tuple[EngineSetup | AnalystSetup, ...]:
        """All that has weights of its own: the engines, then the analysts."""
        return (*self.engines, *self.analysts)
