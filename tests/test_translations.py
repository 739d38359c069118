"""The Chinese of the site is complete."""

from __future__ import annotations

import re
from pathlib import Path

from django.core.management import call_command

from qualification.pages.catalogue import PACKAGES

ROOT = Path(__file__).parents[1]
# The name of a law ends before its article; in book marks the closing mark stands between the two.
BARE_LAW = re.compile(r"\w*(?:法|条例|办法|准则)第[一二三四五六七八九十百]+条")


def test_the_chinese_is_complete() -> None:
    call_command("messages", "check")


def test_a_law_is_named_in_book_marks() -> None:
    texts = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    texts += [*(ROOT / "locale" / "parts").glob("*.po"), *(ROOT / "templates").rglob("*.*")]
    found = {str(path.relative_to(ROOT)): BARE_LAW.findall(path.read_text("utf-8")) for path in texts}
    assert {path: laws for path, laws in found.items() if laws} == {}
    assert BARE_LAW.findall("依据行政许可法第三十二条，《行政许可法》第七十八条") == ["依据行政许可法第三十二条"]
