"""Stock Connexion on our contracts: its own routing, security, parameter and body validation, in its own order.

Stock needs this much to work at all:

* every security scheme is told a function that knows keys: without one stock refuses every key;
* each contract has an application of its own: where two of them begin at one path, stock never leaves the first;
* handlers name the media type of their answer: where a contract has several, stock answers 500 otherwise;
* no pages and documents are served, which would stand in the way of paths that are compared.

Its validators are listened to, not changed: stock tells one fault of many, and it need not be the one that we tell.
"""

from __future__ import annotations

import asyncio
import copy
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest
from connexion import AsyncApp
from connexion.datastructures import MediaTypeDict
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from connexion.options import SwaggerUIOptions
from connexion.resolver import Resolver
from connexion.validators import (
    VALIDATOR_MAP,
    JSONRequestBodyValidator,
    MultiPartFormDataValidator,
    ParameterValidator,
)
from jsonschema import ValidationError
from starlette.exceptions import HTTPException

from app.web.schema import dotted
from tests.parity.sent import Sent, ask
from tests.parity.verdict import Fault, Kind, Verdict

KINDS = {200: Kind.TAKEN, 307: Kind.REDIRECT, 401: Kind.KEY, 404: Kind.PATH, 405: Kind.METHOD, 415: Kind.MEDIA}
KEY = re.compile(r"(?:bearer +)?(sk-[A-Za-z0-9]{48})", re.IGNORECASE)


@dataclass
class Heard:
    """What stock did with one request."""

    faults: set[Fault] = field(default_factory=set)
    given: dict[str, Any] = field(default_factory=dict)


HEARD: ContextVar[Heard] = ContextVar("heard")


class _Closing(SpooledTemporaryFile[bytes]):
    """A file that closes itself when nobody has it any more: stock leaves those of forms open."""

    def __del__(self) -> None:
        self.close()


@contextmanager
def ready() -> Iterator[None]:
    """While this lasts, stock can be asked without a log of every refusal and without warnings about open files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("starlette.formparsers.SpooledTemporaryFile", _Closing)
        logging.disable(logging.CRITICAL)
        yield
        logging.disable(logging.NOTSET)


class Stock:
    """One contract behind stock Connexion."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._app = AsyncApp("stock", swagger_ui_options=SwaggerUIOptions(serve_spec=False, swagger_ui=False))
        for error in (HTTPException, ProblemException, Exception):
            self._app.add_error_handler(error, _status_alone)
        self._app.add_api(with_keys(document), resolver=Resolver(lambda _: _handler), validator_map=LISTENING)

    def judge(self, runner: asyncio.Runner, sent: Sent) -> tuple[Verdict, dict[str, Any]]:
        """Its verdict without a value, and what its handler was given."""
        status, heard = runner.run(self._listen(sent))
        kind = KINDS.get(status, Kind.CRASH if status >= 500 else Kind.FIELD if heard.faults else Kind.BODY)
        return Verdict(kind, status, frozenset(heard.faults)), heard.given

    async def _listen(self, sent: Sent) -> tuple[int, Heard]:
        HEARD.set(heard := Heard())
        status, _ = await ask(self._app, sent)
        return status, heard


def with_keys(document: dict[str, Any]) -> dict[str, Any]:
    """The contract with the function that knows keys."""
    content = copy.deepcopy(document)
    for scheme in content["components"]["securitySchemes"].values():
        kind = "x-apikeyInfoFunc" if scheme["type"] == "apiKey" else "x-bearerInfoFunc"
        scheme[kind] = f"{__name__}.{known_key.__name__}"
    return content


def known_key(header: str) -> dict[str, str] | None:
    """Whoever has a key that looks like one of ours: which of them there are is not the contract's to say."""
    found = KEY.fullmatch(header.strip())
    return {"sub": found[1]} if found else None


async def _handler(**given: Any) -> tuple[str, int, dict[str, str]]:
    HEARD.get().given = given
    return "", 200, {"Content-Type": "application/json"}


async def _status_alone(_request: ConnexionRequest, error: Exception) -> ConnexionResponse:
    """Stock's status of an error; its own handlers write texts, in a thread of their own for each."""
    return ConnexionResponse(getattr(error, "status_code", 500))


class Parameters(ParameterValidator):
    """Stock's own, heard; it stops at the first fault, so all of the query is looked at once before."""

    def validate_request(self, request: ConnexionRequest) -> None:
        """Note everything that is wrong in the query, then refuse as stock does."""
        for param in self.parameters["query"]:
            self.validate_query_parameter(param, request)
        super().validate_request(request)

    @staticmethod
    def validate_parameter(parameter_type: str, value: Any, param: Any, param_name: str | None = None) -> str | None:
        """What stock says, noted under the parameter's name."""
        said: str | None = ParameterValidator.validate_parameter(parameter_type, value, param, param_name)
        if said:
            rule = re.search(r"^Failed validating '(\w+)'", said, re.MULTILINE)
            HEARD.get().faults.add(Fault(param["name"], rule[1] if rule else "required"))
        return said


class JsonBodies(JSONRequestBodyValidator):
    """Stock's own, heard."""

    def _validate(self, body: Any) -> dict[str, Any] | None:
        HEARD.get().faults.update(_faults(self._validator.iter_errors(body)))
        checked: dict[str, Any] | None = super()._validate(body)
        return checked


class Forms(MultiPartFormDataValidator):
    """Stock's own, heard."""

    def _validate(self, body: Any) -> dict[str, Any] | None:
        HEARD.get().faults.update(_faults(self._validator.iter_errors(body)))
        checked: dict[str, Any] | None = super()._validate(body)
        return checked


LISTENING = {
    "parameter": Parameters,
    "body": MediaTypeDict({**VALIDATOR_MAP["body"], "*/*json": JsonBodies, "multipart/form-data": Forms}),
}


def _faults(errors: Iterable[ValidationError]) -> Iterator[Fault]:
    """Every fault, those of alternatives included."""
    for error in errors:
        path = list(error.absolute_path)
        if error.validator == "required":
            missing = re.match(r"'(.*)' is a required property", error.message)
            path.append(missing[1] if missing else "")
        yield Fault(dotted(path) or "body", str(error.validator))
        yield from _faults(error.context or ())
