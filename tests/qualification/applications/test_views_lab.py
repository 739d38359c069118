"""The laboratory's pages: what is typed is kept, what is wrong is said, and nobody reaches what is not theirs."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.enums import OPEN_KINDS, Kind
from qualification.applications.models import Application, DraftConflict, SupplementItem
from qualification.applications.queries import missing_items
from qualification.applications.services import intake
from qualification.pages.dates import say_date, say_moment
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.cases import QuickWalk, World, io_file
from tests.factories.laboratories import LaboratoryFactory
from workflows.demo.walk import Wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def _english() -> Any:
    with translation.override("en"):
        yield


def browser(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def url(name: str, application: Application, *args: Any) -> str:
    return reverse(f"applications:{name}", args=[application.uuid, *args])


def text(answer: Any) -> str:
    return answer.content.decode()


def stranger() -> User:
    return UserFactory.create(member=Role.LAB_MANAGER)


def member(world: World) -> User:
    return UserFactory.create(member=(Role.LAB_MEMBER, world.laboratory))


def facts(application: Application, **more: Any) -> dict[str, Any]:
    sites = [str(pk) for pk in application.sites.order_by("pk").values_list("pk", flat=True)]
    return {
        "version": application.revision, "sites": sites, "field_codes": application.field_codes,
        "ministry_code": application.ministry_code, "contact_name": application.contact_name,
        "contact_phone": application.contact_phone, "contact_email": application.contact_email,
        "system_since": application.system_since or "", "note": application.note, **more,
    }  # fmt: skip


# -- who gets in

DRAFT_PAGES = ("edit", "kinds", "missing", "parts", "submit")


def test_the_pages_of_a_draft_are_its_laboratorys_alone(world: World) -> None:
    draft = world.walk("upload_materials").application
    for name in DRAFT_PAGES:
        assert browser(world.manager).get(url(name, draft)).status_code == 200, name
        assert browser(member(world)).get(url(name, draft)).status_code == 200, name
        assert browser(stranger()).get(url(name, draft)).status_code == 404, name
        assert browser(world.intake).get(url(name, draft)).status_code == 403, name
        answer = Client().get(url(name, draft))
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("account_login"))


def test_a_stranger_changes_nothing(world: World) -> None:
    draft = world.walk("upload_materials").application
    other = browser(stranger())
    for name in ("edit", "kinds", "discard", "submit", "withdraw", "supplement"):
        assert other.post(url(name, draft), {"confirm": "yes", "reason": "x", "note": "x"}).status_code == 404, name
    draft.refresh_from_db()
    assert (draft.state, draft.note, draft.revision) == ("draft", "", 1)


def test_the_lists_hold_the_own_cases_alone(world: World) -> None:
    draft, handed_in = world.walk("draft").application, world.walk("submit").application
    foreign = LaboratoryFactory.create(authority=world.lead)
    secret = Application.objects.create(
        laboratory=foreign, authority=world.lead, kinds=["first"], created_by=world.manager, note="秘密"
    )
    for name in ("list", "home"):
        page = text(browser(member(world)).get(reverse(f"applications:{name}")))
        assert url("edit", draft) in page
        assert handed_in.reference in page
        assert str(secret.uuid) not in page
    answer = browser(world.manager).get(reverse("applications:list"), {"export": "csv"})
    rows = b"".join(answer.streaming_content if answer.streaming else [answer.content]).decode("utf-8-sig").splitlines()
    assert sorted(line.split(",")[0] for line in rows) == sorted(["Case number", "draft", handed_in.reference])


def test_a_pending_decision_does_not_show(world: World) -> None:
    decided = world.walk("decide").application
    page = text(browser(world.manager).get(reverse("applications:list")))
    assert "being decided" in page
    assert "pending" not in page
    filtered = browser(world.manager).get(reverse("applications:list"), {"state": "reviewed"})
    assert decided.reference in text(filtered)


# -- start


def test_the_questions_tell_what_is_needed_before_a_draft_is_made(world: World) -> None:
    answer = browser(world.manager).get(reverse("applications:start"), {"kinds": "first"})
    assert [need.material.code for need in answer.context["outlook"].needs] == [
        "application_form", "capability_table", "signatories", "organisation_chart", "staff_table", "equipment_table",
        "typical_report", "quality_manual", "legal_status", "premises", "special_staff",
    ]  # fmt: skip
    assert Application.objects.count() == 0


def test_what_is_not_open_is_shown_and_cannot_be_chosen(world: World) -> None:
    page = browser(world.manager).get(reverse("applications:start"))
    closed = {choice.value: choice.why_not for choice in page.context["form"].choices if choice.why_not}
    assert page.content.decode().count("Not open here yet:") == 1
    offered = {choice.value for choice in page.context["form"].offered}
    assert offered == OPEN_KINDS
    assert set(closed) == {"address", "standard", "signatory", "other", "cancellation", "renewal", "extension"}
    for data in (
        {"kinds": ["address"]},
        {"kinds": ["cancellation"]},
        {"kinds": ["renewal"]},
        {"kinds": ["nonsense"]},
        {},
        {"kinds": ["first", "manager"]},
        {"kinds": ["manager"], "procedure": "commitment"},
    ):
        assert browser(world.manager).post(reverse("applications:start"), data).status_code == 422, data
    assert Application.objects.count() == 0


def test_the_draft_is_made_for_the_own_laboratory_whatever_the_form_says(world: World) -> None:
    foreign = LaboratoryFactory.create()
    answer = browser(world.manager).post(
        reverse("applications:start"), {"kinds": ["first"], "laboratory": str(foreign.uuid)}
    )
    made = Application.objects.get()
    assert (made.laboratory, made.kinds, made.created_by) == (world.laboratory, ["first"], world.manager)
    assert answer["Location"] == url("edit", made)


def test_who_acts_for_two_laboratories_chooses(world: World) -> None:
    second = LaboratoryFactory.create(authority=world.other)
    MembershipFactory.create(user=world.manager, role=Role.LAB_MANAGER, laboratory=second)
    browser(world.manager).post(reverse("applications:start"), {"kinds": ["first"], "laboratory": str(second.uuid)})
    assert Application.objects.get().laboratory == second


def test_a_late_renewal_is_warned_of_and_taken(world: World) -> None:
    from tests.qualification.applications.test_queries import certificate_of

    today = timezone.localdate()
    late = certificate_of(world.laboratory, today + dt.timedelta(days=40))
    data = {"kinds": ["extension", "renewal"], "certificate": str(late.uuid)}
    answer = browser(world.manager).get(reverse("applications:start"), data)
    assert len(answer.context["outlook"].warnings) == 1
    browser(world.manager).post(reverse("applications:start"), data)
    made = Application.objects.get()
    assert (made.kinds, made.certificate) == (["extension", "renewal"], late)


def test_a_certificate_of_another_laboratory_is_not_taken(world: World) -> None:
    from tests.qualification.applications.test_queries import certificate_of

    until = timezone.localdate() + dt.timedelta(days=900)
    certificate_of(world.laboratory, until, "230312050001")
    certificate_of(world.laboratory, until, "230312050002")
    foreign = certificate_of(LaboratoryFactory.create(authority=world.lead), until, "230312050003")
    data = {"kinds": ["renewal"], "certificate": str(foreign.uuid)}
    answer = browser(world.manager).post(reverse("applications:start"), data)
    assert answer.status_code == 422
    assert foreign.number not in text(answer)


# -- the workspace


def test_facts_are_saved_as_one_types(world: World) -> None:
    draft = world.walk("draft").application
    answer = browser(world.manager).post(url("edit", draft), facts(draft, note="你好", autosave="yes"))
    told = answer.json()
    draft.refresh_from_db()
    assert (answer.status_code, told["version"], draft.note, draft.revision) == (200, 2, "你好", 2)
    assert set(told) == {"saved_at", "version", "layout"}


def test_one_field_not_well_written_keeps_none_of_the_others_back(world: World) -> None:
    draft = world.walk("draft").application
    sent = facts(draft, note="你好", contact_email="kein-at", system_since="gestern", autosave="yes")
    answer = browser(world.manager).post(url("edit", draft), sent)
    draft.refresh_from_db()
    assert (answer.status_code, answer.json()["version"]) == (422, 2)
    assert "Contact mail" in answer.json()["message"]
    assert (draft.note, draft.contact_email) == ("你好", world.laboratory.email)
    page = browser(world.manager).post(url("edit", draft), facts(draft, contact_email="kein-at"))
    assert page.status_code == 422
    assert 'value="kein-at"' in text(page)
    assert 'name="version" value="3"' in text(page)


def test_the_second_tab_gets_409_and_its_words_back(world: World) -> None:
    draft = world.walk("draft").application
    client = browser(world.manager)
    client.post(url("edit", draft), facts(draft, note="第一个窗口", autosave="yes"))
    late = client.post(url("edit", draft), facts(draft, note="第二个窗口", autosave="yes"))
    assert (late.status_code, list(late.json())) == (409, ["message"])
    again = client.get(url("edit", draft))
    assert "第一个窗口" in text(again) and "第二个窗口" in text(again)
    [kept] = DraftConflict.objects.all()
    assert (
        browser(member(world)).post(url("conflict", draft, kept.pk), {"action": "take", "names": "note"}).status_code
        == 404
    )
    assert client.post(url("conflict", draft, kept.pk), {"action": "take", "names": "note"}).status_code == 302
    draft.refresh_from_db()
    assert (draft.note, DraftConflict.objects.count()) == ("第二个窗口", 0)


def test_a_late_save_by_the_button_shows_both(world: World) -> None:
    draft = world.walk("draft").application
    client = browser(world.manager)
    client.post(url("edit", draft), facts(draft, note="第一个窗口"))
    late = client.post(url("edit", draft), facts(draft, note="第二个窗口"))
    assert late.status_code == 409
    assert "第一个窗口" in text(late) and "第二个窗口" in text(late)
    client.post(url("conflict", draft, DraftConflict.objects.get().pk), {"action": "drop"})
    draft.refresh_from_db()
    assert (draft.note, DraftConflict.objects.count()) == ("第一个窗口", 0)


def test_a_form_without_its_version_overwrites_nothing(world: World) -> None:
    draft = world.walk("draft").application
    for version in ("", "x", "-1", "99"):
        answer = browser(world.manager).post(
            url("edit", draft), facts(draft, note="?", version=version, autosave="yes")
        )
        assert answer.status_code == 409
    draft.refresh_from_db()
    assert (draft.note, draft.revision) == ("", 1)


def test_other_sites_change_what_is_wanted(world: World) -> None:
    draft = world.walk("draft").application
    client = browser(world.manager)
    before = client.get(url("parts", draft)).context["layout"]
    sent = facts(draft, sites=[str(world.sites[0].pk)], autosave="yes")
    assert client.post(url("edit", draft), sent).json()["layout"] != before
    assert world.sites[1].name not in text(client.get(url("parts", draft)))


def test_the_missing_list_leads_to_its_places(world: World) -> None:
    full = world.walk("upload_tables").application
    made = {"laboratory": world.laboratory, "authority": world.lead, "created_by": world.manager}
    bare = [Application.objects.create(kinds=[kind], **made) for kind in ("first", "renewal", "extension", "manager")]
    for draft in (full, *bare):
        page = text(browser(world.manager).get(url("edit", draft)))
        anchors = [one.anchor or one.section for one in missing_items(draft)]
        assert anchors
        assert [anchor for anchor in anchors if f'id="{anchor}"' not in page] == []


def test_kinds_are_changed_and_the_conflict_is_told(world: World) -> None:
    draft = world.walk("draft").application
    client = browser(world.manager)
    client.post(url("kinds", draft), {"kinds": ["manager"], "version": draft.revision})
    draft.refresh_from_db()
    assert (draft.kinds, draft.revision) == (["manager"], 2)
    client.post(url("kinds", draft), {"kinds": ["first"], "version": 1})
    draft.refresh_from_db()
    assert draft.kinds == ["manager"]
    assert DraftConflict.objects.get().typed["kinds"] == ["first"]


def test_a_wrong_file_is_refused_in_words(world: World) -> None:
    draft = world.walk("draft").application
    address = reverse("documents:upload", args=["application", draft.uuid, "legal_status"])
    for name, data in (("a.exe", b"MZ\x90\x00"), ("a.pdf", b""), ("a.pdf", b"MZ\x90\x00" * 100)):
        file = SimpleUploadedFile(name, data, content_type="application/pdf")
        answer = browser(world.manager).post(address, {"file": file}, headers={"hx-request": "true"})
        assert answer.status_code == 422
        assert 'role="alert"' in text(answer)
    assert browser(stranger()).post(address, {"file": io_file()}).status_code == 404


# -- handing in


def test_hand_in_is_asked_first_and_happens_once(world: World) -> None:
    draft = world.walk("upload_materials").application
    client = browser(world.manager)
    assert "Hand the application in now?" in text(client.get(url("submit", draft)))
    client.post(url("submit", draft), {})
    draft.refresh_from_db()
    assert draft.state == "draft"
    answer = client.post(url("submit", draft), {"confirm": "yes"})
    draft.refresh_from_db()
    assert (draft.state, answer["Location"]) == ("submitted", reverse("inbox:case", args=[draft.uuid]))
    said = " ".join(str(message) for message in get_messages(answer.wsgi_request))
    assert f"{say_moment(draft.submitted_at)}, case number {draft.reference}." in said
    again = client.post(url("submit", draft), {"confirm": "yes"})
    assert again.status_code == 409
    assert "This is no longer possible" in text(again)
    assert client.post(url("edit", draft), facts(draft, note="太晚")).status_code == 409
    assert client.post(url("discard", draft), {"confirm": "yes"}).status_code == 409
    assert client.get(url("edit", draft)).status_code == 302


def test_what_is_missing_is_told_instead_of_handing_in(world: World) -> None:
    draft = world.walk("upload_tables").application
    page = text(browser(world.manager).get(url("submit", draft)))
    assert "Hand the application in now?" not in page
    answer = browser(world.manager).post(url("submit", draft), {"confirm": "yes"})
    draft.refresh_from_db()
    assert (answer.status_code, draft.state) == (422, "draft")


def test_a_draft_is_deleted_only_when_the_question_is_answered(world: World) -> None:
    draft = world.walk("upload_materials").application
    browser(world.manager).post(url("discard", draft), {})
    assert Application.objects.filter(pk=draft.pk).exists()
    browser(world.manager).post(url("discard", draft), {"confirm": "yes"})
    assert not Application.objects.filter(pk=draft.pk).exists()


def test_a_change_of_manager_is_filed_at_once_by_the_manager_alone(world: World) -> None:
    walk = world.walk("draft", wish=Wish(kinds=[Kind.MANAGER.value]))
    draft = walk.application
    assert {slot.material.code for slot in browser(world.manager).get(url("edit", draft)).context["slots"]} == {
        "appointment", "self_declaration", "authorisation",
    }  # fmt: skip
    sent = {"version": draft.revision, "manager_post": "technical_manager", "manager_name": "新技术负责人",
            "contact_name": "李敏", "contact_phone": "010-1"}  # fmt: skip
    browser(world.manager).post(url("edit", draft), sent)
    walk.application.refresh_from_db()
    walk.upload_materials()
    assert browser(member(world)).post(url("submit", draft), {"confirm": "yes"}).status_code == 403
    assert "Only the laboratory" in text(browser(member(world)).get(url("submit", draft)))
    browser(world.manager).post(url("submit", draft), {"confirm": "yes"})
    draft.refresh_from_db()
    world.laboratory.refresh_from_db()
    assert (draft.state, world.laboratory.technical_manager) == ("filed", "新技术负责人")


# -- withdraw


def test_only_the_manager_withdraws_and_only_with_a_reason(world: World) -> None:
    application = world.walk("accept").application
    address = url("withdraw", application)
    assert browser(member(world)).get(address).status_code == 403
    assert browser(member(world)).post(address, {"confirm": "yes", "reason": "x"}).status_code == 403
    assert browser(stranger()).post(address, {"confirm": "yes", "reason": "x"}).status_code == 404
    client = browser(world.manager)
    assert client.post(address, {"confirm": "yes", "reason": "  "}).status_code == 422
    unasked = client.post(address, {"reason": "场所搬迁"})
    assert "场所搬迁" in text(unasked)
    application.refresh_from_db()
    assert application.state == "in_review"
    client.post(address, {"confirm": "yes", "reason": "场所搬迁"})
    application.refresh_from_db()
    assert application.state == "withdrawn"
    assert client.post(address, {"confirm": "yes", "reason": "x"}).status_code == 409
    assert client.get(address).status_code == 409


def test_a_decided_case_is_not_withdrawn(world: World) -> None:
    application = world.walk("decide").application
    answer = browser(world.manager).post(url("withdraw", application), {"confirm": "yes", "reason": "x"})
    application.refresh_from_db()
    assert (answer.status_code, application.state) == (409, "decided")


# -- supplement


@pytest.fixture
def asked(world: World) -> QuickWalk:
    """A case whose laboratory was asked for three things: a material, a table, something without a slot."""
    walk = world.walk("submit")
    site = world.sites[0]
    found = [
        intake.Finding("质量手册缺页", "quality_manual"), intake.Finding("能力表有误", "capability_table", f"{site.uuid}:nonfood"),
        intake.Finding("说明分包情况"),
    ]  # fmt: skip
    intake.ask_supplement(application=walk.application, findings=found, by=world.intake, now=timezone.now())
    walk.application = Application.objects.get(pk=walk.application.pk)
    return walk


def test_every_point_has_its_place(world: World, asked: QuickWalk) -> None:
    answer = browser(world.manager).get(url("supplement", asked.application))
    points = answer.context["points"]
    assert [(p.number, p.text, p.code, p.label, p.is_table, p.is_answered) for p in points] == [
        (1, "质量手册缺页", "quality_manual", "", False, False),
        (2, "能力表有误", "capability_table", f"{world.sites[0].uuid}:nonfood", True, False),
        (3, "说明分包情况", "supplement", "3", False, False),
    ]
    asked._upload("quality_manual", "", io_file())
    asked._upload("supplement", "3", io_file())
    again = browser(world.manager).get(url("supplement", asked.application)).context["points"]
    assert [p.is_answered for p in again] == [True, False, True]


def test_the_supplement_is_handed_in_once_after_the_question(world: World, asked: QuickWalk) -> None:
    address, client = url("supplement", asked.application), browser(member(world))
    unasked = client.post(address, {"answer": "已逐项补正"})
    assert "已逐项补正" in text(unasked)
    client.post(address, {"answer": "已逐项补正", "confirm": "yes"})
    supplement = Application.objects.get(pk=asked.application.pk).supplement
    assert (supplement.state, supplement.answer) == ("handed_in", "已逐项补正")
    assert client.post(address, {"answer": "再来", "confirm": "yes"}).status_code == 409
    assert client.get(address).status_code == 409
    assert browser(stranger()).get(address).status_code == 404


def test_the_officers_list_does_not_show_before_it_is_sent(world: World) -> None:
    application = world.walk("submit").application
    intake.keep_findings(
        application=application, findings=[intake.Finding("内部意见")], by=world.intake, now=timezone.now()
    )
    answer = browser(world.manager).get(url("supplement", application))
    assert SupplementItem.objects.count() == 1
    assert (answer.status_code, "内部意见" in text(answer)) == (404, False)


def test_home_tells_what_waits(world: World, asked: QuickWalk) -> None:
    answer = browser(world.manager).get(reverse("applications:home"))
    assert [(task.application, task.url) for task in answer.context["tasks"]] == [
        (asked.application, url("supplement", asked.application))
    ]
    assert browser(stranger()).get(reverse("applications:home")).context["tasks"] == []


def test_a_certificate_on_the_home_page_is_the_laboratorys_own(world: World) -> None:
    from tests.qualification.applications.test_queries import certificate_of

    until = timezone.localdate() + dt.timedelta(days=100)
    own = certificate_of(world.laboratory, until, "230312050001")
    ended = certificate_of(world.laboratory, timezone.localdate() - dt.timedelta(days=1), "170312050001")
    certificate_of(LaboratoryFactory.create(authority=world.lead), until, "230312050009")
    held = browser(world.manager).get(reverse("applications:home")).context["held"]
    assert [(h.certificate, h.is_valid, h.is_time_to_renew) for h in held] == [(own, True, True), (ended, False, False)]


def test_answers_to_scripts_are_json(world: World) -> None:
    application = world.walk("submit").application
    headers = {"x-requested-with": "XMLHttpRequest"}
    answer = browser(world.manager).post(url("edit", application), facts(application, autosave="yes"), headers=headers)
    assert (answer.status_code, list(json.loads(answer.content))) == (409, ["message"])


def test_the_last_look_says_dates_as_everywhere(world: World) -> None:
    walk = world.walk("upload_materials")
    since = walk.application.system_since
    assert since is not None
    page = text(browser(world.manager).get(url("submit", walk.application)))
    assert say_date(since) in page
    assert since.isoformat() not in page
