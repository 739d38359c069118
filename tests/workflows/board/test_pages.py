"""What the pages of the board show, to whom, and that their numbers lead to as many rows."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.regions import calendars
from tests.factories.accounts import UserFactory
from tests.factories.regions import authority
from tests.workflows.board.test_board import Makes, admin, national, rows
from workflows.board import people, queries
from workflows.board.enums import Side, Tone
from workflows.clocks.models import Clock, Rung

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def now() -> dt.datetime:
    """Pages are made for the moment at which they are asked for."""
    return timezone.now()


@pytest.fixture
def make(now: dt.datetime) -> Makes:
    calendars.load_all(now=now)
    for code in ("01", "02", "03", "04", "05", "99"):
        authority(code)
    return Makes()


def given(make: Makes, region: str, days: float, *, code: str = "decision", **facts: Any) -> Clock:
    """A clock due in so many days from now, with more facts."""
    clock = make.clock(code, timezone.now() + dt.timedelta(days=days), region)
    Clock.objects.filter(pk=clock.pk).update(**facts)
    clock.refresh_from_db()
    return clock


def page(client: Client, name: str, **query: str) -> str:
    return str(client.get(reverse(name), query, headers=ENGLISH).content.decode())


@pytest.fixture
def world(make: Makes) -> dict[str, User]:
    """Two regions, three kinds, an officer, an assessor, a person of a laboratory, and nobody."""
    officer = UserFactory.create(member=(Role.DECISION, authority("03")))
    assessor = UserFactory.create(member=(Role.ASSESSOR, authority("03")))
    given(make, "03", -3, holder=officer, kinds="first")
    given(make, "03", -1, holder=officer, kinds="extension,standard")
    given(make, "03", 40, holder=assessor, code="file_review", kinds="extension", is_provisional=True)
    given(make, "03", 50, code="issue", kinds="first")
    given(make, "02", -2, holder=officer, kinds="first")
    given(make, "02", 30, code="issue", kinds="standard")
    return {"officer": officer, "assessor": assessor}


@pytest.mark.parametrize(
    "query",
    [
        {}, {"region": "03"}, {"stage": "issue"}, {"kind": "standard"}, {"kind": "none"}, {"person": "none"},
        {"region": "02", "stage": "issue", "kind": "standard"}, {"person": "officer"},
        {"person": "officer", "kind": "first"}, {"person": "officer", "stage": "issue"},
    ],
)  # fmt: skip
def test_every_number_leads_to_as_many_rows(world: dict[str, User], client: Client, query: dict[str, str]) -> None:
    asked = {key: str(world[value].pk) if value in world else value for key, value in query.items()}
    client.force_login(national())
    answer = client.get(reverse("board:home"), asked)
    board = answer.context["board"]
    tables = {"stage": board.stages, "kind": board.kinds, "region": board.regions}
    for key, lines in tables.items():
        for line in lines:
            for tone, count in line.cells:
                found = rows(client, **(asked | {key: line.code, "tone": tone.value}))
                assert (key, line.code, tone, count) == (key, line.code, tone, len(found))
            assert len(rows(client, **(asked | {key: line.code, "tone": "at_risk"}))) == line.at_risk
    for week in board.weeks:
        found = rows(client, **asked, week=str(week.monday))
        assert len(found) == week.total
    assert len(rows(client, **asked)) == board.total.total


@pytest.mark.parametrize(
    "query",
    [
        {}, {"tone": "overdue"}, {"tone": "at_risk"}, {"tone": "later", "stage": "issue"}, {"kind": "extension"},
        {"region": "02", "tone": "overdue"}, {"person": "none"}, {"person": "none", "tone": "later"},
        {"person": "none", "stage": "issue"}, {"q": "C03"}, {"q": "C03", "tone": "overdue"}, {"week": "2026-01-05"},
    ],
)  # fmt: skip
def test_a_list_says_how_many_rows_it_has(world: dict[str, User], client: Client, query: dict[str, str]) -> None:
    client.force_login(national())
    listing = client.get(reverse("board:list"), query).context["listing"]
    assert listing.page.paginator.count == len(list(listing.page.object_list)) == len(rows(client, **query))


def test_a_list_that_the_tallies_know_is_not_counted(world: dict[str, User], client: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(national())
    for query, counts in (({"stage": "issue"}, 0), ({"q": "C03"}, 1)):
        with CaptureQueriesContext(connection) as done:
            client.get(reverse("board:list"), query)
        counted = [q for q in done.captured_queries if "COUNT(*)" in q["sql"] and "clocks_clock" in q["sql"]]
        assert len(counted) == counts


def test_links_keep_the_filters(world: dict[str, User], client: Client) -> None:
    client.force_login(national())
    text = page(client, "board:home", region="03", kind="first")
    links = re.findall(r'href="(/board/time-limits/\?[^"]*)"', text)
    assert links
    assert all("region=" in link and "kind=" in link for link in links)
    assert any("stage=decision" in link and "region=03" in link and "tone=overdue" in link for link in links)


@pytest.mark.parametrize("value", ["99999999", "xx", "'", "01' or 1=1"])
def test_what_is_no_choice_is_ignored(world: dict[str, User], client: Client, value: str) -> None:
    client.force_login(admin("03"))
    whole = client.get(reverse("board:home")).context["board"].total.counts
    for key in ("region", "stage", "kind", "person"):
        assert client.get(reverse("board:home"), {key: value}).context["board"].total.counts == whole
        assert client.get(reverse("board:list"), {key: value, "week": value}).status_code == 200


def test_an_administrator_sees_only_the_own_region_whatever_the_address_says(
    world: dict[str, User], client: Client
) -> None:
    client.force_login(admin("03"))
    for query in ({}, {"region": "02"}, {"person": str(world["officer"].pk)}):
        board = client.get(reverse("board:home"), query).context["board"]
        assert [line.code for line in board.regions] == ["03"]
        assert {row["地区"] for row in rows(client, **query)} == {"河北"}
    answer = client.get(reverse("board:people"), {"region": "02"})
    assert answer.context["asked"].scope.authorities == (authority("03").pk,)


def test_nobody_learns_the_name_of_a_person_without_clocks_here(world: dict[str, User], client: Client) -> None:
    stranger = UserFactory.create(member=(Role.DECISION, authority("05")), first_name="陌生人")
    client.force_login(admin("03"))
    assert "陌生人" not in page(client, "board:home", person=str(stranger.pk))
    given(Makes(), "05", 3, holder=stranger)
    assert "陌生人" not in page(client, "board:home", person=str(stranger.pk))
    assert "陌生人" not in page(client, "board:list", person=str(stranger.pk))


def test_people_of_a_region(world: dict[str, User], make: Makes, now: dt.datetime) -> None:
    officer = world["officer"]
    for share, missed in ((0.2, False), (0.4, False), (0.6, False), (1.5, True)):
        started, due = now - dt.timedelta(days=20), now - dt.timedelta(days=10)
        given(
            make, "03", -10, holder=officer, state="stopped", started_at=started, due_at=due,
            stopped_at=started + share * (due - started), breached_at=due if missed else None,
        )  # fmt: skip
    given(make, "03", -200, holder=officer, state="stopped", stopped_at=now - dt.timedelta(days=91))
    given(make, "03", -20, holder=officer, state="stopped", stopped_at=now - dt.timedelta(days=9), is_trial=True)
    scope = queries.scope_of(national(), region="03")
    found = people.people_of(scope, now)
    assert list(found.sides) == [Side.OFFICER, Side.ASSESSOR]
    row = found.sides[Side.OFFICER][0]
    assert (row.line.code, row.line.counts[Tone.OVERDUE.value], row.line.total) == (str(officer.pk), 2, 2)
    assert (row.kept, row.missed, row.share) == (3, 1, 75.0)
    assert row.used == pytest.approx(50)
    assert found.nobody is not None
    assert (found.nobody.line.total, found.nobody.share) == (1, None)


def test_a_person_is_on_the_page_with_links_to_the_list(world: dict[str, User], client: Client) -> None:
    client.force_login(admin("03"))
    text = page(client, "board:people")
    assert str(world["officer"]) in text
    key = world["officer"].pk
    assert f"person={key}&amp;tone=overdue" in text
    assert len(rows(client, person=str(key), tone="overdue")) == 2
    assert len(rows(client, person="none")) == 1
    client.force_login(national())
    assert str(world["officer"]) not in page(client, "board:people")
    assert str(world["officer"]) in page(client, "board:people", region="02")


def test_what_waits_for_nobody_is_told_by_stage_and_leads_to_its_rows(world: dict[str, User], client: Client) -> None:
    client.force_login(national())
    answer = client.get(reverse("board:people"), {"region": "03"}, headers=ENGLISH)
    lines = answer.context["nobody"]["stages"]
    assert [(line.code, line.total) for line in lines] == [("issue", 1)]
    link = f"{reverse('board:list')}?region=03&amp;person=none&amp;stage=issue"
    assert f'href="{link}"' in answer.content.decode()
    assert len(rows(client, region="03", person="none", stage="issue")) == 1


def test_the_pictures_leave_certificates_to_the_table_unless_there_is_nothing_else(
    make: Makes, client: Client, now: dt.datetime
) -> None:
    client.force_login(admin("03"))
    for _each in range(3):
        given(make, "03", 300, code="validity", kinds="")
    alone = client.get(reverse("board:home"), headers=ENGLISH)
    assert alone.context["stage_picture"]["yAxis"]["data"] == ["Validity of the certificate"]
    assert "those of certificates stand in the table" not in alone.content.decode()
    given(make, "03", 5, code="issue")
    both = client.get(reverse("board:home"), headers=ENGLISH)
    assert "board-trend" not in both.content.decode()
    assert both.context["stage_picture"]["yAxis"]["data"] == ["Issue of the certificate"]
    assert "those of certificates stand in the table" in both.content.decode()
    assert [(line.code, line.total) for line in both.context["board"].stages] == [("issue", 1), ("validity", 3)]
    given(make, "03", -5, code="issue", state="stopped", stopped_at=now - dt.timedelta(days=6))
    assert "board-trend" in page(client, "board:home")
    client.force_login(national())
    regions = client.get(reverse("board:home"), headers=ENGLISH).context["region_pictures"]
    assert {picture["option"]["xAxis"]["max"] for picture in regions} == {1}


def test_the_share_is_whole_only_when_it_is() -> None:
    shares = [queries.share_kept(*pair) for pair in ((0, 0), (1, 0), (0, 1), (99999, 1), (1, 99999), (2, 1))]
    assert shares == [None, 100.0, 0.0, 99.9, 0.1, 66.7]


def test_a_certificate_is_named_where_there_is_no_case(make: Makes, client: Client, now: dt.datetime) -> None:
    from qualification.certificates.models import Certificate
    from tests.factories.laboratories import LaboratoryFactory

    laboratory = LaboratoryFactory.create(authority=authority("03"), name="证书检测公司")
    certificate = Certificate.objects.create(
        number="260312340001", laboratory=laboratory, authority=authority("03"), valid_from=now.date(),
        valid_until=now.date() + dt.timedelta(days=9), numbered_at=now,
    )  # fmt: skip
    given(make, "03", 9, application=None, subject_type="certificates.Certificate", subject_id=certificate.pk, kinds="")
    client.force_login(admin("03"))
    text = page(client, "board:list", kind="none")
    assert reverse("certificates:public", args=["260312340001"]) in text
    assert "证书检测公司" in text
    found = rows(client, q="260312340001")
    assert ["260312340001" in row.values() for row in found] == [True]


def test_the_spreadsheet_has_the_exact_moment_with_its_zone(make: Makes, client: Client) -> None:
    clock = make.clock("decision", dt.datetime(2026, 11, 20, 16, tzinfo=dt.UTC))
    client.force_login(admin("03"))
    answer = client.get(reverse("board:list"), {"export": "xlsx"}, headers=ENGLISH)
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    head, line = ([cell.value for cell in row] for row in sheet.iter_rows())
    assert head == [
        "Due moment (exclusive)", "Stage", "Case or certificate", "Kind", "Laboratory", "Person", "Region", "When",
        "Last day", "provisional", "Running since", "Limit", "Unit",
    ]  # fmt: skip
    cells = dict(zip(head, line, strict=True))
    assert cells["Due moment (exclusive)"] == "2026-11-21T00:00:00+08:00"
    assert cells["Last day"].date() == dt.date(2026, 11, 20)
    assert cells["Case or certificate"] == clock.application.reference  # type: ignore[union-attr]
    assert (cells["Region"], cells["Limit"], cells["Unit"]) == ("Hebei", 10, "working days")


def test_escalations_of_the_own_region_only(make: Makes, client: Client, now: dt.datetime) -> None:
    cases = {}
    for region, trial in (("03", False), ("02", False), ("03", True)):
        clock = given(make, region, -2, is_trial=trial)
        Rung.objects.create(clock=clock, name="escalate", due_at=now, fired_at=now)
        cases[region, trial] = clock.application.reference  # type: ignore[union-attr]
    ended = given(make, "03", -3, state="stopped", stopped_at=now)
    Rung.objects.create(clock=ended, name="escalate", due_at=now, fired_at=now)
    Rung.objects.create(clock=given(make, "03", -1), name="warn", due_at=now, fired_at=now)
    client.force_login(admin("03"))
    text = page(client, "board:escalations")
    assert [cases[key] in text for key in cases] == [True, False, False]
    assert "1 is still open" in text
    assert ended.application.reference in text  # type: ignore[union-attr]
    text = page(client, "board:escalations", state="open")
    assert ended.application.reference not in text  # type: ignore[union-attr]


def test_the_tile_on_the_first_page(world: dict[str, User], client: Client) -> None:
    client.force_login(admin("03"))
    assert "2 overdue" in page(client, "inbox:home")
    client.force_login(world["officer"])
    assert "Open the board" not in page(client, "inbox:home")


def test_provisional_weeks_say_so_and_the_print_says_who(world: dict[str, User], client: Client) -> None:
    reader = admin("03")
    client.force_login(reader)
    text = page(client, "board:home", stage="file_review")
    assert re.search(r"of these provisional</th>(<td[^>]*>0</td>)*<td[^>]*>1</td>", text)
    assert re.search(r"Printed by</dt><dd>" + re.escape(str(reader)), text)
    assert re.search(r"Stage</dt><dd>Leader(&#x27;|’)s file review", text)


def test_pages_of_many_take_no_more_queries(make: Makes, client: Client, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(national())

    def more() -> None:
        officer = UserFactory.create(member=(Role.DECISION, authority("03")))
        clock = given(make, "03", -1, holder=officer)
        Rung.objects.create(clock=clock, name="escalate", due_at=timezone.now(), fired_at=timezone.now())

    more()
    for name, query in (
        ("board:home", {}),
        ("board:people", {"region": "03"}),
        ("board:escalations", {}),
        ("board:list", {}),
    ):
        client.get(reverse(name), query)
        with CaptureQueriesContext(connection) as few:
            client.get(reverse(name), query)
        more()
        with django_assert_num_queries(len(few)):
            client.get(reverse(name), query)
