"""Tiny models that look at pictures: depth, CLIP for guidance, and the safety checker."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from transformers import CLIPConfig, CLIPModel, CLIPVisionConfig, DPTConfig, DPTForDepthEstimation
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.dpt.image_processing_pil_dpt import DPTImageProcessorPil

from tests.tiny import text

SIDE, PATCH = 32, 8
DEPTH_SIDE = 64
PROJECTION = 16


def depth_estimator() -> DPTForDepthEstimation:
    """A vision transformer of four layers under the fusing head of DPT."""
    config = DPTConfig(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=DEPTH_SIDE,
        patch_size=16,
        backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        use_auxiliary_head=False,
    )
    return text.enlivened(DPTForDepthEstimation(config))


def depth_processor() -> DPTImageProcessorPil:
    """Brings pictures to the one size that the estimator takes."""
    return DPTImageProcessorPil(size={"height": DEPTH_SIDE, "width": DEPTH_SIDE}, keep_aspect_ratio=False)


def save_clip(folder: Path) -> None:
    """A CLIP model with its tokenizer and processor, as CLIP's own repositories hold them."""
    text.enlivened(CLIPModel(_clip_config())).save_pretrained(folder)
    text.tokenizer().save_pretrained(folder)
    picture_processor().save_pretrained(folder)


def save_checker(folder: Path) -> None:
    """The safety checker of Stable Diffusion 1 in two folders, as its pipelines hold it."""
    torch.manual_seed(1)
    checker = StableDiffusionSafetyChecker(_clip_config())
    with torch.no_grad():
        for name in ("concept_embeds", "special_care_embeds"):
            getattr(checker, name).normal_()
    checker.save_pretrained(folder / "safety_checker")
    picture_processor().save_pretrained(folder / "feature_extractor")


def picture_processor() -> CLIPImageProcessorPil:
    """CLIP's usual means and deviations at our small size."""
    return CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})


def _clip_config() -> CLIPConfig:
    vision = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=SIDE,
        patch_size=PATCH,
        projection_dim=PROJECTION,
    )
    return CLIPConfig(
        text_config=text.config(16, projection=PROJECTION).to_dict(),
        vision_config=vision.to_dict(),
        projection_dim=PROJECTION,
    )
