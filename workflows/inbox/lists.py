"""The lists of tasks and of cases: columns, search and filters."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Task

from qualification.accounts.enums import STAFF_ROLES
from qualification.applications.enums import SUPPLEMENT_AWAITED, Kind, awaited_meta_for
from qualification.applications.enums import ApplicationState as State
from qualification.applications.models import Application
from qualification.applications.queries import in_shown_states, visible_to
from qualification.pages.lists import Column, Filter, ListPage
from qualification.regions.models import Authority
from workflows.clocks import queries as clocks
from workflows.clocks.listing import DUE_MOMENT, exact, provisional_column, with_provisional
from workflows.clocks.models import Clock
from workflows.flows import STEPS
from workflows.inbox import queries
from workflows.inbox.actions import task_url
from workflows.inbox.audience import badge
from workflows.inbox.notices import authority_of
from workflows.nodes import Who

if TYPE_CHECKING:
    from qualification.accounts.models import User

CASE = queries.CASE
# Clocks between the authorities and their assessors; a list for everybody does not tell of them.
INTERNAL = ("offer", "concurrence")
SEARCH = ("reference", "laboratory__name", "laboratory__credit_code")


def case_of(task: Task) -> Application:
    """The case a task belongs to."""
    return task.process.case.application  # type: ignore[no-any-return]


def title_of(task: Task) -> str:
    """What is to do."""
    return str(STEPS[task.flow_task.name].task_title)


def _case_url(task: Task) -> str:
    return reverse("inbox:case", args=[case_of(task).uuid])


TASK_COLUMNS = (
    Column(
        "due",
        _("Time left"),
        value=lambda task: exact(task.due_at),
        sort=("due_at",),
        template="inbox/_due.html",
        exported_as=DUE_MOMENT,
    ),
    Column("what", _("What is to be done"), value=title_of, link=lambda task: task_url(task, case_of(task))),
    Column(
        "case",
        _("Case"),
        value=lambda task: case_of(task).reference,
        sort=(f"{CASE}__reference",),
        link=_case_url,
        template="inbox/_reference.html",
    ),
    Column(
        "laboratory",
        _("Laboratory"),
        value=lambda task: case_of(task).laboratory.name,
        sort=(f"{CASE}__laboratory__name",),
    ),
    Column("kinds", _("Kind"), value=lambda task: case_of(task).kind_labels),
    Column("since", _("Since"), value=lambda task: task.created, sort=("created",)),
)
QUEUE_COLUMNS = (
    TASK_COLUMNS[0],
    Column("what", _("What is to be done"), value=title_of, link=_case_url),
    *TASK_COLUMNS[2:4],
    Column("role", _("Whose task"), value=lambda task: str(STEPS[task.flow_task.name].who.label)),
    Column(
        "owner",
        _("Person"),
        value=lambda task: str(task.owner) if task.owner else "",
        sort=("owner__name",),
        template="inbox/_person.html",
    ),
    Column(
        "authority",
        _("Authority"),
        value=lambda task: case_of(task).authority.region,
        sort=(f"{CASE}__authority__code",),
    ),
    TASK_COLUMNS[5],
)


def _by_who(rows: QuerySet[Task], value: str) -> QuerySet[Task]:
    return rows.filter(flow_task__in=[step for step in STEPS.values() if step.who == value])


def _by_person(rows: QuerySet[Task], value: str) -> QuerySet[Task]:
    return rows.filter(owner__isnull=value == "nobody")


QUEUE_FILTERS = (
    Filter("role", _("Whose task"), Who.choices, apply=_by_who),
    Filter("person", _("Person"), [("somebody", _("has a person")), ("nobody", _("has nobody"))], apply=_by_person),
)


def tasks_page(request: HttpRequest, tasks: QuerySet[Task], *, is_queue: bool) -> ListPage:
    """Tasks by their due moment, those without one last."""
    return ListPage(
        request,
        with_provisional(queries.with_facts(tasks)),
        columns=QUEUE_COLUMNS if is_queue else TASK_COLUMNS,
        search=tuple(f"{CASE}__{name}" for name in SEARCH),
        filters=(
            Filter(
                "step",
                _("What is to be done"),
                _step_choices,
                apply=lambda rows, name: rows.filter(flow_task=STEPS[name]),
            ),
            *(QUEUE_FILTERS if is_queue else ()),
        ),
        default_sort="due",
        file_name="tasks",
        exported=(provisional_column(),),
    )


def _step_choices() -> list[tuple[str, str]]:
    return [(name, str(step.task_title)) for name, step in STEPS.items() if step.who != Who.SYSTEM]


def with_chips(listing: ListPage, now: dt.datetime) -> ListPage:
    """Put on each row of the page the chip of the clock that runs for it: two queries for the page."""
    chips = clocks.chips_for([case_of(task) for task in listing.page], now)
    by_clock = {chip["clock"].pk: chip for found in chips.values() for chip in found}
    for task in listing.page:
        task.chip, task.shown_reference = by_clock.get(task.clock_pk), str(case_of(task))
    return listing


def with_people(listing: ListPage, user: User) -> ListPage:
    """Put on each row of the page whether the reader may take the task over or hand it on: one query for the page."""
    tasks = list(listing.page)
    doable = set(queries.open_to(user).filter(pk__in=[task.pk for task in tasks]).values_list("pk", flat=True))
    managed = user.authority_ids(queries.MANAGERS)
    for task in tasks:
        is_managed = STEPS[task.flow_task.name].who != Who.LABORATORY and authority_of(task, case_of(task)) in managed
        is_free = queries.can_be_handed(task)
        task.may_take = is_free and task.pk in doable and task.owner_id != user.pk
        task.may_hand_over = is_free and (is_managed or task.pk in doable)
        task.case_uuid = case_of(task).uuid
    return listing


def cases_page(request: HttpRequest, user: User, now: dt.datetime) -> ListPage:
    """All cases the person may see."""
    own = frozenset(user.authority_ids(STAFF_ROLES))
    laboratories = frozenset(user.laboratory_ids())
    first = Clock.objects.open().filter(application=OuterRef("pk")).exclude(code__in=INTERNAL).order_by("due_at", "pk")
    rows = visible_to(user, now=now).select_related("laboratory", "authority", "supplement").annotate(
        due_at=Subquery(first.values("due_at")[:1]), clock_pk=Subquery(first.values("pk")[:1])
    )  # fmt: skip

    def state_of(case: Application) -> dict[str, str]:
        return _badge(case, own, laboratories)

    return ListPage(
        request,
        with_provisional(rows),
        columns=_case_columns(state_of),
        search=SEARCH,
        filters=(
            Filter("state", _("State"), _state_choices(own), apply=lambda rows, value: by_state(rows, value, own)),
            Filter("kind", _("Kind"), Kind.choices, apply=lambda rows, value: rows.filter(kinds__contains=[value])),
            Filter("authority", _("Lead authority"), _authorities, lookup="authority__code"),
            Filter("region", _("Region of a site"), _regions, apply=_by_region),
        ),
        default_sort="-received",
        file_name="cases",
        exported=(provisional_column(),),
    )


def _case_columns(state_of: Any) -> tuple[Column, ...]:
    def link(case: Application) -> str:
        return reverse("inbox:case", args=[case.uuid])

    return (
        Column("reference", _("Case"), value=str, sort=("reference",), link=link, template="inbox/_reference.html"),
        Column("laboratory", _("Laboratory"), value=lambda case: case.laboratory.name, sort=("laboratory__name",)),
        Column("kinds", _("Kind"), value=lambda case: case.kind_labels),
        Column("state", _("State"), value=lambda case: state_of(case)["label"], template="inbox/_state.html"),
        Column(
            "due",
            _("Time left"),
            value=lambda case: exact(case.due_at),
            sort=("due_at",),
            template="inbox/_due.html",
            exported_as=DUE_MOMENT,
        ),
        Column("authority", _("Lead authority"), value=lambda case: case.authority.region, sort=("authority__code",)),
        Column("received", _("Received"), value=lambda case: case.submitted_at, sort=("submitted_at",)),
    )


def finish_cases(listing: ListPage, user: User, now: dt.datetime) -> ListPage:
    """Put badge and first chip on each row of the page: two queries for the page."""
    own, laboratories = frozenset(user.authority_ids(STAFF_ROLES)), frozenset(user.laboratory_ids())
    chips = clocks.chips_for(list(listing.page), now)
    for case in listing.page:
        case.badge, case.shown_reference = _badge(case, own, laboratories), str(case)
        case.chip = next((chip for chip in chips[case.pk] if chip["clock"].pk == case.clock_pk), None)
    return listing


def _badge(case: Application, own: frozenset[int], laboratories: frozenset[int]) -> dict[str, str]:
    is_laboratory = case.laboratory_id in laboratories
    return badge(case, sees_pending=case.authority_id in own and not is_laboratory, is_laboratory=is_laboratory)


def _state_choices(own: frozenset[int]) -> list[tuple[str, str]]:
    """The states one may filter by; a pending decision only for the staff of an authority."""
    states = [(s.value, str(s.label)) for s in State if own or s != State.DECIDED]
    place = next(n for n, (value, __) in enumerate(states) if value == State.SUBMITTED)
    return [*states[: place + 1], (SUPPLEMENT_AWAITED, awaited_meta_for("staff")["label"]), *states[place + 1 :]]


def by_state(rows: QuerySet[Application], value: str, own: frozenset[int]) -> QuerySet[Application]:
    """Rows in a state as the reader may know it: elsewhere a pending decision counts as still to be decided."""
    if value == State.DECIDED:
        return rows.filter(state=State.DECIDED, authority_id__in=own)
    if value == State.REVIEWED:
        return rows.filter(Q(state=State.REVIEWED) | Q(state=State.DECIDED) & ~Q(authority_id__in=own))
    return in_shown_states(rows, value, [value])


def _authorities() -> list[tuple[str, str]]:
    return [(a.code, a.region) for a in Authority.objects.real().order_by("code")]


def _regions() -> list[tuple[str, str]]:
    return _authorities()


def _by_region(rows: QuerySet[Application], code: str) -> QuerySet[Application]:
    return rows.filter(
        pk__in=Application.sites.through.objects.filter(site__authority__code=code).values("application_id")
    )
