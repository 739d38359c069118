"""The pool as a case sees it: who may be drawn, and why the others may not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from dateutil.relativedelta import relativedelta
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from qualification.accounts.enums import LABORATORY_ROLES, NATIONAL_ROLES, STAFF_ROLES
from qualification.accounts.models import Membership
from qualification.assessors.draw import Candidate
from qualification.assessors.enums import DRAWABLE_STANDINGS, Exclusion, Grade, OfferState
from qualification.assessors.models import Absence, Assessor, Offer, Seat, Tie
from qualification.laboratories.models import Site
from qualification.regions.settings import setting
from qualification.statements import Statement

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.assessments.models import Assessment


def visible_to(user: User) -> QuerySet[Assessor]:
    """Entries of the pool the person may read; the same rule as `assessors.Assessor.see`."""
    if not user.is_authenticated or not user.is_active:
        return Assessor.objects.none()
    seen = Q(user=user) | Q(home__is_trial=True, home_id__in=user.authority_ids(STAFF_ROLES))
    if user.has_role(*STAFF_ROLES, *NATIONAL_ROLES):
        seen |= Q(home__is_trial=False)
    return Assessor.objects.filter(seen)


@dataclass(frozen=True, slots=True)
class Judged:
    """One assessor of the pool, judged for one case."""

    assessor: Assessor
    exclusions: tuple[Exclusion, ...]

    @property
    def is_fit(self) -> bool:
        """May be drawn."""
        return not self.exclusions


def judge_pool(assessment: Assessment, *, today: dt.date, only: int | None = None) -> list[Judged]:
    """Every assessor of the pool, or `only` one, with the reasons that keep them out of this case, in the order of the pool."""
    application = assessment.application
    values: dict[str, Any] = {
        "assessment": assessment.pk, "case": application.pk, "laboratory": application.laboratory_id, "today": today,
        "lead": application.authority_id, "since": _start(today, setting(application.authority, "recusal_years")),
    }  # fmt: skip
    if only is None:
        found = POOL[application.authority.is_trial].instances(**values)
    else:
        found = ONE[application.authority.is_trial].instances(**values, only=only)
    fields = set(application.field_codes)
    return [Judged(a, tuple(_exclusions(a, fields, application.accepted_by_id, today))) for a in found]


def _start(today: dt.date, years: int) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(today - relativedelta(years=years), dt.time.min))


def _exclusions(assessor: Any, fields: set[str], accepted_by: int | None, today: dt.date) -> Iterable[Exclusion]:
    if assessor.standing not in DRAWABLE_STANDINGS or not assessor.user.is_active:
        yield Exclusion.STANDING
    if not assessor.certified_on <= today <= assessor.certified_until:
        yield Exclusion.CERTIFICATE
    if not fields & set(assessor.field_codes):
        yield Exclusion.FIELD
    for exclusion, name in BARS.items():
        if getattr(assessor, name):
            yield exclusion
    if assessor.has_conflict or assessor.user_id == accepted_by:
        yield Exclusion.CONFLICT


# Under which name the query tells each ground that lies in other rows.
BARS = {
    Exclusion.AWAY: "is_away", Exclusion.TIE: "is_tied", Exclusion.RECENT: "was_there", Exclusion.TEAM: "is_in_team",
    Exclusion.ANSWERED: "has_answered",
}  # fmt: skip


def _judged(
    assessment: int, case: int, laboratory: int, today: dt.date, lead: int, since: dt.datetime, only: int | None = None,
    *, is_trial: bool = False,
) -> QuerySet[Any]:  # fmt: skip
    """The pool with what keeps each assessor out of one case, in one query."""
    me, asked = {"assessor_id": OuterRef("pk")}, {"seat__assessment_id": assessment, "assessor_id": OuterRef("pk")}
    said_no = [OfferState.DECLINED, OfferState.EXPIRED]
    was_there = Seat.objects.filter(
        **me, assessment__application__laboratory_id=laboratory, assessment__reported_at__gte=since
    ).exclude(assessment_id=assessment)
    pool = Assessor.objects.filter(home__is_trial=is_trial, **({} if only is None else {"pk": only})).annotate(
        is_away=Exists(Absence.objects.filter(**me, from_on__lte=today, to_on__gte=today)),
        is_tied=Exists(_ties(laboratory, today).filter(**me)),
        was_there=Exists(was_there),
        is_in_team=Exists(Seat.objects.filter(**me, assessment_id=assessment))
        | Exists(Offer.objects.filter(**asked, state__in=OfferState.open())),
        has_answered=Exists(Offer.objects.filter(**asked, state__in=said_no)),
        has_conflict=Exists(_conflicts(case, laboratory, lead)),
    )
    return pool.select_related("user", "home").order_by("pk")


def _ties(laboratory_id: int, today: dt.date) -> QuerySet[Tie]:
    in_force = (Q(since_on__isnull=True) | Q(since_on__lte=today)) & (Q(until_on__isnull=True) | Q(until_on__gte=today))
    return Tie.objects.filter(in_force, laboratory_id=laboratory_id)


def _conflicts(case: int, laboratory: int, lead: int) -> QuerySet[Membership]:
    """Memberships of the laboratory that applies, or of an authority the case concerns."""
    sites = Site.objects.filter(applications=case).order_by().values("authority_id")
    return Membership.objects.in_force().filter(
        Q(role__in=sorted(LABORATORY_ROLES), laboratory_id=laboratory)
        | Q(role__in=sorted(STAFF_ROLES)) & (Q(authority_id=lead) | Q(authority_id__in=sites)),
        user_id=OuterRef("user_id"),
    )


_KINDS: dict[str, type] = {
    "assessment": int, "case": int, "laboratory": int, "today": dt.date, "lead": int, "since": dt.datetime,
}  # fmt: skip
POOL = {is_trial: Statement(partial(_judged, is_trial=is_trial), **_KINDS) for is_trial in (False, True)}
ONE = {is_trial: Statement(partial(_judged, is_trial=is_trial), **_KINDS, only=int) for is_trial in (False, True)}


def candidates(judged: Iterable[Judged]) -> list[Candidate]:
    """Those who may be drawn, as the draw takes them."""
    return [
        Candidate(
            j.assessor.pk, str(j.assessor.uuid), frozenset(j.assessor.field_codes), j.assessor.grade == Grade.LEADER
        )
        for j in judged
        if j.is_fit
    ]
