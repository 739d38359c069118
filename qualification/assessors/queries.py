"""The pool as a case sees it: who may be drawn, and why the others may not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dateutil.relativedelta import relativedelta
from django.db.models import Q, QuerySet
from django.utils import timezone

from qualification.accounts.enums import LABORATORY_ROLES, NATIONAL_ROLES, STAFF_ROLES
from qualification.accounts.models import Membership
from qualification.applications.queries import concerned_authorities
from qualification.assessors.draw import Candidate
from qualification.assessors.enums import DRAWABLE_STANDINGS, Exclusion, Grade, OfferState
from qualification.assessors.models import Absence, Assessor, Offer, Seat, Tie
from qualification.regions.settings import setting

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
    pool = (
        Assessor.objects.filter(home__is_trial=application.authority.is_trial)
        .select_related("user", "home")
        .order_by("pk")
    )
    if only is not None:
        pool = pool.filter(pk=only)
    bars = _Bars.of(assessment, today)
    fields = set(application.field_codes)
    return [Judged(a, tuple(_exclusions(a, fields, bars, today))) for a in pool]


def _exclusions(assessor: Assessor, fields: set[str], bars: _Bars, today: dt.date) -> Iterable[Exclusion]:
    if assessor.standing not in DRAWABLE_STANDINGS or not assessor.user.is_active:
        yield Exclusion.STANDING
    if not assessor.certified_on <= today <= assessor.certified_until:
        yield Exclusion.CERTIFICATE
    if not fields & set(assessor.field_codes):
        yield Exclusion.FIELD
    for exclusion, ids in bars.by_assessor.items():
        if assessor.pk in ids:
            yield exclusion
    if assessor.user_id in bars.conflicting_users:
        yield Exclusion.CONFLICT


@dataclass(frozen=True, slots=True)
class _Bars:
    """What keeps assessors out of one case, read in as many queries as there are grounds."""

    by_assessor: dict[Exclusion, set[int]]
    conflicting_users: set[int]

    @classmethod
    def of(cls, assessment: Assessment, today: dt.date) -> _Bars:
        application = assessment.application
        since = today - relativedelta(years=setting(application.authority, "recusal_years"))
        laboratory = application.laboratory_id
        return cls(
            {
                Exclusion.AWAY: _ids(Absence.objects.filter(from_on__lte=today, to_on__gte=today)),
                Exclusion.TIE: _ids(_ties(laboratory, today)),
                Exclusion.RECENT: _ids(_recent(assessment, laboratory, since)),
                Exclusion.TEAM: _ids(Seat.objects.filter(assessment=assessment, assessor__isnull=False))
                | _ids(Offer.objects.filter(seat__assessment=assessment, state__in=OfferState.open())),
                Exclusion.ANSWERED: _ids(
                    Offer.objects.filter(
                        seat__assessment=assessment, state__in=[OfferState.DECLINED, OfferState.EXPIRED]
                    )
                ),
            },
            _conflicting_users(assessment),
        )


def _ids(rows: QuerySet[Any]) -> set[int]:
    return set(rows.order_by("pk").values_list("assessor_id", flat=True))


def _ties(laboratory_id: int, today: dt.date) -> QuerySet[Tie]:
    in_force = (Q(since_on__isnull=True) | Q(since_on__lte=today)) & (Q(until_on__isnull=True) | Q(until_on__gte=today))
    return Tie.objects.filter(in_force, laboratory_id=laboratory_id)


def _recent(assessment: Assessment, laboratory_id: int, since: dt.date) -> QuerySet[Seat]:
    start = timezone.make_aware(dt.datetime.combine(since, dt.time.min))
    return Seat.objects.filter(
        assessor__isnull=False, assessment__application__laboratory_id=laboratory_id, assessment__reported_at__gte=start
    ).exclude(assessment=assessment)


def _conflicting_users(assessment: Assessment) -> set[int]:
    application = assessment.application
    authorities = [a.pk for a in concerned_authorities(application)]
    users = Membership.objects.in_force().filter(
        Q(role__in=LABORATORY_ROLES, laboratory_id=application.laboratory_id)
        | Q(role__in=STAFF_ROLES, authority_id__in=authorities)
    )
    return set(users.order_by("pk").values_list("user_id", flat=True)) | {application.accepted_by_id or 0}


def candidates(judged: Iterable[Judged]) -> list[Candidate]:
    """Those who may be drawn, as the draw takes them."""
    return [
        Candidate(
            j.assessor.pk, str(j.assessor.uuid), frozenset(j.assessor.field_codes), j.assessor.grade == Grade.LEADER
        )
        for j in judged
        if j.is_fit
    ]
