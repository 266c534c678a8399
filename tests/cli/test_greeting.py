"""The first lines of a server with real engines lead to a picture, or to the weights that are needed for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.greeting import greet
from app.settings import Settings
from tests.engines.models import MODEL, lay

Greeting = Callable[[str], str]
V1_6, V2_0, UPSCALER = "stable-diffusion-v1-6", "stable-diffusion-512-v2-0", "esrgan-v1-x2plus"


@pytest.fixture
def greeting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Greeting:
    """What is printed for an owner's file that lies beside a model in the folder ``whole``."""
    lay(tmp_path / "whole", MODEL)
    (tmp_path / "x2.safetensors").write_bytes(b"upscaler")

    def printed(text: str) -> str:
        (tmp_path / "engines.toml").write_text(text)
        env = {"UNDERSTUDY_HOME": str(tmp_path), "UNDERSTUDY_WEIGHTS": str(tmp_path), "UNDERSTUDY_ENGINES": "diffusers"}
        greet("http://127.0.0.1:1", "sk-x", Settings.from_mapping(env))
        return capsys.readouterr().out

    return printed


@pytest.mark.parametrize(("present", "tried"), [((V2_0, V1_6), V1_6), ((UPSCALER, V2_0), V2_0)])
def test_the_line_to_try_works(greeting: Greeting, present: tuple[str, ...], tried: str) -> None:
    """It names an engine that draws and whose weights are there."""
    places = {UPSCALER: "x2.safetensors"}

    said = greeting("".join(f'[engines.{name}]\npath = "{places.get(name, "whole")}"\n' for name in present))

    assert f"  curl -s http://127.0.0.1:1/v1/generation/{tried}/text-to-image \\\n" in said
    assert "pull" not in said


def test_without_weights_the_way_to_some_is_shown(greeting: Greeting) -> None:
    """A first start has nothing to draw with: no line that fails, but the command that changes it."""
    said = greeting("")

    assert "curl" not in said
    assert "  understudy engines list --engines diffusers\n  understudy engines pull stable-diffusion-v1-6\n" in said


def test_what_cannot_be_downloaded_is_not_suggested(greeting: Greeting) -> None:
    """Where every engine is a folder of the owner's, no pull helps."""
    said = greeting('only = true\n[engines.stable-diffusion-v1]\npath = "gone"\n')

    assert "understudy engines list" in said
    assert "pull" not in said
