"""Draws of teams as the public sees them.

Until the team's report is handed in nobody outside learns who assesses, so seed and names stay closed: with the seed
and an assessor's public id anybody could work out who was drawn. What is published at once is the seed's SHA-256, which
binds the authority to it, and an id for each place that means nothing outside this draw.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from qualification.assessors.models import Assessor, Draw, Seat
from qualification.certificates.listing import regions
from qualification.pages.lists import Column, Filter, ListPage

SALT = "qualification.published-draw"
APPLICATION = "assessment__application"


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody drawn: a name once the report is in, before that an id of this draw alone."""

    text: str
    is_name: bool


def rows() -> QuerySet[Draw]:
    """Draws of the five authorities; none of a trial authority."""
    seats = Seat.objects.filter(assessor__isnull=False).order_by("pk")
    return (
        Draw.objects.filter(**{f"{APPLICATION}__authority__is_trial": False})
        .select_related(f"{APPLICATION}__authority", f"{APPLICATION}__laboratory")
        .prefetch_related(Prefetch("assessment__seats", seats))
    )


def is_open(draw: Draw) -> bool:
    """Whether team and seed are public: the report has been handed in."""
    return draw.assessment.reported_at is not None


def commitment(draw: Draw) -> str:
    """What binds to the seed before it is shown."""
    return hashlib.sha256(draw.seed.encode()).hexdigest()


def anonymous(draw: Draw, assessor_id: int) -> str:
    """An id of a person drawn that means nothing outside this draw."""
    return salted_hmac(SALT, f"{draw.uuid}:{assessor_id}", algorithm="sha256").hexdigest()[:8]


def published_seed(draw: Draw) -> str:
    """The seed once it is public."""
    return draw.seed if is_open(draw) else ""


def laboratory_name(draw: Draw) -> str:
    """Whom the team assesses, once that is public."""
    return draw.assessment.application.laboratory.name if is_open(draw) else ""


def with_places(draws: list[Draw]) -> None:
    """Put on each draw whom it drew: one query for all names. Who was drawn and did not serve stays unnamed."""
    wanted = {pk for draw in draws if is_open(draw) for pk in draw.chosen}
    names = {a.pk: a.user.name for a in Assessor.objects.filter(pk__in=wanted).select_related("user")}
    for draw in draws:
        # A person named in one draw may sit unnamed in another that is still closed.
        served = {seat.assessor_id for seat in draw.assessment.seats.all()} if is_open(draw) else set()
        draw.places = [_place(draw, pk, names if pk in served else {}) for pk in draw.chosen if pk]  # type: ignore[attr-defined]


def _place(draw: Draw, pk: int, names: dict[int, str]) -> Place:
    return Place(names[pk], True) if pk in names else Place(anonymous(draw, pk), False)


def draws_page(request: HttpRequest) -> ListPage:
    """The draws, the newest first."""
    return ListPage(
        request,
        rows(),
        columns=(
            Column("drawn", _("Drawn"), value=lambda row: row.drawn_at, sort=("drawn_at",)),
            Column("case", _("Case"), value=lambda row: row.assessment.application.reference, sort=(f"{APPLICATION}__reference",), template="certificates/public/_case_cell.html"),
            Column("region", _("Region"), value=lambda row: row.assessment.application.authority.region, sort=(f"{APPLICATION}__authority__code",)),
            Column("candidates", _("Candidates"), value=lambda row: len(row.candidates), is_number=True),
            Column("team", _("Drawn people"), value=_team_text, template="certificates/public/_team_cell.html"),
            Column("seed", _("Seed"), value=lambda row: published_seed(row) or f"SHA-256 {commitment(row)}", template="certificates/public/_seed_cell.html"),
        ),
        search=(f"{APPLICATION}__reference",),
        filters=(Filter("region", _("Region"), regions, lookup=f"{APPLICATION}__authority__code"),),
        default_sort="-drawn",
        file_name="draws",
    )  # fmt: skip


def _team_text(draw: Draw) -> str:
    if not hasattr(draw, "places"):
        with_places([draw])
    return ", ".join(place.text for place in draw.places)  # type: ignore[attr-defined]


def finish(listing: ListPage) -> ListPage:
    """Put team and seed on each row of the page."""
    draws = list(listing.page)
    with_places(draws)
    for draw in draws:
        draw.shown_seed, draw.bound_by = published_seed(draw), commitment(draw)  # type: ignore[attr-defined]
        draw.shown_laboratory = laboratory_name(draw)  # type: ignore[attr-defined]
    listing.page.object_list = draws
    return listing
