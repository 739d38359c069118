"""The laboratory's home and the list of its applications."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dateutil.relativedelta import relativedelta
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from qualification.applications.beside import first_in_way
from qualification.applications.enums import SUPPLEMENT_AWAITED, Kind, awaited_meta_for
from qualification.applications.enums import ApplicationState as State
from qualification.applications.forms import laboratories_of
from qualification.applications.models import Application
from qualification.applications.queries import in_shown_states
from qualification.assessments.models import Nonconformity, Visit
from qualification.certificates.enums import CertificateState
from qualification.certificates.models import Certificate, Edition
from qualification.certificates.renewals import last_day_to_renew, with_renewals
from qualification.pages.lists import Column, Filter, ListPage

if TYPE_CHECKING:
    from documents.models import StoredFile
    from qualification.accounts.models import User
    from qualification.assessments.models import Assessment

SHOWN = 5
# A renewal is offered first this many months before the last day on which it is in time.
RENEWAL_AHEAD_MONTHS = 3


def state_groups() -> dict[str, list[str]]:
    """The laboratory's words for the states, each with the states it stands for: a pending decision does not show."""
    groups: dict[str, list[str]] = {}
    for state in State:
        groups.setdefault(state.laboratory_label, []).append(state.value)
    return groups


def _state_choices() -> list[tuple[str, str]]:
    choices = [(states[0], label) for label, states in state_groups().items()]
    place = next(n for n, (value, __) in enumerate(choices) if value == State.SUBMITTED)
    return [*choices[: place + 1], (SUPPLEMENT_AWAITED, awaited_meta_for("laboratory")["label"]), *choices[place + 1 :]]


def _in_state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return in_shown_states(rows, value, next((states for states in state_groups().values() if value in states), ()))


def _of_kind(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(kinds__contains=[value])


def page_of(application: Application) -> str:
    """Where the laboratory goes on with a case: a draft in its workspace, any other on its page."""
    name = "applications:edit" if application.state == State.DRAFT else "inbox:case"
    return reverse(name, args=[application.uuid])


class ApplicationListPage(ListPage):
    """The applications of the person's laboratories."""

    def __init__(self, request: HttpRequest, rows: QuerySet[Application], user: User) -> None:
        is_one = len(user.laboratory_ids()) < 2
        columns = (
            Column("reference", gettext_lazy("Case number"), value=str, sort=("reference",), link=page_of),
            Column("kinds", gettext_lazy("Kinds"), value=lambda a: a.kind_labels),
            *(() if is_one else (Column("laboratory__name", gettext_lazy("Laboratory"), sort=("laboratory__name",)),)),
            Column("authority", gettext_lazy("Authority"), value=lambda a: str(a.authority)),
            Column(
                "state",
                gettext_lazy("State"),
                value=lambda a: a.state_meta_for("laboratory")["label"],
                template="applications/lab/_state.html",
            ),
            Column("created_at", gettext_lazy("Begun"), sort=("created_at",)),
            Column("submitted_at", gettext_lazy("Handed in"), sort=("submitted_at",)),
        )
        filters = (
            Filter("state", gettext_lazy("State"), _state_choices, apply=_in_state),
            Filter("kind", gettext_lazy("Kind"), [(k.value, k.label) for k in Kind], apply=_of_kind),
        )
        super().__init__(
            request, rows, columns=columns, filters=filters, default_sort="-created_at", file_name="applications",
            search=("reference", "laboratory__name", "note", "manager_name", "certificate__number"),
        )  # fmt: skip


# -- home


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits for the laboratory; `clock` is the code of the limit that runs, or nothing."""

    application: Application
    label: str
    icon: str
    url: str
    clock: str = ""


def tasks_of(user: User) -> list[Task]:
    """What waits for the laboratory in its open cases, the oldest case first."""
    cases = Application.objects.filter(
        laboratory_id__in=user.laboratory_ids(), state__in=[State.SUBMITTED, State.IN_REVIEW]
    )
    cases = cases.select_related("laboratory", "authority", "supplement", "assessment__rectification")
    proposed = Prefetch("assessment__visits", Visit.objects.filter(state="proposed").order_by("pk"), to_attr="proposed")
    open_records = Nonconformity.objects.filter(confirmed_at__isnull=True).order_by("pk")
    unseen = Prefetch("assessment__nonconformities", open_records, to_attr="unconfirmed")
    return [
        task
        for case in cases.prefetch_related(proposed, unseen).order_by("submitted_at", "pk")
        for task in _tasks(case)
    ]


def _tasks(case: Application) -> Iterator[Task]:
    supplement = getattr(case, "supplement", None)
    if case.state == State.SUBMITTED and supplement is not None and supplement.state == "sent":
        url = reverse("applications:supplement", args=[case.uuid])
        yield Task(case, _("Hand in the supplement"), "upload", url, "supplement")
    assessment = getattr(case, "assessment", None)
    if case.state == State.IN_REVIEW and assessment is not None:
        yield from _review_tasks(case, assessment)


def _review_tasks(case: Application, assessment: Assessment) -> Iterator[Task]:
    if assessment.state == "on_hold":
        yield Task(case, _("Hand in the material the leader asks for"), "upload", _url("hold", assessment))
    for visit in assessment.proposed:  # type: ignore[attr-defined]
        yield Task(case, _("Answer the proposed date"), "calendar-question", _url("answer_visit", visit))
    rectification = getattr(assessment, "rectification", None)
    if rectification is not None and rectification.state == "open":
        yield Task(
            case, _("Rectify and hand in the evidence"), "tool", _url("rectification", assessment), "rectification"
        )
    if assessment.unconfirmed and assessment.state in {"visiting", "rectifying"}:  # type: ignore[attr-defined]
        yield Task(case, _("Confirm the nonconformity records"), "checklist", _url("confirm_record", assessment))


def _url(name: str, subject: Any) -> str:
    return reverse(f"assessments:{name}", args=[subject.uuid])


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open application and the kinds that are not handed in on its certificate meanwhile."""

    case: Application
    kinds: list[Kind]

    @property
    def kind_labels(self) -> str:
        """The kinds in words."""
        return str(_(", ")).join(str(kind.label) for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Held:
    """One certificate of the laboratory: how long it still holds, its signed paper, and what can be applied for."""

    certificate: Certificate
    state: CertificateState
    days_left: int
    paper: StoredFile | None
    renew_by: dt.date
    is_time_to_renew: bool
    under_way: list[Application]
    waiting: list[Waiting]

    @property
    def is_valid(self) -> bool:
        """Whether an application may build on it."""
        return self.state == CertificateState.VALID

    @property
    def can_renew(self) -> bool:
        """Whether a renewal may be handed in now."""
        return self._is_free(Kind.RENEWAL)

    @property
    def can_extend(self) -> bool:
        """Whether an extension may be handed in now."""
        return self._is_free(Kind.EXTENSION)

    def _is_free(self, kind: Kind) -> bool:
        return self.is_valid and not any(kind in one.kinds for one in self.waiting)


def certificates_of(user: User, today: dt.date) -> list[Held]:
    """The certificates of the person's laboratories, the valid ones first."""
    rows = Certificate.objects.filter(laboratory_id__in=user.laboratory_ids()).exclude(state=CertificateState.PENDING)
    editions = Prefetch(
        "editions",
        Edition.objects.filter(state="stored").select_related("paper__file").order_by("-number"),
        to_attr="stored",
    )
    going = Application.objects.filter(state__in=[State.DRAFT, *State.open()]).order_by("pk")
    rows = (
        with_renewals(rows)
        .select_related("laboratory", "authority__profile")
        .prefetch_related(editions, Prefetch("applications", going, to_attr="going"))
    )
    held = [_held(row, today) for row in rows.order_by("-valid_until", "-pk")]
    return sorted(held, key=lambda one: not one.is_valid)


def _held(row: Any, today: dt.date) -> Held:
    renew_by = last_day_to_renew(row)
    paper = row.stored[0].paper if row.stored else None
    state = row.state_on(today)
    is_time = state == CertificateState.VALID and today >= renew_by - relativedelta(months=RENEWAL_AHEAD_MONTHS)
    is_free = not any(Kind.RENEWAL in case.kinds for case in row.going)
    days_left = (row.valid_until - today).days
    waiting = _waiting(row.going) if state == CertificateState.VALID else []
    told = {one.case.pk for one in waiting}
    under_way = [case for case in row.going if case.pk not in told]
    file = paper.file if paper else None
    return Held(row, state, days_left, file, renew_by, is_time and is_free, under_way, waiting)


def _waiting(cases: list[Application]) -> list[Waiting]:
    found: dict[int, Waiting] = {}
    for kind in (Kind.RENEWAL, Kind.EXTENSION):
        case = first_in_way([kind], cases)
        if case is not None:
            found.setdefault(case.pk, Waiting(case, [])).kinds.append(kind)
    return list(found.values())


def home(user: User, now: dt.datetime) -> dict[str, Any]:
    """What the laboratory's home shows."""
    own = Application.objects.filter(laboratory_id__in=user.laboratory_ids())
    own = own.select_related("laboratory", "authority", "supplement")
    return {
        "tasks": tasks_of(user),
        "drafts": list(own.filter(state=State.DRAFT).order_by("-saved_at", "-pk")),
        "held": certificates_of(user, timezone.localdate(now)),
        "latest": list(own.exclude(state=State.DRAFT).order_by("-submitted_at", "-pk")[:SHOWN]),
        "laboratories": laboratories_of(user),
        "is_several": len(user.laboratory_ids()) > 1,
    }
