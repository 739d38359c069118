"""A new edition of the law's limits, and an entry taken back before its day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import translation

from qualification import door
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.regions import editions, limits
from qualification.regions.models import LimitEntry
from tests.factories.accounts import UserFactory
from tests.factories.regions import authority, promise
from tests.qualification.regions.test_limits import NOW

pytestmark = pytest.mark.django_db
D = dt.date
DAY = D(2026, 4, 1)


@pytest.fixture
def person() -> User:
    limits.seed(now=NOW)
    return UserFactory.create(member=(Role.JOINT_MEETING, None))


def enter(person: User, values: dict[str, object], **more: Any) -> list[LimitEntry]:
    given = {"edition": "163-2026", "article": "总局令", "effective_on": DAY, "reason": "revised", **more}
    return editions.enter_edition(values=values, **given, by=person, now=NOW)


def law(key: str, day: dt.date) -> int:
    return limits.current().of(None, key, day).value


def test_an_edition_changes_only_what_differs_and_from_its_day_on(person: User) -> None:
    made = enter(person, {"decision_days": "8", "issue_days": "7", "acceptance_days": "", "supplement_days": 45})
    assert {entry.key: (entry.value, entry.edition, entry.article, entry.by) for entry in made} == {
        "decision_days": (8, "163-2026", "总局令", person), "supplement_days": (45, "163-2026", "总局令", person),
    }  # fmt: skip
    assert [law("decision_days", day) for day in (D(2026, 3, 31), DAY)] == [10, 8]
    assert limits.current().of(authority("03").pk, "issue_days", DAY).edition == "163-2021"


def test_the_difference_names_whose_own_value_counts_on_and_whose_gives_way(person: User) -> None:
    promise(authority("03"), "decision_days", 6)
    promise(authority("04"), "decision_days", 9)
    promise(authority("05"), "supplement_days", 60)
    promise(authority("99"), "decision_days", 3)
    enter(person, {"decision_days": 7}, effective_on=D(2026, 9, 1))
    found = editions.difference(
        values={"decision_days": 8, "supplement_days": 40}, edition="x", effective_on=DAY, now=NOW
    )
    by_key = {one.known.key: one for one in found}
    decision, supplement = by_key["decision_days"], by_key["supplement_days"]
    assert (decision.before.value, decision.after) == (10, 8)
    assert [(place.code, value) for place, value in decision.keep] == [("03", 6)]
    assert [(place.code, value) for place, value in decision.give_way] == [("04", 9)]
    assert [entry.value for entry in decision.later] == [7]
    # A limit the law leaves open: a region's own value stays, be it longer.
    assert [(place.code, value) for place, value in supplement.keep] == [("05", 60)]
    assert law("decision_days", DAY) == 10


@pytest.mark.parametrize(
    ("values", "more", "line", "says"),
    [
        ({"decision_days": 0, "issue_days": 6}, {}, "decision_days", "from 1 to"),
        ({"decision_days": -3}, {}, "decision_days", "from 1 to"),
        ({"decision_days": "soon"}, {}, "decision_days", "whole number"),
        ({"supplement_days": 91}, {}, "supplement_days", "from 5 to 90"),
        ({"decision_days": 8}, {"effective_on": D(2026, 3, 1)}, "effective_on", "is over"),
        ({"decision_days": 8}, {"edition": " "}, "edition", "Name the edition"),
        ({"decision_days": 8}, {"reason": " "}, "reason", "Say why"),
        ({"decision_days": 10, "issue_days": ""}, {}, "__all__", "No limit would change"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line_and_nothing_is_entered(
    person: User, values: dict[str, object], more: dict[str, Any], line: str, says: str
) -> None:
    before = LimitEntry.objects.count()
    with translation.override("en"), pytest.raises(ValidationError) as refused:
        enter(person, values, **more)
    told = getattr(refused.value, "error_dict", {"__all__": [refused.value]})
    assert list(told) == [line]
    assert says in " ".join(told[line][0].messages)
    assert LimitEntry.objects.count() == before


def test_every_wrong_line_is_told_at_once(person: User) -> None:
    with pytest.raises(ValidationError) as refused:
        enter(person, {"decision_days": 0, "issue_days": "x", "acceptance_days": 4}, edition="")
    assert set(refused.value.error_dict) == {"decision_days", "issue_days", "edition"}


def test_a_day_that_has_an_entry_is_refused_on_its_line(person: User) -> None:
    enter(person, {"decision_days": 8})
    with translation.override("en"), pytest.raises(ValidationError) as refused:
        enter(person, {"decision_days": 7, "issue_days": 5})
    assert list(refused.value.error_dict) == ["decision_days"]
    assert "has an entry from" in " ".join(refused.value.messages)
    assert law("issue_days", DAY) == 7


@pytest.mark.parametrize("role", [Role.NATIONAL_VIEWER, Role.REGION_ADMIN, Role.SLA_ADMIN, Role.DECISION])
def test_only_the_joint_meeting_enters_the_law(role: Role) -> None:
    place = None if role == Role.NATIONAL_VIEWER else authority("03")
    with pytest.raises(door.Refused):
        enter(UserFactory.create(member=(role, place)), {"decision_days": 8})
    assert not LimitEntry.objects.filter(edition="163-2026").exists()


def test_an_entry_is_withdrawn_before_its_day_and_its_place_is_free_again(person: User) -> None:
    wrong = enter(person, {"decision_days": 8})[0]
    taken_back = limits.withdraw(entry=wrong, reason="slip", by=person, now=NOW)
    assert law("decision_days", DAY) == 10
    assert (taken_back.corrects, taken_back.is_withdrawal, taken_back.by) == (wrong, True, person)
    right = enter(person, {"decision_days": 9})[0]
    assert (right.corrects, law("decision_days", DAY)) == (taken_back, 9)
    again = limits.correct(entry=right, value=7, reason="typed wrong", by=person, now=NOW)
    assert law("decision_days", DAY) == 7
    with pytest.raises(ValidationError):
        enter(person, {"decision_days": 6})
    limits.withdraw(entry=again, reason="not now", by=person, now=NOW)
    assert law("decision_days", DAY) == 10


@pytest.mark.parametrize(
    ("day", "twice", "reason", "says"),
    [
        (D(2026, 3, 2), False, "slip", "has been in force since"),
        (DAY, True, "slip", "withdrawn already"),
        (DAY, False, " ", "Say why"),
    ],
)
def test_what_cannot_be_withdrawn(person: User, day: dt.date, twice: bool, reason: str, says: str) -> None:
    wrong = enter(person, {"decision_days": 8}, effective_on=day)[0]
    if twice:
        limits.withdraw(entry=wrong, reason="slip", by=person, now=NOW)
    with translation.override("en"), pytest.raises(ValidationError) as refused:
        limits.withdraw(entry=wrong, reason=reason, by=person, now=NOW)
    assert says in " ".join(refused.value.messages)


def test_a_withdrawn_entry_is_not_corrected(person: User) -> None:
    wrong = enter(person, {"decision_days": 8})[0]
    taken_back = limits.withdraw(entry=wrong, reason="slip", by=person, now=NOW)
    for entry in (wrong, taken_back):
        with pytest.raises(ValidationError):
            limits.correct(entry=entry, value=7, reason="late", by=person, now=NOW)


def test_a_withdrawal_names_what_it_takes_back(person: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        LimitEntry.objects.create(
            key="decision_days", value=8, effective_on=DAY, reason="x", at=NOW, is_withdrawal=True
        )
