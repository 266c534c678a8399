"""Keeps libraries from talking: what matters becomes a line of the server's log, the rest is dropped."""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Callable

from engines.worker.messages import Note

_OURS = ("engines", "understudy")
_LOUD = ("diffusers", "transformers")


class _Notes(logging.Handler):
    """Passes on what our own code logs, and of libraries only errors: their warnings may quote a prompt."""

    def __init__(self, tell: Callable[[Note], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        ours = record.name.split(".")[0] in _OURS
        if not ours and record.levelno < logging.ERROR:
            return
        facts = {} if ours else {"library": record.name}
        facts |= getattr(record, "facts", {})
        self._tell(Note(record.levelno, record.getMessage(), tuple(facts.items())))


def listen(tell: Callable[[Note], None]) -> None:
    """Send what is logged in this process to ``tell``, and drop warnings."""
    logging.basicConfig(level=logging.INFO, handlers=[_Notes(tell)], force=True)
    warnings.simplefilter("ignore")


def hush() -> None:
    """Take away the handlers with which the heavy libraries write to the terminal; they must be importable."""
    for library in _LOUD:
        # Any, because both are untyped; they have these two functions in common.
        speech = importlib.import_module(f"{library}.utils.logging")
        speech.disable_default_handler()
        speech.enable_propagation()
