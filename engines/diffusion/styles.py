"""The style presets as words: what each adds to the prompts and to what is to be left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Style:
    """Words for the end of every prompt; ``negative`` are for those that say what to leave out."""

    positive: str
    negative: str


STYLES: Mapping[str, Style] = MappingProxyType(
    {
        "enhance": Style(
            "high quality, crisp detail, balanced light, rich tones, clean composition",
            "blurry, dull, noisy, flat light, compression artifacts",
        ),
        "anime": Style(
            "anime artwork, cel shading, clean inked outlines, bright flat colors, expressive characters",
            "photo, realistic skin, 3d render, muddy colors, sketchy lines",
        ),
        "photographic": Style(
            "photograph, 50mm lens, shallow depth of field, natural light, true colors, fine texture",
            "drawing, painting, illustration, render, cartoon, plastic skin",
        ),
        "digital-art": Style(
            "digital painting, smooth gradients, dramatic light, vivid palette, concept artwork",
            "photo, film grain, crude sketch, washed out colors",
        ),
        "comic-book": Style(
            "comic book panel, bold ink lines, halftone dots, flat saturated colors, dynamic shadows",
            "photo, realistic, soft blur, 3d render, pale colors",
        ),
        "fantasy-art": Style(
            "epic fantasy painting, magical glow, ornate detail, mythical mood, sweeping scenery",
            "modern, everyday, plain, photo, sparse detail",
        ),
        "line-art": Style(
            "line art, clean black contours on white paper, no shading, minimal strokes",
            "photo, color fill, gradients, shadows, texture, 3d render",
        ),
        "analog-film": Style(
            "analog film photo, 35mm grain, faded colors, light leak, soft vintage contrast",
            "digital sharpness, render, drawing, oversaturated, clean gradients",
        ),
        "neon-punk": Style(
            "neon cyberpunk scene, glowing magenta and cyan signs, wet night streets, high contrast",
            "daylight, pastel, rustic, faded colors, plain background",
        ),
        "isometric": Style(
            "isometric view, parallel projection, tidy miniature scene, clean edges, soft even shadows",
            "perspective distortion, vanishing point, close-up, photo, clutter",
        ),
        "low-poly": Style(
            "low poly model, large flat facets, simple geometry, solid color polygons, soft ambient light",
            "smooth surface, fine texture, photo, film grain, realistic detail",
        ),
        "origami": Style(
            "origami, folded paper sculpture, sharp creases, layered sheets, plain studio background",
            "metal, fur, glass, photo of a living thing, messy texture",
        ),
        "modeling-compound": Style(
            "clay figure, sculpted modeling compound, soft rounded shapes, fingerprints, stop motion set",
            "line drawing, flat shading, photo of a real scene, hard metal edges",
        ),
        "cinematic": Style(
            "cinematic film still, wide screen framing, moody color grading, dramatic rim light, haze",
            "drawing, cartoon, flat light, snapshot, low contrast",
        ),
        "3d-model": Style(
            "3d model, physically based materials, ray traced reflections, studio light, smooth geometry",
            "flat drawing, sketch, painting, photo, grainy, low resolution mesh",
        ),
        "pixel-art": Style(
            "pixel art, 16-bit video game sprite, visible square pixels, limited palette, hard edges",
            "smooth gradients, anti-aliased, photo, high resolution detail, blur",
        ),
        "tile-texture": Style(
            "seamless repeating texture, even top-down view, uniform light, pattern continues across edges",
            "single subject, border, frame, perspective, vignette, visible seams",
        ),
    }
)
"""By the preset's name in the contracts. How the words join a request's prompts is told in ``blends``."""
