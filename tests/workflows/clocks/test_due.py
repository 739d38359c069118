"""`manage.py due` as an administrator runs it: the due date alone on the first line, or one clear sentence and an exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from qualification.regions import calendars
from qualification.regions.models import CalendarDay, CalendarYear
from tests.factories.regions import authority
from tests.workflows.clocks.conftest import at
from tests.workflows.clocks.test_oracle import CELLS, D
from tests.workflows.jobs.test_processes import url_of_this_database

REGIONS = ("01", "02", "03", "04", "05")


def _due(*args: str) -> list[str]:
    out = StringIO()
    call_command("due", *args, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def regions(calendar: None) -> None:
    """All five; Inner Mongolia has two days off of its own."""
    for code in REGIONS:
        authority(code)
    year = CalendarYear.objects.create(
        year=2026, authority=authority("05"), imported_at=at("2025-11-10 09:00"), is_official=False
    )
    for day in (D(2026, 10, 8), D(2026, 10, 9)):
        CalendarDay.objects.create(calendar=year, date=day, is_off=True, name="那达慕")


@pytest.mark.django_db
@pytest.mark.parametrize(("event", "limit", "due"), CELLS)
def test_the_tables_in_every_region(regions: None, event: D, limit: int, due: D) -> None:
    shown = {region: _due(str(event), str(limit), "--region", region)[0] for region in REGIONS}
    own = {"05": str(due)}
    if event == D(2026, 9, 30):
        own["05"] = {5: "2026-10-15", 7: "2026-10-19", 10: "2026-10-22", 30: "2026-11-19"}[limit]
    assert shown == dict.fromkeys(REGIONS, str(due)) | own
    assert _due(str(event), str(limit))[0] == str(due)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("args", "first"),
    [
        (("2026-09-01", "30", "--unit", "calendar"), "2026-10-08"),
        (("2026-09-01", "29", "--unit", "calendar"), "2026-09-30"),
        (("2026-11-30", "3", "--unit", "months"), "2027-03-01"),
        (("2025-10-01", "1", "--unit", "months"), "2025-11-03"),
        (("2026-05-31", "-3", "--unit", "months"), "2026-02-28"),
        (("2026-05-22", "-3", "--unit", "months"), "2026-02-22"),
        (("2026-10-13", "-5", "--region", "05"), "2026-09-28"),
        (("2026-10-08", "-10", "--unit", "calendar"), "2026-09-28"),
    ],
)
def test_units_and_directions(regions: None, args: tuple[str, ...], first: str) -> None:
    assert _due(*args)[0] == first


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("2026-03-01", "0"), "A limit must be 1 to"),
        (("2026-03-01", "99999999"), "A limit must be 1 to"),
        (("2026-03-01", "-99999999"), "A limit must be 1 to"),
        (("9999-12-01", "90"), "lead out of the calendar"),
        (("9999-01-01", "300", "--unit", "months"), "lead out of the calendar"),
        (("0001-01-05", "-30", "--unit", "calendar"), "lead out of the calendar"),
        (("0001-01-05", "-30", "--unit", "months"), "lead out of the calendar"),
        (("2026-03-01", "5", "--region", "77"), "There is no authority 77. Codes: 01, 02, 03, 04, 05."),
        (("2026-02-30", "5"), "'2026-02-30' is no date; write it as 2026-11-20."),
        (("2026-03-01", "five"), "invalid int value: 'five'"),
        (("2026-03-01", "5", "--unit", "weeks"), "invalid choice: 'weeks'"),
    ],
)
def test_what_cannot_be_counted_is_told_in_one_sentence(regions: None, args: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError) as refused:
        _due(*args)
    assert words in str(refused.value)


@pytest.mark.django_db(transaction=True)
def test_exit_codes_at_a_real_prompt() -> None:
    """A process of its own: 0 and the date, or another code and one line without a traceback."""
    calendars.load_all(now=at("2025-11-10 09:00"))
    good, bad = _run("2026-02-13", "30"), _run("2026-02-13", "0")
    assert (good.returncode, good.stdout.splitlines()[0], good.stderr) == (0, "2026-04-02", "")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.strip() == "CommandError: A limit must be 1 to 3660, not 0."


def _run(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "due", *args]
    folder = Path(__file__).parents[3]
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"DATABASE_URL": url_of_this_database()},
        capture_output=True,
        text=True,
        check=False,
    )
