"""Notes on pages through a case: pinned while it is examined, sent with the request, answered, settled."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from documents.looking import desks, queries, services
from documents.looking.enums import NoteState
from documents.looking.models import NoteEvent, PageNote
from documents.models import Version
from documents.upload import add_version
from qualification import door
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications import pagenotes
from qualification.applications.models import Application, SupplementItem
from qualification.applications.queries import OWNER_KIND
from qualification.applications.services import intake
from qualification.assessments.models import Assessment
from qualification.assessments.services import file_review
from qualification.assessors.models import Seat
from tests.documents import files
from tests.documents.looking import made
from tests.factories.cases import World
from tests.factories.laboratories import LaboratoryFactory

LATER = dt.timedelta(hours=1)


def as_(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def manual_of(case: Application) -> Version:
    return Version.objects.live().get(document__owner_id=case.uuid, document__code="quality_manual")


def pin(version: Version, by: User, text: str = "缺少公正性承诺", **more: Any) -> PageNote:
    given = {"page": 1, "place": (2_500, 5_000), "now": timezone.now(), **more}
    return services.pin(version=version, text=text, by=by, **given)


def upload(case: Application, by: User, code: str = "quality_manual", label: str = "", now: Any = None) -> Version:
    content = files.upload("质量手册第二版.pdf", made.pdf("公正性承诺"))
    return add_version(
        owner_kind=OWNER_KIND, owner_id=case.uuid, code=code, label=label, upload=content, by=by,
        now=now or timezone.now() + LATER,
    )  # fmt: skip


@pytest.fixture
def case(world: World) -> Application:
    application: Application = world.walk("submit").application
    return application


def supplement(case: Application, world: World, *notes: PageNote, findings: tuple[str, ...] = ()) -> Any:
    return intake.ask_supplement(
        application=case, findings=[intake.Finding(text) for text in findings], notes=[note.pk for note in notes],
        by=world.intake, now=timezone.now(),
    )  # fmt: skip


# -- who


def test_who_pins_at_which_stage(world: World) -> None:
    walk = world.walk("submit")
    case = walk.application
    other_lab = world.user(Role.LAB_MANAGER, LaboratoryFactory(authority=world.lead))
    team = {"leader": None, "member": None}

    def desks_now() -> dict[str, str]:
        people = {
            "manager": world.manager, "other_lab": other_lab, "intake": world.intake, "far_intake": world.user(Role.INTAKE, world.far),
            "other_intake": world.user(Role.INTAKE, world.other), "coordinator": world.coordinator, "decider": world.decider,
            "issuer": world.issuer, "national": world.user(Role.NATIONAL_VIEWER), "assessor": world.assessors[-1].user,
            **{name: person for name, person in team.items() if person},
        }  # fmt: skip
        return {n: d for n, p in people.items() if (d := desks.desk_of(p, OWNER_KIND, case.uuid))}

    assert desks_now() == {"intake": "intake"}
    for stage in ("accept", "draw_team", "accept_offers"):
        getattr(walk, stage)()
    seats = Seat.objects.filter(assessment__application=case).select_related("assessor__user").order_by("position")
    for seat in seats:
        team[seat.role] = seat.assessor.user
    outsider = next(a for a in world.assessors if a.pk not in {s.assessor_id for s in seats})
    world.assessors[-1] = outsider
    assert desks_now() == {"leader": "review", "member": "review"}
    for stage in ("pass_file", "propose_visit", "agree_visit", "check_in", "answer_checklist", "confirm_rows", "conclude",
                  "rectify", "verify", "hand_in_report"):  # fmt: skip
        getattr(walk, stage)()
    assert desks_now() == {}


def test_a_draft_has_no_desk(world: World) -> None:
    case = world.walk("upload_materials").application
    assert [desks.desk_of(user, OWNER_KIND, case.uuid) for user in (world.manager, world.intake)] == ["", ""]
    with pytest.raises(PermissionDenied):
        pin(manual_of(case), world.intake)


def test_the_laboratory_sees_nothing_before_it_is_sent(world: World, case: Application) -> None:
    version = manual_of(case)
    note = pin(version, world.intake)
    address = reverse("documents:look", args=[version.pk])
    for user, is_seen in (
        (world.intake, True),
        (world.decider, True),
        (world.other_decider, True),
        (world.manager, False),
    ):
        page = as_(user).get(address).content.decode()
        assert (note.text in page, str(note.pk) in page) == (is_seen, is_seen)
    assert as_(world.manager).get(reverse("documents:note_edit", args=[note.pk])).status_code == 404
    listed = as_(world.manager).get(reverse("applications:notes", args=[case.uuid])).content.decode()
    assert note.text not in listed
    exported = as_(world.manager).get(reverse("applications:notes", args=[case.uuid]), {"export": "csv"})
    assert note.text not in b"".join(exported).decode("utf-8-sig")


def test_somebody_of_the_laboratory_who_is_also_staff_reads_as_the_laboratory(world: World, case: Application) -> None:
    from qualification.accounts.models import Membership

    both = world.user(Role.DECISION, world.lead)
    Membership.objects.create(user=both, role=Role.LAB_MEMBER, laboratory=world.laboratory)
    pin(manual_of(case), world.intake)
    assert not queries.visible_notes(both, OWNER_KIND, case.uuid).exists()


# -- sending


def test_chosen_notes_become_one_point_for_each_material(world: World, case: Application) -> None:
    version = manual_of(case)
    chart = Version.objects.live().get(document__owner_id=case.uuid, document__code="organisation_chart")
    first, second = pin(version, world.intake, page=1), pin(version, world.intake, "页码不连续", place=None)
    third, left = pin(chart, world.intake, "组织机构图无签字"), pin(chart, world.intake, "内部意见")
    request = supplement(case, world, first, second, third, findings=("其他事项",))
    items = list(SupplementItem.objects.filter(supplement=request).order_by("position"))
    assert [(item.slot_code, item.text.count("\n")) for item in items[1:]] == [
        ("organisation_chart", 0),
        ("quality_manual", 1),
    ]
    assert items[2].text.splitlines()[1].endswith("页码不连续")
    assert version.file.name in items[2].text
    sent = {note.pk: note for note in PageNote.objects.all()}
    assert [sent[n.pk].standing for n in (first, second, third, left)] == [NoteState.SENT] * 3 + [NoteState.DRAFT]
    assert (sent[first.pk].point, sent[third.pk].point) == (3, 2)
    assert (sent[first.pk].answer_code, sent[first.pk].answer_label) == ("quality_manual", "")
    verbs = list(NoteEvent.objects.filter(note=first).order_by("pk").values_list("verb", flat=True))
    assert verbs == ["pin", "send"]


def test_notes_alone_are_enough_and_nothing_is_not(world: World, case: Application) -> None:
    with pytest.raises(ValidationError):
        supplement(case, world)
    note = pin(manual_of(case), world.intake)
    supplement(case, world, note)
    note.refresh_from_db()
    assert note.standing == NoteState.SENT


def test_a_notice_that_is_refused_sends_no_note(world: World, case: Application) -> None:
    note = pin(manual_of(case), world.intake)
    with pytest.raises(door.Refused):
        intake.ask_supplement(
            application=case, findings=[], notes=[note.pk], by=world.user(Role.INTAKE, world.far), now=timezone.now()
        )
    note.refresh_from_db()
    assert note.standing == NoteState.DRAFT
    assert not SupplementItem.objects.exists()


def test_notes_of_another_case_or_desk_do_not_go_along(world: World, case: Application) -> None:
    other = world.walk("submit").application
    foreign = pin(manual_of(other), world.intake)
    own = pin(manual_of(case), world.intake)
    PageNote.objects.filter(pk=own.pk).update(desk=pagenotes.REVIEW)
    supplement(case, world, foreign, own, findings=("其他事项",))
    assert not PageNote.objects.in_state(NoteState.SENT).exists()
    assert SupplementItem.objects.count() == 1


def test_the_officers_question_shows_the_notes_and_sends_the_ticked(world: World, case: Application) -> None:
    wanted, left = pin(manual_of(case), world.intake), pin(manual_of(case), world.intake, "留下")
    client, address = as_(world.intake), reverse("applications:ask_supplement", args=[case.uuid])
    page = client.get(address)
    assert page.status_code == 200
    assert page.content.decode().count('name="note"') == 2
    assert client.post(address, {"note": ["x"]}).status_code == 422
    assert client.post(address, {"note": [str(wanted.pk)]}).status_code == 302
    assert [PageNote.objects.get(pk=n.pk).standing for n in (wanted, left)] == [NoteState.SENT, NoteState.DRAFT]


# -- what the laboratory sees, and the answer


def test_from_the_notice_to_settled(world: World, case: Application) -> None:
    version = manual_of(case)
    note = pin(version, world.intake)
    supplement(case, world, note)
    laboratory, officer = as_(world.manager), as_(world.intake)
    asked = laboratory.get(reverse("applications:supplement", args=[case.uuid])).content.decode()
    assert f"{reverse('documents:look', args=[version.pk])}?page=1#note-{note.pk}" in asked
    page = laboratory.get(reverse("documents:look", args=[version.pk])).content.decode()
    assert note.text in page
    assert 'cx="25.00%" cy="50.00%"' in page
    assert str(world.intake) not in page
    assert "note_form" not in page
    new = upload(case, world.manager)
    assert (
        "answered by version 2" in laboratory.get(reverse("applications:supplement", args=[case.uuid])).content.decode()
    )
    beside = officer.get(reverse("documents:compare", args=[version.pk, new.pk])).content.decode()
    assert note.text in beside
    assert "Mark as settled" in beside
    assert note.text in officer.get(reverse("documents:look", args=[new.pk])).content.decode()
    assert laboratory.post(reverse("documents:note_settle", args=[note.pk])).status_code == 403
    assert officer.post(reverse("documents:note_settle", args=[note.pk])).status_code == 302
    note.refresh_from_db()
    assert (note.standing, note.settled_by) == (NoteState.SETTLED, world.intake)
    assert note.text not in officer.get(reverse("documents:look", args=[new.pk])).content.decode()
    officer.post(reverse("documents:note_settle", args=[note.pk]), {"open": "1"})
    note.refresh_from_db()
    assert note.standing == NoteState.SENT


def test_a_sent_note_is_withdrawn_with_a_reason_that_the_laboratory_reads(world: World, case: Application) -> None:
    note = pin(manual_of(case), world.intake)
    supplement(case, world, note)
    officer = as_(world.intake)
    address = reverse("documents:note_withdraw", args=[note.pk])
    assert officer.post(address, {"reason": "  "}).status_code == 422
    assert officer.get(reverse("documents:note_edit", args=[note.pk])).status_code == 302
    with pytest.raises(services.NoteMovedOn):
        services.edit(note=note, text="anders", by=world.intake, now=timezone.now())
    assert officer.post(address, {"reason": "第5页已有承诺"}).status_code == 302
    page = as_(world.manager).get(reverse("documents:look", args=[note.version_id])).content.decode()
    assert "第5页已有承诺" in page
    assert note.text in page


def test_one_changes_and_drops_only_ones_own_drafts(world: World, case: Application) -> None:
    note, colleague = pin(manual_of(case), world.intake), world.user(Role.INTAKE, world.lead)
    for act in (
        lambda: services.edit(note=note, text="x", by=colleague, now=timezone.now()),
        lambda: services.withdraw(note=note, reason="", by=colleague, now=timezone.now()),
        lambda: services.edit(note=note, text="x", by=world.manager, now=timezone.now()),
    ):
        with pytest.raises(PermissionDenied):
            act()
    officer = as_(world.intake)
    assert officer.post(reverse("documents:note_edit", args=[note.pk]), {"text": "改过"}).status_code == 302
    note.refresh_from_db()
    assert note.text == "改过"
    assert officer.post(reverse("documents:note_withdraw", args=[note.pk])).status_code == 302
    assert "改过" not in officer.get(reverse("documents:look", args=[note.version_id])).content.decode()


@pytest.mark.parametrize(
    "sent",
    [
        {"text": "", "page": "1"},
        {"text": "x" * 2_001, "page": "1"},
        {"text": "x", "page": "0"},
        {"text": "x", "page": "x"},
        {"text": "x", "page": "1", "x": "10001", "y": "0"},
        {"text": "x", "page": "99999999999999"},
        {"text": "x", "page": "999"},
    ],
)
def test_a_note_that_is_not_taken_comes_back_with_its_words(
    world: World, case: Application, sent: dict[str, str]
) -> None:
    answer = as_(world.intake).post(reverse("documents:note_add", args=[manual_of(case).pk]), sent)
    assert answer.status_code == 422
    assert not PageNote.objects.exists()
    assert sent["text"][:100] in answer.content.decode()


def test_who_has_not_the_case_in_hand_pins_nothing(world: World, case: Application) -> None:
    address = reverse("documents:note_add", args=[manual_of(case).pk])
    sent = {"text": "x", "page": "1"}
    people = (world.manager, world.decider, world.coordinator)
    assert [as_(user).post(address, sent).status_code for user in people] == [403] * 3
    assert as_(world.user(Role.INTAKE, world.far)).post(address, sent).status_code == 404
    assert not PageNote.objects.exists()
    answer = as_(world.intake).post(address, sent)
    note = PageNote.objects.get()
    assert answer["Location"] == f"{reverse('documents:look', args=[note.version_id])}?page=1#note-{note.pk}"
    assert note.place is None


# -- the review of the file


def test_notes_of_the_review_go_with_the_leaders_list_and_no_other_way(world: World) -> None:
    walk = world.walk("accept_offers")
    case = walk.application
    assessment = Assessment.objects.get(application=case)
    version = manual_of(case)
    member = Seat.objects.select_related("assessor__user").get(assessment=assessment, role="member").assessor.user
    sent, kept = pin(version, member, "程序文件缺 4.5.2"), pin(version, walk.leader, "团队内部")
    assert not queries.visible_notes(world.manager, OWNER_KIND, case.uuid).exists()
    page = as_(walk.leader).get(reverse("assessments:file_review", args=[assessment.uuid]))
    assert page.content.decode().count('name="note"') == 2
    file_review.hold_file(
        assessment=assessment, items=["设备校准证书"], notes=[sent.pk], by=walk.leader, now=timezone.now()
    )
    assessment.refresh_from_db()
    assert len(assessment.hold_items) == 2
    assert assessment.hold_items[1].endswith("程序文件缺 4.5.2")
    sent.refresh_from_db()
    kept.refresh_from_db()
    assert (sent.answer_code, sent.answer_label, sent.point) == ("hold_material", "1.2", 2)
    assert kept.standing == NoteState.DRAFT
    shown = as_(world.manager).get(reverse("assessments:hold", args=[assessment.uuid])).content.decode()
    assert "程序文件缺 4.5.2" in shown
    assert "团队内部" not in shown
    new = upload(case, world.manager, "hold_material", "1.2")
    answered = queries.notes_on(walk.leader, version)
    assert [line.answered_by for line in answered if line.note == sent] == [new]
    assert as_(walk.leader).get(reverse("documents:compare", args=[version.pk, new.pk])).status_code == 200


def test_passing_the_file_sends_no_note(world: World) -> None:
    walk = world.walk("accept_offers")
    note = pin(manual_of(walk.application), walk.leader)
    assessment = Assessment.objects.get(application=walk.application)
    as_(walk.leader).post(
        reverse("assessments:file_review", args=[assessment.uuid]),
        {"act": "pass", "opinion": "齐全", "items": "", "note": [str(note.pk)]},
    )
    note.refresh_from_db()
    assert note.standing == NoteState.DRAFT
    assert not queries.visible_notes(world.manager, OWNER_KIND, walk.application.uuid).exists()


# -- the list


def test_the_list_is_narrowed_by_state_and_exported(
    world: World, case: Application, django_assert_num_queries: Any
) -> None:
    version = manual_of(case)
    notes = {name: pin(version, world.intake, name) for name in ("alpha", "beta", "gamma")}
    supplement(case, world, notes["beta"], notes["gamma"])
    services.settle(note=notes["gamma"], by=world.intake, now=timezone.now())
    address, officer = reverse("applications:notes", args=[case.uuid]), as_(world.intake)
    for state, name in (("draft", "alpha"), ("sent", "beta"), ("settled", "gamma")):
        page = officer.get(address, {"state": state}).content.decode()
        assert [other for other in notes if f">{other}<" in page] == [name]
    exported = b"".join(officer.get(address, {"export": "csv"})).decode("utf-8-sig")
    assert [name for name in notes if name in exported] == list(notes)
    of_lab = as_(world.manager).get(address).content.decode()
    assert [name for name in notes if f">{name}<" in of_lab] == ["beta", "gamma"]
    assert str(world.intake) not in of_lab
    assert as_(world.user(Role.INTAKE, world.far)).get(address).status_code == 404


def test_property_and_queryset_tell_the_same_state(world: World, case: Application) -> None:
    version = manual_of(case)
    notes = [pin(version, world.intake, str(number)) for number in range(4)]
    supplement(case, world, *notes[1:])
    services.settle(note=notes[2], by=world.intake, now=timezone.now())
    services.withdraw(note=notes[3], reason="x", by=world.intake, now=timezone.now())
    by_property = {note.pk: note.standing for note in PageNote.objects.all()}
    by_query = {
        pk: state
        for state in NoteState
        for pk in PageNote.objects.in_state(state).values_list("pk", flat=True)
    }  # fmt: skip
    assert by_property == by_query
    assert len(set(itertools.chain(by_query.values()))) == 4


# -- afterwards


def test_after_acceptance_the_leader_settles_what_the_intake_had_asked(world: World) -> None:
    walk = world.walk("submit")
    case = walk.application
    note = pin(manual_of(case), world.intake)
    request = supplement(case, world, note)
    intake.hand_in_supplement(request=request, answer="已补正", by=world.manager, now=timezone.now())
    assert desks.settles(world.intake, OWNER_KIND, case.uuid) == {pagenotes.INTAKE}
    for stage in ("accept", "draw_team"):
        getattr(walk, stage)()
    settle, edit = reverse("documents:note_settle", args=[note.pk]), reverse("documents:note_withdraw", args=[note.pk])
    assert as_(world.intake).post(settle).status_code == 403
    walk.accept_offers()
    seats = Seat.objects.filter(assessment__application=case).select_related("assessor__user")
    people = {seat.role: seat.assessor.user for seat in seats if seat.assessor}
    assert as_(people["member"]).post(settle).status_code == 403
    leader = as_(people["leader"])
    page = leader.get(reverse("assessments:file_review", args=[walk.assessment.uuid])).content.decode()
    assert "1 note sent to the laboratory is not settled" in page
    assert "Mark as settled" in leader.get(reverse("documents:look", args=[note.version_id])).content.decode()
    assert leader.post(edit, {"reason": "x"}).status_code == 403
    assert leader.post(settle).status_code == 302
    note.refresh_from_db()
    assert (note.standing, note.settled_by) == (NoteState.SETTLED, people["leader"])
    page = leader.get(reverse("assessments:file_review", args=[walk.assessment.uuid])).content.decode()
    assert "not settled" not in page
    for stage in ("pass_file", "propose_visit", "agree_visit", "check_in", "answer_checklist", "confirm_rows", "conclude",
                  "rectify", "verify", "hand_in_report"):  # fmt: skip
        getattr(walk, stage)()
    assert leader.post(settle, {"open": "1"}).status_code == 403


def test_the_report_shows_what_is_not_settled_and_settles_it(world: World) -> None:
    walk = world.walk("submit")
    case = walk.application
    done, left = pin(manual_of(case), world.intake), pin(manual_of(case), world.intake, "页码不连续")
    request = supplement(case, world, done, left)
    upload(case, world.manager, now=timezone.now())
    intake.hand_in_supplement(request=request, answer="已补正", by=world.manager, now=timezone.now())
    for stage in ("accept", "draw_team", "accept_offers", "pass_file", "propose_visit", "agree_visit", "check_in",
                  "answer_checklist", "confirm_rows", "conclude", "rectify", "verify"):  # fmt: skip
        getattr(walk, stage)()
    leader, address = as_(walk.leader), reverse("assessments:report", args=[walk.assessment.uuid])
    settle = reverse("documents:note_settle", args=[done.pk])
    page = leader.get(address).content.decode()
    assert [text in page for text in (done.text, left.text, settle, "answered by version 2")] == [True] * 4
    assert "once the report is handed in, nobody changes it" in page
    others = as_(world.decider).get(address).content.decode()
    assert (left.text in others, settle in others) == (True, False)
    assert leader.post(settle, {"back": f"{address}#unsettled"})["Location"] == f"{address}#unsettled"
    page = leader.get(address).content.decode()
    assert (done.text in page, left.text in page) == (False, True)
    walk.hand_in_report()
    page = leader.get(address).content.decode()
    assert "were open when the report was handed in" in page
    assert (left.text in page, "Mark as settled" in page) == (True, False)


def test_a_note_is_settled_and_nobody_is_sent_to_another_site(world: World, case: Application) -> None:
    note = pin(manual_of(case), world.intake)
    supplement(case, world, note)
    answer = as_(world.intake).post(reverse("documents:note_settle", args=[note.pk]), {"back": "https://evil.example/"})
    assert answer["Location"].startswith(reverse("documents:look", args=[note.version_id]))


def test_a_point_does_not_say_twice_what_its_note_says(world: World, case: Application) -> None:
    note = pin(manual_of(case), world.intake)
    supplement(case, world, note)
    page = as_(world.manager).get(reverse("applications:supplement", args=[case.uuid])).content.decode()
    assert page.count(note.text) == 1


def test_files_of_a_point_without_a_slot_are_called_by_words(world: World, case: Application) -> None:
    request = supplement(case, world, findings=("请说明分包情况",))
    version = upload(case, world.manager, code="supplement", label="1", now=timezone.now())
    intake.hand_in_supplement(request=request, answer="已补正", by=world.manager, now=timezone.now())
    laboratory = as_(world.manager)
    look = laboratory.get(reverse("documents:look", args=[version.pk])).content.decode()
    listed = laboratory.get(reverse("applications:files", args=[case.uuid])).content.decode()
    looks = laboratory.get(reverse("applications:looks", args=[case.uuid])).content.decode()
    assert ["Material of the supplement (1)" in page for page in (look, listed, looks)] == [True] * 3


def test_the_history_tells_what_notes_went_with_the_notice(world: World, case: Application) -> None:
    manual = manual_of(case)
    chart = Version.objects.live().get(document__owner_id=case.uuid, document__code="organisation_chart")
    sent = [pin(manual, world.intake), pin(manual, world.intake, "页码不连续"), pin(chart, world.intake, "无签字")]
    kept = pin(chart, world.intake, "内部意见")

    def history(user: User) -> str:
        return as_(user).get(reverse("inbox:case", args=[case.uuid]), {"show": "intake"}).content.decode()

    assert "notes on pages" not in history(world.intake) + history(world.manager)
    supplement(case, world, *sent)
    for user in (world.intake, world.manager):
        page = history(user)
        assert "3 notes on pages sent with it" in page
        assert f"{reverse('documents:look', args=[manual.pk])}?page=1#note-{sent[0].pk}" in page
        assert f"{manual.file.name}, version 1: 2 notes" in page and f"{chart.file.name}, version 1: 1 note" in page
        assert str(kept.pk) not in page and kept.text not in page
