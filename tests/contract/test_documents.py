"""The documents are valid, complete and without loose ends, so that they can be published as they are."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import OpenAPIV30SpecValidator
from yamllint import linter
from yamllint.config import YamlLintConfig

from app.worlds.outcomes import Outcome
from tests.contract.documents import CONTROL, DOCUMENTS, SERVICES, SPEC, VERSIONS, load, nodes, operations, target

DRAWING = {"textToImage", "imageToImage", "masking", "listEngines", "userAccount", "userBalance"}
CONTROLS = {
    *("showWorld", "changeWorld", "resetWorld", "advanceClock"),
    *("listRules", "addRule", "clearRules", "removeRule"),
    *("readJournal", "clearJournal", "countJournal"),
    *("listSnapshots", "takeSnapshot", "dropSnapshot", "restoreSnapshot"),
    *("listServerSnapshots", "takeServerSnapshot", "dropServerSnapshot", "restoreServerSnapshot"),
    *("listWorlds", "resetServer", "listOutcomes"),
}
OPERATIONS = {
    "v1": {*DRAWING, "upscaleImage"},
    "v1beta": DRAWING,
    "v1alpha": DRAWING,
    "serevix": {"generateImage"},
    "aithriving": {"generateCore"},
    "stablecog": {
        *("createGeneration", "generate", "listModels", "showDefaults"),
        *("listOutputs", "showOutput", "showCredits"),
    },
    "stativerse": {"imageGeneration", "imageEdit", "classification", "sentence"},
    CONTROL: CONTROLS,
}
FEW = 20
"""Every document has more examples than this."""
SAMPLES = {"Shell", "Python", "JavaScript"}


@pytest.fixture(params=DOCUMENTS)
def version(request: pytest.FixtureRequest) -> str:
    """Each document in turn, by its name."""
    name: str = request.param
    return name


@pytest.fixture
def document(version: str) -> dict[str, Any]:
    """The document of that name."""
    return load(version)


api = pytest.mark.parametrize("version", VERSIONS)
"""Only the documents of the Stability API."""
services = pytest.mark.parametrize("version", SERVICES)
"""Only those of the other services."""
drawing = pytest.mark.parametrize("version", [*VERSIONS, *SERVICES])
"""All but the control API."""


def examples(document: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Every example with its place and the schema it has to fit."""
    for place, node in nodes(document):
        schema = node.get("schema", node)
        if place.endswith("/properties") or place == "#/components":
            continue
        if "example" in node:
            yield place, node["example"], schema
        for name, entry in node.get("examples", {}).items():
            yield f"{place}/{name}", entry["value"], schema


def inlined(document: dict[str, Any], node: Any) -> Any:
    """The schema with its references replaced by what they lead to."""
    if isinstance(node, dict):
        return {key: inlined(document, value) for key, value in target(document, node).items()}
    return [inlined(document, value) for value in node] if isinstance(node, list) else node


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    """Any tool that reads OpenAPI 3.0 can read the document."""
    problems = list(OpenAPIV30SpecValidator(document).iter_errors())

    assert problems == []


def test_the_document_is_tidy_yaml(version: str) -> None:
    """People can read the document: the linter finds nothing to complain about."""
    file = SPEC / f"{version}.yaml"
    config = YamlLintConfig(file=str(SPEC.parent / ".yamllint"))

    problems = list(linter.run(file.read_text(encoding="utf-8"), config, str(file)))

    assert problems == []


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    """Whatever a reader copies from the document is accepted, and looks like what comes back."""
    found = list(examples(document))
    wrong = [
        (place, error.message)
        for place, value, schema in found
        for error in OAS30Validator(inlined(document, schema)).iter_errors(value)
    ]

    assert len(found) > FEW
    assert wrong == []


def test_every_json_answer_and_request_has_an_example(document: dict[str, Any]) -> None:
    """A reader sees at once what to send and what comes back."""
    bare = [
        place
        for place, node in nodes(document)
        if place.endswith("/content/application/json") and not {"example", "examples"} & node.keys()
    ]

    assert bare == []


def test_the_operations_are_those_that_clients_know(version: str, document: dict[str, Any]) -> None:
    """Generated clients have these method names, for the Stability API those of the published documents."""
    assert {operation["operationId"] for operation in operations(document)} == OPERATIONS[version]


def test_every_operation_is_explained(document: dict[str, Any]) -> None:
    """No operation is without a summary, a description and a known tag, nor without what may go wrong with its body."""
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}

    for operation in operations(document):
        assert operation["summary"]
        assert operation["description"]
        assert operation["tags"]
        assert set(operation["tags"]) <= tags.keys()
        assert {"500", *(("400", "408", "413", "415") if "requestBody" in operation else ())} <= set(
            operation["responses"]
        )


@api
def test_every_operation_of_the_api_needs_a_key_and_shows_code(document: dict[str, Any]) -> None:
    """No operation is without its key, its 401, its rate limit and samples in three languages."""
    for operation in operations(document):
        assert operation["security"] == [{"STABILITY_API_KEY": []}]
        assert {"200", "401", "429"} <= operation["responses"].keys()
        assert {sample["lang"] for sample in operation["x-codeSamples"]} == SAMPLES


@services
def test_every_operation_of_a_service_shows_code_and_says_who_may_call(document: dict[str, Any]) -> None:
    """What needs a key has a 401 and a rate limit, what needs none is said to need none."""
    for operation in operations(document):
        keyed = operation["security"] != []
        assert "200" in operation["responses"]
        assert keyed == ("401" in operation["responses"])
        assert keyed <= ("429" in operation["responses"])
        assert {sample["lang"] for sample in operation["x-codeSamples"]} == SAMPLES


def test_operations_on_one_world_need_its_key() -> None:
    """What is about one world asks for its key and has a 401; what is about all of them asks for none."""
    for path, item in load(CONTROL)["paths"].items():
        for operation in item.values():
            keyed = path.split("/")[1] == "world"
            assert operation.get("security", []) == ([{"WORLD_KEY": []}] if keyed else [])
            assert ("401" in operation["responses"]) == keyed


def test_the_control_api_knows_the_outcomes_of_the_code() -> None:
    """The document names every outcome that can be played, and no other."""
    assert load(CONTROL)["components"]["schemas"]["Outcome"]["enum"] == [str(outcome) for outcome in Outcome]


def test_every_field_parameter_header_and_answer_is_described(document: dict[str, Any]) -> None:
    """No part of the document leaves its reader guessing."""
    parts = {"properties", "schemas", "parameters", "headers", "responses", "securitySchemes", "tags"}
    silent = [
        place
        for place, node in nodes(document)
        if (place.endswith("/requestBody") or place.split("/")[-2:-1] in ([part] for part in parts))
        and not target(document, node).get("description")
    ]

    assert silent == []


def test_every_reference_leads_somewhere_and_every_component_is_used(document: dict[str, Any]) -> None:
    """The document stands alone: nothing points outside or nowhere, and nothing is left over."""
    references = {node["$ref"] for _, node in nodes(document) if isinstance(node.get("$ref"), str)}
    components = {
        f"#/components/{kind}/{name}"
        for kind, members in document["components"].items()
        if kind != "securitySchemes"
        for name in members
    }

    assert references == components


def _objects_of_requests(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every object with named fields that a body may hold, at any depth, with its place."""
    bodies = [operation["requestBody"] for operation in operations(document) if "requestBody" in operation]
    found = [pair for body in bodies for pair in nodes(inlined(document, body)) if "properties" in pair[1]]
    return [(place, node) for place, node in found if not place.endswith("/properties")]


@drawing
def test_requests_may_carry_fields_that_are_not_named(document: dict[str, Any]) -> None:
    """A client with a newer field is not refused: unknown fields are ignored."""
    objects = _objects_of_requests(document)

    assert objects
    assert [place for place, node in objects if "additionalProperties" in node] == []


def test_the_control_api_refuses_fields_that_are_not_named() -> None:
    """A misspelt word in a rule is refused: ignored, the rule would mean more requests than its author thinks."""
    objects = _objects_of_requests(load(CONTROL))

    assert objects
    assert [place for place, node in objects if node.get("additionalProperties") is not False] == []


def test_connexion_binds_every_operation(version: str) -> None:
    """The server can be built from the document as it is."""
    text = (SPEC / f"{version}.yaml").read_bytes()
    document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    bound: set[str] = set()

    with warnings.catch_warnings():
        # Connexion imports Starlette's test client and an old resolver of jsonschema, and both warn.
        warnings.simplefilter("ignore")
        asyncio.run(start(document, bound))

    assert bound == {operation["operationId"] for operation in operations(document)}


async def start(document: dict[str, Any], bound: set[str]) -> None:
    """Start a Connexion application for the document and stop it again; it notes what it binds."""
    from connexion import AsyncApp
    from connexion.resolver import Resolver

    def resolve(operation_id: str) -> Callable[[], None]:
        bound.add(operation_id)
        return lambda: None

    app = AsyncApp("contract")
    app.add_api(document, base_path=document["servers"][0]["url"], resolver=Resolver(resolve))
    told: list[str] = []
    asked = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, str]:
        return {"type": next(asked)}

    async def send(message: dict[str, str]) -> None:
        told.append(message["type"])

    await app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
