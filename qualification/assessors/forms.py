"""Forms of the pool, the draw and the answer to an offer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from qualification.accounts.enums import Role
from qualification.accounts.models import User
from qualification.applications.queries import field_choices
from qualification.assessors.enums import TieKind
from qualification.assessors.models import Absence, Assessor, Tie, Training
from qualification.laboratories.credit_code import normalise
from qualification.laboratories.forms import day_input
from qualification.laboratories.models import Laboratory
from qualification.regions.models import Authority

LARGEST_TEAM = 30


class DrawForm(forms.Form):
    """How large the team shall be."""

    size = forms.IntegerField(label=_("Members of the team, leader included"), max_value=LARGEST_TEAM)

    def __init__(self, *args: Any, least: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        size: Any = self.fields["size"]
        size.initial, size.min_value = least, least
        size.help_text = _("At least %(least)s here. More are drawn by themselves where the fields need it.") % {
            "least": least
        }
        size.validators.append(_at_least(least))
        size.widget.attrs["min"] = least


def _at_least(least: int) -> Any:
    def check(value: int) -> None:
        if value < least:
            raise ValidationError(_("A team here has at least %(least)s members."), params={"least": least})

    return check


class AcceptForm(forms.Form):
    """The assessor declares to be free of ties."""

    no_tie = forms.BooleanField(
        label=_("I have no tie to this laboratory: not employed by it, no consulting or training for it, no family in it."),
        error_messages={"required": _("Declare that you have no tie, or decline because of the tie.")},
    )  # fmt: skip


class DeclineForm(forms.Form):
    """Why the assessor declines; a tie is kept and recuses from later draws, too."""

    tie = forms.ChoiceField(
        label=_("Do you have a tie to this laboratory?"), widget=forms.RadioSelect, initial="",
        choices=[("", _("no, another reason")), *TieKind.choices], required=False,
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=1000, required=False,
        help_text=_("The coordinator and the record of the case read it. With a tie: when and what, if you wish."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """A reason unless the tie is the reason."""
        data: dict[str, Any] = super().clean() or {}
        if not data.get("tie") and not data.get("reason", "").strip():
            self.add_error("reason", _("Say why you decline; the coordinator and the record need it."))
        return data


class AssessorForm(forms.ModelForm[Assessor]):
    """An entry of the pool, without the person and the region."""

    field_codes = forms.MultipleChoiceField(label=_("Fields of competence"), widget=forms.CheckboxSelectMultiple)
    reason = forms.CharField(
        label=_("Reason of the change"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=1000,
        help_text=_("Required when the standing changes. The assessor reads it."),
    )  # fmt: skip

    class Meta:
        model = Assessor
        fields = (
            "grade", "field_codes", "certificate_number", "certified_on", "certified_until", "standing", "employer", "title",
        )  # fmt: skip
        widgets = {"certified_on": day_input(), "certified_until": day_input()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["field_codes"].choices = field_choices()  # type: ignore[attr-defined]

    @property
    def values(self) -> dict[str, Any]:
        """What goes into the entry."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class NewAssessorForm(AssessorForm):
    """A new entry: somebody of one's own region who holds the role of an assessor and has no entry yet."""

    user = forms.ModelChoiceField(
        User.objects.none(), label=_("Person"),
        help_text=_("People who hold the role of an assessor in your region and are not in the pool yet."),
    )  # fmt: skip
    field_order = ("user",)

    def __init__(self, *args: Any, keeper: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["standing"], self.fields["reason"]
        homes = keeper.authority_ids({Role.COORDINATOR, Role.REGION_ADMIN})
        self.homes = Authority.objects.filter(pk__in=homes).order_by("code")
        people = User.objects.filter(
            is_active=True, assessor__isnull=True, memberships__role=Role.ASSESSOR,
            memberships__authority_id__in=homes, memberships__ended_at__isnull=True,
        )  # fmt: skip
        self.fields["user"].queryset = people.distinct().order_by("name", "pk")  # type: ignore[attr-defined]

    @property
    def values(self) -> dict[str, Any]:
        """The entry with its person and the region where the person is an assessor."""
        data = {name: self.cleaned_data[name] for name in self.Meta.fields if name != "standing"}
        user = self.cleaned_data["user"]
        home = self.homes.filter(memberships__in=user.memberships.in_force().filter(role=Role.ASSESSOR)).first()
        return {**data, "user": user, "home": home}


class TieForm(forms.ModelForm[Tie]):
    """A tie to a laboratory, named by its credit code."""

    code = forms.CharField(
        label=_("Unified social credit code of the laboratory"), max_length=40,
        help_text=_("18 characters. Blanks and hyphens are left out by themselves."),
    )  # fmt: skip
    field_order = ("code",)

    class Meta:
        model = Tie
        fields = ("kind", "since_on", "until_on", "note")
        widgets = {"since_on": day_input(), "until_on": day_input()}

    def clean_code(self) -> str:
        """The code of a laboratory that is registered; its row is kept as `laboratory`."""
        self.laboratory = Laboratory.objects.filter(credit_code=normalise(self.cleaned_data["code"])).first()
        if self.laboratory is None:
            raise ValidationError(_("No laboratory with this credit code is registered."))
        return str(self.cleaned_data["code"])

    @property
    def values(self) -> dict[str, Any]:
        """What goes into the tie."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields} | {"laboratory": self.laboratory}


class AbsenceForm(forms.ModelForm[Absence]):
    """Days on which the assessor cannot be drawn."""

    class Meta:
        model = Absence
        fields = ("from_on", "to_on")
        widgets = {"from_on": day_input(), "to_on": day_input()}

    @property
    def values(self) -> dict[str, Any]:
        """What goes into the absence."""
        return dict(self.cleaned_data)


class TrainingForm(forms.ModelForm[Training]):
    """One training attended."""

    class Meta:
        model = Training
        fields = ("name", "held_on", "hours")
        widgets = {"held_on": day_input()}

    @property
    def values(self) -> dict[str, Any]:
        """What goes into the record."""
        return dict(self.cleaned_data)
