"""Seeds: reported, reused, counted up for further samples."""

from __future__ import annotations

import pytest

from tests.pictures import png
from tests.running import Client
from tests.wire.asking import every_version, image_to_image, masking, picture, text_to_image

TOP = 2**32 - 1


@every_version
@pytest.mark.parametrize("seed", [..., 0])
def test_random_seed_is_reported_and_can_be_used_again(client: Client, version: str, seed: object) -> None:
    """0 or none draws a seed; asking for the one reported gives the same picture."""
    free = text_to_image(client, version, seed=seed)
    reported = free.json()["artifacts"][0]["seed"]

    assert 0 < reported <= TOP
    assert text_to_image(client, version, seed=reported).content == free.content


@every_version
def test_random_seeds_differ(client: Client, version: str) -> None:
    """Five requests without a seed, five seeds."""
    seeds = {text_to_image(client, version, seed=...).json()["artifacts"][0]["seed"] for _ in range(5)}

    assert len(seeds) == 5


@every_version
def test_random_seed_is_reported_in_the_header(client: Client, version: str) -> None:
    """PNG answers as well."""
    free = text_to_image(client, version, seed=0, headers={"Accept": "image/png"})
    again = text_to_image(client, version, seed=int(free.headers["Seed"]), headers={"Accept": "image/png"})

    assert again.content == free.content


@every_version
@pytest.mark.parametrize(
    ("seed", "seeds"),
    [
        (7, [7, 8, 9]),
        (TOP, [TOP, 1, 2]),
        (TOP - 1, [TOP - 1, TOP, 1]),
        (2**31 - 1, [2147483647, 2147483648, 2147483649]),
    ],
)
def test_samples_count_up(client: Client, version: str, seed: int, seeds: list[int]) -> None:
    """Each sample carries a seed of its own: one more, past 2^32-1 comes 1, never 0."""
    answer = text_to_image(client, version, seed=seed, samples=3)

    assert [one["seed"] for one in answer.json()["artifacts"]] == seeds


@every_version
def test_samples_of_a_random_seed_count_up(client: Client, version: str) -> None:
    """From the one that was drawn."""
    first, second = (one["seed"] for one in text_to_image(client, version, seed=0, samples=2).json()["artifacts"])

    assert second == (first + 1 if first < TOP else 1)


@every_version
def test_a_sample_equals_the_request_alone(client: Client, version: str) -> None:
    """With its seed and one sample, the same picture comes back: in all three tasks."""
    init, mask = png(), png(mode="L")
    asks = (
        lambda **words: text_to_image(client, version, **words),
        lambda **words: image_to_image(client, version, init, **words),
        lambda **words: masking(client, version, init, mask, "MASK_IMAGE_WHITE", **words),
    )
    for ask in asks:
        several = ask(seed=TOP, samples=3)
        alone = [ask(seed=seed) for seed in (TOP, 1, 2)]
        assert all((picture(several, index) == picture(one)).all() for index, one in enumerate(alone))


@every_version
def test_as_many_artifacts_as_samples(client: Client, version: str) -> None:
    """Up to ten, all different."""
    artifacts = text_to_image(client, version, samples=10).json()["artifacts"]

    assert len({one["base64"] for one in artifacts}) == 10


@every_version
@pytest.mark.parametrize(
    "change",
    [
        {"seed": 4022},
        {"steps": 11},
        {"cfg_scale": 7.5},
        {"sampler": "DDIM"},
        {"text_prompts": [{"text": "a red fox in fresh snow."}]},
        {"text_prompts": [{"text": "a red fox in fresh snow", "weight": 0.5}]},
        {"text_prompts": [{"text": "a red fox in fresh snow"}, {"text": "trees", "weight": -1}]},
        {"clip_guidance_preset": "SLOW"},
        {"width": 576},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_parameter_changes_the_picture(client: Client, version: str, change: dict[str, object]) -> None:
    """None is accepted and forgotten."""
    one, other = picture(text_to_image(client, version)), picture(text_to_image(client, version, **change))

    assert one.shape != other.shape or (one != other).any()


def test_engines_draw_differently(client: Client) -> None:
    """The same request to three engines gives three pictures."""
    engines = ("stable-diffusion-v1-5", "stable-diffusion-v1-6", "stable-diffusion-512-v2-1")

    assert len({text_to_image(client, "v1", engine).content for engine in engines}) == 3
