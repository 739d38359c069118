"""What a page asks before it sends: where the files dropped on it belong, and what can be said of each at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from documents import access, sorting
from documents.formats import Format, by_extension
from documents.models import Version
from documents.panels import LIMITS
from documents.queries import filled_slots
from documents.services import DocumentsError
from documents.slots import title_of, type_of
from documents.sorting import Place, Placing, Reason
from documents.upload import UploadRefused, check_promise, clean_name
from documents.upload_views import _json, _number, _text, conversation

# Files sorted at once are as many as the page opens; places they are sorted into.
MAX_FILES = LIMITS["files"]
MAX_PLACES = 1000


class TooMany(DocumentsError):
    """More files at once than anybody could look through."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One file of the page: its path, size and (where the browser could read it) hash; `to` once somebody has chosen."""

    path: str
    size: int
    sha256: str
    to: tuple[str, str] | None
    is_left_out: bool


@require_POST
@conversation
def sort(request: HttpRequest, owner_kind: str, owner_id: uuid.UUID) -> JsonResponse:
    """A place for each file, and what stands against it; nothing is taken in by this."""
    if not access.may_write(request.user, owner_kind, owner_id):
        raise PermissionDenied
    told = _json(request)
    places = _places(told, owner_kind, owner_id)
    files = [_asked(one) for one in _list(told, "files")]
    if len(files) > MAX_FILES:
        text = _(
            "%(count)s files at once are too many to look through; at most %(most)s are sorted. Drop fewer at once."
        )
        raise TooMany(text % {"count": len(files), "most": MAX_FILES})
    placings = _placings(files, places, _key(told.get("dropped_on")), told.get("exact") is True)
    known = _Known(owner_kind, owner_id, {file.sha256 for file in files if file.sha256})
    kinds = {kind for place in places.values() for kind in place.kind.types}
    rows = [_row(file, placing, known, kinds) for file, placing in zip(files, placings, strict=True)]
    return JsonResponse({"rows": rows})


def _placings(
    files: list[Asked], places: dict[tuple[str, str], Place], dropped_on: tuple[str, str] | None, is_exact: bool
) -> list[Placing]:
    """What somebody has chosen stands; the rest is sorted into what is left."""
    free = sorting.Free(places.values())
    chosen = {n: _chosen(file.to, places, free, is_exact) for n, file in enumerate(files) if file.to}
    open_ = [n for n, file in enumerate(files) if not file.to and not file.is_left_out]
    left = [place for place in places.values() if place.key not in free.taken]
    left += [
        replace(place, is_filled=True) for place in places.values() if place.key in free.taken and place.kind.takes_many
    ]
    sorted_ = dict(zip(open_, sorting.sort([files[n].path for n in open_], left, dropped_on), strict=True))
    nowhere = Placing(None, Reason.UNKNOWN)
    return [chosen.get(n) or sorted_.get(n, nowhere) for n in range(len(files))]


def _chosen(to: tuple[str, str], places: dict[tuple[str, str], Place], free: sorting.Free, is_exact: bool) -> Placing:
    place = places.get(to) or Place(type_of(to[0]), to[1])
    if is_exact:
        return Placing(place, Reason.NAMED)
    taken = free.take(place)
    return Placing(taken, Reason.NAMED) if taken else Placing(place, Reason.TAKEN)


class _Known:
    """The current versions of the owner whose bytes are those of a file asked about; one query, a second one for titles."""

    def __init__(self, owner_kind: str, owner_id: uuid.UUID, hashes: Iterable[str]) -> None:
        wanted = set(hashes)
        later = Version.objects.live().filter(document=OuterRef("document"), number__gt=OuterRef("number"))
        versions = Version.objects.live().of_owner(owner_kind, owner_id).filter(~Exists(later), file__sha256__in=wanted)
        self.versions = list(versions.select_related("document", "file").order_by("pk")) if wanted else []
        self.titles = access.titles_of(owner_kind, owner_id) if self.versions else {}
        self.seen: dict[str, str] = {}

    def here(self, file: Asked, place: Place) -> Version | None:
        """The version of this very slot that has the same bytes."""
        found = (v for v in self.versions if v.file.sha256 == file.sha256 and self._is_of(v, place))
        return next(found, None)

    def _is_of(self, version: Version, place: Place) -> bool:
        return version.document.code == place.kind.code if place.kind.takes_many else self._key(version) == place.key

    def elsewhere(self, file: Asked, place: Place) -> str:
        """What says that the same bytes lie in another slot, or come a second time."""
        for version in self.versions:
            if version.file.sha256 == file.sha256 and self._key(version) != place.key:
                title = title_of(self.titles, *self._key(version))
                return _("The same file lies in “%(title)s” already.") % {"title": title}
        first = self.seen.setdefault(file.sha256, file.path) if file.sha256 else file.path
        return "" if first == file.path else _("The same file as “%(name)s”.") % {"name": first}

    @staticmethod
    def _key(version: Version) -> tuple[str, str]:
        return version.document.code, version.document.label


def _row(file: Asked, placing: Placing, known: _Known, kinds: set[Format]) -> dict[str, Any]:
    place = placing.place
    row = {"code": "", "label": "", "problem": "", "warning": "", "says": "", "here": ""}
    if place is None:
        return row if file.is_left_out else {**row, "says": _nowhere(file, placing, kinds)}
    row |= {"code": place.kind.code, "label": place.label}
    is_taken = placing.reason is Reason.TAKEN
    problem = _("Another file of this list goes there already.") if is_taken else _problem(file, place)
    same = None if problem else known.here(file, place)
    if same:
        here = _("“%(name)s” is here already, as version %(number)s; it is not sent again.")
        return row | {"here": here % {"name": clean_name(file.path), "number": same.number}}
    return row | ({"problem": problem} if problem else {"warning": known.elsewhere(file, place)})


def _nowhere(file: Asked, placing: Placing, kinds: set[Format]) -> str:
    """Why a file goes nowhere by itself; `kinds` are all that the page's places take."""
    if by_extension(clean_name(file.path)) not in kinds:
        return _("Nothing on this page takes a file of this kind.")
    if placing.reason is Reason.TAKEN:
        return _("By its name it goes where another file of this list goes; please choose.")
    if placing.reason is Reason.SEVERAL:
        return _("The name does not say for which of several places; please choose.")
    return _("Not recognised by its name; please choose.")


def _problem(file: Asked, place: Place) -> str:
    try:
        check_promise(place.kind, clean_name(file.path), file.size)
    except UploadRefused as refusal:
        return refusal.message
    return ""


def _list(told: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = told.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _asked(told: dict[str, Any]) -> Asked:
    to = _key(told.get("to"))
    return Asked(
        _text(told, "path", 1000), _number(told, "size"), _text(told, "sha256", 64), to, told.get("left_out") is True
    )


def _places(told: dict[str, Any], owner_kind: str, owner_id: uuid.UUID) -> dict[tuple[str, str], Place]:
    """The places the page offers; further files that lie there already are known, though not offered."""
    filled = filled_slots(owner_kind, owner_id)
    offered = [_place(one, filled) for one in _list(told, "places")[:MAX_PLACES]]
    places = {place.key: place for place in offered}
    codes = {place.kind.code for place in offered if place.kind.takes_many}
    known = {(code, label): Place(type_of(code), label, is_filled=True) for code, label in filled if code in codes}
    return known | places


def _place(told: dict[str, Any], filled: set[tuple[str, str]]) -> Place:
    kind = type_of(_text(told, "code", 60), is_alone=told.get("replaces") is True)
    label = _text(told, "label", 200)
    return Place(kind, label, _text(told, "about", 200), (kind.code, label) in filled)


def _key(told: Any) -> tuple[str, str] | None:
    """Code and label of a place; None for none."""
    if not isinstance(told, dict) or not _text(told, "code", 60):
        return None
    return _text(told, "code", 60), _text(told, "label", 200)
