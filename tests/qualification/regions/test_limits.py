"""Limits with dates of effect: which counts on a day, and what is refused."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from qualification.accounts.models import User
from qualification.regions import limits
from qualification.regions.models import LimitEntry
from qualification.regions.settings import SETTINGS, setting
from tests.factories.accounts import UserFactory
from tests.factories.regions import authority, promise

pytestmark = pytest.mark.django_db
D = dt.date
DAY = dt.date(2026, 3, 2)
NOW = dt.datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def person() -> User:
    return UserFactory.create()


def enter(
    person: User,
    value: object = 8,
    day: dt.date = DAY,
    code: str | None = "03",
    key: str = "decision_days",
    reason: str = "promised",
) -> LimitEntry:
    place = authority(code) if code else None
    return limits.enter(
        authority=place, key=key, value=value, effective_on=day, reason=reason, by=person, now=NOW, edition="2027"
    )


def value(key: str, day: dt.date, code: str = "03") -> int:
    return limits.current().of(authority(code).pk, key, day).value


def test_without_entries_the_edition_of_the_program_counts() -> None:
    found = limits.current().of(authority("03").pk, "decision_days", D(2026, 3, 2))
    assert (found.value, found.entry_id, found.edition) == (10, None, "163-2021")


def test_the_law_is_seeded_once() -> None:
    assert limits.seed(now=NOW) == len(limits.LIMITS)
    assert limits.seed(now=NOW) == 0
    found = limits.current().of(None, "decision_days", D(2026, 3, 2))
    assert (found.value, found.edition, found.entry_id is not None) == (10, "163-2021", True)


def test_an_entry_counts_from_its_day_on(person: User) -> None:
    enter(person, 8, D(2026, 4, 1))
    assert [value("decision_days", day) for day in (D(2026, 3, 31), D(2026, 4, 1))] == [10, 8]
    assert value("decision_days", D(2026, 4, 1), "02") == 10
    assert setting(authority("03"), "decision_days", on=D(2026, 4, 1)) == 8


def test_a_new_edition_of_the_law_counts_for_all_and_caps_what_was_promised(person: User) -> None:
    enter(person, 8)
    enter(person, 6, D(2026, 5, 1), code=None)
    assert [value("decision_days", day) for day in (D(2026, 4, 30), D(2026, 5, 1))] == [8, 6]
    assert limits.current().of(authority("02").pk, "decision_days", D(2026, 5, 1)).edition == "2027"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"value": 0}, "from 1 to 10"),
        ({"value": 11}, "never lengthens"),
        ({"value": "soon"}, "whole number"),
        ({"day": D(2026, 3, 1)}, "is over"),
        ({"reason": "  "}, "Say why"),
        ({"key": "supplement_days", "value": 91}, "from 5 to 90"),
    ],
)
def test_what_cannot_be_is_refused_with_its_sentence(person: User, wrong: dict[str, object], says: str) -> None:
    with translation.override("en"), pytest.raises(ValidationError) as refused:
        enter(person, **wrong)  # type: ignore[arg-type]
    assert says in " ".join(refused.value.messages)
    assert not LimitEntry.objects.exists()


def test_two_entries_of_one_limit_on_one_day_are_refused(person: User) -> None:
    enter(person)
    with translation.override("en"), pytest.raises(ValidationError) as refused:
        enter(person, 7)
    assert "already" in " ".join(refused.value.messages)
    enter(person, 7, code="02")


def test_only_limits_have_dates(person: User) -> None:
    with pytest.raises(KeyError):
        enter(person, 3, key="team_min")
    with pytest.raises(KeyError):
        limits.current().of(None, "no_such_days", D(2026, 3, 2))


def test_a_corrected_entry_no_longer_counts(person: User) -> None:
    wrong = promise(authority("03"), "decision_days", 3, since=D(2026, 1, 1))
    limits.correct(entry=wrong, value=8, reason="slip", by=person, now=NOW)
    assert value("decision_days", D(2026, 1, 2)) == 8
    assert LimitEntry.objects.get(pk=wrong.pk).value == 3


def test_every_statutory_default_is_the_laws_number() -> None:
    assert {key: SETTINGS[key].default for key in limits.LIMITS if SETTINGS[key].is_statutory} == {
        "acceptance_days": 5, "acceptance_after_supplement_days": 5, "file_review_days": 5, "technical_review_days": 30,
        "rectification_max_days": 30, "verification_days": 5, "decision_days": 10, "decision_extension_days": 10,
        "issue_days": 7,
    }  # fmt: skip
