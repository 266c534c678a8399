"""Measures full-size engines with random weights against the stock code, on this machine and in one run.

``make compare`` runs it in a checkout. Nothing is downloaded. Progress goes to the terminal, the table to standard
output, and with ``--json`` all figures to a file.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import diffusers
import torch
import transformers

from benchmarks import report, serving
from benchmarks.architectures import RRDBNET, SD15, SDXL, TINY_RRDBNET, TINY_SD15, TINY_SDXL, build, build_upscaler
from benchmarks.contest import Contestant, Outcome, Rules, compete
from benchmarks.contestants import Model, OurDiffusion, OurUpscaler, StockDiffusion, WholeNetwork
from benchmarks.gauges import Gauge
from engines.loading.device import Device, DeviceMissing

DIFFUSION = {"sd15": (SD15, TINY_SD15), "sdxl": (SDXL, TINY_SDXL)}
UPSCALER = "esrgan"
MODELS = (*DIFFUSION, UPSCALER)
UPSCALED, TINY_UPSCALED = (512, 1024), (64, 576)
"""Sides of the pictures that are enlarged to twice that: one tile, and several."""


def main(arguments: Sequence[str]) -> None:
    """Measure what was asked for, one model after the other."""
    asked = _options().parse_args(arguments)
    if asked.threads:
        torch.set_num_threads(asked.threads)
    try:
        device = Device.choose(asked.device)
    except DeviceMissing as missing:
        raise SystemExit(str(missing)) from None
    dtype = device.dtype(asked.dtype)
    _hush()
    outcomes = [outcome for name in asked.models for outcome in _contests(name, asked, device, dtype)]
    served = serving.measure(device, dtype, asked.requests, tell) if asked.served else None
    where = report.machine(device, dtype)
    sys.stdout.write(report.markdown(where, outcomes, served))
    if asked.json:
        asked.json.write_text(json.dumps(report.plain(where, outcomes, served), indent=2) + "\n", encoding="utf-8")


def tell(line: str) -> None:
    """Progress, for whoever waits."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _contests(name: str, asked: argparse.Namespace, device: Device, dtype: torch.dtype) -> Iterator[Outcome]:
    device.free()  # of the model before
    rules = Rules(asked.rounds, asked.steps, asked.warm)
    for what, contestants in _pairs(name, asked, device, dtype):
        yield compete(what, contestants, rules, Gauge(device), tell)


def _pairs(
    name: str, asked: argparse.Namespace, device: Device, dtype: torch.dtype
) -> Iterator[tuple[str, list[Contestant]]]:
    """Ours first, the stock code second, for every size."""
    tell(f"{name}: building it at random")
    if name == UPSCALER:
        network = build_upscaler(TINY_RRDBNET if asked.tiny else RRDBNET, device, dtype)
        if asked.compile:
            network.compile()
        for side in TINY_UPSCALED if asked.tiny else UPSCALED:
            tiled, whole = OurUpscaler(network, device, dtype, side), WholeNetwork(network, device, dtype, side)
            yield f"RRDBNet x2, {side} to {2 * side}", [tiled, whole]
        return
    architecture = DIFFUSION[name][asked.tiny]
    components = build(architecture, device, dtype)
    if asked.compile:
        components.unet.compile()
    side = asked.size or architecture.side
    model = Model(architecture, components, device, dtype, side)
    yield f"{architecture.name}, {side}x{side}, {asked.steps} steps", [OurDiffusion(model), StockDiffusion(model)]


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.engines", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    parser.add_argument("--dtype", default="auto", choices=["auto", "float32", "float16", "bfloat16"])
    parser.add_argument("--models", default=MODELS, type=_models, help=f"some of {','.join(MODELS)}, or none")
    parser.add_argument("--steps", default=20, type=_positive, help="denoising steps of a picture")
    parser.add_argument("--size", type=_side, help="side of drawn pictures, instead of 512 and 1024")
    parser.add_argument("--rounds", default=5, type=_positive, help="pictures of each that count")
    parser.add_argument("--cold", dest="warm", action="store_false", help="no picture before those that count")
    parser.add_argument("--compile", action="store_true", help="compile UNet and upscaler, for both")
    parser.add_argument("--threads", type=int, default=0, help="of torch on the CPU; 0 leaves it to torch")
    parser.add_argument("--served", action="store_true", help="measure the server around a tiny model too")
    parser.add_argument("--requests", default=30, type=_positive, help="requests to that server")
    parser.add_argument("--tiny", action="store_true", help="tiny models, to try this program itself")
    parser.add_argument("--json", type=Path, help="file for all figures")
    return parser


def _models(text: str) -> tuple[str, ...]:
    names = tuple(name for name in text.split(",") if name != "none")
    if set(names) - set(MODELS):
        raise argparse.ArgumentTypeError(f"use some of {','.join(MODELS)}, or none")
    return names


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("use at least 1")
    return number


def _side(text: str) -> int:
    side = int(text)
    if side < 64 or side % 64:
        raise argparse.ArgumentTypeError("use a multiple of 64")
    return side


def _hush() -> None:
    """What the libraries have to say about random models helps nobody."""
    diffusers.utils.logging.set_verbosity_error()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    warnings.simplefilter("ignore")


if __name__ == "__main__":
    main(sys.argv[1:])
