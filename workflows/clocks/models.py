"""Clocks as facts: limit, ledger, and the due moment derived from them.

The firing moment lives in the clock's row alone (`next_rung_at`); a `Rung` row is the claim that one has fired.
A clock runs from its start to its end except in its `ClockInterval`s, so each boundary is stored once.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, transition

from qualification.fields import StateField
from workflows.clocks import counting, policy
from workflows.clocks.enums import OPEN_STATES, ClockState, ContestState, Unit

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.applications.models import Application

_OPEN = Q(state__in=list(OPEN_STATES))


class ClockQuerySet(models.QuerySet["Clock"]):
    def open(self) -> ClockQuerySet:
        """Clocks that run or are paused."""
        return self.filter(state__in=OPEN_STATES)

    def of_subject(self, subject: models.Model) -> ClockQuerySet:
        """Clocks about one row."""
        return self.filter(subject_type=subject._meta.label, subject_id=subject.pk)

    def with_rung_due(self, now: dt.datetime) -> ClockQuerySet:
        """Clocks with a rung that should have fired by now."""
        return self.filter(next_rung_at__lte=now)

    def overdue(self, now: dt.datetime) -> ClockQuerySet:
        """Open clocks whose due moment has come."""
        return self.open().filter(due_at__lte=now)


class Clock(models.Model):
    """One time limit of one subject. `due_at` is what `counting.count` says of the facts, and nothing else.

    `ladder` is the moment of every rung in order, as [name, ISO moment]; `warn_at` that of the warning (at risk from
    then on). `holder` is the person whose act the clock waits for now; `kinds` the kinds of the case, sorted, joined
    by commas; clocks of a trial (`is_trial`) are in no board and no number.

    `limit_entry` is the entry of the limit that the clock was started under (none: the edition the program brings) and
    `edition` the edition of the law. A limit that runs backward ends `budget` units before `until`; its reminders have
    days of their own, `marks`. A missed limit that was excused (`excused_at`) is not counted as missed.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(
        "applications.Application", on_delete=models.CASCADE, null=True, blank=True, related_name="clocks"
    )
    # Five authorities: an index would find nothing, and every moved clock would pay for it.
    authority = models.ForeignKey("regions.Authority", on_delete=models.PROTECT, related_name="+", db_index=False)
    code = models.CharField(max_length=40)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    edition = models.CharField(max_length=20)
    limit_entry = models.ForeignKey(
        "regions.LimitEntry", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    budget = models.PositiveSmallIntegerField()
    until = models.DateField(null=True, blank=True)
    marks: models.JSONField[dict[str, str]] = models.JSONField(default=dict, blank=True)
    unit = models.CharField(max_length=10, choices=Unit)
    started_at = models.DateTimeField()
    started_on = models.DateField()
    due_at = models.DateTimeField(null=True, blank=True)
    is_provisional = models.BooleanField(default=False)
    calendar_edition = models.BigIntegerField(default=0)
    next_rung_at = models.DateTimeField(null=True, blank=True)
    warn_at = models.DateTimeField(null=True, blank=True)
    ladder: models.JSONField[list[list[str]]] = models.JSONField(default=list, blank=True)
    holder = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    kinds = models.CharField(max_length=120, blank=True)
    is_trial = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=ClockState, default=ClockState.RUNNING)
    stopped_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    excused_at = models.DateTimeField(null=True, blank=True)
    excused_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    excuse = models.TextField(blank=True)
    start_log = models.ForeignKey(
        "qualification.TransitionLog", on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    stop_log = models.ForeignKey(
        "qualification.TransitionLog", on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    last_error = models.TextField(blank=True)

    objects = ClockQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "pk"]
        verbose_name = _("time limit")
        indexes = [
            models.Index(fields=["next_rung_at", "id"], name="clock_rungs", condition=Q(next_rung_at__isnull=False)),
            models.Index(fields=["due_at"], name="clock_due", condition=_OPEN),
            models.Index(fields=["holder"], name="clock_holder", condition=_OPEN & Q(holder__isnull=False)),
            models.Index(fields=["authority", "stopped_at"], name="clock_ended", condition=~_OPEN),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_id", "subject_type", "code"], condition=_OPEN, name="clock_one_open",
                violation_error_message=_("This time limit is already running."),
            ),
            models.CheckConstraint(
                name="clock_budget", condition=Q(budget__gte=1) | Q(until__isnull=False),
                violation_error_message=_("A time limit is at least one day."),
            ),
            models.CheckConstraint(
                name="clock_due_after_start",
                condition=Q(due_at__isnull=True) | Q(due_at__gt=F("started_at")) | Q(until__isnull=False),
                violation_error_message=_("A time limit ends after it starts."),
            ),
            models.CheckConstraint(
                name="clock_running_has_due", condition=~Q(state=ClockState.RUNNING) | Q(due_at__isnull=False),
                violation_error_message=_("A running time limit has a due moment."),
            ),
            models.CheckConstraint(
                name="clock_rungs_only_running", condition=Q(next_rung_at__isnull=True) | Q(state=ClockState.RUNNING),
                violation_error_message=_("Only a running time limit fires."),
            ),
            models.CheckConstraint(
                name="clock_stopped_stamp",
                condition=Q(_OPEN, stopped_at__isnull=True) | Q(~_OPEN, stopped_at__isnull=False),
                violation_error_message=_("A time limit that ended has its moment, and only such a one."),
            ),
            models.CheckConstraint(
                name="clock_breach_at_due", condition=Q(breached_at__isnull=True) | Q(due_at__isnull=False),
                violation_error_message=_("Only a limit with a due moment is missed."),
            ),
            models.CheckConstraint(
                name="clock_excuse_has_reason",
                condition=Q(excused_at__isnull=True, excuse="") | Q(excused_at__isnull=False) & ~Q(excuse=""),
                violation_error_message=_("An excuse has its moment and its reason."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.code} {self.subject_type} {self.subject_id}"

    def get_absolute_url(self) -> str:
        """The page that says why the limit ends on its date."""
        return reverse("clocks:why", args=[self.uuid])

    @property
    def policy(self) -> policy.ClockPolicy:
        """The clock's entry in the policy table; KeyError when the table no longer has it."""
        return policy.BY_CODE[self.code]

    @property
    def is_open(self) -> bool:
        """Whether the clock runs or is paused."""
        return self.state in OPEN_STATES

    @property
    def due_on(self) -> dt.date | None:
        """The last day on which an act is in time."""
        return None if self.due_at is None else counting.day_of(self.due_at - dt.timedelta(microseconds=1))


class ClockInterval(models.Model):
    """A time in which a clock did not run: from when to when, why, on whose act. No end: until now, or the stop.

    A row entered afterwards (`entered_at`, `entered_by`) corrects the ledger; the row in whose place it stands
    (`supersedes`) is kept as it was and marked `superseded_at`: it no longer counts.
    """

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="intervals")
    cause = models.CharField(max_length=100)
    reason = models.TextField(blank=True)
    article = models.CharField(max_length=200, blank=True)
    paused_at = models.DateTimeField()
    paused_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    resumed_at = models.DateTimeField(null=True, blank=True)
    resumed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    entered_at = models.DateTimeField(null=True, blank=True)
    entered_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    supersedes = models.OneToOneField(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="superseded_by"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["paused_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["clock"], condition=Q(resumed_at__isnull=True, superseded_at__isnull=True),
                name="interval_one_open",
                violation_error_message=_("This time limit is already paused."),
            ),
            models.CheckConstraint(
                name="interval_order", condition=Q(resumed_at__isnull=True) | Q(resumed_at__gte=F("paused_at")),
                violation_error_message=_("A pause ends after it begins."),
            ),
            models.CheckConstraint(
                name="interval_has_cause", condition=~Q(cause=""), violation_error_message=_("A pause needs a reason."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.clock_id} {self.cause}"

    @property
    def reason_text(self) -> str:
        """The reason somebody gave, or that of the policy table."""
        return self.reason or str(policy.PAUSE_REASONS.get(self.cause, self.cause))


class ClockExtension(models.Model):
    """An extension by the head of the authority: once, with reasons."""

    clock = models.OneToOneField(Clock, on_delete=models.CASCADE, related_name="extension")
    days = models.PositiveSmallIntegerField(_("days"))
    reason = models.TextField(_("reason"))
    article = models.CharField(max_length=200, blank=True)
    granted_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="extension_days", condition=Q(days__gte=1),
                violation_error_message=_("An extension is at least one day."),
            ),
            models.CheckConstraint(
                name="extension_has_reason", condition=~Q(reason=""),
                violation_error_message=_("An extension needs a reason."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.clock_id} +{self.days}"


class BudgetCorrection(models.Model):
    """That the correction of a wrong entry has changed the limit of a clock that had started under it."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="budget_corrections")
    old = models.PositiveSmallIntegerField()
    new = models.PositiveSmallIntegerField()
    due_before = models.DateTimeField(null=True, blank=True)
    due_after = models.DateTimeField(null=True, blank=True)
    entry = models.ForeignKey("regions.LimitEntry", on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(_("reason"))
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["clock", "entry"], name="budget_corrected_once")]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.old} → {self.new}"


class Contest(ConcurrentTransitionMixin, models.Model):
    """A supervisor's objection to an outcome that the system carried out at the end of a limit, and its answer."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="contests")
    application = models.ForeignKey(
        "applications.Application", on_delete=models.CASCADE, null=True, blank=True, related_name="contests"
    )
    state = StateField(_("state"), choices=ContestState.choices, default=ContestState.DRAFT, max_length=10)
    reason = models.TextField(_("reason"))
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(_("answer"), blank=True)
    answered_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    remedy = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("contest")
        constraints = [
            models.UniqueConstraint(
                fields=["clock"], condition=Q(state__in=[ContestState.DRAFT, ContestState.ASKED]),
                name="contest_one_open", violation_error_message=_("This outcome is being contested already."),
            ),
            models.CheckConstraint(
                name="contest_has_reason", condition=~Q(reason=""),
                violation_error_message=_("Say why the outcome is contested."),
            ),
            models.CheckConstraint(
                name="contest_answered_stamp",
                condition=Q(state__in=[ContestState.UPHELD, ContestState.SET_ASIDE], answered_at__isnull=False)
                & ~Q(answer="")
                | Q(state__in=[ContestState.DRAFT, ContestState.ASKED], answered_at__isnull=True),
                violation_error_message=_("An answer has its moment and its reason."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.clock} {self.state}"

    def get_absolute_url(self) -> str:
        """The page of the contest."""
        return reverse("clocks:contest", args=[self.uuid])

    @property
    def laboratory_id(self) -> int:
        """The laboratory concerned, for whoever tells its people."""
        return int(self.concerned.laboratory_id)

    @property
    def authority_id(self) -> int:
        """The authority in whose name the outcome was carried out."""
        return int(self.clock.authority_id)

    @property
    def concerned(self) -> Any:
        """What the outcome fell on, as far as it has a laboratory: the case, or the certificate."""
        if self.application is not None:
            return self.application
        return apps.get_model(self.clock.subject_type)._base_manager.get(pk=self.clock.subject_id)

    @property
    def case_id(self) -> int | None:
        """The case whose row serialises this; none for an outcome about a certificate."""
        return self.application_id

    @property
    def case(self) -> Application | None:
        """The case this belongs to, if any."""
        return self.application

    @transition(state, source=ContestState.DRAFT, target=ContestState.ASKED)
    def ask(self, *, by: User, now: dt.datetime) -> None:
        """The supervisor contests the outcome."""
        self.asked_by = by
        self.asked_at = now

    @transition(state, source=ContestState.ASKED, target=ContestState.UPHELD)
    def uphold(self, *, by: User, now: dt.datetime) -> None:
        """The outcome stands."""
        self.answered_by = by
        self.answered_at = now

    @transition(state, source=ContestState.ASKED, target=ContestState.SET_ASIDE)
    def set_aside(self, *, by: User, now: dt.datetime) -> None:
        """The outcome does not stand; what follows is done with it."""
        self.answered_by = by
        self.answered_at = now


class Rung(models.Model):
    """That a rung of a clock has fired: the unique row is the claim."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="rungs")
    name = models.CharField(max_length=20)
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField()
    # A reminder whose limit had run out before it could fire: recorded, but nobody is told.
    is_silent = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["clock", "name"], name="rung_once")]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.name}"


class CalendarPass(models.Model):
    """The working-out of the open clocks after a change of calendar; its numbers show how far it is.

    When it has finished, the dates of every open clock are right under `edition`, also of those it did not have to
    write. `cursor` is the last clock looked at, `held_up` are those somebody was working on just then. It begins when
    the transactions `waits_for` have ended, which may have counted with the calendar as it was before.
    """

    edition = models.BigIntegerField(unique=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    cursor = models.BigIntegerField(default=0)
    held_up: models.JSONField[list[int]] = models.JSONField(default=list, blank=True)
    waits_for: models.JSONField[list[int]] = models.JSONField(default=list, blank=True)
    total = models.PositiveIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(finished_at__isnull=True), name="calendar_pass_one_at_a_time"
            ),
            models.CheckConstraint(
                name="calendar_pass_finished_whole", condition=Q(finished_at__isnull=True) | Q(held_up=[]),
                violation_error_message=_("Every time limit has been looked at before this is finished."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"edition {self.edition}"


class ClockMove(models.Model):
    """That a change of calendar has moved a due moment: from when to when."""

    # Written by the pass itself, which holds its own row: a check of each of a million rows would say nothing.
    calendar_pass = models.ForeignKey(
        CalendarPass, on_delete=models.CASCADE, related_name="moves", db_index=False, db_constraint=False
    )
    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="moves")
    due_before = models.DateTimeField(null=True, blank=True)
    due_after = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["calendar_pass", "clock"], name="move_once_per_pass")]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.due_before} → {self.due_after}"
