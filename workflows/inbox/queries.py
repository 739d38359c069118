"""Open tasks of the flow: whose they are, what they are about, and when they are due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import BigIntegerField, Case, CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from viewflow.workflow import STATUS
from viewflow.workflow.models import Task

from qualification.accounts.enums import LABORATORY_ROLES, NATIONAL_ROLES, STAFF_ROLES, Role
from qualification.accounts.models import Membership, User
from qualification.applications.models import Concurrence, TerminationRequest
from qualification.assessments.models import Visit
from qualification.assessors.models import Offer, Seat
from qualification.regions.models import Authority
from qualification.regions.settings import setting
from workflows.clocks.enums import ContestState
from workflows.clocks.models import Clock, Contest
from workflows.flows import STEPS, QualificationFlow
from workflows.inbox import assigning
from workflows.inbox.notices import authority_of
from workflows.nodes import OPEN, Step, Who

if TYPE_CHECKING:
    from qualification.applications.models import Application

CASE = "process__case__application"
# Roles whose holders have tasks of their own at the lead authority.
OFFICERS = (Who.INTAKE, Who.COORDINATOR, Who.DECISION, Who.ISSUER)
# Who hands out the work of an authority, besides those who do it.
MANAGERS = (Role.COORDINATOR, Role.REGION_ADMIN, Role.SLA_ADMIN)
NOBODY = Q(pk__in=[])


def steps_of(who: Who) -> list[Step]:
    """The steps that wait for one kind of person, except the branches of other authorities."""
    return [step for step in STEPS.values() if step.who == who and step.branch != "authority"]


def open_tasks() -> QuerySet[Task]:
    """Tasks that wait for a person."""
    return Task.objects.filter(status__in=OPEN, flow_task_type="HUMAN").exclude(flow_task=QualificationFlow.sign)


def mine(user: User) -> QuerySet[Task]:
    """What waits for this person by name, and what waits for nobody and they can do."""
    return open_to(user).filter(Q(owner=user) | Q(owner__isnull=True))


def open_to(user: User) -> QuerySet[Task]:
    """What this person may do now, whoever has it."""
    wanted = _of_laboratory(user) | _of_assessor(user) | _of_leader(user) | _concurrences(user)
    for who in OFFICERS:
        wanted |= _of_role(user, who)
    return open_tasks().filter(wanted)


def queue(user: User) -> QuerySet[Task]:
    """Every open task of the person's authorities or laboratories; of all five regions for the national roles.

    Whether a decision is made or only still to be released is the lead authority's own business: to the national roles
    neither step is shown, so that no row that is missing tells of it.
    """
    ids = user.authority_ids(STAFF_ROLES)
    wanted = Q(**{f"{CASE}__authority_id__in": ids}) | Q(
        flow_task=QualificationFlow.concur, data__authority__in=sorted(ids)
    )
    wanted |= _of_laboratory(user)
    if user.has_role(*NATIONAL_ROLES):
        secret = [QualificationFlow.decide, QualificationFlow.release]
        wanted |= Q(**{f"{CASE}__authority__is_trial": False}) & ~Q(flow_task__in=secret)
    return open_tasks().filter(wanted)


def can_be_handed(task: Task) -> bool:
    """Whether others could have the task, too: an offer is its assessor's, the leader's steps are the leader's."""
    return assigning.finder_of(STEPS[task.flow_task.name], task.status) not in {"", Who.LEADER}


def may_do(user: User, task: Task) -> bool:
    """Whether the person may do this open task."""
    return open_to(user).filter(pk=task.pk).exists()


def may_hand_over(user: User, task: Task, application: Application, *, is_doable: bool | None = None) -> bool:
    """Whether the person may give the task to a colleague: who may do it, or manages the work of its authority."""
    if not can_be_handed(task):
        return False
    is_managed = STEPS[task.flow_task.name].who != Who.LABORATORY and user.has_role(
        *MANAGERS, authority_id=authority_of(task, application)
    )
    return is_managed or (may_do(user, task) if is_doable is None else is_doable)


def colleagues(task: Task, application: Application) -> list[User]:
    """Who else may do the task."""
    finder = assigning.finder_of(STEPS[task.flow_task.name], task.status)
    if not can_be_handed(task):
        return []
    people = assigning.candidates(application, task.process_id, finder, task.data.get("authority"))
    return [person for person in people if person.pk != task.owner_id]


def astray() -> QuerySet[Task]:
    """Open tasks that have nobody, or whose person has left: not active, or without the role that the task wants.

    Starts from the people who left, so that its cost does not grow with the open tasks.
    """
    gone = User.objects.filter(Q(is_active=False) | Q(memberships__ended_at__isnull=False))
    tasks = open_tasks().exclude(flow_task=QualificationFlow.answer_offer, status=STATUS.ASSIGNED)
    left = Q(owner__in=gone.order_by().values("pk")) & ~(Q(owner__is_active=True) & _has_role())
    return tasks.filter(Q(owner__isnull=True) | left)


def _has_role() -> Q:
    """That the owner still holds the role at the place which the task wants."""
    found = Q(flow_task__in=steps_of(Who.LEADER))
    held = Membership.objects.in_force().filter(user=OuterRef("owner"))
    laboratory = held.filter(role__in=sorted(LABORATORY_ROLES), laboratory=OuterRef(f"{CASE}__laboratory"))
    found |= Q(flow_task__in=steps_of(Who.LABORATORY)) & Q(Exists(laboratory))
    for who in OFFICERS:
        steps = steps_of(who) + ([QualificationFlow.answer_offer] if who == Who.COORDINATOR else [])
        place = OuterRef(f"{CASE}__authority")
        found |= Q(flow_task__in=steps) & Q(Exists(held.filter(role=who.value, authority=place)))
    asked = held.filter(role=Who.DECISION.value, authority=Cast(OuterRef("data__authority"), BigIntegerField()))
    return found | Q(flow_task=QualificationFlow.concur) & Q(Exists(asked))


def _of_laboratory(user: User) -> Q:
    ids = user.laboratory_ids()
    return Q(flow_task__in=steps_of(Who.LABORATORY), **{f"{CASE}__laboratory_id__in": ids}) if ids else NOBODY


def _of_role(user: User, who: Who) -> Q:
    ids = user.authority_ids({who.value})
    if not ids:
        return NOBODY
    steps = Q(flow_task__in=steps_of(who))
    if who == Who.COORDINATOR:
        # Nobody in the pool is left for the seat: the coordinator must act.
        steps |= Q(flow_task=QualificationFlow.answer_offer, status=STATUS.NEW)
    return steps & Q(**{f"{CASE}__authority_id__in": ids}) & _allowed(user, who, ids)


def _allowed(user: User, who: Who, ids: set[int]) -> Q:
    if who == Who.DECISION:
        # Nobody decides a case they accepted or assessed.
        return (Q(**{f"{CASE}__accepted_by__isnull": True}) | ~Q(**{f"{CASE}__accepted_by": user})) & ~Q(
            Exists(_seats(user))
        )
    if who == Who.ISSUER:
        authorities = Authority.objects.filter(pk__in=ids).select_related("profile").order_by("pk")
        strict = [a.pk for a in authorities if setting(a, "issuer_not_decider")]
        return ~Q(**{f"{CASE}__decided_by": user, f"{CASE}__authority_id__in": strict})
    return Q()


def _concurrences(user: User) -> Q:
    ids = user.authority_ids({Who.DECISION.value})
    if not ids:
        return NOBODY
    return Q(flow_task=QualificationFlow.concur, data__authority__in=sorted(ids)) & ~Q(Exists(_seats(user)))


def _of_assessor(user: User) -> Q:
    return Q(flow_task=QualificationFlow.answer_offer, owner=user, status=STATUS.ASSIGNED)


def _of_leader(user: User) -> Q:
    return Q(flow_task__in=steps_of(Who.LEADER)) & Q(Exists(_seats(user).filter(role="leader")))


def _seats(user: User) -> QuerySet[Seat]:
    return Seat.objects.filter(assessor__user=user, assessment__application_id=OuterRef(f"{CASE}__pk"))


def with_facts(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """Along with the case, the row the task is about, and the clock that runs for it: no query per row."""
    rows = tasks.select_related(
        f"{CASE}__laboratory", f"{CASE}__authority", f"{CASE}__assessment", f"{CASE}__commitment_check", "owner"
    )
    rows = rows.annotate(
        clock_code=_code("clock"), clock_also=_code("also"), seat_pk=_number("seat"), asked_pk=_number("authority")
    )
    # Several offers and concurrences of a case have a clock of the same kind each: there the row's own counts.
    rows = rows.annotate(
        clock_subject=_about("pk", "answer_offer", "concur"),
        subject_uuid=_about("uuid", "answer_offer", "concur", "answer_visit"),
    )
    clocks = _clocks()
    return rows.annotate(due_at=Subquery(clocks.values("due_at")[:1]), clock_pk=Subquery(clocks.values("pk")[:1]))


def _code(name: str) -> Case:
    whens = [When(flow_task=step, then=Value(getattr(step, name))) for step in STEPS.values()]
    return Case(*whens, default=Value(""), output_field=CharField())


def _number(key: str) -> Cast:
    return Cast(KeyTextTransform(key, "data"), BigIntegerField())


def _about(field: str, *steps: str) -> Case:
    rows = {
        "answer_offer": Offer.objects.filter(seat_id=OuterRef("seat_pk"), state="sent").order_by("-pk"),
        "concur": Concurrence.objects.filter(
            application_id=OuterRef(f"{CASE}__pk"), authority_id=OuterRef("asked_pk")
        ).order_by("pk"),
        "answer_visit": Visit.objects.filter(application_id=OuterRef(f"{CASE}__pk"), state="proposed").order_by("-pk"),
    }
    return Case(
        *(When(flow_task=STEPS[step], then=Subquery(rows[step].values(field)[:1])) for step in steps), default=None
    )


def _clocks() -> QuerySet[Clock]:
    subject = Coalesce(OuterRef("clock_subject"), F("subject_id"))
    codes = Q(code=OuterRef("clock_code")) | Q(code=OuterRef("clock_also"))
    clocks = Clock.objects.open().filter(codes, application_id=OuterRef(f"{CASE}__pk"))
    return clocks.filter(subject_id=subject).order_by("due_at", "pk")


def contests_to_answer(user: User) -> list[Contest]:
    """Contests of outcomes of the law that wait for this decision maker, the oldest first; never one's own."""
    ids = user.authority_ids({Who.DECISION.value})
    if not ids:
        return []
    rows = Contest.objects.filter(state=ContestState.ASKED, clock__authority_id__in=ids).exclude(asked_by=user)
    return list(rows.select_related("clock__application__laboratory", "asked_by").order_by("asked_at", "pk"))


def terminations_to_answer(user: User) -> list[TerminationRequest]:
    """Requests to terminate a review that wait for this decision maker."""
    ids = user.authority_ids({Who.DECISION.value})
    if not ids:
        return []
    seats = Seat.objects.filter(assessor__user=user, assessment__application_id=OuterRef("application_id"))
    rows = TerminationRequest.objects.filter(state="asked", application__authority_id__in=ids).filter(
        Q(application__accepted_by__isnull=True) | ~Q(application__accepted_by=user), ~Exists(seats)
    )
    return list(
        rows.select_related("application__laboratory", "application__authority", "asked_by").order_by("asked_at", "pk")
    )
