"""The ten samplers of the API as diffusers schedulers.

| sampler              | scheduler                                   | order | UNet calls | Karras | noise on the way |
|----------------------|---------------------------------------------|-------|------------|--------|------------------|
| DDIM                 | DDIMScheduler, eta 0                        | 1     | N          | -      | no               |
| DDPM                 | DDPMScheduler                               | 1     | N          | -      | yes              |
| K_EULER              | EulerDiscreteScheduler                      | 1     | N          | no     | no               |
| K_EULER_ANCESTRAL    | EulerAncestralDiscreteScheduler             | 1     | N          | -      | yes              |
| K_HEUN               | HeunDiscreteScheduler                       | 2     | 2N - 1     | no     | no               |
| K_LMS                | LMSDiscreteScheduler, mended                | 4     | N          | no     | no               |
| K_DPM_2              | KDPM2DiscreteScheduler                      | 2     | 2N - 1     | yes    | no               |
| K_DPM_2_ANCESTRAL    | KDPM2AncestralDiscreteScheduler             | 2     | 2N - 1     | yes    | yes              |
| K_DPMPP_2M           | DPMSolverMultistepScheduler, dpmsolver++, 2 | 2     | N          | yes    | no               |
| K_DPMPP_2S_ANCESTRAL | DPMPP2SAncestralScheduler (our own)         | 2     | 2N - 1     | yes    | yes              |

"Karras" is the spacing of noise levels of Karras et al. (2022) with rho 7, between the highest and the lowest level of
the checkpoint; otherwise the levels are those of the checkpoint's own timesteps. The service behind the API ran
k-diffusion, whose samplers leave the spacing to their caller, and never said which it was. So each name gets what the
programs that people know it from choose by themselves today: Karras for the DPM solvers, the checkpoint's own for
Euler, Heun and LMS. There is a reason in it: the DPM solvers step in the logarithm of the noise level, where the
checkpoint's own levels lie very unevenly. On normally distributed data with a standard deviation of 0.15, 30 steps
of K_DPMPP_2M come out at 0.148 with Karras spacing and at 0.096 without. "-" marks classes that know only the
checkpoint's timesteps.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
)

from engines.diffusion.dpmpp_2s_ancestral import DPMPP2SAncestralScheduler
from engines.diffusion.mended import (
    READING_ORIGINALS,
    KDPM2AncestralScheduler,
    KDPM2Scheduler,
    LMSScheduler,
    rescaled_betas,
)
from engines.diffusion.prediction import ORIGINAL
from engines.types import Sampler

_KARRAS = "use_karras_sigmas"
_SPACINGS = (_KARRAS, "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas", "use_flow_sigmas")
_BETAS = ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "trained_betas")


@dataclass(frozen=True, slots=True)
class _Choice:
    """A class of schedulers, whether Karras spacing is its default, and the fields that no configuration changes."""

    scheduler: Any
    karras: bool = False
    fixed: Mapping[str, Any] = field(default_factory=dict)


_CHOICES: Mapping[Sampler, _Choice] = MappingProxyType(
    {
        Sampler.DDIM: _Choice(DDIMScheduler),
        Sampler.DDPM: _Choice(DDPMScheduler),
        Sampler.K_EULER: _Choice(EulerDiscreteScheduler),
        Sampler.K_EULER_ANCESTRAL: _Choice(EulerAncestralDiscreteScheduler),
        Sampler.K_HEUN: _Choice(HeunDiscreteScheduler),
        Sampler.K_LMS: _Choice(LMSScheduler),
        Sampler.K_DPM_2: _Choice(KDPM2Scheduler, karras=True),
        Sampler.K_DPM_2_ANCESTRAL: _Choice(KDPM2AncestralScheduler, karras=True),
        Sampler.K_DPMPP_2M: _Choice(
            DPMSolverMultistepScheduler, karras=True, fixed={"algorithm_type": "dpmsolver++", "solver_order": 2}
        ),
        Sampler.K_DPMPP_2S_ANCESTRAL: _Choice(DPMPP2SAncestralScheduler, karras=True),
    }
)


def default_sampler(guided: bool) -> Sampler:
    """The sampler of a request that names none. ``guided`` is whether CLIP guides the picture.

    Guidance moves latents off the path that a solver follows, which fresh noise forgives and a multistep solver, that
    builds on its earlier steps, does not. Otherwise it is the solver that needs the fewest calls for a good picture.
    """
    return Sampler.K_DPMPP_2S_ANCESTRAL if guided else Sampler.K_DPMPP_2M


def configured(checkpoint: Mapping[str, Any], owner: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The configuration that ``make`` reads: a checkpoint's, in which the owner's fields have replaced its own.

    How a checkpoint spaces its noise levels is left out: that belongs to the one scheduler it was published with.
    So are the fields that diffusers filled in with the defaults of that scheduler's class.
    """
    filled = {*_SPACINGS, *checkpoint.get("_use_default_values", ())}
    stated = {name: value for name, value in checkpoint.items() if name not in filled and not name.startswith("_")}
    return stated | dict(owner)


def make(sampler: Sampler, config: Mapping[str, Any]) -> Any:
    """A new diffusers scheduler for one picture; schedulers remember where they are, so each picture needs its own.

    ``config`` is a scheduler's configuration, as ``configured`` gives it. Its fields win over the defaults of the
    table above (``use_karras_sigmas``, ``timestep_spacing``); those that the scheduler's class does not know are
    left out. x0 is not clipped unless ``config`` says so, because latents are not bounded.
    Raises ``ValueError`` where diffusers finds a field's value impossible.
    """
    choice = _CHOICES[sampler]
    karras = choice.karras and not any(config.get(name) for name in _SPACINGS)
    fields: dict[str, Any] = {"clip_sample": False, _KARRAS: karras, **config, **choice.fixed}
    kind = choice.scheduler
    if fields.get("prediction_type") in ORIGINAL and kind in READING_ORIGINALS:
        kind, fields["prediction_type"] = READING_ORIGINALS[kind], "epsilon"
    known = inspect.signature(choice.scheduler.__init__).parameters
    if fields.get("rescale_betas_zero_snr") and "rescale_betas_zero_snr" not in known:
        fields["trained_betas"] = rescaled_betas({name: fields[name] for name in _BETAS if name in fields})
    return kind(**{name: value for name, value in fields.items() if name in known})
