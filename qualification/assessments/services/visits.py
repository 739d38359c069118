"""The visit: its date, presence on site, and the checklist."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import rules
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from qualification import door
from qualification.applications import notices
from qualification.assessments.enums import Anomaly, AssessmentState, VisitState
from qualification.assessments.models import Assessment, CheckIn, Visit
from qualification.assessors.models import Assessor, Seat
from qualification.regions.settings import setting

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.laboratories.models import Site

EARTH_RADIUS_M = 6_371_000
LONGEST_VISIT_DAYS = 30


def propose(
    *, assessment: Assessment, from_on: dt.date, to_on: dt.date, timetable: str, by: User, now: dt.datetime
) -> Visit:
    """The leader proposes the days of the visit to the laboratory."""
    _check_days(from_on, to_on, timezone.localdate(now))
    with transaction.atomic():
        fresh: Any = door.lock(assessment)
        if fresh.state != AssessmentState.SCHEDULING:
            raise door.Stale(door.stale_message(fresh))
        if Visit.objects.filter(assessment=assessment, state__in=[VisitState.DRAFT, VisitState.PROPOSED]).exists():
            raise door.Stale(_("A date is already proposed; wait for the laboratory's answer."))
        visit: Visit = Visit.objects.create(
            application_id=assessment.application_id, assessment=assessment, from_on=from_on, to_on=to_on,
            timetable=timetable.strip(),
        )  # fmt: skip
        door.perform(visit, "propose", by=by, now=now)
    return visit


def _check_days(from_on: dt.date, to_on: dt.date, today: dt.date) -> None:
    if to_on < from_on:
        raise ValidationError(_("The visit ends on or after its first day."))
    if from_on < today:
        raise ValidationError(_("The visit cannot begin in the past."))
    if (to_on - from_on).days >= LONGEST_VISIT_DAYS:
        raise ValidationError(_("A visit takes at most %s days.") % LONGEST_VISIT_DAYS)


def agree(*, visit: Visit, by: User, now: dt.datetime) -> Visit:
    """The laboratory agrees; the notice of visit goes out. Raises Stale once the proposed days have begun."""
    if visit.from_on < timezone.localdate(now):
        raise door.Stale(_("The proposed days have already begun. Ask for other days."))
    with transaction.atomic():
        door.perform(visit, "agree", by=by, now=now)
        door.perform(visit.assessment, "schedule", by=by, now=now)
        notices.visit(
            visit.application, days=_days(visit), timetable=visit.timetable, team=_team(visit.assessment), now=now
        )
    return visit


def _days(visit: Visit) -> str:
    if visit.from_on == visit.to_on:
        return notices.zh_date(visit.from_on)
    return f"{notices.zh_date(visit.from_on)}至{notices.zh_date(visit.to_on)}"


def _team(assessment: Assessment) -> list[str]:
    seats = Seat.objects.filter(assessment=assessment, assessor__isnull=False).select_related("assessor__user")
    with translation.override(notices.PAPER_LANGUAGE):
        return [f"{s.assessor}（{s.get_role_display()}）" for s in seats.order_by("position")]


def ask_other(*, visit: Visit, reason: str, by: User, now: dt.datetime) -> Visit:
    """The laboratory asks for other days, with a reason; its delay pauses the technical review."""
    if not reason.strip():
        raise ValidationError(_("Say why these days do not suit and which would."))

    def keep(fresh: Visit) -> None:
        fresh.reason = reason.strip()

    door.perform(visit, "ask_other", by=by, now=now, reason=reason, before=keep)
    return visit


def demand_record(assessment: Assessment, by: User) -> Assessment:
    """Lock the case and demand that the person may record findings now. Call inside a transaction."""
    fresh: Any = door.lock(assessment)
    if not rules.has_perm("assessments.Assessment.record", by, fresh):
        raise door.Refused(door.reasons.of("assessments.Assessment.record"))
    if fresh.state != AssessmentState.VISITING:
        raise door.Stale(door.stale_message(fresh))
    return fresh  # type: ignore[no-any-return]


def check_in(
    *,
    assessment: Assessment,
    site: Site,
    latitude: Decimal | None,
    longitude: Decimal | None,
    accuracy_m: int | None,
    device: str,
    note: str,
    by: User,
    now: dt.datetime,
) -> CheckIn:
    """Record presence on site; what is odd about it is kept as an anomaly to look into, never refused."""
    with transaction.atomic():
        fresh = demand_record(assessment, by)
        if not fresh.application.sites.filter(pk=site.pk).exists():
            raise ValidationError(_("This site does not belong to the application."))
        visit = Visit.objects.get(assessment=fresh, state=VisitState.AGREED)
        assessor = Assessor.objects.get(user=by)
        checkin = CheckIn(
            visit=visit, assessor=assessor, site=site, at=now, latitude=latitude, longitude=longitude,
            accuracy_m=accuracy_m, device=device[:200], note=note[:200],
        )  # fmt: skip
        checkin.distance_m = _distance(checkin, site)
        checkin.anomaly = _anomaly(checkin, visit, fresh) or ""
        checkin.save()
    return checkin


def _distance(checkin: CheckIn, site: Site) -> int | None:
    if checkin.latitude is None or checkin.longitude is None or site.coordinates is None:
        return None
    return round(distance_m((float(checkin.latitude), float(checkin.longitude)), site.coordinates))


def distance_m(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Great-circle distance in metres between two points in degrees (haversine)."""
    lat1, lon1, lat2, lon2 = (math.radians(v) for v in (*here, *there))
    a = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(a))


def _anomaly(checkin: CheckIn, visit: Visit, assessment: Assessment) -> Anomaly | None:
    if not visit.from_on <= timezone.localdate(checkin.at) <= visit.to_on:
        return Anomaly.DAY
    if checkin.latitude is None:
        return Anomaly.NO_PLACE
    radius_m = setting(assessment.application.authority, "checkin_radius_km") * 1000
    if checkin.distance_m is not None and checkin.distance_m > radius_m:
        return Anomaly.FAR
    return Anomaly.TWO_PLACES if _elsewhere(checkin) else None


def _elsewhere(checkin: CheckIn) -> bool:
    # One hour is too short for two sites that each lie in another place.
    near = CheckIn.objects.filter(
        assessor=checkin.assessor, at__gte=checkin.at - dt.timedelta(hours=1), at__lte=checkin.at
    ).exclude(site=checkin.site)
    here = (float(checkin.latitude or 0), float(checkin.longitude or 0))
    return any(
        c.latitude is not None
        and c.longitude is not None
        and distance_m(here, (float(c.latitude), float(c.longitude))) > 50_000
        for c in near.order_by("pk")
    )
