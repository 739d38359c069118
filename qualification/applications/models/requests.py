"""The side requests of a case: rows with a small state of their own."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import ConcurrentTransitionMixin, transition

from qualification.applications.enums import ConcurrenceState, SupplementState, TerminationState
from qualification.applications.models.application import Application
from qualification.applications.models.stamps import stamped
from qualification.fields import StateField

if TYPE_CHECKING:
    from qualification.accounts.models import User


class CaseRow(ConcurrentTransitionMixin, models.Model):
    """What belongs to an application and is serialised by its row."""

    class Meta:
        abstract = True

    @property
    def case_id(self) -> int:
        """The application whose row serialises this one."""
        return self.application_id  # type: ignore[attr-defined, no-any-return]

    @property
    def case(self) -> Application:
        """The application this belongs to."""
        return self.application  # type: ignore[attr-defined, no-any-return]


class SupplementRequest(CaseRow):
    """The one notice that lists everything to supplement (一次性告知)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.OneToOneField(Application, on_delete=models.CASCADE, related_name="supplement")
    state = StateField(choices=SupplementState.choices, default=SupplementState.DRAFT, max_length=20)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    handed_in_at = models.DateTimeField(null=True, blank=True)
    handed_in_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(_("explanation of the laboratory"), blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="supplement_sent_stamp",
                condition=Q(state__in=[SupplementState.DRAFT, SupplementState.VOID]) | Q(sent_at__isnull=False),
                violation_error_message=_("A notice that was sent has its moment."),
            ),
            models.CheckConstraint(
                name="supplement_handed_in_stamp", condition=stamped("handed_in_at", SupplementState.HANDED_IN),
                violation_error_message=_("A supplement handed in has its moment, and only such a one."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.application} {self.state}"

    @transition(state, source=SupplementState.DRAFT, target=SupplementState.SENT)
    def send(self, *, by: User, now: dt.datetime) -> None:
        """Send the notice; there is no second one."""
        self.sent_at = now
        self.sent_by = by

    @transition(state, source=SupplementState.SENT, target=SupplementState.HANDED_IN)
    def hand_in(self, *, by: User, now: dt.datetime) -> None:
        """The laboratory hands the supplement in."""
        self.handed_in_at = now
        self.handed_in_by = by

    @transition(state, source=SupplementState.SENT, target=SupplementState.LAPSED)
    def lapse(self, *, by: User | None, now: dt.datetime) -> None:
        """The time for the supplement has run out."""
        self.closed_at = now

    @transition(state, source=SupplementState.LAPSED, target=SupplementState.SENT)
    def reinstate(self, *, by: User | None, now: dt.datetime) -> None:
        """The lapse was set aside: the laboratory has its time anew."""
        self.closed_at = None

    @transition(state, source=[SupplementState.DRAFT, SupplementState.SENT], target=SupplementState.VOID)
    def void(self, *, by: User | None, now: dt.datetime) -> None:
        """The case ended without it."""
        self.closed_at = now


class SupplementItem(models.Model):
    """One thing to supplement: where, what is wrong, what to do."""

    supplement = models.ForeignKey(SupplementRequest, on_delete=models.CASCADE, related_name="items")
    slot_code = models.CharField(_("material"), max_length=40, blank=True)
    slot_label = models.CharField(max_length=120, blank=True)
    text = models.TextField(_("what is wrong and what to do"))
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.text[:60]


class TerminationRequest(CaseRow):
    """The wish to end a technical review, which the authority consents to or not."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="terminations")
    state = StateField(choices=TerminationState.choices, default=TerminationState.DRAFT, max_length=20)
    reason = models.TextField(_("reason"))
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(pgettext_lazy("request", "answer"), blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"], condition=Q(state__in=["draft", "asked"]), name="one_open_termination",
                violation_error_message=_("There is already a request to terminate this review."),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.application} {self.state}"

    @transition(state, source=TerminationState.DRAFT, target=TerminationState.ASKED)
    def ask(self, *, by: User, now: dt.datetime) -> None:
        """Ask the authority."""
        self.asked_by = by
        self.asked_at = now

    @transition(state, source=TerminationState.ASKED, target=TerminationState.CONSENTED)
    def consent(self, *, by: User, now: dt.datetime) -> None:
        """The authority consents."""
        self.answered_by = by
        self.answered_at = now

    @transition(state, source=TerminationState.ASKED, target=TerminationState.DENIED)
    def deny(self, *, by: User, now: dt.datetime) -> None:
        """The authority does not consent; the review goes on."""
        self.answered_by = by
        self.answered_at = now

    @transition(state, source=[TerminationState.DRAFT, TerminationState.ASKED], target=TerminationState.VOID)
    def void(self, *, by: User | None, now: dt.datetime) -> None:
        """The case ended otherwise."""
        self.answered_at = now


class Concurrence(CaseRow):
    """Another authority's answer on its own sites (会签)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="concurrences")
    authority = models.ForeignKey("regions.Authority", on_delete=models.PROTECT, related_name="concurrences")
    state = StateField(choices=ConcurrenceState.choices, default=ConcurrenceState.PREPARED, max_length=20)
    requested_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    opinion = models.TextField(_("opinion"), blank=True)

    class Meta:
        ordering = ["authority__code", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "authority"], name="one_concurrence_per_authority",
                violation_error_message=_("This authority is already asked."),
            ),
            models.CheckConstraint(
                name="concurrence_answer_stamp",
                condition=stamped("answered_at", ConcurrenceState.AGREED, ConcurrenceState.OBJECTED, ConcurrenceState.VOID),
            ),
            models.CheckConstraint(
                name="concurrence_objection_has_reason",
                condition=~Q(state=ConcurrenceState.OBJECTED) | ~Q(opinion=""),
                violation_error_message=_("An objection needs a reason."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.application} {self.authority_id} {self.state}"

    @transition(state, source=ConcurrenceState.PREPARED, target=ConcurrenceState.REQUESTED)
    def request(self, *, by: User | None, now: dt.datetime) -> None:
        """Ask the other authority."""
        self.requested_at = now

    @transition(state, source=ConcurrenceState.REQUESTED, target=ConcurrenceState.AGREED)
    def agree(self, *, by: User, now: dt.datetime) -> None:
        """The other authority agrees for its sites."""
        self.answered_at = now
        self.answered_by = by

    @transition(state, source=ConcurrenceState.REQUESTED, target=ConcurrenceState.OBJECTED)
    def object(self, *, by: User, now: dt.datetime) -> None:
        """The other authority objects, with a reason; its sites cannot be granted."""
        self.answered_at = now
        self.answered_by = by

    @transition(state, source=[ConcurrenceState.PREPARED, ConcurrenceState.REQUESTED], target=ConcurrenceState.VOID)
    def void(self, *, by: User | None, now: dt.datetime) -> None:
        """The case ended without the answer."""
        self.answered_at = now
