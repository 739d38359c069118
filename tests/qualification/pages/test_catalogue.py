"""The translation tool finds what the code says and every fault of the catalogue."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest

from qualification.pages import catalogue

PYTHON = """
from django.utils.translation import gettext as _, gettext_lazy, ngettext as many, pgettext
A = _("plain")
B = gettext_lazy("two " "parts")
C = many("%(n)d day", "%(n)d days", 2)
D = pgettext("month", "May")
E = other("not ours")
"""
TEMPLATE = """{% load i18n %}
  {% translate "Title" %}
    {% translate "May" context "verb" %}
  {% blocktranslate trimmed with day=when %}
     until
     {{ day }}
  {% endblocktranslate %}
  {% blocktranslate count n=rows %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}
  {% include "x.html" with label=_("Within") %} It's a stray ' quote ( and a bracket
"""


def test_python_is_read_by_what_it_imports() -> None:
    found = [(one.context, one.msgid, one.plural) for one in catalogue.in_python(PYTHON)]
    assert found == [
        ("", "plain", ""),
        ("", "two parts", ""),
        ("", "%(n)d day", "%(n)d days"),
        ("month", "May", ""),
    ]


def test_templates_are_read() -> None:
    found = [(one.context, one.msgid, one.plural) for one in catalogue.in_template(TEMPLATE, "x.html")]
    assert found == [
        ("", "Title", ""),
        ("verb", "May", ""),
        ("", "until %(day)s", ""),
        ("", "%(n)s row", "%(n)s rows"),
        ("", "Within", ""),
    ]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "qualification").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "locale" / "parts").mkdir(parents=True)
    (tmp_path / "qualification" / "a.py").write_text(PYTHON)
    parts = catalogue.new_catalogue()
    for msgid, text in {"plain": "简单", "two parts": "两段"}.items():
        parts.append(polib.POEntry(msgid=msgid, msgstr=text))
    parts.append(polib.POEntry(msgid="%(n)d day", msgid_plural="%(n)d days", msgstr_plural={0: "%(n)d 天"}))
    parts.append(polib.POEntry(msgid="May", msgctxt="month", msgstr="5月"))
    parts.save(str(tmp_path / "locale" / "parts" / "a.po"))
    return tmp_path


def test_a_merged_catalogue_has_no_faults_and_is_stable(root: Path) -> None:
    catalogue.merge(root)
    first = catalogue.catalogue_path(root).read_bytes()
    catalogue.merge(root)
    assert catalogue.catalogue_path(root).read_bytes() == first
    assert str(root) not in first.decode()
    assert catalogue.faults(root) == []


def test_the_compiled_catalogue_is_written(root: Path) -> None:
    catalogue.merge(root)
    entries = polib.mofile(str(catalogue.compile_catalogue(root)))
    assert {entry.msgid: entry.msgstr for entry in entries if not entry.msgid_plural and not entry.msgctxt} == {
        "plain": "简单",
        "two parts": "两段",
    }


def break_entry(root: Path, msgid: str, **changes: object) -> list[str]:
    catalogue.merge(root)
    path = catalogue.catalogue_path(root)
    entries = polib.pofile(str(path))
    for name, value in changes.items():
        setattr(entries.find(msgid), name, value)
    entries.save(str(path))
    return catalogue.faults(root)


def test_each_fault_is_named(root: Path) -> None:
    assert break_entry(root, "plain", msgstr="") == ["not translated: 'plain'"]
    assert break_entry(root, "plain", flags=["fuzzy"]) == ["fuzzy: 'plain'"]
    assert break_entry(root, "%(n)d day", msgstr_plural={0: "天"}) == ["placeholders differ (none): '%(n)d day'"]
    catalogue.merge(root)
    (root / "qualification" / "a.py").write_text(PYTHON + '_("new")\n')
    assert catalogue.faults(root) == ["not in the catalogue: 'new' (qualification/a.py)"]
    (root / "qualification" / "a.py").write_text(PYTHON.replace('A = _("plain")', ""))
    assert catalogue.faults(root) == ["obsolete: 'plain'"]
