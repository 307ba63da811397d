"""Certificates for tests: a private CA, the server certificates it signs, and a key that signs tokens.

Everything is ECDSA P-256 and valid for a few days. Each testbed creates its own.
"""

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID_FOR = datetime.timedelta(days=7)
CLOCK_SLACK = datetime.timedelta(hours=1)  # a certificate issued now must already be valid for a clock that is behind


class Authority:
    """A certificate authority whose key never leaves this object."""

    def __init__(self, name: str):
        self._name = _subject(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = (
            builder(self._name, self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(key_usage(sign_certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def issue(self, *hosts: str, client: bool = False, valid: tuple | None = None):
        """Issues a server certificate for these host names, or a client certificate, with a new key.

        `valid`: start and end of the validity, relative to now.
        """
        use = x509.ExtendedKeyUsageOID.CLIENT_AUTH if client else x509.ExtendedKeyUsageOID.SERVER_AUTH
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            builder(_subject(hosts[0]), self._name, key, *(valid or ()))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(sign_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate, key


def signing_pair(name: str):
    """A self-signed certificate and its key, for signing tokens."""
    key = ec.generate_private_key(ec.SECP256R1())
    return builder(_subject(name), _subject(name), key).sign(key, hashes.SHA256()), key


def write_pair(stem: Path, certificate, key) -> None:
    """Writes STEM.crt and STEM.key (readable only by the owner)."""
    stem.parent.mkdir(exist_ok=True)
    Path(f"{stem}.crt").write_bytes(pem(certificate))
    key_file = Path(f"{stem}.key")
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def pem(certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def builder(
    subject: x509.Name, issuer: x509.Name, key, begins=-CLOCK_SLACK, ends=VALID_FOR
) -> x509.CertificateBuilder:
    now = datetime.datetime.utcnow()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def key_usage(sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
