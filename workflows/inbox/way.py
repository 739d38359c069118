"""The way of a case as a line of stages: what is done, who has it now and until when, what is to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from qualification.applications.enums import ApplicationState as State
from qualification.regions import calendars
from qualification.regions.settings import setting
from workflows.clocks.counting import Term, count
from workflows.flows import APPLICATION, ASSESSMENT, CHECK, CONCURRENCE, RECTIFICATION, STEPS
from workflows.inbox.audience import Audience, shown_state
from workflows.inbox.outcomes import CERTIFICATE, legal_day, notes_of
from workflows.nodes import Verb, Who

if TYPE_CHECKING:
    from viewflow.workflow.models import Task

    from qualification.models import TransitionLog
    from workflows.inbox.casefile import CaseFile


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the law's way: the changes of state that end it, and the steps of the flow in it.

    `limit` is the setting with the days the law gives it, counted from the expected end of the stage before; a stage
    without one has no date of its own.
    """

    code: str
    label: str | Promise
    ends: frozenset[Verb]
    steps: frozenset[str]
    limit: str = ""


def _stage(code: str, label: str | Promise, ends: set[Verb], steps: set[str], limit: str = "") -> Stage:
    return Stage(code, label, frozenset(ends), frozenset(steps), limit)


RECEIPT = _stage("receipt", gettext_lazy("Receipt"), {(APPLICATION, "submit")}, set())
STAGES: tuple[Stage, ...] = (
    RECEIPT,
    _stage("acceptance", gettext_lazy("Acceptance"), {(APPLICATION, "accept"), (APPLICATION, "deem_accepted")},
           {"examine", "supplement", "examine_again"}, "acceptance_days"),
    _stage("team", gettext_lazy("Team"), {(ASSESSMENT, "complete_team")}, {"draw_team", "answer_offer"}),
    _stage("file_review", gettext_lazy("File review"), {(ASSESSMENT, "pass_file"), (ASSESSMENT, "fail_file")},
           {"review_file", "supply_file"}),
    _stage("visit", gettext_lazy("Visit"), {(ASSESSMENT, "conclude"), (ASSESSMENT, "require_rectification")},
           {"propose_visit", "answer_visit", "visit"}),
    _stage("rectification", gettext_lazy("Rectification"),
           {(RECTIFICATION, "verify"), (RECTIFICATION, "reject"), (RECTIFICATION, "expire")}, {"rectify", "verify"}),
    _stage("report", gettext_lazy("Report"), {(APPLICATION, "conclude_review")}, {"report"}, "technical_review_days"),
    _stage("concurrence", gettext_lazy("Concurrence"), {(CONCURRENCE, "agree"), (CONCURRENCE, "object")}, {"concur"}),
    _stage("decision", gettext_lazy("Decision"), {(APPLICATION, "grant"), (APPLICATION, "refuse")}, {"decide", "release"},
           "decision_days"),
    _stage("issue", gettext_lazy("Issue"), {(APPLICATION, "complete_issue")}, {"issue", "sign"}, "issue_days"),
)  # fmt: skip
# By commitment (告知承诺): no review before the decision; the check runs beside the issue and after it.
STAGES_BY_COMMITMENT: tuple[Stage, ...] = (
    *(stage for stage in STAGES if stage.code in {"receipt", "acceptance", "concurrence"}),
    _stage("decision", gettext_lazy("Decision"), {(APPLICATION, "grant"), (APPLICATION, "refuse")}, {"decide", "release"},
           "commitment_decision_days"),
    _stage("issue", gettext_lazy("Issue"), {(APPLICATION, "complete_issue"), (APPLICATION, "annul")}, {"issue", "sign"},
           "commitment_issue_days"),
    _stage("check", gettext_lazy("Check of the commitment"), {(CHECK, "record"), (CHECK, "void")},
           {"draw_checkers", "answer_offer", "check"}),
    _stage("revocation", gettext_lazy("Revocation"), {(CHECK, "revoke")}, {"revoke"}),
)  # fmt: skip
FILING = _stage("filing", gettext_lazy("Filed"), {(APPLICATION, "file")}, set())
# Ends that the law itself has set, and how they look.
OUTCOMES: dict[Verb, str] = {(APPLICATION, "deem_accepted"): "law", (RECTIFICATION, "expire"): "failed"}
# Ends that stop what the stage was to bring.
STOPPING: frozenset[Verb] = frozenset({(APPLICATION, "annul"), (CHECK, "revoke"), (CHECK, "void")})
# Stages that only some cases have: shown once the case has them.
SOMETIMES = frozenset({"rectification", "concurrence", "revocation"})


@dataclass(frozen=True, slots=True)
class Shown:
    """One stage as the page shows it. `status`: done, now, next, stopped, or an outcome of the law: law, failed."""

    code: str
    label: str
    status: str
    date: dt.date | dt.datetime | None
    who: str
    until: dict[str, Any] | None
    is_provisional: bool = False
    notes: list[str] = field(default_factory=list)


def way_of(file: CaseFile) -> list[Shown]:
    """The stages of a case in order, told to its reader."""
    if not file.application.is_assessed:
        return [_filing(file)]
    ends = {(log.subject_type, log.verb): log for log in file.logs}
    notes = notes_of(file)
    shown = [replace(stage, notes=_notes(stage, notes)) for stage in _stages(file, ends)]
    return _with_expected(file, _with_validity(file, shown, ends, notes))


def _notes(stage: Shown, notes: dict[str, list[str]]) -> list[str]:
    """A lapsed case ends without its acceptance: what is said of that stands at its end."""
    return notes.get("acceptance" if stage.code == "ending" else stage.code, [])


def _with_validity(
    file: CaseFile, shown: list[Shown], ends: dict[Verb, TransitionLog], notes: dict[str, list[str]]
) -> list[Shown]:
    """The deemed renewal among the stages, behind what was done before it."""
    deemed = ends.get((CERTIFICATE, "deem_renewed"))
    if deemed is None:
        return shown
    is_ended = (CERTIFICATE, "end_deemed_renewal") in ends
    stage = Shown(
        "validity", str(_("Deemed renewal")), "failed" if is_ended else "law", legal_day(deemed, file.application),
        str(_("by law")), None, notes=notes.get("validity", []),
    )  # fmt: skip
    place = next((n for n, one in enumerate(shown) if not _is_before(one, deemed)), len(shown))
    return [*shown[:place], stage, *shown[place:]]


def _is_before(stage: Shown, log: TransitionLog) -> bool:
    if stage.date is None or stage.status in {"now", "next"}:
        return False
    day = timezone.localdate(stage.date) if isinstance(stage.date, dt.datetime) else stage.date
    return day < timezone.localdate(log.at)


def _filing(file: CaseFile) -> Shown:
    log = next((log for log in file.logs if log.verb == "file"), None)
    status = "done" if log else "now"
    return Shown("filing", str(FILING.label), status, log.at if log else None, _actor(log) if log else "", None)


def _stages(file: CaseFile, ends: dict[Verb, TransitionLog]) -> Iterator[Shown]:
    state = shown_state(file.application, sees_pending=True)
    current = _current(file)
    is_over = state in State.final() and not current
    for stage in stages_of(file):
        log = _end_of(stage, ends)
        if stage in current and not is_over:
            yield _now(file, stage)
        elif log is not None:
            yield Shown(
                stage.code,
                str(stage.label),
                _done(log),
                _date(file, log),
                _told_actor(file, stage, log),
                None,
            )
        elif not is_over and _belongs(file, stage, ends):
            yield Shown(stage.code, str(stage.label), "next", None, "", None)
    if is_over and state not in {State.ISSUED, State.REFUSED, State.FILED}:
        yield _ending(file, state)


def _end_of(stage: Stage, ends: dict[Verb, TransitionLog]) -> TransitionLog | None:
    found = [ends[verb] for verb in stage.ends if verb in ends]
    return max(found, key=lambda log: log.pk) if found else None


def _current(file: CaseFile) -> list[Stage]:
    if file.application.state == State.DRAFT:
        return [RECEIPT]
    names = {task.flow_task.name for task in file.tasks}
    return [stage for stage in stages_of(file) if stage.steps & names]


def stages_of(file: CaseFile) -> tuple[Stage, ...]:
    """The stages of the procedure by which the case goes."""
    return STAGES_BY_COMMITMENT if file.application.is_by_commitment else STAGES


def _done(log: TransitionLog) -> str:
    verb = (log.subject_type, log.verb)
    if verb == (APPLICATION, "refuse") or verb in STOPPING:
        return "stopped"
    return OUTCOMES.get(verb, "done")


def _date(file: CaseFile, log: TransitionLog) -> dt.date | dt.datetime:
    """When a stage ended: for a deemed acceptance the day that the law gives it, not that of the record."""
    return legal_day(log, file.application) if log.verb == "deem_accepted" else log.at


def _belongs(file: CaseFile, stage: Stage, ends: dict[Verb, TransitionLog]) -> bool:
    """Whether a stage still to come belongs to this case."""
    if stage.code == "visit":
        return (ASSESSMENT, "fail_file") not in ends
    if stage.code == "concurrence":
        return file.has_other_authorities
    return stage.code not in SOMETIMES


def _told_actor(file: CaseFile, stage: Stage, log: TransitionLog) -> str:
    if stage.code in {"team", "concurrence"} and not file.audience.sees_internal:
        return ""
    return _actor(log)


def _actor(log: TransitionLog) -> str:
    if log.by is None:
        return str(_("by law")) if (log.subject_type, log.verb) in OUTCOMES else ""
    return str(log.by)


def _ending(file: CaseFile, state: State) -> Shown:
    application = file.application
    label = state.laboratory_label if file.audience == Audience.LABORATORY else str(state.label)
    return Shown("ending", label, "stopped", application.closed_at, "", None)


def _now(file: CaseFile, stage: Stage) -> Shown:
    tasks = [task for task in file.tasks if task.flow_task.name in stage.steps]
    who = "、".join(dict.fromkeys(_holder(file, task) for task in tasks)) if tasks else str(file.application.laboratory)
    codes = {code for task in tasks for code in STEPS[task.flow_task.name].clocks}
    until = next((chip for chip in file.chips if chip["clock"].code in codes), None)
    label = str(stage.label)
    if file.application.is_awaiting_supplement:
        label = _("%(stage)s (supplement awaited)") % {"stage": label}
    return Shown(stage.code, label, "now", None, who, until)


def _holder(file: CaseFile, task: Task) -> str:
    """Who has a task, as far as the reader may know it."""
    step = STEPS[task.flow_task.name]
    if step.who == Who.LABORATORY:
        return str(file.application.laboratory)
    if step.who == Who.LEADER and file.shows_team:
        leader = next((seat.assessor for seat in file.seats if seat.role == "leader" and seat.assessor), None)
        return _("%(name)s (team leader)") % {"name": leader} if leader else str(step.who.label)
    authority = file.authority_of(task)
    if file.audience == Audience.LABORATORY or step.who in {Who.LEADER, Who.ASSESSOR, Who.SYSTEM}:
        return str(authority)
    role = _("%(authority)s, %(role)s") % {"authority": authority, "role": step.who.label}
    owner = next((held.owner for held in file.held if held.number == task.pk), None)
    return _("%(role)s: %(name)s") % {"role": role, "name": owner} if owner else role


def _with_expected(file: CaseFile, shown: list[Shown]) -> list[Shown]:
    """Dates of the stages to come: the law's limits, counted one after the other from the present one's last day."""
    day = _last_day(file, shown)
    if day is None:
        return shown
    limits = {stage.code: stage.limit for stage in stages_of(file)}
    calendar = calendars.calendar_for(file.application.authority)
    is_provisional = calendar.is_provisional(day)
    found = []
    for stage in shown:
        if stage.status == "next" and limits.get(stage.code):
            if not (stage.code == "report" and _review_runs(file)):
                budget = setting(file.application.authority, limits[stage.code])
                counted = count(Term(started_on=day, budget=budget), calendar)
                day, is_provisional = counted.last_day or day, is_provisional or counted.is_provisional
            found.append(replace(stage, date=day, is_provisional=is_provisional))
        else:
            found.append(stage)
    return found


def _review_runs(file: CaseFile) -> bool:
    return any(chip["clock"].code == "technical_review" for chip in file.chips)


def _last_day(file: CaseFile, shown: list[Shown]) -> dt.date | None:
    """The day from which the stages to come are counted: the last day of the review, else of the present stage."""
    if not any(stage.status == "now" for stage in shown) or file.application.state == State.DRAFT:
        return None
    review = [chip["due_on"] for chip in file.chips if chip["clock"].code == "technical_review" and chip["due_on"]]
    now = [stage.until["due_on"] for stage in shown if stage.status == "now" and stage.until and stage.until["due_on"]]
    days = review or now
    return max(days[0], timezone.localdate(file.now)) if days else None
