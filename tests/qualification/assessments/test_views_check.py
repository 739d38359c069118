"""The page of a commitment's check, and where the case tells of it: each reader in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from documents import upload
from documents.models import Document, Snapshot, Version
from qualification.accounts.models import User
from qualification.assessments import access
from qualification.assessors.models import Offer
from qualification.certificates.models import Certificate
from qualification.certificates.services import issuing
from tests.e2e.test_pages import english
from tests.factories.cases import QuickWalk, World, io_file, stored_file
from workflows.demo.walk import Wish
from workflows.outbox.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _papers_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuickWalk, "make_papers", lambda walk: issuing.paper_stored(walk.application.edition.paper))


@pytest.fixture
def world() -> World:
    return World()


def walked(world: World, last: str, **options: Any) -> QuickWalk:
    return world.walk(last, wish=Wish(procedure="commitment"), **options)


def browser(user: User, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client


def url(walk: QuickWalk) -> str:
    return reverse("assessments:check", args=[walk.check.uuid])


def case_page(walk: QuickWalk, user: User, language: str = "en") -> str:
    return browser(user, language).get(reverse("inbox:case", args=[walk.application.uuid])).content.decode()


FALSE = {"act": "record", "conclusion": "false", "findings": "主要设备不存在。"}
REVOKE = {"act": "revoke", "reason": "以欺骗手段取得资质认定。", "article": "行政许可法第六十九条第二款"}


def test_the_leader_records_and_the_decision_maker_revokes(world: World) -> None:
    walk = walked(world, "accept_offers")
    page = browser(walk.leader).get(url(walk)).content.decode()
    assert "Record the check?" in page and "Revoke what was granted?" not in page
    assert browser(walk.leader).post(url(walk), {"act": "record", "conclusion": "false"}).status_code == 422
    assert browser(walk.leader).post(url(walk), FALSE).status_code == 302
    assert browser(walk.leader).post(url(walk), FALSE).status_code == 409
    page = browser(world.decider).get(url(walk)).content.decode()
    assert "Revoke what was granted?" in page and "主要设备不存在。" in page
    assert browser(world.decider).post(url(walk), {**REVOKE, "reason": ""}).status_code == 422
    assert browser(world.decider).post(url(walk), REVOKE).status_code == 302
    assert Certificate.objects.get().state == "revoked"
    number = Certificate.objects.get().number
    register = Client(headers={"accept-language": "zh-hans"}).get(reverse("certificates:register"), {"q": number})
    assert number in register.content.decode() and "撤销" in register.content.decode()


def test_the_page_names_the_matter_the_certificate_and_the_limit_of_the_check_alone(world: World) -> None:
    walk = world.walk("release", wish=Wish(procedure="commitment"))
    walk.draw_team()
    walk.accept_offers()
    page = browser(walk.leader).get(url(walk)).content.decode()
    assert f"{world.laboratory} · first · {world.lead}" in page
    assert "On-site check of a commitment" in page and "Issue after a commitment" not in page
    assert 'id="held"' not in page
    walk.issue()
    walk.make_papers()
    certificate = Certificate.objects.get()
    assert (
        reverse("certificates:public", args=[certificate.number])
        in browser(walk.leader).get(url(walk)).content.decode()
    )


def test_after_a_false_check_everybody_reads_who_is_to_act(world: World) -> None:
    walk = walked(world, "accept_offers")
    said = "The decision maker of the authority is asked to revoke what was granted."
    assert said not in browser(walk.leader).get(url(walk)).content.decode()
    assert browser(walk.leader).post(url(walk), FALSE).status_code == 302
    readers = (walk.leader, world.coordinator, world.decider)
    pages = [browser(user).get(url(walk)).content.decode() for user in readers]
    assert [said in page for page in pages] == [True, True, False]
    assert all("Result of the check" in page for page in pages)
    walk.revoke()
    assert said not in browser(walk.leader).get(url(walk)).content.decode()


@pytest.mark.parametrize("procedure", ["general", "commitment"])
def test_a_team_that_checks_is_called_so_on_every_page(world: World, procedure: str) -> None:
    is_check = procedure == "commitment"
    walk = world.walk("release" if is_check else "accept", wish=Wish(procedure=procedure))
    walk.draw_team()
    offered = Offer.objects.filter(application=walk.application, state="sent").order_by("pk")[0].assessor.user
    team = browser(world.coordinator).get(reverse("assessors:team", args=[walk.application.uuid])).content.decode()
    for page in (team, case_page(walk, world.coordinator)):
        assert ("Team of the check" in page, "Assessment team" in page) == (is_check, not is_check)
    assert ("team that checks this commitment" in case_page(walk, offered)) == is_check
    assert ("Issue after a commitment" in team, "On-site check of a commitment" in team) == (False, is_check)


def test_who_may_not_is_refused_and_the_laboratory_has_its_case(world: World) -> None:
    walk = walked(world, "accept_offers")
    assert browser(world.manager).get(url(walk)).status_code == 403
    assert browser(world.coordinator).post(url(walk), FALSE).status_code == 403
    assert browser(world.other_decider).get(url(walk)).status_code == 200
    foreign = world.user("intake", world.far)
    assert browser(foreign).get(url(walk)).status_code == 404


def test_evidence_is_the_teams_and_read_by_the_laboratory_after_the_conclusion(world: World) -> None:
    walk = walked(world, "accept_offers")
    check = walk.check
    with pytest.raises(PermissionDenied):
        upload.add_version(
            owner_kind=access.CHECK_KIND, owner_id=check.uuid, code=access.EVIDENCE, label="1", upload=io_file(),
            by=world.manager, now=world.moments(),
        )  # fmt: skip
    assert not Version.objects.filter(document__owner_id=check.uuid).exists()
    assert access.may_write_evidence(walk.leader, check.uuid)
    assert not access.may_write_evidence(world.coordinator, check.uuid)
    assert not access.may_read_evidence(world.manager, check.uuid)
    walk.record_check()
    assert not access.may_write_evidence(walk.leader, check.uuid)
    assert access.may_read_evidence(world.manager, check.uuid)


@pytest.mark.parametrize(("language", "words"), [("en", "Check of the commitment"), ("zh-hans", "告知承诺核查")])
@pytest.mark.parametrize("last", ["accept", "release", "make_papers", "draw_team", "accept_offers", "record_check"])
def test_the_case_tells_every_reader(world: World, last: str, language: str, words: str) -> None:
    walk = walked(world, last)
    for reader in (world.manager, world.intake, world.coordinator, world.decider, world.issuer, world.other_decider):
        assert words in case_page(walk, reader, language)


def test_every_message_of_the_way_has_words_in_both_languages(world: World) -> None:
    walk = walked(world, "record_check", record_check={"conclusion": "false", "said": "主要设备不存在。"})
    walk.revoke()
    told = {message.kind for message in Message.objects.order_by("pk")}
    assert told >= {
        "commitment_accepted", "commitment_to_decide", "check_coming", "check_ordered", "check_team_named",
        "check_to_make", "commitment_checked", "check_result", "commitment_false", "certificate_ended",
    }  # fmt: skip
    for message in Message.objects.order_by("pk"):
        page = browser(message.recipient, "zh-hans").get(reverse("outbox:message", args=[message.uuid]))
        assert page.status_code == 200
        text = page.content.decode()
        assert "{{" not in text and "%(" not in text


def test_the_decision_rests_on_the_letter(world: World) -> None:
    walk = walked(world, "concur")
    page = browser(world.decider).get(reverse("applications:decide", args=[walk.application.uuid])).content.decode()
    assert "There was no technical review" in page and "There is no commitment letter" not in page
    data = {"outcome": "grant", "reasons": "", "article": ""}
    assert (
        browser(world.decider).post(reverse("applications:decide", args=[walk.application.uuid]), data).status_code
        == 302
    )


def test_the_tasks_lead_to_the_page_of_the_check(world: World) -> None:
    walk = walked(world, "accept_offers")
    assert url(walk) in browser(walk.leader).get(reverse("inbox:home")).content.decode()
    walk.record_check("false", "主要设备不存在。")
    assert url(walk) in browser(world.decider).get(reverse("inbox:home")).content.decode()


def test_the_guide_tells_of_the_procedure(world: World) -> None:
    page = Client(headers={"accept-language": "zh-hans"}).get(reverse("certificates:how_to_apply"))
    assert "告知承诺程序" in page.content.decode()


def test_no_page_of_the_way_is_half_english(world: World) -> None:
    walk = walked(world, "accept_offers")
    pages = [browser(walk.leader, "zh-hans").get(url(walk)).content.decode()]
    decided = world.walk(
        "decide", wish=Wish(kinds=["extension"], procedure="commitment", certificate=Certificate.objects.get())
    )
    pages += [
        browser(world.decider, "zh-hans")
        .get(reverse("applications:decide", args=[decided.application.uuid]))
        .content.decode()
    ]
    walk.record_check("false", "主要设备不存在。")
    pages += [browser(world.decider, "zh-hans").get(url(walk)).content.decode()]
    pages += [case_page(walk, reader, "zh-hans") for reader in (world.manager, world.decider)]
    pages += [browser(world.manager, "zh-hans").get(reverse("applications:start")).content.decode()]
    assert [english(page) for page in pages] == [[]] * len(pages)


def test_the_evidence_stands_with_the_conclusion(world: World) -> None:
    walk = walked(world, "accept_offers")
    document = Document.objects.create(
        owner_kind=access.CHECK_KIND,
        owner_id=walk.check.uuid,
        code=access.EVIDENCE,
        label="1",
        created_at=world.moments(),
    )
    Version.objects.create(
        document=document,
        number=1,
        file=stored_file("现场照片.pdf"),
        uploaded_by=walk.leader,
        uploaded_at=world.moments(),
    )
    page = browser(walk.leader).get(url(walk)).content.decode()
    assert "现场照片.pdf" in page and "Evidence of the check · 2" in page
    assert "现场照片.pdf" not in case_page(walk, world.manager)
    walk.record_check()
    (snapshot,) = Snapshot.objects.filter(owner_kind=access.CHECK_KIND, owner_id=walk.check.uuid)
    assert [line["label"] for line in snapshot.lines] == ["1"]
    assert "现场照片.pdf" in case_page(walk, world.manager)
