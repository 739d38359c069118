"""Forms for people and roles."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from qualification.accounts import queries
from qualification.accounts.enums import AUTHORITY_ROLES, LABORATORY_ROLES, Role
from qualification.accounts.models import User
from qualification.laboratories.credit_code import normalise
from qualification.laboratories.models import Laboratory
from qualification.regions.models import Authority


class RoleForm(forms.Form):
    """A role and its place, as far as the person who gives it may."""

    role = forms.ChoiceField(label=gettext_lazy("Role"))
    authority = forms.ModelChoiceField(
        Authority.objects.none(), label=gettext_lazy("Authority"), required=False, empty_label=None
    )
    credit_code = forms.CharField(
        label=gettext_lazy("Credit code of the laboratory"), required=False, max_length=40,
        help_text=gettext_lazy("Only for the roles of a laboratory."),
    )  # fmt: skip
    laboratory = forms.ModelChoiceField(
        Laboratory.objects.none(), label=gettext_lazy("Laboratory"), required=False, empty_label=None
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        roles = queries.roles_to_give(by)
        self.fields["role"].choices = [("", "—"), *((r.value, r.label) for r in roles)]  # type: ignore[attr-defined]
        authorities = by.authority_ids({Role.REGION_ADMIN})
        self._offer_places(authorities)

    def _offer_places(self, authorities: set[int]) -> None:
        """An administrator names the laboratory by its code, a manager has one or few."""
        if authorities:
            del self.fields["laboratory"]
            self.fields["authority"].queryset = Authority.objects.filter(pk__in=authorities)  # type: ignore[attr-defined]
            if len(authorities) == 1:
                self.fields["authority"].widget = forms.HiddenInput()
                self.initial["authority"] = next(iter(authorities))
            return
        del self.fields["authority"], self.fields["credit_code"]
        managed = [
            m.laboratory_id for m in self.by.active_memberships if m.role == Role.LAB_MANAGER and m.laboratory_id
        ]
        self.fields["laboratory"].queryset = Laboratory.objects.filter(pk__in=managed)  # type: ignore[attr-defined]

    def clean_credit_code(self) -> str:
        """The code without blanks and hyphens."""
        return normalise(self.cleaned_data["credit_code"])

    def clean(self) -> dict[str, Any]:
        """Finds the place that the role needs."""
        data = super().clean() or {}
        role = data.get("role")
        if role in LABORATORY_ROLES:
            self._find_laboratory(data)
        elif role in AUTHORITY_ROLES and not data.get("authority"):
            self.add_error("role", _("Choose the authority for this role."))
        return data

    def _find_laboratory(self, data: dict[str, Any]) -> None:
        if "credit_code" not in self.fields:
            if not data.get("laboratory"):
                self.add_error("laboratory", _("Choose the laboratory."))
            return
        authorities = self.by.authority_ids({Role.REGION_ADMIN})
        found = Laboratory.objects.filter(credit_code=data.get("credit_code"), authority_id__in=authorities).first()
        if found is None:
            self.add_error(
                "credit_code",
                _(
                    "No laboratory of your region has this credit code. Enter the laboratory first, or correct the code."
                ),
            )
        data["laboratory"] = found

    @property
    def place(self) -> dict[str, Any]:
        """Role and place as the services take them."""
        data = self.cleaned_data
        is_laboratory = data["role"] in LABORATORY_ROLES
        return {
            "role": data["role"],
            "authority": None if is_laboratory else data.get("authority"),
            "laboratory": data.get("laboratory") if is_laboratory else None,
        }


class PersonForm(RoleForm):
    """A new person with the first role."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("The person signs in with it; the link to set a password goes there."),
    )
    phone = forms.CharField(label=gettext_lazy("Telephone"), max_length=30, required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language of messages"), choices=settings.LANGUAGES)
    has_account = forms.BooleanField(
        label=gettext_lazy("The person has an account already: only give the role"), required=False
    )
    field_order = (
        "name",
        "email",
        "phone",
        "language",
        "has_account",
        "role",
        "authority",
        "credit_code",
        "laboratory",
    )

    def clean(self) -> dict[str, Any]:
        """The person with the account, where that was ticked."""
        data = super().clean()
        if data.get("has_account") and data.get("email"):
            self.known = queries.account_of(data["email"])
            if self.known is None:
                self.add_error("email", _("No account has this address. Take the tick away to make one."))
        return data


class OwnForm(forms.Form):
    """How the person is reached, changed by themselves."""

    email = forms.EmailField(label=gettext_lazy("E-mail"))
    phone = forms.CharField(label=gettext_lazy("Telephone"), max_length=30, required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language of messages"), choices=settings.LANGUAGES)
    password = forms.CharField(
        label=gettext_lazy("Your password"), required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=gettext_lazy("Only for another e-mail address."),
    )  # fmt: skip


class NameForm(forms.Form):
    """Another name, and why."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 2}), max_length=500)

    def clean_reason(self) -> str:
        """A reason in words."""
        reason = str(self.cleaned_data["reason"]).strip()
        if not reason:
            raise ValidationError(_("Say why; the reason is kept."))
        return reason
