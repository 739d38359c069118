"""Laboratories (检验检测机构): the legal person, its sites, its people and its equipment."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from qualification.laboratories import credit_code
from qualification.laboratories.enums import (
    Education,
    Gender,
    IdentityKind,
    Register,
    Result,
    SiteKind,
    Traceability,
)
from qualification.search import bigrams, index_terms

if TYPE_CHECKING:
    from collections.abc import Iterable

POSTCODE = RegexValidator(r"^\d{6}$", _("A postcode has six digits."))


def masked(number: str) -> str:
    """An identity number as it is shown: the first three and the last two characters."""
    return f"{number[:3]}{'*' * (len(number) - 5)}{number[-2:]}" if len(number) > 5 else "*" * len(number)


class LaboratoryQuerySet(models.QuerySet["Laboratory"]):
    def real(self) -> LaboratoryQuerySet:
        """Laboratories of authorities that take part; without those of trial authorities."""
        return self.filter(authority__is_trial=False)

    def search(self, text: str) -> LaboratoryQuerySet:
        """Those whose name, credit code or address holds all pairs of characters of the text."""
        terms = bigrams(text)
        return self.filter(search_terms__contains=terms) if terms else self


class Laboratory(models.Model):
    """A legal entity that inspects and tests, or a part of one."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    credit_code = models.CharField(
        _("unified social credit code"),
        max_length=18,
        unique=True,
        validators=[credit_code.validate_credit_code],
        error_messages={
            "unique": _("A laboratory with this credit code is registered already. Ask its manager to let you in.")
        },
    )
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="parts", verbose_name=_("part of")
    )
    legal_representative = models.CharField(_("legal representative"), max_length=40)
    authority = models.ForeignKey(
        "regions.Authority", on_delete=models.PROTECT, related_name="laboratories", verbose_name=_("authority")
    )
    address = models.CharField(_("registered address"), max_length=200)
    postcode = models.CharField(_("postcode"), max_length=6, blank=True, validators=[POSTCODE])
    contact_name = models.CharField(_("contact person"), max_length=40)
    phone = models.CharField(_("telephone"), max_length=30)
    email = models.EmailField(_("e-mail"), blank=True)
    top_manager = models.CharField(_("top manager"), max_length=40, blank=True)
    technical_manager = models.CharField(_("technical manager"), max_length=40, blank=True)
    quality_manager = models.CharField(_("quality manager"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("entered at"), default=timezone.now)
    search_terms = ArrayField(models.CharField(max_length=2), default=list, blank=True, editable=False)

    objects = LaboratoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("laboratory")
        verbose_name_plural = _("laboratories")
        ordering = ["name", "pk"]
        indexes = [GinIndex(fields=["search_terms"], name="laboratory_search")]
        constraints = [
            models.CheckConstraint(
                condition=Q(credit_code__regex=credit_code.PATTERN),
                name="laboratory_credit_code_form",
                violation_error_message=_("A credit code has 18 digits and capitals without I, O, S, V, Z."),
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="laboratory_named",
                violation_error_message=_("A laboratory has a name."),
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="laboratory_not_its_own_parent",
                violation_error_message=_("A laboratory cannot be part of itself."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Keep the search terms with what they are made from."""
        self.search_terms = index_terms(self.name, self.credit_code, self.address)
        if update_fields is not None:
            update_fields = {*update_fields, "search_terms"}
        super().save(*args, update_fields=update_fields, **kwargs)

    @property
    def is_trial(self) -> bool:
        """Whether it belongs to a trial authority and so appears in nothing real."""
        return self.authority.is_trial


class SiteQuerySet(models.QuerySet["Site"]):
    def active(self) -> SiteQuerySet:
        """Sites in use."""
        return self.filter(is_active=True)


class Site(models.Model):
    """A place where a laboratory works (场所), in one region."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.CASCADE, related_name="sites", verbose_name=_("laboratory")
    )
    name = models.CharField(_("name of the site"), max_length=80)
    kind = models.CharField(_("kind of site"), max_length=10, choices=SiteKind, default=SiteKind.FIXED)
    authority = models.ForeignKey(
        "regions.Authority", on_delete=models.PROTECT, related_name="sites", verbose_name=_("authority of the place")
    )
    address = models.CharField(_("address"), max_length=200)
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=8,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    is_active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(_("entered at"), default=timezone.now)

    objects = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ["laboratory_id", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "name"],
                name="site_name_once",
                violation_error_message=_("This laboratory already has a site of this name. Choose another name."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=SiteKind.values),
                name="site_kind_known",
                violation_error_message=_("A site is fixed, temporary, mobile or multiple."),
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__isnull=False, longitude__isnull=False),
                name="site_coordinates_paired",
                violation_error_message=_("Give latitude and longitude together, or neither."),
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True)
                | Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="site_coordinates_in_range",
                violation_error_message=_("Latitude lies between -90 and 90, longitude between -180 and 180."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def coordinates(self) -> tuple[float, float] | None:
        """Latitude and longitude in degrees, or None."""
        if self.latitude is None or self.longitude is None:
            return None
        return float(self.latitude), float(self.longitude)


class RegisterQuerySet(models.QuerySet[Any]):
    def active(self) -> RegisterQuerySet:
        """Entries in force."""
        return self.filter(is_active=True)


class Person(models.Model):
    """What the staff register and the signatory register say alike."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("full name"), max_length=40)
    gender = models.CharField(_("gender"), max_length=10, choices=Gender, blank=True)
    education = models.CharField(_("education"), max_length=20, choices=Education, blank=True)
    title = models.CharField(_("professional title"), max_length=40, blank=True)
    position = models.CharField(_("post held"), max_length=80, blank=True)
    identity_number = models.CharField(_("identity number"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    is_active = models.BooleanField(_("in force"), default=True)
    created_at = models.DateTimeField(_("entered at"), default=timezone.now)

    objects = RegisterQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def identity_masked(self) -> str:
        """The identity number with its middle hidden."""
        return masked(self.identity_number)


class StaffMember(Person):
    """A person who works for the laboratory: one line of the staff table (附表4)."""

    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.CASCADE, related_name="staff", verbose_name=_("laboratory")
    )
    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, null=True, blank=True, related_name="staff", verbose_name=_("site")
    )
    age = models.PositiveSmallIntegerField(
        _("age"), null=True, blank=True, validators=[MinValueValidator(14), MaxValueValidator(100)]
    )
    major = models.CharField(_("field of study"), max_length=80, blank=True)
    years_in_field = models.DecimalField(
        _("years in this field"), max_digits=3, decimal_places=1, null=True, blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(80)],
    )  # fmt: skip
    current_post = models.CharField(_("current post"), max_length=80, blank=True)
    identity_kind = models.CharField(_("kind of identity document"), max_length=20, choices=IdentityKind, blank=True)
    stated_on = models.DateField(
        _("stated on"), default=timezone.localdate, help_text=_("The day for which age and years are given.")
    )

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")
        ordering = ["laboratory_id", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "identity_kind", "identity_number"],
                condition=Q(is_active=True) & ~Q(identity_number=""),
                name="staff_identity_once",
                violation_error_message=_("A person with this identity number is in the staff register already."),
            ),
            models.CheckConstraint(
                condition=Q(age__isnull=True) | Q(age__gte=14, age__lte=100),
                name="staff_age_possible",
                violation_error_message=_("An age lies between 14 and 100 years."),
            ),
            models.CheckConstraint(
                condition=Q(years_in_field__isnull=True) | Q(years_in_field__gte=0, years_in_field__lte=80),
                name="staff_years_possible",
                violation_error_message=_("Years in the field lie between 0 and 80."),
            ),
            models.CheckConstraint(
                condition=Q(age__isnull=True) | Q(years_in_field__isnull=True) | Q(years_in_field__lte=F("age")),
                name="staff_years_within_age",
                violation_error_message=_("Nobody has worked in the field longer than they have lived."),
            ),
        ]


class Signatory(Person):
    """A person who may sign reports in named fields: one line of the signatory table (附表2)."""

    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.CASCADE, related_name="signatories", verbose_name=_("laboratory")
    )
    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, null=True, blank=True, related_name="signatories", verbose_name=_("site")
    )
    staff = models.ForeignKey(
        StaffMember, on_delete=models.SET_NULL, null=True, blank=True, related_name="signatures",
        verbose_name=_("staff member"),
    )  # fmt: skip
    department = models.CharField(_("department"), max_length=80, blank=True)
    phone = models.CharField(_("telephone"), max_length=30, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    fields_text = models.TextField(_("authorised fields"))
    approved_on = models.DateField(_("approved on"), null=True, blank=True)

    class Meta:
        verbose_name = _("authorised signatory")
        verbose_name_plural = _("authorised signatories")
        ordering = ["laboratory_id", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["laboratory", "site", "identity_number"],
                condition=Q(is_active=True) & ~Q(identity_number=""),
                nulls_distinct=False,
                name="signatory_identity_once",
                violation_error_message=_("A signatory with this identity number is entered for this site already."),
            ),
            models.CheckConstraint(
                condition=~Q(fields_text=""),
                name="signatory_fields_given",
                violation_error_message=_("Say in which fields the person may sign."),
            ),
        ]


class Equipment(models.Model):
    """A device or reference material as one parameter uses it: one line of the equipment table (附表5)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    laboratory = models.ForeignKey(
        Laboratory, on_delete=models.CASCADE, related_name="equipment", verbose_name=_("laboratory")
    )
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="equipment", verbose_name=_("site"))
    category_no = models.CharField(_("category number"), max_length=20, blank=True)
    category = models.CharField(_("category"), max_length=200, blank=True)
    parameter_no = models.CharField(_("parameter number"), max_length=20, blank=True)
    parameter = models.CharField(_("product, item or parameter"), max_length=200, blank=True)
    standard_text = models.TextField(_("standard or method"), blank=True)
    name = models.CharField(_("name of the device"), max_length=120)
    model = models.CharField(_("model, specification or grade"), max_length=120, blank=True)
    measuring_range = models.CharField(_("measuring range"), max_length=300, blank=True)
    traceability = models.CharField(_("traceability"), max_length=20, choices=Traceability, blank=True)
    traceability_note = models.CharField(_("traceability in words"), max_length=80, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    result = models.CharField(_("confirmed result"), max_length=10, choices=Result, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(_("entered at"), default=timezone.now)

    objects = RegisterQuerySet.as_manager()

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("equipment")
        ordering = ["laboratory_id", "site_id", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(name=""),
                name="equipment_named",
                violation_error_message=_("A device has a name."),
            ),
            models.CheckConstraint(
                condition=Q(result__in=["", *Result.values]),
                name="equipment_result_known",
                violation_error_message=_(
                    "The result is “conforms” or “does not conform”; put anything else into the note."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.model}".strip()

    @property
    def traceability_told(self) -> str:
        """The way of traceability: one of the list, or the laboratory's own words."""
        return self.traceability_note or self.get_traceability_display()

    @property
    def is_out_of_date(self) -> bool:
        """Whether its verification or calibration ran out before today."""
        return self.valid_until is not None and self.valid_until < timezone.localdate()


class LaboratoryChange(models.Model):
    """One change of the legal data or of a manager: who, when, from what to what, and why."""

    laboratory = models.ForeignKey(Laboratory, on_delete=models.CASCADE, related_name="changes")
    field = models.CharField(_("what changed"), max_length=40)
    old = models.CharField(_("before"), max_length=200, blank=True)
    new = models.CharField(_("after"), max_length=200, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("change of a laboratory")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(old=F("new")),
                name="laboratory_change_changes",
                violation_error_message=_("A change leads from one value to another."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.old} → {self.new}"

    @property
    def label(self) -> str:
        """The field's name in the reader's language."""
        return str(Laboratory._meta.get_field(self.field).verbose_name)  # type: ignore[union-attr]


class RegisterImport(models.Model):
    """A sheet that was read and waits to be taken over: its rows, and what was found in them."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    laboratory = models.ForeignKey(Laboratory, on_delete=models.CASCADE, related_name="imports")
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("site")
    )
    register = models.CharField(_("kind of register"), max_length=12, choices=Register)
    file_name = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField(max_length=64)
    rows: models.JSONField[list[dict[str, Any]]] = models.JSONField(default=list, blank=True)
    findings: models.JSONField[list[dict[str, Any]]] = models.JSONField(default=list, blank=True)
    uploaded_by = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    uploaded_at = models.DateTimeField(_("uploaded at"))
    applied_by = models.ForeignKey(
        "accounts.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("taken over by"),
    )
    applied_at = models.DateTimeField(_("taken over at"), null=True, blank=True)
    discarded_at = models.DateTimeField(_("discarded at"), null=True, blank=True)
    added = models.PositiveIntegerField(_("added"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)

    class Meta:
        verbose_name = _("import of a register")
        ordering = ["-uploaded_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(applied_at__isnull=True) | Q(discarded_at__isnull=True),
                name="register_import_one_end",
                violation_error_message=_("An import is taken over or discarded, not both."),
            ),
            models.CheckConstraint(
                condition=~Q(register=Register.EQUIPMENT, site__isnull=True),
                name="register_import_equipment_site",
                violation_error_message=_("Say at which site the equipment stands."),
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_open(self) -> bool:
        """Whether it still waits for the person's yes or no."""
        return self.applied_at is None and self.discarded_at is None
