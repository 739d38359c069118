"""Every template compiles, and none needs inline scripts or styles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template import engines

from qualification.conf.environment import BASE_DIR

FOLDERS = [BASE_DIR / "templates", *(path for path in BASE_DIR.glob("*/*/templates")), *BASE_DIR.glob("*/templates")]
TEMPLATES = sorted(
    (path for folder in FOLDERS for path in folder.rglob("*") if path.suffix in {".html", ".txt"}), key=str
)
INLINE = re.compile(
    r"<script(?![^>]*\b(?:src=|type=\"application/json\"))[^>]*>|<style\b|\sstyle=\"|\son[a-z]+=\"", re.IGNORECASE
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(BASE_DIR).as_posix())
def test_the_template_compiles(path: Path) -> None:
    engines["django"].from_string(path.read_text("utf-8"))


def test_no_template_holds_inline_scripts_or_styles() -> None:
    pages = [path for path in TEMPLATES if path.suffix == ".html" and "mail" not in path.parts]
    found = {path.relative_to(BASE_DIR).as_posix(): INLINE.findall(path.read_text("utf-8")) for path in pages}
    assert {name: hits for name, hits in found.items() if hits} == {}
