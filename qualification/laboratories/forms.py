"""Forms of a laboratory, its sites, its people and its equipment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.laboratories import rules
from qualification.laboratories.credit_code import normalise
from qualification.laboratories.enums import Register
from qualification.laboratories.models import Equipment, Laboratory, Signatory, Site, StaffMember
from qualification.regions.models import Authority


def saves(form: forms.BaseForm, act: Callable[[], Any]) -> bool:
    """Whether the form is valid and the service took its values; what the service refuses is told in the form."""
    if not form.is_valid():
        return False
    try:
        act()
    except ValidationError as error:
        _tell(form, error)
        return False
    return True


def _tell(form: forms.BaseForm, error: ValidationError) -> None:
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for field, errors in error.error_dict.items():
        form.add_error(field if field in form.fields else None, errors)


def day_input() -> forms.DateInput:
    """The browser's own calendar."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class LaboratoryForm(forms.ModelForm[Laboratory]):
    """The profile; what the person cannot change is shown and locked."""

    credit_code = forms.CharField(
        label=capfirst(_("unified social credit code")), max_length=40,
        help_text=_("18 characters, as on the business licence. Blanks and hyphens are left out by themselves."),
    )  # fmt: skip
    parent_code = forms.CharField(
        label=capfirst(_("credit code of the legal person it is part of")), max_length=40, required=False,
        help_text=_("Only for a laboratory without a legal personality of its own."),
    )  # fmt: skip
    reason = forms.CharField(
        label=capfirst(_("reason of the correction")), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The laboratory reads it beside the change."),
    )  # fmt: skip

    class Meta:
        model = Laboratory
        fields = (
            "name", "credit_code", "parent_code", "legal_representative", "authority", "address", "postcode",
            "contact_name", "phone", "email", "top_manager", "technical_manager", "quality_manager",
        )  # fmt: skip

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parent = self.instance.parent if self.instance.pk else None
        self.fields["parent_code"].initial = parent.credit_code if parent else ""
        self.fields["authority"].queryset = _authorities(self.instance, user)  # type: ignore[attr-defined]
        locked = rules.locked_fields(user, self.instance)
        for name in self.fields:
            self.fields[name].disabled = {"parent_code": "parent"}.get(name, name) in locked
        if self.instance.pk is None or rules.is_manager(user, self.instance):
            del self.fields["reason"]
        else:
            self.fields["reason"].disabled, self.fields["reason"].required = False, True

    @property
    def is_locked(self) -> bool:
        """Whether some field cannot be changed here."""
        return any(field.disabled for field in self.fields.values())

    def clean_credit_code(self) -> str:
        return normalise(self.cleaned_data["credit_code"])

    def clean_parent_code(self) -> Laboratory | None:
        """The laboratory of this code; it is handed on as `parent`."""
        code = normalise(self.cleaned_data["parent_code"])
        if not code:
            return None
        parent = Laboratory.objects.filter(credit_code=code).exclude(pk=self.instance.pk).first()
        if parent is None:
            raise ValidationError(_("No other laboratory is registered with this code. Compare it, or leave it empty."))
        return parent

    @property
    def values(self) -> dict[str, Any]:
        """What the services take."""
        values = {key: value for key, value in self.cleaned_data.items() if key not in ("parent_code", "reason")}
        return {**values, "parent": self.cleaned_data["parent_code"]}

    @property
    def reason_given(self) -> str:
        """The reason, where one is asked for."""
        return str(self.cleaned_data.get("reason", ""))


def _authorities(laboratory: Laboratory, user: User) -> Any:
    if laboratory.pk is None:
        return Authority.objects.filter(pk__in=user.authority_ids([Role.REGION_ADMIN]))
    return Authority.objects.filter(is_trial=laboratory.is_trial)


class EntryForm(forms.ModelForm[Any]):
    """An entry of one laboratory: only its own sites and staff can be chosen."""

    def __init__(self, *args: Any, laboratory: Laboratory, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.laboratory = laboratory
        if self.instance.pk is None:
            self.instance.laboratory = laboratory
        for name, rows in self._choices().items():
            chosen = getattr(self.instance, f"{name}_id")
            self.fields[name].queryset = rows.filter(Q(is_active=True) | Q(pk=chosen))  # type: ignore[attr-defined]

    def _choices(self) -> dict[str, QuerySet[Any]]:
        own: dict[str, QuerySet[Any]] = {"site": self.laboratory.sites.all(), "staff": self.laboratory.staff.all()}
        return {name: rows for name, rows in own.items() if name in self.fields}

    def _get_validation_exclusions(self) -> set[str]:
        # The laboratory is not typed, but "once per laboratory" is to be told in the form.
        return set(super()._get_validation_exclusions()) - {"laboratory"}  # type: ignore[misc]


class SiteForm(EntryForm):
    class Meta:
        model = Site
        fields = ("name", "kind", "authority", "address", "latitude", "longitude")
        help_texts = {
            "authority": _("The region in which the site lies; its authority grants for this site."),
            "latitude": _("Degrees with up to six decimals, such as 38.042300. The check-in of a visit is compared with it."),
            "longitude": _("Degrees with up to six decimals, such as 114.514900."),
        }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        authorities = Authority.objects.filter(is_trial=self.laboratory.is_trial)
        self.fields["authority"].queryset = authorities  # type: ignore[attr-defined]


class StaffForm(EntryForm):
    class Meta:
        model = StaffMember
        fields = (
            "name", "gender", "age", "education", "position", "title", "major", "years_in_field", "current_post",
            "identity_kind", "identity_number", "stated_on", "site", "note",
        )  # fmt: skip
        widgets = {"stated_on": day_input()}

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("identity_number") and not data.get("identity_kind"):
            self.add_error("identity_kind", _("Say what kind of document the number is from."))
        return data


class SignatoryForm(EntryForm):
    class Meta:
        model = Signatory
        fields = (
            "name", "gender", "education", "title", "position", "department", "phone", "email", "fields_text",
            "identity_number", "approved_on", "site", "staff", "note",
        )  # fmt: skip
        widgets = {"approved_on": day_input(), "fields_text": forms.Textarea(attrs={"rows": 3})}
        help_texts = {"approved_on": _("Empty for a person who is proposed and not yet approved.")}


class EquipmentForm(EntryForm):
    class Meta:
        model = Equipment
        fields = (
            "site", "category_no", "category", "parameter_no", "parameter", "standard_text", "name", "model",
            "measuring_range", "traceability", "traceability_note", "valid_until", "result", "note",
        )  # fmt: skip
        widgets = {"valid_until": day_input(), "standard_text": forms.Textarea(attrs={"rows": 2})}


class ImportForm(forms.Form):
    """A sheet, and the site it is for."""

    file = forms.FileField(
        label=capfirst(_("sheet (.xls or .xlsx)")), widget=forms.ClearableFileInput(attrs={"accept": ".xls,.xlsx"})
    )
    site = forms.ModelChoiceField(label=capfirst(_("site")), queryset=Site.objects.none(), required=False)

    def __init__(self, *args: Any, laboratory: Laboratory, register: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = laboratory.sites.active()  # type: ignore[attr-defined]
        self.fields["site"].required = register == Register.EQUIPMENT
        self.fields["site"].help_text = _HINTS[register]


_HINTS: dict[str, Any] = {
    Register.STAFF: _("Leave empty when the sheet holds the people of all sites."),
    Register.SIGNATORIES: _("Leave empty when the people sign for all sites."),
    Register.EQUIPMENT: _("The site at which this equipment stands; each site has a sheet of its own."),
}
