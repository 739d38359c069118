"""A date that falls into a year not published says so: on the way, on papers, in mails, on the chip, by the command."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from qualification.accounts.enums import Role
from qualification.applications.models import Application
from qualification.applications.services import intake
from qualification.regions import calendar_drafts, calendars
from qualification.regions.calendar_files import read
from qualification.regions.models import CalendarYear
from tests.factories.accounts import UserFactory
from tests.factories.cases import World
from tests.factories.regions import authority
from tests.workflows.clocks.conftest import at, step
from workflows.clocks import queries
from workflows.clocks.calendar_standing import missing_years
from workflows.inbox.casefile import CaseFile, find
from workflows.inbox.way import way_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("calendar")]
LATE = at("2026-12-29 10:00")


def publish_2027(*, official: bool = True) -> None:
    file = read("2027-01-01 至 2027-01-03 元旦 放假")
    draft = calendar_drafts.prepare(file=file, authority=None, is_official=official, by=None, now=LATE)
    calendar_drafts.apply(draft=draft, reason="x", by=None, now=LATE)


@pytest.mark.parametrize("said", [False, True])
def test_the_way_says_it_of_every_stage_to_come(world: World, said: bool) -> None:
    walk, now = world.walk("submit"), world.moments()
    if said:
        CalendarYear.objects.all().delete()
    else:
        CalendarYear.objects.create(year=now.year + 1, is_official=True, imported_at=now)
    application = find(world.intake, walk.application.uuid)
    assert application is not None
    stages = [s for s in way_of(CaseFile(application, world.intake, now)) if s.status == "next" and s.date]
    assert [stage.is_provisional for stage in stages] == [said] * 3
    with translation.override("en"):
        html = render_to_string("components/way.html", {"stages": stages})
    assert html.count('<span class="due-provisional">provisional</span>') == (3 if said else 0)


def test_a_paper_says_it_of_its_date(draft: Application) -> None:
    step(draft, "submit", LATE)
    with translation.override("en"):
        told = intake.due_text(draft, "acceptance", LATE, 5)
        assert told != "2027年1月5日" and "2027年1月5日" in told
    publish_2027()
    assert queries.open_clock(draft, "acceptance") is not None
    early = Application.objects.create(
        laboratory=draft.laboratory, authority=draft.authority, kinds=["first"], created_by=draft.created_by
    )
    step(early, "submit", at("2026-03-02 10:00"))
    assert intake.due_text(early, "acceptance", LATE, 5) == "2026年3月9日"


def test_the_chip_says_it(draft: Application) -> None:
    step(draft, "submit", LATE)
    with translation.override("en"):
        chip = queries.chip(queries.open_clock(draft, "acceptance"), LATE)  # type: ignore[arg-type]
        assert "provisional</span>" in render_to_string("components/due_chip.html", {"due": chip})


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("2026-12-29", "5"), True),
        (("2027-01-10", "-10"), True),
        (("2026-12-29", "-10"), False),
        (("2026-12-29", "1"), False),
        (("2027-05-31", "-3", "--unit", "months"), False),
    ],
)
def test_the_command_says_it_under_the_date(args: tuple[str, ...], said: bool) -> None:
    out = StringIO()
    call_command("due", *args, stdout=out)
    lines = out.getvalue().splitlines()
    assert (len(lines[0]), lines[1].startswith("Provisional")) == (10, said)


# The line on pages that show many dates


def standing(role: Role | None, moment: str) -> str:
    request = RequestFactory().get("/")
    request.user = UserFactory.create(member=(role, authority("03"))) if role else UserFactory.create()
    with translation.override("en"):
        page = Template("{% load clocks %}{% calendar_standing %}")
        return page.render(Context({"request": request, "now": at(moment)}))


@pytest.mark.parametrize(("moment", "tone"), [("2026-11-14 23:59", "notice-info"), ("2026-11-15 00:00", "notice-warn")])
def test_the_line_says_which_year_is_missing(moment: str, tone: str) -> None:
    html = standing(Role.SLA_ADMIN, moment)
    assert "<strong>2027</strong>: not published, dates provisional" in html
    assert (tone in html, "/calendars/00/2027/" in html) == (True, True)


def test_the_line_links_nobody_to_a_page_that_is_closed_to_them() -> None:
    assert "2027" in standing(None, "2026-12-01 10:00")
    assert "href" not in standing(None, "2026-12-01 10:00")


def test_nothing_is_said_when_both_years_are_there() -> None:
    publish_2027()
    assert standing(Role.SLA_ADMIN, "2026-12-01 10:00").strip() == ""


def test_an_expected_year_is_told_apart(draft: Application) -> None:
    publish_2027(official=False)
    with translation.override("en"):
        (missing,) = missing_years(calendars.current(), at("2026-12-01 10:00"))
        assert (missing.year, missing.standing.label) == (2027, "expected days, dates provisional")


def test_a_year_that_has_begun_without_its_calendar_is_late_at_once() -> None:
    assert [(m.year, m.is_late) for m in missing_years(calendars.current(), at("2027-02-01 10:00"))] == [
        (2027, True), (2028, False),
    ]  # fmt: skip
