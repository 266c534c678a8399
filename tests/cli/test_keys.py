"""`understudy keys`."""

from __future__ import annotations

import re

import pytest

from tests.cli.checks import refused
from tests.cli.conftest import Read, Run


def test_create_shows_the_secret_once(run: Run, read: Read) -> None:
    """A key gets an id, a label and a secret that no list repeats."""
    read("accounts", "create", "--email", "ada@example.com")
    result = run("keys", "create", "--email", "ada@example.com", "--label", "laptop")
    (secret,) = re.findall(r"sk-\w{48}", result.stdout)
    assert re.search(r"^Label +laptop$", result.stdout, re.MULTILINE)
    listed = run("keys", "list").stdout
    assert secret not in listed
    assert f"{secret[:5]}…{secret[-4:]}" in listed


def test_create_by_account_id(read: Read) -> None:
    """The id of the account does as well as its address."""
    account = read("accounts", "create", "--email", "ada@example.com")["id"]
    made = read("keys", "create", "--account", account)
    assert made["account"] == account
    assert (made["revoked"], made["label"]) == (False, "")
    assert re.fullmatch(r"sk-\w{48}", made["secret"])


def test_list_can_be_narrowed(read: Read) -> None:
    """All keys, or those of one account."""
    for email in ("ada@example.com", "bob@example.com"):
        read("accounts", "create", "--email", email)
    assert len(read("keys", "list")) == 2
    (key,) = read("keys", "list", "--email", "bob@example.com")
    assert set(key) == {"id", "account", "label", "hint", "created", "revoked"}


def test_revoke_marks_the_key(run: Run, read: Read) -> None:
    """A revoked key stays on the list, marked; revoking again is no mistake."""
    key = read("accounts", "create", "--email", "ada@example.com")["key"]["id"]
    assert run("keys", "revoke", key).stdout == f"{key} is revoked\n"
    assert read("keys", "revoke", key) == {"id": key, "revoked": True}
    assert [one["revoked"] for one in read("keys", "list")] == [True]
    assert re.search(rf"^{key} .* revoked$", run("keys", "list").stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("create",), "say whose with --email"),
        (("create", "--email", "nobody@example.com"), "no account nobody@example.com"),
        (("list", "--account", "user-x"), "no account user-x"),
        (("revoke", "key-x"), "no key key-x"),
    ],
)
def test_mistakes_are_one_line(run: Run, words: tuple[str, ...], told: str) -> None:
    """Each mistake is named, on stderr, with exit code 1."""
    refused(run("keys", *words), told)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("create", "--email", "a@b.c", "--account", "user-x"), "only one of --email and --account"),
        (("revoke",), "ID"),
    ],
)
def test_wrong_usage_is_told_apart(run: Run, words: tuple[str, ...], told: str) -> None:
    """Wrong words exit with 2."""
    refused(run("keys", *words), told, code=2)
