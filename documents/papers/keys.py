"""The authorities' signing keys: files in settings.KEYS_DIR, named by the authority's code.

`<code>.key.pem` and `<code>.cert.pem`, with an optional `<code>.chain.pem`. Demonstration keys are made by
`demo_keys`; every paper signed with one says so. No key, no paper.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.utils.translation import gettext as _

DEMONSTRATION_CA = "Tongzheng demonstration CA (no legal effect)"
CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,39}")


class KeyMissing(RuntimeError):
    """There is no usable key under this name; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key with its certificate and those above it. `name` is the holder as it is printed on the seal."""

    code: str
    name: str
    private: PrivateKeyTypes
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    is_demonstration: bool


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Where the parts of one key lie."""

    key: Path
    certificate: Path
    chain: Path


def files_of(code: str) -> KeyFiles:
    """The files of a key; raises KeyMissing for a name that cannot be one."""
    if not CODE.fullmatch(code):
        raise KeyMissing(_("“%(code)s” cannot be the name of a signing key.") % {"code": code})
    folder = Path(settings.KEYS_DIR)
    return KeyFiles(folder / f"{code}.key.pem", folder / f"{code}.cert.pem", folder / f"{code}.chain.pem")


def load(code: str, *, now: dt.datetime, is_demonstration_allowed: bool) -> SigningKey:
    """The key of an authority. Raises KeyMissing if absent, unreadable, not matching, out of date or not allowed."""
    files = files_of(code)
    try:
        key = _read(code, files, _stamps(files))
    except FileNotFoundError as error:
        raise KeyMissing(
            _("Authority %(code)s has no signing key: %(path)s is missing. Put its key there, or make a "
              "demonstration key with `manage.py make_demo_keys %(code)s`.")
            % {"code": code, "path": error.filename}
        ) from error  # fmt: skip
    except (OSError, ValueError, TypeError) as error:
        raise KeyMissing(
            _("The signing key of authority %(code)s cannot be read: %(error)s.") % {"code": code, "error": error}
        ) from error
    _demand_usable(key, now=now, is_demonstration_allowed=is_demonstration_allowed)
    return key


def _stamps(files: KeyFiles) -> tuple[tuple[int, int], ...]:
    """What tells whether a file was replaced: its time of change and its size. Raises FileNotFoundError."""
    there = [files.key, files.certificate, *([files.chain] if files.chain.exists() else [])]
    return tuple((state.st_mtime_ns, state.st_size) for state in (path.stat() for path in there))


@lru_cache(maxsize=64)
def _read(code: str, files: KeyFiles, stamps: tuple[tuple[int, int], ...]) -> SigningKey:
    # Kept as long as its files stay as they are: checking an RSA key takes longer than signing with it.
    private = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    chain = tuple(x509.load_pem_x509_certificates(files.chain.read_bytes())) if files.chain.exists() else ()
    return SigningKey(
        code, common_name(certificate.subject), private, certificate, chain,
        is_demonstration=common_name(certificate.issuer) == DEMONSTRATION_CA,
    )  # fmt: skip


def common_name(name: x509.Name) -> str:
    """The common name in a certificate's subject or issuer, empty if it has none."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def _demand_usable(key: SigningKey, *, now: dt.datetime, is_demonstration_allowed: bool) -> None:
    told = {"code": key.code}
    if key.private.public_key() != key.certificate.public_key():
        raise KeyMissing(_("The signing key of authority %(code)s does not belong to its certificate.") % told)
    if not key.certificate.not_valid_before_utc <= now <= key.certificate.not_valid_after_utc:
        raise KeyMissing(_("The signing certificate of authority %(code)s is not valid today.") % told)
    if key.is_demonstration and not is_demonstration_allowed:
        raise KeyMissing(
            _("Authority %(code)s has only a demonstration key, which this installation does not accept.") % told
        )
