"""The team's pages after the visit: verification and report."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from qualification.applications.models import Concurrence
from qualification.assessments.models import Assessment, Nonconformity
from tests.factories.cases import QuickWalk, World
from tests.qualification.assessments.looking import (
    READ,
    as_,
    lookers,
    statuses,
    text,
    url,
)
from workflows.demo.abilities import FINDINGS

pytestmark = pytest.mark.django_db


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
