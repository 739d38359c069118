"""Small real files: pages that say what they are, and capability tables of one category each."""

from __future__ import annotations

import io
from functools import cache

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook
from PIL import Image, ImageDraw

from workflows.demo import materials
from workflows.demo.abilities import FIELDS, HEADS, SUBHEADS, TITLE
from workflows.demo.materials import PDF_TYPE, XLSX_TYPE

PAGE = (420, 594)


@cache
def page(title: str) -> bytes:
    """A small one-page PDF that names the material; made once per process."""
    image = Image.new("L", PAGE, 255)
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, PAGE[0] - 20, PAGE[1] - 20), outline=160)
    draw.text((PAGE[0] / 2, 90), title[:20], font=materials.font(18), fill=0, anchor="mm")
    buffer = io.BytesIO()
    image.save(buffer, "PDF", resolution=51.0, title=title, quality=60)
    return buffer.getvalue()


def pdf(title: str) -> SimpleUploadedFile:
    """An upload of such a page."""
    return SimpleUploadedFile(f"{title.replace('/', '-')}.pdf", page(title), PDF_TYPE)


@cache
def _table(field: str, which: int) -> bytes:
    _main, categories = FIELDS[field]
    category, parameters = categories[which]
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in ((TITLE,), HEADS, SUBHEADS):
        sheet.append(row)
    for number, (name, title, standard) in enumerate(parameters, start=1):
        first = (1, category) if number == 1 else ("", "")
        sheet.append((*first, f"1.{number}", name, f"《{title}》\n{standard}", "", ""))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def capability_table(field: str, which: int) -> SimpleUploadedFile:
    """One category of a field, as the laboratory uploads it."""
    made = _table(field, which % len(FIELDS[field][1]))
    return SimpleUploadedFile("检验检测能力表.xlsx", made, XLSX_TYPE)
