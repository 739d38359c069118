"""What the pages of teams, draws, offers and the pool show, made ready for their templates."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from qualification import door
from qualification.accounts.enums import Role
from qualification.applications.queries import visible_to as visible_applications
from qualification.assessments.enums import AssessmentState
from qualification.assessors import draw
from qualification.assessors.enums import Exclusion, Grade, OfferState, SeatRole
from qualification.assessors.models import Assessor, Draw, Offer, Seat
from qualification.assessors.queries import Judged, judge_pool
from qualification.assessors.services import shortage_of
from qualification.models import TransitionLog
from qualification.regions.models import Authority, DictionaryEntry
from qualification.regions.settings import setting
from qualification.scope.enums import Level
from qualification.scope.models import CapabilityTable

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.applications.models import Application
    from qualification.assessments.models import Assessment

OFFER_LOOK = {
    OfferState.DRAWN: ("dice", "neutral"),
    OfferState.SENT: ("hourglass", "warn"),
    OfferState.ACCEPTED: ("circle-check", "good"),
    OfferState.DECLINED: ("circle-x", "bad"),
    OfferState.EXPIRED: ("clock-off", "bad"),
    OfferState.VOID: ("ban", "neutral"),
}
SOON_DAYS = 90


def field_names() -> dict[str, str]:
    """The fields of competence by code, in the reader's language."""
    entries = DictionaryEntry.objects.filter(kind=DictionaryEntry.Kind.FIELD).order_by("code")
    return {entry.code: entry.name for entry in entries}


def tables_with_sizes(application: Application) -> list[CapabilityTable]:
    """The capability tables of a case; `size` is how many abilities each applies for."""
    rows = CapabilityTable.objects.filter(application=application).select_related("site")
    size = Count("rows", filter=Q(rows__level=Level.PARAMETER))
    return list(rows.annotate(size=size).order_by("site_id", "is_food"))


def summary(application: Application) -> dict[str, Any]:
    """What somebody may know before saying yes: laboratory, region, sites, fields, kinds, sizes. Not the file."""
    return {
        "application": application,
        "sites": list(application.sites.select_related("authority").order_by("pk")),
        "tables": tables_with_sizes(application),
    }


# -- the team of a case


@dataclass(frozen=True, slots=True)
class SeatLine:
    """One seat with everybody it was offered to, the newest last, and why it is empty."""

    seat: Seat
    offers: list[Offer]
    shortage: str

    @property
    def open_offer(self) -> Offer | None:
        """The offer that waits for its answer."""
        return next((offer for offer in self.offers if offer.state in OfferState.open()), None)

    @property
    def is_empty(self) -> bool:
        """Neither taken nor offered to anybody."""
        return self.seat.assessor_id is None and self.open_offer is None


@dataclass(frozen=True, slots=True)
class ReasonBar:
    """How many of the pool are out for one reason."""

    value: str
    label: str
    count: int
    total: int


@dataclass(frozen=True, slots=True)
class Pool:
    """The pool judged for one case."""

    judged: Sequence[Judged]

    @property
    def fit(self) -> list[Judged]:
        """Who may be drawn."""
        return [one for one in self.judged if one.is_fit]

    @property
    def leaders(self) -> int:
        """How many of the fit may lead."""
        return sum(one.assessor.grade == Grade.LEADER for one in self.fit)

    @property
    def reasons(self) -> list[ReasonBar]:
        """Why the others are out, the most frequent first; somebody may be out for several reasons."""
        counts = Counter(reason for one in self.judged for reason in one.exclusions)
        return [ReasonBar(r.value, str(r.label), n, len(self.judged)) for r, n in counts.most_common()]

    def out(self, reason: str = "") -> list[Judged]:
        """Who may not be drawn, all or for one reason."""
        return [one for one in self.judged if not one.is_fit and (not reason or reason in one.exclusions)]


def seat_lines(assessment: Assessment) -> list[SeatLine]:
    """The seats in their order."""
    offers: dict[int, list[Offer]] = {}
    rows = Offer.objects.filter(seat__assessment=assessment).select_related("assessor__user", "assessor__home", "draw")
    for offer in rows.order_by("pk"):
        offers.setdefault(offer.seat_id, []).append(offer)
    shortages = _shortages(assessment)
    seats = Seat.objects.filter(assessment=assessment).select_related("assessor__user", "assessor__home")
    return [SeatLine(s, offers.get(s.pk, []), shortages.get(s.pk, "")) for s in seats.order_by("position", "pk")]


def _shortages(assessment: Assessment) -> dict[int, str]:
    """By seat, why the newest draw for it found nobody."""
    seats = list(Seat.objects.filter(assessment=assessment).order_by("position", "pk").values_list("pk", flat=True))
    found: dict[int, str] = {}
    for record in Draw.objects.filter(assessment=assessment).order_by("pk"):
        drawn_for = [record.wanted["seat"]] if "seat" in record.wanted else seats
        for seat, chosen in zip(drawn_for, record.chosen, strict=False):
            found[seat] = "" if chosen else shortage_of(record)
    return found


def team_page(assessment: Assessment, user: User, now: dt.datetime, reason: str = "") -> dict[str, Any]:
    """The page on which a team is drawn."""
    application = assessment.application
    lines = seat_lines(assessment)
    reason = reason if reason in Exclusion.values else ""
    is_forming = assessment.state in {AssessmentState.TEAMING, AssessmentState.OFFERING}
    pool = Pool(judge_pool(assessment, today=timezone.localdate(now))) if is_forming else None
    return {
        **summary(application),
        "assessment": assessment,
        "lines": lines,
        "offers_out": [line.open_offer for line in lines if line.open_offer],
        "draws": list(Draw.objects.filter(assessment=assessment).select_related("drawn_by").order_by("-pk")),
        "pool": pool,
        "out": pool.out(reason) if pool else [],
        "reason": reason,
        "least": setting(application.authority, "team_min"),
        "can_draw": door.can(user, "draw_team", assessment),
        "can_draw_again": any(line.is_empty for line in lines) and door.can(user, "draw_again", assessment),
    }


# -- the record of a draw


@dataclass(frozen=True, slots=True)
class Ranked:
    """One candidate at the place the seed gives."""

    place: int
    hash: str
    candidate: dict[str, Any]
    seats: list[str]


def ranked(record: Draw) -> list[Ranked]:
    """The candidates in the order of their hashes, with the seats they were drawn for."""
    keyed = sorted((draw.rank(record.seed, c["uuid"]), c) for c in _unique(record.candidates))
    roles = _roles(record)
    return [
        Ranked(n, key, c, [roles[i] for i, chosen in enumerate(record.chosen) if chosen == c["id"]])
        for n, (key, c) in enumerate(keyed, start=1)
    ]


def _unique(candidates: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({c["uuid"]: c for c in candidates}.values())


def _roles(record: Draw) -> list[str]:
    """The role of each seat that was drawn for."""
    if "seat" in record.wanted:
        return [str(SeatRole.LEADER.label if record.wanted["leader"] else SeatRole.MEMBER.label)]
    return [str(SeatRole.MEMBER.label if i else SeatRole.LEADER.label) for i in range(len(record.chosen))]


def export(record: Draw) -> dict[str, Any]:
    """The record as data: enough for anybody to repeat the draw."""
    return {
        "draw": str(record.uuid),
        "case": record.assessment.application.reference,
        "drawn_at": record.drawn_at.isoformat(),
        "seed": record.seed,
        "order": "ascending sha256(seed + ':' + uuid), hexadecimal",
        "wanted": record.wanted,
        "candidates": [{**r.candidate, "sha256": r.hash, "place": r.place} for r in ranked(record)],
        "excluded": record.excluded,
        "chosen": record.chosen,
        "shortage": record.shortage,
    }


def draw_page(record: Draw) -> dict[str, Any]:
    """The page of one draw; the draw is repeated on the spot and compared."""
    repeated = draw.repeat(seed=record.seed, candidates=record.candidates, wanted=record.wanted)
    labels = {e.value: str(e.label) for e in Exclusion}
    excluded = [{**e, "reasons": [labels.get(r, r) for r in e["reasons"]]} for e in record.excluded]
    return {
        "record": record,
        "shortage": shortage_of(record),
        "application": record.assessment.application,
        "ranked": ranked(record),
        "excluded": excluded,
        "is_repeated": repeated == record.chosen,
        "is_single": "seat" in record.wanted,
        "fields": record.wanted.get("seat_fields", record.wanted["fields"]),
        "grades": {g.value: str(g.label) for g in Grade},
        "regions": {a.code: a.region for a in _regions(record)},
    }


def _regions(record: Draw) -> QuerySet[Any]:
    return Authority.objects.filter(code__in={c["home"] for c in [*record.candidates, *record.excluded]}).order_by(
        "code"
    )


# -- an entry of the pool


@dataclass(frozen=True, slots=True)
class Part:
    """A seat held by an assessor, and whether the reader may open its case."""

    seat: Seat
    is_visible: bool


def parts_of(assessor: Assessor, user: User) -> list[Part]:
    """The cases an assessor has a seat in, the newest first."""
    seats = Seat.objects.filter(assessor=assessor).select_related("assessment__application__laboratory")
    found = list(seats.order_by("-filled_at", "-pk")[:100])
    cases = [seat.assessment.application_id for seat in found]
    seen = set(visible_applications(user).filter(pk__in=cases).order_by("pk").values_list("pk", flat=True))
    return [Part(seat, seat.assessment.application_id in seen) for seat in found]


def answers_of(assessor: Assessor) -> dict[str, int]:
    """How many offers the assessor accepted, declined and let expire."""
    counts = Counter(Offer.objects.filter(assessor=assessor).order_by("pk").values_list("state", flat=True))
    return {state.value: counts[state] for state in (OfferState.ACCEPTED, OfferState.DECLINED, OfferState.EXPIRED)}


def validity(assessor: Assessor, today: dt.date) -> dict[str, str]:
    """The standing of the certificate as a badge."""
    if not assessor.certified_on <= today <= assessor.certified_until:
        return {"label": _("not valid"), "icon": "circle-x", "tone": "bad"}
    if (assessor.certified_until - today).days <= SOON_DAYS:
        return {"label": _("ends soon"), "icon": "alert-triangle", "tone": "warn"}
    return {"label": _("valid"), "icon": "circle-check", "tone": "good"}


def assessor_page(assessor: Assessor, user: User, now: dt.datetime) -> dict[str, Any]:
    """One entry with its record. Ties are told to the assessor and to those who keep or draw from the pool."""
    can_edit = door.may(user, "edit", assessor)
    is_own = assessor.user_id == user.pk
    sees_ties = is_own or user.has_role(Role.COORDINATOR, Role.REGION_ADMIN)
    today = timezone.localdate(now)
    return {
        "assessor": assessor, "is_own": is_own, "can_edit": can_edit, "can_be_away": is_own or can_edit,
        "validity": validity(assessor, today), "parts": parts_of(assessor, user), "answers": answers_of(assessor),
        "ties": list(assessor.ties.select_related("laboratory").order_by("pk")) if sees_ties else None,
        "absences": list(assessor.absences.filter(to_on__gte=today).order_by("from_on", "pk")),
        "trainings": list(assessor.trainings.order_by("-held_on", "-pk")),
        "hours": sum(assessor.trainings.order_by("pk").values_list("hours", flat=True)),
        "changes": changes_of(assessor) if is_own or can_edit else None,
    }  # fmt: skip


def changes_of(assessor: Assessor) -> list[dict[str, Any]]:
    """The history of an entry, the newest first."""
    rows = TransitionLog.objects.filter(subject_type=assessor._meta.label, subject_id=assessor.pk)
    return [_told(log) for log in rows.select_related("by").order_by("-pk")[:50]]


def _told(log: TransitionLog) -> dict[str, Any]:
    return {
        "what": _what(log), "who": str(log.by or ""), "at": log.at, "why": log.reason, "icon": "history",
        "tone": "neutral", "kind": "", "links": [],
    }  # fmt: skip


def _what(log: TransitionLog) -> str:
    words = {
        "add": _("Taken into the pool"), "add_tie": _("Tie entered"), "remove_tie": _("Tie removed"),
        "add_absence": _("Absence entered"), "remove_absence": _("Absence removed"),
        "add_training": _("Training entered"), "remove_training": _("Training removed"),
    }  # fmt: skip
    if log.verb != "change":
        return words.get(log.verb, log.verb)
    return "; ".join(_changed(name, *values) for name, values in log.facts.items())


def _changed(name: str, old: Any, new: Any) -> str:
    field = Assessor._meta.get_field(name)
    label = str(field.verbose_name)  # type: ignore[union-attr]
    words = {"field": label[:1].upper() + label[1:], "old": _said(field, old), "new": _said(field, new)}
    return _("%(field)s: from “%(old)s” to “%(new)s”") % words


def _said(field: Any, value: Any) -> str:
    if isinstance(value, list):
        return " ".join(value)
    return str(dict(field.choices or ()).get(value, value))
