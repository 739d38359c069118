"""Reads a year's holidays out of text as people have it: the State Council's own sentences, a list, or a table of days.

    一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
    2027-01-01 至 2027-01-03 元旦 放假
    2027/1/10,周日,元旦,上班

Every line is understood wholly or refused: a date without its word, a weekday or a number of days that does not fit, two
dates that could be a list or a range, and figures left over are told with the number of the line.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from django.utils.translation import gettext as _

from qualification.pages.dates import WEEKDAYS
from qualification.regions.calendar_entries import (
    DAY,
    MOST_PROBLEMS,
    SATURDAY,
    CalendarRefused,
    Entry,
    YearFile,
    assemble,
    at_line,
    belongs,
)  # fmt: skip

ITEM = re.compile(r"^\s*[一二三四五六七八九十]{1,3}\s*、\s*(?P<name>[^:。\d]{1,30}?)\s*:")
# "Where possible, let people have this day off": advice of the notice, not a day off.
ADVICE = re.compile(r"^\s*(?:鼓励|建议|倡导)")
SIGNED = re.compile(r"^\D*\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日\s*$")
TITLE_YEAR = re.compile(r"(?<!\d)(\d{4})\s*年(?!\s*\d{1,2}\s*月)")
HEADINGS = re.compile(r"日期|节日|名称|类型|备注|状态|星期|安排|通知|date|holiday|name|type|note", re.IGNORECASE)
RANGE_HEADINGS = re.compile(r"(?:开始|起始|起|start|from).*(?:结束|截止|终|止|end|until)", re.IGNORECASE)
NUMBERED = re.compile(r"^\s*(?:\d{1,3}\s*[、)]|\d{1,3}\.(?=\s)|\(\d{1,3}\)|[-*•])\s*")

DATE = (
    r"(?:(?<!\d)(?P<whole{n}>\d{{8}})(?!\d)"
    r"|(?:(?<!\d)(?P<y{n}>\d{{4}})\s*[年/.\-]\s*)?(?<!\d)(?P<m{n}>\d{{1,2}})\s*[月/.\-]\s*(?P<d{n}>\d{{1,2}})(?!\d)\s*[日号]?)"
)
DAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}
ENGLISH = {name: n for n, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
WEEKDAY = r"(?:周|星期|礼拜)[一二三四五六日天]|\b(?:mon|tue|wed|thu|fri|sat|sun)(?:[a-z]*day)?\b\.?"
TO = r"\s*(?:至|到|~|—+|–|-+|\bto\b|\buntil\b)\s*"
SPAN = re.compile(
    DATE.format(n=1) + rf"(?P<after1>\s*(?:{WEEKDAY}))?"
    rf"(?:{TO}(?:{DATE.format(n=2)}|(?P<day>(?<!\d)\d{{1,2}})(?!\d)\s*[日号]?)(?P<after2>\s*(?:{WEEKDAY}))?)?",
    re.IGNORECASE,
)
WORD = re.compile(
    r"(?P<off>非工作日|放假|休假|休息日?|公休日?|双休日?|节假日|法定假日|假日|假期|放|休|假|周末|\bday\s+off\b|\boff\b|\bholidays?\b|\bweekends?\b)"
    r"|(?P<on>上班|补班|补课|工作日|上课|班|\bmake-?\s?up(?:\s+(?:working\s+)?day)?\b|\bwork(?:ing)?(?:\s?days?)?\b|\bon\b)"
    r"|(?P<either>不?调休)",
    re.IGNORECASE,
)
COUNT = re.compile(r"(?:共计?|合计|total)?\s*:?\s*(?P<days>\d{1,2})\s*(?:天|days?\b)", re.IGNORECASE)
WITH_WEEKEND = re.compile(r"与周末连休")
IN_BRACKETS = re.compile(r"\(([^()]*)\)")
NOISE = re.compile(rf"(?:{WEEKDAY})|[\s,;。|()\[\]\"“”]+", re.IGNORECASE)
# What may be left at the ends of a name; inside it stays: 国庆节、中秋节.
EDGES = "、:/.-—~至到和及'"


class LineRefused(ValueError):
    """What is wrong with one line; the caller knows its number."""


@dataclass(frozen=True, slots=True)
class Span:
    """One date, or a range of dates, and where it stands in the line."""

    start: int
    end: int
    dates: tuple[dt.date, ...]


@dataclass
class Reading:
    """What has been read so far, and what could not be."""

    year: int
    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_text(text: str, year: int | None = None, source: str = "") -> YearFile:
    """Read a pasted year. `year` is needed where the text names none.

    Raises CalendarRefused with every line that is wrong and what to do.
    """
    lines = [unicodedata.normalize("NFKC", line) for line in text.splitlines()]
    reading = Reading(year or _year_of(lines))
    is_notice = any(ITEM.match(line) for line in lines)
    for number, name, words, is_range in _pieces(lines, is_notice=is_notice):
        try:
            reading.entries += _read(words, number, name, reading.year, is_range=is_range)
        except LineRefused as error:
            reading.problems.append(at_line(number, str(error)))
    if reading.problems:
        raise CalendarRefused(*reading.problems[:MOST_PROBLEMS])
    return assemble(reading.year, source, reading.entries)


def _year_of(lines: list[str]) -> int:
    """The year of the heading, else the only year whose notice may name every full date."""
    titles = {int(year) for line in lines for year in TITLE_YEAR.findall(line) if not ITEM.match(line)}
    if len(titles) == 1:
        return titles.pop()
    found = {month for line in lines if not SIGNED.match(line) for month in _months(line)}
    years = {year for year, _month in found if all(belongs(dt.date(*month, 1), year) for month in found)}
    if len(years) == 1:
        return years.pop()
    raise CalendarRefused(_("It is not said which year this is. Give the year in the field above the text."))


def _months(line: str) -> Iterator[tuple[int, int]]:
    """Year and month of every date that is written in full."""
    for match in SPAN.finditer(line):
        for n in "12":
            whole = match[f"whole{n}"]
            year, month = (whole[:4], whole[4:6]) if whole else (match[f"y{n}"], match[f"m{n}"])
            if year and 1 <= int(month) <= 12 and int(year) >= dt.MINYEAR:
                yield int(year), int(month)


def _pieces(lines: list[str], *, is_notice: bool) -> Iterator[tuple[int, str, str, bool]]:
    """Line number, name of the holiday, words to read, and whether two dates in columns are a range."""
    name, is_range, has_begun = "", False, False
    for number, whole in enumerate(lines, start=1):
        item = ITEM.match(whole)
        name = item["name"] if item else name
        line = whole[item.end() :] if item else whole
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not has_begun and not SPAN.search(line) and HEADINGS.search(line):
            is_range = bool(RANGE_HEADINGS.search(line))
            continue
        has_begun = True
        if not is_notice:
            yield number, "", NUMBERED.sub("", line, count=1), is_range
            continue
        for sentence in re.split(r"[。;]", line):
            if SPAN.search(sentence) and not ADVICE.match(sentence) and not SIGNED.match(sentence):
                yield number, name, sentence, False


def _read(line: str, number: int, name: str, year: int, *, is_range: bool) -> list[Entry]:
    """The days of one line or sentence."""
    words = _flat(line)
    spans = list(_spans(words, year, name))
    if is_range and len(spans) == 2:
        spans = [_joined(*spans)]
    if not spans:
        raise LineRefused(_("no date is found. Write the day as 2027-01-01, or a range as 2027-01-01 至 2027-01-03."))
    _check_between(words, spans)
    rest = _rest(words, spans)
    found = list(_with_words(words, spans))
    _check_count(rest, [date for span, is_off in found if is_off for date in span.dates])
    name = name or _name(rest)
    return [Entry(number, date, is_off, name) for span, is_off in found for date in span.dates]


def _flat(line: str) -> str:
    """The line without its brackets; of what stands in them only the weekday counts, `(农历除夕、周二)` too."""

    def inside(match: re.Match[str]) -> str:
        weekday = re.search(WEEKDAY, match[1], re.IGNORECASE)
        return f" {weekday[0]} " if weekday else " "

    previous = ""
    while previous != line:
        previous, line = line, IN_BRACKETS.sub(inside, line)
    return line


def _spans(words: str, year: int, name: str) -> Iterator[Span]:
    for match in SPAN.finditer(words):
        first, last = _bounds(match, year, name)
        _check_weekday(match["after1"], first)
        _check_weekday(match["after2"], last)
        if not first <= last or (last - first).days > 366:
            raise LineRefused(_("%(last)s comes before %(first)s. Turn the range round.") % _pair(first, last))
        dates = tuple(first + DAY * n for n in range((last - first).days + 1))
        yield Span(match.start(), match.end(), dates)


def _bounds(match: re.Match[str], year: int, name: str) -> tuple[dt.date, dt.date]:
    """First and last day; a year that is not written is that of the notice, and before it for December to January."""
    crosses = bool(match["m2"]) and int(match["m1"] or 0) == 12 and int(match["m2"]) == 1
    first = _date(match, "1", year - 1 if crosses and match["y2"] != str(year + 1) else year)
    if _is_open(match) and first.month == 12 and name.startswith("元旦"):
        raise LineRefused(_("it is not said which year's December is meant. Write the date with its year."))
    if match["day"]:
        return first, _made(first.year, first.month, int(match["day"]))
    if match["whole2"] or match["m2"]:
        return first, _date(match, "2", first.year + 1 if crosses else first.year)
    return first, first


def _is_open(match: re.Match[str]) -> bool:
    return not (match["y1"] or match["whole1"] or match["m2"] or match["whole2"])


def _date(match: re.Match[str], n: str, year: int) -> dt.date:
    if match[f"whole{n}"]:
        text = match[f"whole{n}"]
        return _made(int(text[:4]), int(text[4:6]), int(text[6:]))
    return _made(int(match[f"y{n}"] or year), int(match[f"m{n}"]), int(match[f"d{n}"]))


def _made(year: int, month: int, day: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError as error:
        text = f"{year}-{month:02}-{day:02}"
        raise LineRefused(_("there is no day %(date)s. Correct the date.") % {"date": text}) from error


def _check_weekday(word: str | None, date: dt.date) -> None:
    if not word or not word.strip():
        return
    said = word.strip()
    number = DAYS.get(said[-1], ENGLISH.get(said[:3].lower(), -1))
    if number != date.weekday():
        facts = {"date": date, "weekday": WEEKDAYS[date.weekday()], "said": said}
        raise LineRefused(_("%(date)s is a %(weekday)s, not %(said)s. Correct the date or the weekday.") % facts)


def _pair(first: dt.date, last: dt.date) -> dict[str, dt.date]:
    return {"first": first, "last": last}


def _joined(first: Span, last: Span) -> Span:
    """Start and end out of two columns whose heads say so."""
    start, end = first.dates[0], last.dates[-1]
    if end < start:
        raise LineRefused(_("%(last)s comes before %(first)s. Turn the range round.") % _pair(start, end))
    return Span(first.start, last.end, tuple(start + DAY * n for n in range((end - start).days + 1)))


def _check_between(words: str, spans: list[Span]) -> None:
    """Two dates side by side are a list only where it is written as one."""
    for one, other in pairwise(spans):
        between = re.sub(WEEKDAY, "", words[one.end : other.start], flags=re.IGNORECASE)
        if re.fullmatch(r"[\s,|]*", between):
            facts = _pair(one.dates[-1], other.dates[0])
            raise LineRefused(
                _("%(first)s and %(last)s could be two days or a range. Write 至 for a range, 、 for two days.") % facts
            )


def _rest(words: str, spans: list[Span]) -> str:
    """The line without its dates."""
    for span in reversed(spans):
        words = f"{words[: span.start]} {words[span.end :]}"
    return words


def _with_words(words: str, spans: list[Span]) -> Iterator[tuple[Span, bool]]:
    """Each date with what is said of it: one word for the whole line, or the word that follows the date."""
    said = [(match.start(), match.lastgroup == "off") for match in WORD.finditer(words) if match.lastgroup != "either"]
    if not said:
        yield from _exchanged(words, spans)
        return
    kinds = {is_off for _at, is_off in said}
    if len(kinds) == 1:
        yield from ((span, next(iter(kinds))) for span in spans)
        return
    waiting = list(spans)
    for position, (at, is_off) in enumerate(said):
        mine = [span for span in waiting if span.end <= at]
        if not mine and (position == 0 or said[position - 1][1] != is_off):
            raise LineRefused(_("the day is said to be off and to be working. Leave one of the two words."))
        yield from ((span, is_off) for span in mine)
        waiting = [span for span in waiting if span.end > at]
    if waiting:
        raise LineRefused(_no_word(waiting[0].dates[0]))


def _exchanged(words: str, spans: list[Span]) -> Iterator[tuple[Span, bool]]:
    """调休 alone: at a weekend it can only be work; on another day it is not said what is meant."""
    for span in spans:
        is_weekend = all(date.weekday() >= SATURDAY for date in span.dates)
        if not is_weekend or not WORD.search(words):
            raise LineRefused(_no_word(span.dates[0]))
        yield span, False


def _no_word(date: dt.date) -> str:
    return _("it is not said whether %(date)s is off or working. Add 放假 or 上班.") % {"date": date}


def _check_count(rest: str, off: list[dt.date]) -> None:
    count = COUNT.search(rest)
    if count and off and int(count["days"]) != len(off):
        facts = {"said": int(count["days"]), "found": len(off)}
        raise LineRefused(_("%(said)s days are announced, but the dates make %(found)s. Correct the dates.") % facts)


def _name(rest: str) -> str:
    """What is left of a line is the name of the holiday. Figures left over were meant to say something."""
    words = NOISE.sub(" ", WORD.sub(" ", COUNT.sub(" ", WITH_WEEKEND.sub(" ", rest))))
    left = " ".join(word for word in (part.strip(EDGES) for part in words.split()) if word)
    if re.search(r"\d", left):
        raise LineRefused(_("“%(left)s” cannot be read. Write the day as 2027-01-01.") % {"left": left})
    return left
