"""Files of every sort, made in memory."""

from __future__ import annotations

import io
import zipfile
import zlib

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

OFD = "http://www.ofdspec.org/2016"
CONTENT_TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def upload(name: str, data: bytes) -> SimpleUploadedFile:
    """What a browser sends; the type it claims is never believed."""
    return SimpleUploadedFile(name, data, content_type="application/pdf")


def pdf(text: str = "a", *, password: str = "", script: str = "") -> bytes:
    """A PDF of one page."""
    writer = PdfWriter()
    writer.add_blank_page(width=200, height=200)
    writer.add_metadata({"/Title": text})
    if script:
        action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject(script)}
        writer.root_object[NameObject("/OpenAction")] = DictionaryObject(action)
    if password:
        writer.encrypt(password)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def xlsx(value: str = "a", extra: dict[str, bytes] | None = None) -> bytes:
    """A workbook with one cell, and any further parts."""
    book = Workbook()
    book.active["A1"] = value
    out = io.BytesIO()
    book.save(out)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (extra or {}).items():
            archive.writestr(name, data)
    return out.getvalue()


def archive(parts: dict[str, bytes]) -> bytes:
    """A ZIP of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in parts.items():
            target.writestr(name, data)
    return out.getvalue()


def ofd(*pages: str, root: str = "Doc_0/Document.xml", without: str = "") -> bytes:
    """An OFD (GB/T 33190) with a page of text for each of these."""
    places = "".join(f'<ofd:Page ID="{n}" BaseLoc="Pages/Page_{n}/Content.xml"/>' for n in range(len(pages)))
    body = f"<ofd:DocBody><ofd:DocRoot>{root}</ofd:DocRoot></ofd:DocBody>"
    parts = {
        "OFD.xml": f'<ofd:OFD xmlns:ofd="{OFD}" DocType="OFD">{body}</ofd:OFD>',
        "Doc_0/Document.xml": f'<ofd:Document xmlns:ofd="{OFD}"><ofd:Pages>{places}</ofd:Pages></ofd:Document>',
    }
    for number, text in enumerate(pages):
        layer = f"<ofd:Layer><ofd:TextObject><ofd:TextCode>{text}</ofd:TextCode></ofd:TextObject></ofd:Layer>"
        parts[f"Doc_0/Pages/Page_{number}/Content.xml"] = (
            f'<ofd:Page xmlns:ofd="{OFD}"><ofd:Content>{layer}</ofd:Content></ofd:Page>'
        )
    return archive({name: text.encode() for name, text in parts.items() if name != without})


def docx(extra: dict[str, bytes] | None = None, types: str = CONTENT_TYPES) -> bytes:
    """A Word document of one empty page, and any further parts."""
    return archive({"[Content_Types].xml": types.encode(), "word/document.xml": b"<w/>", **(extra or {})})


def picture(kind: str = "PNG", size: tuple[int, int] = (20, 20)) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind)
    return out.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A PNG that says it is huge and holds almost nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00" + b"\0" * 200
