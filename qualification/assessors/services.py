"""Draw a team, send offers, take the answers, and draw the next by itself."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from qualification import door, statements
from qualification.assessments.enums import AssessmentState, Mode
from qualification.assessors import draw
from qualification.assessors.enums import Exclusion, OfferState, SeatRole, TieKind
from qualification.assessors.models import Assessor, Draw, Offer, Seat, Tie
from qualification.assessors.queries import Judged, candidates, judge_pool
from qualification.regions.settings import setting

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.assessments.models import Assessment


def draw_team(*, assessment: Assessment, by: User, now: dt.datetime, size: int | None = None, seed: str = "") -> Draw:
    """Draw the whole team and send the offers; seats without a candidate are escalated with the reason.

    `size` is at least the authority's minimum. The seed is random unless a draw is repeated.
    """
    least = setting(assessment.application.authority, "team_min")
    wanted = max(size or least, least)
    seed = seed or secrets.token_hex(16)
    record: list[Draw] = []

    def seats(fresh: Assessment) -> None:
        judged = judge_pool(fresh, today=timezone.localdate(now))
        drawn = draw.draw_team(
            seed=seed, candidates=candidates(judged), fields=fresh.application.field_codes, size=wanted
        )
        record.append(_record(fresh, seed, judged, drawn, by, now, {"size": wanted}))
        _make_seats(fresh, drawn)

    with transaction.atomic():
        door.perform(assessment, "draw_team", by=by, now=now, before=seats, facts={"seed": seed})
        _send_offers(assessment, record[0], now)
    return record[0]


def _make_seats(assessment: Assessment, drawn: draw.Drawn) -> None:
    Seat.objects.bulk_create(
        Seat(
            assessment=assessment, position=i, field_codes=list(place.fields),
            role=SeatRole.LEADER if place.is_leader else SeatRole.MEMBER,
        )
        for i, place in enumerate(drawn.places)
    )  # fmt: skip


def _record(
    assessment: Assessment,
    seed: str,
    judged: Sequence[Judged],
    drawn: draw.Drawn,
    by: User | None,
    now: dt.datetime,
    wanted: dict[str, Any],
) -> Draw:
    with translation.override(settings.LANGUAGE_CODE):
        shortage = _shortage(drawn, fit=sum(j.is_fit for j in judged), judged=len(judged))
    record = Draw(
        assessment=assessment, seed=seed, drawn_at=now, drawn_by=by,
        wanted={**wanted, "fields": sorted(assessment.application.field_codes)},
        candidates=[_told(j) for j in judged if j.is_fit],
        excluded=[{**_told(j), "reasons": [str(e.value) for e in j.exclusions]} for j in judged if not j.is_fit],
        chosen=[p.candidate.id if p.candidate else 0 for p in drawn.places],
        shortage=shortage,
    )  # fmt: skip
    statements.insert([record])
    return record


def _told(judged: Judged) -> dict[str, Any]:
    assessor = judged.assessor
    return {
        "id": assessor.pk, "uuid": str(assessor.uuid), "name": str(assessor), "home": assessor.home.code,
        "grade": assessor.grade, "fields": sorted(assessor.field_codes),
    }  # fmt: skip


def shortage_of(record: Draw) -> str:
    """Why seats of this draw stay empty, in the active language; empty when none does."""
    if all(record.chosen):
        return ""
    drawn = draw.drawn_again(seed=record.seed, candidates=record.candidates, wanted=record.wanted)
    return _shortage(drawn, fit=len(record.candidates), judged=len(record.candidates) + len(record.excluded))


def _shortage(drawn: draw.Drawn, *, fit: int, judged: int) -> str:
    empty = [p for p in drawn.places if p.candidate is None]
    if not empty:
        return ""
    parts = [
        _("%(empty)s seats stay empty; %(fit)s of %(all)s assessors are fit.")
        % {"empty": len(empty), "fit": fit, "all": judged}
    ]
    if any(p.is_leader for p in empty):
        parts.append(_("No lead assessor is fit."))
    if drawn.uncovered:
        parts.append(_("Fields nobody covers: %s.") % ", ".join(drawn.uncovered))
    return " ".join(parts)


def _send_offers(assessment: Assessment, record: Draw, now: dt.datetime) -> None:
    seats = Seat.objects.filter(assessment=assessment, assessor__isnull=True).order_by("position")
    for seat, chosen in zip(seats, record.chosen, strict=True):
        if chosen:
            _offer(seat, chosen, record, now)
    if record.shortage:
        door.perform(assessment, "lack_candidates", by=None, now=now, reason=record.shortage)


def _offer(seat: Seat, assessor_id: int, record: Draw, now: dt.datetime) -> Offer:
    offer: Offer = Offer(application_id=seat.assessment.application_id, seat=seat, assessor_id=assessor_id, draw=record)
    statements.insert([offer])
    door.perform(offer, "send", by=None, now=now, facts={"seat": seat.pk})
    return offer


def draw_next(*, seat: Seat, now: dt.datetime, by: User | None = None, seed: str = "") -> Draw:
    """Draw the next candidate for one open seat and send the offer; nobody left is escalated.

    The seed is random unless a draw is repeated.
    """
    assessment = seat.assessment
    judged = judge_pool(assessment, today=timezone.localdate(now))
    seed = seed or secrets.token_hex(16)
    is_leader = seat.role == SeatRole.LEADER
    found = draw.draw_one(seed=seed, candidates=candidates(judged), fields=seat.field_codes, leader=is_leader)
    drawn = draw.one_place(found, fields=seat.field_codes, leader=is_leader)
    wanted = {"seat": seat.pk, "leader": is_leader, "seat_fields": sorted(seat.field_codes)}
    record = _record(assessment, seed, judged, drawn, by, now, wanted)
    if found:
        _offer(seat, found.id, record, now)
    else:
        door.perform(assessment, "lack_candidates", by=None, now=now, reason=record.shortage, facts={"seat": seat.pk})
    return record


def draw_again(*, assessment: Assessment, by: User, now: dt.datetime, seed: str = "") -> list[Draw]:
    """Draw again for the seats that have neither an assessor nor an offer out, after the pool has changed."""
    with transaction.atomic():
        door.perform(assessment, "draw_again", by=by, now=now, before=_demand_empty_seat)
        return [draw_next(seat=seat, now=now, by=by, seed=seed) for seat in empty_seats(assessment)]


def empty_seats(assessment: Assessment) -> list[Seat]:
    """Seats with neither an assessor nor an open offer."""
    seats = Seat.objects.filter(assessment=assessment, assessor__isnull=True)
    return list(seats.exclude(offers__state__in=OfferState.open()).order_by("position"))


def _demand_empty_seat(assessment: Assessment) -> None:
    if not empty_seats(assessment):
        raise door.Stale(_("Every seat is taken or offered; there is nothing to draw."))


def accept(*, offer: Offer, by: User, now: dt.datetime) -> Offer:
    """The assessor takes the seat; with the last seat the leader receives the file."""

    def sit(fresh: Offer) -> None:
        _demand_still_fit(fresh, timezone.localdate(now))
        Seat.objects.filter(pk=fresh.seat_id).update(assessor_id=fresh.assessor_id, filled_at=now)

    with transaction.atomic():
        door.perform(offer, "accept", by=by, now=now, before=sit, facts={"seat": offer.seat_id})
        assessment = offer.seat.assessment
        if not Seat.objects.filter(assessment=assessment, assessor__isnull=True).exists():
            door.perform(assessment, _completes(assessment), by=None, now=now)
    return offer


def _completes(assessment: Assessment) -> str:
    return "begin_check" if assessment.mode == Mode.COMMITMENT else "complete_team"


def _demand_still_fit(offer: Offer, today: dt.date) -> None:
    # A tie, a suspension or the end of the certificate may have come since the draw.
    lasting = {Exclusion.STANDING, Exclusion.CERTIFICATE, Exclusion.TIE, Exclusion.CONFLICT}
    (judged,) = judge_pool(offer.seat.assessment, today=today, only=offer.assessor_id)
    found = [str(e.label) for e in judged.exclusions if e in lasting]
    if found:
        raise door.Stale(_(", ").join(found))


def decline(*, offer: Offer, reason: str, by: User, now: dt.datetime, seed: str = "") -> Offer:
    """The assessor declines with a reason; the next is drawn by itself, with the seed if one is given."""
    if not reason.strip():
        raise ValidationError(_("Say why you decline; the coordinator and the record need it."))

    def keep(fresh: Offer) -> None:
        fresh.reason = reason.strip()

    with transaction.atomic():
        door.perform(offer, "decline", by=by, now=now, reason=reason, before=keep, facts={"seat": offer.seat_id})
        _next_after(offer, now, seed)
    return offer


def decline_for_tie(*, offer: Offer, kind: str, note: str, by: User, now: dt.datetime, seed: str = "") -> Offer:
    """The assessor declines for a tie to the laboratory, which is kept and recuses from later draws, too."""
    if kind not in TieKind.values:
        raise ValidationError(_("Say what ties you to the laboratory."))
    reason = ": ".join(filter(None, [str(TieKind(kind).label), note.strip()]))
    with transaction.atomic():
        decline(offer=offer, reason=reason, by=by, now=now, seed=seed)
        known = {"assessor_id": offer.assessor_id, "laboratory_id": offer.application.laboratory_id, "kind": kind}
        tie = Tie.objects.filter(**known).first() or Tie(**known)
        tie.until_on, tie.note = None, note.strip()[:200]
        tie.save()
    return offer


def expire(*, offer: Offer, now: dt.datetime, seed: str = "", article: str = "") -> Offer:
    """The time to answer ran out; the next is drawn by itself, with the seed if one is given."""
    with transaction.atomic():
        door.perform(offer, "expire", by=None, now=now, article=article, facts={"seat": offer.seat_id})
        _next_after(offer, now, seed)
    return offer


def _next_after(offer: Offer, now: dt.datetime, seed: str) -> None:
    seat = Seat.objects.select_related("assessment__application__authority").get(pk=offer.seat_id)
    if seat.assessment.state == AssessmentState.OFFERING:
        draw_next(seat=seat, now=now, seed=seed)


def team_of(assessment: Assessment) -> list[Assessor]:
    """The members of the team, the leader first."""
    seats = Seat.objects.filter(assessment=assessment, assessor__isnull=False)
    return [s.assessor for s in seats.select_related("assessor__user").order_by("position") if s.assessor]
