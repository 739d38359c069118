"""One application walked stage by stage, each act by the person whose act it is, through the same services as the pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from documents import upload
from documents.looking import services as notes
from documents.models import Version
from documents.papers import services as papers
from documents.papers.models import Paper
from qualification.accounts.models import User
from qualification.applications.enums import Kind, Outcome, Procedure
from qualification.applications.models import Application, Concurrence
from qualification.applications.queries import OWNER_KIND, wanted_slots
from qualification.applications.services import decisions, drafts, intake
from qualification.assessments.enums import Answer, CheckConclusion
from qualification.assessments.models import Assessment, CommitmentCheck, Nonconformity, Visit
from qualification.assessments.queries import items_of
from qualification.assessments.services import checking, concluding, file_review, findings, visits
from qualification.assessors import services as assessors
from qualification.assessors.models import Offer, Seat
from qualification.certificates.models import Certificate
from qualification.certificates.services import issuing
from qualification.laboratories.models import Laboratory
from qualification.scope import services as scope
from qualification.scope.models import CapabilityRow
from workflows.demo import materials
from workflows.demo.abilities import FINDINGS

Moments = Callable[[], dt.datetime]


@dataclass(slots=True)
class Cast:
    """Who acts: the laboratory's manager, the lead authority's officers, and a decision maker per authority."""

    manager: User
    intake: User
    coordinator: User
    issuer: User
    deciders: dict[int, User]


@dataclass(slots=True)
class Wish:
    """What is applied for."""

    kinds: list[str] = field(default_factory=lambda: [Kind.FIRST.value])
    fields: list[str] = field(default_factory=lambda: ["12"])
    ministry: str = "05"
    certificate: Certificate | None = None
    is_food: bool = False
    procedure: str = Procedure.GENERAL


class Walk:
    """Each public method is one act of one person; they are called in the order of the law."""

    def __init__(self, *, laboratory: Laboratory, cast: Cast, wish: Wish, moments: Moments = timezone.now) -> None:
        self.laboratory = laboratory
        self.cast = cast
        self.wish = wish
        self.now = moments
        self.application: Application = None  # type: ignore[assignment]

    # -- the laboratory's file

    def draft(self) -> Application:
        """Begin the draft and fill in its facts."""
        now = self.now()
        self.application = drafts.create(
            laboratory=self.laboratory, kinds=self.wish.kinds, by=self.cast.manager, now=now,
            field_codes=self.wish.fields, ministry_code=self.wish.ministry, certificate=self.wish.certificate,
            system_since=timezone.localdate(now) - dt.timedelta(days=400), procedure=self.wish.procedure,
        )  # fmt: skip
        return self.application

    def upload_tables(self) -> None:
        """Upload the capability table of each site."""
        for site in self.application.sites.order_by("pk"):
            label = f"{site.uuid}:{'food' if self.wish.is_food else 'nonfood'}"
            version = self._upload("capability_table", label, self._table())
            scope.import_table(
                application=self.application, site=site, is_food=self.wish.is_food, version=version,
                by=self.cast.manager, now=self.now(),
            )  # fmt: skip

    def _table(self) -> Any:
        return materials.capability_table(self.wish.fields, is_food=self.wish.is_food)

    def upload_materials(self) -> None:
        """Upload every material that is still missing."""
        for slot in wanted_slots(self.application):
            if slot.is_missing:
                code = slot.material.code
                file = materials.material(
                    code, slot.material.name_zh, self.laboratory.name, slot.label_text, "演示材料"
                )
                self._upload(code, slot.label, file)

    def _upload(self, code: str, label: str, file: Any) -> Any:
        return upload.add_version(
            owner_kind=OWNER_KIND, owner_id=self.application.uuid, code=code, label=label, upload=file,
            by=self.cast.manager, now=self.now(),
        )  # fmt: skip

    def submit(self) -> None:
        """Hand in."""
        drafts.submit(application=self.application, by=self.cast.manager, now=self.now())

    # -- intake

    def ask_supplement(self, *texts: str, note: str = "") -> None:
        """Send the one notice to supplement; a note is pinned to the second page of the quality manual first."""
        found = [intake.Finding(text) for text in texts]
        by, now = self.cast.intake, self.now()
        pinned = (
            [notes.pin(version=self._manual(), page=2, place=(6000, 2000), text=note, by=by, now=now)] if note else []
        )
        intake.ask_supplement(
            application=self.application, findings=found, notes=[one.pk for one in pinned], by=by, now=now
        )

    def _manual(self) -> Version:
        versions = Version.objects.live().of_owner(OWNER_KIND, self.application.uuid)
        return versions.filter(document__code="quality_manual").latest("number")

    def revise_manual(self) -> None:
        """The laboratory uploads another version of its quality manual."""
        file = materials.revision("quality_manual", "质量手册", self.laboratory.name, "演示材料")
        self._upload("quality_manual", "", file)

    def hand_in_supplement(self) -> None:
        """The laboratory hands its supplement in."""
        intake.hand_in_supplement(
            request=self.application.supplement, answer="已按通知逐项补正。", by=self.cast.manager, now=self.now()
        )

    def accept(self) -> None:
        """Accept."""
        intake.accept(application=self._fresh(), by=self.cast.intake, now=self.now())

    # -- the team

    def draw_team(self) -> None:
        """Draw the team and send the offers."""
        assessors.draw_team(assessment=self.assessment, by=self.cast.coordinator, now=self.now())

    def accept_offers(self) -> None:
        """Everybody who was asked accepts."""
        for offer in Offer.objects.filter(application=self.application, state="sent").select_related(
            "assessor__user", "seat__assessment"
        ):
            assessors.accept(offer=offer, by=offer.assessor.user, now=self.now())

    @property
    def assessment(self) -> Assessment:
        """The assessment as it is now."""
        return Assessment.objects.select_related("application__authority__profile").get(application=self.application)

    @property
    def leader(self) -> User:
        """The team's leader."""
        seat = Seat.objects.select_related("assessor__user").get(assessment=self.assessment, role="leader")
        assert seat.assessor is not None
        return seat.assessor.user

    # -- file review and visit

    def pass_file(self) -> None:
        """The file stands."""
        file_review.pass_file(
            assessment=self.assessment, opinion="材料齐全，符合要求。", by=self.leader, now=self.now()
        )

    def propose_visit(self, days: int = 2, on: tuple[dt.date, dt.date] | None = None) -> None:
        """Propose a visit that begins today, or on the days named."""
        today = timezone.localdate(self.now())
        first, last = on or (today, today + dt.timedelta(days=days - 1))
        visits.propose(
            assessment=self.assessment, from_on=first, to_on=last,
            timetable="09:00 首次会议\n09:30 现场观察与现场试验\n16:00 末次会议", by=self.leader, now=self.now(),
        )  # fmt: skip

    def agree_visit(self) -> None:
        """The laboratory agrees to the dates."""
        visit = Visit.objects.select_related("assessment__application__authority").get(
            application=self.application, state="proposed"
        )
        visits.agree(visit=visit, by=self.cast.manager, now=self.now())

    def check_in(self) -> None:
        """The leader checks in at every site."""
        for site in self.application.sites.order_by("pk"):
            visits.check_in(
                assessment=self.assessment, site=site, latitude=site.latitude, longitude=site.longitude, accuracy_m=20,
                device="", note="", by=self.leader, now=self.now(),
            )  # fmt: skip

    def answer_checklist(self, *, mostly: int = 0) -> None:
        """Answer all items, the last `mostly` unstarred ones with “mostly conforms” and a record each."""
        assessment, leader = self.assessment, self.leader
        weak = [i for i in items_of(assessment) if not i.clause.is_starred][-mostly:] if mostly else []
        for number, item in enumerate(weak):
            department, fact, __ = FINDINGS[(assessment.pk + number) % len(FINDINGS)]
            findings.answer_item(
                assessment=assessment, item=item, answer=Answer.MOSTLY, note="记录不完整。", by=leader, now=self.now()
            )
            findings.record_nonconformity(
                assessment=assessment, item=item, department=department, fact=fact,
                shown_by="documents", by=leader, now=self.now(),
            )  # fmt: skip
        findings.answer_rest(assessment=assessment, by=leader, now=self.now())

    def rows(self) -> QuerySet[CapabilityRow]:
        """The abilities applied for."""
        return CapabilityRow.objects.filter(table__application=self.application, level="parameter")

    def confirm_rows(self) -> None:
        """Confirm every ability."""
        findings.judge_rows(
            assessment=self.assessment, rows=self.rows(), verdict="confirmed", means="witnessed", restriction="", note="",
            by=self.leader, now=self.now(),
        )  # fmt: skip

    def conclude(self, days: int = 10) -> None:
        """End the visit."""
        concluding.conclude(assessment=self.assessment, days=days, by=self.leader, now=self.now())

    # -- rectification and report

    def rectify(self) -> None:
        """The laboratory hands its rectification in, where there is one."""
        assessment = self.assessment
        if assessment.state != "rectifying":
            return
        causes = {fact: cause for __, fact, cause in FINDINGS}
        records = Nonconformity.objects.filter(assessment=assessment).order_by("number")
        texts = {record.number: causes.get(record.fact, FINDINGS[0][2]) for record in records}
        concluding.hand_in_rectification(
            rectification=assessment.rectification, corrections=texts, by=self.cast.manager, now=self.now()
        )

    def verify(self) -> None:
        """The leader verifies, where there was a rectification."""
        assessment = self.assessment
        if assessment.state != "rectifying":
            return
        numbers = (
            Nonconformity.objects.filter(assessment=assessment).order_by("number").values_list("number", flat=True)
        )
        found = {n: concluding.Verified(True, "查阅整改材料，整改有效。") for n in numbers}
        concluding.verify(
            rectification=assessment.rectification, findings=found, opinion="整改有效。", by=self.leader, now=self.now()
        )

    def hand_in_report(self) -> None:
        """The leader hands the report in."""
        concluding.hand_in_report(
            assessment=self.assessment,
            summary="该机构管理体系运行有效，具备申请的检验检测能力。",
            by=self.leader,
            now=self.now(),
        )

    # -- concurrence, decision, issue

    def concur(self) -> None:
        """Every other authority agrees."""
        for c in Concurrence.objects.filter(application=self.application, state="requested").select_related(
            "application"
        ):
            decisions.agree(concurrence=c, opinion="同意。", by=self.cast.deciders[c.authority_id], now=self.now())

    @property
    def decider(self) -> User:
        """The lead authority's decision maker."""
        return self.cast.deciders[self.application.authority_id]

    def decide(self, outcome: str = Outcome.GRANT, reasons: str = "", article: str = "") -> None:
        """Decide; pending."""
        decisions.decide(
            application=self._fresh(),
            outcome=outcome,
            reasons=reasons,
            article=article,
            by=self.decider,
            now=self.now(),
        )

    def release(self) -> None:
        """Release the decision."""
        decisions.release(application=self._fresh(), by=self.decider, now=self.now())

    def issue(self) -> None:
        """The issuer takes the number and asks for the paper."""
        issuing.issue(application=self._fresh(), by=self.cast.issuer, now=self.now())

    def make_papers(self) -> None:
        """Make and sign the papers of the case that are still to be made, as the worker does."""
        owners = [self.application.uuid]
        certificate = Certificate.objects.filter(editions__application=self.application).first()
        if certificate is not None:
            owners.append(certificate.uuid)
        for pk in Paper.objects.waiting().filter(owner_id__in=owners).order_by("pk").values_list("pk", flat=True):
            paper = papers.produce(pk, now=self.now())
            if not paper.is_stored:
                raise RuntimeError(f"Paper {paper} could not be made: {paper.last_error}")

    # -- the check of a commitment

    @property
    def check(self) -> CommitmentCheck:
        """The check as it is now."""
        rows = CommitmentCheck.objects.select_related("application__authority__profile", "application__assessment")
        return rows.get(application=self.application)

    def record_check(self, conclusion: str = CheckConclusion.TRUE, said: str = "现场核查，承诺内容属实。") -> None:
        """The leader records what the check found."""
        checking.record(check=self.check, conclusion=conclusion, findings=said, by=self.leader, now=self.now())

    def revoke(self) -> None:
        """The decision maker revokes what was granted on a commitment proved false."""
        checking.revoke(
            check=self.check, reason="现场核查发现承诺严重不实，以欺骗手段取得资质认定。", article="《行政许可法》第六十九条第二款",
            by=self.decider, now=self.now(),
        )  # fmt: skip

    def _fresh(self) -> Application:
        self.application.refresh_from_db()
        return self.application


# The whole way of the general procedure, in order.
WAY: tuple[str, ...] = (
    "draft", "upload_tables", "upload_materials", "submit", "accept", "draw_team", "accept_offers", "pass_file",
    "propose_visit", "agree_visit", "check_in", "answer_checklist", "confirm_rows", "conclude", "rectify", "verify",
    "hand_in_report", "concur", "decide", "release", "issue", "make_papers",
)  # fmt: skip


# The way of notice and commitment: no review before the decision; the check runs beside the issue and after it.
WAY_BY_COMMITMENT: tuple[str, ...] = (
    "draft", "upload_tables", "upload_materials", "submit", "accept", "concur", "decide", "release", "issue",
    "make_papers", "draw_team", "accept_offers", "record_check",
)  # fmt: skip


def way_of(wish: Wish) -> tuple[str, ...]:
    """The acts of a case in their order."""
    return WAY_BY_COMMITMENT if wish.procedure == Procedure.COMMITMENT else WAY
