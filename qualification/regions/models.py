"""Authorities, their profiles, the dictionaries of certificate numbers, and the working-day calendars."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class AuthorityQuerySet(models.QuerySet["Authority"]):
    def real(self) -> AuthorityQuerySet:
        """Authorities that take part; without trial authorities."""
        return self.filter(is_trial=False)


class Authority(models.Model):
    """A provincial market-regulation department that grants qualification (资质认定部门)."""

    code = models.CharField(
        _("code"), max_length=2, unique=True, validators=[RegexValidator(r"^\d{2}$", _("Two digits."))]
    )
    name_zh = models.CharField(_("name (Chinese)"), max_length=80)
    name_en = models.CharField(_("name (English)"), max_length=120)
    region_zh = models.CharField(_("region (Chinese)"), max_length=20)
    region_en = models.CharField(_("region (English)"), max_length=40)
    short_zh = models.CharField(_("one-character short name of the region"), max_length=2)
    is_trial = models.BooleanField(_("trial authority"), default=False)

    objects = AuthorityQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("authority")
        verbose_name_plural = _("authorities")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Name in the reader's language."""
        return self.name_zh if _is_chinese() else self.name_en

    @property
    def region(self) -> str:
        """Name of the region in the reader's language."""
        return self.region_zh if _is_chinese() else self.region_en


class Profile(models.Model):
    """What one authority has set differently from the defaults of `qualification.regions.settings`."""

    authority = models.OneToOneField(Authority, on_delete=models.CASCADE, related_name="profile")
    values: models.JSONField[dict[str, Any]] = models.JSONField(_("settings"), default=dict, blank=True)
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)
    updated_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("changed by")
    )

    class Meta:
        verbose_name = _("regional profile")

    def __str__(self) -> str:
        return str(self.authority)


class ProfileChange(models.Model):
    """One change of a setting: who, when, from what to what."""

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="changes")
    key = models.CharField(max_length=60)
    old: models.JSONField[Any] = models.JSONField(null=True)
    new: models.JSONField[Any] = models.JSONField(null=True)
    reason = models.TextField(_("reason"), blank=True)
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.key}: {self.old} → {self.new}"


class LimitEntry(models.Model):
    """A time limit from a day on: of the law (`authority` empty), or what one authority promises instead (承诺时限).

    Entries are never changed. A wrong one is corrected by another that takes its place and its date; only that touches
    what is running. `edition` names the edition of the law for the law's own entries.
    """

    authority = models.ForeignKey(
        Authority, on_delete=models.PROTECT, null=True, blank=True, related_name="limits", verbose_name=_("authority")
    )
    key = models.CharField(max_length=60)
    value = models.PositiveSmallIntegerField(_("limit"))
    effective_on = models.DateField(_("in force from"))
    edition = models.CharField(_("edition"), max_length=20, blank=True)
    article = models.CharField(_("source"), max_length=200, blank=True)
    reason = models.TextField(_("reason"))
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrected_by"
    )

    class DictionaryEntry(models.Model):
    """A code of the certificate number: field (FF) or ministry (MM)."""

    class Kind(models.TextChoices):
        FIELD = "field", _("field (FF)")
        MINISTRY = "ministry", _("ministry (MM)")

    kind = models.CharField(max_length=10, choices=Kind)
    code = models.CharField(max_length=2, validators=[RegexValidator(r"^\d{2}$", _("Two digits."))])
    name_zh = models.CharField(max_length=40)
    name_en = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["kind", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "code"], name="dictionary_code_once", violation_error_message=_("This code exists.")
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def name(self) -> str:
        """Name in the reader's language."""
        return self.name_zh if _is_chinese() else self.name_en


class CalendarYear(models.Model):
    """One edition of a year's days off and make-up working days.

    `authority` empty is the national base; a region's own entry overrides it day by day.
    Only the newest edition of a year and authority is in force.
    """

    year = models.PositiveSmallIntegerField()
    authority = models.ForeignKey(Authority, on_delete=models.CASCADE, null=True, blank=True)
    edition = models.PositiveSmallIntegerField(default=1)
    is_official = models.BooleanField(default=True)
    source = models.CharField(max_length=200, blank=True)
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["year", "edition"]
        constraints = [
            models.UniqueConstraint(
                fields=["year", "authority", "edition"], nulls_distinct=False, name="calendar_year_edition_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.year}/{self.edition}"


class CalendarDay(models.Model):
    """A day that differs from the plain week: off on a weekday, or working at a weekend."""

    calendar = models.ForeignKey(CalendarYear, on_delete=models.CASCADE, related_name="days")
    date = models.DateField()
    is_off = models.BooleanField()
    name = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["date"]
        constraints = [models.UniqueConstraint(fields=["calendar", "date"], name="calendar_day_once")]

    def __str__(self) -> str:
        return f"{self.date} {'off' if self.is_off else 'on'}"


def _is_chinese() -> bool:
    return (get_language() or "zh").startswith("zh")
