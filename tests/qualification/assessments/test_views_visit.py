"""The team's pages of the visit: checklist, records, abilities, conclusion."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from qualification.assessments.models import ItemAnswer, Nonconformity
from qualification.assessments.queries import items_of
from qualification.assessments.services import findings
from qualification.scope.models import CapabilityRow, CapabilityTable
from tests.factories.cases import World
from tests.qualification.assessments.looking import (
    PLAIN,
    SCRIPT,
    STARRED,
    as_,
    lookers,
    member_of,
    statuses,
    text,
    url,
    weak_item,
)

pytestmark = pytest.mark.django_db


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
