"""Strict JSON from untrusted bytes."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from app.errors import BadBody


def parse_json(raw: bytes) -> Any:
    """Strict JSON: UTF-8, no NaN or Infinity, no numbers or nesting beyond what Python holds."""
    try:
        return json.loads(raw.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise BadBody("not valid UTF-8") from None
    except RecursionError:
        raise BadBody("nested too deeply") from None
    except ValueError:
        raise BadBody("not valid JSON") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
