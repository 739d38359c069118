"""Forms of the capability table."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from qualification.applications.models import Application
from qualification.laboratories.models import Site
from qualification.scope.enums import Level, Means, Verdict
from qualification.scope.models import CapabilityRow

FOOD = "food"
NONFOOD = "nonfood"


class UploadForm(forms.Form):
    """A sheet, the site it is for, and food or not: the sheet itself names neither."""

    site = forms.ModelChoiceField(queryset=Site.objects.none(), label=_("Site"), empty_label=None, to_field_name="uuid")
    kind = forms.ChoiceField(
        label=_("Food or non-food"), choices=[(NONFOOD, _("Non-food")), (FOOD, _("Food"))], initial=NONFOOD, widget=forms.RadioSelect,
        help_text=_("Food and non-food abilities stand in tables of their own."),
    )  # fmt: skip
    file = forms.FileField(
        label=_("Capability table"), allow_empty_file=True,
        help_text=_("The form of annex table 1 as .xlsx or .xls. Rows already read for this site and kind are replaced."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls"}),
    )  # fmt: skip

    def __init__(self, *args: Any, application: Application, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = application.sites.order_by("pk")  # type: ignore[attr-defined]

    @property
    def is_food(self) -> bool:
        """Whether food was chosen; after validation."""
        return bool(self.cleaned_data["kind"] == FOOD)


class RowForm(forms.ModelForm[CapabilityRow]):
    """The words of one row. Headings have a number and a name only."""

    class Meta:
        model = CapabilityRow
        fields = ("number", "name", "standard_text", "restriction", "note")
        widgets = {
            "name": forms.Textarea(attrs={"rows": 2}),
            "standard_text": forms.Textarea(attrs={"rows": 3}),
            "restriction": forms.Textarea(attrs={"rows": 2}),
            "note": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, level: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if level != Level.PARAMETER:
            for name in ("standard_text", "restriction", "note"):
                del self.fields[name]

    def _get_validation_exclusions(self) -> set[str]:
        # The row is changed by the service, from the clean values; the form looks at its own fields only.
        return {f.name for f in self._meta.model._meta.concrete_fields if f.name not in self.fields}

    def validate_constraints(self) -> None:
        """The service and the database look at the constraints."""


class VerdictForm(forms.Form):
    """The team's word on one row, or on several."""

    verdict = forms.ChoiceField(
        label=_("Verdict"), choices=[*Verdict.choices, ("", _("take back"))], required=False, widget=forms.RadioSelect
    )
    means = forms.ChoiceField(label=_("Confirmed by"), choices=[("", _("Choose …")), *Means.of_team()], required=False)
    restriction = forms.CharField(
        label=_("Restricted to"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    note = forms.CharField(
        label=_("Reason or remark"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
