"""What this service refuses that no other part of the counter knows of."""

from __future__ import annotations

from app.errors import CounterError


class UnknownModel(CounterError):
    """No model or engine has this id, or its engine is not there."""

    code = "unknown_model"

    def __init__(self, model_id: str) -> None:
        super().__init__(f"no model {model_id!r}")


class UnknownScheduler(CounterError):
    """The model cannot be drawn with a scheduler of this id."""

    code = "unknown_scheduler"

    def __init__(self, scheduler_id: str, model: str) -> None:
        super().__init__(f"{model} has no scheduler {scheduler_id!r}")


class TooManyPixelSteps(CounterError):
    """Width, height and steps are each in their bounds, and their product is not."""

    code = "too_many_pixel_steps"

    def __init__(self, product: int, rule: str) -> None:
        super().__init__(f"width * height * inference_steps is {product}, and must be {rule}")


class InitImageGone(CounterError):
    """The URL is one of this server's own, and nothing is shown there, no longer or never."""

    code = "init_image_gone"


class AllFiltered(CounterError):
    """The output filter left nothing to deliver."""

    code = "all_filtered"


class NoSuchOutput(CounterError):
    """No picture is shown under this id, no longer or never."""

    code = "no_such_output"
