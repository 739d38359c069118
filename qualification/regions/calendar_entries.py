"""Days as somebody has written them down, and the rules a year must keep before it is taken.

A reader (`calendar_text`, `calendar_files`) turns what was typed or sent into entries, each with the number of its line;
`assemble` checks them and makes the year. Everything that is wrong is told at once, each with its line.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from django.utils.translation import gettext as _

DAY = dt.timedelta(days=1)
SATURDAY = 5
# Two days off of one name with so many unnamed days or fewer between them belong to one holiday: a day is missing.
WIDEST_HOLE = 7
# A notice names about forty days; whoever lists more has written down every day of the year.
FULL_TABLE = 100
MOST_PROBLEMS = 20
NAME_LENGTH = 40
SOURCE_LENGTH = 200


class CalendarRefused(ValueError):
    """A year cannot be taken; `problems` are sentences, each with the line or entry that is wrong."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that a calendar names: off, or working although the week says otherwise."""

    date: dt.date
    is_off: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class YearFile:
    """One year of days off and make-up working days, read and checked."""

    year: int
    source: str
    days: tuple[SpecialDay, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A day as it was written, with the number of its line."""

    line: int
    date: dt.date
    is_off: bool
    name: str = ""

    @property
    def day(self) -> SpecialDay:
        """The day alone."""
        return SpecialDay(self.date, self.is_off, self.name[:NAME_LENGTH])


# How a place is named in what is refused: "Line 3: …" or "Entry 3: …".
Place = Callable[[int, str], str]


def at_line(number: int, what: str) -> str:
    """What is wrong with a line of text."""
    return _("Line %(number)s: %(what)s") % {"number": number, "what": what}


def at_entry(number: int, what: str) -> str:
    """What is wrong with an entry of a list."""
    return _("Entry %(number)s: %(what)s") % {"number": number, "what": what}


def assemble(year: int, source: str, entries: Collection[Entry], *, at: Place = at_line) -> YearFile:
    """The year that the entries say, in the order of the days.

    Raises CalendarRefused with everything that is wrong: a date outside the year, a day named twice or both off and
    working, a make-up day that is no weekend day, a gap, or no day at all.
    """
    if not entries:
        raise CalendarRefused(_("The calendar of %(year)s names no day.") % {"year": year})
    problems = [*_outside(year, entries, at), *_twice(entries, at)]
    if len({entry.date for entry in entries}) > FULL_TABLE:
        problems += [] if problems else _missing(year, entries, at)
        entries = [entry for entry in entries if _is_special(entry)]
    else:
        problems += _no_weekend(entries, at)
        problems += [] if problems else _broken(entries, at)
    if problems:
        raise CalendarRefused(*problems[:MOST_PROBLEMS])
    return YearFile(year, source[:SOURCE_LENGTH], tuple(sorted((e.day for e in entries), key=lambda d: d.date)))


def belongs(date: dt.date, year: int) -> bool:
    """Whether a year's notice may name the date: its own days, and the last days of December before it."""
    return date.year == year or (date.year, date.month) == (year - 1, 12)


def _outside(year: int, entries: Iterable[Entry], at: Place) -> Iterator[str]:
    for entry in entries:
        if not belongs(entry.date, year):
            says = _("%(date)s is not in %(year)s, nor in December before it. Correct the date, or the year above.")
            yield at(entry.line, says % {"date": entry.date, "year": year})


def _twice(entries: Iterable[Entry], at: Place) -> Iterator[str]:
    seen: dict[dt.date, Entry] = {}
    for entry in entries:
        first = seen.setdefault(entry.date, entry)
        if first is entry:
            continue
        facts = {"date": entry.date, "first": first.line}
        if first.is_off == entry.is_off:
            yield at(
                entry.line,
                _("%(date)s is named twice: the other entry is number %(first)s. Take one of them away.") % facts,
            )
        else:
            says = _("%(date)s is both off and working: the other entry is number %(first)s. Take the wrong one away.")
            yield at(entry.line, says % facts)


def _no_weekend(entries: Iterable[Entry], at: Place) -> Iterator[str]:
    for entry in entries:
        if not entry.is_off and entry.date.weekday() < SATURDAY:
            yield at(entry.line, not_a_make_up_day(entry.date))


def not_a_make_up_day(date: dt.date) -> str:
    """Why a working day of the plain week cannot be a make-up day."""
    says = _("%(date)s is a make-up day but no weekend day. Check the date; ordinary working days are not listed.")
    return says % {"date": date}


def _broken(entries: Iterable[Entry], at: Place) -> Iterator[str]:
    lines = {entry.date: entry.line for entry in entries}
    for before, after in holes([entry.day for entry in entries]):
        yield at(lines[after.date], hole(before, after))


def holes(days: Iterable[SpecialDay], named: Collection[dt.date] = ()) -> Iterator[tuple[SpecialDay, SpecialDay]]:
    """Neighbours of one holiday with at most seven unnamed days between them; `named` are days named elsewhere."""
    ordered = sorted(days, key=lambda day: day.date)
    known = {day.date for day in ordered} | set(named)
    off: dict[str, list[SpecialDay]] = {}
    for day in ordered:
        if day.is_off and day.name:
            off.setdefault(day.name, []).append(day)
    for block in off.values():
        for before, after in pairwise(block):
            between = _between(before.date, after.date)
            if 0 < len(between) <= WIDEST_HOLE and not known & set(between):
                yield before, after


def hole(before: SpecialDay, after: SpecialDay) -> str:
    """What is said of a gap inside a holiday."""
    says = _("%(name)s has a gap: %(missing)s missing between %(before)s and %(after)s. Name every day of the holiday.")
    between = _between(before.date, after.date)
    return says % {"name": after.name, "missing": _spans(between), "before": before.date, "after": after.date}


def _between(first: dt.date, last: dt.date) -> list[dt.date]:
    return [dt.date.fromordinal(n) for n in range(first.toordinal() + 1, last.toordinal())]


def _missing(year: int, entries: Iterable[Entry], at: Place) -> Iterator[str]:
    """Gaps in a table of every day, each told at the first line after it, or the last line."""
    lines = {entry.date: entry.line for entry in entries}
    wanted = [dt.date(year, 1, 1) + DAY * n for n in range((dt.date(year + 1, 1, 1) - dt.date(year, 1, 1)).days)]
    for run in _runs([date for date in wanted if date not in lines]):
        line = lines.get(run[-1] + DAY, max(lines.values()))
        says = _("the table lists every day, but %(missing)s missing. Add the days that are left out.")
        yield at(line, says % {"missing": _spans(run)})


def _runs(dates: Iterable[dt.date]) -> Iterator[list[dt.date]]:
    run: list[dt.date] = []
    for date in dates:
        if run and date - run[-1] != DAY:
            yield run
            run = []
        run.append(date)
    if run:
        yield run


def _spans(dates: list[dt.date]) -> str:
    """`2027-01-03 is` or `2027-01-03 to 2027-01-05 are`: the subject of "missing"."""
    if len(dates) == 1:
        return _("%(date)s is") % {"date": dates[0]}
    return _("%(first)s to %(last)s are") % {"first": dates[0], "last": dates[-1]}


def _is_special(entry: Entry) -> bool:
    """Of a table of every day: what differs from the plain week, or has a holiday's name."""
    is_weekend = entry.date.weekday() >= SATURDAY
    return entry.is_off != is_weekend or (entry.is_off and bool(entry.name))
