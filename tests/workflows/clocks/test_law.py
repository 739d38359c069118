"""The pages of the law's limits: who reads, who enters, what is shown first, what running limits keep."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from qualification import door
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application
from qualification.regions import limits
from qualification.regions.models import LimitEntry, Profile
from tests.factories.accounts import UserFactory
from tests.factories.regions import authority, promise
from tests.workflows.clocks.conftest import at, clock_of, step
from workflows.clocks import corrections
from workflows.clocks.models import BudgetCorrection, Clock

pytestmark = pytest.mark.django_db
NOW = at("2026-03-10 10:00")
EDITION = {
    "edition": "163-2026", "article": "Order 99", "effective_on": "2026-04-01", "reason": "revised",
    "technical_review_days": "25",
}  # fmt: skip


@pytest.fixture
def member(calendar: None) -> User:
    limits.seed(now=at("2025-11-10 09:00"))
    return UserFactory.create(member=(Role.JOINT_MEETING, None))


def page(client: Client, user: User, name: str, *args: object, data: dict[str, str] | None = None) -> tuple[int, str]:
    client.force_login(user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    url = reverse(f"clocks:{name}", args=args)
    with time_machine.travel(NOW, tick=False):
        answer = client.get(url) if data is None else client.post(url, data, follow=True)
    return answer.status_code, answer.content.decode()


def test_an_edition_is_shown_before_it_is_entered_and_running_limits_keep_theirs(
    client: Client, member: User, in_review: Application
) -> None:
    promise(authority("03"), "technical_review_days", 20)
    promise(authority("04"), "technical_review_days", 28)
    before = clock_of(in_review, "technical_review")
    status, shown = page(client, member, "enter_law", data=EDITION)
    assert status == 200 and not LimitEntry.objects.filter(edition="163-2026").exists()
    assert "30 working days, then 25 working days" in shown
    assert f"goes on to count: {authority('03').region} 20" in shown
    assert f"gives way: {authority('04').region} 28" in shown
    assert "1 open time limits of these kinds keep the limit" in shown
    status, after = page(client, member, "enter_law", data={**EDITION, "confirm": "yes"})
    assert status == 200 and "The edition is entered." in after and "163-2026" in after
    entry = LimitEntry.objects.get(edition="163-2026")
    assert (entry.key, entry.value, entry.by, entry.effective_on) == (
        "technical_review_days", 25, member, dt.date(2026, 4, 1),
    )  # fmt: skip
    same = Clock.objects.get(pk=before.pk)
    assert (same.budget, same.due_at, same.edition) == (before.budget, before.due_at, "163-2021")


def test_a_case_that_starts_later_has_the_new_edition(member: User, submitted: Application, person: User) -> None:
    from qualification.regions import editions

    editions.enter_edition(
        values={"technical_review_days": 25}, edition="163-2026", article="", effective_on=dt.date(2026, 3, 10),
        reason="revised", by=member, now=NOW,
    )  # fmt: skip
    step(submitted, "accept", at("2026-03-09 23:00"), by=person)
    assert (clock_of(submitted, "technical_review").budget, clock_of(submitted, "technical_review").edition) == (
        30, "163-2021",
    )  # fmt: skip
    other = Application.objects.create(
        laboratory=submitted.laboratory, authority=submitted.authority, kinds=["first"], created_by=person
    )
    step(other, "submit", at("2026-03-09 10:00"), by=person)
    step(other, "accept", at("2026-03-10 09:00"), by=person)
    assert (clock_of(other, "technical_review").budget, clock_of(other, "technical_review").edition) == (
        25, "163-2026",
    )  # fmt: skip


def test_a_wrong_line_is_told_under_its_field_and_what_was_typed_stays(client: Client, member: User) -> None:
    status, text = page(client, member, "enter_law", data={**EDITION, "technical_review_days": "0", "issue_days": "6"})
    assert status == 422
    assert "“Technical review” must be from 1 to" in text and 'value="6"' in text and 'value="163-2026"' in text


@pytest.mark.parametrize(
    ("role", "code", "reads", "enters"),
    [
        (Role.JOINT_MEETING, None, 200, 200), (Role.NATIONAL_VIEWER, None, 200, 403), (Role.SLA_ADMIN, "03", 200, 403),
        (Role.REGION_ADMIN, "03", 200, 403), (Role.DECISION, "03", 403, 403),
    ],
)  # fmt: skip
def test_who_reads_and_who_enters(client: Client, role: Role, code: str | None, reads: int, enters: int) -> None:
    user = UserFactory.create(member=(role, authority(code) if code else None))
    assert page(client, user, "law")[0] == reads
    assert page(client, user, "enter_law")[0] == enters


def test_an_entry_to_come_is_withdrawn_after_a_look(client: Client, member: User) -> None:
    page(client, member, "enter_law", data={**EDITION, "confirm": "yes"})
    entry = LimitEntry.objects.get(edition="163-2026")
    shown = page(client, member, "law")[1]
    assert reverse("clocks:withdraw_limit", args=[entry.pk]) in shown
    assert "not in force yet" in shown and "in force now" in shown
    status, text = page(client, member, "withdraw_limit", entry.pk, data={"reason": "slip"})
    assert status == 200 and "30 working days" in text and "25 working days" in text
    assert limits.current().of(None, "technical_review_days", dt.date(2026, 4, 1)).value == 25
    status, text = page(client, member, "withdraw_limit", entry.pk, data={"reason": "slip", "confirm": "yes"})
    assert "The entry is withdrawn." in text and "withdrawn, never counted" in text and "slip" in text
    assert limits.current().of(None, "technical_review_days", dt.date(2026, 4, 1)).value == 30


def test_an_entry_in_force_is_not_withdrawn_but_corrected_with_the_open_clocks(
    client: Client, member: User, person: User, submitted: Application
) -> None:
    wrong = LimitEntry.objects.create(
        key="technical_review_days", value=3, effective_on=dt.date(2026, 3, 1), edition="163-2026", reason="slip",
        at=at("2026-02-27 10:00"),
    )  # fmt: skip
    step(submitted, "accept", at("2026-03-03 10:00"), by=person)
    assert clock_of(submitted, "technical_review").limit_entry == wrong
    status, text = page(client, member, "withdraw_limit", wrong.pk, data={"reason": "slip", "confirm": "yes"})
    assert status == 422 and "has been in force since" in text
    status, text = page(client, member, "correct_limit", wrong.pk, data={"value": "30", "reason": "30 was meant"})
    assert status == 200 and "Open time limits that move" in text and str(submitted.reference or "draft") in text
    assert "As entered" in text and ">30 was meant<" in text
    assert "Entered was: 3 working days." in page(client, member, "correct_limit", wrong.pk, data={"value": "x"})[1]
    data = {"value": "30", "reason": "30 was meant", "confirm": "yes"}
    assert "The entry is corrected." in page(client, member, "correct_limit", wrong.pk, data=data)[1]
    moved = clock_of(submitted, "technical_review")
    assert (moved.budget, moved.due_on) == (30, dt.date(2026, 4, 15))
    assert BudgetCorrection.objects.get().old == 3


def test_a_region_withdraws_its_own_entry_and_nobody_elses(client: Client, member: User) -> None:
    entry = promise(authority("03"), "decision_days", 6, since=dt.date(2026, 4, 1))
    keeper = UserFactory.create(member=(Role.SLA_ADMIN, authority("03")))
    other = UserFactory.create(member=(Role.SLA_ADMIN, authority("04")))
    for user in (other, member):
        assert page(client, user, "withdraw_limit", entry.pk)[0] == 404
        with pytest.raises(door.Refused):
            corrections.withdraw_limit(entry=entry, reason="x", by=user, now=NOW)
    assert "The entry is withdrawn." in page(
        client, keeper, "withdraw_limit", entry.pk, data={"reason": "slip", "confirm": "yes"}
    )[1]  # fmt: skip
    assert limits.current().of(authority("03").pk, "decision_days", dt.date(2026, 4, 1)).value == 10


@pytest.fixture
def keepers(member: User) -> dict[str, User]:
    """Who enters the limits of two regions, by the code of the authority."""
    for code in ("03", "04"):
        Profile.objects.get_or_create(authority=authority(code))
    return {code: UserFactory.create(member=(Role.SLA_ADMIN, authority(code))) for code in ("03", "04")}


OWN = {"value": "6", "effective_on": "2026-03-10", "reason": "quicker"}


def test_a_regions_limit_is_shown_before_it_counts(
    client: Client, keepers: dict[str, User], in_review: Application
) -> None:
    keeper = keepers["03"]
    promise(authority("03"), "technical_review_days", 22, since=dt.date(2026, 5, 1))
    kept = clock_of(in_review, "technical_review")
    place, data = ("03", "technical_review_days"), {**OWN, "value": "20"}
    status, shown = page(client, keeper, "enter_limit", *place, data=data)
    assert status == 200 and LimitEntry.objects.filter(authority=authority("03")).count() == 1
    assert "30 working days, then 20 working days" in shown
    assert "another entry counts: 22" in shown and ">quicker<" in shown
    assert "from today on counts with this limit at once. 1 open time limits of this kind" in shown
    later = page(client, keeper, "enter_limit", *place, data={**data, "effective_on": "2026-04-01"})[1]
    assert "Until that day the entry can be withdrawn" in later and "from today on" not in later
    status, after = page(client, keeper, "enter_limit", *place, data={**data, "confirm": "yes"})
    assert status == 200 and "The limit “Technical review” is entered." in after
    assert limits.current().of(authority("03").pk, "technical_review_days", NOW.date()).value == 20
    assert Clock.objects.get(pk=kept.pk).due_at == kept.due_at


def test_no_open_limit_of_another_region_is_counted(
    client: Client, keepers: dict[str, User], in_review: Application
) -> None:
    shown = page(client, keepers["04"], "enter_limit", "04", "technical_review_days", data={**OWN, "value": "20"})[1]
    assert "0 open time limits of this kind" in shown


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"value": "11"}, "a region shortens a limit of the law"),
        ({"effective_on": "2026-03-09"}, "is over."),
        ({"reason": ""}, "This field is required"),
        ({"effective_on": "2026-04-01"}, "has an entry from"),
    ],
)
def test_a_wrong_limit_is_told_before_anything_is_asked(
    client: Client, keepers: dict[str, User], change: dict[str, str], says: str
) -> None:
    promise(authority("03"), "decision_days", 8, since=dt.date(2026, 4, 1))
    status, text = page(client, keepers["03"], "enter_limit", "03", "decision_days", data=OWN | change)
    assert (status, says in text, 'value="yes"' in text) == (422, True, False)
    assert LimitEntry.objects.filter(authority=authority("03")).count() == 1


@pytest.mark.parametrize(
    ("role", "code", "key"),
    [
        (Role.SLA_ADMIN, "04", "decision_days"), (Role.JOINT_MEETING, None, "decision_days"),
        (Role.DECISION, "03", "decision_days"), (Role.REGION_ADMIN, "03", "team_min"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("keepers")
def test_who_enters_no_limit_of_a_region(client: Client, role: Role, code: str | None, key: str) -> None:
    user = UserFactory.create(member=(role, authority(code) if code else None))
    assert page(client, user, "enter_limit", "03", key)[0] == 404
    assert page(client, user, "enter_limit", "03", key, data={**OWN, "confirm": "yes"})[0] == 404
    assert not LimitEntry.objects.filter(authority=authority("03")).exists()


def test_the_page_of_a_limit_leads_to_the_question_and_enters_nothing_itself(
    client: Client, keepers: dict[str, User]
) -> None:
    client.force_login(keepers["03"])
    url = reverse("regions:change", args=["03", "decision_days"])
    with time_machine.travel(NOW, tick=False):
        shown = client.get(url).content.decode()
        assert client.post(url, {**OWN, "confirm": "yes"}).status_code == 404
    assert f'action="{reverse("clocks:enter_limit", args=["03", "decision_days"])}"' in shown
    assert not LimitEntry.objects.filter(authority=authority("03")).exists()


def test_the_list_of_entries_is_narrowed_and_exported(client: Client, member: User) -> None:
    page(client, member, "enter_law", data={**EDITION, "confirm": "yes"})
    client.force_login(member)
    answer = client.get(reverse("clocks:law"), {"export": "csv", "edition": "163-2026"})
    text = b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()  # type: ignore[arg-type]
    assert "163-2026" in text and "163-2021" not in text and "Order 99" in text
