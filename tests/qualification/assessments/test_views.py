"""The team's pages: the file, the visit, the verification, the report; who may, and what is kept when it is wrong."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Concurrence
from qualification.assessments.models import Assessment, CheckIn, ItemAnswer, Nonconformity, Visit
from qualification.assessments.queries import items_of
from qualification.assessments.services import findings, visits
from qualification.assessors.models import Seat
from qualification.scope.models import CapabilityRow, CapabilityTable
from tests.factories.accounts import UserFactory
from tests.factories.cases import QuickWalk, World
from tests.factories.laboratories import SiteFactory
from workflows.demo.abilities import FINDINGS

pytestmark = pytest.mark.django_db
STARRED, PLAIN = 1, 5
SCRIPT = {"X-Requested-With": "XMLHttpRequest"}


@pytest.fixture
def world() -> World:
    return World()


def as_(user: User, language: str = "en") -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = language
    return client


def url(name: str, *args: Any) -> str:
    return reverse(f"assessments:{name}", args=args)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def member_of(walk: QuickWalk) -> User:
    seat = (
        Seat.objects.select_related("assessor__user")
        .filter(assessment=walk.assessment, role="member")
        .order_by("pk")[0]
    )
    assert seat.assessor is not None
    return seat.assessor.user


def outsider(world: World, walk: QuickWalk) -> User:
    seated = Seat.objects.filter(assessment=walk.assessment).values_list("assessor_id", flat=True)
    return next(a.user for a in world.assessors if a.pk not in set(seated))


def lookers(world: World, walk: QuickWalk) -> dict[str, User]:
    return {
        "leader": walk.leader, "member": member_of(walk), "coordinator": world.coordinator, "decider": world.decider,
        "site": world.user(Role.INTAKE, world.other), "nation": world.user(Role.NATIONAL_VIEWER),
        "outsider": outsider(world, walk), "far": world.user(Role.COORDINATOR, world.far), "laboratory": world.manager,
    }  # fmt: skip


READ = {
    "leader": 200, "member": 200, "coordinator": 200, "decider": 200, "site": 200, "nation": 200, "outsider": 404,
    "far": 404, "laboratory": 403,
}  # fmt: skip


def statuses(people: dict[str, User], address: str, data: dict[str, Any] | None = None) -> dict[str, int]:
    return {
        name: (as_(user).post(address, data) if data is not None else as_(user).get(address)).status_code
        for name, user in people.items()
    }


# -- the file


def test_who_reads_and_who_judges_the_file(world: World) -> None:
    walk = world.walk("accept_offers")
    address = url("file_review", walk.assessment.uuid)
    people = lookers(world, walk)
    assert statuses(people, address) == READ
    leader = people.pop("leader")
    assert statuses(people, address, {"act": "pass", "opinion": "好"}) == {
        "member": 403, "coordinator": 403, "decider": 403, "site": 403, "nation": 403, "outsider": 404, "far": 404, "laboratory": 403,
    }  # fmt: skip
    assert walk.assessment.state == "file_review"
    assert as_(leader).post(address, {"act": "pass", "opinion": "材料齐全"})["Location"] == url(
        "propose", walk.assessment.uuid
    )
    assert (walk.assessment.state, walk.assessment.file_opinion) == ("scheduling", "材料齐全")
    assert as_(leader).post(address, {"act": "pass", "opinion": "再来"}).status_code == 409
    assert "材料齐全" in text(as_(people["member"]).get(address))


def test_a_laboratorys_member_who_is_also_staff_does_not_read_the_leaders_opinion(world: World) -> None:
    walk = world.walk("pass_file")
    both = UserFactory.create(member=(Role.LAB_MEMBER, world.laboratory))
    both.memberships.create(role=Role.ASSESSOR, authority=world.far)
    for name in ("file_review", "propose", "visit", "checklist", "report"):
        assert as_(both).get(url(name, walk.assessment.uuid)).status_code == 404


def test_holding_needs_points_and_keeps_the_opinion(world: World) -> None:
    walk = world.walk("accept_offers")
    client, address = as_(walk.leader), url("file_review", walk.assessment.uuid)
    wrong = client.post(address, {"act": "hold", "opinion": "初步意见", "items": "  \n "})
    assert wrong.status_code == 422
    assert "List at least one thing" in text(wrong)
    assert "初步意见" in text(wrong)
    assert client.post(address, {"act": "hold", "items": "内审记录\n\n 方法验证 "}).status_code == 302
    assert (walk.assessment.state, walk.assessment.hold_items) == ("on_hold", ["内审记录", "方法验证"])
    page = text(client.get(address))
    assert "内审记录" in page
    assert 'value="pass"' not in page


def test_failing_the_file_needs_the_opinion_and_leads_to_the_report(world: World) -> None:
    walk = world.walk("accept_offers")
    client, address = as_(walk.leader), url("file_review", walk.assessment.uuid)
    assert "Say why the file does not stand" in text(client.post(address, {"act": "fail", "opinion": ""}))
    assert client.post(address, {"act": "fail", "opinion": "缺质量手册"})["Location"] == url(
        "report", walk.assessment.uuid
    )
    assert walk.assessment.conclusion == "not"
    assert client.get(url("report", walk.assessment.uuid)).status_code == 200


def test_an_unknown_act_does_nothing(world: World) -> None:
    walk = world.walk("accept_offers")
    assert as_(walk.leader).post(url("file_review", walk.assessment.uuid), {"act": "burn"}).status_code == 422
    assert walk.assessment.state == "file_review"


# -- the days


def test_the_leader_proposes_and_the_team_reads_the_answer(world: World) -> None:
    walk = world.walk("pass_file")
    address, today = url("propose", walk.assessment.uuid), timezone.localdate()
    days = {"from_on": str(today), "to_on": str(today + dt.timedelta(days=1)), "timetable": "09:00 首次会议"}
    assert as_(member_of(walk)).post(address, days).status_code == 403
    past = as_(walk.leader).post(address, {**days, "from_on": str(today - dt.timedelta(days=1))})
    assert past.status_code == 422
    assert "cannot begin in the past" in text(past)
    assert "09:00 首次会议" in text(past)
    assert as_(walk.leader).post(address, days).status_code == 302
    assert as_(walk.leader).post(address, days).status_code == 409
    assert Visit.objects.count() == 1
    page = text(as_(member_of(walk)).get(address))
    assert "09:00 首次会议" in page
    assert "proposed" in page
    assert statuses(lookers(world, walk), address) == READ


def test_other_days_asked_for_are_told_and_new_ones_may_be_proposed(world: World) -> None:
    walk = world.walk("propose_visit")
    visit = Visit.objects.get(assessment=walk.assessment)
    visits.ask_other(visit=visit, reason="设备检定中,下周可以", by=world.manager, now=timezone.now())
    page = text(as_(walk.leader).get(url("propose", walk.assessment.uuid)))
    assert "设备检定中,下周可以" in page
    assert 'value="propose"' in page


# -- presence


def test_a_check_in_with_a_place_tells_the_distance(world: World) -> None:
    walk = world.walk("agree_visit")
    site, client = world.sites[0], as_(walk.leader)
    place = {"site": str(site.uuid), "latitude": "39.9045", "longitude": "116.4074", "accuracy_m": "18.7"}
    assert client.post(url("visit", walk.assessment.uuid), place, headers={"user-agent": "Phone/1"}).status_code == 302
    checkin = CheckIn.objects.get()
    assert (checkin.anomaly, checkin.accuracy_m, checkin.device, checkin.assessor.user) == (
        "",
        19,
        "Phone/1",
        walk.leader,
    )
    assert checkin.distance_m == 33
    assert "33 m from the site" in text(client.get(url("visit", walk.assessment.uuid)))
    far = {**place, "latitude": "31.2"}
    client.post(url("visit", walk.assessment.uuid), far)
    assert CheckIn.objects.latest("pk").anomaly == "far"
    assert "Farther from the site than usual" in text(client.get(url("visit", walk.assessment.uuid)))


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ({}, "say in a few words why"),
        ({"latitude": "39.9"}, "say in a few words why"),
        ({"latitude": "95", "longitude": "116"}, "less than or equal to 90"),
        ({"latitude": "nan", "longitude": "116"}, "Enter a number"),
    ],
)
def test_a_check_in_without_a_place_needs_a_note(world: World, place: dict[str, str], says: str) -> None:
    walk = world.walk("agree_visit")
    answer = as_(walk.leader).post(url("visit", walk.assessment.uuid), {"site": str(world.sites[0].uuid), **place})
    assert answer.status_code == 422
    assert says in text(answer)
    assert not CheckIn.objects.exists()


def test_a_check_in_without_a_place_is_kept_with_its_note(world: World) -> None:
    walk = world.walk("agree_visit")
    sent = {"site": str(world.sites[0].uuid), "note": "地下室无信号"}
    assert as_(walk.leader).post(url("visit", walk.assessment.uuid), sent).status_code == 302
    assert (CheckIn.objects.get().anomaly, CheckIn.objects.get().note) == ("no_place", "地下室无信号")


def test_only_the_team_checks_in_and_only_at_sites_of_the_case(world: World) -> None:
    walk = world.walk("agree_visit")
    address = url("visit", walk.assessment.uuid)
    elsewhere = SiteFactory.create(laboratory=world.laboratory, name="别处")
    assert as_(walk.leader).post(address, {"site": str(elsewhere.uuid), "note": "x"}).status_code == 422
    people = lookers(world, walk)
    assert statuses(people, address) == READ
    sent = {"site": str(world.sites[0].uuid), "note": "无信号"}
    assert statuses(people, address, sent) == {
        "leader": 302, "member": 302, "coordinator": 403, "decider": 403, "site": 403, "nation": 403, "outsider": 404,
        "far": 404, "laboratory": 403,
    }  # fmt: skip
    assert CheckIn.objects.count() == 2


# -- the checklist


def test_an_item_is_saved_at_once_for_the_script(world: World) -> None:
    walk = world.walk("agree_visit")
    client = as_(member_of(walk))
    saved = client.post(url("answer", walk.assessment.uuid, PLAIN), {"answer": "conform", "note": ""}, headers=SCRIPT)
    assert saved.status_code == 200
    assert (saved.json()["done"], saved.json()["total"]) == (1, 50)
    answer = ItemAnswer.objects.get()
    assert (answer.item.number, answer.answer, answer.by) == (PLAIN, "conform", member_of(walk))


def test_anything_but_conform_needs_the_facts(world: World) -> None:
    walk = world.walk("agree_visit")
    client, address = as_(walk.leader), url("answer", walk.assessment.uuid, PLAIN)
    refused = client.post(address, {"answer": "mostly", "note": " "}, headers=SCRIPT)
    assert (refused.status_code, refused.json()["message"]) == (422, "Not saved yet: write down the facts.")
    page = client.post(address, {"answer": "perhaps", "note": "原始记录缺页"})
    assert page.status_code == 422
    assert "原始记录缺页" in text(page)
    assert not ItemAnswer.objects.exists()
    kept = client.post(address, {"answer": "mostly", "note": "原始记录缺页"})
    assert kept["Location"] == f"{url('checklist', walk.assessment.uuid)}#item-{PLAIN}"
    assert ItemAnswer.objects.get().note == "原始记录缺页"


def test_not_applicable_is_offered_only_where_the_authority_allows_it(world: World) -> None:
    walk = world.walk("agree_visit")
    client, address = as_(walk.leader), url("answer", walk.assessment.uuid, PLAIN)
    assert client.post(address, {"answer": "na", "note": "无此业务"}, headers=SCRIPT).status_code == 422
    world.lead.profile.values["not_applicable_allowed"] = True
    world.lead.profile.save()
    assert client.post(address, {"answer": "na", "note": "无此业务"}, headers=SCRIPT).status_code == 200


def test_only_the_team_answers_and_only_during_the_visit(world: World) -> None:
    walk = world.walk("pass_file")
    early = as_(walk.leader).post(url("answer", walk.assessment.uuid, PLAIN), {"answer": "conform"}, headers=SCRIPT)
    assert early.status_code == 409
    assert "message" in early.json()
    walk.propose_visit()
    walk.agree_visit()
    address = url("answer", walk.assessment.uuid, PLAIN)
    people = lookers(world, walk)
    assert statuses(people, address, {"answer": "conform"}) == {
        "leader": 302, "member": 302, "coordinator": 403, "decider": 403, "site": 403, "nation": 403, "outsider": 404,
        "far": 403, "laboratory": 403,
    }  # fmt: skip
    assert as_(walk.leader).post(url("answer", walk.assessment.uuid, 51), {"answer": "conform"}).status_code == 404
    assert as_(walk.leader).get(address).status_code == 405


def test_the_rest_is_answered_and_the_unanswered_are_shown_alone(world: World) -> None:
    walk = world.walk("agree_visit")
    client = as_(walk.leader)
    client.post(url("answer", walk.assessment.uuid, PLAIN), {"answer": "not", "note": "未公开承诺"})
    shown = client.get(url("checklist", walk.assessment.uuid), {"show": "open"})
    numbers = [line.item.number for clause in shown.context["clauses"] for line in clause.items]
    assert numbers == [n for n in range(1, 51) if n != PLAIN]
    page = text(client.get(url("checklist", walk.assessment.uuid)))
    assert page.count("data-item ") == 50
    assert page.count("starred") == walk.assessment.edition.clauses.filter(is_starred=True).count()
    assert as_(world.coordinator).post(url("answer_rest", walk.assessment.uuid)).status_code == 403
    assert client.post(url("answer_rest", walk.assessment.uuid)).status_code == 302
    assert ItemAnswer.objects.filter(answer="conform").count() == 49
    assert ItemAnswer.objects.get(item__number=PLAIN).answer == "not"
    assert "Every item is answered" in text(client.get(url("checklist", walk.assessment.uuid), {"show": "open"}))


def test_the_checklist_asks_as_often_with_one_answer_as_with_all(world: World) -> None:
    walk = world.walk("agree_visit")
    client, address = as_(walk.leader), url("checklist", walk.assessment.uuid)
    client.post(url("answer", walk.assessment.uuid, PLAIN), {"answer": "conform"})
    client.get(address)
    with CaptureQueriesContext(connection) as one:
        client.get(address)
    client.post(url("answer_rest", walk.assessment.uuid))
    client.get(address)
    with CaptureQueriesContext(connection) as all_:
        client.get(address)
    assert len(all_) == len(one)


# -- records


def weak_item(walk: QuickWalk, number: int = PLAIN, answer: str = "mostly") -> None:
    item = items_of(walk.assessment).get(number=number)
    findings.answer_item(
        assessment=walk.assessment, item=item, answer=answer, note="记录不完整", by=walk.leader, now=timezone.now()
    )


def test_a_record_is_written_for_a_weak_item_and_confirmed_anew_after_a_change(world: World) -> None:
    walk = world.walk("agree_visit")
    weak_item(walk)
    client = as_(member_of(walk))
    page = text(client.get(url("records", walk.assessment.uuid)))
    assert "记录不完整" in page
    assert "record still to be written" in page
    address = url("record", walk.assessment.uuid, PLAIN)
    wrong = client.post(address, {"department": "", "fact": "缺环境条件", "shown_by": "documents"})
    assert wrong.status_code == 422
    assert "缺环境条件" in text(wrong)
    sent = {"department": "检测室", "fact": "缺环境条件", "shown_by": "documents"}
    assert client.post(address, sent).status_code == 302
    record = Nonconformity.objects.get()
    assert (record.number, record.degree, record.fact) == (1, "mostly", "缺环境条件")
    findings.confirm_nonconformity(record=record, by=world.manager, now=timezone.now())
    assert "confirmed by the laboratory" in text(client.get(url("records", walk.assessment.uuid)))
    assert client.post(address, {**sent, "fact": "缺环境条件三处"}).status_code == 302
    record.refresh_from_db()
    assert (record.confirmed_at, record.confirmed_by, record.number) == (None, None, 1)


def test_a_changed_degree_is_confirmed_anew_and_conform_takes_the_record_away(world: World) -> None:
    walk = world.walk("agree_visit", agree_visit={})
    weak_item(walk)
    findings.record_nonconformity(
        assessment=walk.assessment, item=items_of(walk.assessment).get(number=PLAIN), department="室", fact="缺", shown_by="other",
        by=walk.leader, now=timezone.now(),
    )  # fmt: skip
    findings.confirm_nonconformity(record=Nonconformity.objects.get(), by=world.manager, now=timezone.now())
    weak_item(walk)
    assert Nonconformity.objects.get().confirmed_by == world.manager
    weak_item(walk, answer="not")
    assert (Nonconformity.objects.get().degree, Nonconformity.objects.get().confirmed_by) == ("not", None)
    as_(walk.leader).post(url("answer", walk.assessment.uuid, PLAIN), {"answer": "conform"})
    assert not Nonconformity.objects.exists()


def test_no_record_without_an_answer_that_calls_for_it(world: World) -> None:
    walk = world.walk("agree_visit")
    sent = {"department": "室", "fact": "缺", "shown_by": "documents"}
    assert as_(walk.leader).post(url("record", walk.assessment.uuid, PLAIN), sent).status_code == 404
    as_(walk.leader).post(url("answer", walk.assessment.uuid, PLAIN), {"answer": "conform"})
    answer = as_(walk.leader).post(url("record", walk.assessment.uuid, PLAIN), sent)
    assert answer.status_code == 422
    assert as_(world.coordinator).post(url("record", walk.assessment.uuid, PLAIN), sent).status_code == 403
    assert not Nonconformity.objects.exists()


# -- abilities


def test_the_grid_is_offered_per_site_and_confirms_for_the_team(world: World) -> None:
    walk = world.walk("agree_visit")
    first, second = CapabilityTable.objects.order_by("site_id")
    client = as_(member_of(walk))
    page = text(client.get(url("capability", walk.assessment.uuid)))
    assert {url("capability_table", walk.assessment.uuid, t.uuid) in page for t in (first, second)} == {True}
    own = text(client.get(url("capability_table", walk.assessment.uuid, first.uuid)))
    assert "grid-mode-confirm" in own
    assert "grid-mode-compare" in text(
        as_(world.coordinator).get(url("capability_table", walk.assessment.uuid, first.uuid))
    )
    row = CapabilityRow.objects.filter(table=first, level="parameter").order_by("pk")[0]
    verdict = {"verdict": "confirmed", "means": "witnessed"}
    assert as_(world.coordinator).post(reverse("scope:row_confirm", args=[row.uuid]), verdict).status_code == 403
    assert client.post(reverse("scope:row_confirm", args=[row.uuid]), verdict).status_code == 302
    row.refresh_from_db()
    assert row.verdict == "confirmed"


def test_a_table_of_another_case_is_not_shown(world: World) -> None:
    walk, other = world.walk("agree_visit"), world.walk("accept")
    foreign = CapabilityTable.objects.filter(application=other.application).order_by("pk")[0]
    assert as_(walk.leader).get(url("capability_table", walk.assessment.uuid, foreign.uuid)).status_code == 404


# -- the conclusion


def test_what_is_missing_stands_on_the_page_and_keeps_the_visit_open(world: World) -> None:
    walk = world.walk("agree_visit")
    client, address = as_(walk.leader), url("conclude", walk.assessment.uuid)
    page = text(client.get(address))
    assert "Nobody has checked in at the site “石家庄实验室”." in page
    assert "50 checklist items are unanswered" in page
    assert "4 abilities are not yet confirmed" in page
    refused = client.post(address, {"confirm": "yes"})
    assert refused.status_code == 422
    assert "Not concluded" in text(refused)
    assert walk.assessment.state == "visiting"


def test_all_conform_concludes_without_rectification(world: World) -> None:
    walk = world.walk("confirm_rows")
    address = url("conclude", walk.assessment.uuid)
    assert "No answer other than “conforms”." in text(as_(walk.leader).get(address))
    assert as_(member_of(walk)).post(address).status_code == 403
    assert "The leader concludes the visit." in text(as_(member_of(walk)).get(address))
    assert as_(walk.leader).post(address)["Location"] == url("report", walk.assessment.uuid)
    assert (walk.assessment.state, walk.assessment.conclusion) == ("reporting", "conform")
    assert as_(walk.leader).post(address).status_code == 409


def test_a_rectification_gets_its_days(world: World) -> None:
    walk = world.walk("confirm_rows", answer_checklist={"mostly": 2})
    client, address = as_(walk.leader), url("conclude", walk.assessment.uuid)
    assert "by the rules of the edition" in text(client.get(address))
    for days in ("", "0", "31", "many"):
        wrong = client.post(address, {"days": days})
        assert wrong.status_code == 422, days
        assert f'value="{days}"' in text(wrong) or not days
    assert walk.assessment.state == "visiting"
    assert client.post(address, {"days": "12"}).status_code == 302
    assert (walk.assessment.state, walk.assessment.rectification.days) == ("rectifying", 12)


def test_a_starred_not_forces_the_worst_conclusion_without_rectification(world: World) -> None:
    walk = world.walk("confirm_rows")
    weak_item(walk, STARRED, "not")
    findings.record_nonconformity(
        assessment=walk.assessment, item=items_of(walk.assessment).get(number=STARRED), department="室", fact="无法人资格",
        shown_by="documents", by=walk.leader, now=timezone.now(),
    )  # fmt: skip
    page = text(as_(walk.leader).get(url("conclude", walk.assessment.uuid)))
    assert "on a starred clause" in page
    assert "Items: 1." in page
    as_(walk.leader).post(url("conclude", walk.assessment.uuid))
    assert (walk.assessment.state, walk.assessment.conclusion) == ("reporting", "not")


# -- verification


def verified(walk: QuickWalk, **changes: str) -> dict[str, str]:
    numbers = (
        Nonconformity.objects.filter(assessment=walk.assessment).order_by("number").values_list("number", flat=True)
    )
    data = {f"closed_{n}": "yes" for n in numbers} | {f"text_{n}": "查阅材料,有效" for n in numbers}
    return {**data, "opinion": "整改有效", **changes}


def test_the_leader_verifies_each_record(world: World) -> None:
    walk = world.walk("rectify", answer_checklist={"mostly": 2})
    client, address = as_(walk.leader), url("verification", walk.assessment.uuid)
    people = lookers(world, walk)
    assert statuses(people, address) == READ
    assert any(cause in text(client.get(address)) for *_found, cause in FINDINGS)
    wrong = client.post(address, verified(walk, text_2=""))
    assert wrong.status_code == 422
    assert "查阅材料,有效" in text(wrong)
    assert as_(people["member"]).post(address, verified(walk)).status_code == 403
    assert client.post(address, verified(walk))["Location"] == url("report", walk.assessment.uuid)
    assert (walk.assessment.conclusion, walk.assessment.is_rectified) == ("mostly", True)
    assert client.post(address, verified(walk)).status_code == 409
    assert "查阅材料,有效" in text(as_(people["member"]).get(address))


def test_one_open_record_makes_the_worst_conclusion(world: World) -> None:
    walk = world.walk("rectify", answer_checklist={"mostly": 2})
    as_(walk.leader).post(url("verification", walk.assessment.uuid), verified(walk, closed_2="no"))
    assert (walk.assessment.conclusion, walk.assessment.is_rectified) == ("not", False)


def test_there_is_nothing_to_verify_without_a_rectification(world: World) -> None:
    walk = world.walk("conclude")
    assert as_(walk.leader).get(url("verification", walk.assessment.uuid)).status_code == 404


# -- the report


def test_the_report_is_shown_before_it_is_handed_in(world: World) -> None:
    walk = world.walk("verify", answer_checklist={"mostly": 2})
    client, address = as_(walk.leader), url("report", walk.assessment.uuid)
    page = text(client.get(address))
    assert any(cause in page for *_found, cause in FINDINGS)
    assert world.other.name_en in page
    people = lookers(world, walk)
    assert statuses(people, address) == READ
    empty = client.post(address, {"summary": "  "})
    assert empty.status_code == 422
    assert as_(people["member"]).post(address, {"summary": "好"}).status_code == 403
    assert client.post(address, {"summary": "体系运行有效"}).status_code == 302
    assert walk.assessment.state == "reported"
    assert Concurrence.objects.get(application=walk.application).state == "requested"
    assert client.post(address, {"summary": "再交一次"}).status_code == 409
    assert Assessment.objects.get().summary == "体系运行有效"
    assert "体系运行有效" in text(client.get(address))


def test_before_the_conclusion_there_is_no_report(world: World) -> None:
    walk = world.walk("agree_visit")
    assert "There is no conclusion yet" in text(as_(walk.leader).get(url("report", walk.assessment.uuid)))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_opens_in_both_languages_after_the_end(world: World, language: str) -> None:
    walk = world.walk("hand_in_report", answer_checklist={"mostly": 1})
    uuid = walk.assessment.uuid
    names = (
        "file_review",
        "propose",
        "visit",
        "checklist",
        "records",
        "capability",
        "conclude",
        "verification",
        "report",
    )
    for user in (walk.leader, world.decider):
        assert {as_(user, language).get(url(name, uuid)).status_code for name in names} == {200}


def test_the_team_loses_the_case_some_days_after_the_report(world: World) -> None:
    walk = world.walk("hand_in_report")
    leader = walk.leader
    Assessment.objects.update(reported_at=timezone.now() - dt.timedelta(days=40))
    assert as_(leader).get(url("report", walk.assessment.uuid)).status_code == 404
    assert as_(world.decider).get(url("report", walk.assessment.uuid)).status_code == 200
