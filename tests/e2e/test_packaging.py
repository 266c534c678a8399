"""The wheel, installed beside a project that has an `app` package of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from pathlib import Path

import pytest

from engines.catalog import CARDS
from tests.running import KEY, PATIENCE, ROOT, Client


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    return next(folder.glob("understudy-*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it; the libraries it needs are borrowed from ours."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    site = Path(
        subprocess.run(
            [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
    )
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's project, with packages named like ours."""
    for name in ("app", "engines", "spec"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"WHOSE = 'the project, {name}'\n")
    return tmp_path


def test_a_wheel_brings_one_import_package(wheel: Path) -> None:
    """Everything in the wheel lies under `understudy` or in its metadata, contracts and word lists included."""
    names = zipfile.ZipFile(wheel).namelist()

    tops = {name.split("/")[0] for name in names}

    assert tops == {"understudy", next(top for top in tops if top.endswith(".dist-info"))}
    for needed in (
        *("app/words/prompt.txt", "app/store/lua/reserve.lua"),
        *("spec/v1.yaml", "spec/serevix.yaml", "spec/aithriving.yaml", "spec/stablecog.yaml", "spec/stativerse.yaml"),
        *("engines/weights/engines.toml", "engines/analysis/embedded/topics.txt"),
    ):
        assert f"understudy/_house/{needed}" in names


def test_it_never_takes_the_place_of_a_projects_own_packages(python: Path, project: Path) -> None:
    """In a project's own Python, `app` and `engines` are the project's, before and after importing understudy."""
    code = "import understudy, app, engines; print(app.WHOSE, '|', engines.WHOSE)"

    result = _run([str(python), "-c", code], project)

    assert result.stdout.strip() == "the project, app | the project, engines"


def test_without_a_project_there_is_no_app_at_all(python: Path, tmp_path: Path) -> None:
    """In an environment with Understudy installed, `import app` finds nothing."""
    code = "import importlib.util as u; print(u.find_spec('app'), u.find_spec('engines'))"

    result = _run([str(python), "-c", code], tmp_path)

    assert result.stdout.strip() == "None None"


@pytest.mark.parametrize("form", ["script", "module"])
def test_the_command_works_inside_such_a_project(python: Path, project: Path, form: str) -> None:
    """`understudy` and `python -m understudy` find their own code, whatever the folder holds."""
    command = [str(python.with_name("understudy"))] if form == "script" else [str(python), "-m", "understudy"]

    result = _run([*command, "engines", "list", "--json"], project)

    assert len(json.loads(result.stdout)) == len(CARDS)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_installed_server_serves_from_such_a_project(python: Path, project: Path, workers: str) -> None:
    """`understudy serve` draws a picture from there, with one process and with several."""
    environment = _environment(project) | {"UNDERSTUDY_API_KEY": KEY, "UNDERSTUDY_HOME": str(project / "data")}
    log = project / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(python.with_name("understudy")), "serve", "--port", "0", "--workers", workers],
            cwd=project,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        client = Client(_address(log, process), KEY)
        answer = client.post(
            "/v1/generation/stable-diffusion-v1-6/text-to-image", json={"text_prompts": [{"text": "a barn"}]}
        )
        assert answer.status_code == 200
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0


def test_an_installed_plugin_serves_the_tests_of_such_a_project(python: Path, project: Path) -> None:
    """The fixture is there without any set-up, the project's packages stay the project's, and a picture is drawn."""
    (project / "test_it.py").write_text(
        "import app, engines, json, urllib.request\n"
        "def test_it(understudy):\n"
        "    assert (app.WHOSE, engines.WHOSE) == ('the project, app', 'the project, engines')\n"
        "    body = json.dumps({'text_prompts': [{'text': 'a barn'}]}).encode()\n"
        "    url = understudy.url + '/v1/generation/stable-diffusion-v1-6/text-to-image'\n"
        "    headers = {'Authorization': understudy.key, 'Content-Type': 'application/json'}\n"
        "    assert urllib.request.urlopen(urllib.request.Request(url, body, headers)).status == 200\n"
        "    understudy.journal.expect(1)\n"
    )

    result = _run([str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"], project)

    assert "1 passed" in result.stdout


def test_data_of_an_installed_server_lives_in_the_users_data_folder(python: Path, project: Path) -> None:
    """Installed, the default home is the user's data folder, not the project and not site-packages."""
    code = (
        "import sys; from understudy.launcher import house; sys.path.insert(0, str(house()));"
        "import os; from app.settings import Settings; print(Settings.from_mapping(os.environ).home)"
    )

    result = _run([str(python), "-c", code], project)

    assert result.stdout.strip() == str(project / "home" / ".local" / "share" / "understudy")


def _environment(project: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(project / "home"), "LC_ALL": "C.UTF-8"}


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=True, timeout=PATIENCE
    )


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + PATIENCE
    while "listens on" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.02)
    return log.read_text().partition("listens on ")[2].split()[0]
