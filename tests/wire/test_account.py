"""Engines, accounts, balances and organizations, as each version words them."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from tests.running import Client, Server, understudy
from tests.wire.asking import credits_of, every_version, newer_versions, text_to_image
from tests.wire.refusing import assert_error

DENIED = "You do not have permission to access this resource"

ENGINES = (
    ("esrgan-v1-x2plus", "Real-ESRGAN x2", "Real-ESRGAN_x2plus upscaler model"),
    ("stable-diffusion-xl-1024-v0-9", "Stable Diffusion XL v0.9", "Stability-AI Stable Diffusion XL v0.9"),
    ("stable-diffusion-xl-1024-v1-0", "Stable Diffusion XL v1.0", "Stability-AI Stable Diffusion XL v1.0"),
    ("stable-diffusion-v1", "Stable Diffusion v1.4", "Stability-AI Stable Diffusion v1.4"),
    ("stable-diffusion-v1-5", "Stable Diffusion v1.5", "Stability-AI Stable Diffusion v1.5"),
    ("stable-diffusion-v1-6", "Stable Diffusion v1.6", "Stability-AI Stable Diffusion v1.6"),
    ("stable-diffusion-512-v2-0", "Stable Diffusion v2.0", "Stability-AI Stable Diffusion v2.0"),
    ("stable-diffusion-768-v2-0", "Stable Diffusion v2.0-768", "Stability-AI Stable Diffusion 768 v2.0"),
    ("stable-diffusion-depth-v2-0", "Stable Diffusion v2.0-depth", "Stability-AI Stable Diffusion Depth v2.0"),
    ("stable-diffusion-512-v2-1", "Stable Diffusion v2.1", "Stability-AI Stable Diffusion v2.1"),
    ("stable-diffusion-768-v2-1", "Stable Diffusion v2.1-768", "Stability-AI Stable Diffusion 768 v2.1"),
    (
        "stable-diffusion-xl-beta-v2-2-2",
        "Stable Diffusion v2.2.2-XL Beta",
        "Stability-AI Stable Diffusion XL Beta v2.2.2",
    ),
    (
        "stable-diffusion-x4-latent-upscaler",
        "Stable Diffusion x4 Latent Upscaler",
        "Stable Diffusion x4 Latent Upscaler",
    ),
    ("stable-inpainting-v1-0", "Stable Inpainting v1.0", "Stability-AI Stable Inpainting v1.0"),
    ("stable-inpainting-512-v2-0", "Stable Inpainting v2.0", "Stability-AI Stable Inpainting v2.0"),
)
ROWS = [{"description": text, "id": engine, "name": name, "type": "PICTURE"} for engine, name, text in ENGINES]


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


@newer_versions
def test_engines_come_as_a_bare_array(client: Client, version: str) -> None:
    """All fifteen, in the recorded order, keys in the recorded order, compact."""
    answer = client.get(f"/{version}/engines/list")

    assert answer.headers["content-type"] == "application/json"
    assert answer.content == _compact(ROWS)


def test_v1alpha_wraps_the_engines(client: Client) -> None:
    """Only v1alpha answers ``{"engines":[…]}``."""
    assert client.get("/v1alpha/engines/list").content == _compact({"engines": ROWS})


@every_version
def test_account_has_its_keys_in_order(client: Client, version: str) -> None:
    """``email``, ``id``, ``organizations`` and ``profile_picture``, with at least one organization."""
    account = client.get(f"/{version}/user/account").json()

    assert list(account) == ["email", "id", "organizations", "profile_picture"]
    assert list(account["organizations"][0]) == ["id", "name", "role", "is_default"]
    assert [one["is_default"] for one in account["organizations"]] == [True]


@every_version
def test_an_empty_balance_is_the_number_zero(penniless: Client, version: str) -> None:
    """Nothing left is ``{"credits":0}`` with status 200."""
    answer = penniless.get(f"/{version}/user/balance")

    assert answer.status_code == 200
    assert answer.content == b'{"credits":0}'


@every_version
def test_balance_has_the_one_key_credits(client: Client, version: str) -> None:
    """A number of credits, not dollars, and nothing else."""
    body = client.get(f"/{version}/user/balance").json()

    assert list(body) == ["credits"]
    assert body["credits"] > 1000


def test_every_version_sees_the_same_balance(client: Client) -> None:
    """What one version spends is gone in the others."""
    text_to_image(client, "v1alpha")

    assert len({credits_of(client, version) for version in ("v1", "v1beta", "v1alpha")}) == 1


@every_version
def test_organization_of_others_is_denied(client: Client, other: dict[str, Any], version: str) -> None:
    """An ``Organization`` the caller is not a member of is 403, with the documented text."""
    organization = {"Organization": other["organizations"][0]["id"]}

    for answer in (
        client.get(f"/{version}/user/balance", headers=organization),
        client.get(f"/{version}/engines/list", headers=organization),
        text_to_image(client, version, headers=organization),
    ):
        assert_error(answer, version, 403, "permission_denied", DENIED)


@every_version
@pytest.mark.parametrize("value", ["org-doesNotExist", "Understudy", "'; --", "org-\u00fc".encode().decode("latin-1")])
def test_organization_that_does_not_exist_is_denied(client: Client, version: str, value: str) -> None:
    """Whether it exists cannot be told from the answer."""
    answer = client.get(f"/{version}/user/balance", headers={"Organization": value})

    assert_error(answer, version, 403, "permission_denied", DENIED)


@every_version
def test_account_does_not_look_at_organization(client: Client, version: str) -> None:
    """The account operation takes no ``Organization``: what is sent there is ignored."""
    answer = client.get(f"/{version}/user/account", headers={"Organization": "org-doesNotExist"})

    assert answer.status_code == 200


def test_the_named_organization_pays(server: Server, client: Client, other: dict[str, Any]) -> None:
    """A member who names an organization spends its credits; without the header the default one pays."""
    home, guest = other["organizations"][0]["id"], client.get("/v1/user/account").json()["organizations"][0]["id"]
    joined = understudy("accounts", "join", other["id"], guest, "--json", home=server.home)
    assert joined.returncode == 0, joined.stderr
    with Client(server.url, other["key"]["secret"]) as member:
        before = {org: _balance(member, org) for org in (home, guest)}

        text_to_image(member, "v1", headers={"Organization": guest})
        text_to_image(member, "v1beta")
        text_to_image(member, "v1alpha", headers={"Organization": ""})

        spent = {org: round(before[org] - _balance(member, org), 6) for org in before}
    assert spent == {home: 1.8, guest: 0.9}


def test_organizations_of_an_account_start_with_the_default_one(server: Server, other: dict[str, Any]) -> None:
    """Clients take the first one; exactly one is the default."""
    joined = understudy("accounts", "join", other["id"], "Understudy", "--default", home=server.home)
    assert joined.returncode == 0, joined.stderr

    with Client(server.url, other["key"]["secret"]) as member:
        organizations = member.get("/v1/user/account").json()["organizations"]

    assert [(one["name"] == "Understudy", one["is_default"]) for one in organizations] == [(True, True), (False, False)]


def test_keys_look_like_those_of_the_service(other: dict[str, Any]) -> None:
    """``sk-`` and 48 letters or digits: clients check the form."""
    assert re.fullmatch(r"sk-[A-Za-z0-9]{48}", other["key"]["secret"])


@every_version
def test_a_revoked_key_is_incorrect(server: Server, other: dict[str, Any], version: str) -> None:
    """At the latest a second after it was revoked, with the text of an unknown key."""
    key = other["key"]
    with Client(server.url, key["secret"]) as member:
        assert member.get(f"/{version}/user/account").status_code == 200
        revoked = understudy("keys", "revoke", key["id"], home=server.home)
        assert revoked.returncode == 0, revoked.stderr
        time.sleep(1)

        answer = member.get(f"/{version}/user/account")

    assert_error(answer, version, 401, "unauthorized", "Incorrect API key provided")


def _balance(member: Client, organization: str) -> float:
    return float(member.get("/v1/user/balance", headers={"Organization": organization}).json()["credits"])
