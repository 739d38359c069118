"""Capability tables (附表1): one per application, site, and food or not; the same rows in three stages."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from qualification.scope.enums import RECOMMENDED, ImportState, Level, Means, Verdict

if TYPE_CHECKING:
    from qualification.applications.models import Application


class CapabilityTable(models.Model):
    """What a laboratory applies for at one site, food and non-food apart."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(
        "applications.Application", on_delete=models.CASCADE, related_name="tables", verbose_name=_("application")
    )
    site = models.ForeignKey(
        "laboratories.Site", on_delete=models.PROTECT, related_name="tables", verbose_name=_("site")
    )
    is_food = models.BooleanField(_("food"), default=False)
    source = models.ForeignKey(
        "documents.Version", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file")
    )
    import_state = models.CharField(
        _("reading of the sheet"), max_length=10, choices=ImportState, default=ImportState.READING
    )
    problems: models.JSONField[list[dict[str, Any]]] = models.JSONField(_("findings"), default=list, blank=True)
    uploaded_by = models.ForeignKey(
        "accounts.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("uploaded by"),
    )
    uploaded_at = models.DateTimeField(_("uploaded at"))

    class Meta:
        verbose_name = _("capability table")
        verbose_name_plural = _("capability tables")
        ordering = ["application_id", "site_id", "is_food"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "site", "is_food"],
                name="scope_table_once",
                violation_error_message=_("This site already has a table of this kind in the application."),
            ),
            models.CheckConstraint(
                condition=Q(import_state__in=ImportState.values),
                name="scope_table_import_state",
                violation_error_message=_("A table is being read, read, or could not be read."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site} · {self.kind_label}"

    @property
    def kind_label(self) -> str:
        """“Food” or “Non-food”."""
        return str(_("Food") if self.is_food else _("Non-food"))

    @property
    def case_id(self) -> int:
        """The application's key: its row serialises what happens to the table."""
        return self.application_id

    @property
    def case(self) -> Application:
        """The application the table belongs to."""
        return self.application


class CapabilityRow(models.Model):
    """One row: a main class, a category, or a parameter with its standards and its three stages."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    table = models.ForeignKey(
        CapabilityTable, on_delete=models.CASCADE, related_name="rows", verbose_name=_("capability table")
    )
    position = models.PositiveIntegerField(_("position"))
    level = models.CharField(_("level"), max_length=10, choices=Level)
    number = models.CharField(_("serial number"), max_length=40, blank=True)
    category_no = models.CharField(_("category number"), max_length=40, blank=True)
    category = models.CharField(_("category"), max_length=500, blank=True)
    name = models.CharField(_("name of the parameter"), max_length=1000)
    standard_text = models.TextField(_("standard or method"), blank=True)
    standards: models.JSONField[list[dict[str, Any]]] = models.JSONField(_("standards"), default=list, blank=True)
    restriction = models.TextField(_("restriction"), blank=True)
    note = models.TextField(_("explanation"), blank=True)
    problems: models.JSONField[list[dict[str, Any]]] = models.JSONField(_("findings"), default=list, blank=True)

    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict, blank=True, default="")
    confirmed_by_means = models.CharField(_("confirmed by"), max_length=30, choices=Means, blank=True, default="")
    recommended_restriction = models.TextField(_("recommended restriction"), blank=True)
    verdict_note = models.TextField(_("reason or remark"), blank=True)
    verdict_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("verdict by")
    )
    verdict_at = models.DateTimeField(_("verdict at"), null=True, blank=True)

    is_approved = models.BooleanField(_("approved"), null=True, blank=True)
    approved_restriction = models.TextField(_("approved restriction"), blank=True)

    class Meta:
        verbose_name = _("row of a capability table")
        verbose_name_plural = _("rows of a capability table")
        ordering = ["table_id", "position"]
        indexes = [
            models.Index(fields=["table", "verdict"], name="scope_row_verdict"),
            models.Index(fields=["table", "category_no"], name="scope_row_category"),
        ]
        constraints = [
            # Deferred: a row put in between moves all later rows in one statement.
            models.UniqueConstraint(
                fields=["table", "position"],
                name="scope_row_position",
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message=_("Two rows cannot stand at the same place."),
            ),
            models.CheckConstraint(
                condition=Q(level__in=Level.values),
                name="scope_row_level",
                violation_error_message=_("A row is a main class, a category or a parameter."),
            ),
            models.CheckConstraint(
                condition=Q(verdict="") | Q(verdict__in=Verdict.values, level=Level.PARAMETER),
                name="scope_row_verdict_on_parameter",
                violation_error_message=_("Only a parameter is confirmed, restricted or dropped."),
            ),
            models.CheckConstraint(
                condition=Q(verdict="", verdict_at__isnull=True) | (~Q(verdict="") & Q(verdict_at__isnull=False)),
                name="scope_row_verdict_stamped",
                violation_error_message=_("A verdict carries its moment."),
            ),
            models.CheckConstraint(
                condition=~Q(verdict="", verdict_by__isnull=False),
                name="scope_row_verdict_by",
                violation_error_message=_("Nobody stands behind a verdict that is not there."),
            ),
            models.CheckConstraint(
                condition=~Q(verdict__in=RECOMMENDED, confirmed_by_means=""),
                name="scope_row_means_given",
                violation_error_message=_("Say how the ability was confirmed."),
            ),
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.RESTRICTED, recommended_restriction=""),
                name="scope_row_restriction_given",
                violation_error_message=_("Say what the ability is restricted to."),
            ),
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.DROPPED, verdict_note=""),
                name="scope_row_drop_reason_given",
                violation_error_message=_("Say why the ability is dropped."),
            ),
            models.CheckConstraint(
                condition=Q(is_approved__isnull=True) | Q(is_approved=False) | Q(verdict__in=RECOMMENDED),
                name="scope_row_approved_was_recommended",
                violation_error_message=_("Only what the team recommended can be approved."),
            ),
            models.CheckConstraint(
                condition=Q(approved_restriction="") | Q(is_approved=True),
                name="scope_row_approved_restriction",
                violation_error_message=_("Only an approved ability has an approved restriction."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}".strip()

    @property
    def case_id(self) -> int:
        """The application's key: its row serialises what happens to the row."""
        return self.table.application_id

    @property
    def case(self) -> Application:
        """The application the row belongs to."""
        return self.table.application
