"""The words of a message, in one language: what happened, who has it, until when, what to do next, and where."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from qualification.applications.enums import Outcome
from qualification.applications.models import Decision
from qualification.assessors.models import Seat
from qualification.pages.dates import say_date
from workflows.outbox import calendar_notices, file_notices, limits
from workflows.outbox.enums import WITHOUT_PAGE, Kind
from workflows.outbox.models import Message

Facts = dict[str, Any]
# Every word a text may ask for, so that a subject that no longer exists leaves a gap and not an error.
NOTHING_KNOWN: Facts = {
    "first_day": "", "last_day": "", "other_authority": "", "role": "", "team": "", "days": "", "number": "", "page": "",
    "is_part": False, "task": "", "due_day": "", "is_provisional": False, "limit": "",
    "before": "", "lines": (), "sections": (), "count": 0, "more": 0,
    "year": "", "place": "", "edition": "", "is_official": False,
    "lost": 0, "altered": 0, "gave_up": 0, "conclusion": "", "is_at_once": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in words. `path` is the page it leads to, empty where there is none."""

    title: str
    reference: str
    paragraphs: tuple[str, ...]
    path: str

    @property
    def text(self) -> str:
        """The paragraphs as plain text."""
        return "\n\n".join(self.paragraphs)

    @property
    def headline(self) -> str:
        """Case number and title: the subject line of a mail."""
        return f"[{self.reference}] {self.title}" if self.reference else self.title

    @property
    def url(self) -> str:
        """The whole address of the page, for readers outside the site."""
        return f"{settings.PUBLIC_URL}{self.path}" if self.path else ""


def render(message: Message, language: str | None = None) -> Rendered:
    """The message in a language, or in the page's own."""
    with translation.override(language or translation.get_language()):
        subject = subject_of(message)
        text = render_to_string(f"outbox/{message.kind}.txt", _facts(message, subject))
        return Rendered(message.title, message.reference, paragraphs(text), path_of(message, subject))


def paragraphs(text: str) -> tuple[str, ...]:
    """Text between blank lines; lines of a reason stay lines."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return tuple("\n".join(line.strip() for line in block.strip().splitlines()) for block in blocks if block.strip())


def subject_of(message: Message) -> Model | None:
    """What the message is about, or None when it no longer exists."""
    if message.application is not None and message.subject_type == message.application._meta.label:
        return message.application
    return apps.get_model(message.subject_type)._base_manager.filter(pk=message.subject_id).first()


def path_of(message: Message, subject: Model | None) -> str:
    """The page of the case, else of the subject; empty where there is none, or none for this reader any more."""
    if message.kind in WITHOUT_PAGE:
        return ""
    if message.application is not None:
        return reverse("inbox:case", args=[message.application.uuid])
    if message.kind == Kind.FILES_NEED_CARE:
        return reverse("jobs:files")
    if message.kind == Kind.CALENDAR_MISSING:
        return reverse("calendars:home")
    page: Callable[[], str] | None = getattr(subject, "get_absolute_url", None)
    return page() if page is not None else ""


def inbox_url(message: Message) -> str:
    """The whole address of the message itself."""
    return f"{settings.PUBLIC_URL}{reverse('outbox:message', args=[message.uuid])}"


def _facts(message: Message, subject: Model | None) -> Facts:
    log = message.log
    return {
        **NOTHING_KNOWN,
        **_around(message, subject),
        "person": str(log.by) if log is not None and log.by is not None else "",
        "article": log.article if log is not None else "",
        "reason": log.reason if log is not None else "",
        **_of_subject(message, subject),
        **limits.deadline(message, subject),
    }


def _around(message: Message, subject: Model | None) -> Facts:
    case = message.application or subject
    return {
        "reference": message.reference,
        "laboratory": getattr(getattr(case, "laboratory", None), "name", ""),
        "authority": getattr(getattr(case, "authority", None), "name", "") or message.authority.name,
        "is_by_commitment": getattr(case, "is_by_commitment", False),
    }


def _visit(visit: Any, message: Message) -> Facts:
    return {"first_day": say_date(visit.from_on), "last_day": say_date(visit.to_on)}


def _concurrence(concurrence: Any, message: Message) -> Facts:
    return {"other_authority": concurrence.authority.name}


def _offer(offer: Any, message: Message) -> Facts:
    return {"person": str(offer.assessor.user), "role": offer.seat.get_role_display()}


def _assessment(assessment: Any, message: Message) -> Facts:
    seats = Seat.objects.filter(assessment=assessment, assessor__isnull=False).select_related("assessor__user")
    return {"team": _(", ").join(f"{seat.assessor} ({seat.get_role_display()})" for seat in seats)}


def _rectification(rectification: Any, message: Message) -> Facts:
    return {"days": rectification.days}


def _check(check: Any, message: Message) -> Facts:
    return {"conclusion": check.get_conclusion_display(), "reason": check.findings, "is_at_once": check.is_at_once}


def _termination(request: Any, message: Message) -> Facts:
    return {"reason": request.reason if message.kind == Kind.TERMINATION_ASKED else request.answer}


def _certificate(certificate: Any, message: Message) -> Facts:
    return {"last_day": say_date(certificate.valid_until)}


def _application(application: Any, message: Message) -> Facts:
    if message.kind in {Kind.GRANTED, Kind.REFUSED}:
        return _released(application)
    if message.kind in {Kind.CERTIFICATE_ISSUED, Kind.ISSUE_COMPLETED}:
        certificate = application.edition.certificate
        page = f"{settings.PUBLIC_URL}{certificate.get_absolute_url()}"
        return {"number": certificate.number, "last_day": say_date(certificate.valid_until), "page": page}
    return {}


def _released(application: Any) -> Facts:
    decision = Decision.objects.filter(application=application, released_at__isnull=False).first()
    if decision is None:
        return {}
    return {"reason": decision.reasons, "article": decision.article, "is_part": decision.outcome == Outcome.PART}


def _vacancy(vacancy: Any, message: Message) -> Facts:
    return {"task": str(vacancy.task.flow_task.task_title)}


def _task(task: Any, message: Message) -> Facts:
    return {"task": str(task.flow_task.task_title)}


def _contest(contest: Any, message: Message) -> Facts:
    return {"limit": contest.clock.policy.label, "laboratory": contest.concerned.laboratory.name}


OF_SUBJECT: dict[str, Callable[[Any, Message], Facts]] = {
    "applications.Application": _application,
    "applications.Concurrence": _concurrence,
    "applications.TerminationRequest": _termination,
    "assessors.Offer": _offer,
    "assessments.Assessment": _assessment,
    "assessments.Visit": _visit,
    "assessments.Rectification": _rectification,
    "assessments.CommitmentCheck": _check,
    "certificates.Certificate": _certificate,
    "regions.CalendarYear": calendar_notices.facts,
    "regions.Authority": file_notices.facts,
    "clocks.CalendarPass": limits.moves,
    "outbox.Digest": limits.digest,
    "clocks.Contest": _contest,
    "inbox.Vacancy": _vacancy,
    "viewflow.Task": _task,
}


def _of_subject(message: Message, subject: Model | None) -> Facts:
    of = OF_SUBJECT.get(message.subject_type)
    return of(subject, message) if of is not None and subject is not None else {}
