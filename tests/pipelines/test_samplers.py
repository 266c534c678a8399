"""Every sampler of the API draws from the right distribution, by the right scheduler, with the right options."""

from __future__ import annotations

from typing import Any

import diffusers
import pytest
import torch

from engines.diffusion.dpmpp_2s_ancestral import DPMPP2SAncestralScheduler
from engines.diffusion.prediction import noise_level
from engines.diffusion.samplers import configured, default_sampler, make
from engines.diffusion.schedule import plan
from engines.types import Sampler
from tests.pipelines.gaussian import SD1, SDXL, Gaussian, begin, draw

CLASSES = {
    Sampler.DDIM: diffusers.DDIMScheduler,
    Sampler.DDPM: diffusers.DDPMScheduler,
    Sampler.K_DPMPP_2M: diffusers.DPMSolverMultistepScheduler,
    Sampler.K_DPMPP_2S_ANCESTRAL: DPMPP2SAncestralScheduler,
    Sampler.K_DPM_2: diffusers.KDPM2DiscreteScheduler,
    Sampler.K_DPM_2_ANCESTRAL: diffusers.KDPM2AncestralDiscreteScheduler,
    Sampler.K_EULER: diffusers.EulerDiscreteScheduler,
    Sampler.K_EULER_ANCESTRAL: diffusers.EulerAncestralDiscreteScheduler,
    Sampler.K_HEUN: diffusers.HeunDiscreteScheduler,
    Sampler.K_LMS: diffusers.LMSDiscreteScheduler,
}
TWICE = {Sampler.K_DPM_2, Sampler.K_DPM_2_ANCESTRAL, Sampler.K_DPMPP_2S_ANCESTRAL, Sampler.K_HEUN}
NOISY = {Sampler.DDPM, Sampler.K_DPM_2_ANCESTRAL, Sampler.K_DPMPP_2S_ANCESTRAL, Sampler.K_EULER_ANCESTRAL}
KARRAS = {Sampler.K_DPM_2, Sampler.K_DPM_2_ANCESTRAL, Sampler.K_DPMPP_2M, Sampler.K_DPMPP_2S_ANCESTRAL}
SPACED = KARRAS | {Sampler.K_EULER, Sampler.K_HEUN, Sampler.K_LMS}
PREDICTIONS = ("epsilon", "v_prediction", "sample")
COUNT = 10_000

every_sampler = pytest.mark.parametrize("sampler", Sampler)


def drawn(sampler: Sampler, steps: int, seed: int = 0, **fields: Any) -> tuple[Gaussian, torch.Tensor, torch.Tensor]:
    """The model, what a full run made, and where the exact flow leads from the same noise."""
    config = configured(SD1, fields.items())
    scheduler = make(sampler, config)
    model = Gaussian(scheduler, prediction_type=config.get("prediction_type", "epsilon"))
    work = plan(scheduler, steps, 1.0, 0.0, "cpu")
    noise = begin(model, work, COUNT)
    alpha, sigma = noise_level(scheduler, work.timesteps[0])
    truth = model.truth(noise / alpha, float(sigma / alpha))
    return model, draw(model, noise, work, seed), truth


@every_sampler
def test_class(sampler: Sampler) -> None:
    """Each name of the API stands for the scheduler that is known by it."""
    assert isinstance(make(sampler, SD1), CLASSES[sampler])


@every_sampler
def test_karras_by_default(sampler: Sampler) -> None:
    """The DPM solvers space their noise levels as Karras did, the others as the checkpoint does."""
    assert make(sampler, SD1).config.get("use_karras_sigmas", False) == (sampler in KARRAS)


@pytest.mark.parametrize("sampler", SPACED)
@pytest.mark.parametrize("wanted", [True, False])
def test_owner_decides_karras(sampler: Sampler, wanted: bool) -> None:
    """The owner can have it the other way round, whatever the checkpoint says of its own scheduler."""
    config = configured(SDXL | {"use_karras_sigmas": not wanted}, [("use_karras_sigmas", wanted)])
    assert make(sampler, config).config.use_karras_sigmas is wanted


def test_owner_wants_another_spacing() -> None:
    """Asking for another spacing by its own field is enough; it does not collide with Karras by default."""
    config = configured(SD1, [("use_exponential_sigmas", True)])
    assert make(Sampler.K_DPMPP_2M, config).config.use_exponential_sigmas
    assert not make(Sampler.K_DPMPP_2M, config).config.use_karras_sigmas


def test_checkpoint_does_not_decide_karras() -> None:
    """SDXL's configuration says no to Karras for the Euler it ships with, not for K_DPMPP_2M."""
    assert make(Sampler.K_DPMPP_2M, configured(SDXL, ())).config.use_karras_sigmas


def test_defaults_of_another_class() -> None:
    """What diffusers filled in because the checkpoint did not say is not taken for the checkpoint's word."""
    filled = SD1 | {"timestep_spacing": "leading", "_use_default_values": ["timestep_spacing"]}
    assert configured(filled, ()).get("timestep_spacing") is None
    assert configured(filled, [("timestep_spacing", "leading")])["timestep_spacing"] == "leading"


@every_sampler
def test_checkpoint_fields_are_kept(sampler: Sampler) -> None:
    """Prediction type, betas, spacing and offset are the checkpoint's."""
    config = make(sampler, SDXL | {"prediction_type": "v_prediction"}).config
    kept = ("prediction_type", "beta_start", "beta_end", "beta_schedule", "timestep_spacing", "steps_offset")
    assert [config[name] for name in kept] == ["v_prediction", 0.00085, 0.012, "scaled_linear", "leading", 1]


@every_sampler
def test_unknown_fields(sampler: Sampler, capfd: pytest.CaptureFixture[str]) -> None:
    """Fields of other schedulers are left out without a word."""
    make(sampler, SDXL | {"skip_prk_steps": True, "solver_type": "bh2", "nobody_knows": 1})
    assert capfd.readouterr() == ("", "")


def test_identity_is_fixed() -> None:
    """A checkpoint that ships with a third-order or stochastic DPM solver still answers K_DPMPP_2M with 2M."""
    config = make(Sampler.K_DPMPP_2M, SD1 | {"solver_order": 3, "algorithm_type": "sde-dpmsolver++"}).config
    assert (config.solver_order, config.algorithm_type) == (2, "dpmsolver++")


@pytest.mark.parametrize("sampler", [Sampler.DDIM, Sampler.DDPM, Sampler.K_HEUN])
def test_latents_are_not_clipped(sampler: Sampler) -> None:
    """A configuration that does not mention clipping gets none."""
    silent = {name: value for name, value in SD1.items() if name != "clip_sample"}
    assert make(sampler, silent).config.clip_sample is False


@every_sampler
def test_own_instance(sampler: Sampler) -> None:
    """Two pictures at once do not share a scheduler."""
    assert make(sampler, SD1) is not make(sampler, SD1)


def test_default() -> None:
    """Without CLIP it is K_DPMPP_2M, with CLIP an ancestral sampler, as the API's presets ask for."""
    assert default_sampler(guided=False) is Sampler.K_DPMPP_2M
    assert default_sampler(guided=True) is Sampler.K_DPMPP_2S_ANCESTRAL


@every_sampler
@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_deterministic_truth(sampler: Sampler, prediction: str) -> None:
    """100 steps end, number for number, where the exact flow from the same noise ends, or in its distribution."""
    model, made, truth = drawn(sampler, 100, prediction_type=prediction)
    tolerance = {Sampler.DDIM: 0.06, Sampler.K_EULER: 0.07}.get(sampler, 0.005)
    if sampler not in NOISY:
        assert float((made - truth).abs().max()) < tolerance
    assert float(made.mean()) == pytest.approx(model.mean, abs=0.02)
    assert float(made.std()) == pytest.approx(model.spread, rel=0.05)


@every_sampler
def test_prediction_types_agree(sampler: Sampler) -> None:
    """One and the same knowledge gives the same picture, in whichever of the three ways a model expresses it."""
    epsilon, velocity, original = (drawn(sampler, 20, prediction_type=kind)[1] for kind in PREDICTIONS)
    assert float((epsilon - velocity).abs().max()) < 2e-3
    assert float((epsilon - original).abs().max()) < 2e-3


@every_sampler
def test_more_steps_are_better(sampler: Sampler) -> None:
    """The spread of what is drawn comes closer to the truth from 10 steps to 150."""
    coarse, fine = (abs(float(drawn(sampler, steps)[1].std()) - 0.7) for steps in (10, 150))
    assert fine < 0.025
    assert fine < coarse


@every_sampler
def test_calls(sampler: Sampler) -> None:
    """Samplers of one call a step ask the model N times, the others 2N - 1 times."""
    assert drawn(sampler, 12)[0].calls == (23 if sampler in TWICE else 12)


@every_sampler
def test_seeds(sampler: Sampler) -> None:
    """The same seed gives the same bits; another one matters to exactly those samplers that draw noise."""
    first, again, other = (drawn(sampler, 10, seed=seed)[1] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert torch.equal(first, other) == (sampler not in NOISY)


@every_sampler
@pytest.mark.parametrize("spacing", ["linspace", "leading", "trailing"])
@pytest.mark.parametrize("karras", [True, False])
def test_every_number_of_steps(sampler: Sampler, spacing: str, karras: bool) -> None:
    """From 10 to 150 steps, the plan has the right number of calls, at falling timesteps that the model knows."""
    scheduler = make(sampler, SD1 | {"timestep_spacing": spacing, "use_karras_sigmas": karras})
    for steps in range(10, 151):
        times = plan(scheduler, steps, 1.0, 0.0, "cpu").timesteps
        assert len(times) == (2 * steps - 1 if sampler in TWICE else steps)
        assert times.min() >= 0
        assert times.max() <= 999
        assert times[0] == times.max()
        assert torch.isfinite(times).all()


@every_sampler
@pytest.mark.parametrize("steps", [10, 14, 15, 61])
@pytest.mark.parametrize("fields", [{}, {"use_karras_sigmas": True}, {"timestep_spacing": "trailing"}])
def test_finite(sampler: Sampler, steps: int, fields: dict[str, Any]) -> None:
    """Whole runs stay finite and near the truth, at the numbers of steps where schedulers change their ways too."""
    _, made, _ = drawn(sampler, steps, **fields)
    assert torch.isfinite(made).all()
    assert float(made.std()) == pytest.approx(0.7, rel=0.3)


@every_sampler
def test_zero_terminal_snr(sampler: Sampler) -> None:
    """Checkpoints whose betas are rescaled to end in pure noise keep their betas with every sampler."""
    config = SD1 | {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing", "prediction_type": "v_prediction"}
    kept = make(sampler, config).alphas_cumprod.double()
    expected = diffusers.EulerDiscreteScheduler(**_betas(), rescale_betas_zero_snr=True).alphas_cumprod.double()
    assert torch.allclose(kept[:-1], expected[:-1], rtol=1e-3)
    assert float(kept[-1]) < 1e-6
    scheduler = make(sampler, config)
    model = Gaussian(scheduler, prediction_type="v_prediction")
    work = plan(scheduler, 20, 1.0, 0.0, "cpu")
    assert torch.isfinite(draw(model, begin(model, work, 100), work)).all()


def test_lms_from_the_middle() -> None:
    """In image-to-image, K_LMS follows the exact flow from its first step on, where diffusers' overshoots."""
    worst = []
    for scheduler in (make(Sampler.K_LMS, SD1), diffusers.LMSDiscreteScheduler(**_betas())):
        model = Gaussian(scheduler)
        work = plan(scheduler, 40, 0.5, 0.0, "cpu")
        noise = begin(model, work, COUNT)
        truth = model.truth(noise, float(noise_level(scheduler, work.timesteps[0])[1]))
        worst.append(float((draw(model, noise, work) - truth).abs().max()))
    assert worst[0] < 0.01
    assert worst[1] > 0.05


def test_lms_from_the_beginning() -> None:
    """A full run of K_LMS is diffusers', but for the last digits of its coefficients."""
    made = []
    for scheduler in (make(Sampler.K_LMS, SD1), diffusers.LMSDiscreteScheduler(**_betas())):
        model = Gaussian(scheduler)
        work = plan(scheduler, 15, 1.0, 0.0, "cpu")
        made.append(draw(model, begin(model, work, 100), work))
    assert torch.allclose(*made, atol=1e-4)


@pytest.mark.filterwarnings("ignore:__array_wrap__ must accept context:DeprecationWarning")
@pytest.mark.parametrize("sampler", [Sampler.K_DPM_2, Sampler.K_DPM_2_ANCESTRAL])
@pytest.mark.parametrize("karras", [True, False])
def test_dpm_2_is_diffusers(sampler: Sampler, karras: bool) -> None:
    """DPM-Solver-2 is ready sooner than diffusers' and has its levels and its timesteps."""
    fields = _betas() | {"use_karras_sigmas": karras}
    ours, theirs = make(sampler, fields), CLASSES[sampler](**fields)
    for steps in (10, 50, 150):
        ours.set_timesteps(steps)
        theirs.set_timesteps(steps)
        assert torch.equal(ours.sigmas, theirs.sigmas)
        assert float((ours.timesteps - theirs.timesteps).abs().max()) < 1e-4


def _betas() -> dict[str, Any]:
    return {name: SD1[name] for name in ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule")}
