"""Files for walked cases: legible one-page PDFs, and capability tables that suit the laboratory."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw, ImageFont

from documents.papers import conf
from workflows.demo import abilities

PAGE = (1240, 1754)
PDF_TYPE = "application/pdf"
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


def capability_table(fields: Iterable[str], *, is_food: bool) -> SimpleUploadedFile:
    """The capability table of a laboratory of these fields."""
    return SimpleUploadedFile("检验检测能力表.xlsx", abilities.table_of(fields, is_food=is_food), XLSX_TYPE)
