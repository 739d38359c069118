"""Messages to people, and their deliveries outside the system: rows first, sent after commit.

A message keeps what it is about, not its words: they are made where it is read or sent, in the reader's language.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from workflows.clocks.policy import BY_CODE
from workflows.outbox.enums import Channel, DeliveryState, Kind


class MessageQuerySet(models.QuerySet["Message"]):
    def unread(self) -> MessageQuerySet:
        """Messages their readers have not opened."""
        return self.filter(read_at__isnull=True)

    def with_case(self) -> MessageQuerySet:
        """Along with what a line of the list shows of the case."""
        return self.select_related("application__laboratory", "application__authority")


class Message(models.Model):
    """One message to one person. `authority` is the one that must see to it that it arrives."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    recipient = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="inbox", db_index=False)
    kind = models.CharField(_("kind"), max_length=40, choices=Kind)
    authority = models.ForeignKey("regions.Authority", on_delete=models.CASCADE, related_name="+", db_index=False)
    application = models.ForeignKey(
        "applications.Application", on_delete=models.CASCADE, null=True, blank=True, related_name="inbox_messages"
    )
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    facts: models.JSONField[dict[str, Any]] = models.JSONField(default=dict, blank=True)
    # The unique constraint below begins with the log and serves as its index.
    log = models.ForeignKey(
        "qualification.TransitionLog", on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(_("written at"))
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    is_dispatched = models.BooleanField(default=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(fields=["recipient", "-id"], name="message_inbox"),
            models.Index(fields=["recipient"], name="message_unread", condition=Q(read_at__isnull=True)),
            models.Index(fields=["id"], name="message_undispatched", condition=Q(is_dispatched=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["log", "recipient", "kind"], name="message_once_per_step",
                violation_error_message=_("This person has been told of this step."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.recipient_id}"

    @property
    def title(self) -> str:
        """The title in the reader's language; a message about a time limit names it."""
        label = str(Kind(self.kind).label)
        policy = BY_CODE.get(str(self.facts.get("code", "")))
        return gettext("%(title)s (%(limit)s)") % {"title": label, "limit": policy.label} if policy else label

    @property
    def reference(self) -> str:
        """Case number, or the number of the certificate where there is no case."""
        if self.application is not None:
            return self.application.reference
        return str(self.facts.get("number", ""))


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, now: dt.datetime) -> DeliveryQuerySet:
        """What should have left by now, the oldest first."""
        return self.filter(state=DeliveryState.PENDING, next_try_at__lte=now).order_by("next_try_at", "pk")

    def failed(self) -> DeliveryQuerySet:
        """What was given up: somebody must look."""
        return self.filter(state=DeliveryState.FAILED)


class Delivery(models.Model):
    """One message on one way out. Tried again with a doubling delay, given up after a number of tries."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    channel = models.CharField(_("way"), max_length=10, choices=Channel)
    state = models.CharField(_("state"), max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    address = models.CharField(_("address"), max_length=254)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    replayed_at = models.DateTimeField(_("sent again at"), null=True, blank=True)
    replayed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(fields=["next_try_at", "id"], name="delivery_due", condition=Q(state="pending")),
            models.Index(fields=["-id"], name="delivery_failed", condition=Q(state="failed")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "channel"], name="delivery_once",
                violation_error_message=_("This message already goes this way."),
            ),
            models.CheckConstraint(
                name="delivery_pending_has_next_try",
                condition=Q(state=DeliveryState.PENDING, next_try_at__isnull=False)
                | ~Q(state=DeliveryState.PENDING) & Q(next_try_at__isnull=True),
                violation_error_message=_("What is still to be sent has a next try, and only that."),
            ),
            models.CheckConstraint(
                name="delivery_sent_stamp", condition=~Q(state=DeliveryState.SENT) | Q(sent_at__isnull=False),
                violation_error_message=_("What was sent has its moment."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.message_id} {self.channel} {self.state}"

    @property
    def state_meta(self) -> dict[str, str]:
        """What the state badge shows."""
        state = DeliveryState(self.state)
        return {"label": str(state.label), "icon": state.icon, "tone": state.tone}


class Digest(models.Model):
    """That a person has had the day's digest of time limits: the unique row is the claim. No message: nothing to say."""

    recipient = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    made_at = models.DateTimeField()
    message = models.OneToOneField(Message, on_delete=models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["recipient", "day"], name="digest_once_a_day")]

    def __str__(self) -> str:
        return f"{self.recipient_id} {self.day}"
