"""What the calendars' pages show: years with their standing, a year's days, a draft's difference, a pass's progress."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count
from django.utils.translation import gettext as _

from qualification.regions import calendar_drafts, calendar_rules, calendars
from qualification.regions.calendar_difference import Difference, differences
from qualification.regions.calendar_entries import DAY
from qualification.regions.models import NATION, Authority, CalendarDay, CalendarDraft, CalendarYear
from workflows.clocks import calendar_months
from workflows.clocks.calendar_months import Picture
from workflows.clocks.calendar_standing import Standing, standing
from workflows.clocks.models import CalendarPass, Clock

if TYPE_CHECKING:
    from qualification.accounts.models import User


def standing_of(edition: CalendarYear | None) -> Standing:
    """How a year of the nation stands."""
    return standing(is_official=bool(edition and edition.is_official), has_days=edition is not None)


def is_official(year: int) -> bool:
    """Whether the State Council's days of the year are in force."""
    return year in calendars.current().of(None).official_years


@dataclass(frozen=True, slots=True)
class YearRow:
    """One year of one place in the list."""

    year: int
    edition: CalendarYear | None
    standing: Standing


def national_years(today: dt.date) -> list[YearRow]:
    """Every year from the first known to the next one, the newest first; missing ones stand there as missing."""
    newest = _newest(None)
    last = max([today.year + 1, *newest])
    first = min([today.year, *newest])
    return [YearRow(year, newest.get(year), standing_of(newest.get(year))) for year in range(last, first - 1, -1)]


def _newest(authority_id: int | None) -> dict[int, CalendarYear]:
    rows = CalendarYear.objects.filter(authority=authority_id).order_by("year", "edition")
    rows = rows.select_related("imported_by", "authority").annotate(named=Count("days"))
    return {row.year: row for row in rows}


@dataclass(frozen=True, slots=True)
class Region:
    """A region with the years for which it has days of its own."""

    authority: Authority
    years: list[CalendarYear]
    can_edit: bool


def regions(user: User) -> list[Region]:
    """The authorities whose days the person reads, with the years they changed."""
    mine = set(calendar_rules.places_edited_by(user).values_list("pk", flat=True))
    own: dict[int | None, list[CalendarYear]] = {}
    rows = CalendarYear.objects.filter(pk__in=_in_force()).annotate(named=Count("days")).order_by("-year")
    for row in rows:
        if row.named:
            own.setdefault(row.authority_id, []).append(row)
    places = calendar_rules.places_read_by(user)
    return [Region(place, own.get(place.pk, []), place.pk in mine) for place in places]


def _in_force() -> list[int]:
    """The regions' newest editions of each year."""
    rows = CalendarYear.objects.exclude(authority=None).order_by("authority_id", "year", "-edition")
    return list(rows.distinct("authority_id", "year").values_list("pk", flat=True))


def place_of(user: User, code: str) -> Authority | None:
    """The authority of a code the person may read; None for the nation. Raises Authority.DoesNotExist."""
    return None if code == NATION else calendar_rules.places_read_by(user).get(code=code)


def label_of(authority: Authority | None) -> str:
    """A place in words."""
    return authority.region if authority else _("the whole nation")


def year_picture(year: int, authority: Authority | None, draft: CalendarDraft | None = None) -> Picture:
    """A year as it counts in a place; with a draft, as it would."""
    known = calendars.current()
    before = known.of(authority.pk if authority else None)
    after = before
    if draft is not None:
        file = calendar_drafts.file_of(draft)
        after = known.replaced(file, draft.authority_id, is_official=draft.is_official).of(draft.authority_id)
    changed = {change.date for change in differences(before.special.values(), after.special.values())}
    named = calendar_drafts.file_of(draft).days if draft else days_of(year, authority)
    own = {day.date for day in named} if authority else set()
    return calendar_months.picture(
        year, after.special, own=own, changed=changed, before={day.date for day in named if day.date.year < year}
    )


def days_of(year: int, authority: Authority | None) -> list[calendars.SpecialDay]:
    """The days that the edition in force names."""
    newest = calendars.newest_of(year, authority.pk if authority else None)
    return calendars.special_days(newest) if newest else []


@dataclass(frozen=True, slots=True)
class Block:
    """Days in a row of one name and kind."""

    first: dt.date
    last: dt.date
    name: str
    is_off: bool

    @property
    def length(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1


def blocks(days: list[calendars.SpecialDay]) -> list[Block]:
    """The days as a notice tells them: holidays from their first to their last day, make-up days one by one."""
    found: list[Block] = []
    for day in days:
        one = found[-1] if found else None
        follows = one and day.is_off and one.is_off and one.name == day.name and day.date - one.last == DAY
        if one and follows:
            found[-1] = Block(one.first, day.date, day.name, True)
        else:
            found.append(Block(day.date, day.date, day.name, day.is_off))
    return found


def edition_picture(edition: CalendarYear) -> Picture:
    """An edition by itself; a region's over the nation's days of now."""
    days = calendars.special_days(edition)
    base = dict(calendars.current().of(None).special) if edition.authority_id else {}
    own = {day.date for day in days} if edition.authority_id else set()
    before = {day.date for day in days if day.date.year < edition.year}
    return calendar_months.picture(edition.year, base | {day.date: day for day in days}, own=own, before=before)


def editions_of(year: int, authority: Authority | None) -> list[CalendarYear]:
    """All editions of a year in one place, the newest first."""
    rows = CalendarYear.objects.filter(year=year, authority=authority).order_by("-edition")
    return list(rows.select_related("imported_by", "authority").annotate(named=Count("days")))


def difference_of(draft: CalendarDraft) -> list[Difference]:
    """What a draft says otherwise than the edition it was made on."""
    return differences(calendar_drafts.base_days(draft), calendar_drafts.file_of(draft).days)


def pinned(draft: CalendarDraft, changes: list[Difference]) -> dict[dt.date, str]:
    """Changed days of the nation that some regions have said themselves, with the names of those: nothing moves there."""
    if draft.authority_id is not None:
        return {}
    days = CalendarDay.objects.filter(
        calendar__in=_in_force(), calendar__authority__is_trial=False, date__in=[change.date for change in changes]
    )
    found: dict[dt.date, list[str]] = {}
    for day in days.select_related("calendar__authority").order_by("date", "calendar__authority__code"):
        found.setdefault(day.date, []).append(label_of(day.calendar.authority))
    return {date: _(", ").join(names) for date, names in found.items()}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the open clocks are worked out under an edition."""

    is_done: bool
    has_begun: bool
    checked: int
    total: int
    moved: int


def progress_of(edition: CalendarYear) -> Progress:
    """The pass that brings the edition to the open clocks; one for a newer edition brings this one too."""
    passes = CalendarPass.objects.filter(edition__gte=edition.pk)
    one = passes.filter(finished_at__isnull=False).order_by("edition").first() or passes.order_by("edition").first()
    if one is None:
        return Progress(not Clock.objects.open().exists(), False, 0, 0, 0)
    is_done = one.finished_at is not None
    return Progress(is_done, True, one.total if is_done else min(one.checked, one.total), one.total, one.moved)


def change_context(draft: CalendarDraft, now: dt.datetime) -> dict[str, Any]:
    """Everything the page of a draft shows."""
    changes = difference_of(draft)
    regions_of = pinned(draft, changes)
    base = draft.base
    return {
        "draft": draft,
        "place_label": label_of(draft.authority),
        "changes": [(change, regions_of.get(change.date, "")) for change in changes],
        "becomes_official": draft.is_official and not (base and base.is_official),
        "problems": calendar_drafts.problems(draft) if draft.is_open else [],
        "is_stale": draft.is_open and calendar_drafts.is_stale(draft),
        "picture": year_picture(draft.year, draft.authority, draft) if draft.is_open else None,
    }
