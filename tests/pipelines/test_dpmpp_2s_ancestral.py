"""Our DPM-Solver++(2S) with ancestral noise does what is published, in the papers' terms and in double precision."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from engines.diffusion.dpmpp_2s_ancestral import DPMPP2SAncestralScheduler
from engines.diffusion.samplers import make
from engines.diffusion.schedule import plan
from engines.types import Sampler
from tests.pipelines.gaussian import SD, SD1, Gaussian, begin, draw

STEPS = 12


def scheduler(steps: int = STEPS, **fields: object) -> DPMPP2SAncestralScheduler:
    made = DPMPP2SAncestralScheduler(**SD, **fields)
    made.set_timesteps(steps)
    return made


def solved(model: Gaussian, latents: Tensor, sigma: float, target: float) -> Tensor:
    """One step of DPM-Solver++(2S) as Lu et al. write it (Algorithm 1, r = 1/2), on latents of unit size.

    With lambda = log(alpha / sigma) of the variance-preserving process, and h the way in lambda.
    """

    def at(level: float) -> tuple[float, float, float]:
        alpha = 1 / math.sqrt(1 + level**2)
        return alpha, level * alpha, -math.log(level)

    def denoised(scaled: Tensor, alpha: float, level: float) -> Tensor:
        return model.clean(scaled / alpha, level)

    alpha_s, sigma_s, lambda_s = at(sigma)
    alpha_t, sigma_t, lambda_t = at(target)
    h = lambda_t - lambda_s
    middle = math.exp(-(lambda_s + h / 2))
    alpha_m, sigma_m, _ = at(middle)
    x = latents * alpha_s
    u = sigma_m / sigma_s * x - alpha_m * math.expm1(-h / 2) * denoised(x, alpha_s, sigma)
    after = sigma_t / sigma_s * x - alpha_t * math.expm1(-h) * denoised(u, alpha_m, middle)
    return after / alpha_t


def ancestral(sigma: float, target: float) -> tuple[float, float]:
    """The level to solve for and the noise to add, so that the result has the variance of ``target``."""
    variance = target**2 * (sigma**2 - target**2) / sigma**2
    return math.sqrt(target**2 - variance), math.sqrt(variance)


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_every_step_is_the_published_one(eta: float) -> None:
    """Latents after each whole step equal the papers' formulas, noise of the same generator included."""
    ours = scheduler(eta=eta)
    model = Gaussian(ours)
    whole = [*ours.sigmas[::2].double().tolist(), 0.0]
    generator, same = (torch.Generator().manual_seed(5) for _ in range(2))
    latents = 14.0 * torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(6))
    for step in range(STEPS - 1):
        down, up = ancestral(whole[step], whole[step + 1]) if eta else (whole[step + 1], 0.0)
        expected = solved(model, latents.double(), whole[step], down)
        expected = expected + up * torch.randn(latents.shape, generator=same).double()
        for timestep in ours.timesteps[2 * step : 2 * step + 2]:
            answer = model(ours.scale_model_input(latents, timestep), timestep)
            latents = ours.step(answer, timestep, latents, generator=generator).prev_sample
        assert float((latents - expected).abs().max()) < 2e-4 * max(1.0, whole[step])


def test_last_step_is_the_prediction() -> None:
    """The last call ends on the predicted picture itself, and draws no noise that nobody sees."""
    ours = scheduler()
    ours.set_begin_index(2 * STEPS - 2)
    generator = torch.Generator().manual_seed(5)
    before = generator.get_state()
    latents, answer = torch.ones(1, 1, 2, 2), torch.full((1, 1, 2, 2), 0.5)
    after, clean = ours.step(answer, ours.timesteps[-1], latents, generator=generator, return_dict=False)
    assert torch.equal(after, clean)
    assert torch.allclose(after, latents - float(ours.sigmas[-2]) * answer)
    assert torch.equal(generator.get_state(), before)


def test_second_order() -> None:
    """Without noise, half the step leaves a quarter of the error."""
    errors = []
    for steps in (20, 40, 80):
        ours = scheduler(steps, eta=0.0)
        model = Gaussian(ours)
        first, last = float(ours.sigmas[0]), float(ours.sigmas[-2])
        latents = noise = first * torch.randn(1, 1, 1, 500, generator=torch.Generator().manual_seed(1))
        for timestep in ours.timesteps[:-1]:
            answer = model(ours.scale_model_input(latents, timestep), timestep)
            latents = ours.step(answer, timestep, latents).prev_sample
        ratio = math.sqrt((model.spread**2 + last**2) / (model.spread**2 + first**2))
        errors.append(float((latents - model.mean - ratio * (noise.double() - model.mean)).abs().max()))
    orders = [math.log2(coarse / fine) for coarse, fine in itertools.pairwise(errors)]
    assert orders == pytest.approx([2.0, 2.0], abs=0.25)


def test_noise_scale() -> None:
    """The variance after a step is what the next noise level says: solved part and added noise make it up exactly."""
    ours = scheduler()
    sigma, target = float(ours.sigmas[0]), float(ours.sigmas[2])
    model = Gaussian(ours, mean=0.0, spread=1e-6)
    noise = torch.randn(1, 1, 1, 400_000, generator=torch.Generator().manual_seed(2))
    latents = sigma * noise
    for timestep in ours.timesteps[:2]:
        answer = model(ours.scale_model_input(latents, timestep), timestep)
        latents = ours.step(answer, timestep, latents, generator=torch.Generator().manual_seed(3)).prev_sample
    assert float(latents.std()) == pytest.approx(target, rel=5e-3)
    added = latents - target**2 / sigma * noise
    assert float(added.std()) == pytest.approx(target * math.sqrt(1 - (target / sigma) ** 2), rel=5e-3)


def test_s_noise() -> None:
    """``s_noise`` scales the noise that is added, and nothing else."""
    after = []
    for s_noise in (0.0, 1.0, 2.0):
        ours = scheduler(s_noise=s_noise)
        model = Gaussian(ours)
        latents = 14.0 * torch.ones(1, 1, 4, 4)
        for timestep in ours.timesteps[:2]:
            answer = model(ours.scale_model_input(latents, timestep), timestep)
            latents = ours.step(answer, timestep, latents, generator=torch.Generator().manual_seed(3)).prev_sample
        after.append(latents)
    assert torch.allclose(after[2] - after[0], 2 * (after[1] - after[0]), atol=1e-4)
    assert float((after[1] - after[0]).abs().max()) > 1


@pytest.mark.parametrize("spread", [0.2, 1.0])
def test_spread_is_reached(spread: float) -> None:
    """With more steps the spread of the pictures comes to that of the data."""
    errors = []
    for steps in (10, 30, 100):
        ours = make(Sampler.K_DPMPP_2S_ANCESTRAL, SD1)
        model = Gaussian(ours, mean=0.0, spread=spread)
        work = plan(ours, steps, 1.0, 0.0, "cpu")
        errors.append(abs(float(draw(model, begin(model, work, 50_000), work).std()) / spread - 1))
    assert errors[0] > errors[2]
    assert errors[2] < 0.012


def test_levels() -> None:
    """Whole steps stand on Karras' levels by default, middles between them, and the model is told the time of each."""
    ours = scheduler()
    highest, lowest = 14.6146, 0.0292
    roots = torch.linspace(highest ** (1 / 7), lowest ** (1 / 7), STEPS, dtype=torch.float64)
    assert ours.sigmas[::2].double() == pytest.approx(roots**7, rel=2e-3)
    assert len(ours.timesteps) == 2 * STEPS - 1 == len(ours.sigmas) - 1
    assert ours.sigmas[-1] == 0
    for timestep, sigma in zip(ours.timesteps, ours.sigmas, strict=False):
        alpha, noise = Gaussian(ours).level(float(timestep))
        assert noise / alpha == pytest.approx(float(sigma), rel=1e-4)


def test_levels_of_the_checkpoint() -> None:
    """Without Karras, whole steps stand on the checkpoint's timesteps."""
    ours = scheduler(use_karras_sigmas=False)
    assert ours.timesteps[::2] == pytest.approx(torch.linspace(999, 0, STEPS), abs=0.01)


def test_survives_its_configuration() -> None:
    """A scheduler made from another one's configuration is the same."""
    ours = scheduler(eta=0.3, prediction_type="v_prediction")
    other = DPMPP2SAncestralScheduler.from_config(ours.config)
    other.set_timesteps(STEPS)
    assert other.config.eta == 0.3
    assert other.config.prediction_type == "v_prediction"
    assert torch.equal(other.sigmas, ours.sigmas)


def test_half_precision_answers() -> None:
    """A model that answers in bfloat16 does not drag the latents down to it."""
    ours = scheduler()
    latents = torch.randn(1, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    answer = latents.to(torch.bfloat16)
    after, clean = ours.step(answer, ours.timesteps[0], latents, return_dict=False)
    assert after.dtype == clean.dtype == torch.float32


def test_used_again() -> None:
    """After ``set_timesteps`` nothing of an earlier picture is left."""
    ours = make(Sampler.K_DPMPP_2S_ANCESTRAL, SD1)
    pictures = []
    for start in (1.0, 0.5, 1.0):
        model = Gaussian(ours)
        work = plan(ours, STEPS, start, 0.0, "cpu")
        pictures.append(draw(model, begin(model, work, 100), work))
    assert torch.equal(pictures[0], pictures[2])
