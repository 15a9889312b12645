"""A certificate authority to throw away, for the names that a rehearsal's cloud serves."""

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

LASTS = timedelta(days=90)  # as a certificate of Let's Encrypt


class Authority:
    """One that nobody knows, until its certificate is trusted."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, "rehearsal, to throw away")]
        )
        ours = self._key.public_key()
        constraint = x509.BasicConstraints(ca=True, path_length=0)
        unsigned = self._unsigned(self._name, ours, LASTS).add_extension(constraint, critical=True)
        self._certificate = unsigned.sign(self._key, hashes.SHA256())

    @property
    def certificate(self) -> str:
        """What to trust, as PEM."""
        return self._certificate.public_bytes(Encoding.PEM).decode()

    def context(self, name: str, lasts: timedelta = LASTS) -> ssl.SSLContext:
        """Make a server's TLS for one name; `lasts` is how long its certificate is good from now.

        A negative one makes a certificate that has ended.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        unsigned = self._unsigned(subject, key.public_key(), lasts)
        signed = unsigned.add_extension(names, critical=False).sign(self._key, hashes.SHA256())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile() as file:  # a context takes its key from a file alone
            file.write(signed.public_bytes(Encoding.PEM))
            form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            file.write(key.private_bytes(*form))
            file.flush()
            context.load_cert_chain(Path(file.name))
        return context

    def _unsigned(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, lasts: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - LASTS)
            .not_valid_after(now + lasts)
        )
