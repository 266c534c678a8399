"""The envelope of every answer, and what it holds: pictures, scored labels, errors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app.web.answer import JSON, Answer
from engines.analysis.types import Findings, Row

Label = dict[str, Any]
"""``label`` and ``score``."""


def success(data: Mapping[str, Any]) -> Answer:
    """The envelope around data; arrays of pixels are written as they lie in memory."""
    body = orjson.dumps({"ok": True, "data": data, "error": None}, option=orjson.OPT_SERIALIZE_NUMPY)
    return Answer(200, body, JSON)


def failure(status: int, code: str, message: str, headers: tuple[tuple[str, str], ...]) -> Answer:
    """The envelope around an error."""
    body = {"ok": False, "data": None, "error": {"code": code, "message": message}}
    return Answer(status, orjson.dumps(body), JSON, headers)


def ranked(labels: Sequence[str], scores: Row) -> dict[str, Any]:
    """Labels from the highest score to the lowest, equal ones in the order of the question, and the two ends."""
    pairs = sorted(zip(labels, scores, strict=True), key=lambda pair: -pair[1])
    output: list[Label] = [{"label": label, "score": score} for label, score in pairs]
    return {"output": output, "highest": output[0], "lowest": output[-1]}


def scored(findings: Findings, *, normalize: bool, batch: bool) -> dict[str, Any]:
    """The scores of one text, or of a batch of them, each key then an array.

    Normalized scores are the softmax over the choices; the others stand each for itself.
    """
    rows = [softmax(row) for row in findings.logits] if normalize else findings.scores
    results = [ranked(findings.labels, row) for row in rows]
    if not batch:
        return results[0]
    return {key: [result[key] for result in results] for key in ("output", "highest", "lowest")}


def softmax(logits: Row) -> Row:
    """The distribution over the labels of a row."""
    top = max(logits)
    powers = [math.exp(logit - top) for logit in logits]
    total = math.fsum(powers)
    return tuple(power / total for power in powers)
