"""The list behind every number of the board, and the list of escalations."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, CharField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from qualification.applications.enums import Kind
from qualification.certificates.models import Certificate
from qualification.pages.lists import Column, Filter, ListPage
from qualification.regions import calendars
from workflows.board import asking, queries, raw
from workflows.board.enums import AT_RISK, AT_RISK_LABEL, NO_KIND, NO_KIND_LABEL, Tone
from workflows.board.figures import SHANGHAI
from workflows.clocks import queries as clocks
from workflows.clocks.enums import OPEN_STATES
from workflows.clocks.listing import DUE_MOMENT, exact, provisional_column
from workflows.clocks.models import Clock, Rung
from workflows.clocks.policy import BY_CODE, CERTIFICATE, RungName

if TYPE_CHECKING:
    from qualification.accounts.models import User

KINDS = {kind.value: kind.label for kind in Kind}
OPEN, ENDED = "open", "ended"


def stage_of(clock: Clock) -> str:
    """The stage in words; its code where the policy table no longer has it."""
    policy = BY_CODE.get(clock.code)
    return str(policy.label) if policy else clock.code


def kinds_of(clock: Clock) -> str:
    """The kinds of the case in words."""
    return "、".join(str(KINDS.get(kind, kind)) for kind in clock.kinds.split(",") if kind)


def case_url(clock: Any) -> str:
    """Where a clock leads: its case, or the public page of its certificate."""
    if clock.application:
        return reverse("inbox:case", args=[clock.application.uuid])
    return reverse("certificates:public", args=[clock.number]) if clock.number else ""


def subject_of(clock: Any) -> str:
    """The case's reference, or the certificate's number."""
    return clock.application.reference if clock.application else (clock.number or "")


def laboratory_of(clock: Any) -> str:
    """The laboratory of the case or the certificate."""
    return clock.application.laboratory.name if clock.application else (clock.body or "")


def with_subject(rows: QuerySet[Clock]) -> QuerySet[Clock]:
    """Clocks with what their rows show: no query per row."""
    certificate = Certificate.objects.filter(pk=OuterRef("subject_id")).order_by("pk")
    return rows.select_related("application__laboratory", "authority", "holder").annotate(
        number=_of_certificate(certificate, "number"), body=_of_certificate(certificate, "laboratory__name")
    )


def _of_certificate(certificate: QuerySet[Certificate], name: str) -> Case:
    found = Subquery(certificate.values(name)[:1])
    return Case(When(subject_type=CERTIFICATE, then=found), default=Value(""), output_field=CharField())


EXPORTED = (
    Column("when", _("When"), value=lambda clock: str(Tone(clock.tone).label)),
    Column("last_day", _("Last day"), value=lambda clock: clock.due_on),
    provisional_column(lambda clock: clock.is_provisional),
    Column("started", _("Running since"), value=lambda clock: clock.started_on),
    Column("limit", _("Limit"), value=lambda clock: clock.budget),
    Column("unit", _("Unit"), value=lambda clock: clock.get_unit_display()),
)


class ClocksPage(ListPage):
    """Open time limits. How many there are is asked of the tallies where they know it: pages are turned among a million
    rows without counting them."""

    now: dt.datetime
    user: User

    @cached_property
    def page(self) -> Page[Any]:
        """The page asked for, or the nearest there is."""
        paginator = Paginator(self.narrowed, self.size)
        known = self._known()
        if known is not None:
            paginator.count = known
        return paginator.get_page(self.request.GET.get("page"))

    def _known(self) -> int | None:
        chosen = {shown.key: shown.value for shown in self.filters}
        asked = asking.asked_of(self.user, self.request.GET)
        if self.query or chosen.get("week") or not asked.scope.is_tallied:
            return None
        total = queries.board_of(self.user, self.now, asked.scope).total
        tone = chosen["tone"]
        return total.at_risk if tone == AT_RISK else total.counts[tone] if tone else total.total


def clocks_page(request: HttpRequest, user: User, now: dt.datetime) -> ListPage:
    """Open time limits of the person's board."""
    rows = with_subject(queries.with_tone(queries.clocks_of(user), now))
    authorities = list(queries.authorities_of(user))

    def by_tone(found: QuerySet[Clock], value: str) -> QuerySet[Clock]:
        return queries.at_risk(found, now) if value == AT_RISK else queries.of_tone(found, value)

    listing = ClocksPage(
        request,
        rows,
        columns=(
            Column("due", _("Time left"), value=lambda clock: exact(clock.due_at), sort=("due_at",), template="board/_due_cell.html", exported_as=DUE_MOMENT),
            Column("stage", _("Stage"), value=stage_of, sort=("code",)),
            Column("case", _("Case or certificate"), value=subject_of, sort=("application__reference",), link=case_url, template="board/_case_cell.html"),
            Column("kind", _("Kind"), value=kinds_of, sort=("kinds",)),
            Column("laboratory", _("Laboratory"), value=laboratory_of, sort=("application__laboratory__name",)),
            Column("person", _("Person"), value=lambda clock: clock.holder or "", sort=("holder__first_name", "holder__username")),
            Column("region", _("Region"), value=lambda clock: clock.authority.region, sort=("authority__code",)),
        ),
        search=("application__reference", "application__laboratory__name", "number", "body"),
        filters=(
            Filter("tone", _("When"), [*Tone.choices, (AT_RISK, AT_RISK_LABEL)], apply=by_tone),
            Filter("stage", _("Stage"), queries.codes, lookup="code"),
            Filter("kind", _("Kind"), [*Kind.choices, (NO_KIND, NO_KIND_LABEL)], apply=_by_kind),
            Filter("person", _("Person"), asking.people(authorities, request.GET.get("person", "")), apply=_by_person),
            Filter("region", _("Region"), [(a.code, a.region) for a in authorities], lookup="authority__code"),
            *week_filter(request, now),
        ),
        default_sort="due",
        file_name="time-limits",
        exported=EXPORTED,
    )  # fmt: skip
    listing.now, listing.user = now, user
    return listing


def _by_kind(found: QuerySet[Any], value: str) -> QuerySet[Any]:
    return raw.of_kind(found, asking.kind_of(value) or "")


def _by_person(found: QuerySet[Any], value: str) -> QuerySet[Any]:
    return found.filter(holder_id=asking.person_of(value) or None)


def week_filter(request: HttpRequest, now: dt.datetime) -> list[Filter]:
    """The week that a number of the load ahead leads to, from now on; no filter where none was asked for."""
    asked = request.GET.get("week", "")
    try:
        monday = dt.date.fromisoformat(asked)
        start = dt.datetime.combine(monday, dt.time.min, SHANGHAI)
        end = start + dt.timedelta(days=7)
    except (ValueError, OverflowError):
        return []
    says = _("from %(day)s") % {"day": asked}
    due = Q(due_at__gt=max(start, now), due_at__lte=end, state="running")
    return [Filter("week", _("Week"), [(asked, says)], apply=lambda found, _value: found.filter(due))]


def with_chips(listing: ListPage, now: dt.datetime) -> ListPage:
    """Put the due chip on each row of the page."""
    known = calendars.current()
    rows = list(listing.page)
    for clock in rows:
        clock.chip = clocks.chip(clock, now, calendar=known.of(clock.authority_id))
    listing.page.object_list = rows
    return listing


def escalations_of(user: User) -> QuerySet[Rung]:
    """Limits of the person's board that were escalated."""
    mine = queries.authorities_of(user).values("pk")
    return Rung.objects.filter(name=RungName.ESCALATE, clock__authority__in=mine, clock__is_trial=False)


def escalations_page(request: HttpRequest, user: User) -> ListPage:
    """Escalated limits, the newest first."""
    certificate = Certificate.objects.filter(pk=OuterRef("clock__subject_id")).order_by("pk").values("number")[:1]
    number = Case(
        When(clock__subject_type=CERTIFICATE, then=Subquery(certificate)), default=Value(""), output_field=CharField()
    )
    rows = escalations_of(user).select_related(
        "clock__application__laboratory", "clock__authority", "clock__holder"
    ).annotate(number=number)  # fmt: skip

    def by_state(found: QuerySet[Any], value: str) -> QuerySet[Any]:
        is_open = Q(clock__state__in=OPEN_STATES)
        return found.filter(is_open if value == OPEN else ~is_open)

    return ListPage(
        request,
        rows,
        columns=(
            Column("fired", _("Escalated"), value=lambda rung: rung.fired_at, sort=("fired_at",)),
            Column("stage", _("Stage"), value=lambda rung: stage_of(rung.clock), sort=("clock__code",)),
            Column("case", _("Case or certificate"), value=_case_of_rung, sort=("clock__application__reference",), link=_url_of_rung),
            Column("laboratory", _("Laboratory"), value=lambda rung: rung.clock.application.laboratory.name if rung.clock.application else "", sort=("clock__application__laboratory__name",)),
            Column("person", _("Person"), value=lambda rung: rung.clock.holder or ""),
            Column("region", _("Region"), value=lambda rung: rung.clock.authority.region, sort=("clock__authority__code",)),
            Column("due", _("Last day"), value=lambda rung: rung.clock.due_on, sort=("clock__due_at",), template="board/_last_day_cell.html"),
            Column("ended", _("Ended"), value=lambda rung: rung.clock.stopped_at or _("still open"), sort=("clock__stopped_at",)),
        ),
        search=("clock__application__reference", "clock__application__laboratory__name", "number"),
        filters=(
            Filter("state", _("State"), [(OPEN, _("still open")), (ENDED, _("ended"))], apply=by_state),
            Filter("stage", _("Stage"), queries.codes, lookup="clock__code"),
            Filter("region", _("Region"), lambda: [(a.code, a.region) for a in queries.authorities_of(user)], lookup="clock__authority__code"),
        ),
        default_sort="-fired",
        file_name="escalations",
        exported=(provisional_column(lambda rung: rung.clock.is_provisional),),
    )  # fmt: skip


def _case_of_rung(rung: Any) -> str:
    return rung.clock.application.reference if rung.clock.application else (rung.number or "")


def _url_of_rung(rung: Any) -> str:
    if rung.clock.application:
        return reverse("inbox:case", args=[rung.clock.application.uuid])
    return reverse("certificates:public", args=[rung.number]) if rung.number else ""
