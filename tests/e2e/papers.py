"""A finished certificate as its reader has it: its QR code and its signatures."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pypdfium2
import zxingcpp

DPI = 200


def qr_of(pdf: Path) -> str:
    """The one text that the QR codes of the first page carry."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        picture = document[0].render(scale=DPI / 72).to_pil()
    finally:
        document.close()
    (text,) = {found.text for found in zxingcpp.read_barcodes(picture) if found.format == zxingcpp.BarcodeFormat.QRCode}
    return str(text)


def text_of(pdf: Path) -> str:
    """The words on all pages."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def signatures_of(pdf: Path) -> list[str]:
    """What pdfsig says to each signature, for example “Signature is Valid.”; trust in the issuer is not asked."""
    told = subprocess.run(
        ["pdfsig", "-nocert", str(pdf)], capture_output=True, text=True, check=False, timeout=60
    ).stdout
    head = "- Signature Validation: "
    return [line.strip().removeprefix(head) for line in told.splitlines() if head in line]
