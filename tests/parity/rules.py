"""Where we answer otherwise than stock Connexion, on purpose, with the same request in the same words."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl

from app.web.jsontext import MAX_DIGITS, MAX_VALUES
from app.web.query import MAX_PAIRS
from tests.parity.pair import Pair, Rule
from tests.parity.verdict import Fault, Kind

DEPTH = 255
"""Values deeper than this are refused, whatever is in them."""


def _only_off_the_grid(pair: Pair) -> bool:
    return pair.ours.kind is Kind.TAKEN and {fault.rule for fault in pair.stock.faults} == {"multipleOf"}


def _redirected(pair: Pair) -> bool:
    return (pair.stock.kind, pair.ours.kind) == (Kind.REDIRECT, Kind.PATH)


def _asks_for_methods(pair: Pair) -> bool:
    return pair.sent.method == "OPTIONS" and (pair.stock.kind, pair.ours.status) == (Kind.METHOD, 204)


def _misspelt_parameter(pair: Pair) -> bool:
    if pair.operation is None or Fault("query", "additionalProperties") not in pair.ours.faults:
        return False
    return any(name not in pair.operation.queries for name, _ in parse_qsl(pair.sent.query, keep_blank_values=True))


def _many_parameters(pair: Pair) -> bool:
    return Fault("query", "maxItems") in pair.ours.faults and pair.sent.query.count("&") >= MAX_PAIRS


def _line_end_in_path(pair: Pair) -> bool:
    return pair.stock.kind is Kind.PATH and "\n" in pair.sent.path and pair.operation is not None


def _no_json(pair: Pair) -> bool:
    """The text is none that a strict reader takes: what stock's makes of it depends on what is in it."""
    if pair.ours.kind is not Kind.BODY:
        return False
    try:
        text = pair.sent.body.decode()
    except UnicodeDecodeError:
        return pair.stock.kind is Kind.CRASH
    return re.search(r"\b(NaN|Infinity)\b", text) is not None and pair.stock.kind is not Kind.CRASH


def _half_characters(pair: Pair) -> bool:
    if pair.ours.kind is not Kind.BODY or pair.stock.kind not in {Kind.TAKEN, Kind.FIELD}:
        return False
    try:
        json.dumps(json.loads(pair.sent.body), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except ValueError:
        return False
    return False


def _no_double(pair: Pair) -> bool:
    """Both refuse the field: stock for its bound, we because infinity is no number in JSON."""
    ours = {fault.field for fault in pair.ours.faults if fault.rule == "type"}
    if not ours & {fault.field for fault in pair.stock.faults}:
        return False
    return re.search(r"-?Infinity", json.dumps(json.loads(pair.sent.body))) is not None


def _too_much(pair: Pair) -> bool:
    if pair.ours.kind is not Kind.BODY:
        return False
    body = pair.sent.body
    many = sum(map(body.count, (b",", b"[", b"{"))) > MAX_VALUES
    return many or re.search(rb"\d{%d}" % (MAX_DIGITS + 1), body) is not None or _depth(body) > DEPTH


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for sign in re.findall(rb"[\[\]{}]", body):
        depth += 1 if sign in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


RULES = (
    Rule(
        "sizes off the grid",
        "the engine words what is no multiple of 64, and one that answers in the size of a picture does not look",
        "B12, B13; stock knows no other fault of the request",
        _only_off_the_grid,
    ),
    Rule(
        "slashes at the end",
        "a path with a slash at its end is another path; stock redirects, which loses bodies and keys",
        "B22",
        _redirected,
    ),
    Rule(
        "OPTIONS",
        "browsers ask for the methods of a path before they send a request from another site",
        "RFC 9110 9.3.7, the Fetch standard",
        _asks_for_methods,
    ),
    Rule(
        "misspelt parameters",
        "an operation that reads a query refuses what it does not know in it: a misspelt filter finds too much",
        "SC26",
        _misspelt_parameter,
    ),
    Rule(
        "too many parameters",
        f"a query of more than {MAX_PAIRS} is not taken apart",
        "B21, in kind: limits are the server's, and stock has none",
        _many_parameters,
    ),
    Rule(
        "line ends in paths",
        "a name in a path may hold any character but a slash; stock's way to a contract stops at an escaped line end",
        "RFC 3986 3.3; Starlette: Mount.path_regex",
        _line_end_in_path,
    ),
    Rule(
        "texts that are no JSON",
        "what is not UTF-8 is refused where stock fails with 500; NaN and Infinity are refused where stock takes them",
        "RFC 8259 6 and 8.1",
        _no_json,
    ),
    Rule(
        "halves of characters",
        "a JSON escape can name half of a surrogate pair, which no text can hold",
        "RFC 8259 8.2; the Unicode standard",
        _half_characters,
    ),
    Rule(
        "numbers that no double holds",
        "1e400 is read as infinity, which is no number to us, and one past the field's bound to stock; both refuse it",
        "RFC 8259 6",
        _no_double,
    ),
    Rule(
        "values that cost too much",
        f"more than {MAX_VALUES} values, more than {MAX_DIGITS} digits in a number, or deeper than {DEPTH} are refused",
        "B21, in kind: limits are the server's, and stock has none",
        _too_much,
    ),
)
