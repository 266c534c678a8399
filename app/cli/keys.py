"""`understudy keys`: the secrets clients send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from app.accounts.model import Key, NewKey
from app.cli.reach import chosen_account, with_store
from app.cli.show import json_option, moment, write_facts, write_json, write_table
from app.cli.whose import account_options
from app.store.redis_store import RedisStore


@click.group()
def keys() -> None:
    """Create, list and revoke API keys."""


@keys.command()
@account_options
@click.option("--label", default="", help="What the key is for.")
@json_option
@click.pass_obj
def create(env: Mapping[str, str], account: str | None, label: str, as_json: bool) -> None:
    """Create a key and show it this once: only its hash is kept.

    Without --email or --account the key is one of the first account.

    \b
    Examples:
      understudy keys create --label laptop
      understudy keys create --email ada@example.com --label ci --json
    """

    async def work(store: RedisStore) -> NewKey:
        return await store.create_key((await chosen_account(store, account)).id, label)

    fresh = with_store(env, work)
    if as_json:
        write_json({**_plain(fresh.key), "secret": fresh.secret})
        return
    write_facts(
        {
            "Key": fresh.key.id,
            "Account": fresh.key.account_id,
            "Label": fresh.key.label,
            "API key": f"{fresh.secret}  (shown only now)",
        }
    )


@keys.command("list")
@account_options
@json_option
@click.pass_obj
def list_keys(env: Mapping[str, str], account: str | None, as_json: bool) -> None:
    """List the keys of one account or of all, oldest first; revoked ones are marked."""
    found = with_store(env, lambda store: store.keys(account))
    if as_json:
        write_json([_plain(key) for key in found])
        return
    rows = [
        (key.id, key.hint, key.label, key.account_id, moment(key.created), "revoked" if key.revoked else "")
        for key in found
    ]
    write_table(("Key", "Secret", "Label", "Account", "Created (UTC)", ""), rows)


@keys.command()
@click.argument("key_id", metavar="ID")
@json_option
@click.pass_obj
def revoke(env: Mapping[str, str], key_id: str, as_json: bool) -> None:
    """Refuse the key ID (key-…) from now on, at once and for good.

    \b
    Example:
      understudy keys revoke key-4mXw2nqL8ZrT1vBcYd6sKp3e
    """
    with_store(env, lambda store: store.revoke_key(key_id))
    if as_json:
        write_json({"id": key_id, "revoked": True})
        return
    click.echo(f"{key_id} is revoked")


def _plain(key: Key) -> dict[str, Any]:  # JSON
    return {
        "id": key.id,
        "account": key.account_id,
        "label": key.label,
        "hint": key.hint,
        "created": key.created,
        "revoked": key.revoked,
    }
