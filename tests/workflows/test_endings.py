"""Every way a case can end, and every turn it can take: state, flow, clocks, log and papers agree each time."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from documents.papers.models import Paper
from documents.papers.services import when_stored  # noqa: F401  (the registry is filled at start-up)
from qualification.applications.models import Application, Concurrence
from qualification.applications.services import decisions, drafts, endings, intake
from qualification.assessments.models import Assessment, Rectification
from qualification.assessments.services import concluding, file_review
from qualification.assessors import services as assessors
from qualification.assessors.models import Assessor, Draw, Offer, Seat
from qualification.certificates.models import Certificate, Edition
from qualification.certificates.services import issuing
from qualification.models import TransitionLog
from tests.factories.cases import QuickWalk, World
from workflows.clocks import sweep
from workflows.clocks.models import Clock
from workflows.consistency import findings
from workflows.demo.walk import Wish
from workflows.models import CaseProcess

pytestmark = pytest.mark.django_db


def kinds_of_papers(application: Application) -> list[str]:
    return list(Paper.objects.filter(owner_id=application.uuid).order_by("pk").values_list("kind", flat=True))


def ended(walk: QuickWalk, state: str) -> None:
    application = Application.objects.get(pk=walk.application.pk)
    assert application.state == state
    assert CaseProcess.objects.get(application=application).process.finished is not None
    assert Clock.objects.open().filter(application=application).count() == 0
    assert list(findings()) == []


def due(application: Application, code: str) -> dt.datetime:
    moment = Clock.objects.open().get(application=application, code=code).due_at
    assert moment is not None
    return moment


def test_not_accepted(world: World) -> None:
    walk = world.walk("submit")
    intake.refuse_acceptance(
        application=walk.application,
        reasons="不属于本机关职权",
        article="行政许可法第三十二条",
        by=world.intake,
        now=world.moments(),
    )
    ended(walk, "not_accepted")
    assert kinds_of_papers(walk.application) == ["receipt", "notice.not_accepted"]


def test_refusing_acceptance_needs_reasons_and_article(world: World) -> None:
    walk = world.walk("submit")
    with pytest.raises(ValidationError):
        intake.refuse_acceptance(
            application=walk.application, reasons=" ", article="x", by=world.intake, now=world.moments()
        )
    with pytest.raises(ValidationError):
        intake.refuse_acceptance(
            application=walk.application, reasons="x", article="", by=world.intake, now=world.moments()
        )
    assert Application.objects.get(pk=walk.application.pk).state == "submitted"


def test_deemed_accepted_by_the_sweep_dated_the_day_of_receipt(world: World) -> None:
    walk = world.walk("submit")
    moment = due(walk.application, "acceptance")
    sweep.run(moment - dt.timedelta(seconds=1))
    assert Application.objects.get(pk=walk.application.pk).state == "submitted"
    sweep.run(moment)
    application = Application.objects.get(pk=walk.application.pk)
    assert (application.state, application.is_deemed_accepted, application.accepted_by) == ("in_review", True, None)
    assert application.submitted_at is not None
    assert application.accepted_on == timezone.localdate(application.submitted_at)
    assert Clock.objects.get(application=application, code="acceptance").breached_at is not None
    assert Clock.objects.get(application=application, code="technical_review").started_on == application.accepted_on
    log = TransitionLog.objects.get(application=application, verb="deem_accepted")
    assert (log.by, log.article) == (None, intake.DEEMED_ARTICLE)
    assert list(findings()) == []


def test_the_supplement_is_asked_once_and_the_case_goes_on(world: World) -> None:
    walk = world.walk("submit")
    walk.ask_supplement("质量手册缺页")
    with pytest.raises(Exception, match=r"supplement|补正"):
        walk.ask_supplement("还有一项")
    walk.hand_in_supplement()
    assert list(findings()) == []
    walk.accept()
    assert Application.objects.get(pk=walk.application.pk).state == "in_review"
    assert list(findings()) == []
    assert kinds_of_papers(walk.application) == ["receipt", "notice.supplement", "receipt", "notice.acceptance"]


def test_the_application_lapses_when_the_supplement_does_not_come(world: World) -> None:
    walk = world.walk("submit")
    walk.ask_supplement("质量手册缺页")
    sweep.run(due(walk.application, "supplement"))
    ended(walk, "lapsed")
    assert kinds_of_papers(walk.application)[-1] == "notice.lapse"


@pytest.mark.parametrize(
    "stage",
    ["submit", "accept", "draw_team", "accept_offers", "pass_file", "propose_visit", "agree_visit", "hand_in_report"],
)
def test_withdrawn_at_any_stage_before_the_decision(world: World, stage: str) -> None:
    walk = world.walk(stage)
    endings.withdraw(application=walk.application, reason="场所搬迁", by=world.manager, now=world.moments())
    ended(walk, "withdrawn")
    assert kinds_of_papers(walk.application)[-1] == "notice.withdrawal"
    assert Offer.objects.filter(application=walk.application, state="sent").count() == 0


def test_withdrawn_while_the_laboratory_rectifies(world: World) -> None:
    walk = world.walk("conclude", answer_checklist={"mostly": 1})
    endings.withdraw(application=walk.application, reason="场所搬迁", by=world.manager, now=world.moments())
    ended(walk, "withdrawn")
    assert Rectification.objects.get(application=walk.application).state == "void"


def test_the_review_is_terminated_with_consent_only(world: World) -> None:
    walk = world.walk("agree_visit")
    request = endings.ask_termination(
        application=walk.application, reason="设备损坏", by=walk.leader, now=world.moments()
    )
    endings.deny_termination(request=request, answer="可改期", by=world.decider, now=world.moments())
    assert Application.objects.get(pk=walk.application.pk).state == "in_review"
    again = endings.ask_termination(
        application=walk.application, reason="设备损坏", by=walk.leader, now=world.moments()
    )
    endings.consent_termination(request=again, answer="同意", by=world.decider, now=world.moments())
    ended(walk, "terminated")
    assert Assessment.objects.get(application=walk.application).state == "terminated"


def test_an_offer_that_expires_goes_to_the_next_by_itself(world: World) -> None:
    walk = world.walk("draw_team")
    offer = Offer.objects.filter(application=walk.application, state="sent").order_by("pk")[0]
    moment = Clock.objects.get(subject_type="assessors.Offer", subject_id=offer.pk).due_at
    sweep.run(moment)
    offer.refresh_from_db()
    assert offer.state == "expired"
    following = Offer.objects.get(seat=offer.seat_id, state="sent")
    assert following.assessor_id != offer.assessor_id
    assert list(findings()) == []


def test_an_empty_pool_says_why_and_is_drawn_again_when_somebody_is_there(world: World) -> None:
    walk = world.walk("accept")
    Assessor.objects.exclude(pk=world.assessors[0].pk).update(standing="suspended")
    walk.draw_team()
    assessment = walk.assessment
    assert [s.pk for s in assessors.empty_seats(assessment)] == [
        Seat.objects.get(assessment=assessment, role="member").pk
    ]
    assert Draw.objects.get(assessment=assessment).shortage != ""
    assert TransitionLog.objects.filter(application=walk.application, verb="lack_candidates").count() == 1
    assert list(findings()) == []
    Assessor.objects.update(standing="good")
    assessors.draw_again(assessment=assessment, by=world.coordinator, now=world.moments())
    walk.accept_offers()
    assert walk.assessment.state == "file_review"
    assert list(findings()) == []


def test_the_file_is_held_supplied_and_then_fails(world: World) -> None:
    walk = world.walk("accept_offers")
    file_review.hold_file(assessment=walk.assessment, items=["内审记录"], by=walk.leader, now=world.moments())
    assert Clock.objects.get(application=walk.application, code="technical_review").state == "paused"
    assert list(findings()) == []
    file_review.resume_file(assessment=walk.assessment, answer="已补充", by=world.manager, now=world.moments())
    assert Clock.objects.get(application=walk.application, code="technical_review").state == "running"
    file_review.fail_file(assessment=walk.assessment, opinion="体系未运行", by=walk.leader, now=world.moments())
    assert list(findings()) == []
    walk.hand_in_report()
    walk.concur()
    with pytest.raises(ValidationError):
        walk.decide()
    walk.decide("refuse", "评审结论为不符合", "行政许可法第三十八条")
    walk.release()
    ended(walk, "refused")
    assert kinds_of_papers(walk.application)[-1] == "notice.refusal"


def test_a_rectification_that_runs_out_turns_the_conclusion(world: World) -> None:
    walk = world.walk("conclude", answer_checklist={"mostly": 2})
    assert walk.assessment.first_conclusion == "mostly"
    sweep.run(due(walk.application, "rectification"))
    assessment = walk.assessment
    assert (assessment.state, assessment.conclusion, assessment.is_rectified) == ("reporting", "not", False)
    assert list(findings()) == []


def test_a_rectification_that_stands_keeps_the_conclusion_and_marks_it(world: World) -> None:
    walk = world.walk("verify", answer_checklist={"mostly": 2})
    assessment = walk.assessment
    assert (assessment.state, assessment.conclusion, assessment.is_rectified) == ("reporting", "mostly", True)


def test_a_rectification_that_does_not_stand_fails(world: World) -> None:
    walk = world.walk("rectify", answer_checklist={"mostly": 1})
    found = {1: concluding.Verified(False, "证据不足")}
    concluding.verify(
        rectification=walk.assessment.rectification,
        findings=found,
        opinion="不通过",
        by=walk.leader,
        now=world.moments(),
    )
    assert walk.assessment.conclusion == "not"
    assert list(findings()) == []


def test_a_visit_does_not_end_with_something_open(world: World) -> None:
    walk = world.walk("check_in")
    with pytest.raises(concluding.NotComplete) as caught:
        walk.conclude()
    assert {o.section for o in caught.value.open} == {"checklist", "capability"}
    assert walk.assessment.state == "visiting"


def test_an_objection_leaves_the_sites_of_that_region_out(world: World) -> None:
    walk = world.walk("hand_in_report")
    concurrence = Concurrence.objects.get(application=walk.application)
    decisions.object_to(concurrence=concurrence, opinion="场所权属不清", by=world.other_decider, now=world.moments())
    with pytest.raises(ValidationError):
        walk.decide()
    walk.application.refresh_from_db()
    decisions.decide(
        application=walk.application, outcome="part", reasons="天津场所不予许可", article="行政许可法第三十八条",
        excluded_sites=[world.sites[1].pk], by=world.decider, now=world.moments(),
    )  # fmt: skip
    walk.release()
    walk.issue()
    edition = Edition.objects.get(application=walk.application)
    assert [g.authority for g in edition.grants.order_by("pk")] == [world.lead]
    assert set(edition.lines.order_by("pk").values_list("site_id", flat=True)) == {world.sites[0].pk}


def test_a_pending_decision_can_be_taken_back_and_leaks_nothing(world: World) -> None:
    walk = world.walk("decide")
    assert "notice.grant" not in kinds_of_papers(walk.application)
    decisions.retract(application=walk.application, reason="需补充核实", by=world.decider, now=world.moments())
    assert list(findings()) == []
    walk.decide()
    walk.release()
    assert kinds_of_papers(walk.application)[-1] == "notice.grant"
    assert list(findings()) == []


def store_paper(application: Application) -> Any:
    """Store the certificate's paper as the worker would, without making its PDF."""
    from documents.papers.registry import handlers_of

    paper = Edition.objects.select_related("paper").get(application=application).paper
    assert paper is not None
    paper.stored_at = timezone.now()
    for handler in handlers_of("certificate"):
        handler(paper)
    return paper


def test_a_certificate_counts_from_the_stored_paper_on(world: World) -> None:
    walk = world.walk("issue")
    certificate = Certificate.objects.get()
    assert (certificate.state, Application.objects.get(pk=walk.application.pk).state) == ("pending", "issuing")
    assert due(walk.application, "issue") is not None
    store_paper(walk.application)
    certificate.refresh_from_db()
    assert certificate.state == "valid"
    ended(walk, "issued")


def test_a_renewal_takes_a_new_number_and_replaces_the_old(world: World) -> None:
    first = world.walk("issue")
    store_paper(first.application)
    old = Certificate.objects.get()
    second = world.walk("issue", wish=Wish(kinds=["renewal"], certificate=old))
    store_paper(second.application)
    old.refresh_from_db()
    new = Certificate.objects.exclude(pk=old.pk).get()
    assert (old.state, new.state, new.replaces) == ("cancelled", "valid", old)
    assert int(new.number[-4:]) == int(old.number[-4:]) + 1


def test_an_extension_keeps_the_number_and_the_earlier_annex(world: World) -> None:
    first = world.walk("issue")
    store_paper(first.application)
    certificate = Certificate.objects.get()
    second = world.walk("issue", wish=Wish(kinds=["extension"], certificate=certificate))
    store_paper(second.application)
    editions = list(Edition.objects.order_by("number"))
    assert [e.number for e in editions] == [1, 2]
    assert {e.certificate_id for e in editions} == {certificate.pk}
    assert editions[1].lines.count() == 2 * editions[0].lines.count()
    assert Certificate.objects.get().number == certificate.number


def test_a_change_of_manager_is_filed_at_once(world: World) -> None:
    walk = world.walk()
    walk.application = drafts.create(
        laboratory=world.laboratory, kinds=["manager"], by=world.manager, now=world.moments(), manager_post="technical_manager",
        manager_name="孙立新",
    )  # fmt: skip
    walk.upload_materials()
    walk.submit()
    world.laboratory.refresh_from_db()
    assert (walk.application.state, world.laboratory.technical_manager) == ("filed", "孙立新")
    assert kinds_of_papers(walk.application) == ["notice.filing"]
    assert list(findings()) == []


def test_numbers_past_9999_refuse_and_leave_the_case_as_it_was(world: World) -> None:
    from qualification.certificates.models import NumberCounter
    from qualification.certificates.numbers import NumbersExhausted

    walk = world.walk("release")
    year = timezone.localdate().year
    NumberCounter.objects.create(year=year, authority=world.lead, last_serial=9999)
    with pytest.raises(NumbersExhausted):
        walk.issue()
    assert Application.objects.get(pk=walk.application.pk).state == "granted"
    assert Certificate.objects.count() == 0


def test_a_certificate_expires_the_day_after_its_last(world: World) -> None:
    walk = world.walk("issue")
    store_paper(walk.application)
    certificate = Certificate.objects.get()
    last = timezone.make_aware(dt.datetime.combine(certificate.valid_until, dt.time(23, 59, 59)))
    assert issuing.expire_due(now=last) == 0
    assert issuing.expire_due(now=last + dt.timedelta(seconds=1)) == 1
    certificate.refresh_from_db()
    assert certificate.state == "expired"


def test_the_report_is_the_laboratorys_only_after_the_release(world: World) -> None:
    from qualification.applications.access import may_read_report

    walk = world.walk("decide")
    application = Application.objects.get(pk=walk.application.pk)
    readers = {"manager": world.manager, "intake": world.intake, "other": world.other_decider, "leader": walk.leader}
    assert {name for name, user in readers.items() if may_read_report(user, application)} == {
        "intake",
        "other",
        "leader",
    }
    walk.release()
    application.refresh_from_db()
    assert {name for name, user in readers.items() if may_read_report(user, application)} == set(readers)
    assert not may_read_report(world.user("intake", world.far), application)


def test_a_list_of_findings_that_was_never_sent_ends_with_the_acceptance(world: World) -> None:
    walk = world.walk("submit")
    request = intake.keep_findings(
        application=walk.application, findings=[intake.Finding("缺页")], by=world.intake, now=world.moments()
    )
    walk.accept()
    request.refresh_from_db()
    assert request.state == "void"
    assert list(findings()) == []
