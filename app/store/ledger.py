"""Moves credits: reserve, give back, settle, release, and repair after a crash."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from app.accounts.model import DAY, Allowance, Charge, ChargeState, JournalEntry
from app.accounts.standing import Standing
from app.errors import AllowanceExhausted, InsufficientBalance, StoreUnavailable
from app.store.directory import in_numbers, refusal
from app.store.line import Line

log = logging.getLogger("understudy.store")

REMEMBERED = 86_400
"""Seconds for which an ended charge is known, so that a late repetition changes nothing."""

NO_ALLOWANCE = Allowance("", 0)

HEARTBEAT = 90
"""Seconds without a sign of life after which a server's open charges are given back."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a repair gave back: how many charges, and how many micro-credits."""

    charges: int
    credits: int


class LedgerCalls:
    """The ``Ledger`` port on Redis, and the repair of what a crash left open."""

    _line: Line
    _clock: Callable[[], float]
    _owner: str
    _journal_length: int

    async def reserve(self, charge: Charge) -> int:
        """Take the whole amount out of the balance; the new balance.

        Raises ``InsufficientBalance``, or ``AllowanceExhausted`` where too little is left for the day, and
        for a caller whose standing has to be proven whatever turns them away.

        A charge that was released before, because its caller went away or its server was thought
        dead, is not opened again: ``StoreUnavailable``.
        """
        if charge.amount < 0:
            raise ValueError("a charge cannot be negative")
        allowance = charge.allowance or NO_ALLOWANCE
        answer = await self._line.run(
            "reserve",
            charge.id,
            charge.organization_id,
            charge.key_id,
            charge.amount,
            charge.engine_id,
            charge.task,
            charge.samples,
            charge.at,
            self._owner,
            HEARTBEAT,
            allowance.name,
            allowance.amount,
            charge.day,
            2 * REMEMBERED,
            *self._proof(charge.standing),
        )
        match answer:
            case ["ok", int(balance)]:
                if charge.standing:
                    charge.standing.proven = True
                return balance
            case ["insufficient", int(have)]:
                raise InsufficientBalance(charge.amount, have)
            case ["exhausted", int(used)]:
                raise AllowanceExhausted(charge.amount, allowance.amount - used, (charge.day + 1) * DAY // 1000)
            case ["given_back"]:
                raise StoreUnavailable(f"charge {charge.id} was already given back")
        raise refusal(answer)

    async def balance(self, organization_id: str) -> int:
        """What an organization has left, in micro-credits; nothing where there is none."""
        return int(await self._line.ask("HGET", f"understudy:org:{organization_id}", "balance") or 0)

    async def give_back(self, charge_id: str, amount: int, reason: str) -> None:
        """Return part of an open charge; the charge stays open with the rest.

        A charge gives back once for each reason, so a repetition changes nothing. Nothing happens
        to a charge that has ended. More than is left is a mistake of the caller: ``ValueError``.
        """
        if amount < 0:
            raise ValueError("what is given back cannot be negative")
        answer = await self._line.run("give_back", charge_id, amount, reason)
        if answer[0] == "too_much":
            raise ValueError(f"charge {charge_id} has {answer[1]} left, not {amount}")

    async def settle(self, charge_id: str) -> None:
        """What is left of the charge is spent; writes the journal. Nothing happens to an ended charge."""
        answer = await self._line.run("settle", charge_id, self._now(), self._journal_length, REMEMBERED)
        if answer[0] != ChargeState.SETTLED:
            log.warning("settle_without_charge charge=%s state=%s", charge_id, answer[0])

    async def release(self, charge_id: str, reason: str) -> None:
        """All of an open charge goes back; writes the journal.

        A charge that is not known yet will never be opened, which makes it safe to release after a
        ``reserve`` that was cut off.
        """
        await self._line.run("release", charge_id, reason, self._now(), self._journal_length, REMEMBERED)

    async def recover(self, exclusive: bool) -> Recovered:
        """Give back what crashed servers left open, with reason ``recovered``.

        ``exclusive`` says that nobody else can be at work: every open charge goes back, our own
        too, so the owner of an embedded store calls it once, before any worker starts. Otherwise
        only charges of servers that gave no sign of life for 90 seconds. Call it every 30 seconds:
        it is also our own sign of life.
        """
        exclusively = "1" if exclusive else "0"
        answer = await self._line.run(
            "recover", exclusively, self._now(), self._journal_length, REMEMBERED, self._owner, HEARTBEAT
        )
        return Recovered(answer[1], answer[2])

    async def journal(self, organization_id: str, count: int = 100) -> tuple[JournalEntry, ...]:
        """The last ``count`` charges that ended, newest first."""
        rows = await self._line.run("journal", organization_id, count)
        return tuple(_entry(dict(zip(row[::2], row[1::2], strict=True))) for row in rows)

    def _proof(self, standing: Standing | None) -> tuple[str | bytes | int, ...]:
        """What the script needs to see whether a caller who was remembered still may call."""
        if standing is None or standing.proven:
            return ("", "", 0, 0, 0, 0)
        organization = (standing.organization or "").encode("utf-8", "surrogatepass")
        return (standing.key, organization, self._now(), *in_numbers(standing.limit))

    def _now(self) -> int:
        return int(self._clock() * 1000)


def _entry(row: dict[str, str]) -> JournalEntry:
    charge = Charge(
        row["id"],
        row["org"],
        row["key"],
        int(row["amount"]),
        row["engine"],
        row["task"],
        int(row["samples"]),
        int(row["at"]),
    )
    return JournalEntry(charge, ChargeState(row["state"]), int(row["spent"]), row["reason"], int(row["ended"]))
