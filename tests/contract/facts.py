"""What an OpenAPI document fixes, as a tree of plain facts without prose, and how two such trees differ.

References are followed and ``allOf`` is merged, so that two documents which say the same in different
ways have the same facts. ``Error`` is compared once instead of under every status.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Tree = dict[str, Any]
"""A JSON object; what is in it depends on the document."""

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
PROSE = frozenset({"description", "summary", "example", "examples", "title", "externalDocs"})
UNORDERED = frozenset({"enum", "required"})
ONCE = frozenset({"Error"})
ABSENT = "absent"


def facts_of(document: Mapping[str, Any]) -> Tree:
    """The facts of a whole document: servers, keys, the error, and every operation by its id."""
    reader = _Reader(document)
    operations = {
        operation["operationId"]: {"route": f"{method.upper()} {path}", **reader.operation(operation)}
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }
    components = document["components"]
    return {
        "servers": [server["url"] for server in document["servers"]],
        "securitySchemes": {k: reader.bare(v) for k, v in components["securitySchemes"].items()},
        "Error": reader.schema(components["schemas"]["Error"]),
        "operations": operations,
    }


def differences(published: Tree, ours: Tree, at: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where the trees differ: place, published fact, our fact.

    A subtree that only one side has is one difference, and so is a schema of another type.
    """
    for key in sorted(published.keys() | ours.keys()):
        place = f"{at}/{key}" if at else key
        theirs, mine = published.get(key, ABSENT), ours.get(key, ABSENT)
        if isinstance(theirs, dict) and isinstance(mine, dict) and theirs.get("type") == mine.get("type"):
            yield from differences(theirs, mine, place)
        elif theirs != mine:
            yield place, theirs, mine


class _Reader:
    """Reads the parts of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def operation(self, operation: Mapping[str, Any]) -> Tree:
        found: Tree = {
            "tags": operation["tags"],
            "security": operation["security"],
            "parameters": dict(self.parameter(p) for p in operation.get("parameters", ())),
            "responses": {status: self.response(r) for status, r in operation["responses"].items()},
        }
        if "requestBody" in operation:
            body = self.follow(operation["requestBody"])
            found["body"] = {"required": body.get("required", False), **self.content(body["content"])}
        return found

    def parameter(self, node: Mapping[str, Any]) -> tuple[str, Tree]:
        parameter = self.follow(node)
        facts = self.bare(parameter, "name", "in", "schema")
        facts["required"] = parameter.get("required", False)
        return f"{parameter['in']} {parameter['name']}", {**facts, "schema": self.schema(parameter["schema"])}

    def response(self, node: Mapping[str, Any]) -> Tree:
        response = self.follow(node)
        headers = {name: self.header(header) for name, header in response.get("headers", {}).items()}
        return {"headers": headers, **self.content(response.get("content", {}))}

    def header(self, node: Mapping[str, Any]) -> Tree:
        header = self.follow(node)
        return {"required": header.get("required", False), "schema": self.schema(header["schema"])}

    def content(self, content: Mapping[str, Any]) -> Tree:
        return {media: self.media(part) for media, part in content.items()}

    def media(self, part: Mapping[str, Any]) -> Tree:
        return {**self.bare(part, "schema"), "schema": self.schema(part["schema"])}

    def schema(self, node: Mapping[str, Any]) -> Tree:
        reference = node.get("$ref", "").rpartition("/")[2]
        if reference in ONCE:
            return {"is": reference}
        schema = self.merged(self.follow(node))
        facts = self.bare(schema, "properties", "items", "discriminator")
        if "properties" in schema:
            facts["properties"] = {name: self.schema(part) for name, part in schema["properties"].items()}
        if "items" in schema:
            facts["items"] = self.schema(schema["items"])
        if "discriminator" in schema:
            facts["discriminator"] = {
                "propertyName": schema["discriminator"]["propertyName"],
                "mapping": sorted(schema["discriminator"]["mapping"]),
            }
        return facts

    def merged(self, schema: Mapping[str, Any]) -> Tree:
        whole: Tree = {key: value for key, value in schema.items() if key != "allOf"}
        for part in schema.get("allOf", ()):
            for key, value in self.merged(self.follow(part)).items():
                if key == "properties":
                    whole[key] = {**whole.get(key, {}), **value}
                elif key == "required":
                    whole[key] = [*dict.fromkeys([*whole.get(key, []), *value])]
                else:
                    whole.setdefault(key, value)
        return whole

    def follow(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            target: Any = self._document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def bare(self, node: Mapping[str, Any], *without: str) -> Tree:
        """A shallow copy without prose, extensions and the named keys; lists of no order are sorted."""
        return {
            key: sorted(value, key=str) if key in UNORDERED and isinstance(value, list) else value
            for key, value in node.items()
            if key not in PROSE and key not in without and not key.startswith("x-")
        }
