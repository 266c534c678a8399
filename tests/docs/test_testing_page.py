"""The page on testing says what the code does, and its recipes are right."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.dialects.control.words import outcome
from app.dialects.served import RECORDED, SERVED
from app.errors import InsufficientBalance
from app.settings import Settings
from app.testing.operations import names
from app.testing.roles import ROLE
from app.worlds import latency, magic
from app.worlds.journal import BYTES
from app.worlds.opening import Bounds
from app.worlds.outcomes import Outcome
from app.worlds.rule import Match
from tests.docs.pages import Block, anchor, blocks, tables, text
from tests.double.test_services import FILTERED
from tests.fuzz.contract_bodies import asked
from tests.rooms import tools
from tests.running import PATIENCE, ROOT, document
from understudy.pytest_plugin import FACTS
from understudy.testing import Journal, Understudy

PAGE = "docs/testing.md"
ORDER = ("prompt", "negative_prompt")
"""Before all others, whichever a contract has first."""
PYTHON = [block for block in blocks(PAGE) if block.language == "python"]
RUNNABLE = [block for block in PYTHON if "testcontainers" not in block.text]
"""Those that need no container engine."""
NODE = [block for block in blocks(PAGE) if block.language == "ts"]
JOBS = [block for block in blocks(PAGE) if block.language == "yaml" and block.text.startswith("name:")]


def test_every_outcome_stands_in_the_table() -> None:
    """The one table of outcomes has a row for each, with the words that play it and what a client sees."""
    names = ("outcome", "prompt", "engine", "key")

    expected = [
        (*(f"`{row[name]}`" for name in names), row["description"]) for row in (outcome(one) for one in Outcome)
    ]

    assert tables(PAGE, "Outcomes")[0] == expected


def test_the_short_words_are_those_of_the_code() -> None:
    """Beside the table the page names every shorter spelling."""
    said = re.findall(r"`(\w+)` is short for `(\w+)`", text(PAGE))

    assert dict(said) == {short: str(long) for short, long in magic.ALIASES.items()}


def test_the_bounds_are_those_of_the_code() -> None:
    """Credits, numbers of worlds, entries, rules and snapshots, and how long worlds live are as the page says."""
    bounds, settings = Bounds(), Settings.from_mapping({"HOME": "/", "UNDERSTUDY_TEST": "on"})
    page = " ".join(text(PAGE).split())

    assert (bounds.worlds, bounds.seconds, bounds.journal) == (
        settings.worlds,
        settings.world_seconds,
        settings.journal,
    )
    assert bounds.seconds == 24 * 60 * 60
    for sentence in (
        f"There are {bounds.worlds:,} worlds at most",
        f"the last {bounds.journal:,} entries of its journal",
        f"about {BYTES // 1_000_000} MB), {bounds.rules} rules and {bounds.snapshots} snapshots",
        f"without it that is {settings.credits:g}, or `UNDERSTUDY_CREDITS`",
        f"That time really passes, {latency.MOST:g} seconds at most",
    ):
        assert sentence in page


def test_every_path_of_the_control_api_is_there() -> None:
    """The table of paths has each method of each path of the contract, and nothing else."""
    said = {found for row in tables(PAGE, "State and time")[0] for found in re.findall(r"`((?:[A-Z]+) [^`]+)`", row[0])}

    assert said == {f"{verb.upper()} {path}" for path, item in document("control")["paths"].items() for verb in item}


def test_every_field_of_a_rule_is_there() -> None:
    """The table of rules has each field that the contract lets a rule have."""
    said = {found for row in tables(PAGE, "Rules")[0] for found in re.findall(r"`([^`]+)`", row[0])}
    rule = document("control")["components"]["schemas"]["Rule"]["properties"].keys() - {"match", "effect"}

    assert said == rule | {f"match.{name}" for name in Match.__slots__} | {"effect.outcome", "effect.latency"}


def test_every_other_service_is_there() -> None:
    """The table of services names each with its operations, prompts, engine, and the statuses that are its own."""
    documents = {kind.contract: document(kind.contract) for kind in SERVED if kind not in RECORDED}

    expected = [
        (
            f"`{kind.contract}`",
            _listed(names({kind.contract: documents[kind.contract]}).operations),
            _listed(_played(documents[kind.contract], "prompt")),
            _listed(_played(documents[kind.contract], "engine")),
            str(FILTERED[kind.contract]),
            str(kind(tools()).word(InsufficientBalance(2, 1)).status),
        )
        for kind in SERVED
        if kind not in RECORDED
    ]

    assert tables(PAGE, "Other services")[0] == expected


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _played(content: dict[str, Any], role: str) -> list[str]:
    """Every field of the contract's bodies that plays the role, in the order in which they stand."""
    bodies = [
        asked(content["info"]["version"], facts).schema for item in content["paths"].values() for facts in item.values()
    ]
    found = [name for body in bodies if body for name, part in body["properties"].items() if part.get(ROLE) == role]
    return sorted(set(found), key=[*ORDER, *found].index)


def test_every_latency_is_taken_as_it_stands() -> None:
    """The objects in the table of latencies are understood, and are all that there are."""
    shown = [json.loads(row[0].strip("`")) for row in tables(PAGE, "Latency")[0]]

    assert [type(latency.parse(one)) for one in shown] == [latency.Fixed, latency.Lognormal, latency.Real]
    assert [latency.parse(one).plain() for one in shown] == shown


def test_the_filters_of_the_journal_are_those_of_the_contract() -> None:
    """The sentence on the journal names every filter."""
    sentence = re.search(r"`GET /_understudy/world/journal` takes filters(.*?), and `limit`", text(PAGE), re.DOTALL)
    known = [
        one["$ref"].rpartition("/")[2] for one in document("control")["paths"]["/world/journal"]["get"]["parameters"]
    ]

    assert sentence is not None
    assert sorted(re.findall(r"`(\w+)`", sentence[1])) == sorted(set(known) - {"limit"})


def test_everything_that_the_fixture_has_is_there() -> None:
    """The table of the fixture names every public part of it, and of the journal, and the marker what it takes."""
    section = text(PAGE).split("| of the fixture |")[1].split("| option |")[0]
    public = {name for kind in (Understudy, Journal) for name in vars(kind) if not name.startswith("_")}
    public |= {name for name in inspect.signature(Understudy.__init__).parameters if name != "self"}

    assert {name for name in public if not re.search(rf"`[^`]*\b{name}\b[^`]*`", section)} == set()
    assert {name for name in FACTS if f"`{name}`" not in section} == set()


@pytest.mark.parametrize("block", RUNNABLE, ids=str)
def test_the_recipes_for_python_run(block: Block, tmp_path: Path) -> None:
    """Copied into a file, each block passes, with nothing but the plugin."""
    (tmp_path / "test_recipe.py").write_text(block.text)

    result = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_recipe.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )

    assert result.returncode == 0, result.stdout
    assert re.search(rf"^{len(re.findall(r'def test_', block.text))} passed", result.stdout, re.MULTILINE)


def test_the_recipe_for_node_runs(tmp_path: Path) -> None:
    """Beside a copy of server.js, the block passes on the test runner of Node.js."""
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(ROOT / "examples" / "ci" / "node" / "test" / "server.js", tmp_path)
    (tmp_path / "recipe.test.js").write_text(NODE[0].text)

    result = _node("--test", "recipe.test.js", folder=tmp_path)

    assert result.returncode == 0, result.stdout
    assert re.search(r"^# pass 1$", result.stdout, re.MULTILINE), result.stdout


@pytest.mark.parametrize("block", [*PYTHON, *NODE], ids=str)
def test_every_recipe_is_in_its_language(block: Block, tmp_path: Path) -> None:
    """What needs a container engine, too, is a program that can be read."""
    file = tmp_path / ("recipe.py" if block.language == "python" else "recipe.mjs")
    file.write_text(block.text)

    if block.language == "python":
        compile(block.text, file.name, "exec")
    else:
        assert _node("--check", file.name, folder=tmp_path).returncode == 0


@pytest.mark.parametrize("block", JOBS, ids=str)
def test_jobs_are_complete(block: Block) -> None:
    """Each workflow is YAML with what GitHub needs: when, where, and steps that begin with the checkout."""
    workflow: dict[Any, Any] = yaml.safe_load(block.text)
    job = workflow["jobs"]["test"]

    assert workflow[True] == ["push", "pull_request"]  # YAML 1.1 takes the key "on" for a truth value.
    assert job["runs-on"] == "ubuntu-latest"
    assert job["steps"][0] == {"uses": "actions/checkout@v4"}
    assert all({"uses"} <= step.keys() or {"run"} <= step.keys() for step in job["steps"])
    assert "run" in job["steps"][-1]


def test_the_service_of_the_job_is_in_test_mode() -> None:
    """The container's variables, taken as the server takes them, switch test mode on."""
    services = [
        service for block in JOBS for service in yaml.safe_load(block.text)["jobs"]["test"].get("services", {}).values()
    ]

    assert len(services) == 1
    assert Settings.from_mapping({"HOME": "/", **services[0]["env"]}).test
    assert services[0]["ports"] == ["8080:8080"]


def test_the_contents_lead_to_every_section() -> None:
    """No section is left out of the list at the top, but for the smaller ones of the intercepting proxy."""
    page = text(PAGE)
    ours = page.split("\n## Intercept")[0]
    headings = [line.lstrip("# ") for line in ours.splitlines() if re.match(r"###? ", line)]
    contents = page.split("\n## ")[0]

    assert len(headings) > 10
    assert [name for name in headings if f"(#{anchor(name)})" not in contents] == []
    for name in ("Intercept: clients that have the address built in", "Record and replay"):
        assert f"(#{anchor(name)})" in contents


def _node(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("node")
    assert program is not None, "node is needed for this test"
    return subprocess.run(
        [program, *arguments],
        cwd=folder,
        env={
            "PATH": f"{Path(sys.executable).parent}:{Path(program).parent}:/usr/bin:/bin",
            "HOME": str(folder),
            "TMPDIR": str(folder),
        },
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )
