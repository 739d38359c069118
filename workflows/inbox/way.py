"""The way of a case as a line of stages: what is done, who has it now and until when, what is to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from qualification.applications.enums import ApplicationState as State
from qualification.regions import calendars
from qualification.regions.settings import setting
from workflows.clocks.counting import Term, count
from workflows.flows import APPLICATION, ASSESSMENT, CONCURRENCE, RECTIFICATION, STEPS
from workflows.inbox.audience import Audience, shown_state
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
FILING = _stage("filing", gettext_lazy("Filed"), {(APPLICATION, "file")}, set())
# Stages that only some cases have: shown once the case has them.
SOMETIMES = frozenset({"rectification", "concurrence"})


@dataclass(frozen=True, slots=True)
class Shown:
    """One stage as the page shows it."""

    code: str
    label: str
    status: str
    date: dt.date | dt.datetime | None
    who: str
    until: dict[str, Any] | None
    is_provisional: bool = False


def way_of(file: CaseFile) -> list[Shown]:
    """The stages of a case in order, told to its reader."""
    if not file.application.is_assessed:
        return [_filing(file)]
    ends = {(log.subject_type, log.verb): log for log in file.logs}
    shown = list(_stages(file, ends))
    return _with_expected(file, shown)


def _filing(file: CaseFile) -> Shown:
    log = next((log for log in file.logs if log.verb == "file"), None)
    status = "done" if log else "now"
    return Shown("filing", str(FILING.label), status, log.at if log else None, _actor(log) if log else "", None)


def _stages(file: CaseFile, ends: dict[Verb, TransitionLog]) -> Iterator[Shown]:
    state = shown_state(file.application, sees_pending=True)
    current = _current(file)
    is_over = state in State.final()
    for stage in STAGES:
        log = _end_of(stage, ends)
        if stage in current and not is_over:
            yield _now(file, stage)
        elif log is not None:
            yield Shown(stage.code, str(stage.label), _done(stage, state), log.at, _told_actor(file, stage, log), None)
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
    return [stage for stage in STAGES if stage.steps & names]


def _done(stage: Stage, state: State) -> str:
    return "stopped" if stage.code == "decision" and state == State.REFUSED else "done"


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
        return str(_("by law")) if log.verb == "deem_accepted" else ""
    return str(log.by)


def _ending(file: CaseFile, state: State) -> Shown:
    application = file.application
    label = state.laboratory_label if file.audience == Audience.LABORATORY else str(state.label)
    return Shown("ending", label, "stopped", application.closed_at, "", None)


def _now(file: CaseFile, stage: Stage) -> Shown:
    tasks = [task for task in file.tasks if task.flow_task.name in stage.steps]
    who = "、".join(dict.fromkeys(_holder(file, task) for task in tasks)) if tasks else str(file.application.laboratory)
    codes = {STEPS[task.flow_task.name].clock for task in tasks}
    until = next((chip for chip in file.chips if chip["clock"].code in codes), None)
    return Shown(stage.code, str(stage.label), "now", None, who, until)


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
    limits = {stage.code: stage.limit for stage in STAGES}
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
