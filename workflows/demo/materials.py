"""Files for walked cases: written PDFs with text, scans of one page, and capability tables that suit the laboratory."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw, ImageFont

from documents.papers import conf
from workflows.demo import abilities
from workflows.demo.writings import REVISED, WRITINGS

PAGE = (1240, 1754)
PDF_TYPE = "application/pdf"
# The texts come as data: no name of a laboratory is ever read as typst.
SHEET = """
#let told = json(bytes(sys.inputs.told))
#set document(title: told.title)
#set page(paper: "a4", margin: 25mm, header: text(size: 9pt, told.head), footer: align(center, context text(size: 9pt, counter(page).display("1 / 1", both: true))))
#set text(font: "Noto Sans SC", lang: "zh", size: 11pt)
#set par(leading: 1em, spacing: 1.4em)
#for (number, (head, lines)) in told.pages.enumerate() {
  if number > 0 { pagebreak() }
  align(center, text(size: 17pt, head))
  v(8mm)
  for line in lines { par(line) }
}
"""
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def data_folder() -> Path:
    """Where the real files of tests and demo lie."""
    return Path(settings.BASE_DIR) / "tests" / "data"


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    for folder in conf.font_folders():
        for path in sorted(folder.glob("*Regular*.ttf")):
            return ImageFont.truetype(str(path), size)
    raise FileNotFoundError("No font for the demo's papers: run `make setup`.")


@cache
def page(title: str, *lines: str) -> bytes:
    """A one-page A4 PDF that says what it is."""
    image = Image.new("L", PAGE, 255)
    draw = ImageDraw.Draw(image)
    draw.rectangle((60, 60, PAGE[0] - 60, PAGE[1] - 60), outline=160, width=2)
    draw.text((PAGE[0] / 2, 260), title, font=font(52), fill=0, anchor="mm")
    for number, line in enumerate(lines):
        draw.text((160, 420 + 60 * number), line, font=font(32), fill=40)
    buffer = io.BytesIO()
    image.save(buffer, "PDF", resolution=150.0, title=title)
    return buffer.getvalue()


def pdf(title: str, *lines: str) -> SimpleUploadedFile:
    """An upload of such a page."""
    return SimpleUploadedFile(f"{title.replace('/', '-')}.pdf", page(title, *lines), PDF_TYPE)


@cache
def written(code: str, title: str, *lines: str, is_revised: bool = False) -> bytes:
    """The PDF of a material written on a computer: its text can be searched. About 20 ms each."""
    import typst

    told = {
        "title": title,
        "head": "　".join(line for line in lines if line),
        "pages": (REVISED if is_revised else WRITINGS)[code],
    }
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=conf.font_folders())
    return bytes(typst.compile(SHEET.encode(), font_paths=fonts, sys_inputs={"told": json.dumps(told)}))


def material(code: str, title: str, *lines: str) -> SimpleUploadedFile:
    """An upload of a material: written where a laboratory writes it itself, else a scan."""
    make = partial(written, code) if code in WRITINGS else page
    return SimpleUploadedFile(f"{title.replace('/', '-')}.pdf", make(title, *lines), PDF_TYPE)


def revision(code: str, title: str, *lines: str) -> SimpleUploadedFile:
    """An upload of a written material as it was revised."""
    return SimpleUploadedFile(f"{title}（修订）.pdf", written(code, title, *lines, is_revised=True), PDF_TYPE)


def capability_table(fields: Iterable[str], *, is_food: bool) -> SimpleUploadedFile:
    """The capability table of a laboratory of these fields."""
    return SimpleUploadedFile("检验检测能力表.xlsx", abilities.table_of(fields, is_food=is_food), XLSX_TYPE)
