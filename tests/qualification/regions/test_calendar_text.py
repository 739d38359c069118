"""Reading a year: every form says the same, everything that is wrong is told with its line."""

from __future__ import annotations

import datetime as dt
import io
import json
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from qualification.regions import calendars
from qualification.regions.calendar_entries import CalendarRefused, SpecialDay, YearFile, holes
from qualification.regions.calendar_files import read, text_of

D = dt.date
DAY = dt.timedelta(days=1)
WEEK = "一二三四五六日"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


# The notice of the State Council for 2026, as it was published.
NOTICE_2026 = """国务院办公厅关于2026年
部分节假日安排的通知
国办发明电〔2025〕7号
各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
经国务院批准，现将2026年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下。
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疏导等工作。
国务院办公厅
2025年11月4日
"""


def test_the_notice_says_what_the_data_set_says() -> None:
    shipped = (calendars.DATA_DIR / "holidays-cn-2026.json").read_text("utf-8")
    assert read(NOTICE_2026).days == read(shipped).days
    assert read(NOTICE_2026).year == 2026


def test_the_test_data_is_the_shipped_data() -> None:
    for path in sorted((Path(__file__).parents[2] / "data").glob("holidays-cn-*.json")):
        assert read(path.read_text("utf-8")).days == read((calendars.DATA_DIR / path.name).read_text("utf-8")).days


# A year drawn at random, and its forms

NAMES = ("元旦", "春节", "清明节", "劳动节", "端午节", "国庆节、中秋节")


@st.composite
def years(draw: st.DrawFn) -> YearFile:
    """A year as a notice could have it: holidays of one to nine days, make-up days at weekends, maybe some December."""
    year = draw(st.integers(2001, 2060))
    days: dict[D, SpecialDay] = {}
    for number, name in enumerate(NAMES):
        first = D(year, 1, 1) + DAY * (60 * number + draw(st.integers(0, 40)))
        if number == 0:
            first = D(year, 1, 1) - DAY * draw(st.integers(0, 3))
        block = [first + DAY * n for n in range(draw(st.integers(1, 9)))]
        days |= {date: SpecialDay(date, True, name) for date in block}
        for away in draw(st.lists(st.integers(-15, 15), max_size=2)):
            date = first + DAY * away
            if date.year == year and date.weekday() >= 5 and date not in days:
                days[date] = SpecialDay(date, False, name)
    # A make-up day inside a later holiday would be named twice by a notice.
    return YearFile(year, "", tuple(days[date] for date in sorted(days)))


def _blocks(days: tuple[SpecialDay, ...]) -> list[tuple[D, D, SpecialDay]]:
    found: list[tuple[D, D, SpecialDay]] = []
    for day in days:
        if (
            found
            and day.is_off
            and found[-1][2].is_off
            and found[-1][2].name == day.name
            and found[-1][1] + DAY == day.date
        ):
            found[-1] = (found[-1][0], day.date, day)
        else:
            found.append((day.date, day.date, day))
    return found


def as_json(file: YearFile) -> str:
    return json.dumps({"year": file.year, "days": [
        {"date": d.date.isoformat(), "isOffDay": d.is_off, "name": d.name} for d in file.days
    ]})  # fmt: skip


def as_ranges(file: YearFile) -> str:
    lines = [
        f"{first} {'至 ' + str(last) if last > first else ''} {day.name} {'放假' if day.is_off else '上班'}"
        for first, last, day in _blocks(file.days)
    ]
    return "\n".join(["日期 名称 类型", "", *lines])


def as_days(file: YearFile) -> str:
    return "\r\n".join(
        f"{d.date.year}/{d.date.month}/{d.date.day}\t周{WEEK[d.date.weekday()]}\t{d.name}\t{'休' if d.is_off else '补班'}"
        for d in file.days
    )


def as_wide_chinese(file: YearFile) -> str:
    lines = [
        f"{first.year}年{first.month}月{first.day}日（星期{WEEK[first.weekday()]}）"
        + (f"至{last.year}年{last.month}月{last.day}日" if last > first else "")
        + f"，{day.name}，{'放假' if day.is_off else '调休上班'}"
        for first, last, day in _blocks(file.days)
    ]
    return "\n".join(lines).translate({ord(c): unicodedata.lookup(f"FULLWIDTH DIGIT {n}") for c, n in zip(
        "0123456789", ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"), strict=True
    )})  # fmt: skip


def as_notice(file: YearFile) -> str:
    by_name: dict[str, list[tuple[D, D, SpecialDay]]] = {}
    for block in _blocks(file.days):
        by_name.setdefault(block[2].name, []).append(block)
    lines = [f"关于{file.year}年部分节假日安排的通知"]
    for number, (name, blocks) in enumerate(by_name.items()):
        sentences = [_sentence(file.year, *block) for block in sorted(blocks, key=lambda b: not b[2].is_off)]
        lines.append(f"{WEEK[number]}、{name}：{''.join(sentences)}")
    return "\n".join(lines)


def _sentence(year: int, first: D, last: D, day: SpecialDay) -> str:
    start = f"{'' if first.year == year else f'{first.year}年'}{first.month}月{first.day}日"
    month = "" if last.month == first.month else f"{last.month}月"
    end = f"至{month}{last.day}日（周{WEEK[last.weekday()]}）" if last > first else ""
    count = f"放假调休，共{(last - first).days + 1}天" if day.is_off else "上班"
    return f"{start}（周{WEEK[first.weekday()]}）{end}{count}。"


def as_every_day(file: YearFile) -> str:
    named = {day.date: day for day in file.days}
    dates = [d.date for d in file.days if d.date.year < file.year]
    dates += [D(file.year, 1, 1) + DAY * n for n in range((D(file.year + 1, 1, 1) - D(file.year, 1, 1)).days)]
    lines = []
    for date in dates:
        day = named.get(date)
        word = ("周末" if date.weekday() >= 5 else "工作日") if day is None else "放假" if day.is_off else "上班"
        lines.append(f"{date},{word},{day.name if day else ''}")
    return "\n".join(["日期,类型,名称", *lines])


FORMS = [as_json, as_ranges, as_days, as_wide_chinese, as_notice, as_every_day]


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=60, deadline=None)
@given(file=years())
def test_any_year_reads_back_the_same_in_every_form(form: Callable[[YearFile], str], file: YearFile) -> None:
    if list(holes(file.days)):
        with pytest.raises(CalendarRefused):
            read(form(file), file.year)
        return
    assert read(form(file), file.year).days == file.days


# Lines


def days(text: str, year: int | None = 2027) -> list[tuple[str, bool, str]]:
    return [(day.date.isoformat(), day.is_off, day.name) for day in read(text, year).days]


NEW_YEAR = [("2027-01-01", True, "元旦"), ("2027-01-02", True, "元旦"), ("2027-01-03", True, "元旦")]


@pytest.mark.parametrize(
    "text",
    [
        "2027-01-01 至 2027-01-03 元旦 放假",
        "２０２７年１月１日（周五）至３日 元旦 放假",
        "2027/1/1-2027/1/3,元旦,休",
        "1月1日—3日 元旦 放假，共3天",
        "元旦\t放假\t20270101 ~ 20270103",
        "1. 2027.1.1 to 2027.1.3 元旦 off",
        "开始,结束,名称,类型\n2027-01-01,2027-01-03,元旦,放假",
        "2027-01-01、2027-01-02、2027-01-03 元旦 放假",
        "# 元旦\n\n2027-01-01 Fri 元旦 holiday\n2027-01-02 Sat 元旦 holiday\n2027-01-03 Sunday 元旦 holiday",
    ],
)
def test_what_people_paste_is_understood(text: str) -> None:
    assert days(text) == NEW_YEAR


def test_a_year_need_not_be_given_where_the_dates_have_it() -> None:
    assert read("2026-12-31 至 2027-01-03 元旦 放假").year == 2027
    assert read("2027-01-01 元旦 放假").year == 2027


def test_december_to_january_without_a_year() -> None:
    assert [date for date, _off, _name in days("一、元旦：12月31日至1月2日放假，共3天。")] == [
        "2026-12-31", "2027-01-01", "2027-01-02",
    ]  # fmt: skip


def test_off_and_on_in_one_sentence_belong_to_the_dates_before_them() -> None:
    text = "一、国庆节：10月1日至7日放假调休，共7天，9月26日（周日）、10月9日（周六）上班。"
    assert [date for date, is_off, _name in days(text) if not is_off] == ["2027-09-26", "2027-10-09"]


def test_advice_to_employers_is_no_day_off() -> None:
    text = "一、春节：2月5日放假。鼓励各单位安排职工在除夕（2月4日）休息。"
    assert [date for date, _off, _name in days(text)] == ["2027-02-05"]


def test_a_weekend_day_off_outside_a_holiday_is_taken() -> None:
    assert days("2027-03-06 放假") == [("2027-03-06", True, "")]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("2027-01-01 元旦 放假\n2027-01-01 元旦 放假", "Line 2:", "named twice"),
        ("2027-01-02 元旦 放假\n2027-01-02 元旦 上班", "Line 2:", "both off and working"),
        ("2027-01-02 元旦 放假 上班", "Line 1:", "off and to be working"),
        ("2027-01-01 周六 元旦 放假", "Line 1:", "is a Fri, not 周六"),
        ("2027-01-01 至 2027-01-03 元旦 放假，共4天", "Line 1:", "4 days are announced, but the dates make 3"),
        ("2027-01-01 元旦", "Line 1:", "not said whether 2027-01-01 is off or working"),
        ("2027-01-04 元旦 调休", "Line 1:", "not said whether"),
        ("2027-01-04 元旦 上班", "Line 1:", "no weekend day"),
        ("2027-02-30 放假", "Line 1:", "no day 2027-02-30"),
        ("2027-01-01 元旦 放假\n\nNew Year", "Line 3:", "no date is found"),
        ("2027-01-03 至 2027-01-01 放假", "Line 1:", "2027-01-01 comes before 2027-01-03"),
        ("2027-01-01\t2027-01-03\t元旦\t放假", "Line 1:", "could be two days or a range"),
        ("2028-01-01 元旦 放假", "Line 1:", "2028-01-01 is not in 2027"),
        ("2026-11-30 元旦 放假", "Line 1:", "2026-11-30 is not in 2027"),
        ("一、元旦：12月31日放假。", "Line 1:", "which year's December"),
        ("2027-01-01 元旦 放假 99", "Line 1:", "cannot be read"),
        ("2027-10-01 至 2027-10-03 国庆节 放假\n2027-10-05 国庆节 放假", "Line 2:", "2027-10-04 is missing"),
        ("2027-10-01 国庆节 放假\n2027-10-09 国庆节 放假", "Line 2:", "2027-10-02 to 2027-10-08 are missing"),
    ],
)
def test_a_wrong_line_is_told_with_its_number(text: str, line: str, says: str) -> None:
    with pytest.raises(CalendarRefused) as refused:
        read(text, 2027)
    assert [problem.startswith(line) and says in problem for problem in refused.value.problems] == [True]


def test_eight_unnamed_days_between_are_two_holidays() -> None:
    assert len(days("2027-10-01 国庆节 放假\n2027-10-10 国庆节 放假")) == 2


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(CalendarRefused) as refused:
        read("2027-01-01 元旦\n2027-02-30 放假\nhello", 2027)
    assert [problem.partition(":")[0] for problem in refused.value.problems] == ["Line 1", "Line 2", "Line 3"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing to read"),
        ("1月1日 放假", "not said which year"),
        ("2026-01-01 放假\n2027-01-01 放假", "not said which year"),
        ("1985-01-01 放假", "no year of this calendar"),
        ('{"year": 2026, "days": [{"date": "2026-01-01", "isOffDay": true}]}', "for 2026, not for 2027"),
    ],
)
def test_a_text_that_is_no_year_is_refused(text: str, says: str) -> None:
    with pytest.raises(CalendarRefused, match=says):
        read(text, 2027 if text.startswith("{") else None)


# Every day of the year


def table_of_2027(*left_out: str) -> str:
    return "\n".join(line for line in as_every_day(YearFile(2027, "", ())).splitlines() if line[:10] not in left_out)


def test_a_table_of_every_day_without_holidays_names_nothing_special() -> None:
    assert read(table_of_2027()).days == ()


def test_a_missing_day_of_a_full_table_is_a_gap_told_at_the_line_after_it() -> None:
    with pytest.raises(CalendarRefused) as refused:
        read(table_of_2027("2027-03-04", "2027-03-05", "2027-12-31"))
    assert refused.value.problems == (
        "Line 64: the table lists every day, but 2027-03-04 to 2027-03-05 are missing. Add the days that are left out.",
        "Line 363: the table lists every day, but 2027-12-31 is missing. Add the days that are left out.",
    )


# Files


def test_a_spreadsheet_is_read_as_its_lines() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["日期", "名称", "类型"])
    sheet.append([dt.datetime.combine(D(2027, 1, 1), dt.time()), "元旦", "放假"])
    sheet.append(["2027/1/10", "元旦", "补班"])
    stream = io.BytesIO()
    book.save(stream)
    assert days(text_of(stream.getvalue())) == [("2027-01-01", True, "元旦"), ("2027-01-10", False, "元旦")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_text_file_is_read_in_its_encoding(encoding: str) -> None:
    assert read(text_of(NOTICE_2026.encode(encoding))).days == read(NOTICE_2026).days


@pytest.mark.parametrize("content", [b"PK\x03\x04broken", b"\x00\x01\x02", b"x" * 1_000_001])
def test_a_file_that_is_no_calendar_is_refused(content: bytes) -> None:
    with pytest.raises(CalendarRefused):
        text_of(content)
