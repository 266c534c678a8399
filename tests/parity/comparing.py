"""One request, both sides, and which of the intended differences lie between what they say."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.parity.contracts import DOCUMENTS, OPERATIONS, Operation, as_json, asked_for, owner, told
from tests.parity.form_rules import FORM_RULES
from tests.parity.forms import is_form, said_in_json
from tests.parity.ours import Ours
from tests.parity.pair import Pair, Rule
from tests.parity.rewordings import REWORDINGS
from tests.parity.rules import RULES
from tests.parity.sent import Sent
from tests.parity.stock import Stock, ready
from tests.parity.verdict import Kind, Verdict, canonical


@dataclass
class Tally:
    """What was compared: requests by operation, differences by rule, and those that no rule covers."""

    requests: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)

    def lines(self, title: str) -> list[str]:
        """What was compared, in a few lines."""
        rules = ", ".join(f"{name}: {count}" for name, count in self.rules.most_common())
        operations = len(self.requests.keys() & set(map(str, OPERATIONS)))
        verdicts = ", ".join(f"{kind}: {count}" for kind, count in self.verdicts.most_common())
        forms = ", ".join(f"{kind}: {count}" for kind, count in self.forms.most_common())
        return [
            f"{title}: {self.requests.total()} requests to {operations} operations and to none; {verdicts}",
            f"  forms: {forms}",
            f"  differences that are intended: {rules}",
        ]


class Sides:
    """Both sides, ready to be asked."""

    def __init__(self, runner: asyncio.Runner, documents: Mapping[str, dict[str, Any]] = DOCUMENTS) -> None:
        self._runner = runner
        self.ours = Ours()
        self._stock = {name: Stock(document) for name, document in documents.items()}
        self._stock_in_json = {name: Stock(as_json(document)) for name, document in documents.items()}

    def compare(self, requests: Iterable[Sent], tally: Tally | None = None) -> Tally:
        """Ask both sides everything; what came of it, on top of what is in ``tally`` already."""
        tally = Tally() if tally is None else tally
        with ready():
            for sent in requests:
                self._note(sent, tally)
        return tally

    def given(self, sent: Sent) -> Any:
        """The body that our handler is given, as the contract names it, files left out; None where it is refused."""
        with ready():
            verdict = self._ours(sent, asked_for(sent))
        return json.loads(verdict.value)["body"] if verdict.kind is Kind.TAKEN else None

    def _note(self, sent: Sent, tally: Tally) -> None:
        """Ask both sides one request; a form as stock reads it by itself, and once more in JSON."""
        operation = asked_for(sent)
        ours = self._ours(sent, operation)
        tally.requests[str(operation) if operation else f"{owner(sent)}, no operation"] += 1
        tally.verdicts[ours.kind] += 1
        pair = self._worded(Pair(sent, operation, self._judged(self._stock, sent, operation), ours), tally)
        if operation is None or not is_form(sent, operation):
            self._settle(pair, RULES, tally)
            return
        own = replace(pair, stock=pair.stock.roughly(), ours=ours.roughly())
        tally.forms["read alike by stock itself" if own.agrees else "not read alike"] += 1
        self._settle(own, (*FORM_RULES, *RULES), tally)
        if in_json := said_in_json(pair.sent, operation):
            tally.forms["compared in JSON"] += 1
            stock = self._judged(self._stock_in_json, in_json, operation)
            self._settle(Pair(in_json, operation, stock, ours), RULES, tally)

    def _worded(self, pair: Pair, tally: Tally) -> Pair:
        """The request worded for stock, as far as it takes until both agree."""
        for rewording in REWORDINGS:
            if pair.agrees:
                break
            if worded := rewording.reword(pair):
                tally.rules[rewording.name] += 1
                pair = replace(pair, sent=worded, stock=self._judged(self._stock, worded, pair.operation))
        return pair

    def _settle(self, pair: Pair, rules: tuple[Rule, ...], tally: Tally) -> None:
        if pair.agrees:
            return
        covering = next((rule.name for rule in rules if rule.covers(pair)), None)
        if covering is None:
            tally.unexplained.append(_shown(pair))
        else:
            tally.rules[covering] += 1

    def _ours(self, sent: Sent, operation: Operation | None) -> Verdict:
        verdict, given = self.ours.judge(self._runner, sent)
        return replace(verdict, value=_value(given, operation)) if verdict.kind is Kind.TAKEN else verdict

    def _judged(self, side: dict[str, Stock], sent: Sent, operation: Operation | None) -> Verdict:
        verdict, given = side[owner(sent)].judge(self._runner, sent)
        if verdict.kind is not Kind.TAKEN or operation is None:
            return verdict
        query = {name: given[name] for name in operation.queries if name in given}
        return replace(verdict, value=_value({"body": given.get("body"), "query": query}, operation))


def _value(given: dict[str, Any], operation: Operation | None) -> str:
    """What a handler was given: the body and the query as the contract names them, files left out."""
    schema: Mapping[str, Any] = next(iter(operation.content.values()), {}) if operation else {}
    return canonical({"body": told(given["body"], schema), "query": given["query"]})


def _shown(pair: Pair) -> str:
    sent = pair.sent
    said = f"{sent.method} {sent.target} {sent.header('Content-Type')} {sent.body[:300]!r}"
    return f"{said}\n  stock: {pair.stock}\n  ours:  {pair.ours}"
