"""`understudy accounts`."""

from __future__ import annotations

import re

import pytest

from tests.cli.checks import refused
from tests.cli.conftest import Read, Run


def test_create_shows_a_key_once(run: Run, read: Read) -> None:
    """The answer has account, organization, credits and a key that is not shown again."""
    result = run("accounts", "create", "--email", "ada@example.com", "--organization", "Engines", "--credits", "12.5")
    assert result.exit_code == 0
    assert re.search(r"^Account +user-\w{24}  ada@example.com$", result.stdout, re.MULTILINE)
    assert re.search(r"^Organization +org-\w{24}  Engines \(ADMIN\)$", result.stdout, re.MULTILINE)
    assert re.search(r"^Credits +12.50$", result.stdout, re.MULTILINE)
    (secret,) = re.findall(r"sk-\w{48}", result.stdout)
    for words in (("accounts", "list"), ("accounts", "show", "ada@example.com"), ("keys", "list")):
        assert secret not in run(*words).stdout
    assert read("credits", "show", "--organization", "Engines")[0]["balance"] == 12.5


def test_create_for_scripts(read: Read) -> None:
    """JSON has the ids, the membership and the secret."""
    made = read("accounts", "create", "--email", "ada@example.com")
    assert set(made) == {"id", "email", "profile_picture", "organizations", "key"}
    assert made["organizations"][0]["name"] == "ada@example.com"
    assert made["organizations"][0]["is_default"] is True
    assert re.fullmatch(r"sk-\w{48}", made["key"]["secret"])
    assert read("accounts", "show", made["id"]) == {name: made[name] for name in made if name != "key"}


def test_create_joins_an_organization(run: Run, read: Read) -> None:
    """An id joins as a member; its balance is not changed."""
    org = read("accounts", "create", "--email", "ada@example.com", "--credits", "3")["organizations"][0]["id"]
    joined = read("accounts", "create", "--email", "bob@example.com", "--organization", org)
    assert joined["organizations"] == [{"id": org, "name": "ada@example.com", "role": "MEMBER", "is_default": True}]
    assert read("credits", "show", "--email", "bob@example.com")[0]["balance"] == 3
    assert "Credits" not in run("accounts", "create", "--email", "cyd@example.com", "--organization", org).stdout


def test_list_and_show_are_tables(run: Run) -> None:
    """People get columns with headers."""
    run("accounts", "create", "--email", "ada@example.com", "--organization", "Engines")
    listed = run("accounts", "list").stdout.splitlines()
    assert re.fullmatch(r"Account +E-mail +Organizations", listed[0])
    assert re.fullmatch(r"user-\w{24} +ada@example.com +Engines \(ADMIN\)", listed[2])
    shown = run("accounts", "show", "ada@example.com").stdout
    assert re.search(r"^org-\w{24} +Engines +ADMIN +yes$", shown, re.MULTILINE)


def test_an_empty_list_is_no_mistake(run: Run, read: Read) -> None:
    """Before the first account there is an empty table, and an empty array."""
    assert run("accounts", "list").exit_code == 0
    assert read("accounts", "list") == []


def test_join_by_name(read: Read) -> None:
    """Joining may change the role and the default organization."""
    read("accounts", "create", "--email", "ada@example.com", "--organization", "Engines")
    read("accounts", "create", "--email", "bob@example.com", "--organization", "Looms")
    words = ("accounts", "join", "bob@example.com", "Engines", "--role", "admin", "--default")
    facts = [(one["name"], one["role"], one["is_default"]) for one in read(*words)["organizations"]]
    assert facts == [("Engines", "ADMIN", True), ("Looms", "ADMIN", False)]


def test_the_same_address_is_refused(run: Run) -> None:
    """One line says who has it."""
    run("accounts", "create", "--email", "ada@example.com")
    refused(run("accounts", "create", "--email", "ADA@example.com"), "already an account for ADA@example.com")


def test_the_same_name_is_refused(run: Run, read: Read) -> None:
    """A second organization of the same name is rather a wish to join: the line has the id to join."""
    made = read("accounts", "create", "--email", "ada@example.com", "--organization", "Engines")
    result = run("accounts", "create", "--email", "bob@example.com", "--organization", "Engines")
    refused(result, "'Engines'", made["organizations"][0]["id"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("create", "--email", "ada"), "'ada' is not an e-mail address"),
        (("create", "--email", "a@b.c", "--organization", "org-x"), "no organization org-x"),
        (("create", "--email", "a@b.c", "--organization", "\a"), "an organization's name must have"),
        (("show", "nobody@example.com"), "no account nobody@example.com"),
        (("join", "nobody@example.com", "org-x"), "no organization org-x"),
        (("join", "nobody@example.com", "Nowhere"), "no organization named 'Nowhere'"),
    ],
)
def test_mistakes_are_one_line(run: Run, words: tuple[str, ...], told: str) -> None:
    """Each mistake is named, on stderr, with exit code 1."""
    refused(run("accounts", *words), told)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("create",), "--email"),
        (("create", "--email", "a@b.c", "--credits", "-1"), "'-1' is not an amount"),
        (("create", "--email", "a@b.c", "--role", "KING"), "'KING'"),
        (("create", "--email", "a@b.c", "--organization", "org-x", "--credits", "1"), "credits grant"),
        (("show",), "ACCOUNT"),
        (("paint",), "paint"),
    ],
)
def test_wrong_usage_is_told_apart(run: Run, words: tuple[str, ...], told: str) -> None:
    """Wrong words exit with 2, as everywhere, and change nothing."""
    refused(run("accounts", *words), told, code=2)
