"""The local authority and the certificates that it signs; the only code that knows the cryptography library.

The authority may sign for the intercepted hosts alone (a critical name constraint, RFC 5280 section
4.2.1.10), so that whoever steals its key cannot pretend to be anybody else.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = datetime.timedelta(days=3650)
SERVER_LIFE = datetime.timedelta(days=397)
"""Apple's systems refuse server certificates that are valid for longer than 398 days."""
RENEWAL = datetime.timedelta(days=30)
"""How long before its end a certificate is replaced."""
SKEW = datetime.timedelta(days=1)
"""How far a client's clock may be behind ours."""

EVERY_ADDRESS = tuple(x509.IPAddress(ipaddress.ip_network(net)) for net in ("0.0.0.0/0", "::/0"))


class BadCertificate(Exception):
    """What should be a key with its certificate, in PEM, is not."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key and the certificate that belongs to it: of the authority, or of the server."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def read(cls, pem: bytes) -> Self:
        """From what ``secret`` gave. Raises ``BadCertificate``."""
        try:
            key = serialization.load_pem_private_key(pem, password=None)
            certificate = x509.load_pem_x509_certificate(pem)
        except (ValueError, TypeError) as problem:
            raise BadCertificate("holds no private key with a certificate") from problem
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise BadCertificate("holds a private key that does not belong to its certificate")
        return cls(key, certificate)

    @property
    def secret(self) -> bytes:
        """Key and certificate as one PEM, so that they cannot be torn apart; for nobody else's eyes."""
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return self.key.private_bytes(encoding, form, serialization.NoEncryption()) + self.public

    @property
    def public(self) -> bytes:
        """The certificate alone, in PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def is_fresh(self, now: datetime.datetime) -> bool:
        """Whether it is valid now and for a good while."""
        return self.certificate.not_valid_before_utc <= now < self.certificate.not_valid_after_utc - RENEWAL

    def permits(self) -> frozenset[str]:
        """The hosts that this authority may sign for; none where it is not one of ours."""
        try:
            found = self.certificate.extensions.get_extension_for_class(x509.NameConstraints).value
        except x509.ExtensionNotFound:
            return frozenset()
        return frozenset(name.value for name in found.permitted_subtrees or () if isinstance(name, x509.DNSName))

    def names(self) -> frozenset[str]:
        """The hosts that this server certificate is for."""
        try:
            found = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return frozenset()
        return frozenset(found.get_values_for_type(x509.DNSName))

    def signed(self, other: Identity) -> bool:
        """Whether ``other`` was issued with this key."""
        try:
            other.certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, InvalidSignature):
            return False
        return True


def new_authority(hosts: Iterable[str], now: datetime.datetime, life: datetime.timedelta = AUTHORITY_LIFE) -> Identity:
    """An authority of its own root that may sign for ``hosts``, and for nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    # Two authorities of one name would be taken for each other by clients that trust both.
    name = _name(f"Understudy intercept {x509.random_serial_number():x}"[:32])
    constraint = x509.NameConstraints([x509.DNSName(host) for host in sorted(hosts)], EVERY_ADDRESS)
    builder = (
        _certificate(name, name, key.public_key(), now, now + life)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(constraint, critical=True)
    )
    return Identity(key, builder.sign(key, hashes.SHA256()))


def new_server(
    authority: Identity, hosts: Iterable[str], now: datetime.datetime, life: datetime.timedelta = SERVER_LIFE
) -> Identity:
    """A server certificate for ``hosts``; it never outlives the authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.certificate
    end = min(now + life, issuer.not_valid_after_utc)
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in sorted(hosts)])
    builder = (
        _certificate(_name("Understudy"), issuer.subject, key.public_key(), now, end)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_issuer_key(issuer), critical=False)
    )
    return Identity(key, builder.sign(authority.key, hashes.SHA256()))


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime.datetime,
    end: datetime.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, end) - SKEW)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _issuer_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
