"""Notes on the pages of a case's files: who writes them, and how they become points of what the laboratory is asked."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import rules
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from documents.looking import desks, services
from documents.looking.enums import NoteState
from documents.looking.models import PageNote
from documents.looking.queries import ReadNote, notes_sent_with, read, to_send, visible_notes
from qualification.accounts.enums import LABORATORY_ROLES
from qualification.applications.casefiles import titles_of
from qualification.applications.models import Application, SupplementItem
from qualification.applications.notices import PAPER_LANGUAGE
from qualification.applications.queries import OWNER_KIND
from qualification.applications.rules import is_leader, is_on_team

if TYPE_CHECKING:
    from qualification.accounts.models import User

# The desks at which a case is in hand: the intake officer's, and the review team's.
INTAKE, REVIEW = "intake", "review"
CODE_LENGTH = SupplementItem._meta.get_field("slot_code").max_length or 0
LABEL_LENGTH = SupplementItem._meta.get_field("slot_label").max_length or 0


def desk_of(user: User, owner_id: uuid.UUID) -> str:
    """The intake officer's while the case waits for acceptance, the team's until its report is handed in."""
    application = _case(owner_id)
    if application is None:
        return ""
    if application.state == "submitted":
        return INTAKE if rules.has_perm("applications.Application.accept", user, application) else ""
    assessment = getattr(application, "assessment", None)
    is_reviewed = assessment is None or assessment.reported_at or assessment.terminated_at
    if application.state != "in_review" or is_reviewed or not is_on_team(user, application):
        return ""
    return REVIEW


def settles(user: User, owner_id: uuid.UUID) -> frozenset[str]:
    """Each desk settles its own notes; what the intake asked for, the leader settles while the team reviews."""
    desk = desk_of(user, owner_id)
    if desk != REVIEW:
        return frozenset({desk} if desk else ())
    application = _case(owner_id)
    return frozenset({REVIEW, INTAKE}) if is_leader(user, application) else frozenset({REVIEW})


def open_notes(application: Application) -> int:
    """How many notes on the case's files were sent and are not settled."""
    return PageNote.objects.of_owner(OWNER_KIND, application.uuid).in_state(NoteState.SENT).count()


def unsettled(user: User, application: Application) -> list[ReadNote]:
    """The notes on the case's files that were sent and are not settled, with what the person may do."""
    rows = visible_notes(user, OWNER_KIND, application.uuid).in_state(NoteState.SENT)
    return read(user, rows.order_by("sent_at", "point", "page", "created_at"))


def sees_drafts(user: User, owner_id: uuid.UUID) -> bool:
    """Whoever reads the case and does not belong to its laboratory."""
    application = _case(owner_id)
    if application is None or not rules.has_perm("applications.Application.see", user, application):
        return False
    return not user.has_role(*LABORATORY_ROLES, laboratory_id=application.laboratory_id)


def home_of(owner_id: uuid.UUID) -> tuple[str, str]:
    """The page of the case."""
    application = _case(owner_id)
    assert application is not None
    if application.state == "draft":
        return reverse("applications:edit", args=[owner_id]), application.laboratory.name
    return reverse("inbox:case", args=[owner_id]), application.reference or application.laboratory.name


def _case(owner_id: uuid.UUID) -> Application | None:
    return Application.objects.filter(uuid=owner_id).select_related("assessment", "authority", "laboratory").first()


def register() -> None:
    """Tell the viewer; called at start-up."""
    desks.register(OWNER_KIND, desks.NoteRule(desk=desk_of, settles=settles, sees_drafts=sees_drafts, home=home_of))


@dataclass(frozen=True, slots=True)
class NotePoint:
    """The notes on the files of one slot, as one point of a request."""

    title: str
    text: str
    code: str
    label: str
    notes: tuple[PageNote, ...]


def points_of(application: Application, notes: Iterable[PageNote]) -> list[NotePoint]:
    """One point for each slot, a line for each note, in the language of the notices; notes come by slot."""
    titles = titles_of(application.uuid)

    def slot(note: PageNote) -> tuple[str, str]:
        return note.version.document.code, note.version.document.label

    with translation.override(PAPER_LANGUAGE):
        return [_point(titles.get(key, ""), key, tuple(group)) for key, group in groupby(notes, key=slot)]


def _point(title: str, key: tuple[str, str], notes: tuple[PageNote, ...]) -> NotePoint:
    code, label = key
    if len(code) > CODE_LENGTH or len(label) > LABEL_LENGTH:
        code, label = "", ""
    return NotePoint(title, "\n".join(_line(note) for note in notes), code, label, notes)


def _line(note: PageNote) -> str:
    where = {"name": note.version.file.name, "number": note.version.number, "page": note.page}
    return _("“%(name)s” (version %(number)s), page %(page)s: ") % where + note.text


def waiting(application: Application, desk: str) -> list[PageNote]:
    """Notes of a desk that were not sent."""
    return to_send(OWNER_KIND, application.uuid, desk)


def taken(application: Application, desk: str, ids: Sequence[uuid.UUID]) -> list[NotePoint]:
    """Lock the chosen notes and make points of them; call it in the transaction of the request."""
    if not ids:
        return []
    found = services.take(ids=ids, owner_kind=OWNER_KIND, owner_id=application.uuid, desk=desk)
    return points_of(application, found)


def send(
    points: Mapping[int, NotePoint], slots: Mapping[int, tuple[str, str]], *, request_id: uuid.UUID, by: Any, now: dt.datetime
) -> None:  # fmt: skip
    """Send the notes behind the points of a request; `slots` says where the answer to each point is expected."""
    answers = {
        note: services.Answer(number, *slots[number]) for number, point in points.items() for note in point.notes
    }
    services.send(answers=answers, request_id=request_id, by=by, now=now)


def slots_of_supplement(points: Mapping[int, NotePoint]) -> dict[int, tuple[str, str]]:
    """Where the answers to points of a supplement go: the slot itself, or one of the point's own."""
    from qualification.applications.supplementing import FREE_CODE

    return {
        number: (point.code, point.label) if point.code else (FREE_CODE, str(number))
        for number, point in points.items()
    }


def chosen(values: Iterable[str]) -> list[uuid.UUID]:
    """The notes a form has ticked; what is no uuid is left out."""
    found = []
    for value in values:
        try:
            found.append(uuid.UUID(value))
        except ValueError:
            continue
    return found


def by_point(user: Any, application: Application, request_id: uuid.UUID) -> dict[int, list[ReadNote]]:
    """The notes that went out with a request, by its points, as the person reads them."""
    return notes_sent_with(user, OWNER_KIND, application.uuid, request_id)
