"""What stands beside the operations: documents, their pages, health and readiness, the start page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from engines.catalog import CARDS
from tests.running import SERVICES, VERSIONS, Client, Server, base_of, document

HOMES = {name: base_of(name) for name in (*VERSIONS, *SERVICES)} | {"stablecog": "/stablecog"}
"""Where the pages of a contract lie: at its base path, or under its name where another has that path already."""

every_contract = pytest.mark.parametrize("contract", HOMES)


class _Links(HTMLParser):
    """Collects what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in {"src", "href"} and value]


@pytest.fixture
def visitor(server: Server) -> Any:
    """A client without a key."""
    with Client(server.url, key=None) as session:
        yield session


@every_contract
def test_document_is_served(visitor: Client, contract: str) -> None:
    """``openapi.json`` is ``spec/<contract>.yaml`` as JSON, without a key."""
    answer = visitor.get(f"{HOMES[contract]}/openapi.json")

    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == document(contract)


@every_contract
def test_document_can_be_read_by_web_pages(visitor: Client, contract: str) -> None:
    """Editors on other origins load it."""
    answer = visitor.get(f"{HOMES[contract]}/openapi.json", headers={"Origin": "https://editor.example"})

    assert answer.headers["Access-Control-Allow-Origin"] == "https://editor.example"


@every_contract
def test_reader_loads_all_it_names(visitor: Client, contract: str) -> None:
    """The interactive page, its styles and scripts, and the document it points to."""
    page = visitor.get(f"{HOMES[contract]}/ui/")
    links = _Links()
    links.feed(page.text)
    script = re.search(r'url: "([^"]+)"', page.text)

    assert page.headers["content-type"].startswith("text/html")
    assert len(links.found) >= 2
    assert [visitor.get(f"{HOMES[contract]}/ui/{link}").status_code for link in links.found] == [200] * len(links.found)
    assert script
    assert visitor.get(f"{HOMES[contract]}/ui/{script[1]}").json() == document(contract)


@every_contract
def test_reader_needs_nothing_from_elsewhere(visitor: Client, contract: str) -> None:
    """It works on a machine without internet."""
    assert "//" not in visitor.get(f"{HOMES[contract]}/ui/").text


@every_contract
@pytest.mark.parametrize("wanted", ["bytes=0-9", "bytes=0-0,5-9", "bytes=-1", "bytes=999999999-", "pages=1"])
def test_reader_gives_files_whole(visitor: Client, contract: str, wanted: str) -> None:
    """A ``Range`` is passed over, as HTTP allows: the caller sees 200 and all of the file."""
    whole = visitor.get(f"{HOMES[contract]}/ui/swagger-ui.css")
    answer = visitor.get(f"{HOMES[contract]}/ui/swagger-ui.css", headers={"Range": wanted})

    assert answer.status_code == 200
    assert answer.content == whole.content
    assert int(answer.headers["Content-Length"]) == len(whole.content) > 10_000
    assert "Content-Range" not in answer.headers


@every_contract
def test_reader_is_found_without_its_slash(visitor: Client, contract: str) -> None:
    """``/ui`` leads to ``/ui/``."""
    answer = visitor.get(f"{HOMES[contract]}/ui", allow_redirects=False)

    assert answer.is_redirect
    assert answer.headers["Location"].endswith(f"{HOMES[contract]}/ui/")


@every_contract
@pytest.mark.parametrize("path", ["../openapi.json/..", "%2e%2e/%2e%2e/etc/passwd", "..%2f..%2fapp/main.py"])
def test_reader_gives_nothing_else_away(visitor: Client, contract: str, path: str) -> None:
    """Files outside its folder are not found."""
    assert visitor.get(f"{HOMES[contract]}/ui/{path}").status_code == 404


def test_healthz(visitor: Client) -> None:
    """The process is up."""
    answer = visitor.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b'{"status":"ok"}')


def test_readyz(visitor: Client) -> None:
    """Contracts loaded, store answering, engines listed."""
    answer = visitor.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "contracts": sorted(HOMES),
        "engines": len(CARDS),
        "queue": 0,
        "store": "ok",
    }


def test_contracts_that_share_a_path_have_their_own_pages() -> None:
    """No two contracts show their document at the same address, and the first of a base path has it there."""
    assert len(set(HOMES.values())) == len(HOMES)
    assert base_of("stablecog") == base_of("v1") == HOMES["v1"]


def test_start_page_leads_to_the_documents(visitor: Client) -> None:
    """Whoever opens the address in a browser finds the way."""
    links = _Links()
    links.feed(visitor.get("/").text)

    pages = {f"{home}/ui/" for home in HOMES.values()}
    assert pages <= set(links.found)
    assert {visitor.get(link).status_code for link in pages} == {200}
