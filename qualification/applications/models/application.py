"""The application: the legal truth of a case is its state."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, transition

from qualification.applications.enums import ApplicationState as State
from qualification.applications.enums import Kind, Procedure, SupplementState, awaited_meta_for
from qualification.applications.models.stamps import stamped
from qualification.fields import StateField

if TYPE_CHECKING:
    from qualification.accounts.models import User


_AFTER_SUBMIT = [s for s in State if s not in {State.DRAFT, State.FILED}]
_AFTER_DECISION = [State.DECIDED, State.GRANTED, State.ISSUING, State.REFUSED, State.ISSUED]
_CLOSED = sorted(State.final())


class Application(ConcurrentTransitionMixin, models.Model):
    """One laboratory's application; the legal truth of a case is its state.

    The lead authority is that of the legal person's region; the authorities of its other sites
    confirm (会签) their own sites before the decision.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(_("case number"), max_length=20, blank=True)
    laboratory = models.ForeignKey(
        "laboratories.Laboratory", on_delete=models.PROTECT, related_name="applications", verbose_name=_("laboratory")
    )
    authority = models.ForeignKey(
        "regions.Authority", on_delete=models.PROTECT, related_name="applications", verbose_name=_("lead authority")
    )
    kinds = ArrayField(models.CharField(max_length=20, choices=Kind), verbose_name=_("kinds"))
    procedure = models.CharField(_("procedure"), max_length=20, choices=Procedure, default=Procedure.GENERAL)
    sites = models.ManyToManyField(
        "laboratories.Site", related_name="applications", blank=True, verbose_name=_("sites")
    )
    certificate = models.ForeignKey(
        "certificates.Certificate", on_delete=models.PROTECT, null=True, blank=True, related_name="applications",
        verbose_name=_("existing certificate"),
    )  # fmt: skip
    field_codes = ArrayField(
        models.CharField(max_length=2), default=list, blank=True, verbose_name=_("fields of competence")
    )
    ministry_code = models.CharField(_("ministry (MM)"), max_length=2, blank=True, default="")
    system_since = models.DateField(_("management system in operation since"), null=True, blank=True)
    contact_name = models.CharField(_("contact person"), max_length=80, blank=True)
    contact_phone = models.CharField(_("contact telephone"), max_length=30, blank=True)
    contact_email = models.EmailField(_("contact mail"), blank=True)
    note = models.TextField(_("remarks to the authority"), blank=True)
    has_false_material = models.BooleanField(_("refused for concealment or false material"), default=False)
    manager_post = models.CharField(_("post"), max_length=20, blank=True)
    manager_name = models.CharField(_("new manager"), max_length=80, blank=True)
    revision = models.PositiveIntegerField(default=1)

    state = StateField(_("state"), choices=State.choices, default=State.DRAFT, max_length=20)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField(auto_now=True)
    saved_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    submitted_at = models.DateTimeField(_("received at"), null=True, blank=True)
    submitted_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    accepted_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    accepted_on = models.DateField(_("accepted on"), null=True, blank=True)
    is_deemed_accepted = models.BooleanField(_("deemed accepted"), default=False)
    reviewed_at = models.DateTimeField(_("review conclusion received at"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(_("decision released at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        indexes = [
            models.Index(fields=["authority", "state", "submitted_at"], name="application_queue"),
            models.Index(fields=["laboratory", "state"], name="application_lab"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reference"], condition=~Q(reference=""), name="application_reference_once",
                violation_error_message=_("This case number exists."),
            ),
            models.CheckConstraint(
                name="application_submitted_stamp", condition=stamped("submitted_at", *_AFTER_SUBMIT),
                violation_error_message=_("The moment of receipt belongs to every application handed in, and to no other."),
            ),
            models.CheckConstraint(
                name="application_has_kind", condition=Q(kinds__len__gt=0),
                violation_error_message=_("An application is of at least one kind."),
            ),
            models.CheckConstraint(
                name="application_accepted_stamp",
                condition=Q(accepted_at__isnull=True, accepted_on__isnull=True)
                | Q(accepted_at__isnull=False, accepted_on__isnull=False),
            ),
            models.CheckConstraint(
                name="application_review_needs_acceptance",
                condition=~Q(state__in=[State.IN_REVIEW, State.REVIEWED, State.TERMINATED, *_AFTER_DECISION])
                | Q(accepted_at__isnull=False),
                violation_error_message=_("Nothing is reviewed before it is accepted."),
            ),
            models.CheckConstraint(
                name="application_decided_stamp", condition=stamped("decided_at", *_AFTER_DECISION),
                violation_error_message=_("A decision has its moment, and only a decision."),
            ),
            models.CheckConstraint(
                name="application_released_stamp",
                condition=stamped("released_at", State.GRANTED, State.ISSUING, State.REFUSED, State.ISSUED),
                violation_error_message=_("A released decision has its moment, and only a released one."),
            ),
            models.CheckConstraint(
                name="application_closed_stamp", condition=stamped("closed_at", *_CLOSED),
                violation_error_message=_("A closed case has its moment, and only a closed one."),
            ),
            models.CheckConstraint(
                name="application_order_of_stamps",
                condition=(Q(decided_at__isnull=True) | Q(decided_at__gte=models.F("submitted_at")))
                & (Q(released_at__isnull=True) | Q(released_at__gte=models.F("decided_at"))),
                violation_error_message=_("The moments of a case follow one another."),
            ),
            models.CheckConstraint(
                name="application_deemed_only_accepted",
                condition=Q(is_deemed_accepted=False) | Q(accepted_at__isnull=False, accepted_by__isnull=True),
                violation_error_message=_("Nobody accepts a deemed acceptance; the law does."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reference or str(_("draft"))

    @property
    def case_id(self) -> int:
        """The row that serialises everything that happens to the case."""
        return self.pk

    @property
    def case(self) -> Application:
        """The application itself."""
        return self

    @property
    def state_enum(self) -> State:
        """The state with its groups and labels."""
        return State(self.state)

    @property
    def state_meta(self) -> dict[str, str]:
        """The state badge as staff read it."""
        return self.state_meta_for("staff")

    def state_meta_for(self, audience: str) -> dict[str, str]:
        """The state badge as an audience reads it; lists read `supplement` beside their rows."""
        return awaited_meta_for(audience) if self.is_awaiting_supplement else self.state_enum.meta_for(audience)

    @property
    def is_awaiting_supplement(self) -> bool:
        """Whether the notice to supplement is out and the laboratory has not answered it."""
        if self.state != State.SUBMITTED:
            return False
        supplement = getattr(self, "supplement", None)
        return supplement is not None and supplement.state == SupplementState.SENT

    @property
    def kind_labels(self) -> str:
        """The kinds in words."""
        return str(_(", ")).join(str(Kind(k).label) for k in self.kinds)

    @property
    def is_by_commitment(self) -> bool:
        """Whether it is decided on a commitment, without a technical review before."""
        return self.procedure == Procedure.COMMITMENT

    @property
    def is_assessed(self) -> bool:
        """Whether the kinds go through technical review."""
        return Kind.MANAGER not in self.kinds

    @transition(state, source=State.DRAFT, target=State.SUBMITTED)
    def submit(self, *, by: User, now: dt.datetime) -> None:
        """Hand in; the moment of submission is the receipt."""
        self.submitted_at = now
        self.submitted_by = by

    @transition(state, source=State.DRAFT, target=State.FILED)
    def file(self, *, by: User, now: dt.datetime) -> None:
        """Record a change of manager at once."""
        self.closed_at = now

    @transition(state, source=State.SUBMITTED, target=State.IN_REVIEW)
    def accept(self, *, by: User, now: dt.datetime) -> None:
        """Accept (受理)."""
        self.accepted_at = now
        self.accepted_by = by
        self.accepted_on = timezone.localdate(now)

    @transition(state, source=State.SUBMITTED, target=State.IN_REVIEW)
    def deem_accepted(self, *, by: User | None, now: dt.datetime) -> None:
        """Accepted by law, dated the day of receipt (Licensing Law 32)."""
        assert self.submitted_at is not None
        self.accepted_at = now
        self.accepted_on = timezone.localdate(self.submitted_at)
        self.is_deemed_accepted = True

    @transition(state, source=State.SUBMITTED, target=State.NOT_ACCEPTED)
    def refuse_acceptance(self, *, by: User, now: dt.datetime) -> None:
        """Refuse to accept (不予受理)."""
        self.closed_at = now

    @transition(state, source=State.SUBMITTED, target=State.LAPSED)
    def lapse(self, *, by: User | None, now: dt.datetime) -> None:
        """The supplement was not handed in."""
        self.closed_at = now

    @transition(state, source=State.LAPSED, target=State.SUBMITTED)
    def reinstate(self, *, by: User | None, now: dt.datetime) -> None:
        """The lapse was set aside: the case goes on where it was."""
        self.closed_at = None

    @transition(state, source=list(State.withdrawable()), target=State.WITHDRAWN)
    def withdraw(self, *, by: User, now: dt.datetime) -> None:
        """The laboratory withdraws before the decision."""
        self.closed_at = now

    @transition(state, source=State.IN_REVIEW, target=State.TERMINATED)
    def terminate(self, *, by: User, now: dt.datetime) -> None:
        """The review ends with the authority's consent."""
        self.closed_at = now

    @transition(state, source=State.IN_REVIEW, target=State.REVIEWED)
    def conclude_review(self, *, by: User, now: dt.datetime) -> None:
        """The authority receives the review conclusion."""
        self.reviewed_at = now

    @transition(state, source=State.IN_REVIEW, target=State.REVIEWED)
    def skip_review(self, *, by: User | None, now: dt.datetime) -> None:
        """A commitment stands instead of the technical review: the accepted case goes to the decision."""

    @transition(state, source=State.REVIEWED, target=State.DECIDED)
    def decide(self, *, by: User, now: dt.datetime) -> None:
        """Decide; pending until released."""
        self.decided_at = now
        self.decided_by = by

    @transition(state, source=State.DECIDED, target=State.REVIEWED)
    def retract_decision(self, *, by: User, now: dt.datetime) -> None:
        """Take back a decision that nobody outside has seen."""
        self.decided_at = None
        self.decided_by = None

    @transition(state, source=State.DECIDED, target=State.GRANTED)
    def grant(self, *, by: User, now: dt.datetime) -> None:
        """Release a grant."""
        self.released_at = now

    @transition(state, source=State.DECIDED, target=State.REFUSED)
    def refuse(self, *, by: User, now: dt.datetime) -> None:
        """Release a refusal."""
        self.released_at = now
        self.closed_at = now

    @transition(state, source=State.GRANTED, target=State.REFUSED)
    def annul(self, *, by: User, now: dt.datetime) -> None:
        """Revoke a grant before its certificate is issued: its commitment was proved false."""
        self.closed_at = now

    @transition(state, source=State.GRANTED, target=State.ISSUING)
    def issue(self, *, by: User, now: dt.datetime) -> None:
        """The issuer takes the number; the paper is being made and signed."""

    @transition(state, source=State.ISSUING, target=State.ISSUED)
    def complete_issue(self, *, by: User | None, now: dt.datetime) -> None:
        """The signed certificate is stored."""
        self.closed_at = now
