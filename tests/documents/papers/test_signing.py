"""Signatures of several authorities on one PDF, looked at by two independent validators."""

from __future__ import annotations

import io
import re
import subprocess
from pathlib import Path

import pytest
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from documents.papers import making, signing
from tests.documents.papers import samples
from tests.documents.papers.conftest import unsaved

CODES = ["03", "02", "05"]


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return {}


@pytest.fixture
def signed(made: dict[str, bytes]) -> bytes:
    """A certificate signed by three authorities, made once for this module."""
    if "pdf" not in made:
        paper = unsaved(template="certificate", context=samples.certificate(*CODES), signers=CODES)
        made["pdf"] = making.make(paper)
    return made["pdf"]


def valid(pdf: bytes, keys_dir: Path) -> list[bool]:
    """Whether each signature is intact, trusted and within the rule of the first."""
    trust = ValidationContext(trust_roots=[load_cert_from_pemder(str(keys_dir / "demo-ca.cert.pem"))])
    found = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    return [validate_pdf_signature(signature, trust).bottom_line for signature in found]


def flipped(pdf: bytes) -> bytes:
    """One bit differs, in the middle of the largest stream: the file stays readable, its content is another."""
    streams = re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    start, end = max((found.span(1) for found in streams), key=lambda span: span[1] - span[0])
    at = (start + end) // 2
    return pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]


def test_every_signature_is_valid(signed: bytes, keys_dir: Path) -> None:
    assert valid(signed, keys_dir) == [True, True, True]


def test_each_authority_signed_with_its_own_key(signed: bytes) -> None:
    found = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    assert [(s.field_name, s.signer_cert.subject.native["common_name"]) for s in found] == [
        (f"Authority-{code}", samples.AUTHORITIES[code]) for code in CODES
    ]


def test_the_first_signature_certifies_and_lets_fields_be_filled_only(signed: bytes) -> None:
    found = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    assert [(s.docmdp_level.value if s.docmdp_level else None) for s in found] == [2, None, None]
    assert [str(s.sig_object["/SubFilter"]) for s in found] == ["/ETSI.CAdES.detached"] * 3


def test_a_flipped_byte_of_the_content_breaks_all(signed: bytes, keys_dir: Path) -> None:
    assert valid(flipped(signed), keys_dir) == [False, False, False]


@pytest.mark.needs_system("pdfsig")
def test_pdfsig_finds_all_signatures_valid(signed: bytes, tmp_path: Path) -> None:
    assert pdfsig(signed, tmp_path) == ["Signature is Valid."] * 3


@pytest.mark.needs_system("pdfsig")
def test_pdfsig_finds_a_flipped_byte(signed: bytes, tmp_path: Path) -> None:
    assert pdfsig(flipped(signed), tmp_path) == ["Digest Mismatch."] * 3


def pdfsig(pdf: bytes, folder: Path) -> list[str]:
    path = folder / "paper.pdf"
    path.write_bytes(pdf)
    told = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, timeout=60, check=False)
    return re.findall(r"Signature Validation: (.*)", told.stdout)


def test_nothing_leaves_unsigned() -> None:
    with pytest.raises(ValueError, match=r"^A paper needs at least one signature\.$"):
        signing.sign(b"%PDF", [], reason="x")
