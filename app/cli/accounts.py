"""`understudy accounts`: who may call, and from which organization they pay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from app.accounts.model import Account, NewKey, Role
from app.accounts.refusals import Refused
from app.cli.amounts import amount, shown
from app.cli.reach import chosen_organization, organizations_named, with_store
from app.cli.show import json_option, write_facts, write_json, write_table
from app.store.redis_store import RedisStore

ROLES = click.Choice([role.value for role in Role], case_sensitive=False)


@click.group()
def accounts() -> None:
    """Create and list accounts."""


@accounts.command()
@click.option("--email", required=True, help="The address; no two accounts share one.")
@click.option("--organization", metavar="NAME|ID", help="A new organization's name, or the id of one to join.")
@click.option("--credits", "opening", type=amount, help="Opening balance of the new organization.")
@click.option("--role", type=ROLES, help="ADMIN, or MEMBER: the default when joining.")
@json_option
@click.pass_obj
def create(
    env: Mapping[str, str],
    email: str,
    organization: str | None,
    opening: int | None,
    role: str | None,
    as_json: bool,
) -> None:
    """Create an account with a first key, which is shown this once.

    Without --organization the account gets an organization of its own, named after the address.

    \b
    Examples:
      understudy accounts create --email ada@example.com --credits 100
      understudy accounts create --email bob@example.com --organization org-… --role MEMBER
    """
    joining = (organization or "").startswith("org-")
    if joining and opening is not None:
        raise click.UsageError("--credits is for a new organization; use `understudy credits grant` for this one")
    rights = Role(role.upper()) if role else Role.MEMBER if joining else Role.ADMIN

    async def work(store: RedisStore) -> tuple[Account, NewKey]:
        if organization and not joining:
            await _refuse_taken_name(store, organization)
        return await store.create_account(email, organization=organization, role=rights, credits=opening or 0)

    account, fresh = with_store(env, work)
    if as_json:
        write_json({**_plain(account), "key": {"id": fresh.key.id, "secret": fresh.secret}})
        return
    home = account.memberships[0]
    write_facts(
        {
            "Account": f"{account.id}  {account.email}",
            "Organization": f"{home.id}  {home.name} ({home.role})",
            **({} if joining else {"Credits": shown(opening or 0)}),
            "API key": f"{fresh.secret}  (shown only now)",
        }
    )


@accounts.command("list")
@json_option
@click.pass_obj
def list_accounts(env: Mapping[str, str], as_json: bool) -> None:
    """List every account, oldest first."""
    found = with_store(env, lambda store: store.accounts())
    if as_json:
        write_json([_plain(account) for account in found])
        return
    rows = [
        (account.id, account.email, ", ".join(f"{one.name} ({one.role})" for one in account.memberships))
        for account in found
    ]
    write_table(("Account", "E-mail", "Organizations"), rows)


@accounts.command()
@click.argument("account")
@json_option
@click.pass_obj
def show(env: Mapping[str, str], account: str, as_json: bool) -> None:
    """Show one ACCOUNT, by its id or e-mail address."""
    found = with_store(env, lambda store: store.account(account))
    _write(found, as_json)


@accounts.command()
@click.argument("account")
@click.argument("organization")
@click.option("--role", type=ROLES, default=Role.MEMBER.value, show_default=True, help="What the member may do.")
@click.option("--default", "as_default", is_flag=True, help="Pay from this organization when a request names none.")
@json_option
@click.pass_obj
def join(env: Mapping[str, str], account: str, organization: str, role: str, as_default: bool, as_json: bool) -> None:
    """Make ACCOUNT a member of ORGANIZATION (id or name), or change its role there.

    \b
    Example:
      understudy accounts join bob@example.com Understudy --role ADMIN --default
    """

    async def work(store: RedisStore) -> Account:
        org = await chosen_organization(store, organization, None)
        return await store.join(account, org, Role(role.upper()), default=as_default)

    _write(with_store(env, work), as_json)


async def _refuse_taken_name(store: RedisStore, name: str) -> None:
    taken = await organizations_named(store, name)
    if taken:
        raise Refused(f"there is already an organization named {name!r}: join it as {taken[0]}, or choose another name")


def _write(account: Account, as_json: bool) -> None:
    if as_json:
        write_json(_plain(account))
        return
    write_facts({"Account": account.id, "E-mail": account.email, "Picture": account.picture})
    click.echo()
    rows = [(one.id, one.name, one.role.value, "yes" if one.is_default else "") for one in account.memberships]
    write_table(("Organization", "Name", "Role", "Default"), rows)


def _plain(account: Account) -> dict[str, Any]:  # JSON
    return {
        "id": account.id,
        "email": account.email,
        "profile_picture": account.picture,
        "organizations": [
            {"id": one.id, "name": one.name, "role": one.role.value, "is_default": one.is_default}
            for one in account.memberships
        ],
    }
