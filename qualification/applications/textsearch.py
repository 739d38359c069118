"""Search in the text of a case's files as a page: hits by file, what was not searched, and the looks it makes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents import serving
from documents.enums import Purpose
from documents.formats import MIME, TEXTS, WORD, Format
from documents.models import Version
from documents.slots import title_of
from documents.texts import queries as texts
from documents.texts.enums import Outcome
from documents.texts.models import FileText, TextPage
from documents.texts.words import Excerpt, excerpt, words_of
from qualification.applications.casefiles import titles_of
from qualification.applications.models import Application, MaterialType
from qualification.applications.queries import OWNER_KIND
from qualification.pages.lists import Column, Filter, ListPage

if TYPE_CHECKING:
    from qualification.accounts.models import User

KINDS: tuple[tuple[str, str, frozenset[Format]], ...] = (
    ("pdf", "PDF", frozenset({Format.PDF})),
    ("word", "Word", WORD),
    ("sheet", gettext_lazy("spreadsheet"), frozenset({Format.XLSX, Format.XLS, Format.CSV})),
    ("ofd", "OFD", frozenset({Format.OFD})),
    ("text", gettext_lazy("plain text"), TEXTS - {Format.CSV}),
)  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where everything searched for stands."""

    row: TextPage
    excerpt: Excerpt
    url: str

    @property
    def place(self) -> str:
        """Where in the file."""
        return place_of(self.row, self.excerpt)


@dataclass(frozen=True, slots=True)
class Group:
    """The hits in one version of one file."""

    version: Version
    title: str
    is_current: bool
    hits: list[Hit]


@dataclass(frozen=True, slots=True)
class Unsearched:
    """A version whose text is not, or not wholly, searched, and why."""

    version: Version
    title: str
    why: str


def place_of(row: TextPage, found: Excerpt) -> str:
    """The page, or sheet and row; nothing where a file has neither."""
    if row.first_row:
        line = row.first_row + found.line
        if row.sheet:
            return _("sheet “%(sheet)s”, row %(row)s") % {"sheet": row.sheet, "row": line}
        return _("row %(row)s") % {"row": line}
    if row.file.content_type in {MIME[Format.PDF], MIME[Format.OFD]}:
        return _("page %(page)s") % {"page": row.page}
    return ""


class TextSearch(ListPage):
    """The hits of one search in one case, by slot, the newest version first."""

    def __init__(self, request: HttpRequest, application: Application) -> None:
        self.application = application
        self.titles = titles_of(application.uuid)
        super().__init__(
            request,
            texts.pages_of(OWNER_KIND, application.uuid),
            columns=_columns(self),
            search=("text",),
            filters=_filters(self),
            file_name=f"search-{application.reference or application.pk}",
        )

    @cached_property
    def words(self) -> list[str]:
        """What is looked for, as it is compared."""
        return words_of(self.query)

    def searched(self, rows: QuerySet[TextPage]) -> QuerySet[TextPage]:
        """The pages on which every word is found."""
        return texts.having(rows, self.words)

    def _order(self) -> list[str]:
        return ["place", "code", "label", "-number", "version_id", "position"]

    @cached_property
    def narrowed(self) -> QuerySet[TextPage]:
        """The hits in the order of the slots."""
        codes = MaterialType.objects.order_by("position").values_list("code", flat=True)
        order = [When(code=code, then=Value(number)) for number, code in enumerate(codes)]
        placed = self.rows.annotate(place=Case(*order, default=Value(len(order)), output_field=IntegerField()))
        self.rows = placed
        return super().narrowed

    def title(self, code: str, label: str) -> str:
        """How a slot is called."""
        return title_of(self.titles, code, label)

    def excerpt(self, row: TextPage) -> Excerpt:
        """The line around the hit."""
        return excerpt(row.text, self.words)

    @property
    def groups(self) -> list[Group]:
        """The page's hits by version."""
        versions = _versions({row.version_id for row in self.page})
        return [
            self._group(versions[version_id], list(rows))
            for version_id, rows in groupby(self.page, key=lambda row: row.version_id)
        ]

    def _group(self, version: Version, rows: list[Any]) -> Group:
        title = self.title(version.document.code, version.document.label)
        return Group(version, title, rows[0].is_current, [self._hit(row) for row in rows])

    def _hit(self, row: Any) -> Hit:
        found = self.excerpt(row)
        marked = next((piece for piece, is_hit in found.pieces if is_hit), "")
        query = urlencode({"page": row.page, "find": marked})
        return Hit(row, found, f"{reverse('documents:look', args=[row.version_id])}?{query}")

    @cached_property
    def unsearched(self) -> list[Unsearched]:
        """Files of the case whose text is not, or not wholly, among what is searched."""
        rows = texts.not_searched(OWNER_KIND, self.application.uuid)
        return [Unsearched(v, self.title(v.document.code, v.document.label), _why(v)) for v in rows]


def _versions(ids: set[Any]) -> dict[Any, Version]:
    return Version.objects.select_related("document", "file", "uploaded_by").in_bulk(ids)


def _why(version: Version) -> str:
    text: FileText | None = getattr(version.file, "text", None)
    if not version.file.is_servable:
        return _("not handed out yet: its check has not ended")
    if text is None or text.outcome == Outcome.PENDING:
        return str(Outcome.PENDING.label)
    if text.why:
        return str(text.get_why_display())
    if text.is_cut:
        return _("only its beginning is searched: it is very long")
    return _("%(number)s of its pages have no text (scanned)") % {"number": text.blank_pages}


def _columns(page: TextSearch) -> tuple[Column, ...]:
    return (
        Column("slot", gettext_lazy("Slot"), value=lambda row: page.title(row.code, row.label)),
        Column("file", gettext_lazy("File"), value=lambda row: row.file.name),
        Column("version", gettext_lazy("Version"), value=lambda row: row.number, is_number=True),
        Column("newest", gettext_lazy("Newest version"), value=lambda row: _("yes") if row.is_current else _("no")),
        Column("where", gettext_lazy("Where"), value=lambda row: place_of(row, page.excerpt(row))),
        Column("text", gettext_lazy("Text"), value=lambda row: page.excerpt(row).text),
        Column("hash", "SHA-256", value=lambda row: row.file.sha256),
    )


def _filters(page: TextSearch) -> tuple[Filter, ...]:
    def in_slot(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        code, _colon, label = value.partition(":")
        return rows.filter(code=code, label=label)

    def of_kind(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        kinds = next(kinds for key, _label, kinds in KINDS if key == value)
        return rows.filter(file__content_type__in=[MIME[kind] for kind in kinds])

    slots = [(f"{code}:{label}", title) for (code, label), title in page.titles.items()]
    ages = [("newest", gettext_lazy("newest only")), ("older", gettext_lazy("older only"))]
    return (
        Filter("slot", gettext_lazy("Slot"), slots, apply=in_slot),
        Filter("versions", gettext_lazy("Versions"), ages, apply=lambda rows, v: rows.filter(is_current=v == "newest")),
        Filter("kind", gettext_lazy("Kind of file"), [(key, label) for key, label, _kinds in KINDS], apply=of_kind),
    )


def note_looks(page: TextSearch, *, user: User, ip: str | None, now: dt.datetime) -> int:
    """Write down a look at every file of which a line is shown or exported; committed when this returns. How many."""
    if page.wants_export:
        found: QuerySet[Any] = page.narrowed.order_by()
        ids = set(found.values_list("version_id", flat=True).distinct())
    else:
        ids = {row.version_id for row in page.page}
    looks = [serving.Found(version.file, version) for version in _versions(ids).values()]
    if looks:
        serving.log(looks, user=user, purpose=Purpose.SEARCH, ip=ip, now=now)
    return len(looks)
