"""Who has an open task: every step that waits for people waits for one of them by name.

The owner is a name, not a right: whoever holds the role may still act, and may take the task over. The person is
chosen among those whom the rules allow to act, and in the same query becomes the holder of the clock that runs for
the step: a step costs one query more for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db.models import BigIntegerField, Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from viewflow.workflow import STATUS
from viewflow.workflow.models import Task

from qualification.accounts.enums import LABORATORY_ROLES, Role
from qualification.accounts.models import Membership, User
from qualification.applications import rules
from qualification.assessors.models import Offer, Seat
from qualification.statements import Statement
from workflows.clocks.enums import OPEN_STATES
from workflows.clocks.models import Clock
from workflows.inbox import notices
from workflows.inbox.models import Vacancy
from workflows.nodes import OPEN, Step, Who

if TYPE_CHECKING:
    from qualification.applications.models import Application

# Limits that wait for the coordinator when nobody in the pool can take a seat.
WAITS_FOR_SEATS = ("technical_review", "commitment_check", "commitment_check_at_once")
# Stands for nobody where a query wants a person's number.
NOBODY = 0


@dataclass(frozen=True, slots=True)
class Around:
    """What a choice needs to know of a case: its numbers, and those of the people who had a part in it."""

    case: int
    process: int
    place: int
    laboratory: int
    submitted_by: int
    accepted_by: int
    decided_by: int

    @classmethod
    def of(cls, application: Application, process: int, asked: int | None = None) -> Around:
        """Around one case; `asked` is the authority that concurs, where it is not the lead."""
        return cls(
            case=application.pk, process=process, place=asked or application.authority_id,
            laboratory=application.laboratory_id, submitted_by=application.submitted_by_id or NOBODY,
            accepted_by=application.accepted_by_id or NOBODY, decided_by=application.decided_by_id or NOBODY,
        )  # fmt: skip


def _laboratory(around: Around) -> QuerySet[Any]:
    """Who handed the case in, then the laboratory's managers, then its members."""
    people = Membership.objects.in_force().filter(
        role__in=sorted(LABORATORY_ROLES), laboratory_id=around.laboratory, user__is_active=True
    )
    return people.order_by(_first(user_id=around.submitted_by), _first(role=Role.LAB_MANAGER.value), "user_id")


def _first(**condition: Any) -> Case:
    return Case(When(**condition, then=Value(0)), default=Value(1))


def _leader(around: Around) -> QuerySet[Any]:
    leaders = Seat.objects.filter(assessment__application_id=around.case, role="leader", assessor__user__is_active=True)
    return leaders.annotate(user_id=F("assessor__user_id")).order_by("pk")


def _officers(who: Who, around: Around) -> QuerySet[Any]:
    """Holders of a role at an authority, with when they last acted in it on this case and how many tasks they have."""
    acted = Task.objects.filter(
        process_id=around.process, flow_task__in=_steps_of(who), status=STATUS.DONE, owner_id=OuterRef("user_id")
    )
    having = Task.objects.filter(owner_id=OuterRef("user_id"), status__in=OPEN).order_by()
    load = having.values("owner_id").annotate(number=Count("pk")).values("number")
    people = Membership.objects.in_force().filter(role=who.value, authority_id=around.place, user__is_active=True)
    return people.annotate(
        acted_at=Subquery(acted.order_by("-finished").values("finished")[:1]), load=Coalesce(Subquery(load), 0)
    )


def _steps_of(who: Who) -> list[Step]:
    from workflows.flows import STEPS

    return [step for step in STEPS.values() if step.who == who]


RANK = (F("acted_at").desc(nulls_last=True), F("load").asc(), F("user_id").asc())


def _intake(around: Around) -> QuerySet[Any]:
    return _officers(Who.INTAKE, around).order_by(*RANK)


def _coordinator(around: Around) -> QuerySet[Any]:
    return _officers(Who.COORDINATOR, around).order_by(*RANK)


def _concurring(around: Around) -> QuerySet[Any]:
    """Not who sits in the team: `rules.is_on_team`."""
    seats = Seat.objects.filter(assessment__application_id=around.case, assessor__user_id=OuterRef("user_id"))
    return _officers(Who.DECISION, around).filter(~Exists(seats)).order_by(*RANK)


def _deciding(around: Around) -> QuerySet[Any]:
    """Nobody decides a case they accepted or assessed: `rules.is_impartial`."""
    return _concurring(around).exclude(user_id=around.accepted_by)


def _issuing(around: Around) -> QuerySet[Any]:
    """Who decided comes last; whether they may at all says `rules.is_not_decider`."""
    others_first = Case(When(user_id=around.decided_by, then=Value(1)), default=Value(0))
    return _officers(Who.ISSUER, around).order_by(others_first, *RANK)


Finder = Callable[[Around], QuerySet[Any]]
_OFFICER = ("process", "place")
FINDERS: dict[str, tuple[Finder, tuple[str, ...]]] = {
    Who.LABORATORY: (_laboratory, ("laboratory", "submitted_by")),
    Who.LEADER: (_leader, ("case",)),
    Who.INTAKE: (_intake, _OFFICER),
    Who.COORDINATOR: (_coordinator, _OFFICER),
    Who.DECISION: (_deciding, ("case", *_OFFICER, "accepted_by")),
    "concurring": (_concurring, ("case", *_OFFICER)),
    Who.ISSUER: (_issuing, (*_OFFICER, "decided_by")),
}


def finder_of(step: Step, status: str = STATUS.ASSIGNED) -> str:
    """Who is looked for at a step; empty where nobody is: an offer is its assessor's, the system needs no person.

    A seat that nobody in the pool can take (a new task that was never offered) waits for the coordinator.
    """
    if step.who == Who.ASSESSOR:
        return Who.COORDINATOR if status == STATUS.NEW else ""
    if step.who == Who.DECISION and step.branch:
        return "concurring"
    return step.who if step.who in FINDERS else ""


def is_empty_seat(task: Task) -> bool:
    """Whether the task is a seat that nobody in the pool can take."""
    return bool(task.flow_task.who == Who.ASSESSOR and task.status == STATUS.NEW)


class Choice(Statement):
    """The first of the people whom a queryset finds, who becomes the holder of the case's open clock of these codes.

    Every other open clock of the case waits for nobody from then on. Without codes no clock is touched.
    """

    def __init__(self, finder: str, codes: tuple[str, ...]) -> None:
        find, names = FINDERS[finder]
        self._codes = codes
        kinds = dict.fromkeys((*names, "case") if codes else names, int)
        rest = dict.fromkeys(Around.__slots__, NOBODY)
        super().__init__(lambda **places: find(Around(**rest | places)).values_list("user_id")[:1], **kinds)

    def _dressed(self, sql: str, slots: list[tuple[bool, Any]]) -> tuple[str, list[tuple[bool, Any]]]:
        if not self._codes:
            return sql, slots
        marks = ", ".join(["%s"] * len(self._codes))
        holder = f"CASE WHEN code IN ({marks}) THEN (SELECT user_id FROM chosen) END"  # noqa: S608
        states = ", ".join(f"'{state.value}'" for state in sorted(OPEN_STATES))
        held = (
            f"UPDATE {Clock._meta.db_table} SET holder_id = {holder} WHERE application_id = %s AND state IN ({states})"  # noqa: S608
            f" AND holder_id IS DISTINCT FROM {holder}"
        )
        codes = [(False, code) for code in self._codes]
        whole = f"WITH chosen (user_id) AS ({sql}), held AS ({held}) SELECT user_id FROM chosen"  # noqa: S608
        return whole, [*slots, *codes, (True, "case"), *codes]


@cache
def _choice(finder: str, codes: tuple[str, ...]) -> Choice:
    return Choice(finder, codes)


def choose(application: Application, process: int, step: Step, data: dict[str, Any]) -> int | None:
    """The person for a step's new task, who now also holds its clock; None when nobody fits, or nobody is looked for.

    Runs with the case locked. Where each branch has a clock of its own (`align`), no clock is touched.
    """
    finder = finder_of(step)
    codes = () if step.branch or step.beside else step.clocks
    return _chosen(application, process, finder, codes, data) if finder else None


def choose_again(task: Task, application: Application) -> int | None:
    """The person for an open task that has lost its own; touches no clock."""
    step: Step = task.flow_task
    finder = finder_of(step, task.status)
    return _chosen(application, task.process_id, finder, (), task.data) if finder else None


def _chosen(
    application: Application, process: int, finder: str, codes: tuple[str, ...], data: dict[str, Any]
) -> int | None:
    around = Around.of(application, process, data.get("authority"))
    rows = _choice(finder, codes).rows(**asdict(around))
    found: int | None = rows[0][0] if rows else None
    if found is not None and finder == Who.ISSUER and found == around.decided_by and not _may_issue(found, application):
        return None
    return found


def _may_issue(user_id: int, application: Application) -> bool:
    return bool(rules.is_not_decider(User(pk=user_id), application))


def candidates(application: Application, process: int, finder: str, asked: int | None = None) -> list[User]:
    """Everybody who may do a step now, in the order in which they would be chosen."""
    around = Around.of(application, process, asked)
    found = list(dict.fromkeys(FINDERS[finder][0](around).values_list("user_id", flat=True)))
    if finder == Who.ISSUER:
        found = [pk for pk in found if pk != around.decided_by or _may_issue(pk, application)]
    people = User.objects.in_bulk(found)
    return [people[pk] for pk in found]


def _aligned(case: int) -> tuple[QuerySet[Clock], dict[str, Any]]:
    """The UPDATE that gives every open clock of a case the owner of the task it runs for, or nobody."""
    from workflows.flows import STEPS, QualificationFlow

    waiting = Task.objects.filter(process__case__application_id=OuterRef("application_id"), status__in=OPEN).order_by(
        "pk"
    )
    steps = [step for step in STEPS.values() if not step.branch]
    codes = {code for step in steps for code in step.clocks}
    tasks = {code: Q(flow_task__in=[step for step in steps if code in step.clocks]) for code in codes}
    # Nobody in the pool is left for a seat: the review itself, or the check, waits for the coordinator.
    for code in WAITS_FOR_SEATS:
        tasks[code] |= Q(flow_task=QualificationFlow.answer_offer, status=STATUS.NEW)
    owners = {code: waiting.filter(tasks[code]).values("owner_id") for code in sorted(tasks)}
    owners["offer"] = Offer.objects.filter(pk=OuterRef("subject_id")).values("assessor__user_id")
    asked = Cast(KeyTextTransform("authority", "data"), BigIntegerField())
    concurring = waiting.filter(flow_task=QualificationFlow.concur).annotate(asked=asked)
    owners["concurrence"] = concurring.filter(asked=OuterRef("authority_id")).values("owner_id")
    whens = [When(code=code, then=Subquery(rows[:1])) for code, rows in owners.items()]
    holder = Case(*whens, default=None, output_field=BigIntegerField())
    return Clock.objects.open().filter(application_id=case), {"holder_id": holder}


ALIGNED = Statement(_aligned, case=int)


def align(case: int) -> None:
    """Give every open clock of a case the holder that its tasks say: after a task or a clock has changed by itself."""
    ALIGNED.count(case=case)


def leave_open(task: Task, application: Application, now: dt.datetime) -> None:
    """Nobody has a new task: the system's own, an offer still to be sent, or nobody fits."""
    step: Step = task.flow_task
    if step.who == Who.SYSTEM:
        align(application.pk)
    elif finder_of(step):
        align(application.pk)
        vacate(task, application, now)


def vacate(task: Task, application: Application, now: dt.datetime) -> None:
    """Nobody fits: put the task on the list and tell the time-limit administrators, once."""
    row, is_new = Vacancy.objects.get_or_create(
        task_id=task.pk, defaults={"application": application, "raised_at": now}
    )
    if not is_new:
        if row.filled_at is None:
            return
        row.raised_at, row.filled_at = now, None
        row.save(update_fields=["raised_at", "filled_at"])
    notices.tell_vacant(row, now=now)
