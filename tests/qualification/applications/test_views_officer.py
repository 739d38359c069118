"""The officers' pages: who may act, what is asked first, what happens to those who come late."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.models import Application, Concurrence, Decision, TerminationRequest
from qualification.applications.services import endings
from tests.factories.cases import World
from workflows.demo.walk import Wish

Enter = Callable[[User], Client]
SETTLED = {"finding-TOTAL_FORMS": "2", "finding-INITIAL_FORMS": "0"}
FINDINGS = SETTLED | {
    "finding-0-slot": "quality_manual|", "finding-0-text": "缺少第三章", "finding-1-slot": "", "finding-1-text": "",
}  # fmt: skip


@pytest.fixture
def world(db: None) -> World:
    return World()


@pytest.fixture
def enter() -> Enter:
    def client(user: User) -> Client:
        found = Client(headers={"accept-language": "en"})
        found.force_login(user)
        return found

    return client


def url(name: str, application: Application) -> str:
    return reverse(f"applications:{name}", args=[application.uuid])


def state(application: Application) -> str:
    return str(Application.objects.values_list("state", flat=True).get(pk=application.pk))


# -- intake


def test_the_intake_officer_examines(world: World, enter: Enter) -> None:
    application = world.walk("submit").application
    page = enter(world.intake).get(url("examine", application))
    assert page.status_code == 200
    slots = page.context["slots"]
    assert [s.title for s in slots if not s.versions] == [s.title for s in slots if s.wanted.level != "required"]
    assert page.context["first_file"] is not None
    assert page.context["missing"] == []


@pytest.mark.parametrize("name", ["examine", "ask_supplement", "decide"])
def test_another_region_gets_404(world: World, enter: Enter, name: str) -> None:
    application = world.walk("submit").application
    for role in (Role.INTAKE, Role.DECISION):
        far = world.user(role, world.far)
        far.memberships.create(role=Role.DECISION if role == Role.INTAKE else Role.INTAKE, authority=world.far)
        assert enter(far).get(url(name, application)).status_code == 404


@pytest.mark.parametrize("name", ["accept", "refuse_acceptance", "keep_findings", "release", "retract"])
def test_another_region_cannot_post_either(world: World, enter: Enter, name: str) -> None:
    application = world.walk("submit").application
    far = world.user(Role.INTAKE, world.far)
    far.memberships.create(role=Role.DECISION, authority=world.far)
    assert enter(far).post(url(name, application), {"confirm": "yes"}).status_code == 404
    assert state(application) == "submitted"


def test_the_intake_officer_of_a_site_sees_the_case_but_does_not_examine_it(world: World, enter: Enter) -> None:
    application = world.walk("submit").application
    officer = world.user(Role.INTAKE, world.other)
    assert enter(officer).get(url("examine", application)).status_code == 403
    assert enter(officer).post(url("accept", application)).status_code == 403
    assert enter(world.manager).post(url("accept", application)).status_code == 403
    assert state(application) == "submitted"


def test_accepting_twice_is_answered_with_409(world: World, enter: Enter) -> None:
    application = world.walk("submit").application
    client = enter(world.intake)
    assert client.post(url("accept", application), {"confirm": "yes"}).status_code == 302
    late = client.post(url("accept", application), {"confirm": "yes"})
    assert (late.status_code, state(application)) == (409, "in_review")
    assert str(world.intake) in late.content.decode()


REVIEW, DECISION = "The technical review has begun.", "it now waits for the decision."
CONCURRENCE = "the authorities of the other sites are asked to concur, then it is decided."


@pytest.mark.parametrize(
    ("procedure", "is_joint", "asks", "says"),
    [
        ("general", True, "The technical review begins;", REVIEW),
        ("commitment", True, "The check on site follows the decision.", CONCURRENCE),
        ("commitment", False, "The check on site follows the decision.", DECISION),
    ],
)
def test_whoever_accepts_reads_what_comes_next(
    db: None, enter: Enter, procedure: str, is_joint: bool, asks: str, says: str
) -> None:
    world = World(joint=is_joint)
    application = world.walk("submit", wish=Wish(procedure=procedure)).application
    client = enter(world.intake)
    assert asks in client.get(url("examine", application)).content.decode()
    page = client.post(url("accept", application), {"confirm": "yes"}, follow=True).content.decode()
    told = (REVIEW, DECISION, CONCURRENCE)
    assert [sentence in page for sentence in told] == [says == sentence for sentence in told]


def test_findings_are_kept_as_one_types_and_nothing_goes_out(world: World, enter: Enter) -> None:
    application = world.walk("submit").application
    client = enter(world.intake)
    answer = client.post(url("keep_findings", application), FINDINGS | {"autosave": "yes"})
    assert (answer.status_code, list(answer.json())) == (200, ["saved_at"])
    application.refresh_from_db()
    assert [(i.slot_code, i.text) for i in application.supplement.items.all()] == [("quality_manual", "缺少第三章")]
    assert application.supplement.state == "draft"
    assert "缺少第三章" in client.get(url("examine", application)).content.decode()


def test_the_notice_is_shown_before_it_is_sent_once(world: World, enter: Enter) -> None:
    application = world.walk("submit").application
    client = enter(world.intake)
    asked = client.post(url("keep_findings", application), FINDINGS | {"next": "send"})
    assert asked["Location"] == url("ask_supplement", application)
    question = client.get(asked["Location"]).content.decode()
    assert "缺少第三章" in question
    assert "the only notice the law allows" in question
    assert client.post(asked["Location"]).status_code == 302
    assert Application.objects.get(pk=application.pk).supplement.state == "sent"
    assert client.post(asked["Location"]).status_code == 409
    assert client.post(url("keep_findings", application), FINDINGS | {"autosave": "yes"}).status_code == 409


def test_an_empty_list_is_not_sent(world: World, enter: Enter) -> None:
    application = world.walk("submit").application
    answer = enter(world.intake).post(url("ask_supplement", application))
    assert (answer.status_code, state(application)) == (422, "submitted")
    assert not hasattr(Application.objects.get(pk=application.pk), "supplement")


def test_a_refusal_without_an_article_keeps_what_was_typed(world: World, enter: Enter) -> None:
    application = world.walk("submit").application
    answer = enter(world.intake).post(
        url("refuse_acceptance", application), {"reasons": "不属于职权范围", "article": ""}
    )
    assert (answer.status_code, state(application)) == (422, "submitted")
    assert "不属于职权范围" in answer.content.decode()


def test_a_refusal_ends_the_case(world: World, enter: Enter) -> None:
    application = world.walk("submit").application
    data = {"reasons": "不属于职权范围", "article": "行政许可法第三十二条"}
    assert enter(world.intake).post(url("refuse_acceptance", application), data).status_code == 302
    assert state(application) == "not_accepted"


def test_a_case_that_has_moved_on_leads_to_its_page(world: World, enter: Enter) -> None:
    application = world.walk("accept").application
    answer = enter(world.intake).get(url("examine", application))
    assert (answer.status_code, answer["Location"]) == (302, reverse("inbox:case", args=[application.uuid]))


def test_a_table_is_shown_in_the_viewer_of_its_own_case_only(world: World, enter: Enter) -> None:
    application = world.walk("submit").application
    other = world.walk("draft")
    other.upload_tables()
    own, foreign = application.tables.order_by("pk")[0], other.application.tables.order_by("pk")[0]
    client = enter(world.intake)
    assert client.get(reverse("applications:examine_table", args=[application.uuid, own.uuid])).status_code == 200
    assert client.get(reverse("applications:examine_table", args=[application.uuid, foreign.uuid])).status_code == 404


# -- decision


def test_the_decision_page_shows_the_essence(world: World, enter: Enter) -> None:
    application = world.walk("concur").application
    page = enter(world.decider).get(url("decide", application))
    assert page.context["counts"] == {"applied": 4, "confirmed": 4, "restricted": 0, "dropped": 0}
    assert [c.state for c in page.context["concurrences"]] == ["agreed"]


def test_decide_release(world: World, enter: Enter) -> None:
    application = world.walk("concur").application
    client = enter(world.decider)
    assert client.post(url("decide", application), {"outcome": "grant"}).status_code == 302
    assert state(application) == "decided"
    page = client.get(url("decide", application)).content.decode()
    assert "7 working days" in page
    assert client.post(url("release", application), {"confirm": "yes"}).status_code == 302
    assert state(application) == "granted"
    assert client.post(url("release", application), {"confirm": "yes"}).status_code == 409


def test_a_second_decision_on_a_decided_case_is_late(world: World, enter: Enter) -> None:
    application = world.walk("decide").application
    assert enter(world.decider).post(url("decide", application), {"outcome": "grant"}).status_code == 409
    assert Decision.objects.count() == 1


def test_a_refusal_without_reasons_keeps_the_choice(world: World, enter: Enter) -> None:
    application = world.walk("concur").application
    answer = enter(world.decider).post(
        url("decide", application), {"outcome": "refuse", "reasons": "不符合准则", "article": ""}
    )
    assert (answer.status_code, state(application)) == (422, "reviewed")
    assert "不符合准则" in answer.content.decode()


def test_take_back_needs_a_reason(world: World, enter: Enter) -> None:
    application = world.walk("decide").application
    client = enter(world.decider)
    assert client.post(url("retract", application), {"reason": ""}).status_code == 422
    assert client.post(url("retract", application), {"reason": "重新核对"}).status_code == 302
    assert state(application) == "reviewed"


def test_who_accepted_does_not_decide(world: World, enter: Enter) -> None:
    application = world.walk("concur").application
    world.intake.memberships.create(role=Role.DECISION, authority=world.lead)
    assert enter(world.intake).get(url("decide", application)).status_code == 403
    assert enter(world.intake).post(url("decide", application), {"outcome": "grant"}).status_code == 403


# -- concurrence


def test_the_other_authority_answers_on_its_own_sites(world: World, enter: Enter) -> None:
    application = world.walk("hand_in_report").application
    asked = Concurrence.objects.get(application=application)
    address = reverse("applications:concur", args=[asked.uuid])
    client = enter(world.other_decider)
    page = client.get(address)
    assert [table.site for table, __ in page.context["own_tables"]] == [world.sites[1]]
    assert "It cannot be taken back." in page.content.decode()
    assert client.post(address, {"answer": "object", "opinion": ""}).status_code == 422
    assert client.post(address, {"answer": "agree", "opinion": "同意"}).status_code == 302
    assert client.post(address, {"answer": "agree", "opinion": "同意"}).status_code == 409
    assert Concurrence.objects.get(pk=asked.pk).state == "agreed"


def test_nobody_else_concurs(world: World, enter: Enter) -> None:
    application = world.walk("hand_in_report").application
    address = reverse("applications:concur", args=[Concurrence.objects.get(application=application).uuid])
    assert enter(world.decider).post(address, {"answer": "agree"}).status_code == 403
    assert enter(world.user(Role.DECISION, world.far)).post(address, {"answer": "agree"}).status_code == 404
    assert enter(world.user(Role.INTAKE, world.other)).post(address, {"answer": "agree"}).status_code == 403


# -- termination


def test_ask_and_consent(world: World, enter: Enter) -> None:
    application = world.walk("accept_offers").application
    client = enter(world.manager)
    assert client.post(url("ask_termination", application), {"reason": ""}).status_code == 422
    assert client.post(url("ask_termination", application), {"reason": "停业"}).status_code == 302
    assert client.post(url("ask_termination", application), {"reason": "停业"}).status_code == 409
    request = TerminationRequest.objects.get()
    address = reverse("applications:answer_termination", args=[request.uuid])
    decider = enter(world.decider)
    assert "停业" in decider.get(address).content.decode()
    assert decider.post(address, {"answer": "deny", "text": ""}).status_code == 422
    assert decider.post(address, {"answer": "consent", "text": ""}).status_code == 302
    assert decider.post(address, {"answer": "consent", "text": ""}).status_code == 409
    assert state(application) == "terminated"


def test_who_may_not_ask_or_answer(world: World, enter: Enter) -> None:
    walk = world.walk("accept_offers")
    application = walk.application
    assert enter(world.intake).post(url("ask_termination", application), {"reason": "停业"}).status_code == 403
    assert enter(world.user(Role.COORDINATOR, world.far)).post(url("ask_termination", application)).status_code == 404
    request = endings.ask_termination(application=application, reason="停业", by=walk.leader, now=world.moments())
    address = reverse("applications:answer_termination", args=[request.uuid])
    assert enter(world.other_decider).post(address, {"answer": "deny", "text": "继续"}).status_code == 403
    assert enter(world.user(Role.DECISION, world.far)).post(address, {"answer": "deny"}).status_code == 404
    assert TerminationRequest.objects.get().state == "asked"
