"""`understudy credits`: balances, and what became of every charge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from app.accounts.model import JournalEntry, Organization
from app.cli.amounts import amount, number, shown
from app.cli.reach import chosen_organization, with_store
from app.cli.show import json_option, moment, write_json, write_table
from app.cli.whose import organization_options
from app.store.redis_store import RedisStore

# A negative amount would be taken for an option and be called one in the message.
AMOUNT_FIRST = {"ignore_unknown_options": True}


@click.group()
def credits() -> None:
    """Show and change balances, read the journal.

    One credit is 0.01 USD of the real service. Amounts have at most six decimals and are exact.
    Without --organization or --email, `grant`, `set` and `journal` mean the first account's organization.
    """


@credits.command()
@organization_options
@json_option
@click.pass_obj
def show(env: Mapping[str, str], organization: str | None, email: str | None, as_json: bool) -> None:
    """Show the balance of one organization, or of all."""

    async def work(store: RedisStore) -> tuple[Organization, ...]:
        if organization is None and email is None:
            return await store.organizations()
        return (await store.organization(await chosen_organization(store, organization, email)),)

    _write(with_store(env, work), as_json)


@credits.command(context_settings=AMOUNT_FIRST)
@organization_options
@click.argument("amount", type=amount)
@json_option
@click.pass_obj
def grant(env: Mapping[str, str], organization: str | None, email: str | None, amount: int, as_json: bool) -> None:
    """Add AMOUNT credits to a balance.

    \b
    Examples:
      understudy credits grant 500
      understudy credits grant --email ada@example.com 12.5
    """

    async def work(store: RedisStore) -> tuple[Organization, ...]:
        org = await chosen_organization(store, organization, email)
        await store.grant(org, amount)
        return (await store.organization(org),)

    _write(with_store(env, work), as_json)


@credits.command("set", context_settings=AMOUNT_FIRST)
@organization_options
@click.argument("amount", type=amount)
@json_option
@click.pass_obj
def set_balance(
    env: Mapping[str, str], organization: str | None, email: str | None, amount: int, as_json: bool
) -> None:
    """Make a balance exactly AMOUNT credits; what is set aside for running work is not touched.

    \b
    Examples:
      understudy credits set 0
      understudy credits set --organization Understudy 1000
    """

    async def work(store: RedisStore) -> tuple[Organization, ...]:
        org = await chosen_organization(store, organization, email)
        await store.set_balance(org, amount)
        return (await store.organization(org),)

    _write(with_store(env, work), as_json)


@credits.command()
@organization_options
@click.option("--count", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many entries.")
@json_option
@click.pass_obj
def journal(env: Mapping[str, str], organization: str | None, email: str | None, count: int, as_json: bool) -> None:
    """Show how the last charges ended, newest first."""

    async def work(store: RedisStore) -> tuple[JournalEntry, ...]:
        return await store.journal(await chosen_organization(store, organization, email), count)

    entries = with_store(env, work)
    if as_json:
        write_json([_plain_entry(entry) for entry in entries])
        return
    headers = ("Ended (UTC)", "Engine", "Task", "Samples", "Price", "Spent", "Reason")
    rows = [
        (
            moment(entry.ended),
            entry.charge.engine_id,
            entry.charge.task,
            str(entry.charge.samples),
            shown(entry.charge.amount),
            shown(entry.spent),
            entry.reason,
        )
        for entry in entries
    ]
    write_table(headers, rows, right=("Samples", "Price", "Spent"))


def _write(organizations: tuple[Organization, ...], as_json: bool) -> None:
    if as_json:
        write_json([_plain(one) for one in organizations])
        return
    headers = ("Organization", "Name", "Balance", "Set aside", "Spent")
    rows = [(one.id, one.name, shown(one.balance), shown(one.open), shown(one.spent)) for one in organizations]
    write_table(headers, rows, right=headers[2:])


def _plain(one: Organization) -> dict[str, Any]:  # JSON
    amounts = {"balance": one.balance, "open": one.open, "spent": one.spent, "granted": one.granted}
    return {"id": one.id, "name": one.name, **{name: number(micro) for name, micro in amounts.items()}}


def _plain_entry(entry: JournalEntry) -> dict[str, Any]:  # JSON
    charge = entry.charge
    return {
        "id": charge.id,
        "organization": charge.organization_id,
        "key": charge.key_id,
        "engine": charge.engine_id,
        "task": charge.task,
        "samples": charge.samples,
        "amount": number(charge.amount),
        "spent": number(entry.spent),
        "state": entry.state.value,
        "reason": entry.reason,
        "at": charge.at,
        "ended": entry.ended,
    }
