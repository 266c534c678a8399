"""Requests that Schemathesis makes of the contracts: valid ones, and ones that break them; the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from app.web.contract import base_of
from tests.parity.contracts import DOCUMENTS, FORM, asked_for, told
from tests.parity.sent import Sent, of
from tests.parity.spelled import worded
from tests.running import KEY, ROOT

SERIAL = "X-Schemathesis-TestCaseId"
"""Another one in every run."""
HOST = "http://127.0.0.1"
WITH_BODY, WITHOUT = 40, 10
"""How many valid and how many invalid cases each operation gets; one without a body has little to vary."""


@dataclass(frozen=True)
class Generated:
    """A case as Schemathesis sends it; a form as clients send it too, with the value that it says."""

    valid: bool
    sent: Sent
    in_brackets: Sent | None = None
    value: Any = None


def generated(contract: str) -> Iterator[Generated]:
    """All cases of a contract."""
    schema = schemathesis.openapi.from_path(str(ROOT / "spec" / f"{contract}.yaml"))
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # anything else raises, and has to
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            strategy = operation.as_strategy(generation_mode=mode)
            for case in _cases(strategy, WITH_BODY if operation.body else WITHOUT):
                yield _worded(case, HOST + base_of(DOCUMENTS[contract]), valid=mode is GenerationMode.POSITIVE)


def _cases(strategy: Any, count: int) -> list[schemathesis.Case[Any]]:  # what as_strategy gives, whatever that is
    found: list[schemathesis.Case[Any]] = []

    @settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),  # They measure time, and machines differ.
        phases=[Phase.generate],
    )
    @given(case=strategy)
    def collect(case: schemathesis.Case[Any]) -> None:
        found.append(case)

    try:
        collect()
    except Unsatisfiable:  # There is nothing that could be wrong with an operation that reads nothing.
        return []
    return found


def _worded(case: schemathesis.Case[Any], url: str, *, valid: bool) -> Generated:
    arguments = case.as_transport_kwargs(base_url=url)
    names = ("method", "url", "headers", "data", "files", "json", "params", "cookies")
    prepared = requests.Request(**{name: arguments[name] for name in names if name in arguments}).prepare()
    sent = of(prepared).with_header("Authorization", f"Bearer {KEY}").with_header(SERIAL, None)
    operation = asked_for(sent)
    if operation is None or case.media_type != FORM or not isinstance(case.body, dict):
        return Generated(valid, sent)
    schema = operation.content[FORM]
    files = {name: b"" for name in case.body if schema["properties"].get(name, {}).get("format") == "binary"}
    value = told(case.body, schema)
    return Generated(valid, sent, worded(sent, FORM, {**files, **value}), value)
