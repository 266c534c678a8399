"""What the tasks promise about init pictures, masks, sizes and samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engines.registry import Registry
from engines.types import GenerationRequest, Pixels, Prompt, Task

Order = Callable[..., GenerationRequest]
Draw = Callable[[GenerationRequest], Pixels]
Photo = Callable[[int, int], Pixels]

_LATENT = "stable-diffusion-x4-latent-upscaler"


def _far(first: Pixels, second: Pixels) -> float:
    """The mean difference of two pictures, 0 to 255."""
    return float(np.abs(first.astype(np.int32) - second).mean())


def test_a_schedule_that_never_starts_returns_the_init_picture(order: Order, draw: Draw, photo: Photo) -> None:
    """image_strength 1 gives the init picture back bit for bit."""
    init = photo(512, 512)
    drawn = draw(order(task=Task.IMAGE_TO_IMAGE, init=init, schedule_start=0.0))
    assert np.array_equal(drawn, init)
    assert not np.shares_memory(drawn, init)


def test_a_whole_schedule_ignores_the_init_picture(order: Order, draw: Draw, photo: Photo) -> None:
    """image_strength 0 gives what text alone gives, whatever the init picture."""
    drawn = draw(order(task=Task.IMAGE_TO_IMAGE, init=photo(512, 512), schedule_start=1.0))
    assert np.array_equal(drawn, draw(order()))


def test_the_further_the_schedule_the_further_from_the_init_picture(order: Order, draw: Draw, photo: Photo) -> None:
    """Between the ends every step away from init is a step towards the painting."""
    init, painting = photo(512, 512), draw(order())
    drawn = [draw(order(task=Task.IMAGE_TO_IMAGE, init=init, schedule_start=part / 20)) for part in range(21)]
    from_init, from_painting = [_far(one, init) for one in drawn], [_far(one, painting) for one in drawn]
    assert from_init == sorted(set(from_init))
    assert from_painting == sorted(set(from_painting), reverse=True)


def test_skipping_the_tail_of_the_schedule_keeps_more_of_the_init_picture(
    order: Order, draw: Draw, photo: Photo
) -> None:
    """step_schedule_end takes away from the effect of step_schedule_start."""
    init = photo(512, 512)
    whole, cut = (
        draw(order(task=Task.IMAGE_TO_IMAGE, init=init, schedule_start=0.75, schedule_end=end)) for end in (0.0, 0.25)
    )
    assert _far(cut, init) < _far(whole, init)
    half = draw(order(task=Task.IMAGE_TO_IMAGE, init=init, schedule_start=0.5))
    assert np.array_equal(cut, half)


@pytest.mark.parametrize("end", [0.5, 0.9, 1.0])
def test_a_schedule_that_ends_before_it_starts_returns_the_init_picture(
    order: Order, draw: Draw, photo: Photo, end: float
) -> None:
    """Where nothing of the schedule is left, init comes back bit for bit."""
    init = photo(512, 512)
    drawn = draw(order(task=Task.IMAGE_TO_IMAGE, init=init, schedule_start=0.5, schedule_end=end))
    assert np.array_equal(drawn, init)


def test_only_masked_pixels_change(order: Order, registry: Registry, photo: Photo) -> None:
    """Pixels under mask 0 come back bit for bit, also where the caption would be; 255 replaces them."""
    init, mask = photo(512, 512), np.zeros((512, 512), np.uint8)
    mask[100:300, 200:400] = 255
    (masked,) = registry.submit(order(task=Task.MASKING, init=init, mask=mask)).result()
    (painting,) = registry.submit(order()).result()
    assert np.array_equal(masked.pixels[mask == 0], init[mask == 0])
    assert np.array_equal(masked.pixels[mask == 255], painting.pixels[mask == 255])


def test_a_grey_mask_changes_pixels_in_proportion(order: Order, draw: Draw, photo: Photo) -> None:
    """Every value of the mask moves a pixel by that share of the way, rounded to nearest."""
    init, painting = photo(512, 512), draw(order())
    mask = (np.arange(512 * 512) % 256).astype(np.uint8).reshape(512, 512)
    drawn = draw(order(task=Task.MASKING, init=init, mask=mask))
    exact = init + (painting.astype(np.float64) - init) * mask[:, :, None] / 255
    assert np.abs(drawn - exact).max() <= 0.5


def test_masking_honours_the_schedule(order: Order, draw: Draw, photo: Photo) -> None:
    """With a schedule, what replaces masked pixels is itself part init picture."""
    init, mask = photo(512, 512), np.full((512, 512), 255, np.uint8)
    masked = draw(order(task=Task.MASKING, init=init, mask=mask, schedule_start=0.4))
    redrawn = draw(order(task=Task.IMAGE_TO_IMAGE, init=init, schedule_start=0.4))
    assert np.array_equal(masked, redrawn)


@pytest.mark.parametrize("size", [(256, 256), (301, 77), (128, 500)])
def test_an_upscaled_picture_has_exactly_the_requested_size(
    order: Order, draw: Draw, photo: Photo, size: tuple[int, int]
) -> None:
    """Odd sizes and other proportions come out as asked for."""
    width, height = size
    request = order(task=Task.UPSCALE, engine_id="esrgan-v1-x2plus", width=width, height=height, init=photo(128, 96))
    assert draw(request).shape == (height, width, 3)


@pytest.mark.parametrize(("engine_id", "scale"), [("esrgan-v1-x2plus", 2), (_LATENT, 4)])
def test_an_upscaled_picture_resembles_its_input(
    order: Order, draw: Draw, photo: Photo, engine_id: str, scale: int
) -> None:
    """Averaged back to the size of the input, the answer is the input but for a little texture."""
    init = photo(128, 96)
    drawn = draw(order(task=Task.UPSCALE, engine_id=engine_id, width=128 * scale, height=96 * scale, init=init))
    back = drawn.reshape(96, scale, 128, scale, 3).mean(axis=(1, 3))
    assert np.abs(back - init).mean() < 4


@pytest.mark.parametrize(
    "changes",
    [
        {"prompts": (Prompt("fine detail"),)},
        {"prompts": (Prompt("a lighthouse on a cliff at sunset", 0.5),)},
        {"seed": 8},
        {"steps": 31},
        {"cfg_scale": 7.5},
    ],
)
def test_the_latent_upscaler_adds_detail_of_its_own(
    order: Order, draw: Draw, photo: Photo, changes: dict[str, object]
) -> None:
    """The x4 upscaler reads prompts, seed, steps and scale; ESRGAN reads none of them."""

    def upscaled(engine_id: str, **more: object) -> Pixels:
        return draw(order(task=Task.UPSCALE, engine_id=engine_id, init=photo(128, 128), **more))

    assert _far(upscaled(_LATENT), upscaled(_LATENT, **changes)) > 1
    assert np.array_equal(upscaled("esrgan-v1-x2plus"), upscaled("esrgan-v1-x2plus", **changes))


def test_upscaled_pictures_carry_no_caption(order: Order, registry: Registry, draw: Draw, photo: Photo) -> None:
    """An upscale is the client's own picture: nothing is written on it."""
    request = order(task=Task.UPSCALE, engine_id=_LATENT, init=photo(128, 128))
    (captioned,) = registry.submit(request).result()
    assert np.array_equal(captioned.pixels, draw(request))


@pytest.mark.parametrize("seed", [7, 2**32 - 2])
def test_every_sample_equals_the_same_request_made_alone(order: Order, registry: Registry, seed: int) -> None:
    """Sample i is what its own seed gives alone, also where seeds wrap around."""
    together = registry.submit(order(seed=seed, samples=4)).result()
    for picture, own in zip(together, order(seed=seed, samples=4).seeds(), strict=True):
        (alone,) = registry.submit(order(seed=own)).result()
        assert picture.seed == own
        assert np.array_equal(picture.pixels, alone.pixels)


def test_the_init_picture_and_the_mask_stay_as_they_were(order: Order, draw: Draw, photo: Photo) -> None:
    """Drawing never writes into what the caller handed in."""
    init, mask = photo(512, 512), np.full((512, 512), 99, np.uint8)
    init.setflags(write=False)
    mask.setflags(write=False)
    for task in (Task.IMAGE_TO_IMAGE, Task.MASKING):
        draw(order(task=task, init=init, mask=mask, schedule_start=0.5))
    assert np.array_equal(init, photo(512, 512))
