"""Runs the example scripts of all languages against a server and checks what they leave behind.

With API_HOST set, the scripts talk to that server and need STABILITY_API_KEY; without it a server
is started for them, with an empty store of its own, and stopped at the end.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from runner.languages import EXAMPLES, LANGUAGES, make_ready, script
from runner.promises import Case, Failed, cases, check, tail
from runner.server import server

SCRIPT_SECONDS = 180


def main() -> int:
    """Run what the command line asks for; 0 when every example passed, else 1."""
    arguments = read_arguments()
    languages = arguments.language or list(LANGUAGES)
    if arguments.list:
        for name in languages:
            print("\n".join(str(script(case).relative_to(EXAMPLES)) for case in cases(name)))
        return 0
    with tempfile.TemporaryDirectory(prefix="examples-") as folder:
        scratch = Path(folder)
        out = arguments.out.resolve() if arguments.out else scratch / "out"
        try:
            return run_with_a_server(languages, scratch, out)
        except Failed as problem:
            print(problem, file=sys.stderr)
            return 1


def read_arguments() -> argparse.Namespace:
    """The command line. A folder that already holds something would spoil the count of pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--language", action="append", choices=list(LANGUAGES), help="only this one; may be repeated")
    parser.add_argument("--list", action="store_true", help="list the scripts and run nothing")
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep the pictures in DIR, which must be new or empty")
    arguments = parser.parse_args()
    if arguments.out and arguments.out.exists() and any(arguments.out.iterdir()):
        parser.error(f"{arguments.out} is not empty")
    return arguments


def run_with_a_server(languages: list[str], scratch: Path, out: Path) -> int:
    """Use the server of API_HOST, or a new one."""
    if os.environ.get("API_HOST"):
        if not os.environ.get("STABILITY_API_KEY"):
            raise Failed("API_HOST is set: set STABILITY_API_KEY too, to a key of that server")
        return run_languages(languages, scratch, out, {})
    home = scratch / "home"
    home.mkdir()
    with server(home) as environment:
        return run_languages(languages, scratch, out, environment)


def run_languages(languages: list[str], scratch: Path, out: Path, environment: dict[str, str]) -> int:
    """Run the languages one after the other and print the counts."""
    counts = [run_language(name, scratch, out, environment) for name in languages]
    passed, failed = (sum(column) for column in zip(*counts, strict=True))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def run_language(name: str, scratch: Path, out: Path, environment: dict[str, str]) -> tuple[int, int]:
    """Run every example of a language, print a row for each, and return how many passed and failed."""
    build, shown = scratch / name, cases(name)
    try:
        make_ready(name, build)
    except Failed as problem:
        print(f"{name:36} FAILED  none of its {len(shown)} examples can run: {problem}", flush=True)
        return 0, len(shown)
    passed = sum(run_and_tell(case, build, out / str(case), environment) for case in shown)
    return passed, len(shown) - passed


def run_and_tell(case: Case, build: Path, out: Path, environment: dict[str, str]) -> bool:
    """Run one example, print its row, and return whether it passed."""
    started = time.monotonic()
    try:
        result, told = "passed", run_case(case, build, out, environment)
    except Failed as problem:
        result, told = "FAILED", str(problem)
    print(f"{case!s:36} {result}  {time.monotonic() - started:5.2f} s  {told}", flush=True)
    return result == "passed"


def run_case(case: Case, build: Path, out: Path, environment: dict[str, str]) -> str:
    """Run one example in an empty output folder and tell what it made. Raises ``Failed``."""
    try:
        done = subprocess.run(
            LANGUAGES[case.language].command(case, build),
            cwd=EXAMPLES / case.language,
            env=os.environ | environment | {"OUT_DIR": str(out)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SCRIPT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise Failed(str(problem)) from problem
    if done.returncode:
        raise Failed(f"exit {done.returncode}: {tail(done.stdout + done.stderr)}")
    return check(case, done.stdout, out)


if __name__ == "__main__":
    sys.exit(main())
