"""The authorities that a client trusted before us: variables such as SSL_CERT_FILE replace them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import certifi

SYSTEMS = (
    Path("/etc/ssl/certs/ca-certificates.crt"),  # Debian, Ubuntu, Arch
    Path("/etc/pki/tls/certs/ca-bundle.crt"),  # Fedora, Red Hat
    Path("/etc/ssl/cert.pem"),  # macOS, Alpine
)


def everyone_else(env: Mapping[str, str], ours: Path) -> bytes:
    """The list in use, in PEM: what ``env`` names, else the system's, else Mozilla's as certifi brings it.

    ``ours`` is the file that is about to be written, which a shell may name that has read our snippet.
    """
    for path in _candidates(env):
        if path.is_file() and not (ours.exists() and path.samefile(ours)):
            return path.read_bytes().rstrip() + b"\n"
    return b""


def _candidates(env: Mapping[str, str]) -> Iterator[Path]:
    if named := env.get("SSL_CERT_FILE"):
        yield Path(named)
    yield from SYSTEMS
    yield Path(certifi.where())
