"""The board of the time limits."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from qualification.access import roles
from qualification.accounts.enums import NATIONAL_ROLES
from qualification.accounts.models import User
from workflows.board import queries
from workflows.board.enums import AT_RISK, AT_RISK_LABEL, BOARD_ROLES, Tone
from workflows.board.lists import clocks_page, with_chips
from workflows.board.pictures import bars

readers = roles(*sorted(BOARD_ROLES | NATIONAL_ROLES))
TILES = (Tone.OVERDUE, Tone.TODAY, Tone.WEEK)


def _tile(label: object, icon: str, look: str, count: int, tone: str) -> dict[str, object]:
    url = f"{reverse('board:list')}?{urlencode({'tone': tone})}"
    return {"label": label, "icon": icon, "look": look if count else "neutral", "count": count, "url": url}


def _tiles(board: queries.Board) -> list[dict[str, object]]:
    total = board.total
    tiles = [_tile(tone.label, tone.icon, tone.look, total.counts[tone.value], tone.value) for tone in TILES]
    return [*tiles, _tile(AT_RISK_LABEL, "hourglass-low", "warn", total.at_risk, AT_RISK)]


@readers
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """How the open time limits stand now."""
    now = timezone.now()
    board = queries.board_of(cast(User, request.user), now)
    context = {"board": board, "tiles": _tiles(board), "tones": list(Tone), "picture": bars(board.stages), "now": now}
    return render(request, "board/home.html", context)


@readers
@require_safe
def clocks(request: HttpRequest) -> HttpResponseBase:
    """The time limits behind a number."""
    now = timezone.now()
    listing = clocks_page(request, cast(User, request.user), now)
    if listing.wants_export:
        return listing.export()
    return render(request, "board/list.html", {"listing": with_chips(listing, now)})
