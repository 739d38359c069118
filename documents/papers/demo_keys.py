"""Demonstration keys of authorities, under a certification authority of our own without any legal effect."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.conf import settings

from documents.papers import keys
from documents.papers.keys import KeyFiles

CA_CODE = "demo-ca"
ORGANISATION = "演示机构（不具有法律效力）"
# Both ways from the day it is made: demonstrations and simulations also run in the past.
VALIDITY = dt.timedelta(days=3650)
RSA_BITS = 3072


def ensure_demo_key(code: str, common_name: str, *, now: dt.datetime) -> bool:
    """See that the authority has a key; make a demonstration key if it has none. Returns whether one was made.

    Idempotent. An existing key is never replaced, not even when its holder's name differs.
    """
    files = keys.files_of(code)
    if files.key.exists() and files.certificate.exists():
        return False
    ca_key, ca_certificate = _ensure_ca(now)
    private = _ensure_private(files.key)
    certificate = _certificate(
        subject=common_name, issuer=ca_certificate.subject, public=private.public_key(), signed_by=ca_key,
        is_ca=False, now=now,
    )  # fmt: skip
    _write(files.chain, _pem(ca_certificate))
    _write(files.certificate, _pem(certificate))
    return True


def _ensure_ca(now: dt.datetime) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    files: KeyFiles = keys.files_of(CA_CODE)
    private = _ensure_private(files.key)
    if not files.certificate.exists():
        certificate = _certificate(
            subject=keys.DEMONSTRATION_CA, issuer=None, public=private.public_key(), signed_by=private,
            is_ca=True, now=now,
        )  # fmt: skip
        _write(files.certificate, _pem(certificate))
    return private, x509.load_pem_x509_certificate(files.certificate.read_bytes())


def _ensure_private(path: Path) -> rsa.RSAPrivateKey:
    if not path.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        _write(path, made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))  # fmt: skip
    # Read back: of two processes that make it at once, one file stays, and both go on with that one.
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError(f"{path} holds no RSA key.")
    return private


def _certificate(
    *, subject: str, issuer: x509.Name | None, public: rsa.RSAPublicKey, signed_by: rsa.RSAPrivateKey,
    is_ca: bool, now: dt.datetime,
) -> x509.Certificate:  # fmt: skip
    name = _name(subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer or name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - VALIDITY)
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=0 if is_ca else None), critical=True)
        .add_extension(_usage(is_ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by.public_key()), critical=False)
    )
    return builder.sign(signed_by, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
    ])  # fmt: skip


def _usage(is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca, content_commitment=not is_ca, key_cert_sign=is_ca, crl_sign=is_ca,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable by its owner only; an existing file stays."""
    folder = Path(settings.KEYS_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f".{path.name}.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
