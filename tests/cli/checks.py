"""What every command owes its user when it refuses."""

from __future__ import annotations

from click.testing import Result


def refused(result: Result, *words: str, code: int = 1) -> None:
    """Check that a command failed with one clear line on stderr and nothing on stdout."""
    lines = result.stderr.strip().splitlines()
    assert result.exit_code == code
    assert result.stdout == ""
    assert lines[-1].startswith("Error: ")
    # A mistake in the usage also shows the usage.
    assert code == 2 or len(lines) == 1
    for word in words:
        assert word in lines[-1]
