"""Search, filters, sort, pages and export of lists."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
from django.test import RequestFactory

from qualification.accounts.models import User
from qualification.pages import exports
from qualification.pages.lists import Column, Filter, ListPage

pytestmark = pytest.mark.django_db

JOINED = dt.datetime(2026, 11, 20, 16, 30, tzinfo=dt.UTC)


@pytest.fixture
def people() -> list[User]:
    rows = [("zhao", "赵一", "zh-hans"), ("qian", "=钱二", "en"), ("sun", "孙三", "zh-hans")]
    return [
        User.objects.create(
            username=username, name=name, language=language, email=f"{username}@x.cn", date_joined=JOINED
        )
        for username, name, language in rows
    ]


def listing(query: str = "", **changes: Any) -> ListPage:
    options: dict[str, Any] = {
        "columns": (
            Column("username", "account", sort=("username",)),
            Column("name", "name"),
            Column("date_joined", "since", sort=("date_joined", "username")),
            Column("pk", "number", is_number=True),
        ),
        "search": ("username", "name"),
        "filters": (Filter("language", "language", (("zh-hans", "Chinese"), ("en", "English"))),),
        "default_sort": "username",
        "file_name": "people",
    }
    return ListPage(RequestFactory().get(f"/people/?{query}"), User.objects.all(), **{**options, **changes})


def names(query: str = "", **changes: Any) -> list[str]:
    return [user.username for user in listing(query, **changes).page]


def test_without_a_query_all_rows_come_in_the_default_order(people: list[User]) -> None:
    assert names() == ["qian", "sun", "zhao"]


def test_every_word_of_the_search_must_match_some_field(people: list[User]) -> None:
    assert names("q=孙") == ["sun"]
    assert names("q=三+sun") == ["sun"]
    assert names("q=三+zhao") == []


def test_a_null_byte_in_the_search_is_no_error(people: list[User]) -> None:
    assert names("q=sun%00") == ["sun"]


def test_a_filter_narrows_and_an_unknown_value_is_ignored(people: list[User]) -> None:
    assert names("language=en") == ["qian"]
    assert names("language=fr") == ["qian", "sun", "zhao"]
    assert listing("language=fr").is_narrowed is False


def test_a_filter_may_narrow_by_a_function(people: list[User]) -> None:
    own = Filter("who", "who", [("short", "short")], apply=lambda rows, value: rows.filter(username="sun"))
    assert names("who=short", filters=(own,)) == ["sun"]


def test_only_sorting_columns_sort(people: list[User]) -> None:
    assert names("sort=-username") == ["zhao", "sun", "qian"]
    assert names("sort=name") == ["qian", "sun", "zhao"]
    assert names("sort=password") == ["qian", "sun", "zhao"]
    assert names("sort=-date_joined") == ["zhao", "sun", "qian"]


def test_headings_turn_the_direction(people: list[User]) -> None:
    heads = {str(head.label): (head.sort, head.direction) for head in listing("sort=username").headings}
    assert heads == {"account": ("-username", "up"), "name": ("", ""), "since": ("date_joined", ""), "number": ("", "")}


@pytest.mark.parametrize(("asked", "size"), [("", 25), ("50", 50), ("100", 100), ("5000", 25), ("x", 25)])
def test_only_the_offered_sizes(asked: str, size: int) -> None:
    assert listing(f"size={asked}").size == size


def test_pages_and_a_number_past_the_end() -> None:
    User.objects.bulk_create(User(username=f"u{n:03}", name="n") for n in range(60))
    assert names("page=3") == [f"u{n:03}" for n in range(50, 60)]
    assert names("page=99") == names("page=3")
    assert names("page=x") == names()


def test_csv_holds_the_narrowed_rows_and_no_formula(people: list[User]) -> None:
    answer = listing("export=csv&language=en").export()
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert text == f"\ufeffaccount,name,since,number\r\nqian,'=钱二,2026-11-21 00:30,{people[1].pk}\r\n"
    assert answer["Content-Disposition"] == 'attachment; filename="people.csv"'


def test_a_column_may_have_another_heading_in_exports(people: list[User]) -> None:
    page = listing("export=csv&q=sun", columns=(Column("date_joined", "time left", exported_as="due moment"),))
    assert [head.label for head in page.headings] == ["time left"]
    assert b"".join(page.export().streaming_content).decode() == "\ufeffdue moment\r\n2026-11-21 00:30\r\n"  # type: ignore[attr-defined]


def test_xlsx_holds_the_narrowed_rows_and_no_formula(people: list[User]) -> None:
    answer = listing("export=xlsx&q=二").export()
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active  # type: ignore[attr-defined]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows == [
        ("account", "name", "since", "number"),
        ("qian", "=钱二", dt.datetime(2026, 11, 21, 0, 30), people[1].pk),  # noqa: DTZ001 - sheets know no zone
    ]
    assert sheet["B2"].data_type == "s"


def test_too_long_an_export_is_refused(people: list[User], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "LIMIT", 2)
    answer = listing("export=csv").export()
    assert answer.status_code == 413


def test_only_a_cell_without_a_value_is_left_out_on_a_phone(people: list[User]) -> None:
    User.objects.filter(username="sun").update(name="")
    shown = {row.username: [cell.is_nothing for cell in cells] for row, cells in listing().lines}  # type: ignore[attr-defined]
    assert shown == {"qian": [False] * 4, "sun": [False, True, False, False], "zhao": [False] * 4}


def test_an_unknown_export_is_a_page() -> None:
    assert listing("export=exe").wants_export is False


def test_queries_do_not_grow_with_the_rows(people: list[User], django_assert_num_queries: Any) -> None:
    for size in (1, 3):
        with django_assert_num_queries(2):
            shown = listing(rows := "")
            shown.rows = User.objects.filter(pk__in=[person.pk for person in people[:size]])
            assert len(shown.lines) == size, rows
