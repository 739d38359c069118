"""QR codes for papers."""

from __future__ import annotations

import io

import segno


def svg(address: str) -> bytes:
    """The address as a QR code (SVG, error correction M, quiet zone of four modules)."""
    out = io.BytesIO()
    segno.make_qr(address, error="m").save(out, kind="svg", border=4, xmldecl=True, dark="#000", light="#fff")
    return out.getvalue()
