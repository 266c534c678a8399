"""All settings, read once from a mapping such as the environment; nothing else reads the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.environment import BadSetting, Environment
from app.limits import Limits

__all__ = ["BadSetting", "Limits", "Recording", "Services", "Settings", "default_home"]

ADDRESS = re.compile(r"https?://(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:/[\w./~-]*)?", re.ASCII)
"""Where a service is: no user, no password, no query."""
FOLDERS = ("UNDERSTUDY_RECORD", "UNDERSTUDY_REPLAY")


@dataclass(frozen=True, slots=True)
class Recording:
    """Whether answers come from a real service and are kept, or from what was kept; nothing set: neither."""

    upstream: str | None = None
    """The real service that requests are forwarded to, without a slash at its end."""
    upstream_key: str = field(default="", repr=False)
    record: Path | None = None
    replay: Path | None = None
    spending_cap: int = 10_000_000
    """What all recordings of a folder together may cost, in micro-credits."""


@dataclass(frozen=True, slots=True)
class Services:
    """How the services that are spoken as dialects are served."""

    models: tuple[tuple[str, str], ...] = ()
    """Which engine serves a model of a contract: ``("aithriving/core", "stable-diffusion-v1-6")``."""
    public_url: str | None = None
    """Where callers reach this server, without a slash at its end; None for what their ``Host`` header says."""
    daily_credits: int = 1_000_000_000
    """What an organization may spend in a UTC day through a contract that has such a limit, in micro-credits."""
    picture_seconds: float = 86_400.0
    """For how long finished pictures are served under an address of their own."""
    picture_bytes: int = 1_073_741_824
    fetch_private: bool = False
    """Whether callers may have pictures fetched from private and loopback addresses."""
    fetch_bytes: int = 10_000_000
    fetch_seconds: float = 20.0


@dataclass(frozen=True)
class Settings:
    """How this server runs. ``from_mapping`` documents the variable of each field by its name."""

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    home: Path = Path()
    redis_url: str | None = None
    api_key: str | None = None
    credits: float = 1000.0
    rate_limit: bool = False
    rate_requests: int = 150
    rate_window: int = 10
    rate_lockout: int = 60
    engines: str = "sketch"
    """``sketch`` draws without weights; ``diffusers`` runs real models."""
    engines_file: Path | None = None
    """Which weights serve which engine; None for the ones that we suggest."""
    weights: Path | None = None
    """Where downloaded weights lie; None for the cache that all programs of the Hub share."""
    threads: int = 0
    """Threads that real engines calculate in on the CPU; 0 is as many as torch chooses."""
    caption: bool = True
    picture_memory: int = 67_108_864
    """Bytes in which one process remembers finished sketches, what was written of them, and uploads; 0 for none."""
    default_steps: tuple[tuple[str, int], ...] = ()
    """Steps when none are asked for, by engine id; ``*`` stands for every engine not named."""
    prompt_words: str | None = None
    output_words: str | None = None
    log_level: str = "info"
    test: bool = False
    """Everything in memory, a world for each key, every outcome on demand."""
    strict: bool = False
    """Whether new worlds refuse what the real service silently ignores."""
    worlds: int = 10_000
    world_seconds: int = 86_400
    """For how many seconds a world is kept that nobody uses."""
    journal: int = 1000
    """How many requests a world remembers."""
    recording: Recording = Recording()
    analysis: str = "embedded"
    """``embedded`` reads texts and pictures without weights; ``transformers`` runs real models."""
    services: Services = Services()
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def from_mapping(cls, env: Mapping[str, str]) -> Settings:
        """Read every setting from ``env``. Raises ``BadSetting`` with the variable's name."""
        read = Environment(env)
        home = Path(env.get("UNDERSTUDY_HOME") or default_home(env)).expanduser()
        test = _test(read, env)
        engines = read.choice("UNDERSTUDY_ENGINES", "sketch", ("sketch", "diffusers"))
        analysis = _analysis(read, engines)
        patience = 120.0 if engines == "sketch" else 600.0  # A real model may have to be loaded first.
        return cls(
            host=read.text("HOST", cls.host),
            port=read.whole("PORT", 8080, 0, 65535),
            workers=_workers(read, engines, analysis),
            home=home,
            redis_url=env.get("REDIS_URL") or None,
            api_key=read.key("UNDERSTUDY_API_KEY"),
            credits=read.number("UNDERSTUDY_CREDITS", 100.0 if test else 1000.0, 0, 1_000_000_000),
            rate_limit=read.switch("UNDERSTUDY_RATE_LIMIT", False),
            rate_requests=read.whole("UNDERSTUDY_RATE_REQUESTS", 150, 1, 1_000_000),
            rate_window=read.whole("UNDERSTUDY_RATE_WINDOW", 10, 1, 86_400),
            rate_lockout=read.whole("UNDERSTUDY_RATE_LOCKOUT", 60, 1, 86_400),
            engines=engines,
            engines_file=_engines_file(env, home),
            weights=Path(env["UNDERSTUDY_WEIGHTS"]).expanduser() if env.get("UNDERSTUDY_WEIGHTS") else None,
            threads=read.whole("UNDERSTUDY_THREADS", 0, 0, 1024),
            caption=read.switch("UNDERSTUDY_CAPTION", True),
            picture_memory=read.whole("UNDERSTUDY_PICTURE_MEMORY", 67_108_864, 0, 2**40),
            default_steps=read.steps("UNDERSTUDY_DEFAULT_STEPS"),
            prompt_words=env.get("UNDERSTUDY_PROMPT_WORDS") or None,
            output_words=env.get("UNDERSTUDY_OUTPUT_WORDS") or None,
            log_level=read.choice("UNDERSTUDY_LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
            test=test,
            strict=_strict(read, test),
            worlds=read.whole("UNDERSTUDY_WORLDS", 10_000, 1, 1_000_000),
            world_seconds=read.whole("UNDERSTUDY_WORLD_SECONDS", 86_400, 1, 31_536_000),
            journal=read.whole("UNDERSTUDY_JOURNAL", 1000, 1, 1_000_000),
            recording=_recording(read, env),
            analysis=analysis,
            services=_services(read, env),
            limits=Limits.of(read, patience),
        )


def default_home(env: Mapping[str, str]) -> Path:
    """``.understudy`` beside a checkout's code, else the user's data folder."""
    root = Path(__file__).resolve().parent.parent
    if (root / "pyproject.toml").is_file() and os.access(root, os.W_OK):
        return root / ".understudy"
    data = env.get("XDG_DATA_HOME") or str(Path(env.get("HOME", "~")) / ".local" / "share")
    return Path(data).expanduser() / "understudy"


def _workers(read: Environment, engines: str, analysis: str) -> int:
    workers = read.whole("UNDERSTUDY_WORKERS", 1, 1, 256)
    real = engines if engines == "diffusers" else analysis if analysis == "transformers" else None
    if real and workers > 1:
        raise BadSetting(f"UNDERSTUDY_WORKERS: use 1 with {real}; each more would load every model once more")
    return workers


def _test(read: Environment, env: Mapping[str, str]) -> bool:
    """Whether to run in test mode, which keeps its worlds in the memory of one process. Raises ``BadSetting``."""
    test = read.switch("UNDERSTUDY_TEST", False)
    if test and env.get("REDIS_URL"):
        raise BadSetting("REDIS_URL: leave it out in test mode, which keeps everything in memory")
    if test and read.whole("UNDERSTUDY_WORKERS", 1, 1, 256) > 1:
        raise BadSetting("UNDERSTUDY_WORKERS: use 1 in test mode, whose worlds live in one process")
    return test


def _strict(read: Environment, test: bool) -> bool:
    strict = read.switch("UNDERSTUDY_STRICT", False)
    if strict and not test:
        raise BadSetting("UNDERSTUDY_STRICT: use it in test mode, UNDERSTUDY_TEST=on")
    return strict


def _engines_file(env: Mapping[str, str], home: Path) -> Path | None:
    """The file that is named, which must exist, or the one in the home folder, which may."""
    if named := env.get("UNDERSTUDY_ENGINES_FILE"):
        path = Path(named).expanduser()
        if not path.is_file():
            raise BadSetting(f"UNDERSTUDY_ENGINES_FILE={named!r}: use a readable file")
        return path
    return home / "engines.toml" if (home / "engines.toml").is_file() else None


def _analysis(read: Environment, engines: str) -> str:
    usual = "embedded" if engines == "sketch" else "transformers"
    return read.choice("UNDERSTUDY_ANALYSIS", usual, ("embedded", "transformers"))


def _services(read: Environment, env: Mapping[str, str]) -> Services:
    return Services(
        models=read.pairs("UNDERSTUDY_MODELS", "contract/model=engine-id"),
        public_url=_address("UNDERSTUDY_PUBLIC_URL", env),
        daily_credits=round(read.number("UNDERSTUDY_DAILY_CREDITS", 1000.0, 0, 1_000_000_000) * 1_000_000),
        picture_seconds=read.number("UNDERSTUDY_PICTURE_SECONDS", 86_400.0, 1, 31_536_000),
        picture_bytes=read.whole("UNDERSTUDY_PICTURE_BYTES", 1_073_741_824, 1_000_000, 2**50),
        fetch_private=read.switch("UNDERSTUDY_FETCH_PRIVATE", False),
        fetch_bytes=read.whole("UNDERSTUDY_FETCH_BYTES", 10_000_000, 1024, 2**31),
        fetch_seconds=read.number("UNDERSTUDY_FETCH_SECONDS", 20.0, 0.01, 86_400),
    )


def _recording(read: Environment, env: Mapping[str, str]) -> Recording:
    """Where to forward to, and the folder that is filled or answered from. Raises ``BadSetting``."""
    upstream = _address("UNDERSTUDY_UPSTREAM", env)
    record, replay = (Path(env[name]).expanduser() if env.get(name) else None for name in FOLDERS)
    if record and replay:
        raise BadSetting("UNDERSTUDY_RECORD and UNDERSTUDY_REPLAY: use one of them")
    if bool(record) != bool(upstream):
        raise BadSetting("UNDERSTUDY_UPSTREAM and UNDERSTUDY_RECORD: use both or neither")
    if (record or replay) and read.whole("UNDERSTUDY_WORKERS", 1, 1, 256) > 1:
        raise BadSetting("UNDERSTUDY_WORKERS: use 1 to record or replay; the order of answers is kept in one process")
    key = read.key("UNDERSTUDY_UPSTREAM_KEY") or (read.key("STABILITY_API_KEY") if record else None)
    if record and not key:
        raise BadSetting("UNDERSTUDY_UPSTREAM_KEY: set your key of the real service, which pays for recordings")
    cap = round(read.number("UNDERSTUDY_SPENDING_CAP", 10.0, 0, 1_000_000_000) * 1_000_000)
    return Recording(upstream, key or "", record, replay, cap)


def _address(name: str, env: Mapping[str, str]) -> str | None:
    url = env.get(name)
    if not url:
        return None
    if not ADDRESS.fullmatch(url):
        raise BadSetting(f"{name}={url!r}: use an address such as https://api.stability.ai")
    return url.rstrip("/")
