"""The team's pages before the visit and at its door: the file, the days, presence."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from qualification.accounts.enums import Role
from qualification.assessments.models import CheckIn, Visit
from qualification.assessments.services import visits
from tests.factories.accounts import UserFactory
from tests.factories.cases import World
from tests.factories.laboratories import SiteFactory
from tests.qualification.assessments.looking import (
    READ,
    as_,
    lookers,
    member_of,
    statuses,
    text,
    url,
)

pytestmark = pytest.mark.django_db


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
