"""The variables that send a client through us and make it trust us, as the shells write them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping

from app.intercept.cabinet import Cabinet

AROUND_US = "localhost,127.0.0.1,::1"


def variables(proxy: str, cabinet: Cabinet) -> dict[str, str]:
    """What to set so that clients go through ``proxy``, an address such as ``http://127.0.0.1:8888``.

    curl reads the small ones of the proxies, some libraries only the capital ones. The variable of
    Node.js adds to its list of authorities; all others replace the list.
    """
    bundle = str(cabinet.bundle)
    return {
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "NO_PROXY": AROUND_US,
        "no_proxy": AROUND_US,
        "SSL_CERT_FILE": bundle,
        "REQUESTS_CA_BUNDLE": bundle,
        "CURL_CA_BUNDLE": bundle,
        "NODE_EXTRA_CA_CERTS": str(cabinet.ca),
        "NODE_USE_ENV_PROXY": "1",
    }


def snippet(shell: str, values: Mapping[str, str]) -> str:
    """One line for each variable; ``shell`` is one of ``SHELLS``."""
    return "\n".join(SHELLS[shell](name, value) for name, value in values.items())


def _sh(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{escaped}'"


def _powershell(name: str, value: str) -> str:
    escaped = value.replace("'", "''")
    return f"$env:{name} = '{escaped}'"


def _plain(name: str, value: str) -> str:
    return f"{name}={value}"


SHELLS: Mapping[str, Callable[[str, str], str]] = {
    "sh": _sh,
    "fish": _fish,
    "powershell": _powershell,
    "dotenv": _plain,  # what $GITHUB_ENV and `docker run --env-file` read
}
