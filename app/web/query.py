"""Query strings against the contract: parameters as typed values.

An operation that reads none looks at no query at all, as the real service did. One that reads some refuses
others: a misspelt filter would find too much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from app.errors import BadField
from app.web.forms import coerce
from app.web.schema import Schema, Validator, defaults, plain

MAX_PAIRS = 100


class QueryReader:
    """Reads and validates the query string of one operation; everything that can be is compiled at start."""

    def __init__(self, parameters: Sequence[Mapping[str, Any]]) -> None:
        wanted = [parameter for parameter in parameters if parameter["in"] == "query"]
        required = [parameter["name"] for parameter in wanted if parameter.get("required")]
        properties = {parameter["name"]: parameter["schema"] for parameter in wanted}
        schema = {"type": "object", "properties": properties} | ({"required": required} if required else {})
        self._schema: Schema = plain(schema)
        self._validator = Validator(self._schema)
        self._defaults = defaults(self._schema)

    def read(self, query: bytes) -> Mapping[str, Any]:
        """The parameters, defaults filled in; the last of several with one name wins. Raises ``BadField``."""
        known = self._schema["properties"]
        if not known:
            return {}
        try:
            pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_PAIRS)
        except ValueError:
            raise BadField("query", "maxItems", MAX_PAIRS, None) from None
        if unknown := [name for name, _ in pairs if name not in known]:
            raise BadField("query", "additionalProperties", unknown)
        given = {name: coerce(text, known[name]) for name, text in pairs}
        self._validator.check(given)
        return {**self._defaults, **given}
