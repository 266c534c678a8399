"""Where stock Connexion's own reading of a form differs from ours; what the form says is compared in JSON as well."""

from __future__ import annotations

import re
from collections import Counter

from app.errors import BadBody
from app.settings import Limits
from app.web.jsontext import MAX_DIGITS
from app.web.multipart import Part
from tests.parity.contracts import FORM
from tests.parity.forms import parts_of
from tests.parity.pair import Pair, Rule
from tests.parity.verdict import Kind

JSON_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
LARGE = 1_000_000
"""Stock takes a part without a filename for a text, and fails for one that is larger than this."""


def _parts(pair: Pair) -> list[Part]:
    """Its parts; none where there is no readable form."""
    try:
        return parts_of(pair.sent)
    except BadBody:
        return []


def _schema_of(pair: Pair, part: Part) -> dict[str, object]:
    known: dict[str, object] = pair.operation.content[FORM]["properties"].get(part.name, {}) if pair.operation else {}
    return known


def _texts(pair: Pair) -> list[Part]:
    return [part for part in _parts(pair) if _schema_of(pair, part).get("format") != "binary"]


def _broken(pair: Pair) -> bool:
    """Nothing that can be put together: no form, or a text that is too long or no text."""
    if pair.ours.kind is not Kind.BODY:
        return False
    most = Limits().field_bytes
    return not _parts(pair) or any(len(part.data) > most or not _is_utf_8(part) for part in _texts(pair))


def _bracketed(pair: Pair) -> bool:
    return any("[" in part.name for part in _parts(pair))


def _structured(pair: Pair) -> bool:
    return any(_schema_of(pair, part).get("type") in {"array", "object"} for part in _parts(pair))


def _twice(pair: Pair) -> bool:
    return any(count > 1 for count in Counter(part.name for part in _parts(pair)).values())


def _text_as_file(pair: Pair) -> bool:
    named = set(re.findall(rb'name="([^"]*)"; filename=', pair.sent.body))
    return any(part.name.encode() in named for part in _texts(pair))


def _in_python(pair: Pair) -> bool:
    numbers = (part for part in _texts(pair) if _schema_of(pair, part).get("type") in {"integer", "number"})
    return any(_only_python_reads(part.data.decode("utf-8", "replace")) for part in numbers)


def _only_python_reads(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return JSON_NUMBER.fullmatch(text) is None


def _long(pair: Pair) -> bool:
    return any(re.fullmatch(rb"\d{%d,}" % (MAX_DIGITS + 1), part.data) for part in _texts(pair))


def _large(pair: Pair) -> bool:
    return any(len(part.data) > LARGE for part in _parts(pair))


def _is_utf_8(part: Part) -> bool:
    try:
        part.data.decode()
    except UnicodeDecodeError:
        return False
    return True


FORM_RULES = (
    Rule(
        "broken forms",
        "a form without boundary or end, and a text that is not UTF-8, are refused; stock fails with 500, or guesses",
        "RFC 7578 4.1 and 5.1",
        _broken,
    ),
    Rule(
        "fields sent twice",
        "the last one counts; stock joins both with a comma, and takes no file twice",
        "B03, SE21",
        _twice,
    ),
    Rule(
        "names in brackets",
        "clients write lists under names such as text_prompts[0][text], which stock takes for fields that it ignores",
        "B01",
        _bracketed,
    ),
    Rule(
        "lists and objects in one part",
        "they are JSON; stock takes a list apart at its commas, and forces values in objects into types: 10.5 into 10",
        "B01, D29; stock: OpenAPIURIParser.resolve_form and coerce_type",
        _structured,
    ),
    Rule(
        "texts as files",
        "what is a file is said by the name of its field; stock goes by the filename",
        "B02",
        _text_as_file,
    ),
    Rule(
        "numbers as Python writes them",
        "numbers are written as JSON has them; stock takes blanks, underscores and digits of other scripts",
        "stock: coerce_type calls int and float",
        _in_python,
    ),
    Rule(
        "long numbers",
        f"a text of more than {MAX_DIGITS} digits is no number",
        "B21, in kind: limits are the server's, and stock has none",
        _long,
    ),
    Rule(
        "large files without a filename",
        "a part is a file by the name of its field; stock fails with 500, or refuses the form",
        "B02; Starlette: MultiPartParser.max_part_size",
        _large,
    ),
)
