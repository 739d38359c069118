"""The check of a commitment: a model of its own, read with the others of the package as `models.CommitmentCheck`."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from qualification.applications.models import CaseRow
from qualification.assessments.enums import CheckConclusion, CheckState
from qualification.fields import StateField

if TYPE_CHECKING:
    from qualification.accounts.models import User

CHECKED = sorted(CheckState.concluded())


class CommitmentCheck(CaseRow):
    """The check on site, after the decision, of what a laboratory has committed itself to (告知承诺核查).

    `is_at_once`: a first application, or mandatory standards; otherwise it is due within the months of the setting.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.OneToOneField(
        "applications.Application", on_delete=models.CASCADE, related_name="commitment_check"
    )
    state = StateField(_("state"), choices=CheckState.choices, default=CheckState.DRAFT, max_length=10)
    is_at_once = models.BooleanField(_("due at once"), default=False)
    ordered_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    conclusion = models.CharField(_("conclusion"), max_length=10, choices=CheckConclusion, blank=True)
    findings = models.TextField(_("findings"), blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="check_done_with_conclusion",
                condition=Q(state__in=CHECKED, done_at__isnull=False) & ~Q(conclusion="")
                | Q(state__in=[CheckState.DRAFT, CheckState.ORDERED]) & Q(conclusion="")
                | Q(state=CheckState.VOID),
                violation_error_message=_("A check that was made has its conclusion, and only such a one."),
            ),
            models.CheckConstraint(
                name="check_settled_stamp",
                condition=Q(state=CheckState.SETTLED, settled_at__isnull=False, conclusion=CheckConclusion.FALSE)
                | ~Q(state=CheckState.SETTLED) & Q(settled_at__isnull=True),
                violation_error_message=_("Only a commitment proved false is settled by revoking, and then with its moment."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.application_id} {self.state}"

    @property
    def state_meta(self) -> dict[str, str]:
        """The state badge."""
        return CheckState(self.state).meta

    @property
    def is_false(self) -> bool:
        """Whether the commitment was found to be seriously untrue."""
        return self.conclusion == CheckConclusion.FALSE

    @transition(state, source=CheckState.DRAFT, target=CheckState.ORDERED)
    def order(self, *, by: User | None, now: dt.datetime) -> None:
        """The decision on a commitment is released; the check must follow."""
        self.ordered_at = now

    @transition(state, source=CheckState.ORDERED, target=CheckState.DONE)
    def record(self, *, by: User, now: dt.datetime) -> None:
        """The check was made."""
        self.done_at = now
        self.done_by = by

    @transition(state, source=CheckState.DONE, target=CheckState.SETTLED)
    def revoke(self, *, by: User, now: dt.datetime) -> None:
        """The commitment was proved false: what was granted on it is revoked (撤销)."""
        self.settled_at = now
        self.settled_by = by

    @transition(state, source=[CheckState.ORDERED, CheckState.DONE], target=CheckState.VOID)
    def void(self, *, by: User | None, now: dt.datetime) -> None:
        """There is nothing left to check."""
