"""From a year that somebody has read in or edited to an edition in force: drafted, looked at, applied with a reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from qualification import door
from qualification.pages.dates import say_moment
from qualification.regions import calendar_rules, calendars  # noqa: F401 - the rules register themselves
from qualification.regions.calendar_difference import differences, rebased
from qualification.regions.calendar_entries import (
    NAME_LENGTH,
    SATURDAY,
    CalendarRefused,
    SpecialDay,
    YearFile,
    belongs,
    hole,
    holes,
    not_a_make_up_day,
)  # fmt: skip
from qualification.regions.models import Authority, CalendarDraft, CalendarYear

if TYPE_CHECKING:
    from qualification.accounts.models import User

Origin = CalendarDraft.Origin


def file_of(draft: CalendarDraft) -> YearFile:
    """The year that a draft says."""
    days = (SpecialDay(dt.date.fromisoformat(date), is_off, name) for date, is_off, name in draft.days)
    return YearFile(draft.year, draft.source, tuple(sorted(days, key=lambda day: day.date)))


def base_days(draft: CalendarDraft) -> list[SpecialDay]:
    """The days of the edition on which a draft was made."""
    return calendars.special_days(draft.base) if draft.base else []


def prepare(
    *, file: YearFile, authority: Authority | None, is_official: bool, by: User | None, now: dt.datetime,
    origin: str = Origin.IMPORT, text: str = "",
) -> CalendarDraft:  # fmt: skip
    """Keep a year that may be applied, so that its difference can be shown; nothing is in force yet.

    `by` None is the command line. Raises Refused, or CalendarRefused with everything that is wrong.
    """
    base = calendars.newest_of(file.year, authority.pk if authority else None)
    draft = CalendarDraft(
        year=file.year, authority=authority, is_official=is_official and authority is None, days=_stored(file.days),
        origin=origin, source=file.source, text=text, base=base, created_at=now, created_by=by,
    )  # fmt: skip
    _demand(draft, by)
    found = problems(draft)
    if found:
        raise CalendarRefused(*found)
    draft.save()
    return draft


def restore(*, edition: CalendarYear, by: User | None, now: dt.datetime) -> CalendarDraft:
    """Prepare an older edition to be applied again as a new one; an official year stays official.

    Raises Refused, or CalendarRefused when it is the one in force.
    """
    newest = calendars.newest_of(edition.year, edition.authority_id)
    file = YearFile(edition.year, edition.source, tuple(calendars.special_days(edition)))
    is_official = edition.is_official or bool(newest and newest.is_official)
    return prepare(
        file=file, authority=edition.authority, is_official=is_official, origin=Origin.RESTORE, by=by, now=now
    )


def edit_of(year: int, authority: Authority | None, by: User) -> CalendarDraft | None:
    """The person's own edit of a year that is not applied yet."""
    drafts = CalendarDraft.objects.filter(
        year=year, authority=authority, origin=Origin.EDIT, created_by=by, edition=None, discarded_at=None
    )
    return drafts.select_related("base", "authority", "created_by").order_by("-pk").first()


def edit(
    *, year: int, authority: Authority | None, dates: Collection[dt.date], is_off: bool | None, name: str, by: User,
    now: dt.datetime,
) -> CalendarDraft:  # fmt: skip
    """Say of some days that they are off, working, or (None) as the plain week has them; goes into the person's edit.

    Raises Refused, or CalendarRefused when a day does not belong to the year or cannot be a make-up day.
    """
    with transaction.atomic():
        calendars.lock()
        draft = edit_of(year, authority, by) or _new_edit(year, authority, by, now)
        _demand(draft, by)
        _demand_possible(draft, dates, is_off)
        days = {day.date: day for day in file_of(draft).days if day.date not in dates}
        if is_off is not None:
            days |= {date: SpecialDay(date, is_off, name.strip()[:NAME_LENGTH]) for date in dates}
        draft.days = _stored(days[date] for date in sorted(days))
        draft.save()
    return draft


def _new_edit(year: int, authority: Authority | None, by: User, now: dt.datetime) -> CalendarDraft:
    base = calendars.newest_of(year, authority.pk if authority else None)
    days = calendars.special_days(base) if base else []
    return CalendarDraft(
        year=year, authority=authority, is_official=bool(base and base.is_official), days=_stored(days),
        origin=Origin.EDIT, source=base.source if base else "", base=base, created_at=now, created_by=by,
    )  # fmt: skip


def _demand_possible(draft: CalendarDraft, dates: Collection[dt.date], is_off: bool | None) -> None:
    wrong = [date for date in sorted(dates) if not belongs(date, draft.year)]
    if wrong:
        says = _("%(date)s is not in %(year)s, nor in December before it.")
        raise CalendarRefused(*(says % {"date": date, "year": draft.year} for date in wrong))
    if is_off is False:
        found = list(_impossible_work(draft, [SpecialDay(date, False) for date in sorted(dates)]))
        if found:
            raise CalendarRefused(*found)


def again(*, draft: CalendarDraft, by: User, now: dt.datetime) -> CalendarDraft:
    """Prepare a stale draft anew on the edition now in force: an edit's days are edited again, an import stays whole.

    Raises Refused, Stale, or CalendarRefused when there is nothing left to change.
    """
    with transaction.atomic():
        calendars.lock()
        fresh = _locked(draft, by)
        days = file_of(fresh).days
        newest = calendars.newest_of(fresh.year, fresh.authority_id)
        if fresh.origin == Origin.EDIT:
            days = tuple(rebased(base_days(fresh), days, calendars.special_days(newest) if newest else []))
        is_official = fresh.is_official or bool(newest and newest.is_official)
        fresh.discarded_at, fresh.discarded_by = now, by
        fresh.save()
        return prepare(
            file=YearFile(fresh.year, fresh.source, days), authority=fresh.authority, is_official=is_official,
            origin=fresh.origin, text=fresh.text, by=by, now=now,
        )  # fmt: skip


def discard(*, draft: CalendarDraft, by: User, now: dt.datetime) -> None:
    """Throw a draft away; it stays in the records. Raises Refused or Stale."""
    with transaction.atomic():
        fresh = _locked(draft, by)
        fresh.discarded_at, fresh.discarded_by = now, by
        fresh.save()


def apply(
    *, draft: CalendarDraft, reason: str, by: User | None, now: dt.datetime, seen: int | None = None
) -> CalendarYear:
    """Put a draft in force as a new edition. `seen` is the newest edition the person was shown the difference against.

    Raises Refused; Stale when it is applied or thrown away, or when any calendar has been changed since; ValidationError
    without a reason; CalendarRefused when the year cannot be taken.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say why; the reason is kept with the change.")})
    with transaction.atomic():
        calendars.lock()
        fresh = _locked(draft, by)
        demand_current(fresh, seen)
        found = problems(fresh)
        if found:
            raise CalendarRefused(*found)
        edition = calendars.load_year(
            file_of(fresh), authority=fresh.authority, is_official=fresh.is_official, reason=reason.strip(), by=by,
            now=now,
        )  # fmt: skip
        fresh.edition = edition
        fresh.save()
    if edition is None:
        raise CalendarRefused(_same(fresh))
    return edition


def demand_current(draft: CalendarDraft, seen: int | None = None) -> None:
    """Raise Stale when another edition of the year, or (with `seen`) of any calendar, is in force than was looked at."""
    newest = calendars.newest_of(draft.year, draft.authority_id)
    if (newest.pk if newest else None) != draft.base_id:
        raise door.Stale(_changed_since(newest))
    if seen is not None and calendars.newest_edition() != seen:
        raise door.Stale(_changed_since(CalendarYear.objects.order_by("-pk").first()))


def _changed_since(newest: CalendarYear | None) -> str:
    if newest is None:
        return _("The calendar has changed in the meantime. Look at the difference again.")
    says = _("Edition %(edition)s of %(year)s was applied by %(who)s on %(when)s. Look at the difference again.")
    facts = {"edition": newest.edition, "year": newest.year, "when": say_moment(newest.imported_at)}
    return says % {**facts, "who": newest.imported_by or _("the command line")}


def is_stale(draft: CalendarDraft) -> bool:
    """Whether another edition of the year has come into force since the draft was made."""
    try:
        demand_current(draft)
    except door.Stale:
        return True
    return False


def _locked(draft: CalendarDraft, by: User | None) -> CalendarDraft:
    """The draft as it is now, locked and still open. Raises Refused or Stale."""
    fresh = CalendarDraft.objects.select_for_update(of=("self",), no_key=True).get(pk=draft.pk)
    _demand(fresh, by)
    if fresh.edition is not None:
        facts = {
            "who": fresh.edition.imported_by or _("the command line"),
            "when": say_moment(fresh.edition.imported_at),
        }
        raise door.Stale(_("This change was already applied by %(who)s on %(when)s.") % facts)
    if fresh.discarded_at is not None:
        facts = {"who": fresh.discarded_by or "", "when": say_moment(fresh.discarded_at)}
        raise door.Stale(_("This change was thrown away by %(who)s on %(when)s.") % facts)
    return fresh


def _demand(draft: CalendarDraft, by: User | None) -> None:
    if by is not None and not door.may(by, "apply", draft):
        raise door.Refused(door.reasons.of(door.permission_of(draft, "apply")))


def _stored(days: Iterable[SpecialDay]) -> list[tuple[str, bool, str]]:
    return [(day.date.isoformat(), day.is_off, day.name) for day in days]


def problems(draft: CalendarDraft) -> list[str]:
    """Everything that keeps a draft from being applied, each with the day and what to do; empty when nothing does."""
    days, newest = file_of(draft).days, calendars.newest_of(draft.year, draft.authority_id)
    if not days and draft.authority_id is None:
        return [_("The calendar of %(year)s names no day.") % {"year": draft.year}]
    found = [*_impossible_work(draft, days), *_gaps(draft, days)]
    if draft.authority_id is None:
        found += _out_of_order(draft)
    if newest and newest.is_official and draft.authority_id is None and not draft.is_official:
        found.append(_("%(year)s is published; it cannot become provisional again.") % {"year": draft.year})
    if _says_the_same(newest, draft, days):
        found.append(_same(draft))
    return found or list(_said_next_year(draft, days))


def _says_the_same(newest: CalendarYear | None, draft: CalendarDraft, days: tuple[SpecialDay, ...]) -> bool:
    if newest is None:
        return not days
    return newest.is_official == draft.is_official and tuple(calendars.special_days(newest)) == days


def _same(draft: CalendarDraft) -> str:
    newest = calendars.newest_of(draft.year, draft.authority_id)
    if newest is None:
        return _("Nothing is changed: there are no own days in %(year)s.") % {"year": draft.year}
    says = _("Nothing is changed: edition %(edition)s of %(year)s, in force since %(when)s, says exactly the same.")
    return says % {"edition": newest.edition, "year": newest.year, "when": say_moment(newest.imported_at)}


def _impossible_work(draft: CalendarDraft, days: Sequence[SpecialDay]) -> Iterable[str]:
    """Make-up days that are ordinary working days; a region may also work on a day the nation has off."""
    national = calendars.current().of(None)
    for day in days:
        is_off_anyway = draft.authority_id is not None and not national.is_working(day.date)
        if not day.is_off and day.date.weekday() < SATURDAY and not is_off_anyway:
            yield not_a_make_up_day(day.date)


def _gaps(draft: CalendarDraft, days: Sequence[SpecialDay]) -> Iterable[str]:
    named = set() if draft.authority_id is None else set(calendars.current().of(None).special)
    return (hole(before, after) for before, after in holes(days, named))


def _out_of_order(draft: CalendarDraft) -> Iterable[str]:
    """Years that are missing between those in force and this one."""
    years = CalendarYear.objects.filter(authority=None)
    known = set((years.filter(is_official=True) if draft.is_official else years).values_list("year", flat=True))
    if not known or min(known) <= draft.year <= max(known):
        return
    first, last = sorted((draft.year, max(known) if draft.year > max(known) else min(known)))
    missing = [str(year) for year in range(first + 1, last)]
    if missing:
        facts = {"missing": ", ".join(missing), "year": draft.year}
        yield _("%(missing)s is missing: read it in before %(year)s.") % facts


def _said_next_year(draft: CalendarDraft, days: Sequence[SpecialDay]) -> Iterable[str]:
    """Changed days of December that the next year's edition names: its word counts, the change would do nothing."""
    after = calendars.newest_of(draft.year + 1, draft.authority_id)
    if after is None:
        return
    taken = {day.date: day for day in calendars.special_days(after)}
    newest = calendars.newest_of(draft.year, draft.authority_id)
    for change in differences(calendars.special_days(newest) if newest else [], days):
        if change.date in taken and change.after != taken[change.date]:
            says = _("%(date)s is named by the calendar of %(year)s, which counts. Change it there.")
            yield says % {"date": change.date, "year": after.year}
