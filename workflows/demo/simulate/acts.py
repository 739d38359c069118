"""What people do: each act by the person whose act it is, through the service that the pages call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from documents import upload
from documents.papers import services as papers
from qualification.accounts.enums import Role
from qualification.applications.enums import Outcome
from qualification.applications.models import Concurrence, SupplementRequest, TerminationRequest
from qualification.applications.queries import OWNER_KIND, wanted_slots
from qualification.applications.services import decisions, drafts, endings, intake
from qualification.assessments.enums import Answer, CheckConclusion
from qualification.assessments.models import CommitmentCheck, Nonconformity, Rectification, Visit
from qualification.assessments.queries import items_of
from qualification.assessments.services import checking, concluding, file_review, findings, visits
from qualification.assessors import services as assessors
from qualification.assessors.models import Offer
from qualification.certificates.models import Certificate, Edition
from qualification.certificates.services import issuing
from qualification.laboratories.models import Laboratory
from qualification.scope import services as scope
from qualification.scope.models import CapabilityRow
from qualification.statements import Statement
from workflows.clocks import services as clocks
from workflows.clocks.models import Clock
from workflows.demo.abilities import FOOD
from workflows.demo.simulate import materials
from workflows.demo.simulate.cases import Plan
from workflows.demo.simulate.scene import Scene
from workflows.demo.simulate.world import ministry_of

Act = Callable[[Scene], None]
TABLE = "capability_table"


class PaperNotMade(RuntimeError):
    """The certificate could not be rendered or signed; without it the issue never ends."""


# -- the laboratory


def apply(scene: Scene) -> None:
    """Begin the draft, upload everything, hand in."""
    client = scene.case.client
    laboratory = Laboratory.objects.select_related("authority__profile").get(pk=scene.case.laboratory)
    certificate = Certificate.objects.get(pk=scene.case.certificate) if scene.case.certificate else None
    application = drafts.create(
        laboratory=laboratory, kinds=[client.kind], by=scene.manager, now=scene.now, certificate=certificate,
        field_codes=[client.field], ministry_code=ministry_of(client.field),
        system_since=scene.now.date() - dt.timedelta(days=400), procedure=client.procedure,
    )  # fmt: skip
    scene.case.application = application.pk
    _upload_tables(scene)
    for slot in wanted_slots(application):
        if slot.is_missing:
            _upload(scene, slot.material.code, slot.label, materials.pdf(slot.material.name_zh))
    drafts.submit(application=application, by=scene.manager, now=scene.now)


def _upload_tables(scene: Scene) -> None:
    client, application = scene.case.client, scene.application
    for site in application.sites.order_by("pk"):
        is_food = client.field == FOOD
        label = f"{site.uuid}:{'food' if is_food else 'nonfood'}"
        version = _upload(scene, TABLE, label, materials.capability_table(client.field, client.number))
        scope.import_table(
            application=application, site=site, is_food=is_food, version=version, by=scene.manager, now=scene.now
        )


def _upload(scene: Scene, code: str, label: str, file: Any) -> Any:
    return upload.add_version(
        owner_kind=OWNER_KIND, owner_id=scene.application.uuid, code=code, label=label, upload=file,
        by=scene.manager, now=scene.now,
    )  # fmt: skip


def hand_in_supplement(scene: Scene) -> None:
    """Mend the form and hand the supplement in."""
    request = SupplementRequest.objects.select_related("application").get(application_id=scene.case_id)
    _upload(scene, "application_form", "", materials.pdf("申请书（补正）"))
    intake.hand_in_supplement(request=request, answer="已按通知逐项补正。", by=scene.manager, now=scene.now)


def supply_file(scene: Scene) -> None:
    """Hand in what the leader asked for."""
    file_review.resume_file(
        assessment=scene.assessment, answer="已补充内部审核记录和方法验证记录。", by=scene.manager, now=scene.now
    )


def _proposed(scene: Scene) -> Visit:
    visits_ = Visit.objects.select_related("assessment__application__authority")
    return visits_.get(application_id=scene.case_id, state="proposed")


def agree_visit(scene: Scene) -> None:
    """Agree to the days of the visit."""
    visits.agree(visit=_proposed(scene), by=scene.manager, now=scene.now)


def ask_other(scene: Scene) -> None:
    """Ask for other days."""
    visits.ask_other(visit=_proposed(scene), reason="该期间设备送检，请改期一周。", by=scene.manager, now=scene.now)


def hand_in_rectification(scene: Scene) -> None:
    """Hand in cause and correction of every record."""
    rectification = _rectification(scene)
    texts = dict.fromkeys(_numbers(scene), "原因：培训不足。已修订记录表格并完成培训，附整改证据。")
    concluding.hand_in_rectification(rectification=rectification, corrections=texts, by=scene.manager, now=scene.now)


def withdraw(scene: Scene) -> None:
    """Withdraw the application."""
    endings.withdraw(
        application=scene.application, reason="场所搬迁，待完成后重新申请。", by=scene.manager, now=scene.now
    )


# -- intake


def accept(scene: Scene) -> None:
    """Accept."""
    intake.accept(application=scene.application, by=scene.officer(Role.INTAKE), now=scene.now)


def ask_supplement(scene: Scene) -> None:
    """Send the one notice to supplement."""
    found = [intake.Finding("申请书未加盖公章，请补正后重新上传。", "application_form")]
    intake.ask_supplement(application=scene.application, findings=found, by=scene.officer(Role.INTAKE), now=scene.now)


def refuse_acceptance(scene: Scene) -> None:
    """Refuse to accept."""
    intake.refuse_acceptance(
        application=scene.application, reasons="申请事项依法不属于本行政机关职权范围。", article="《行政许可法》第三十二条",
        by=scene.officer(Role.INTAKE), now=scene.now,
    )  # fmt: skip


# -- the team


def draw_team(scene: Scene) -> None:
    """Draw the team and send the offers."""
    assessors.draw_team(
        assessment=scene.assessment, by=scene.officer(Role.COORDINATOR), now=scene.now, seed=scene.draw_seed("team")
    )


def draw_again(scene: Scene) -> None:
    """Draw for the seats for which nobody was left."""
    assessors.draw_again(
        assessment=scene.assessment, by=scene.officer(Role.COORDINATOR), now=scene.now, seed=scene.draw_seed("again")
    )


def _offer(scene: Scene) -> Offer:
    offer: Offer = next(OFFER.instances(offer=scene.about))
    return offer


def _offer_of(offer: int) -> Any:
    rows = Offer.objects.filter(pk=offer)
    return rows.select_related("assessor__user", "seat__assessment__application__authority")


OFFER = Statement(_offer_of, offer=int)


def accept_offer(scene: Scene) -> None:
    """Take the seat."""
    offer = _offer(scene)
    assessors.accept(offer=offer, by=offer.assessor.user, now=scene.now)


def decline(scene: Scene) -> None:
    """Decline the seat."""
    offer = _offer(scene)
    assessors.decline(
        offer=offer, reason="同期有其他评审任务。", by=offer.assessor.user, now=scene.now,
        seed=scene.draw_seed(f"seat:{offer.seat.position}"),
    )  # fmt: skip


def decline_for_tie(scene: Scene) -> None:
    """Decline for a tie to the laboratory."""
    offer = _offer(scene)
    assessors.decline_for_tie(
        offer=offer, kind="consulted", note="曾为该机构提供咨询", by=offer.assessor.user, now=scene.now,
        seed=scene.draw_seed(f"seat:{offer.seat.position}"),
    )  # fmt: skip


def pass_file(scene: Scene) -> None:
    """The file stands."""
    file_review.pass_file(assessment=scene.assessment, opinion="材料齐全，符合要求。", by=scene.leader, now=scene.now)


def hold_file(scene: Scene) -> None:
    """Ask for more."""
    file_review.hold_file(
        assessment=scene.assessment, items=["补充内部审核记录", "补充方法验证记录"], by=scene.leader, now=scene.now
    )


def fail_file(scene: Scene) -> None:
    """The file does not stand."""
    file_review.fail_file(
        assessment=scene.assessment, opinion="管理体系文件与实际运行不符。", by=scene.leader, now=scene.now
    )


def propose_visit(scene: Scene) -> None:
    """Propose one or two days, a week or two ahead."""
    calendar, chance = scene.calendar, scene.dice.random
    day = scene.now.date()
    for _ in range(chance.randrange(5, 11)):
        day = calendar.next_working(day + dt.timedelta(days=1))
    visits.propose(
        assessment=scene.assessment, from_on=day, to_on=day + dt.timedelta(days=chance.randrange(2)),
        timetable="09:00 首次会议\n09:30 现场观察与现场试验\n16:00 末次会议", by=scene.leader, now=scene.now,
    )  # fmt: skip


def check_in(scene: Scene) -> None:
    """The leader checks in at every site."""
    for site in scene.application.sites.order_by("pk"):
        visits.check_in(
            assessment=scene.assessment, site=site, latitude=site.latitude, longitude=site.longitude, accuracy_m=20,
            device="", note="", by=scene.leader, now=scene.now,
        )  # fmt: skip


def conclude(scene: Scene) -> None:
    """Answer the checklist, confirm the abilities, end the visit."""
    assessment, by = scene.assessment, scene.leader
    _record_findings(scene)
    findings.answer_rest(assessment=assessment, by=by, now=scene.now)
    rows = CapabilityRow.objects.filter(table__application_id=scene.case_id, level="parameter")
    findings.judge_rows(
        assessment=assessment, rows=rows, verdict="confirmed", means="witnessed", restriction="", note="", by=by,
        now=scene.now,
    )  # fmt: skip
    if scene.dice.falls("rows.dropped"):
        last = rows.order_by("-table_id", "-position")[:1].values("pk")
        findings.judge_rows(
            assessment=assessment, rows=rows.filter(pk__in=last), verdict="dropped", means="", restriction="",
            note="现场试验结果不满足标准要求。", by=by, now=scene.now,
        )  # fmt: skip
    concluding.conclude(assessment=assessment, days=scene.dice.random.choice((10, 15, 20, 30)), by=by, now=scene.now)


def _record_findings(scene: Scene) -> None:
    dice = scene.dice
    items = items_of(scene.assessment)
    if dice.falls("findings.starred"):
        found, answer = [next(i for i in items if i.clause.is_starred)], Answer.NOT
    elif dice.falls("findings.some"):
        plain = [i for i in items if not i.clause.is_starred]
        found, answer = dice.random.sample(plain, dice.random.randrange(1, 4)), Answer.MOSTLY
    else:
        return
    for item in sorted(found, key=lambda i: i.number):
        findings.answer_item(
            assessment=scene.assessment, item=item, answer=answer, note="记录不完整。", by=scene.leader, now=scene.now
        )
        findings.record_nonconformity(
            assessment=scene.assessment, item=item, department="检测室", fact="抽查的原始记录缺少环境条件信息。",
            shown_by="documents", by=scene.leader, now=scene.now,
        )  # fmt: skip


def _rectification(scene: Scene) -> Rectification:
    return Rectification.objects.select_related("assessment__application").get(application_id=scene.case_id)


def _numbers(scene: Scene) -> list[int]:
    records = Nonconformity.objects.filter(assessment__application_id=scene.case_id)
    return list(records.order_by("number").values_list("number", flat=True))


def verify(scene: Scene) -> None:
    """Verify every record; now and then one is not closed."""
    found = {n: concluding.Verified(True, "查阅整改材料，整改有效。") for n in _numbers(scene)}
    if scene.dice.falls("verify.fails"):
        found[max(found)] = concluding.Verified(False, "整改证据不能证明问题已经消除。")
    concluding.verify(
        rectification=_rectification(scene), findings=found, opinion="已逐项验证。", by=scene.leader, now=scene.now
    )


def report(scene: Scene) -> None:
    """Hand the report in."""
    concluding.hand_in_report(
        assessment=scene.assessment, summary="现场评审已按计划完成，结论见报告。", by=scene.leader, now=scene.now
    )


# -- concurrence, decision, issue


def _concurrence(scene: Scene) -> Concurrence:
    assert scene.task is not None
    rows = Concurrence.objects.select_related("application", "authority")
    return rows.get(application_id=scene.case_id, authority_id=scene.task.data["authority"])


def agree(scene: Scene) -> None:
    """Concur."""
    asked = _concurrence(scene)
    by = scene.officer(Role.DECISION, asked.authority_id)
    decisions.agree(concurrence=asked, opinion="同意。", by=by, now=scene.now)


def object_(scene: Scene) -> None:
    """Object."""
    asked = _concurrence(scene)
    by = scene.officer(Role.DECISION, asked.authority_id)
    decisions.object_to(concurrence=asked, opinion="该场所租赁期限不足，不同意。", by=by, now=scene.now)


def decide(scene: Scene) -> None:
    """Grant what can be granted."""
    application = scene.application
    objecting = Concurrence.objects.filter(application=application, state="objected")
    excluded = list(
        application.sites.filter(authority__in=objecting.values("authority"))
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    outcome, reasons, article = Outcome.GRANT, "", ""
    is_left = scope.has_recommended_rows(application, without_sites=excluded)
    is_failed = not application.is_by_commitment and scene.assessment.conclusion == "not"
    if is_failed or not is_left:
        outcome, reasons, article = (
            Outcome.REFUSE,
            "经评审，不符合《检验检测机构资质认定评审准则》要求。",
            "《行政许可法》第三十八条",
        )
        excluded = []
    elif excluded:
        outcome, reasons, article = Outcome.PART, "部分场所未获所在地资质认定部门同意。", "《行政许可法》第三十八条"
    decisions.decide(
        application=application, outcome=outcome, reasons=reasons, article=article, excluded_sites=excluded,
        by=scene.decider, now=scene.now,
    )  # fmt: skip


def release(scene: Scene) -> None:
    """Release the decision."""
    decisions.release(application=scene.application, by=scene.decider, now=scene.now)


def retract(scene: Scene) -> None:
    """Take the pending decision back, to decide anew."""
    decisions.retract(application=scene.application, reason="需补充核实一项能力。", by=scene.decider, now=scene.now)


def issue(scene: Scene) -> None:
    """Take the number and ask for the certificate."""
    issuing.issue(application=scene.application, by=scene.officer(Role.ISSUER), now=scene.now)


def sign(scene: Scene) -> None:
    """What the worker does: make and sign the certificate. Raises PaperNotMade."""
    edition = Edition.objects.get(application_id=scene.case_id)
    assert edition.paper_id is not None
    paper = papers.produce(edition.paper_id, now=scene.now)
    if not paper.is_stored:
        raise PaperNotMade(f"{paper}: {paper.last_error}")


# -- the check of a commitment


def _check(scene: Scene) -> CommitmentCheck:
    rows = CommitmentCheck.objects.select_related("application__authority__profile", "application__assessment")
    return rows.get(application_id=scene.case_id)


def _record(scene: Scene, conclusion: str, said: str) -> None:
    checking.record(check=_check(scene), conclusion=conclusion, findings=said, by=scene.leader, now=scene.now)


def check_true(scene: Scene) -> None:
    """The commitment is true."""
    _record(scene, CheckConclusion.TRUE, "")


def check_mostly(scene: Scene) -> None:
    """The commitment is mostly true."""
    _record(scene, CheckConclusion.MOSTLY, "两台设备溯源证书过期，其余承诺内容属实。")


def check_false(scene: Scene) -> None:
    """The commitment is seriously untrue."""
    _record(scene, CheckConclusion.FALSE, "承诺的主要设备不存在，人员数量与承诺严重不符。")


def revoke(scene: Scene) -> None:
    """Revoke what was granted."""
    checking.revoke(
        check=_check(scene), reason="现场核查发现承诺严重不实。", article="《行政许可法》第六十九条第二款",
        by=scene.decider, now=scene.now,
    )  # fmt: skip


# -- beside the way


def ask_termination(scene: Scene) -> None:
    """The coordinator asks to end the review; the decision maker answers some days later."""
    endings.ask_termination(
        application=scene.application, reason="机构主要设备损坏，短期内无法完成现场试验。",
        by=scene.officer(Role.COORDINATOR), now=scene.now,
    )  # fmt: skip
    denies = scene.dice.random.random() < 0.25
    plan = scene.plan("deny_termination" if denies else "consent_termination", "concur")
    scene.case.plans.append(Plan("terminate", plan.act, plan.at))


def _asked(scene: Scene) -> TerminationRequest | None:
    rows = TerminationRequest.objects.select_related("application__authority__profile")
    return rows.filter(application_id=scene.case_id, state="asked").first()


def consent_termination(scene: Scene) -> None:
    """The authority consents, if the report did not come first."""
    request = _asked(scene)
    if request is not None:
        endings.consent_termination(request=request, answer="同意终止评审。", by=scene.decider, now=scene.now)


def deny_termination(scene: Scene) -> None:
    """The review goes on."""
    request = _asked(scene)
    if request is not None:
        endings.deny_termination(request=request, answer="可改期进行，继续评审。", by=scene.decider, now=scene.now)


def _extend(scene: Scene, code: str, days: int, reason: str) -> None:
    clock = Clock.objects.open().get(application_id=scene.case_id, code=code)
    clocks.extend(clock=clock, days=days, by=scene.decider, now=scene.now, reason=reason)


def extend_decision(scene: Scene) -> None:
    """Extend the decision once."""
    _extend(scene, "decision", 10, "案情复杂，需进一步核实能力范围。")


def extend_rectification(scene: Scene) -> None:
    """Extend the rectification once, within its most."""
    _extend(scene, "rectification", 5, "机构申请延期，理由正当。")


ACTS: Mapping[str, Act] = {
    act.__name__.rstrip("_"): act
    for act in (
        apply, hand_in_supplement, supply_file, agree_visit, ask_other, hand_in_rectification, withdraw, accept,
        ask_supplement, refuse_acceptance, draw_team, draw_again, accept_offer, decline, decline_for_tie, pass_file,
        hold_file, fail_file, propose_visit, check_in, conclude, verify, report, agree, object_, decide, release,
        retract, issue, sign, ask_termination, consent_termination, deny_termination, extend_decision,
        extend_rectification, check_true, check_mostly, check_false, revoke,
    )
}  # fmt: skip
