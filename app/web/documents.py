"""Contracts as documents: read from ``spec/``, kept compiled, and with their references resolved."""

from __future__ import annotations

import functools
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import yaml

Document = dict[str, Any]
"""What an OpenAPI document in YAML holds."""

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, in C where PyYAML was built with it: ten times faster."""
SPEC_FOLDER = Path(__file__).resolve().parents[2] / "spec"


@functools.cache
def load(name: str, folder: Path = SPEC_FOLDER) -> Document:
    """The document ``spec/<name>.yaml``, its tags and texts untouched; read once, so that nobody may change it."""
    module = ModuleType(name)
    _Compiled(name, str(folder / f"{name}.yaml")).exec_module(module)
    document: Document = module.document
    return document


class _Compiled(SourceFileLoader):
    """Takes a document for a module, which Python keeps compiled in ``__pycache__`` beside it until it is changed.

    To read YAML takes fifty times as long. Where that folder cannot be written, it is read every time.
    """

    def source_to_code(self, data: Any, path: Any, *_: Any, **__: Any) -> CodeType:  # type: ignore[override]  # those of its own bases differ
        """A document as a module that has it under the name ``document``."""
        document = yaml.load(data, Loader=LOADER)  # noqa: S506 -- a safe loader
        return compile(f"document = {document!r}", path, "exec", dont_inherit=True)


def resolved(document: Document) -> Document:
    """The document with what its references stand for in their places; shared, so that nobody may change it.

    The rules are Connexion's: what stands beside a reference is overridden by what it stands for.
    Raises ``KeyError`` for a reference to what is not there.
    """
    known: dict[str, Any] = {}

    def target(reference: str) -> Any:
        if reference not in known:
            node: Any = document
            for step in reference.removeprefix("#/").split("/"):
                node = node[step]
            known[reference] = whole(node)
        return known[reference]

    def whole(node: Any) -> Any:
        if isinstance(node, list):
            return [whole(part) for part in node]
        if not isinstance(node, dict):
            return node
        if "$ref" not in node:
            return {name: whole(part) for name, part in node.items()}
        beside = {name: whole(part) for name, part in node.items() if name != "$ref"}
        return {**beside, **target(node["$ref"])}

    return {name: whole(part) for name, part in document.items()}
