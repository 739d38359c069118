"""What the law says of a certificate at 24:00 of its last day: deemed renewed, or expired.

The answer is that of the end itself. Whoever asks later, before or after the sweep has recorded it, gets the same: a
renewal withdrawn, refused or granted since was undecided then, and one that had lapsed by then was not.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from dateutil.relativedelta import relativedelta
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from qualification.applications.enums import ApplicationState, Kind, SupplementState
from qualification.applications.models import Application
from qualification.models import TransitionLog
from qualification.regions import limits
from qualification.regions.settings import setting

if TYPE_CHECKING:
    from qualification.certificates.models import Certificate
    from qualification.regions.models import Authority

# Where a query has read the renewals of many certificates at once.
READ = "renewals_received"


def received() -> QuerySet[Application]:
    """Renewals handed in, the first first, with what is needed to say how they stood at an end."""
    lapses = TransitionLog.objects.filter(
        application=OuterRef("pk"), subject_type=Application._meta.label, verb="lapse"
    ).order_by("-pk")
    rows = Application.objects.filter(kinds__contains=[Kind.RENEWAL], submitted_at__isnull=False)
    return (
        rows.annotate(lapsed_as_of=Subquery(lapses.values("facts__as_of")[:1]), newest=limits.newest_entry_subquery())
        .select_related("supplement", "authority__profile")
        .order_by("submitted_at", "pk")
    )


def with_renewals(certificates: QuerySet[Certificate]) -> QuerySet[Certificate]:
    """The certificates with the renewals their status may hang on: one query more, however many there are."""
    open_ended = received().filter(certificate__state="valid", certificate__deemed_renewed_on=None)
    return certificates.prefetch_related(Prefetch("applications", open_ended, to_attr=READ))


def end_of(certificate: Certificate) -> dt.datetime:
    """24:00 of the last day, exclusive."""
    return timezone.make_aware(dt.datetime.combine(certificate.valid_until + dt.timedelta(days=1), dt.time()))


def last_day_to_renew(certificate: Certificate, newest: int | None = None) -> dt.date:
    """The last day on which a renewal is in time, by the limit in force when the certificate's validity began.

    Counted backward from the end, it never rolls. `newest` is the newest entry of a limit, where it is known.
    """
    in_force = limits.current(newest).of(certificate.authority_id, "renewal_months", certificate.valid_from)
    return certificate.valid_until - relativedelta(months=in_force.value)


def undecided(certificate: Certificate) -> Application | None:
    """The renewal that was received in time and not decided at 24:00 of the last day; None where there is none."""
    rows = getattr(certificate, READ, None)
    if rows is None:
        rows = received().filter(certificate=certificate)
    end = end_of(certificate)
    return next((case for case in rows if _is_in_time(case, certificate) and _is_undecided(case, end)), None)


def _is_in_time(case: Any, certificate: Certificate) -> bool:
    return timezone.localdate(case.submitted_at) <= last_day_to_renew(certificate, case.newest or 0)


def _is_undecided(case: Any, end: dt.datetime) -> bool:
    """No decision was released and nothing had ended the case, at a moment that is over."""
    if case.released_at is not None:
        return bool(case.released_at >= end)
    ended_at = _ended_at(case)
    return ended_at is None or ended_at >= end


def _ended_at(case: Any) -> dt.datetime | None:
    """When a case that was not decided ended: for a lapse the end of its limit, however late it was recorded."""
    if case.state == ApplicationState.LAPSED and case.lapsed_as_of:
        return parse_datetime(str(case.lapsed_as_of))
    supplement = getattr(case, "supplement", None)
    if case.closed_at is None and supplement is not None and supplement.state == SupplementState.SENT:
        return _end_of_supplement(case)
    return case.closed_at  # type: ignore[no-any-return]


def _end_of_supplement(case: Any) -> dt.datetime | None:
    """The end of the time for a supplement that is awaited: past it, the case has lapsed though nobody has recorded it."""
    from qualification.applications.services.intake import due_day

    known = due_day.ask(case, "supplement") if due_day.ask else None
    return timezone.make_aware(dt.datetime.combine(known[0] + dt.timedelta(days=1), dt.time())) if known else None


def granted(certificate: Certificate) -> Application | None:
    """The renewal that was granted and whose certificate is still to be issued."""
    rows = Application.objects.filter(certificate=certificate, kinds__contains=[Kind.RENEWAL])
    return rows.filter(state__in=[ApplicationState.GRANTED, ApplicationState.ISSUING]).order_by("pk").first()


def refusal_ends(authority: Authority) -> bool:
    """Whether the refusal of a renewal ends what the law has granted meanwhile, by the setting of the region."""
    return bool(setting(authority, "deemed_renewal_refused") == "ends")


def ended_by_refusal(case: Application) -> bool:
    """Whether a renewal that deemed a certificate renewed has been refused since, and that ended it."""
    return case.state == ApplicationState.REFUSED and refusal_ends(case.authority)
