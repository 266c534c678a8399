"""What an import leaves out until it is used: nothing that a caller could miss."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.web import POSTPONED
from app.web.postponed import postponed
from tests.running import ROOT

SLOW = """
class Thing:
    def __init__(self, name): self.name = name

def hello(): return "hello"
"""


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that nobody has imported yet."""
    (tmp_path / "a_slow_module.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "a_slow_module", raising=False)
    return "a_slow_module"


def test_a_postponed_import_imports_nothing(slow: str) -> None:
    """While the block runs, `import` and `from … import` of what is promised are satisfied without the module."""
    scope: dict[str, object] = {}

    with postponed({slow: ("Thing",)}):
        exec(f"import {slow}\nfrom {slow} import Thing", scope)

    assert slow not in sys.modules
    assert "Thing" in scope


def test_what_was_promised_is_the_real_thing_once_it_is_called(slow: str) -> None:
    """Calling a postponed class gives an instance of the real class."""
    scope: dict[str, object] = {}
    with postponed({slow: ("Thing",)}):
        exec(f"from {slow} import Thing", scope)

    exec(f"thing = Thing('a name'); from {slow} import Thing as Real", scope)

    exec("same = type(thing) is Real and thing.name == 'a name'", scope)
    assert scope["same"] is True


def test_a_postponed_module_has_all_that_the_real_one_has(slow: str) -> None:
    """What is looked up in the module afterwards comes from the real one."""
    scope: dict[str, object] = {}
    with postponed({slow: ()}):
        exec(f"import {slow} as module", scope)

    exec("said = module.hello()", scope)

    assert scope["said"] == "hello"


def test_what_was_not_promised_is_imported_at_once(slow: str) -> None:
    """A library that takes another name than it used to gets it all the same."""
    scope: dict[str, object] = {}

    with postponed({slow: ("Thing",)}):
        exec(f"from {slow} import hello\nsaid = hello()", scope)

    assert scope["said"] == "hello"
    assert slow in sys.modules


def test_what_is_imported_already_is_left_alone() -> None:
    """A module that somebody else has imported stays what it is."""
    before = sys.modules["pathlib"]

    with postponed({"pathlib": ("Path",)}):
        from pathlib import Path as Same

    assert Same is Path
    assert sys.modules["pathlib"] is before


def test_importing_our_web_does_not_import_what_serving_never_needs() -> None:
    """A process that imports the web part has none of the postponed modules, and leaves no stand-ins behind."""
    assert _told(f"import sys, app.main; print([name for name in {sorted(POSTPONED)} if name in sys.modules])") == "[]"


def test_stock_connexion_works_in_the_same_process() -> None:
    """Its test client, its templates and its loading of files are the real ones after our import of it."""
    program = """
import app.web, connexion, jinja2, pathlib, requests, starlette.testclient, tempfile, yaml
with tempfile.TemporaryDirectory() as folder:
    contract = pathlib.Path(folder, "contract.yaml")
    contract.write_text(yaml.safe_dump({"openapi": "3.0.3", "info": {"title": "{{ title }}", "version": "1"}, "paths": {
        "/": {"get": {"operationId": "builtins.str", "responses": {"200": {"description": "done"}}}}}}))
    stock = connexion.AsyncApp("stock")
    stock.add_api(contract, arguments={"title": "told"})
    client = stock.test_client()
    print(type(client) is starlette.testclient.TestClient, client.get("/openapi.json").json()["info"]["title"],
          client.get("/ui/").status_code, connexion.json_schema.requests.Session is requests.Session)
"""

    assert _told(program) == "True told 200 True"


def _told(program: str) -> str:
    """What the program prints in a process of its own."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
