"""Runs the whole suite in two halves at the same time; with arguments, pytest runs once with these.

The halves share nothing: every test starts its own servers on free ports. The first shows itself while it
runs, the second when it is done.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

SECOND = ("pipelines", "plugin")
"""The folders of the second half; all others are the first."""


def main(arguments: list[str]) -> int:
    """0 when every test passed."""
    pytest = [sys.executable, "-m", "pytest"]
    if arguments:
        return subprocess.run([*pytest, *arguments], check=False).returncode
    folders = [f"tests/{name}" for name in SECOND]
    with tempfile.TemporaryFile() as output:
        second = subprocess.Popen([*pytest, *folders], stdout=output, stderr=subprocess.STDOUT)
        try:
            first = subprocess.run([*pytest, *(f"--ignore={folder}" for folder in folders)], check=False).returncode
            print(f"\nthe other half: {', '.join(folders)}", flush=True)
            codes = (first, second.wait())
        finally:
            second.kill()
        output.seek(0)
        sys.stdout.buffer.write(output.read())
    return max(codes, key=abs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
