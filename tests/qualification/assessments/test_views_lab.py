"""The laboratory's answers in its assessment: material, dates, records, rectification."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.assessments.models import Assessment, Nonconformity, Visit
from qualification.assessments.services import file_review
from qualification.assessments.services.concluding import version_of_corrections
from tests.factories.accounts import UserFactory
from tests.factories.cases import QuickWalk, World, io_file

pytestmark = pytest.mark.django_db
MOSTLY = {"mostly": 2}


@pytest.fixture(autouse=True)
def _english() -> Any:
    with translation.override("en"):
        yield


def browser(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def url(name: str, subject: Any) -> str:
    return reverse(f"assessments:{name}", args=[subject.uuid])


def stranger() -> User:
    return UserFactory.create(member=Role.LAB_MANAGER)


def refused_to_others(address: str, world: World, walk: QuickWalk) -> None:
    """Another laboratory gets 404, whoever is no laboratory 403."""
    for person, status in ((stranger(), 404), (world.intake, 403), (walk.leader, 403)):
        assert browser(person).get(address).status_code == status
        assert browser(person).post(address, {"confirm": "yes"}).status_code == status


# -- material


def held(world: World, *points: str) -> QuickWalk:
    walk = world.walk("accept_offers")
    file_review.hold_file(assessment=walk.assessment, items=list(points), by=walk.leader, now=timezone.now())
    return walk


def test_the_material_is_handed_in_point_by_point(world: World) -> None:
    walk = held(world, "补充内审记录", "补充方法验证记录")
    address, client = url("hold", walk.assessment), browser(world.manager)
    walk._upload("hold_material", "1.2", io_file())
    wishes = client.get(address).context["wishes"]
    assert [(w.text, w.label, w.is_answered) for w in wishes] == [
        ("补充内审记录", "1.1", False),
        ("补充方法验证记录", "1.2", True),
    ]
    assert client.post(address, {"answer": "", "confirm": "yes"}).status_code == 422
    assert "见附件" in client.post(address, {"answer": "见附件"}).content.decode()
    assert walk.assessment.state == "on_hold"
    refused = client.post(address, {"answer": "见附件", "confirm": "yes"})
    assert (refused.status_code, walk.assessment.state) == (422, "on_hold")
    assert "None is there yet for: 1." in refused.content.decode()
    walk._upload("hold_material", "1.1", io_file())
    client.post(address, {"answer": "见附件", "confirm": "yes"})
    assert (walk.assessment.state, walk.assessment.hold_answer) == ("file_review", "见附件")
    assert client.post(address, {"answer": "再来", "confirm": "yes"}).status_code == 409
    assert client.get(address).status_code == 409


def test_a_second_list_has_slots_of_its_own(world: World) -> None:
    walk = held(world, "补充内审记录")
    walk._upload("hold_material", "1.1", io_file())
    file_review.resume_file(assessment=walk.assessment, answer="见附件", by=world.manager, now=timezone.now())
    file_review.hold_file(assessment=walk.assessment, items=["补充合同"], by=walk.leader, now=timezone.now())
    wishes = browser(world.manager).get(url("hold", walk.assessment)).context["wishes"]
    assert [(w.label, w.is_answered) for w in wishes] == [("2.1", False)]


def test_the_list_is_for_the_laboratory_alone(world: World) -> None:
    walk = held(world, "补充内审记录")
    refused_to_others(url("hold", walk.assessment), world, walk)
    assert walk.assessment.state == "on_hold"


# -- dates


def test_the_dates_are_agreed_once(world: World) -> None:
    walk = world.walk("propose_visit")
    visit = Visit.objects.get()
    address, client = url("answer_visit", visit), browser(world.manager)
    assert client.get(address).context["team"][0].assessor.user == walk.leader
    client.post(address, {})
    assert Visit.objects.get().state == "proposed"
    client.post(address, {"confirm": "yes"})
    assert (Visit.objects.get().state, walk.assessment.state) == ("agreed", "visiting")
    assert client.post(address, {"confirm": "yes"}).status_code == 409
    assert client.get(address).status_code == 409


def test_days_that_have_begun_are_not_agreed_to(world: World) -> None:
    walk = world.walk("propose_visit")
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    Visit.objects.update(from_on=yesterday, to_on=yesterday)
    address, client = url("answer_visit", Visit.objects.get()), browser(world.manager)
    answer = client.post(address, {"confirm": "yes"})
    assert (answer.status_code, walk.assessment.state) == (409, "scheduling")
    assert "have already begun" in answer.content.decode()
    client.post(address, {"answer": "other", "reason": "请改期", "confirm": "yes"})
    assert Visit.objects.get().state == "other_asked"


def test_other_dates_need_a_reason_which_is_kept(world: World) -> None:
    world.walk("propose_visit")
    address, client = url("answer_visit", Visit.objects.get()), browser(world.manager)
    assert client.post(address, {"answer": "other", "reason": " ", "confirm": "yes"}).status_code == 422
    assert "设备送检" in client.post(address, {"answer": "other", "reason": "设备送检"}).content.decode()
    assert Visit.objects.get().state == "proposed"
    client.post(address, {"answer": "other", "reason": "设备送检", "confirm": "yes"})
    assert (Visit.objects.get().state, Visit.objects.get().reason) == ("other_asked", "设备送检")


def test_the_dates_are_answered_by_the_laboratory_alone(world: World) -> None:
    walk = world.walk("propose_visit")
    refused_to_others(url("answer_visit", Visit.objects.get()), world, walk)
    assert Visit.objects.get().state == "proposed"


# -- records and rectification


@pytest.fixture
def rectifying(world: World) -> QuickWalk:
    return world.walk("conclude", answer_checklist=MOSTLY)


def test_records_are_confirmed_by_the_laboratory(world: World, rectifying: QuickWalk) -> None:
    address, client = url("confirm_record", rectifying.assessment), browser(world.manager)
    first, __ = Nonconformity.objects.order_by("number")
    client.post(address, {"record": str(first.uuid)})
    client.post(address, {"record": "nonsense"})
    assert [r.confirmed_by for r in Nonconformity.objects.order_by("number")] == [world.manager, None]
    member = UserFactory.create(member=(Role.LAB_MEMBER, world.laboratory))
    browser(member).post(address, {"record": "all"})
    assert [r.confirmed_by for r in Nonconformity.objects.order_by("number")] == [world.manager, member]
    refused_to_others(address, world, rectifying)


def test_the_case_page_leads_to_the_records_until_all_are_confirmed(world: World, rectifying: QuickWalk) -> None:
    case, client = reverse("inbox:case", args=[rectifying.application.uuid]), browser(world.manager)
    address = url("confirm_record", rectifying.assessment)
    assert address in client.get(case).content.decode()
    assert address not in browser(world.coordinator).get(case).content.decode()
    client.post(address, {"record": "all"})
    assert address not in client.get(case).content.decode()


def test_a_record_of_another_case_is_not_confirmed_here(world: World, rectifying: QuickWalk) -> None:
    other = World.walk(world, "conclude", answer_checklist=MOSTLY)
    record = Nonconformity.objects.filter(assessment=other.assessment).order_by("number")[0]
    browser(world.manager).post(url("confirm_record", rectifying.assessment), {"record": str(record.uuid)})
    record.refresh_from_db()
    assert record.confirmed_at is None


def test_records_are_not_told_before_the_visit(world: World) -> None:
    walk = world.walk("accept_offers")
    assert browser(world.manager).get(url("confirm_record", walk.assessment)).status_code == 409


def typed(assessment: Assessment, *texts: str, **more: str) -> dict[str, str]:
    corrections = {f"correction_{n}": said for n, said in enumerate(texts, start=1)}
    return {"version": version_of_corrections(assessment), **corrections, **more}


def corrections() -> list[str]:
    return [r.correction for r in Nonconformity.objects.order_by("number")]


def test_corrections_are_kept_as_one_types_and_handed_in_once(world: World, rectifying: QuickWalk) -> None:
    assessment = rectifying.assessment
    address, client = url("rectification", assessment), browser(world.manager)
    told = client.post(address, typed(assessment, "原因:培训不足", autosave="yes"))
    assert (told.status_code, set(told.json())) == (200, {"saved_at", "version"})
    assert told.json()["version"] == version_of_corrections(assessment)
    assert corrections() == ["原因:培训不足", ""]
    early = client.post(address, typed(assessment, "原因:培训不足", " ", confirm="yes"))
    assert (early.status_code, "Write cause and correction of nonconformity 2." in early.content.decode()) == (
        422,
        True,
    )
    assert rectifying.assessment.rectification.state == "open"
    rectifying._upload("rectification", "1", io_file())
    assert [c.has_evidence for c in client.get(address).context["corrections"]] == [True, False]
    client.post(address, typed(assessment, "原因:培训不足", "原因:疏忽", confirm="yes"))
    assert (rectifying.assessment.rectification.state, corrections()) == ("handed_in", ["原因:培训不足", "原因:疏忽"])
    assert client.post(address, typed(assessment, "改", "改", confirm="yes")).status_code == 409
    assert corrections() == ["原因:培训不足", "原因:疏忽"]


def test_a_correction_keeps_what_the_database_can_hold(world: World, rectifying: QuickWalk) -> None:
    data = typed(rectifying.assessment, "原因\x00:疏忽", "")
    assert browser(world.manager).post(url("rectification", rectifying.assessment), data).status_code == 302
    assert corrections() == ["原因:疏忽", ""]


def test_a_second_tab_overwrites_nothing_and_sees_both(world: World, rectifying: QuickWalk) -> None:
    assessment = rectifying.assessment
    address, client = url("rectification", assessment), browser(world.manager)
    stale = typed(assessment, "第二个窗口", "")
    client.post(address, typed(assessment, "第一个窗口", "", autosave="yes"))
    told = client.post(address, {**stale, "autosave": "yes"})
    assert (told.status_code, list(told.json())) == (409, ["message"])
    assert corrections() == ["第一个窗口", ""]
    page = client.post(address, {**stale, "confirm": "yes"})
    assert page.status_code == 409
    assert "第一个窗口" in page.content.decode() and "第二个窗口" in page.content.decode()
    assert (corrections(), rectifying.assessment.rectification.state) == (["第一个窗口", ""], "open")
    client.post(address, {**stale, "version": page.context["version"]})
    assert corrections() == ["第二个窗口", ""]


def test_the_rectification_is_the_laboratorys_alone(world: World, rectifying: QuickWalk) -> None:
    refused_to_others(url("rectification", rectifying.assessment), world, rectifying)
    assert (corrections(), rectifying.assessment.rectification.state) == (["", ""], "open")


def test_there_is_no_rectification_before_the_conclusion(world: World) -> None:
    walk = world.walk("confirm_rows")
    assert browser(world.manager).get(url("rectification", walk.assessment)).status_code == 409
