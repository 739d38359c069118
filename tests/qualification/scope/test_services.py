"""Import, editing, the team's word, approval."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from qualification.scope import exporting, importing, queries, services
from qualification.scope.models import CapabilityRow, CapabilityTable
from tests.factories.laboratories import SiteFactory
from tests.qualification.scope.conftest import NOW, TEMPLATE, sheet

pytestmark = pytest.mark.django_db
VERDICT = {"means": "witnessed", "restriction": "", "note": "", "now": NOW}


@pytest.fixture(autouse=True)
def _member(application: Any, user: Any) -> None:
    user.memberships.create(role="lab_member", laboratory=application.laboratory)


@pytest.fixture
def table(application: Any, site: Any, user: Any, version_of: Callable[..., Any]) -> CapabilityTable:
    version = version_of(TEMPLATE.read_bytes())
    return services.import_table(application=application, site=site, is_food=False, version=version, by=user, now=NOW)


def number(table: CapabilityTable, wanted: str) -> CapabilityRow:
    return table.rows.get(number=wanted, level="parameter")


def test_the_form_becomes_rows(table: CapabilityTable) -> None:
    assert (table.import_state, table.problems) == ("ready", [])
    assert Counter(table.rows.values_list("level", flat=True)) == {"main": 2, "category": 6, "parameter": 12}
    assert list(table.rows.values_list("position", flat=True)) == list(range(1, 21))


def test_a_second_import_replaces_the_rows_and_keeps_the_table(
    table: CapabilityTable, application: Any, site: Any, user: Any, version_of: Callable[..., Any]
) -> None:
    again = services.import_table(
        application=application, site=site, is_food=False, by=user, now=NOW,
        version=version_of(sheet([["1", "水", "1.1", "pH", "GB/T 6920-1986"]])),
    )  # fmt: skip
    assert again.pk == table.pk
    assert list(again.rows.values_list("level", "name")) == [("category", "水"), ("parameter", "pH")]
    assert again.source.number == 2


def test_food_stands_apart(
    table: CapabilityTable, application: Any, site: Any, user: Any, version_of: Callable[..., Any]
) -> None:
    food = services.import_table(
        application=application, site=site, is_food=True, by=user, now=NOW,
        version=version_of(sheet([["1", "食品", "1.1", "铅", "GB 5009.12-2017"]])),
    )  # fmt: skip
    assert food.pk != table.pk
    assert (table.rows.count(), food.rows.count()) == (20, 2)


def test_a_sheet_that_cannot_be_read_loses_nothing(
    table: CapabilityTable, application: Any, site: Any, user: Any, version_of: Callable[..., Any]
) -> None:
    kept = services.import_table(
        application=application, site=site, is_food=False, version=version_of(b"hello"), by=user, now=NOW
    )
    assert (kept.import_state, kept.rows.count(), kept.source.number) == ("ready", 20, 1)
    assert [(p["code"], p["field"]) for p in kept.problems] == [("wrong_type", "upload")]


def test_a_first_sheet_that_cannot_be_read_is_failed(
    application: Any, site: Any, user: Any, version_of: Callable[..., Any]
) -> None:
    table = services.import_table(
        application=application, site=site, is_food=False, version=version_of(b"hello"), by=user, now=NOW
    )
    assert (table.import_state, table.rows.count()) == ("failed", 0)
    assert [p["code"] for p in table.problems] == ["wrong_type"]


def test_another_applications_site_is_refused(application: Any, user: Any, version_of: Callable[..., Any]) -> None:
    with pytest.raises(ValidationError):
        services.import_table(
            application=application,
            site=SiteFactory.create(),
            is_food=False,
            version=version_of(b"x"),
            by=user,
            now=NOW,
        )
    assert CapabilityTable.objects.count() == 0


def test_ten_thousand_rows_come_in_whole(
    application: Any, site: Any, user: Any, version_of: Callable[..., Any]
) -> None:
    rows = [
        [
            str(n // 50 + 1),
            f"类别{n // 50 + 1}",
            f"{n // 50 + 1}.{n % 50 + 1}",
            f"参数{n}",
            f"《标准》GB/T {1000 + n}-2019",
        ]
        for n in range(10_000)
    ]
    version = version_of(sheet(rows))
    table = services.import_table(application=application, site=site, is_food=False, version=version, by=user, now=NOW)
    assert queries.progress(table.rows.all()).total == 10_000


# -- editing


def test_an_edited_standard_is_read_again(table: CapabilityTable, user: Any) -> None:
    row = services.edit_row(row=number(table, "1.1"), by=user, now=NOW, standard_text="GB/T 20174", note="")
    row.refresh_from_db()
    assert [s["number"] for s in row.standards] == ["GB/T 20174"]
    assert [(p["code"], p["field"]) for p in row.problems] == [("no_year", "standard")]
    services.edit_row(row=row, by=user, now=NOW, standard_text="GB/T 20174-2019")
    row.refresh_from_db()
    assert row.problems == []


def test_a_renamed_category_is_carried_into_its_parameters_only(table: CapabilityTable, user: Any) -> None:
    category = table.rows.get(level="category", name="防喷器")
    services.edit_row(row=category, by=user, now=NOW, name="防喷器组")
    assert sorted(table.rows.filter(category="防喷器组", level="parameter").values_list("number", flat=True)) == [
        "1.1",
        "1.2",
    ]
    assert table.rows.filter(category="刚性管线", level="parameter").count() == 2


def test_a_row_is_put_in_between(table: CapabilityTable, user: Any) -> None:
    added = services.add_row(
        table=table, level="parameter", after=number(table, "1.1"), by=user, now=NOW,
        number="1.1a", name="试验", standard_text="GB 1-2020",
    )  # fmt: skip
    assert (added.category, added.position) == ("防喷器", 4)
    assert [r.number for r in table.rows.order_by("position")[2:5]] == ["1.1", "1.1a", "1.2"]


def test_a_heading_with_rows_under_it_stays(table: CapabilityTable, user: Any) -> None:
    with pytest.raises(ValidationError):
        services.delete_row(row=table.rows.get(level="category", name="防喷器"), by=user, now=NOW)
    services.delete_row(row=number(table, "1.1"), by=user, now=NOW)
    assert not table.rows.filter(number="1.1").exists()


def test_a_row_with_a_verdict_is_not_edited(table: CapabilityTable, user: Any) -> None:
    row = number(table, "1.1")
    services.confirm_row(row=row, verdict="confirmed", by=user, **VERDICT)
    with pytest.raises(ValidationError):
        services.edit_row(row=row, by=user, now=NOW, name="别的")
    with pytest.raises(ValidationError):
        services.delete_row(row=row, by=user, now=NOW)


# -- verdicts


def test_confirming_keeps_what_was_applied_for(table: CapabilityTable, user: Any) -> None:
    row = services.confirm_row(row=number(table, "2.1"), verdict="confirmed", by=user, **VERDICT)
    row.refresh_from_db()
    assert (row.verdict, row.confirmed_by_means, row.recommended_restriction) == ("confirmed", "witnessed", "限制范围7")
    assert (row.verdict_by, row.verdict_at) == (user, NOW)


def test_the_team_may_restrict_further_and_never_widen(table: CapabilityTable, user: Any) -> None:
    row = services.confirm_row(
        row=number(table, "2.1"), verdict="restricted", by=user, **(VERDICT | {"restriction": "仅 35 MPa 以下"})
    )
    assert row.recommended_restriction == "限制范围7\n仅 35 MPa 以下"


def test_a_verdict_is_taken_back(table: CapabilityTable, user: Any) -> None:
    row = services.confirm_row(row=number(table, "2.1"), verdict="dropped", by=user, **(VERDICT | {"note": "无设备"}))
    services.confirm_row(row=row, verdict="", by=user, now=NOW, means="", restriction="", note="")
    row.refresh_from_db()
    assert (row.verdict, row.verdict_by, row.verdict_at, row.verdict_note) == ("", None, None, "")


@pytest.mark.parametrize(
    ("verdict", "changes", "field"),
    [
        ("restricted", {}, "restriction"),
        ("restricted", {"restriction": "限制范围7"}, "restriction"),
        ("dropped", {}, "note"),
        ("confirmed", {"means": ""}, "means"),
        ("added", {}, "verdict"),
    ],
)
def test_a_verdict_says_what_it_needs(
    table: CapabilityTable, user: Any, verdict: str, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        services.confirm_row(row=number(table, "2.1"), verdict=verdict, by=user, **(VERDICT | changes))
    assert list(refused.value.message_dict) == [field]
    assert number(table, "2.1").verdict == ""


def test_headings_get_no_verdict(table: CapabilityTable, user: Any) -> None:
    with pytest.raises(ValidationError):
        services.confirm_row(row=table.rows.first(), verdict="confirmed", by=user, **VERDICT)
    with pytest.raises(IntegrityError), transaction.atomic():
        table.rows.filter(level="main").update(verdict="confirmed", confirmed_by_means="witnessed", verdict_at=NOW)


def test_many_at_once(table: CapabilityTable, user: Any) -> None:
    heading = table.rows.get(level="main", number="一")
    rows = queries.under(table, heading.uuid)
    assert services.confirm_many(rows=rows, verdict="restricted", by=user, **(VERDICT | {"restriction": "仅现场"})) == 4
    assert list(rows.values_list("recommended_restriction", flat=True))[-2:] == [
        "限制范围7\n仅现场",
        "限制范围8\n仅现场",
    ]
    progress = queries.progress(table.rows.all())
    assert (progress.total, progress.restricted, progress.open, progress.is_complete) == (12, 4, 8, False)


def test_what_is_unconfirmed(table: CapabilityTable, application: Any, user: Any) -> None:
    services.confirm_many(rows=table.rows.exclude(number="6.2"), verdict="confirmed", by=user, **VERDICT)
    assert [r.number for r in queries.unconfirmed(application)] == ["6.2"]


def test_only_what_was_recommended_is_approved(table: CapabilityTable, application: Any, user: Any) -> None:
    assert not services.has_recommended_rows(application)
    services.confirm_many(rows=table.rows.all(), verdict="confirmed", by=user, **VERDICT)
    services.confirm_row(row=number(table, "1.1"), verdict="dropped", by=user, **(VERDICT | {"note": "无设备"}))
    services.confirm_row(
        row=number(table, "2.1"), verdict="restricted", by=user, **(VERDICT | {"restriction": "仅静水"})
    )
    assert services.approve_recommended(application) == 11
    assert number(table, "1.1").is_approved is False
    assert number(table, "2.1").approved_restriction == "限制范围7\n仅静水"
    assert [r.number for r in queries.approved(application)][:2] == ["1.2", "2.1"]
    with pytest.raises(ValidationError):
        services.confirm_row(row=number(table, "2.2"), verdict="confirmed", by=user, **VERDICT)


def test_a_site_left_out_is_not_approved(table: CapabilityTable, application: Any, site: Any, user: Any) -> None:
    services.confirm_many(rows=table.rows.all(), verdict="confirmed", by=user, **VERDICT)
    assert not services.has_recommended_rows(application, without_sites={site.pk})
    assert services.approve_recommended(application, without_sites={site.pk}) == 0
    assert set(table.rows.filter(level="parameter").values_list("is_approved", flat=True)) == {False}


# -- export


def test_an_exported_table_reads_in_as_it_was(table: CapabilityTable, tmp_path: Any) -> None:
    path = tmp_path / "out.xlsx"
    path.write_bytes(exporting.workbook(table))
    result = importing.read_file(path)
    fields = ("level", "number", "category_no", "category", "name", "restriction", "note")
    assert [tuple(getattr(r, f) for f in fields) for r in result.rows] == list(
        table.rows.order_by("position").values_list(*fields)
    )
    numbers = [[(s["number"], s["clause"], s["title"]) for s in r.standards] for r in result.rows]
    assert numbers == [
        [(s["number"], s["clause"], s["title"]) for s in r.standards] for r in table.rows.order_by("position")
    ]
    assert result.problems == []


def test_the_approved_stage_holds_what_was_approved(
    table: CapabilityTable, application: Any, user: Any, tmp_path: Any
) -> None:
    services.confirm_many(rows=table.rows.filter(number__in=["2.1", "2.2"]), verdict="confirmed", by=user, **VERDICT)
    services.approve_recommended(application)
    path = tmp_path / "out.xlsx"
    path.write_bytes(exporting.workbook(table, stage="approved"))
    assert [(r.level, r.number) for r in importing.read_file(path).rows] == [
        ("main", "一"), ("category", "2"), ("parameter", "2.1"), ("parameter", "2.2"),
    ]  # fmt: skip


def test_moments_are_the_callers(table: CapabilityTable) -> None:
    assert table.uploaded_at == NOW == dt.datetime(2026, 11, 20, 2, tzinfo=dt.UTC)
