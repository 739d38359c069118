"""Authorities, their profiles, the dictionaries of certificate numbers, and the working-day calendars."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

# The code that stands for the whole nation in certificates, calendars and addresses.
NATION = "00"


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
    what is running. Before its date it is withdrawn in the same way: the entry in its place counts for nothing
    (`is_withdrawal`). `edition` names the edition of the law for the law's own entries.
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
    is_withdrawal = models.BooleanField(default=False)

    class Meta:
        ordering = ["key", "effective_on", "pk"]
        verbose_name = _("time limit")
        constraints = [
            models.UniqueConstraint(
                fields=["authority", "key", "effective_on"], condition=models.Q(corrects__isnull=True),
                nulls_distinct=False, name="limit_once_a_day",
                violation_error_message=_("There is already an entry of this limit for this day."),
            ),
            models.CheckConstraint(
                name="limit_not_zero", condition=models.Q(value__gte=1),
                violation_error_message=_("A time limit is at least one day."),
            ),
            models.CheckConstraint(
                name="limit_withdrawal_of_another", condition=models.Q(is_withdrawal=False) | models.Q(corrects__isnull=False),
                violation_error_message=_("A withdrawal names the entry that it takes back."),
            ),
            models.CheckConstraint(
                name="limit_has_reason", condition=~models.Q(reason=""),
                violation_error_message=_("Say why; the reason is kept with the change."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.key} {self.value} ({self.effective_on})"


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
    Only the newest edition of a year and authority is in force. Whether a year is official is the nation's matter alone.
    """

    year = models.PositiveSmallIntegerField()
    authority = models.ForeignKey(Authority, on_delete=models.CASCADE, null=True, blank=True)
    edition = models.PositiveSmallIntegerField(default=1)
    is_official = models.BooleanField(default=True)
    source = models.CharField(max_length=200, blank=True)
    imported_at = models.DateTimeField()
    imported_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        ordering = ["year", "edition"]
        constraints = [
            models.UniqueConstraint(
                fields=["year", "authority", "edition"], nulls_distinct=False, name="calendar_year_edition_once"
            ),
            models.CheckConstraint(
                name="calendar_region_not_official",
                condition=models.Q(authority__isnull=True) | models.Q(is_official=False),
                violation_error_message=_("A region cannot make a year official."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}/{self.edition}"

    @property
    def place(self) -> str:
        """Code of the authority, `00` for the nation: as addresses spell it."""
        return self.authority.code if self.authority else NATION

    def get_absolute_url(self) -> str:
        """The page of the year."""
        return reverse("calendars:year", args=[self.place, self.year])


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


class CalendarDraft(models.Model):
    """A year somebody has read in or edited and not yet applied: kept until it is applied or thrown away.

    `days` is [[ISO date, is off, name], ...]; `base` the edition that was in force when it was made, so that what has been
    applied since is noticed. `text` is what was pasted or sent.
    """

    class Origin(models.TextChoices):
        IMPORT = "import", _("read in")
        EDIT = "edit", _("edited by hand")
        RESTORE = "restore", _("an older edition again")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    year = models.PositiveSmallIntegerField()
    authority = models.ForeignKey(Authority, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    is_official = models.BooleanField(default=False)
    days: models.JSONField[list[tuple[str, bool, str]]] = models.JSONField(default=list)
    origin = models.CharField(max_length=10, choices=Origin)
    source = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    base = models.ForeignKey(CalendarYear, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    edition = models.OneToOneField(CalendarYear, on_delete=models.PROTECT, null=True, blank=True, related_name="draft")
    discarded_at = models.DateTimeField(null=True, blank=True)
    discarded_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="calendar_draft_one_end", condition=models.Q(edition__isnull=True) | models.Q(discarded_at__isnull=True),
                violation_error_message=_("What is applied cannot be thrown away."),
            ),
            models.CheckConstraint(
                name="calendar_draft_region_not_official",
                condition=models.Q(authority__isnull=True) | models.Q(is_official=False),
                violation_error_message=_("A region cannot make a year official."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.year} {self.origin}"

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody to apply it or to throw it away."""
        return self.edition_id is None and self.discarded_at is None

    @property
    def place(self) -> str:
        """Code of the authority, `00` for the nation: as addresses spell it."""
        return self.authority.code if self.authority else NATION

    def get_absolute_url(self) -> str:
        """The page that shows what it would change."""
        return reverse("calendars:change", args=[self.uuid])


def _is_chinese() -> bool:
    return (get_language() or "zh").startswith("zh")
