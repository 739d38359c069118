"""Real files to look at: PDFs set by typst with Chinese text, turned, huge and long ones, pictures, sheets, Word, OFD."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

from django.conf import settings
from PIL import Image
from pypdf import PdfReader, PdfWriter

from tests.documents import files

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFD = "http://www.ofdspec.org/2016"


@cache
def pdf(*pages: str, width: str = "210mm", height: str = "297mm") -> bytes:
    """A PDF with a page for each text."""
    import typst

    folder = Path(settings.NODE_MODULES) / "@expo-google-fonts/noto-sans-sc/400Regular"
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
    head = f'#set page(width: {width}, height: {height}, margin: 20mm)\n#set text(font: "Noto Sans SC", size: 24pt)\n'
    return bytes(typst.compile((head + "\n#pagebreak()\n".join(pages)).encode(), font_paths=fonts))


def turned(data: bytes, degrees: int) -> bytes:
    """The same PDF, its pages to be shown turned."""
    return _written(PdfWriter(clone_from=PdfReader(io.BytesIO(data))), lambda page: page.rotate(degrees))


def huge(width: int = 14_400, height: int = 14_400) -> bytes:
    """A PDF with one page of five by five metres."""
    writer = PdfWriter()
    writer.add_blank_page(width=width, height=height)
    return _written(writer, lambda page: page)


def _written(writer: PdfWriter, change: object) -> bytes:
    for page in writer.pages:
        change(page)  # type: ignore[operator]
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def without_its_font(text: str) -> bytes:
    """A PDF that names STSong-Light and does not bring it, as older Chinese programs write them."""
    stream = f"BT /F1 36 Tf 50 700 Td <{text.encode('utf-16-be').hex()}> Tj ET"
    parts = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(stream)}>>\nstream\n{stream}\nendstream",
        "<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[6 0 R]>>",
        "<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)"
        "/Supplement 2>>/FontDescriptor 7 0 R>>",
        "<</Type/FontDescriptor/FontName/STSong-Light/Flags 4/FontBBox[-25 -254 1000 880]/ItalicAngle 0/Ascent 880"
        "/Descent -120/CapHeight 880/StemV 93>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{part}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(parts) + 1
    head = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>\n"
    return out + f"{head}startxref\n{len(out)}\n%%EOF".encode()


def photo(width: int = 60, height: int = 20, orientation: int = 6) -> bytes:
    """A JPEG from a camera held upright: its left half red, with the note how it is to be turned."""
    picture = Image.new("RGB", (width, height), "blue")
    picture.paste("red", (0, 0, width // 2, height))
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, quality=95)
    return out.getvalue()


def frames(kind: str, count: int) -> bytes:
    """A picture file of several pages, each of another grey."""
    pages = [Image.new("L", (30, 40), 60 * number) for number in range(count)]
    out = io.BytesIO()
    pages[0].save(out, kind, save_all=True, append_images=pages[1:])
    return out.getvalue()


def docx(*paragraphs: str, rows: tuple[tuple[str, ...], ...] = ()) -> bytes:
    """A Word document with paragraphs and a table."""
    table = "".join(f"<w:tr>{''.join(f'<w:tc>{_paragraph(cell)}</w:tc>' for cell in row)}</w:tr>" for row in rows)
    body = "".join(_paragraph(text) for text in paragraphs) + (f"<w:tbl>{table}</w:tbl>" if rows else "")
    document = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    return files.archive({"[Content_Types].xml": files.CONTENT_TYPES.encode(), "word/document.xml": document.encode()})


def _paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def ofd(*pages: tuple[tuple[str, str], ...]) -> bytes:
    """An OFD of pages of (boundary, text)."""
    root = (
        f'<ofd:OFD xmlns:ofd="{OFD}"><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>'
    )
    places = "".join(f'<ofd:Page ID="{n}" BaseLoc="Pages/Page_{n}/Content.xml"/>' for n in range(len(pages)))
    parts = {
        "OFD.xml": root,
        "Doc_0/Document.xml": f'<ofd:Document xmlns:ofd="{OFD}"><ofd:Pages>{places}</ofd:Pages></ofd:Document>',
    }
    for number, texts in enumerate(pages):
        objects = "".join(
            f'<ofd:TextObject Boundary="{place}"><ofd:TextCode X="0" Y="5">{text}</ofd:TextCode></ofd:TextObject>'
            for place, text in texts
        )
        parts[f"Doc_0/Pages/Page_{number}/Content.xml"] = (
            f'<ofd:Page xmlns:ofd="{OFD}"><ofd:Content><ofd:Layer>{objects}</ofd:Layer></ofd:Content></ofd:Page>'
        )
    return files.archive({name: text.encode() for name, text in parts.items()})
