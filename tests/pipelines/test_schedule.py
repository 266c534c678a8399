"""Which steps are run, where they begin, and that no noise is left where they stop early."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import diffusers
import pytest
import torch

from engines.diffusion.prediction import noise_level, original
from engines.diffusion.samplers import make
from engines.diffusion.schedule import noised, plan, predicted_original
from engines.types import Sampler
from tests.pipelines.gaussian import SD1, SDXL, Gaussian, begin, draw

PREDICTIONS = ("epsilon", "v_prediction", "sample")
every_sampler = pytest.mark.parametrize("sampler", Sampler)
every_prediction = pytest.mark.parametrize("prediction", PREDICTIONS)


def steps_run(steps: int, start: float, end: float) -> tuple[int, int]:
    """The first whole step that is run and the number of them, by what the plan gives."""
    scheduler = make(Sampler.K_EULER, SD1)
    work = plan(scheduler, steps, start, end, "cpu")
    return scheduler.begin_index, work.total


def stock(scheduler: Any, steps: int, strength: float) -> tuple[torch.Tensor, int]:
    """What diffusers' image-to-image pipeline runs."""
    pipeline = diffusers.StableDiffusionImg2ImgPipeline
    return pipeline.get_timesteps(SimpleNamespace(scheduler=scheduler), steps, strength, "cpu")


@every_sampler
@pytest.mark.parametrize("steps", [10, 30, 47, 150])
def test_starts_as_diffusers_does(sampler: Sampler, steps: int) -> None:
    """Image-to-image runs the timesteps of the stock pipeline, and begins at the same index."""
    ours, theirs = make(sampler, SD1), make(sampler, SD1)
    for strength in (0.1, 0.21, 0.35, 0.5, 0.65, 0.8, 0.99, 1.0):
        work = plan(ours, steps, strength, 0.0, "cpu")
        theirs.set_timesteps(steps)
        expected, _ = stock(theirs, steps, strength)
        if steps * strength >= 1:
            assert torch.equal(work.timesteps.float(), expected.float())
            assert getattr(ours, "begin_index", None) == getattr(theirs, "begin_index", None)


@pytest.mark.parametrize(
    ("steps", "start", "run"),
    [(100, 0.29, 29), (50, 0.58, 29), (10, 1 - 0.9, 1), (10, 1 - 0.7, 3), (30, 1 - 0.35, 19), (150, 1.0, 150)],
)
def test_whole_steps(steps: int, start: float, run: int) -> None:
    """A share that means a whole number of steps gets that number, whatever binary fractions make of it."""
    assert steps_run(steps, start, 0.0) == (steps - run, run)


@pytest.mark.parametrize("start", [1e-9, 0.01, 0.099])
def test_a_little_is_one_step(start: float) -> None:
    """Any start above 0 changes the picture, if only by the last step."""
    assert steps_run(10, start, 0.0) == (9, 1)


@pytest.mark.parametrize(("start", "end"), [(0.0, 0.0), (0.0, 0.5), (0.3, 0.3), (0.3, 0.8), (1.0, 1.0)])
@every_sampler
def test_untouched(sampler: Sampler, start: float, end: float) -> None:
    """Where nothing is left between start and end the model is not asked at all."""
    work = plan(make(sampler, SD1), 20, start, end, "cpu")
    assert work.untouched
    assert work.total == 0
    assert not work.full_start
    assert not work.cut_tail


@pytest.mark.parametrize(
    ("start", "end", "first", "run"),
    [
        (1.0, 0.5, 0, 10),
        (1.0, 0.01, 0, 20),
        (1.0, 0.05, 0, 19),
        (0.5, 0.25, 10, 5),
        (0.5, 0.49, 10, 1),
        (0.52, 0.51, 10, 1),
        (1.0, 0.999, 0, 1),
        (0.3, 0.29, 14, 1),
    ],
)
def test_both_ends(start: float, end: float, first: int, run: int) -> None:
    """Of 20 steps the given number is run, from the given one on; at least one."""
    assert steps_run(20, start, end) == (first, run)


@pytest.mark.parametrize("sampler", [Sampler.K_HEUN, Sampler.K_DPM_2, Sampler.K_DPMPP_2S_ANCESTRAL])
def test_two_calls_a_step(sampler: Sampler) -> None:
    """Samplers of two calls a step begin with a first call and end with one: 5 steps are 9 calls."""
    scheduler = make(sampler, SD1)
    work = plan(scheduler, 20, 0.5, 0.25, "cpu")
    assert work.total == 9
    assert scheduler.begin_index == 20
    assert torch.equal(work.timesteps, scheduler.timesteps[20:29])


@every_sampler
def test_ends_are_named(sampler: Sampler) -> None:
    """The plan says whether it begins with pure noise and whether its tail is missing."""
    ends = [plan(make(sampler, SD1), 20, start, end, "cpu") for start, end in ((1, 0), (0.9, 0), (1, 0.3), (0.9, 0.3))]
    assert [work.full_start for work in ends] == [True, False, True, False]
    assert [work.cut_tail for work in ends] == [False, False, True, True]


@every_sampler
@pytest.mark.parametrize("steps", [61, 103, 121, 122])
def test_one_step_too_many(sampler: Sampler, steps: int) -> None:
    """Where diffusers rounds "trailing" timesteps to one more than asked for, at timestep -1, that one is not run."""
    scheduler = make(sampler, SD1 | {"timestep_spacing": "trailing", "use_karras_sigmas": False})
    work = plan(scheduler, steps, 1.0, 0.0, "cpu")
    assert work.total == scheduler.order * (steps - 1) + 1
    assert work.timesteps.min() > 0
    assert work.cut_tail


@every_sampler
@pytest.mark.parametrize("end", [0.04, 0.5, 0.95])
def test_no_noise_is_left(sampler: Sampler, end: float) -> None:
    """A model that knows the picture gives that picture, however early the run stops.

    With Karras' levels diffusers rounds the timestep that the model is told, which costs K_DPMPP_2M the exactness.
    """
    scheduler = make(sampler, SD1)
    model = Gaussian(scheduler, mean=0.4, spread=0.0)
    work = plan(scheduler, 25, 1.0, end, "cpu")
    made = draw(model, begin(model, work, 100), work)
    assert float((made - 0.4).abs().max()) < 0.02


@every_sampler
@every_prediction
def test_cuts_keep_the_distribution(sampler: Sampler, prediction: str) -> None:
    """From data with noise on it, half a schedule leads back to the data's distribution; less than all of it blurs."""
    spreads = []
    for end in (0.0, 0.2):
        scheduler = make(sampler, SDXL | {"prediction_type": prediction})
        model = Gaussian(scheduler, prediction_type=prediction)
        work = plan(scheduler, 80, 0.5, end, "cpu")
        made = draw(model, begin(model, work, 20_000), work)
        assert float(made.mean()) == pytest.approx(model.mean, abs=0.02)
        spreads.append(float(made.std()))
    assert spreads[0] == pytest.approx(0.7, rel=0.06)
    assert spreads[1] < spreads[0]


@every_sampler
@every_prediction
@pytest.mark.parametrize("start", [1.0, 0.5])
def test_predicted_original_is_the_schedulers(sampler: Sampler, prediction: str, start: float) -> None:
    """At every call of a run the prediction is the one that the scheduler goes by."""
    scheduler = make(sampler, SD1 | {"prediction_type": prediction})
    model = Gaussian(scheduler, prediction_type=prediction)
    work = plan(scheduler, 10, start, 0.0, "cpu")
    latents = begin(model, work, 50)
    for timestep in work.timesteps:
        answer = model(scheduler.scale_model_input(latents, timestep), timestep)
        ours = predicted_original(scheduler, answer, timestep, latents)
        stepped = scheduler.step(answer, timestep, latents)
        theirs = stepped.pred_original_sample if "pred_original_sample" in stepped else scheduler.model_outputs[-1]
        assert torch.allclose(ours, theirs, atol=2e-5, rtol=1e-4)
        latents = stepped.prev_sample


@every_sampler
def test_asking_changes_nothing(sampler: Sampler) -> None:
    """Whether somebody asks for predictions on the way or not, the picture is the same."""
    pictures = []
    for curious in (True, False):
        scheduler = make(sampler, SD1)
        model = Gaussian(scheduler)
        work = plan(scheduler, 10, 0.7, 0.0, "cpu")
        if curious:
            model.watch = lambda answer, timestep, latents, made=scheduler: predicted_original(
                made, answer, timestep, latents
            )
        pictures.append(draw(model, begin(model, work, 50), work))
    assert torch.equal(*pictures)


def test_predictions_keep_gradients() -> None:
    """Guidance can ask in which direction the prediction changes with the model's answer."""
    scheduler = make(Sampler.K_DPMPP_2M, SD1)
    work = plan(scheduler, 10, 1.0, 0.0, "cpu")
    answer = torch.ones(1, 4, 2, 2, requires_grad=True)
    predicted_original(scheduler, answer, work.timesteps[0], torch.ones(1, 4, 2, 2)).sum().backward()
    assert float(answer.grad.mean()) == pytest.approx(-14.6, rel=0.01)


def test_clipping_is_heeded() -> None:
    """Where the configuration clips predictions, a cut tail clips them too."""
    scheduler = make(Sampler.DDIM, SD1 | {"clip_sample": True, "clip_sample_range": 2.0})
    work = plan(scheduler, 10, 1.0, 0.5, "cpu")
    clean = predicted_original(scheduler, torch.zeros(1, 1, 1, 2), work.timesteps[0], torch.tensor([[[[9.0, -9.0]]]]))
    assert clean.flatten().tolist() == [2.0, -2.0]


def test_unknown_prediction_type() -> None:
    """A prediction type that nobody here knows is refused by its name."""
    with pytest.raises(ValueError, match="'sideways'"):
        original("sideways", torch.ones(1), torch.ones(1), (1.0, 1.0))


@every_sampler
def test_noised_is_where_the_run_begins(sampler: Sampler) -> None:
    """Latents of image-to-image are as noisy as the first step takes them to be, and as the stock pipeline's."""
    scheduler = make(sampler, SD1)
    work = plan(scheduler, 20, 0.6, 0.0, "cpu")
    clean, noise = torch.full((1, 4, 2, 2), 0.5), torch.full((1, 4, 2, 2), 2.0)
    alpha, sigma = noise_level(scheduler, work.timesteps[0])
    mixed = noised(scheduler, clean, noise, work.timesteps[0])
    assert torch.allclose(mixed, alpha * clean + sigma * noise, rtol=1e-5)
    assert torch.equal(mixed, scheduler.add_noise(clean, noise, work.timesteps[:1]))


@every_sampler
def test_numbers_a_device_can_hold(sampler: Sampler) -> None:
    """Timesteps are never in double precision, which Apple's devices do not have."""
    work = plan(make(sampler, SD1 | {"use_karras_sigmas": True}), 20, 1.0, 0.0, torch.device("cpu"))
    assert work.timesteps.dtype in {torch.float32, torch.int64}
