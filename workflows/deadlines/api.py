"""The interface for programs at /api/v1/: one's own deadlines, why a date is that date, and the count itself.

It only reads. Whoever has signed in uses the session, a program a personal secret as `Authorization: Bearer ...`.
"""

from __future__ import annotations

import datetime as dt
import uuid as uuids
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Field, NinjaAPI, Query, Schema
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.security import HttpBearer, SessionAuth
from ninja.throttling import AnonRateThrottle, AuthRateThrottle

from qualification.accounts.models import User
from qualification.door import may
from qualification.regions import calendars
from qualification.regions.models import Authority
from workflows.clocks import counting, ledger
from workflows.clocks import queries as clocks
from workflows.clocks.counting import ZONE, Count, Term
from workflows.clocks.enums import Unit
from workflows.clocks.models import Clock
from workflows.deadlines import services
from workflows.deadlines.enums import Scope
from workflows.deadlines.queries import Deadline, absolute, deadlines_of

LARGEST_PAGE = 200
TIME_ZONE = "Asia/Shanghai"


class Bearer(HttpBearer):
    """A personal secret for programs."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        """Whose secret it is."""
        return services.owner_of(token, Scope.API)


class Session(SessionAuth):
    """Whoever has signed in."""

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        """The person of the session."""
        return request.user if request.user.is_authenticated else None


api = NinjaAPI(
    title="Tongzheng", version="1", urls_namespace="api", docs_url=None, auth=[Session(), Bearer()],
    description="Statutory deadlines. All moments are ISO 8601 with +08:00; a due moment is exclusive: an act before it is in time.",
)  # fmt: skip


class Moment(Schema):
    """What every date is told with."""

    time_zone: str = TIME_ZONE


class DeadlineOut(Moment):
    """One limit that waits for the person."""

    id: uuids.UUID
    what: str
    limit: str
    code: str
    case: str
    laboratory: str
    region: str
    due_at: dt.datetime = Field(description="Exclusive: an act before this moment is in time.")
    last_day: dt.date
    is_provisional: bool
    is_overdue: bool
    edition: str
    case_url: str
    task_url: str


class DeadlinePage(Moment):
    """A page of deadlines, the first due first."""

    count: int
    page: int
    size: int
    items: list[DeadlineOut]


class DayOut(Schema):
    """One day after the start: the how-manieth it is, or null where it is not counted, and why."""

    day: dt.date
    number: int | None
    kind: str
    name: str
    is_provisional: bool


class CountOut(Moment):
    """A count, day by day."""

    started_on: dt.date
    limit: int
    unit: str
    region: str
    last_day: dt.date | None = Field(description="Null while the limit is paused.")
    due_at: dt.datetime | None
    is_provisional: bool
    calendar_edition: int
    days: list[DayOut]


class LimitOut(CountOut):
    """A stored limit with its count."""

    id: uuids.UUID
    code: str
    label: str
    article: str
    state: str
    edition: str
    extension: int
    why_url: str


class Sentence(Schema):
    """What was wrong, in words."""

    message: str


class Filters(Schema):
    """Which deadlines."""

    code: str = ""
    overdue: bool | None = None
    before: dt.date | None = None
    page: int = Field(1, ge=1)
    size: int = Field(50, ge=1, le=LARGEST_PAGE)


OWN = AuthRateThrottle("600/h")
PUBLIC = AnonRateThrottle("300/h")


@api.get("/deadlines", response=DeadlinePage, throttle=[OWN], summary="What waits for me, the first due first")
def deadlines(request: HttpRequest, asked: Query[Filters]) -> dict[str, Any]:
    """The tasks of the person's inbox that a limit runs for. `before`: due on or before that day."""
    now = dt.datetime.now(ZONE)
    found = [one for one in deadlines_of(_person(request)) if _matches(one, asked, now)]
    begin = (asked.page - 1) * asked.size
    items = [_deadline(one, now) for one in found[begin : begin + asked.size]]
    return {"count": len(found), "page": asked.page, "size": asked.size, "items": items}


def _matches(one: Deadline, asked: Filters, now: dt.datetime) -> bool:
    if asked.code and one.clock.code != asked.code:
        return False
    if asked.overdue is not None and (one.due_at <= now) != asked.overdue:
        return False
    return asked.before is None or (one.clock.due_on is not None and one.clock.due_on <= asked.before)


def _deadline(one: Deadline, now: dt.datetime) -> dict[str, Any]:
    clock = one.clock
    return {
        "id": one.uuid, "what": one.what, "limit": str(clock.policy.label), "code": clock.code, "case": one.case,
        "laboratory": one.laboratory, "region": clock.authority.code, "due_at": one.due_at.astimezone(ZONE),
        "last_day": clock.due_on, "is_provisional": clock.is_provisional, "is_overdue": one.due_at <= now,
        "edition": clock.edition, "case_url": one.case_url, "task_url": one.task_url,
    }  # fmt: skip


@api.get(
    "/limits/{uuid}", response={200: LimitOut, 404: Sentence}, throttle=[OWN], summary="Why a limit ends on its day"
)
def limit(request: HttpRequest, uuid: uuids.UUID) -> Any:
    """Each day counted or skipped, and why; for whoever may see the case."""
    clock = clocks.clock_for_page(uuid)
    if clock is None or not may(_person(request), "see", clock):
        raise HttpError(404, str(_("There is no such limit, or it is not yours to see.")))
    known = calendars.current()
    extension = ledger.extension_of(clock)
    return _count(ledger.count_of(clock, known.of(clock.authority_id)), clock.started_on, clock.budget, clock.unit) | {
        "id": clock.uuid, "code": clock.code, "label": str(clock.policy.label), "article": str(clock.policy.article),
        "state": clock.state, "edition": clock.edition, "extension": extension.days if extension else 0,
        "region": clock.authority.code, "why_url": absolute(clock.get_absolute_url()), **_stored(clock),
    }  # fmt: skip


def _stored(clock: Clock) -> dict[str, Any]:
    """The day in force is the stored one: of a limit that has ended it stays, whatever the calendar became."""
    due = clock.due_at.astimezone(ZONE) if clock.due_at else None
    return {
        "last_day": clock.due_on, "due_at": due, "is_provisional": clock.is_provisional,
        "calendar_edition": clock.calendar_edition,
    }  # fmt: skip


class Due(Schema):
    """A count that is asked for."""

    date: dt.date = Field(description="The day of the event; it is not counted.")
    limit: int = Field(ge=1, le=counting.LONGEST_LIMIT)
    unit: Literal["working", "calendar", "months"] = "working"
    region: str = Field("", description="Code of an authority; without it the national calendar.")


@api.get(
    "/due", response={200: CountOut, 422: Sentence}, auth=None, throttle=[PUBLIC], summary="The last day of a limit"
)
def due(request: HttpRequest, asked: Query[Due]) -> Any:
    """The same count as `manage.py due` and every stored limit; for anybody."""
    authority = Authority.objects.real().filter(code=asked.region).first() if asked.region else None
    if asked.region and authority is None:
        raise HttpError(422, str(_("There is no authority %(code)s.") % {"code": asked.region}))
    try:
        counted = counting.count(Term(asked.date, asked.limit, Unit(asked.unit)), calendars.calendar_for(authority))
    except (counting.ImpossibleTerm, OverflowError, ValueError) as error:
        raise HttpError(422, str(_("This cannot be counted: the end lies beyond the calendar."))) from error
    return _count(counted, asked.date, asked.limit, asked.unit) | {"region": asked.region}


def _count(counted: Count, started_on: dt.date, budget: int, unit: str) -> dict[str, Any]:
    days = [
        {"day": line.day, "number": line.number, "kind": str(line.kind), "name": line.name,
         "is_provisional": line.is_provisional}
        for line in counted.lines
    ]  # fmt: skip
    return {
        "started_on": started_on, "limit": budget, "unit": unit, "last_day": counted.last_day,
        "due_at": counted.due_at, "is_provisional": counted.is_provisional,
        "calendar_edition": calendars.newest_edition(), "days": days,
    }  # fmt: skip


def _person(request: HttpRequest) -> User:
    return request.auth  # type: ignore[attr-defined, no-any-return]


def _says(request: HttpRequest, message: str, status: int) -> HttpResponse:
    return api.create_response(request, {"message": message}, status=status)


@api.exception_handler(HttpError)
def refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What was wrong, in words."""
    return _says(request, error.message, error.status_code)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Which value of the address is wrong."""
    faults = [f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors]
    return _says(request, str(_("This is not understood: %(faults)s") % {"faults": "; ".join(faults)}), 422)


@api.exception_handler(AuthenticationError)
def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """Neither signed in nor with a secret that opens this."""
    says = _("Sign in, or send a personal secret for programs as “Authorization: Bearer …”.")
    answer = _says(request, str(says), 401)
    answer["WWW-Authenticate"] = "Bearer"
    return answer


@api.exception_handler(Throttled)
def too_often(request: HttpRequest, error: Throttled) -> HttpResponse:
    """Too many calls in an hour."""
    answer = _says(request, str(_("Too many calls within an hour. Try again later.")), 429)
    answer["Retry-After"] = str(error.wait or services.HOUR)
    return answer
