"""Files with text of every sort that is read, made in memory."""

from __future__ import annotations

import io

import typst
from openpyxl import Workbook

from documents.papers import conf
from tests.documents import files

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFD = "http://www.ofdspec.org/2016"


def pdf(*pages: str) -> bytes:
    """A PDF with a page of text for each of these; an empty one is a blank page."""
    source = "\n#pagebreak()\n".join(f"#text({_quoted(page)})" for page in pages)
    head = '#set text(font: "Noto Sans SC", size: 11pt)\n'
    return bytes(typst.compile((head + source).encode(), font_paths=conf.font_folders()))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def docx(body: str, head: str = "") -> bytes:
    """A Word file with this body of XML."""
    document = f'<?xml version="1.0"?>{head}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    return files.archive({"[Content_Types].xml": files.CONTENT_TYPES.encode(), "word/document.xml": document.encode()})


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def table(*rows: tuple[str, ...]) -> str:
    cells = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def xlsx(sheets: dict[str, dict[str, object]]) -> bytes:
    """A workbook: sheets by name, cells by address."""
    book = Workbook()
    book.remove(book.active)
    for name, cells in sheets.items():
        sheet = book.create_sheet(name)
        for address, value in cells.items():
            sheet[address] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ofd(*pages: str, head: str = "") -> bytes:
    """An OFD with a page of text for each of these."""
    parts = {
        "OFD.xml": f'<ofd:OFD xmlns:ofd="{OFD}"><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>',
        "Doc_0/Document.xml": f'<ofd:Document xmlns:ofd="{OFD}"><ofd:Pages>'
        + "".join(f'<ofd:Page ID="{n}" BaseLoc="Pages/Page_{n}/Content.xml"/>' for n in range(len(pages)))
        + "</ofd:Pages></ofd:Document>",
    }
    for n, text in enumerate(pages):
        parts[f"Doc_0/Pages/Page_{n}/Content.xml"] = (
            f'{head}<ofd:Page xmlns:ofd="{OFD}"><ofd:Content><ofd:Layer><ofd:TextObject Boundary="1 1 9 9">'
            f'<ofd:TextCode X="0" Y="5">{text}</ofd:TextCode></ofd:TextObject></ofd:Layer></ofd:Content></ofd:Page>'
        )
    return files.archive({name: text.encode() for name, text in parts.items()})
