"""What the page of a supplement shows: every point of the one notice, with the place where its answer goes."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.utils.translation import gettext as _

from documents.queries import current_version
from qualification.applications.models import Application, MaterialType, SupplementItem, SupplementRequest
from qualification.applications.queries import OWNER_KIND, TABLE_CODE, wanted_slots
from qualification.applications.workspace import TablePlace, table_place
from qualification.laboratories.models import Site
from qualification.scope.models import CapabilityTable

# The slot of a point that names no material, one per point.
FREE_CODE = "supplement"
# What people call a point in the name of a file: its number stands behind or between these.
CALLED = ("第%s项", "第%s条", "第%s点", "要点%s", "补正%s", "补充%s")


def numbered(number: int, *called: str) -> str:
    """By which words of a file's name the place of a numbered point is told from its neighbours."""
    return " ".join(name % number for name in called)


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the notice: what is wrong, where its answer goes, and whether something new lies there."""

    number: int
    text: str
    code: str
    label: str
    title: str
    hint: str
    table: CapabilityTable | None
    is_table: bool
    is_answered: bool
    about: str = ""
    place: TablePlace | None = None

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return f"point-{self.number}"


def points_of(supplement: SupplementRequest) -> list[Point]:
    """The points in the order of the notice."""
    titles = _titles(supplement.application)
    rows = supplement.items.order_by("position", "pk")
    return [_point(supplement, item, number, titles) for number, item in enumerate(rows, start=1)]


def _titles(application: Application) -> dict[tuple[str, str], tuple[str, str]]:
    return {(slot.material.code, slot.label): (slot.title, slot.material.hint) for slot in wanted_slots(application)}


def _point(
    supplement: SupplementRequest, item: SupplementItem, number: int, titles: dict[tuple[str, str], tuple[str, str]]
) -> Point:
    if item.slot_code == TABLE_CODE:
        return _table_point(supplement, item, number)
    code, label = (item.slot_code, item.slot_label) if item.slot_code else (FREE_CODE, str(number))
    title, hint = titles.get((code, label)) or _title_of(code, number)
    version = current_version(owner_kind=OWNER_KIND, owner_id=supplement.application.uuid, code=code, label=label)
    is_answered = version is not None and _is_new(version.uploaded_at, supplement)
    called = numbered(number, *CALLED)
    about = f"{title} {called}" if item.slot_code else called
    return Point(number, item.text, code, label, title, hint, None, False, is_answered, about=about)


def _title_of(code: str, number: int) -> tuple[str, str]:
    material = MaterialType.objects.filter(code=code).first()
    return (material.name, material.hint) if material else (_("File for point %(number)s") % {"number": number}, "")


def _table_point(supplement: SupplementRequest, item: SupplementItem, number: int) -> Point:
    tables = (
        CapabilityTable.objects.filter(application=supplement.application)
        .select_related("site")
        .order_by("site_id", "is_food")
    )
    labels = {f"{t.site.uuid}:{'food' if t.is_food else 'nonfood'}": t for t in tables}
    table = labels.get(item.slot_label)
    asked, _colon, kind = item.slot_label.partition(":")
    site = table.site if table else _site(asked)
    title = str(table) if table else site.name if site else ""
    is_answered = table is not None and _is_new(table.uploaded_at, supplement)
    place = table_place(site, is_food=kind == "food", is_only=False) if site else None
    return Point(number, item.text, TABLE_CODE, item.slot_label, title, "", table, True, is_answered, place=place)


def _site(asked: str) -> Site | None:
    try:
        return Site.objects.filter(uuid=uuid.UUID(asked)).first()
    except ValueError:
        return None


def _is_new(moment: dt.datetime, supplement: SupplementRequest) -> bool:
    return supplement.sent_at is None or moment > supplement.sent_at
