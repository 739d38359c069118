"""The technical review of one application: team, visit, checklist, nonconformities, rectification, report."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, transition

from qualification.applications.models import CaseRow
from qualification.assessments.commitments import CommitmentCheck as CommitmentCheck  # noqa: PLC0414 - one of these
from qualification.assessments.enums import (
    Anomaly,
    Answer,
    AssessmentState,
    ClosedBy,
    Conclusion,
    Mode,
    RectificationState,
    VisitState,
)
from qualification.fields import StateField

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.applications.models import Application

S = AssessmentState


class Edition(models.Model):
    """One edition of the checklist (评审准则), with its outcome rules."""

    code = models.CharField(max_length=20, unique=True)
    name_zh = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, blank=True)
    in_force_from = models.DateField()
    rules: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        ordering = ["in_force_from"]

    def __str__(self) -> str:
        return self.code


class Clause(models.Model):
    """One clause of an edition; a starred one cannot fail without the worst conclusion."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="clauses")
    code = models.CharField(max_length=20)
    is_starred = models.BooleanField(default=False)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["edition", "code"], name="clause_once")]

    def __str__(self) -> str:
        return self.code

    @property
    def name(self) -> str:
        """Name in the reader's language."""
        return self.name_zh if _is_chinese() else self.name_en


class Item(models.Model):
    """One checklist item."""

    clause = models.ForeignKey(Clause, on_delete=models.CASCADE, related_name="items")
    number = models.PositiveSmallIntegerField()
    text_zh = models.TextField()
    text_en = models.TextField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["clause", "number"], name="item_once")]

    def __str__(self) -> str:
        return f"{self.number}"

    @property
    def text(self) -> str:
        """Text in the reader's language."""
        return self.text_zh if _is_chinese() else self.text_en


class Assessment(CaseRow):
    """The technical review (技术评审) of one application."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.OneToOneField("applications.Application", on_delete=models.CASCADE, related_name="assessment")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(_("mode"), max_length=20, choices=Mode, default=Mode.ON_SITE)
    state = StateField(_("state"), choices=S.choices, default=S.TEAMING, max_length=20)
    opened_at = models.DateTimeField()
    team_at = models.DateTimeField(null=True, blank=True)
    file_reviewed_at = models.DateTimeField(null=True, blank=True)
    file_opinion = models.TextField(_("opinion on the file"), blank=True)
    hold_items: models.JSONField[list[str]] = models.JSONField(_("material asked for"), default=list, blank=True)
    hold_answer = models.TextField(_("answer of the laboratory"), blank=True)
    scheduled_at = models.DateTimeField(null=True, blank=True)
    concluded_at = models.DateTimeField(null=True, blank=True)
    first_conclusion = models.CharField(max_length=10, choices=Conclusion, blank=True)
    conclusion = models.CharField(_("conclusion"), max_length=10, choices=Conclusion, blank=True)
    is_rectified = models.BooleanField(_("rectified"), default=False)
    summary = models.TextField(_("summary of the report"), blank=True)
    reported_at = models.DateTimeField(null=True, blank=True)
    reported_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    terminated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("assessment")
        constraints = [
            models.CheckConstraint(
                name="assessment_reported_stamp",
                condition=Q(reported_at__isnull=False, state=S.REPORTED) | Q(reported_at__isnull=True) & ~Q(state=S.REPORTED),
                violation_error_message=_("A report handed in has its moment, and only such a one."),
            ),
            models.CheckConstraint(
                name="assessment_reported_has_conclusion", condition=~Q(state=S.REPORTED) | ~Q(conclusion=""),
                violation_error_message=_("A report has a conclusion."),
            ),
            models.CheckConstraint(
                name="assessment_terminated_stamp",
                condition=Q(terminated_at__isnull=False, state=S.TERMINATED)
                | Q(terminated_at__isnull=True) & ~Q(state=S.TERMINATED),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.application}"

    @property
    def state_meta(self) -> dict[str, str]:
        """The state badge."""
        return S(self.state).meta

    @transition(state, source=S.TEAMING, target=S.OFFERING)
    def draw_team(self, *, by: User, now: dt.datetime) -> None:
        """The team was drawn; offers are out."""

    @transition(state, source=S.OFFERING, target=S.OFFERING)
    def draw_again(self, *, by: User, now: dt.datetime) -> None:
        """Seats that had no candidate are drawn again."""

    @transition(state, source=S.OFFERING, target=S.OFFERING)
    def lack_candidates(self, *, by: User | None, now: dt.datetime) -> None:
        """A seat stays empty: nobody in the pool is fit; the coordinator must act."""

    @transition(state, source=S.OFFERING, target=S.FILE_REVIEW)
    def complete_team(self, *, by: User | None, now: dt.datetime) -> None:
        """All seats are filled; the leader receives the file."""
        self.team_at = now

    @transition(state, source=S.OFFERING, target=S.CHECKING)
    def begin_check(self, *, by: User | None, now: dt.datetime) -> None:
        """All seats are filled; the team checks a commitment."""
        self.team_at = now

    @transition(state, source=S.CHECKING, target=S.REPORTED)
    def close_check(self, *, by: User, now: dt.datetime) -> None:
        """The check of the commitment is recorded; the team's work is done."""
        self.concluded_at = now
        self.reported_at = now
        self.reported_by = by

    @transition(state, source=S.FILE_REVIEW, target=S.ON_HOLD)
    def hold_file(self, *, by: User, now: dt.datetime) -> None:
        """Wait for material of the laboratory."""

    @transition(state, source=S.ON_HOLD, target=S.FILE_REVIEW)
    def resume_file(self, *, by: User, now: dt.datetime) -> None:
        """The laboratory has handed the material in."""

    @transition(state, source=S.FILE_REVIEW, target=S.SCHEDULING)
    def pass_file(self, *, by: User, now: dt.datetime) -> None:
        """The file stands; a visit follows."""
        self.file_reviewed_at = now

    @transition(state, source=S.FILE_REVIEW, target=S.REPORTING)
    def fail_file(self, *, by: User, now: dt.datetime) -> None:
        """The file does not stand; no visit."""
        self.file_reviewed_at = now
        self.concluded_at = now
        self.first_conclusion = Conclusion.NOT
        self.conclusion = Conclusion.NOT

    @transition(state, source=S.SCHEDULING, target=S.VISITING)
    def schedule(self, *, by: User, now: dt.datetime) -> None:
        """The date of the visit is agreed."""
        self.scheduled_at = now

    @transition(state, source=S.VISITING, target=S.REPORTING)
    def conclude(self, *, by: User, now: dt.datetime) -> None:
        """The visit ends without rectification."""
        self.concluded_at = now

    @transition(state, source=S.VISITING, target=S.RECTIFYING)
    def require_rectification(self, *, by: User, now: dt.datetime) -> None:
        """The visit ends; the laboratory rectifies."""
        self.concluded_at = now

    @transition(state, source=S.RECTIFYING, target=S.REPORTING)
    def close_rectification(self, *, by: User | None, now: dt.datetime) -> None:
        """The rectification was verified, or failed."""

    @transition(state, source=S.REPORTING, target=S.RECTIFYING)
    def reopen_rectification(self, *, by: User | None, now: dt.datetime) -> None:
        """The failure of the rectification by lateness was set aside."""
        self.conclusion = ""
        self.is_rectified = False

    @transition(state, source=S.REPORTING, target=S.REPORTED)
    def hand_in_report(self, *, by: User, now: dt.datetime) -> None:
        """The leader hands the report in."""
        self.reported_at = now
        self.reported_by = by

    @transition(state, source=list(S.open()), target=S.TERMINATED)
    def terminate(self, *, by: User | None, now: dt.datetime) -> None:
        """The case ended before the report."""
        self.terminated_at = now


class AssessmentRow(ConcurrentTransitionMixin, models.Model):
    """What belongs to an assessment and has a state of its own."""

    application = models.ForeignKey("applications.Application", on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True

    @property
    def case_id(self) -> int:
        """The application whose row serialises this one."""
        return self.application_id

    @property
    def case(self) -> Application:
        """The application this belongs to."""
        return self.application


class Visit(AssessmentRow):
    """The dates and the timetable of the visit, as proposed and answered."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="visits")
    state = StateField(_("state"), choices=VisitState.choices, default=VisitState.DRAFT, max_length=20)
    from_on = models.DateField(_("first day"))
    to_on = models.DateField(_("last day"))
    timetable = models.TextField(_("timetable"), blank=True)
    proposed_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="visit_period", condition=Q(to_on__gte=models.F("from_on")),
                violation_error_message=_("The visit ends on or after its first day."),
            ),
            models.UniqueConstraint(
                fields=["assessment"], condition=Q(state__in=["draft", "proposed", "agreed"]), name="one_visit_in_force",
                violation_error_message=_("A date for this visit is already proposed."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.from_on} {self.state}"

    @transition(state, source=VisitState.DRAFT, target=VisitState.PROPOSED)
    def propose(self, *, by: User, now: dt.datetime) -> None:
        """Propose the dates to the laboratory."""
        self.proposed_at = now
        self.proposed_by = by

    @transition(state, source=VisitState.PROPOSED, target=VisitState.AGREED)
    def agree(self, *, by: User, now: dt.datetime) -> None:
        """The laboratory agrees."""
        self.answered_at = now
        self.answered_by = by

    @transition(state, source=VisitState.PROPOSED, target=VisitState.OTHER_ASKED)
    def ask_other(self, *, by: User, now: dt.datetime) -> None:
        """The laboratory asks for other dates; its delay pauses the technical review."""
        self.answered_at = now
        self.answered_by = by

    @transition(state, source=[VisitState.DRAFT, VisitState.PROPOSED, VisitState.AGREED], target=VisitState.VOID)
    def void(self, *, by: User | None, now: dt.datetime) -> None:
        """The case ended."""
        self.answered_at = now


class CheckIn(models.Model):
    """An assessor's presence on site (现场打卡)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="checkins")
    assessor = models.ForeignKey("assessors.Assessor", on_delete=models.PROTECT, related_name="checkins")
    site = models.ForeignKey("laboratories.Site", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    accuracy_m = models.PositiveIntegerField(null=True, blank=True)
    device = models.CharField(max_length=200, blank=True)
    distance_m = models.PositiveIntegerField(null=True, blank=True)
    anomaly = models.CharField(max_length=12, choices=Anomaly, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.assessor_id} {self.at}"


class ItemAnswer(models.Model):
    """The team's answer to one checklist item."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="answers")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    answer = models.CharField(_("answer"), max_length=10, choices=Answer)
    note = models.TextField(_("facts"), blank=True)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["item__number"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "item"], name="one_answer_per_item"),
            models.CheckConstraint(
                name="answer_needs_facts",
                condition=Q(answer=Answer.CONFORM) | ~Q(note=""),
                violation_error_message=_("Write down the facts when an item does not simply conform."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.answer}"


class Nonconformity(models.Model):
    """A nonconformity record (不符合项)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="nonconformities")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField(_("number"))
    department = models.CharField(_("department"), max_length=80)
    fact = models.TextField(_("fact"))
    degree = models.CharField(_("degree"), max_length=10, choices=Answer)
    shown_by = models.CharField(_("how it is to be shown closed"), max_length=12, choices=ClosedBy)
    recorded_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(_("confirmed by the laboratory at"), null=True, blank=True)
    confirmed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    correction = models.TextField(_("cause and correction"), blank=True)
    corrected_at = models.DateTimeField(null=True, blank=True)
    is_closed = models.BooleanField(_("closed"), null=True)
    verification = models.TextField(_("verification"), blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "number"], name="nonconformity_number_once"),
            models.UniqueConstraint(fields=["assessment", "item"], name="nonconformity_item_once"),
        ]

    def __str__(self) -> str:
        return f"{self.number}"


class Rectification(AssessmentRow):
    """The written notice to rectify, and what came of it (整改)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    assessment = models.OneToOneField(Assessment, on_delete=models.CASCADE, related_name="rectification")
    state = StateField(_("state"), choices=RectificationState.choices, default=RectificationState.DRAFT, max_length=20)
    days = models.PositiveSmallIntegerField(_("limit in working days"))
    notified_at = models.DateTimeField(null=True, blank=True)
    handed_in_at = models.DateTimeField(null=True, blank=True)
    handed_in_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    opinion = models.TextField(_("opinion of the verification"), blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="rectification_days", condition=Q(days__gte=1, days__lte=30),
                violation_error_message=_("Rectification takes from 1 to 30 working days."),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.assessment_id} {self.state}"

    @transition(state, source=RectificationState.DRAFT, target=RectificationState.OPEN)
    def notify(self, *, by: User, now: dt.datetime) -> None:
        """The written notice goes to the laboratory."""
        self.notified_at = now

    @transition(state, source=RectificationState.OPEN, target=RectificationState.HANDED_IN)
    def hand_in(self, *, by: User, now: dt.datetime) -> None:
        """The laboratory hands its rectification in."""
        self.handed_in_at = now
        self.handed_in_by = by

    @transition(state, source=RectificationState.HANDED_IN, target=RectificationState.VERIFIED)
    def verify(self, *, by: User, now: dt.datetime) -> None:
        """All nonconformities are closed."""
        self.closed_at = now
        self.closed_by = by

    @transition(state, source=RectificationState.HANDED_IN, target=RectificationState.FAILED)
    def reject(self, *, by: User, now: dt.datetime) -> None:
        """The rectification does not stand."""
        self.closed_at = now
        self.closed_by = by

    @transition(state, source=RectificationState.OPEN, target=RectificationState.FAILED)
    def expire(self, *, by: User | None, now: dt.datetime) -> None:
        """The time to rectify has run out."""
        self.closed_at = now

    @transition(state, source=RectificationState.FAILED, target=RectificationState.OPEN)
    def reopen(self, *, by: User | None, now: dt.datetime) -> None:
        """The failure by lateness was set aside; the laboratory has its time anew."""
        self.closed_at = None
        self.closed_by = None

    @transition(
        state,
        source=[RectificationState.DRAFT, RectificationState.OPEN, RectificationState.HANDED_IN],
        target=RectificationState.VOID,
    )
    def void(self, *, by: User | None, now: dt.datetime) -> None:
        """The case ended."""
        self.closed_at = now


def _is_chinese() -> bool:
    return (get_language() or "zh").startswith("zh")
