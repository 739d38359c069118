"""Certificates: their numbers, editions, grants, and the capability they certify."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, transition

from qualification.applications.models import CaseRow
from qualification.certificates.enums import CertificateState as State
from qualification.certificates.enums import EditionState
from qualification.fields import StateField

if TYPE_CHECKING:
    from qualification.accounts.models import User


class NumberCounter(models.Model):
    """The last serial used within `YY AA`; locked while a number is taken, so none is skipped."""

    year = models.PositiveSmallIntegerField()
    authority = models.ForeignKey("regions.Authority", on_delete=models.CASCADE)
    last_serial = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["year", "authority_id"]
        constraints = [
            models.UniqueConstraint(fields=["year", "authority"], name="one_counter_per_year_and_authority"),
            models.CheckConstraint(name="counter_not_exhausted", condition=Q(last_serial__lte=9999)),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.authority_id} {self.last_serial}"


class Certificate(ConcurrentTransitionMixin, models.Model):
    """One certificate (资质认定证书): one number, one grant per authority that has a site in it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(
        _("certificate number"), max_length=12, unique=True, validators=[RegexValidator(r"^\d{12}$")]
    )
    laboratory = models.ForeignKey("laboratories.Laboratory", on_delete=models.PROTECT, related_name="certificates")
    authority = models.ForeignKey("regions.Authority", on_delete=models.PROTECT, related_name="certificates")
    state = StateField(_("state"), choices=State.choices, default=State.PENDING, max_length=12)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"))
    numbered_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.TextField(_("reason"), blank=True)
    deemed_renewed_on = models.DateField(_("deemed renewed on"), null=True, blank=True)
    deemed_by = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by")
    search_terms = ArrayField(models.CharField(max_length=8), default=list, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("certificate")
        indexes = [
            models.Index(fields=["authority", "state", "valid_until"], name="certificate_register"),
            GinIndex(fields=["search_terms"], name="certificate_search"),
            models.Index(
                fields=["valid_until"], condition=Q(state=State.VALID, deemed_renewed_on=None), name="certificate_ends"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="certificate_period", condition=Q(valid_until__gt=models.F("valid_from")),
                violation_error_message=_("A certificate ends after it begins."),
            ),
            models.CheckConstraint(
                name="certificate_activated_stamp",
                condition=Q(state=State.PENDING, activated_at__isnull=True)
                | ~Q(state=State.PENDING) & Q(activated_at__isnull=False),
                violation_error_message=_("A certificate is in force from the moment its signed paper is stored."),
            ),
            models.CheckConstraint(
                name="certificate_ended_stamp",
                condition=Q(state__in=[State.PENDING, State.VALID], ended_at__isnull=True)
                | ~Q(state__in=[State.PENDING, State.VALID]) & Q(ended_at__isnull=False),
                violation_error_message=_("A certificate that ended has its moment."),
            ),
            models.CheckConstraint(
                name="certificate_deemed_with_case",
                condition=Q(deemed_renewed_on__isnull=True, deemed_by__isnull=True)
                | Q(deemed_renewed_on__isnull=False, deemed_by__isnull=False),
                violation_error_message=_("A deemed renewal names the application that was not decided in time."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def state_enum(self) -> State:
        """The state with its labels."""
        return State(self.state)

    @property
    def state_meta(self) -> dict[str, str]:
        """The state badge as the register shows it today."""
        return self.state_on(timezone.localdate()).meta

    def get_absolute_url(self) -> str:
        """The public page that the QR code opens."""
        return reverse("certificates:public", args=[self.number])

    def state_on(self, day: dt.date) -> State:
        """The state the register shows on a day: past its validity a certificate is expired at once.

        A deemed renewal keeps it valid beyond, whether the system has recorded it yet or not.
        """
        if not self._is_unrecorded(day):
            return State(self.state)
        from qualification.certificates import renewals

        case = renewals.undecided(self)
        return State.EXPIRED if case is None or renewals.ended_by_refusal(case) else State.VALID

    def deemed_on(self, day: dt.date) -> dt.date | None:
        """The day with whose end it was renewed by law, where it is valid beyond it on a day; else None."""
        is_beyond = day > self.valid_until and self.state_on(day) == State.VALID
        return self.valid_until if is_beyond else None

    def _is_unrecorded(self, day: dt.date) -> bool:
        """Whether its validity is over and the system has not come by to record what the law says of it."""
        return self.state == State.VALID and day > self.valid_until and self.deemed_renewed_on is None

    @transition(state, source=State.PENDING, target=State.VALID)
    def activate(self, *, by: User | None, now: dt.datetime) -> None:
        """The signed paper of the first edition is stored."""
        self.activated_at = now

    @transition(state, source=State.VALID, target=State.EXPIRED)
    def expire(self, *, by: User | None, now: dt.datetime) -> None:
        """The validity is over."""
        self.ended_at = now

    @transition(state, source=State.VALID, target=State.VALID)
    def close_renewal(self, *, by: User | None, now: dt.datetime) -> None:
        """The last day to apply for a renewal in time is over."""

    @transition(state, source=State.VALID, target=State.VALID)
    def deem_renewed(self, *, by: User | None, now: dt.datetime) -> None:
        """Renewed by law: the renewal was received in time and not decided before the validity ended."""
        self.deemed_renewed_on = self.valid_until

    @transition(state, source=State.VALID, target=State.EXPIRED)
    def end_deemed_renewal(self, *, by: User | None, now: dt.datetime) -> None:
        """The renewal is no longer deemed: the certificate ended with its validity."""
        self.ended_at = now
        self.deemed_renewed_on = None
        self.deemed_by = None

    @transition(state, source=State.VALID, target=State.REVOKED)
    def revoke(self, *, by: User, now: dt.datetime) -> None:
        """Revoke for fraud (撤销)."""
        self.ended_at = now

    @transition(state, source=State.VALID, target=State.RECALLED)
    def recall(self, *, by: User, now: dt.datetime) -> None:
        """Recall because law or facts changed (撤回)."""
        self.ended_at = now

    @transition(state, source=[State.VALID, State.EXPIRED], target=State.CANCELLED)
    def cancel(self, *, by: User | None, now: dt.datetime) -> None:
        """Cancel (注销); also the old certificate when a renewal is in force."""
        self.ended_at = now

    @transition(state, source=State.VALID, target=State.WITHDRAWN)
    def withdraw_by_law(self, *, by: User, now: dt.datetime) -> None:
        """Withdraw as a penalty (吊销)."""
        self.ended_at = now


class Edition(CaseRow):
    """One paper of a certificate: the number stays, the annexes change with each extension."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="editions")
    application = models.OneToOneField("applications.Application", on_delete=models.PROTECT, related_name="edition")
    number = models.PositiveSmallIntegerField(_("edition"))
    state = StateField(_("state"), choices=EditionState.choices, default=EditionState.PENDING, max_length=10)
    issued_on = models.DateField(_("date of issue"))
    requested_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    paper = models.OneToOneField("papers.Paper", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    stored_at = models.DateTimeField(null=True, blank=True)
    signatories: models.JSONField[list[dict[str, Any]]] = models.JSONField(default=list)

    class Meta:
        ordering = ["certificate_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["certificate", "number"], name="edition_number_once"),
            models.UniqueConstraint(
                fields=["certificate"], condition=Q(state="pending"), name="one_edition_being_made",
                violation_error_message=_("A new edition of this certificate is already being made."),
            ),
            models.CheckConstraint(
                name="edition_stored_stamp",
                condition=Q(state=EditionState.STORED, stored_at__isnull=False)
                | Q(state=EditionState.PENDING, stored_at__isnull=True),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.certificate_id}/{self.number}"

    @transition(state, source=EditionState.PENDING, target=EditionState.STORED)
    def store(self, *, by: User | None, now: dt.datetime) -> None:
        """The signed paper is stored."""
        self.stored_at = now


class Grant(models.Model):
    """What one authority grants in an edition: its own sites' annex pages, under its own signature."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="grants")
    authority = models.ForeignKey("regions.Authority", on_delete=models.PROTECT, related_name="grants")
    is_lead = models.BooleanField(default=False)
    sites = models.ManyToManyField("laboratories.Site", related_name="grants")

    class Meta:
        ordering = ["-is_lead", "authority__code"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "authority"], name="one_grant_per_authority"),
            models.UniqueConstraint(fields=["edition"], condition=Q(is_lead=True), name="one_lead_grant"),
        ]

    def __str__(self) -> str:
        return f"{self.edition_id} {self.authority_id}"


class ScopeLine(models.Model):
    """One approved line of the capability in an edition, as printed (附件)."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="lines")
    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="lines")
    site = models.ForeignKey("laboratories.Site", on_delete=models.PROTECT, related_name="+")
    is_food = models.BooleanField()
    position = models.PositiveIntegerField()
    level = models.CharField(max_length=10)
    number = models.CharField(max_length=40, blank=True)
    category = models.CharField(max_length=400, blank=True)
    name = models.TextField(blank=True)
    standards: models.JSONField[list[dict[str, Any]]] = models.JSONField(default=list)
    standard_text = models.TextField(blank=True)
    restriction = models.TextField(blank=True)
    note = models.TextField(blank=True)
    search_terms = ArrayField(models.CharField(max_length=8), default=list, blank=True)

    class Meta:
        ordering = ["edition_id", "position"]
        indexes = [GinIndex(fields=["search_terms"], name="scope_line_search")]
        constraints = [models.UniqueConstraint(fields=["edition", "position"], name="scope_line_position_once")]

    def __str__(self) -> str:
        return self.name or self.category
