"""The one stream of a case: who did what, when and why, with its papers, files and the reader's messages.

What is not in the table is told to the authorities alone; so a new change of state leaks to nobody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from documents.looking.queries import sendings as note_sendings
from documents.queries import slots_of
from qualification.applications.access import may_read_report
from qualification.applications.models import MaterialType
from qualification.applications.pagenotes import INTAKE, REVIEW
from qualification.applications.queries import OWNER_KIND
from qualification.assessments.enums import CheckConclusion
from workflows.flows import APPLICATION, ASSESSMENT, CHECK, CONCURRENCE, OFFER, RECTIFICATION, STEPS, SUPPLEMENT, VISIT
from workflows.inbox.audience import Audience
from workflows.inbox.outcomes import CERTIFICATE, CONTEST
from workflows.nodes import Who
from workflows.outbox.queries import visible_to as messages_to

if TYPE_CHECKING:
    from documents.looking.models import PageNote
    from documents.models import Version
    from qualification.models import TransitionLog
    from workflows.inbox.casefile import CaseFile

TERMINATION = "applications.TerminationRequest"
EDITION = "certificates.Edition"
TASK = "viewflow.Task"


@dataclass(frozen=True, slots=True)
class Told:
    """How a change of state is told, under which kind, and whether to the authorities alone."""

    what: str | Promise
    kind: str
    icon: str
    tone: str = ""
    is_internal: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of the stream."""

    what: str
    who: str
    at: dt.datetime
    why: str
    icon: str
    tone: str
    kind: str
    links: list[dict[str, str]] = field(default_factory=list)


KINDS: dict[str, str | Promise] = {
    "intake": lazy("receipt and acceptance"), "team": lazy("team"), "review": lazy("technical review"),
    "decision": lazy("decision"), "issue": lazy("issue"), "task": lazy("who has the task"), "paper": lazy("papers"), "file": lazy("files"), "message": lazy("messages to you"),
}  # fmt: skip
TABLE: dict[tuple[str, str], Told] = {
    (APPLICATION, "submit"): Told(lazy("Application handed in"), "intake", "send"),
    (APPLICATION, "file"): Told(lazy("Change filed"), "intake", "circle-check", "good"),
    (APPLICATION, "accept"): Told(lazy("Application accepted"), "intake", "circle-check", "good"),
    (APPLICATION, "deem_accepted"): Told(lazy("Deemed accepted by law"), "intake", "scale", "warn"),
    (APPLICATION, "refuse_acceptance"): Told(lazy("Application not accepted"), "intake", "circle-x", "bad"),
    (APPLICATION, "lapse"): Told(lazy("Application lapsed"), "intake", "clock-off", "warn"),
    (APPLICATION, "withdraw"): Told(lazy("Application withdrawn"), "intake", "arrow-back-up", "warn"),
    (APPLICATION, "terminate"): Told(lazy("Review terminated"), "review", "player-stop", "bad"),
    (APPLICATION, "conclude_review"): Told(lazy("Report received by the authority"), "review", "report"),
    (APPLICATION, "decide"): Told(lazy("Decided"), "decision", "scale"),
    (APPLICATION, "retract_decision"): Told(lazy("Pending decision taken back"), "decision", "arrow-back-up", "warn"),
    (APPLICATION, "grant"): Told(lazy("Granted"), "decision", "circle-check", "good"),
    (APPLICATION, "refuse"): Told(lazy("Refused"), "decision", "circle-x", "bad"),
    (APPLICATION, "issue"): Told(lazy("Number taken; the certificate is being made and signed"), "issue", "writing-sign"),
    (APPLICATION, "complete_issue"): Told(lazy("Certificate issued"), "issue", "certificate", "good"),
    (SUPPLEMENT, "send"): Told(lazy("Notice to supplement sent"), "intake", "mail-forward", "warn"),
    (SUPPLEMENT, "hand_in"): Told(lazy("Supplement handed in"), "intake", "upload"),
    (SUPPLEMENT, "lapse"): Told(lazy("Time for the supplement ran out"), "intake", "clock-off", "warn", is_internal=True),
    (SUPPLEMENT, "void"): Told(lazy("Supplement request closed"), "intake", "x", is_internal=True),
    (TERMINATION, "ask"): Told(lazy("Asked to terminate the review"), "review", "message-question"),
    (TERMINATION, "consent"): Told(lazy("Consented to terminate the review"), "review", "check"),
    (TERMINATION, "deny"): Told(lazy("Did not consent to terminate the review"), "review", "x"),
    (TERMINATION, "void"): Told(lazy("Request to terminate closed"), "review", "x", is_internal=True),
    (CONCURRENCE, "request"): Told(lazy("Other authority asked to concur"), "decision", "signature", is_internal=True),
    (CONCURRENCE, "agree"): Told(lazy("Other authority agrees"), "decision", "check", "good", is_internal=True),
    (CONCURRENCE, "object"): Told(lazy("Other authority objects"), "decision", "x", "bad", is_internal=True),
    (CONCURRENCE, "void"): Told(lazy("Concurrence closed"), "decision", "x", is_internal=True),
    (OFFER, "send"): Told(lazy("Seat offered to an assessor"), "team", "mail-forward", is_internal=True),
    (OFFER, "accept"): Told(lazy("Assessor accepted"), "team", "check", "good", is_internal=True),
    (OFFER, "decline"): Told(lazy("Assessor declined"), "team", "x", "warn", is_internal=True),
    (OFFER, "expire"): Told(lazy("Offer expired"), "team", "clock-off", "warn", is_internal=True),
    (OFFER, "void"): Told(lazy("Offer closed"), "team", "x", is_internal=True),
    (ASSESSMENT, "draw_team"): Told(lazy("Team drawn"), "team", "dice", is_internal=True),
    (ASSESSMENT, "draw_again"): Told(lazy("Drawn again for empty seats"), "team", "dice", is_internal=True),
    (ASSESSMENT, "lack_candidates"): Told(lazy("No fit assessor left for a seat"), "team", "alert-triangle", "bad", is_internal=True),
    (ASSESSMENT, "complete_team"): Told(lazy("Team complete"), "team", "users", "good"),
    (ASSESSMENT, "hold_file"): Told(lazy("Material asked of the laboratory"), "review", "player-pause", "warn"),
    (ASSESSMENT, "resume_file"): Told(lazy("Material handed in; the file review goes on"), "review", "player-play"),
    (ASSESSMENT, "pass_file"): Told(lazy("File review passed"), "review", "file-check", "good"),
    (ASSESSMENT, "fail_file"): Told(lazy("File review ended without a visit"), "review", "file-x", "bad"),
    (ASSESSMENT, "schedule"): Told(lazy("Visit scheduled"), "review", "calendar", is_internal=True),
    (ASSESSMENT, "conclude"): Told(lazy("Visit concluded"), "review", "clipboard-check"),
    (ASSESSMENT, "require_rectification"): Told(lazy("Visit concluded; rectification required"), "review", "clipboard-check", "warn"),
    (ASSESSMENT, "close_rectification"): Told(lazy("Rectification closed"), "review", "check", is_internal=True),
    (ASSESSMENT, "hand_in_report"): Told(lazy("Report handed in"), "review", "report", is_internal=True),
    (ASSESSMENT, "terminate"): Told(lazy("Technical review ended"), "review", "player-stop", is_internal=True),
    (VISIT, "propose"): Told(lazy("Date of the visit proposed"), "review", "calendar-plus"),
    (VISIT, "agree"): Told(lazy("Date of the visit agreed"), "review", "calendar-check", "good"),
    (VISIT, "ask_other"): Told(lazy("Another date asked for"), "review", "calendar-question", "warn"),
    (VISIT, "void"): Told(lazy("Visit called off"), "review", "calendar-x", is_internal=True),
    (RECTIFICATION, "notify"): Told(lazy("Notice to rectify sent"), "review", "mail-forward", "warn"),
    (RECTIFICATION, "hand_in"): Told(lazy("Rectification handed in"), "review", "upload"),
    (RECTIFICATION, "verify"): Told(lazy("Rectification verified"), "review", "circle-check", "good"),
    (RECTIFICATION, "reject"): Told(lazy("Rectification does not stand"), "review", "circle-x", "bad"),
    (RECTIFICATION, "expire"): Told(lazy("Time to rectify ran out"), "review", "clock-off", "bad"),
    (RECTIFICATION, "void"): Told(lazy("Rectification closed without an answer"), "review", "x", is_internal=True),
    (RECTIFICATION, "reopen"): Told(lazy("Rectification open again"), "review", "rotate", "warn"),
    (ASSESSMENT, "reopen_rectification"): Told(lazy("The review goes back to the rectification"), "review", "rotate", is_internal=True),
    (CHECK, "order"): Told(lazy("Check of the commitment ordered"), "review", "clipboard-list"),
    (CHECK, "record"): Told(lazy("Commitment checked"), "review", "clipboard-check"),
    (CHECK, "revoke"): Told(lazy("Commitment proved false; what was granted is revoked"), "decision", "circle-x", "bad"),
    (APPLICATION, "skip_review"): Told(lazy("On the commitment, to the decision without a technical review"), "decision", "arrow-right"),
    (APPLICATION, "annul"): Told(lazy("Grant revoked before the certificate was issued"), "decision", "circle-x", "bad"),
    (ASSESSMENT, "begin_check"): Told(lazy("Team of the check complete"), "team", "users", "good"),
    (ASSESSMENT, "close_check"): Told(lazy("Work of the team ended with the check"), "team", "check", is_internal=True),
    (CHECK, "void"): Told(lazy("Check of the commitment no longer needed"), "review", "x", is_internal=True),
    (CONTEST, "ask"): Told(lazy("Outcome of the law contested"), "intake", "gavel", "warn", is_internal=True),
    (CONTEST, "uphold"): Told(lazy("Contested outcome stands"), "intake", "gavel"),
    (CONTEST, "set_aside"): Told(lazy("Contested outcome set aside"), "intake", "gavel", "warn"),
    (CERTIFICATE, "deem_renewed"): Told(lazy("Certificate deemed renewed by law"), "decision", "scale", "warn"),
    (CERTIFICATE, "end_deemed_renewal"): Told(lazy("Deemed renewal ended; the certificate is expired"), "decision", "clock-off", "bad"),
    (APPLICATION, "reinstate"): Told(lazy("Application reinstated"), "intake", "rotate", "warn"),
    (SUPPLEMENT, "reinstate"): Told(lazy("Time for the supplement runs anew"), "intake", "rotate", is_internal=True),
    (TASK, "take"): Told(lazy("Task taken over"), "task", "user-check", is_internal=True),
    (TASK, "hand_over"): Told(lazy("Task handed over"), "task", "user-share", is_internal=True),
    (TASK, "reassign"): Told(lazy("Task reassigned, because its person no longer holds the role"), "task", "user-share", is_internal=True),
    (EDITION, "store"): Told(lazy("Signed certificate stored"), "issue", "certificate", "good", is_internal=True),
}  # fmt: skip
# The team's opinions are part of its report and are read with it.
OPINIONS = {(ASSESSMENT, "pass_file"), (ASSESSMENT, "fail_file"), (RECTIFICATION, "verify"), (RECTIFICATION, "reject")}
# The requests with which notes on pages go out, by the desk that sends them.
SENDS_NOTES = {INTAKE: (SUPPLEMENT, "send"), REVIEW: (ASSESSMENT, "hold_file")}
UNKNOWN = Told(lazy("Change of state"), "review", "point", is_internal=True)


def stream_of(file: CaseFile, kind: str = "") -> list[Shown]:
    """The stream for its reader, the newest first; one kind only if it is named. Files are shown only when asked for."""
    parts = {"paper": _papers, "file": _files, "message": _messages}
    if kind in parts:
        found = list(parts[kind](file))
    else:
        found = [line for line in _steps(file) if not kind or line.kind == kind]
        found += [line for line in _notes(file) if not kind or line.kind == kind]
        found += [] if kind else [*_papers(file)]
    return sorted(found, key=lambda line: line.at, reverse=True)


def _steps(file: CaseFile) -> Iterator[Shown]:
    last_decision = max(
        (log.pk for log in file.logs if (log.subject_type, log.verb) == (APPLICATION, "decide")), default=0
    )
    for log in file.logs:
        told = TABLE.get((log.subject_type, log.verb), UNKNOWN)
        if _may_know(file, log, told, last_decision):
            what = _what(file, log, told)
            yield Shown(what, str(log.by) if log.by else "", log.at, _why(file, log), told.icon, told.tone, told.kind)


def _notes(file: CaseFile) -> Iterator[Shown]:
    """Notes on pages that went out with a request; before they are sent the history knows nothing of them."""
    if not any((log.subject_type, log.verb) in SENDS_NOTES.values() for log in file.logs):
        return
    for sending in note_sendings(OWNER_KIND, file.application.uuid):
        what = ngettext(
            "%(number)s note on a page sent with it", "%(number)s notes on pages sent with it", sending.count
        )
        kind = TABLE[SENDS_NOTES[sending.desk]].kind
        yield Shown(what % {"number": sending.count}, str(sending.by), sending.at, "", "message-2", "", kind, [
            _noted(version, notes) for version, notes in sending.notes.items()
        ])  # fmt: skip


def _noted(version: Version, notes: list[PageNote]) -> dict[str, str]:
    words = {"name": version.file.name, "version": version.number, "number": len(notes)}
    label = ngettext(
        "%(name)s, version %(version)s: %(number)s note", "%(name)s, version %(version)s: %(number)s notes", len(notes)
    )
    first = notes[0]
    address = reverse("documents:look", args=[version.pk])
    return {"url": f"{address}?page={first.page}#note-{first.pk}", "label": label % words}


def _what(file: CaseFile, log: TransitionLog, told: Told) -> str:
    if (log.subject_type, log.verb) == (CHECK, "record"):
        return f"{told.what}{_(': ')}{CheckConclusion(log.facts['conclusion']).label}"
    if told is UNKNOWN:
        return f"{told.what}: {log.verb}"
    if log.subject_type != TASK:
        return str(told.what)
    to = file.people.get(log.facts.get("to") or 0)
    words = {"what": told.what, "task": STEPS[log.source].task_title, "name": to or _("nobody")}
    return _("%(what)s: %(task)s (now %(name)s)") % words


def _why(file: CaseFile, log: TransitionLog) -> str:
    is_opinion = (log.subject_type, log.verb) in OPINIONS
    if is_opinion and not file.audience.sees_internal and not may_read_report(file.user, file.application):
        return ""
    return "\n".join(part for part in (log.reason, log.article) if part)


def _may_know(file: CaseFile, log: TransitionLog, told: Told, last_decision: int) -> bool:
    if log.subject_type == APPLICATION and log.verb in {"decide", "retract_decision"}:
        return file.audience.sees_pending or _is_released(file, log, last_decision)
    if log.subject_type == TASK:
        return _knows_task(file, log)
    if file.audience.sees_internal:
        return True
    if log.subject_type == TERMINATION:
        return _knows_termination(file, log)
    return not told.is_internal


def _knows_task(file: CaseFile, log: TransitionLog) -> bool:
    """The laboratory knows who of its people has its tasks; that a decision waits for release only the lead authority."""
    if file.audience == Audience.LABORATORY:
        return STEPS[log.source].who == Who.LABORATORY
    return file.audience.sees_internal and (log.source != "release" or file.audience.sees_pending)


def _is_released(file: CaseFile, log: TransitionLog, last_decision: int) -> bool:
    """A decision counts for others from its release; one that was taken back never does."""
    return file.application.released_at is not None and log.pk == last_decision and log.verb == "decide"


def _knows_termination(file: CaseFile, log: TransitionLog) -> bool:
    """The laboratory knows of the requests it made itself; of others it is told when the review ends."""
    if file.audience != Audience.LABORATORY:
        return True
    row = next((row for row in file.terminations if row.pk == log.subject_id), None)
    return (
        row is not None and row.asked_by is not None and file.application.laboratory_id in row.asked_by.laboratory_ids()
    )


def _papers(file: CaseFile) -> Iterator[Shown]:
    for paper in file.papers:
        if paper.file is not None and paper.stored_at is not None:
            link = {"url": reverse("documents:download", args=[paper.file.pk]), "label": paper.file_name}
            yield Shown(
                paper.title, "", paper.stored_at, paper.document_number, "file-certificate", "", "paper", [link]
            )


def _files(file: CaseFile) -> Iterator[Shown]:
    names = {material.code: material.name for material in MaterialType.objects.order_by("position")}
    for slot in slots_of(OWNER_KIND, file.application.uuid):
        for version in slot.versions:
            what = _("%(material)s, version %(number)s") % {
                "material": names.get(slot.code, slot.code), "number": version.number,
            }  # fmt: skip
            link = {"url": reverse("documents:download", args=[version.pk]), "label": version.file.name}
            yield Shown(
                what, str(version.uploaded_by or ""), version.uploaded_at, version.note, "upload", "", "file", [link]
            )


def _messages(file: CaseFile) -> Iterator[Shown]:
    for message in messages_to(file.user).filter(application=file.application).order_by("-pk"):
        link = {"url": reverse("outbox:message", args=[message.uuid]), "label": str(_("Read the message"))}
        yield Shown(message.title, "", message.created_at, "", "mail", "", "message", [link])
