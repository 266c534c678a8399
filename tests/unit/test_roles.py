"""What test mode reads of a contract: which operation a path is, and which fields play which role."""

from __future__ import annotations

from typing import Any

import pytest

from app.testing import roles
from app.testing.operations import Operations, names
from tests.running import SERVICES, VERSIONS, base_of, document, document_paths

CONTRACTS = {name: document(name) for name in (*VERSIONS, *SERVICES)}
OPERATIONS = Operations(CONTRACTS)

BODY: dict[str, Any] = {
    "properties": {
        "count": {"type": "integer"},
        "options": {
            "properties": {
                "texts": {"items": {"properties": {"text": {roles.ROLE: "prompt", "example": "a fox"}}}},
                "steps": {roles.ROLE: "steps", "default": 30},
            }
        },
        "against": {roles.ROLE: "prompt"},
        "model": {roles.ROLE: "engine", "enum": ["core", "large"], "example": "large"},
        "image": {"oneOf": [{roles.ROLE: "picture"}, {"items": {roles.ROLE: "picture"}}]},
        "shape": {roles.ROLE: "size", "default": [64, 32]},
    }
}


@pytest.mark.parametrize(
    ("value", "role", "found"),
    [
        (
            {"options": {"texts": [{"text": "a"}, {"text": "b", "weight": 1}]}, "against": "c"},
            "prompt",
            ["a", "b", "c"],
        ),
        ({"against": ["a", ["b"]]}, "prompt", ["a", "b"]),
        ({"image": "x"}, "picture", ["x"]),
        ({"image": ["x", "y"]}, "picture", ["x", "y"]),
        ({"shape": [7, 8]}, "size", [7, 8]),
        ({"options": "no object", "model": 7}, "engine", [7]),
        ({"options": {"texts": "no list"}}, "prompt", []),
        ({"options": {"texts": ["no object"]}}, "prompt", []),
        ({}, "prompt", []),
        ([], "prompt", []),
        (None, "engine", []),
    ],
)
def test_what_plays_a_role_is_found_wherever_it_stands(value: Any, role: roles.Role, found: list[Any]) -> None:
    """In objects, in items of arrays, in alternatives; what is not as the contract says plays none."""
    values = list(dict.fromkeys(map(str, roles.played(value, BODY, role))))

    assert values == [str(one) for one in found]


def test_a_field_is_named_as_errors_name_it() -> None:
    """The nearest field that is no part of an array's items; None where the contract has none."""
    assert roles.field(BODY, "prompt") == "texts"
    assert roles.field(BODY, "picture") == "image"
    assert roles.field(BODY, "width") is None


def test_a_role_has_a_default_and_a_sample() -> None:
    """What counts when nothing is sent, and what may be sent: the first of a list, the example, or the default."""
    assert (roles.default(BODY, "steps"), roles.default(BODY, "size")) == (30, [64, 32])
    assert (roles.default(BODY, "engine"), roles.default(BODY, "width")) == (None, None)
    assert (roles.sample(BODY, "engine"), roles.sample(BODY, "prompt")) == ("core", "a fox")
    assert (roles.sample(BODY, "steps"), roles.sample(BODY, "width")) == (30, None)


def test_every_operation_of_every_contract_is_found() -> None:
    """By its method and path, also where contracts share a base path; with the name that rules and journals use."""
    for name, content in CONTRACTS.items():
        for path, item in document_paths(name).items():
            for method in item:
                target = OPERATIONS.find(method.upper(), base_of(name) + path.replace("{", "").replace("}", ""))

                assert target is not None
                assert target.operation is not None
                assert (target.version, target.operation.version) == (name, name)
                assert target.operation.name in names({name: content}).operations


def test_names_are_short() -> None:
    """The ids of a contract in kebab case, or what it says; each once, whichever contracts have it."""
    found = names(CONTRACTS)

    assert found.versions == tuple(CONTRACTS)
    assert found.operations[:7] == (
        "text-to-image",
        "image-to-image",
        "upscale",
        "masking",
        "list-engines",
        "account",
        "balance",
    )
    assert len(set(found.operations)) == len(found.operations)


@pytest.mark.parametrize(
    ("method", "path", "version"),
    [
        ("GET", "/v1/generation/e/text-to-image", "v1"),
        ("POST", "/v1alpha/nothing", "v1alpha"),
        ("GET", "/v1/image/nothing", "stablecog"),
        ("GET", "/v1/images/nothing", "serevix"),
        ("GET", "/models/v1", "stativerse"),
        ("GET", "/v1/openapi.json", "v1"),
    ],
)
def test_a_path_without_an_operation_belongs_to_a_contract(method: str, path: str, version: str) -> None:
    """So that rules by version and path reach it as well."""
    target = OPERATIONS.find(method, path)

    assert target is not None
    assert (target.version, target.operation, target.engine) == (version, None, None)


@pytest.mark.parametrize("path", ["/", "/healthz", "/_understudy/world", "/stablecog/ui/", "/nothing"])
def test_what_is_no_contracts_is_nobodys(path: str) -> None:
    """Pages, health and the control API are in no world."""
    assert OPERATIONS.find("GET", path) is None


def test_the_engine_of_a_path_is_the_parameter_that_is_marked() -> None:
    """It is told with the operation; other parameters of paths are no engines."""
    drawn = OPERATIONS.find("POST", "/v1/generation/my-engine/text-to-image")
    shown = OPERATIONS.find("GET", "/v1/image/generation/files/5eac2abb-0f0d-484b-87e1-b5410175427b.png")

    assert drawn is not None
    assert drawn.engine == "my-engine"
    assert shown is not None
    assert shown.operation is not None
    assert shown.engine is None


@pytest.mark.parametrize("contract", SERVICES)
def test_every_operation_that_draws_marks_its_prompt(contract: str) -> None:
    """A contract that marks nothing would have no magic words: each that takes a prompt says so."""
    for method, path in (
        (method, path) for path, item in document_paths(contract).items() for method in item if method == "post"
    ):
        target = OPERATIONS.find(method.upper(), base_of(contract) + path)
        assert target is not None
        assert target.operation is not None
        for schema in target.operation.schemas.values():
            assert roles.field(schema, "prompt") in {"prompt", "input"}
