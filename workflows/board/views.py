"""The board of the time limits."""

from __future__ import annotations

import datetime as dt
from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from qualification.access import roles
from qualification.accounts.enums import NATIONAL_ROLES
from qualification.accounts.models import User
from workflows.board import pictures, queries
from workflows.board.asking import Asked, asked_of, context_of
from workflows.board.enums import AT_RISK, BOARD_ROLES, NO_PERSON, Outcome, Tone
from workflows.board.lists import clocks_page, escalations_of, escalations_page, with_chips
from workflows.board.people import people_of
from workflows.clocks.enums import OPEN_STATES

readers = roles(*sorted(BOARD_ROLES | NATIONAL_ROLES))
TILES = (Tone.OVERDUE, Tone.TODAY, Tone.WEEK)


def _tile(
    asked: Asked, label: object, icon: str, look: str, count: int, tone: str, says: str = ""
) -> dict[str, object]:
    url = asked.url(reverse("board:list"), tone=tone)
    return {
        "label": label,
        "icon": icon,
        "look": look if count else "neutral",
        "count": count,
        "url": url,
        "says": says,
    }


def _tiles(asked: Asked, total: queries.Line) -> list[dict[str, object]]:
    tiles = [_tile(asked, tone.label, tone.icon, tone.look, total.counts[tone.value], tone.value) for tone in TILES]
    return [*tiles, _tile(asked, _("At risk"), "hourglass-low", "warn", total.at_risk, AT_RISK, _("80 % used"))]


@readers
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """How the time limits stand now, what is ahead, and how they have ended."""
    user, now = cast(User, request.user), timezone.now()
    asked = asked_of(user, request.GET)
    board = queries.board_of(user, now, asked.scope)
    shown = {
        "board": board, "now": now, "tones": list(Tone), "outcomes": list(Outcome), "tiles": _tiles(asked, board.total),
        "stage_picture": pictures.bars(board.stages), "load_picture": pictures.load(board.weeks, board.ahead),
        "trend_picture": pictures.trend(board.months),
        "region_pictures": pictures.regions(board) if len(board.regions) > 1 else [],
        "is_drawn_in_part": len(pictures.of_cases(board.stages)) < len(board.stages),
    }  # fmt: skip
    return render(request, "board/home.html", context_of(asked, **shown))


@readers
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Who has the limits of one region, and how theirs have ended in the last 90 days."""
    user, now = cast(User, request.user), timezone.now()
    asked = asked_of(user, request.GET, only=("region",))
    regions = asked.regions
    found = people_of(asked.scope, now) if len(regions) == 1 else None
    shown = {
        "now": now, "people": found, "authorities": asked.authorities, "tones": list(Tone),
        "nobody": _nobody(user, request.GET, now) if found and found.nobody else None,
    }  # fmt: skip
    return render(request, "board/people.html", context_of(asked, **shown))


def _nobody(user: User, given: QueryDict, now: dt.datetime) -> dict[str, object]:
    """By stage, the limits that no person's act ends now, and the filters that lead to them."""
    narrowed = given.copy()
    narrowed["person"] = NO_PERSON
    asked = asked_of(user, narrowed, only=("region", "person"))
    return {"asked": asked, "stages": queries.board_of(user, now, asked.scope).stages}


@readers
@require_safe
def escalations(request: HttpRequest) -> HttpResponseBase:
    """Limits that were escalated, and which of them are still open."""
    user = cast(User, request.user)
    listing = escalations_page(request, user)
    if listing.wants_export:
        return listing.export()
    waiting = escalations_of(user).filter(clock__state__in=OPEN_STATES).count()
    return render(request, "board/escalations.html", {"listing": listing, "open": waiting})


@readers
@require_safe
def clocks(request: HttpRequest) -> HttpResponseBase:
    """The time limits behind a number."""
    now = timezone.now()
    listing = clocks_page(request, cast(User, request.user), now)
    if listing.wants_export:
        return listing.export()
    return render(request, "board/list.html", {"listing": with_chips(listing, now), "now": now})
