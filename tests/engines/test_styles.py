"""The words of the style presets, and how they and the weights share out the two sides of the guidance."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from engines.diffusion.blends import blends
from engines.diffusion.styles import STYLES
from engines.types import Prompt

SPEC = Path(__file__).parents[2] / "spec" / "v1.yaml"


def _presets() -> list[str]:
    contract = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    return [name for name in contract["components"]["schemas"]["StylePreset"]["enum"] if name]


def test_every_preset_of_the_contract_has_a_style_and_no_other_does() -> None:
    """A caller may name exactly these styles."""
    assert sorted(STYLES) == sorted(_presets())
    assert len(STYLES) == 17


def test_styles_differ_in_what_they_add() -> None:
    """Two styles are never the same words under two names."""
    assert len({style.positive for style in STYLES.values()}) == 17
    assert all(style.negative for style in STYLES.values())


def test_words_of_a_style_come_after_the_callers() -> None:
    """What is cut off at the end of a long prompt is the style, not the prompt."""
    positive, negative = blends((Prompt("a barn"), Prompt("rain", -1)), "origami")
    assert positive == ((f"a barn, {STYLES['origami'].positive}", 1.0),)
    assert negative == ((f"rain, {STYLES['origami'].negative}", 1.0),)


def test_a_style_without_negative_prompts_still_says_what_to_leave_out() -> None:
    """The style's negative words stand where an empty negative prompt would."""
    _, negative = blends((Prompt("a barn"),), "anime")
    assert negative == ((STYLES["anime"].negative, 1.0),)


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_an_empty_prompt_with_a_style_is_the_style_alone(text: str) -> None:
    """No stray comma is drawn."""
    positive, _ = blends((Prompt(text),), "anime")
    assert positive == ((STYLES["anime"].positive, 1.0),)


def test_one_prompt_is_the_whole_positive_side_whatever_its_weight() -> None:
    """A single weight has nothing to be weighed against."""
    for weight in (0.1, 0.7, 1, 10):
        assert blends((Prompt("a", weight),), None) == ((("a", 1.0),), ((None, 1.0),))


def test_a_prompt_and_its_opposite_are_prompt_and_negative_prompt() -> None:
    """Weights 1 and -1 are what every pipeline calls prompt and negative prompt."""
    assert blends((Prompt("a", 1), Prompt("b", -1)), None) == ((("a", 1.0),), (("b", 1.0),))


def test_a_weak_negative_prompt_counts_weakly() -> None:
    """At -0.25 three quarters of the negative side stay empty."""
    assert blends((Prompt("a", 1), Prompt("b", -0.25)), None)[1] == (("b", 0.25), (None, 0.75))


def test_strong_negative_prompts_share_the_negative_side() -> None:
    """Past the positive weight only the proportions of the negative ones count."""
    assert blends((Prompt("a", 1), Prompt("b", -6), Prompt("c", -2)), None)[1] == (("b", 0.75), ("c", 0.25))


def test_negative_prompts_alone_are_avoided_on_an_empty_prompt() -> None:
    """Without a positive prompt the empty one takes its place, with weight 1."""
    assert blends((Prompt("b", -0.5),), None) == ((("", 1.0),), (("b", 0.5), (None, 0.5)))


def test_a_prompt_of_weight_zero_changes_nothing() -> None:
    """Weight 0 is the same as leaving the prompt out."""
    assert blends((Prompt("a", 2), Prompt("x", 0)), None) == blends((Prompt("a", 2),), None)
    assert blends((Prompt("x", 0),), None) == blends((), None)


def test_only_the_proportions_of_positive_weights_count() -> None:
    """3 to 1 is three quarters to a quarter."""
    assert blends((Prompt("a", 3), Prompt("b", 1)), None)[0] == (("a", 0.75), ("b", 0.25))
