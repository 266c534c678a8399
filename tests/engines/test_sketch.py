"""Every parameter shows in the picture, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from engines.registry import Registry
from engines.sketch.caption import printable
from engines.sketch.styles import STYLES
from engines.types import GenerationRequest, Pixels, Prompt, Sampler, Task

Order = Callable[..., GenerationRequest]
Draw = Callable[[GenerationRequest], Pixels]

_VISIBLE = 1.5
"""Mean difference of two pictures (0 to 255) from which on nobody takes one for the other."""
_TEXT = "a lighthouse on a cliff at sunset"
_STYLES = (
    *("enhance", "anime", "photographic", "digital-art", "comic-book", "fantasy-art", "line-art", "analog-film"),
    *("neon-punk", "isometric", "low-poly", "origami", "modeling-compound", "cinematic", "3d-model"),
    *("pixel-art", "tile-texture"),
)


def _far(first: Pixels, second: Pixels) -> float:
    return float(np.abs(first.astype(np.int32) - second).mean())


@pytest.mark.parametrize("seed", [1, 7, 4_294_967_295])
@pytest.mark.parametrize(
    "changes",
    [
        {"prompts": (Prompt(_TEXT + "."),)},
        {"prompts": (Prompt(_TEXT.upper()),)},
        {"prompts": (Prompt(_TEXT, 1.1),)},
        {"prompts": (Prompt(_TEXT), Prompt("fog", -1.0))},
        {"prompts": (Prompt(_TEXT), Prompt("fog", 0.5))},
        {"seed": 2},
        {"cfg_scale": 7.1},
        {"cfg_scale": 0.0},
        {"steps": 31},
        {"steps": 150},
        {"sampler": Sampler.DDIM},
        {"sampler": Sampler.K_LMS},
        {"guidance": "SIMPLE"},
        {"guidance": "FAST_BLUE"},
        {"style": "enhance"},
        {"engine_id": "stable-diffusion-v1-5"},
        {"engine_id": "stable-inpainting-v1-0"},
    ],
    ids=str,
)
def test_every_changed_parameter_can_be_seen(order: Order, draw: Draw, seed: int, changes: dict[str, object]) -> None:
    """A small change of any one parameter gives a visibly different picture."""
    plain = order(seed=seed)
    assert _far(draw(plain), draw(order(**{"seed": seed, **changes}))) > _VISIBLE


@pytest.mark.parametrize("text", ["city at night", "stormy forest", "white snow", "nothing in particular"])
@pytest.mark.parametrize("changes", [{"cfg_scale": 7.5}, {"steps": 40}, {"sampler": Sampler.K_HEUN}], ids=str)
def test_changes_show_in_quiet_scenes_too(order: Order, draw: Draw, text: str, changes: dict[str, object]) -> None:
    """Dark or pale scenes show a change as well."""
    prompts = (Prompt(text),)
    assert _far(draw(order(prompts=prompts)), draw(order(prompts=prompts, **changes))) > _VISIBLE


def test_every_sampler_has_a_hand_of_its_own(order: Order, draw: Draw) -> None:
    """No two of the ten samplers draw alike."""
    drawn = [draw(order(sampler=sampler)) for sampler in Sampler]
    assert min(_far(first, second) for first, second in combinations(drawn, 2)) > _VISIBLE


def test_no_sampler_means_a_documented_one(order: Order, draw: Draw) -> None:
    """Without a sampler the engine takes DPM++ 2M, or its ancestral kin where the guidance needs one."""
    assert np.array_equal(draw(order()), draw(order(sampler=Sampler.K_DPMPP_2M)))
    fast = order(guidance="FAST_GREEN")
    assert np.array_equal(draw(fast), draw(order(guidance="FAST_GREEN", sampler=Sampler.K_DPMPP_2S_ANCESTRAL)))


def test_every_style_preset_is_known() -> None:
    """The seventeen presets of the service, and no other."""
    assert sorted(STYLES) == sorted(_STYLES)


def test_every_style_has_a_look_of_its_own(order: Order, draw: Draw) -> None:
    """No two of the seventeen style presets look alike, nor like none."""
    drawn = [draw(order(style=style)) for style in (None, *_STYLES)]
    assert min(_far(first, second) for first, second in combinations(drawn, 2)) > 4


@pytest.mark.parametrize("style", [None, *_STYLES])
@pytest.mark.parametrize("size", [(512, 512), (1152, 896), (320, 832), (1536, 640), (128, 2048), (4096, 128)])
def test_every_style_works_in_every_shape(order: Order, draw: Draw, style: str | None, size: tuple[int, int]) -> None:
    """Wide, tall and large pictures come out in their size, painted over their whole width and height."""
    width, height = size
    drawn = draw(order(engine_id="stable-diffusion-v1-5", width=width, height=height, style=style))
    assert drawn.shape == (height, width, 3)
    assert drawn.std() > 4


def test_line_art_is_ink_on_paper(order: Order, draw: Draw) -> None:
    """Line art is almost white and almost without colour."""
    drawn = draw(order(style="line-art")).astype(np.int32)
    assert np.median(drawn) > 230
    assert (drawn.max(axis=2) - drawn.min(axis=2)).mean() < 12


def test_pixel_art_has_large_pixels(order: Order, draw: Draw) -> None:
    """Pixel art consists of squares of one colour."""
    drawn = draw(order(style="pixel-art"))
    inner = drawn[:500, :500].reshape(100, 5, 100, 5, 3)
    assert (inner == inner[:, :1, :, :1]).all()


def test_a_tile_texture_repeats_without_a_seam(order: Order, draw: Draw) -> None:
    """Laid side by side, the right edge of a tile texture is as close to the left edge as neighbours are."""
    drawn = draw(order(style="tile-texture")).astype(np.int32)
    assert np.abs(drawn[:, -1] - drawn[:, 2]).mean() < 40


def test_colours_in_the_prompt_colour_the_picture(order: Order, draw: Draw) -> None:
    """A red scene is redder than a blue one, and 'not red' is less red than 'red'."""

    def redness(*prompts: Prompt) -> float:
        red, _, blue = draw(order(prompts=prompts)).astype(np.int32).mean(axis=(0, 1))
        return float(red - blue)

    assert redness(Prompt("red hills")) > redness(Prompt("blue hills")) + 40
    hills = Prompt("hills at sunset")
    assert redness(hills, Prompt("red", 1.0)) > redness(hills, Prompt("red", -1.0)) + 20


def test_night_is_darker_than_day(order: Order, draw: Draw) -> None:
    """Words for the hour set the light."""
    night, day = (draw(order(prompts=(Prompt(f"hills at {hour}"),))).mean() for hour in ("night", "noon"))
    assert night < day - 60


def test_a_larger_scale_gives_stronger_colours(order: Order, draw: Draw) -> None:
    """cfg_scale is how strongly the picture holds to its prompt: from pale to vivid."""

    def colourfulness(cfg_scale: float) -> float:
        drawn = draw(order(cfg_scale=cfg_scale)).astype(np.int32)
        return float((drawn.max(axis=2) - drawn.min(axis=2)).mean())

    assert colourfulness(0.0) < colourfulness(7.0) < colourfulness(35.0)


def test_the_caption_can_be_switched_off(order: Order, registry: Registry, draw: Draw) -> None:
    """With a caption only the strip at the foot differs, and it is small."""
    (captioned,) = registry.submit(order()).result()
    differing = (captioned.pixels != draw(order())).any(axis=(1, 2))
    assert differing[-10:].any()
    assert not differing[:-32].any()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("Crème brûlée", "Creme brulee"),
        ("日本", "??"),
        ("a\tb\nc", "a b c"),
        ("\ud800!", "?!"),
        ("ﬁne", "fine"),
    ],
)
def test_captions_show_something_for_every_character(text: str, shown: str) -> None:
    """Accents are dropped, and what the font lacks is a question mark."""
    assert printable(text) == shown


def test_size_is_no_part_of_the_scene(order: Order, draw: Draw) -> None:
    """The same request in half the format shows much the same scene."""
    large = draw(order(width=1024, height=1024))
    small = draw(order())
    shrunk = large.reshape(512, 2, 512, 2, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - small).mean() < 12


def test_masking_and_redrawing_paint_what_text_alone_would(order: Order, draw: Draw) -> None:
    """The task itself does not show: a fully replaced picture is the text-to-image picture."""
    init, mask = np.zeros((512, 512, 3), np.uint8), np.full((512, 512), 255, np.uint8)
    assert np.array_equal(draw(order(task=Task.MASKING, init=init, mask=mask)), draw(order()))
