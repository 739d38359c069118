"""What the pages of the viewer show, made ready for their templates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from documents import access, slots
from documents.looking import pages
from documents.models import Version

ZOOMS = (100, 150, 200, 300)
THUMBNAILS = 24
AROUND = 40
MAX_EXCERPTS = 20
MAX_FIND = 200
SAME_SHOWN = 160
INSIDE = "documents/looking/inside.html"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in parts of its width and height that SVG takes."""

    x: str
    y: str
    width: str
    height: str


def boxes(marks: list[list[int]]) -> list[Box]:
    """Rectangles as the child tells them, in ten-thousandths."""
    return [Box(*(f"{value / 100:.2f}%" for value in mark)) for mark in marks]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of a version: its picture, its rows or its text."""

    version: Version
    number: int
    facts: dict[str, Any]

    @property
    def pages(self) -> int:
        """How many pages the file has."""
        return int(self.facts["pages"])

    @property
    def is_picture(self) -> bool:
        """Whether the page is drawn."""
        return bool(self.facts["kind"] == "picture")

    @property
    def hits(self) -> list[Box]:
        """Where the searched text lies."""
        return boxes(self.facts.get("hits", []))

    @property
    def width(self) -> int:
        """Width for the browser to keep the place of the picture; with the height, the page's shape."""
        return 900

    @property
    def height(self) -> int:
        """Height that belongs to the width."""
        return max(1, round(900 * float(self.facts["height"]) / float(self.facts["width"])))

    @property
    def source(self) -> str:
        """Address of the picture for browsers that know no widths."""
        return address_of_picture(self.version, self.number, 900)

    @property
    def source_set(self) -> str:
        """Addresses of the picture by width."""
        wide = (width for width in pages.WIDTHS if width > 160)
        return ", ".join(f"{address_of_picture(self.version, self.number, width)} {width}w" for width in wide)

    @property
    def sheets(self) -> list[tuple[int, str]]:
        """Numbers and names of the sheets of a workbook."""
        return list(enumerate(self.facts.get("sheets", []), start=1))


def address_of_picture(version: Version, number: int, width: int) -> str:
    """Address of a page's picture."""
    return reverse("documents:look_picture", args=[version.pk, number, width])


def sheet_of(version: Version, number: int, find: str = "") -> Sheet:
    """A page of a version, or its last one. Raises CannotLook."""
    try:
        return Sheet(version, number, pages.facts(version.file, number, find))
    except pages.NoSuchPage as missing:
        if not missing.pages:
            raise
        return Sheet(version, missing.pages, pages.facts(version.file, missing.pages, find))


def thumbnails(sheet: Sheet) -> list[tuple[int, str]]:
    """Pages around the one that is shown with the addresses of their small pictures, never more than some."""
    if not sheet.is_picture or sheet.pages < 2:
        return []
    first = max(1, min(sheet.number - THUMBNAILS // 2, sheet.pages - THUMBNAILS + 1))
    last = min(sheet.pages, first + THUMBNAILS - 1)
    return [(n, address_of_picture(sheet.version, n, pages.WIDTHS[0])) for n in range(first, last + 1)]


def excerpts(text: str, find: str) -> list[tuple[str, str, str]]:
    """Where a text stands in a page: what comes before, itself, what comes after."""
    signs = [re.escape(sign) for sign in find if not sign.isspace()]
    if not signs:
        return []
    found = re.finditer(r"\s*".join(signs), text, re.IGNORECASE)
    return [
        (text[max(0, hit.start() - AROUND) : hit.start()], hit[0], text[hit.end() : hit.end() + AROUND])
        for _n, hit in zip(range(MAX_EXCERPTS), found, strict=False)
    ]


def versions_beside(version: Version) -> list[Version]:
    """The versions of the same slot that count, the newest first."""
    rows = Version.objects.live().filter(document=version.document).select_related("file")
    return list(rows.order_by("-number"))


def title_of(version: Version) -> str:
    """How the slot of a version is called."""
    document = version.document
    titles = access.titles_of(document.owner_kind, document.owner_id)
    return slots.title_of(titles, document.code, document.label)


def are_of_one_owner(first: Version, second: Version) -> bool:
    """Whether two versions belong to the same owner; only then they are compared."""
    one, other = first.document, second.document
    return (one.owner_kind, one.owner_id) == (other.owner_kind, other.owner_id)


@dataclass(frozen=True, slots=True)
class Step:
    """A pair of pages to go to."""

    page: int
    other: int


def steps(old: Sheet, new: Sheet) -> dict[str, Step | None]:
    """The pairs of pages before and after the one that is shown; the distance between them is kept."""
    can_go_back = old.number > 1 and new.number > 1
    can_go_on = old.number < old.pages and new.number < new.pages
    return {
        "back": Step(old.number - 1, new.number - 1) if can_go_back else None,
        "on": Step(old.number + 1, new.number + 1) if can_go_on else None,
    }


def difference(old: Sheet, new: Sheet) -> dict[str, Any]:
    """What differs in two pages: runs of text, and boxes on the pictures; those of scans by their look alone."""
    try:
        found = pages.difference(old.version.file, old.number, new.version.file, new.number)
    except pages.CannotLook as refusal:
        return {"runs": [], "old_boxes": [], "new_boxes": [], "diff_says": refusal.message,
            "has_text": [True, True], "is_cut": False, "is_same": False, "by_eye": None}  # fmt: skip
    by_eye = found["picture"]
    marks = by_eye or found
    return {
        "runs": [[act, shortened(before) if act == "equal" else before, after] for act, before, after in found["runs"]], "old_boxes": boxes(marks["old"]), "new_boxes": boxes(marks["new"]), "diff_says": "", "by_eye": by_eye,
        "has_text": found["has_text"], "is_cut": found["is_cut"],
        "is_same": all(act == "equal" for act, _old, _new in found["runs"]),
    }  # fmt: skip


def shortened(text: str) -> str:
    """A long run of what is the same on both pages, its middle left out."""
    return text if len(text) <= SAME_SHOWN else f"{text[: SAME_SHOWN // 2]} […] {text[-SAME_SHOWN // 2 :]}"


def find_from(request: HttpRequest) -> str:
    """The text that is looked for, from the address."""
    return request.GET.get("find", "").replace("\x00", "").strip()[:MAX_FIND]


def number_from(request: HttpRequest, name: str = "page") -> int:
    """A page's number from the address; whatever is none is the first page."""
    given = request.GET.get(name, "")
    is_number = given.isascii() and given.isdigit() and len(given) < 10
    return max(1, min(int(given), 99_999)) if is_number else 1


def sizes_of(zoom: int, *, is_inside: bool) -> str:
    """How wide the browser shows a page: nearly all of a phone or of a frame, half of a desktop."""
    wide = 95 if is_inside else 55
    return f"(max-width: 767px) {95 * zoom // 100}vw, {wide * zoom // 100}vw"


def zoom_from(request: HttpRequest) -> int:
    """The enlargement in per cent of the place."""
    given = request.GET.get("zoom", "")
    return int(given) if given in {str(zoom) for zoom in ZOOMS} else ZOOMS[0]
