"""The shared pool of assessors: competence, ties, the draw and its record, offers."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, transition

from qualification.assessors.enums import Grade, OfferState, SeatRole, Standing, TieKind
from qualification.fields import StateField

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.applications.models import Application


class Assessor(models.Model):
    """One person of the pool shared by the five regions (评审员)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="assessor")
    home = models.ForeignKey("regions.Authority", on_delete=models.PROTECT, related_name="assessors")
    grade = models.CharField(_("grade"), max_length=10, choices=Grade, default=Grade.MEMBER)
    field_codes = ArrayField(models.CharField(max_length=2), verbose_name=_("fields of competence"))
    certificate_number = models.CharField(_("certificate number"), max_length=30, unique=True)
    certified_on = models.DateField(_("certified on"))
    certified_until = models.DateField(_("certified until"))
    standing = models.CharField(_("standing"), max_length=10, choices=Standing, default=Standing.GOOD)
    employer = models.CharField(_("employer"), max_length=120, blank=True)
    title = models.CharField(_("professional title"), max_length=40, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("assessor")
        constraints = [
            models.CheckConstraint(
                name="assessor_certificate_period", condition=Q(certified_until__gt=models.F("certified_on")),
                violation_error_message=_("The certificate ends after it begins."),
            ),
            models.CheckConstraint(
                name="assessor_has_field", condition=Q(field_codes__len__gt=0),
                violation_error_message=_("An assessor has at least one field of competence."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.user)


class Training(models.Model):
    """One entry of the training record."""

    assessor = models.ForeignKey(Assessor, on_delete=models.CASCADE, related_name="trainings")
    name = models.CharField(_("training"), max_length=120)
    held_on = models.DateField(_("held on"))
    hours = models.PositiveSmallIntegerField(_("hours"))

    class Meta:
        ordering = ["-held_on", "-pk"]

    def __str__(self) -> str:
        return self.name


class Tie(models.Model):
    """A tie between an assessor and a laboratory that recuses."""

    assessor = models.ForeignKey(Assessor, on_delete=models.CASCADE, related_name="ties")
    laboratory = models.ForeignKey("laboratories.Laboratory", on_delete=models.CASCADE, related_name="ties")
    kind = models.CharField(_("kind of tie"), max_length=10, choices=TieKind)
    since_on = models.DateField(_("since"), null=True, blank=True)
    until_on = models.DateField(_("until"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["assessor", "laboratory", "kind"], name="tie_once"),
            models.CheckConstraint(
                name="tie_period",
                condition=Q(since_on__isnull=True) | Q(until_on__isnull=True) | Q(until_on__gte=models.F("since_on")),
                violation_error_message=_("The tie ends after it begins."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.assessor} {self.kind}"


class Absence(models.Model):
    """Days on which an assessor cannot be drawn."""

    assessor = models.ForeignKey(Assessor, on_delete=models.CASCADE, related_name="absences")
    from_on = models.DateField(_("from"))
    to_on = models.DateField(_("to"))

    class Meta:
        ordering = ["from_on", "pk"]
        constraints = [
            models.CheckConstraint(
                name="absence_period", condition=Q(to_on__gte=models.F("from_on")),
                violation_error_message=_("The absence ends after it begins."),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.assessor} {self.from_on}"


class Draw(models.Model):
    """One draw: its seed, who was in, who was out and why; enough to repeat it exactly."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    assessment = models.ForeignKey("assessments.Assessment", on_delete=models.CASCADE, related_name="draws")
    seed = models.CharField(max_length=64)
    drawn_at = models.DateTimeField()
    drawn_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    wanted: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    candidates: models.JSONField[list[dict[str, Any]]] = models.JSONField(default=list)
    excluded: models.JSONField[list[dict[str, Any]]] = models.JSONField(default=list)
    chosen: models.JSONField[list[int]] = models.JSONField(default=list)
    shortage = models.TextField(_("why seats stay empty"), blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("draw")

    def __str__(self) -> str:
        return f"{self.assessment_id} {self.drawn_at}"


class Seat(models.Model):
    """One place in a team, and the fields it must cover."""

    assessment = models.ForeignKey("assessments.Assessment", on_delete=models.CASCADE, related_name="seats")
    role = models.CharField(_("role"), max_length=10, choices=SeatRole)
    position = models.PositiveSmallIntegerField(default=0)
    field_codes = ArrayField(models.CharField(max_length=2), default=list)
    assessor = models.ForeignKey(
        Assessor, on_delete=models.PROTECT, null=True, blank=True, related_name="seats", verbose_name=_("assessor")
    )
    filled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["assessment"], condition=Q(role=SeatRole.LEADER), name="one_leader_per_team",
                violation_error_message=_("A team has one leader."),
            ),
            models.UniqueConstraint(
                fields=["assessment", "assessor"], name="one_seat_per_assessor",
                violation_error_message=_("This assessor is already in the team."),
            ),
            models.CheckConstraint(
                name="seat_filled_stamp",
                condition=Q(assessor__isnull=True, filled_at__isnull=True)
                | Q(assessor__isnull=False, filled_at__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.assessment_id} {self.role}"


class Offer(ConcurrentTransitionMixin, models.Model):
    """A seat offered to an assessor, to be answered within the set time."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey("applications.Application", on_delete=models.CASCADE, related_name="offers")
    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="offers")
    assessor = models.ForeignKey(Assessor, on_delete=models.PROTECT, related_name="offers")
    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="offers")
    state = StateField(_("state"), choices=OfferState.choices, default=OfferState.DRAWN, max_length=20)
    sent_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("offer")
        indexes = [models.Index(fields=["assessor", "state"], name="offer_assessor")]
        constraints = [
            models.UniqueConstraint(
                fields=["seat"], condition=Q(state__in=["drawn", "sent", "accepted"]), name="one_open_offer_per_seat",
                violation_error_message=_("This seat is already offered to somebody."),
            ),
            models.CheckConstraint(
                name="offer_answer_stamp",
                condition=Q(answered_at__isnull=True, state__in=["drawn", "sent"])
                | Q(answered_at__isnull=False) & ~Q(state__in=["drawn", "sent"]),
            ),
            models.CheckConstraint(
                name="offer_declined_has_reason", condition=~Q(state=OfferState.DECLINED) | ~Q(reason=""),
                violation_error_message=_("Say why you decline."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.assessor_id} {self.state}"

    @property
    def case_id(self) -> int:
        """The application whose row serialises this offer."""
        return self.application_id

    @property
    def case(self) -> Application:
        """The application this offer belongs to."""
        return self.application

    @transition(state, source=OfferState.DRAWN, target=OfferState.SENT)
    def send(self, *, by: User | None, now: dt.datetime) -> None:
        """Send the offer."""
        self.sent_at = now

    @transition(state, source=OfferState.SENT, target=OfferState.ACCEPTED)
    def accept(self, *, by: User, now: dt.datetime) -> None:
        """The assessor takes the seat."""
        self.answered_at = now

    @transition(state, source=OfferState.SENT, target=OfferState.DECLINED)
    def decline(self, *, by: User, now: dt.datetime) -> None:
        """The assessor declines, with a reason."""
        self.answered_at = now

    @transition(state, source=OfferState.SENT, target=OfferState.EXPIRED)
    def expire(self, *, by: User | None, now: dt.datetime) -> None:
        """The time to answer has run out."""
        self.answered_at = now

    @transition(state, source=[OfferState.DRAWN, OfferState.SENT], target=OfferState.VOID)
    def void(self, *, by: User | None, now: dt.datetime) -> None:
        """The case ended, or the seat was given up."""
        self.answered_at = now
