"""The list of the notes on the pages of a case's files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from documents.looking import desks
from documents.looking.enums import NoteState
from documents.looking.models import PageNote, PageNoteQuerySet
from documents.looking.queries import answers_to, visible_notes
from documents.slots import title_of
from qualification.applications.casefiles import titles_in
from qualification.applications.models import Application
from qualification.applications.queries import OWNER_KIND
from qualification.pages.lists import Column, Filter, ListPage

if TYPE_CHECKING:
    from qualification.accounts.models import User


def _in_state(rows: QuerySet[Any], state: str) -> QuerySet[Any]:
    notes: PageNoteQuerySet = rows  # type: ignore[assignment]
    return notes.in_state(state)


def note_page(request: HttpRequest, user: User, application: Application) -> ListPage:
    """Every note that the person may read; a laboratory is told neither who wrote one nor what was not sent."""
    is_staff = desks.sees_drafts(user, OWNER_KIND, application.uuid)
    rows = visible_notes(user, OWNER_KIND, application.uuid)
    titles = titles_in(application)
    answers = answers_to(list(rows.filter(sent_at__isnull=False)))

    def title(note: PageNote) -> str:
        document = note.version.document
        return title_of(titles, document.code, document.label)

    def answer(note: PageNote) -> Any:
        version = answers.get(note.pk)
        return f"{version.file.name} ({version.number})" if version else ""

    states = [state for state in NoteState if is_staff or state != NoteState.DRAFT]
    return ListPage(
        request,
        rows,
        columns=(
            Column("text", pgettext_lazy("on a page", "Note"), link=address_of),
            Column("slot", _("Slot"), value=title),
            Column("file", _("File"), value=lambda note: note.version.file.name, sort=("version__file__name",)),
            Column("version", _("Version"), value=lambda note: note.version.number, is_number=True),
            Column("page", _("Page"), sort=("page",), is_number=True),
            Column("state", _("State"), value=lambda note: note.standing.label),
            Column("sent_at", _("Sent"), sort=("sent_at",)),
            Column("answer", _("Answered by (version)"), value=answer),
            *_of_staff(is_staff=is_staff),
        ),
        search=("text", "version__file__name"),
        filters=(
            Filter("state", _("State"), [(s.value, s.label) for s in states], apply=_in_state),
        ),
        default_sort="page",
        file_name=f"notes-{application.reference or application.pk}",
    )  # fmt: skip


def _of_staff(*, is_staff: bool) -> tuple[Column, ...]:
    if not is_staff:
        return ()
    return (
        Column("author", _("Written by"), value=lambda note: str(note.author), sort=("author__name",)),
        Column("created_at", _("Written at"), sort=("created_at",)),
    )


def address_of(note: PageNote) -> str:
    """The note on its page in the viewer."""
    return f"{reverse('documents:look', args=[note.version_id])}?page={note.page}#note-{note.pk}"
