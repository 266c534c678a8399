"""The documents of ``spec/`` and ways to walk through them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

VERSIONS = ("v1", "v1beta", "v1alpha")
CONTROL = "control"
"""The document of the test double's control API, which nobody else published."""
SERVICES = ("serevix", "aithriving", "stablecog", "stativerse")
"""The documents of services that published no OpenAPI, written from their pages."""
DOCUMENTS = (*VERSIONS, *SERVICES, CONTROL)
HERE = Path(__file__).resolve().parent
SPEC = HERE.parents[1] / "spec"
METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


def load(version: str) -> dict[str, Any]:
    """One document as plain data."""
    document: dict[str, Any] = yaml.safe_load((SPEC / f"{version}.yaml").read_text(encoding="utf-8"))
    return document


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation, in the order of the document."""
    for item in document["paths"].values():
        yield from (operation for method, operation in item.items() if method in METHODS)


def nodes(tree: Any, at: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the document with its place, examples left out: what is in them is data."""
    if isinstance(tree, dict):
        yield at, tree
        for key, value in tree.items():
            if key not in {"example", "examples"}:
                yield from nodes(value, f"{at}/{key}")
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from nodes(value, f"{at}/{index}")


def target(document: dict[str, Any], node: dict[str, Any]) -> Any:
    """The node itself, or what its reference leads to. Raises ``KeyError`` for a dead reference."""
    while isinstance(node, dict) and "$ref" in node:
        found: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node
