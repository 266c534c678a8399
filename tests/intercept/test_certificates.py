"""The authority and its certificates: made once, kept, renewed in time, and good for the intercepted hosts alone."""

from __future__ import annotations

import datetime
import os
import ssl
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import certifi
import pytest

from app.intercept.cabinet import Cabinet
from app.intercept.certificates import Identity, new_authority, new_server
from app.intercept.trust import SYSTEMS
from app.settings import BadSetting
from tests.intercept.proxies import HOST
from tests.running import PATIENCE

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


@pytest.fixture
def fresh(tmp_path: Path) -> Cabinet:
    """An empty folder's cabinet, prepared once."""
    made = Cabinet(tmp_path)
    assert made.prepare([HOST])
    return made


def handshake(server: bytes, ca: Path, host: str, folder: Path) -> None:
    """A handshake in memory between ``server`` and a client that trusts ``ca``. Raises ``ssl.SSLError``."""
    chain = folder / "chain.pem"
    chain.write_bytes(server)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(chain)
    trusting = ssl.create_default_context(cafile=str(ca))
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(down, up, server_hostname=host)
    other = serving.wrap_bio(up, down, server_side=True)
    for side in (client, other, client, other):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert client.getpeercert() is not None


def kept(cabinet: Cabinet) -> tuple[bytes, bytes]:
    """What lies in the folder: the authority's certificate, and the server's."""
    return cabinet.ca.read_bytes(), cabinet.server.read_bytes()


def test_a_client_trusts_the_certificate_for_the_host(fresh: Cabinet, tmp_path: Path) -> None:
    """Also under the strict rules that newer clients check by."""
    handshake(fresh.server.read_bytes(), fresh.ca, HOST, tmp_path)


@pytest.mark.needs("openssl")
def test_openssl_finds_no_fault(fresh: Cabinet, tmp_path: Path) -> None:
    """The chain passes OpenSSL's own strict check for the host as a server."""
    checked = subprocess.run(
        [
            *("openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", HOST),
            *("-CAfile", str(fresh.ca), str(fresh.server)),
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert checked.stdout == f"{fresh.server}: OK\n", checked.stderr


def test_the_authority_cannot_sign_for_anybody_else(fresh: Cabinet, tmp_path: Path) -> None:
    """A stolen key is of no use: a certificate for another host, signed with it, is refused by its constraint."""
    authority = Identity.read((fresh.folder / "authority.pem").read_bytes())
    forged = new_server(authority, ["example.com"], NOW)

    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(forged.secret, fresh.ca, "example.com", tmp_path)


def test_a_second_start_changes_nothing(fresh: Cabinet) -> None:
    """What was made on first use is used again; nobody has to trust anything anew."""
    before = kept(fresh)

    assert not fresh.prepare([HOST])

    assert kept(fresh) == before


@pytest.mark.parametrize("left", [-1, 0, 29], ids=["expired", "today", "soon"])
def test_a_server_certificate_is_renewed_in_time(fresh: Cabinet, left: int, tmp_path: Path) -> None:
    """One that has expired or will within 30 days is replaced; the authority, and what clients trust, stays."""
    authority = Identity.read((fresh.folder / "authority.pem").read_bytes())
    fresh.server.write_bytes(new_server(authority, [HOST], NOW, life=left * DAY).secret)
    ca, old = kept(fresh)

    assert not fresh.prepare([HOST])

    assert fresh.ca.read_bytes() == ca
    assert fresh.server.read_bytes() != old
    assert Identity.read(fresh.server.read_bytes()).certificate.not_valid_after_utc > NOW + 300 * DAY
    handshake(fresh.server.read_bytes(), fresh.ca, HOST, tmp_path)


def test_one_that_has_long_to_go_is_kept(fresh: Cabinet) -> None:
    """31 days before its end nothing is done yet."""
    authority = Identity.read((fresh.folder / "authority.pem").read_bytes())
    fresh.server.write_bytes(new_server(authority, [HOST], NOW, life=31 * DAY).secret)
    before = kept(fresh)

    fresh.prepare([HOST])

    assert kept(fresh) == before


def test_an_authority_that_expires_is_renewed_with_all_it_signed(fresh: Cabinet, tmp_path: Path) -> None:
    """A new authority signs a new certificate, and the bundle knows it."""
    old = new_authority([HOST], NOW, life=29 * DAY)
    (fresh.folder / "authority.pem").write_bytes(old.secret)
    fresh.server.write_bytes(new_server(old, [HOST], NOW).secret)

    assert fresh.prepare([HOST])

    assert fresh.ca.read_bytes() != old.public
    assert fresh.bundle.read_bytes().endswith(fresh.ca.read_bytes())
    handshake(fresh.server.read_bytes(), fresh.ca, HOST, tmp_path)


def test_a_certificate_never_outlives_its_authority() -> None:
    """No certificate is valid longer than what it hangs on."""
    authority = new_authority([HOST], NOW, life=40 * DAY)

    server = new_server(authority, [HOST], NOW)

    assert server.certificate.not_valid_after_utc == authority.certificate.not_valid_after_utc


def test_a_further_host_needs_a_new_authority(fresh: Cabinet, tmp_path: Path) -> None:
    """The old hosts stay good beside the new one, and going back to fewer hosts changes nothing."""
    more = [HOST, "api.example.com"]

    assert fresh.prepare(more)
    handshake(fresh.server.read_bytes(), fresh.ca, HOST, tmp_path)
    handshake(fresh.server.read_bytes(), fresh.ca, "api.example.com", tmp_path)
    before = kept(fresh)
    assert not fresh.prepare([HOST])

    assert kept(fresh) == before


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_keys_are_for_their_owner_alone(tmp_path: Path, umask: int) -> None:
    """Whatever the umask, files with private keys have mode 600, and nobody else may write any file."""
    previous = os.umask(umask)
    try:
        made = Cabinet(tmp_path / "home")
        made.prepare([HOST])
    finally:
        os.umask(previous)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in made.folder.iterdir()}
    secret = {path.name for path in made.folder.iterdir() if b"PRIVATE KEY" in path.read_bytes()}
    assert secret == {"authority.pem", "server.pem"}
    assert all(modes[name] == 0o600 for name in secret)
    assert not any(mode & 0o022 for mode in modes.values())


def test_keys_that_others_could_read_are_locked_up(fresh: Cabinet) -> None:
    """A file whose mode was loosened, by a backup perhaps, gets its own back."""
    (fresh.folder / "authority.pem").chmod(0o644)

    fresh.prepare([HOST])

    assert stat.S_IMODE((fresh.folder / "authority.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_spoilt_file_is_named(fresh: Cabinet, content: bytes) -> None:
    """What is not ours is not overwritten; the message names the file and says what to do."""
    (fresh.folder / "authority.pem").write_bytes(content)

    with pytest.raises(BadSetting, match=r"authority\.pem .*; remove it"):
        fresh.prepare([HOST])

    assert (fresh.folder / "authority.pem").read_bytes() == content


def test_a_key_of_another_certificate_is_found_out(fresh: Cabinet) -> None:
    """A key and a certificate that do not belong together are refused."""
    one, other = new_authority([HOST], NOW), new_authority([HOST], NOW)
    (fresh.folder / "authority.pem").write_bytes(one.secret.removesuffix(one.public) + other.public)

    with pytest.raises(BadSetting, match="does not belong to its certificate"):
        fresh.prepare([HOST])


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """Where the home is a file, the message says which folder cannot be used."""
    (tmp_path / "home").write_text("")

    with pytest.raises(BadSetting, match=r"cannot use .*/home/intercept"):
        Cabinet(tmp_path / "home").prepare([HOST])


def test_two_first_uses_make_one_authority(tmp_path: Path) -> None:
    """Used four times at once, a new folder gets one authority for all."""
    with ThreadPoolExecutor(4) as crowd:
        made = list(crowd.map(lambda home: Cabinet(home).prepare([HOST]), [tmp_path] * 4))

    assert sorted(made) == [False, False, False, True]


@contextmanager
def trusted(variable: str, value: str) -> Iterator[None]:
    """The environment with one variable of ours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(variable, value)
        yield


def test_the_bundle_still_trusts_everybody_else(tmp_path: Path) -> None:
    """It is the system's list, or that of certifi, with our authority behind it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SSL_CERT_FILE", raising=False)
        made = Cabinet(tmp_path)
        made.prepare([HOST])

    usual = next((path for path in SYSTEMS if path.is_file()), Path(certifi.where()))
    assert made.bundle.read_bytes() == usual.read_bytes().rstrip() + b"\n" + made.ca.read_bytes()
    assert len(ssl.create_default_context(cafile=str(made.bundle)).get_ca_certs()) > 50


def test_a_bundle_of_the_users_own_is_kept(tmp_path: Path) -> None:
    """A list that SSL_CERT_FILE names, such as a company's, is what ours builds on; ours is not built on itself."""
    company = new_authority(["intranet.example"], NOW)
    (tmp_path / "company.pem").write_bytes(company.public)
    made = Cabinet(tmp_path)

    with trusted("SSL_CERT_FILE", str(tmp_path / "company.pem")):
        made.prepare([HOST])
    first = made.bundle.read_bytes()
    with trusted("SSL_CERT_FILE", str(made.bundle)):
        made.prepare([HOST])

    assert first == company.public + made.ca.read_bytes()
    assert made.bundle.read_bytes().count(made.ca.read_bytes()) == 1
