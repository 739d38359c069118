"""Forms of a region's administrator."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from qualification.regions.models import DictionaryEntry
from qualification.regions.settings import Setting, Unit

YES_NO = (("yes", _("yes")), ("no", _("no")))


def reason_field() -> forms.CharField:
    """Why; kept with the change."""
    return forms.CharField(
        label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}), max_length=500,
        help_text=_("Kept with the change; everybody who sees the settings reads it."),
    )  # fmt: skip


class SettingForm(forms.Form):
    """A new value of one setting; the bounds are the setting's own and told by it."""

    def __init__(self, *args: Any, known: Setting, value: Any, allowed: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        self.fields["value"] = _field(known, allowed)
        self.fields["reason"] = reason_field()
        self.initial["value"] = ("yes" if value else "no") if known.unit is Unit.SWITCH else value

    def clean_value(self) -> Any:
        """The value in its type; raises ValidationError with what is allowed."""
        value = self.cleaned_data["value"]
        return self.known.clean(value == "yes" if self.known.unit is Unit.SWITCH else value)


class LimitForm(forms.Form):
    """A limit from a day on; the bounds are told by the service, which knows the law of that day."""

    value = forms.CharField(widget=forms.TextInput(attrs={"type": "number", "min": 1, "inputmode": "numeric"}))
    effective_on = forms.DateField(
        label=_("In force from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Today or later. What is already running keeps the limit it was started with."),
    )  # fmt: skip
    reason = reason_field()

    def __init__(self, *args: Any, known: Setting, allowed: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"].label = str(known.label)
        self.fields["value"].help_text = _("Allowed: %s.") % allowed


def _field(known: Setting, allowed: str) -> forms.Field:
    if known.unit in (Unit.SWITCH, Unit.CHOICE):
        choices = YES_NO if known.unit is Unit.SWITCH else known.choices
        return forms.ChoiceField(label=str(known.label), choices=choices, widget=forms.RadioSelect)
    kind = "time" if known.unit is Unit.TIME else "number"
    attrs = {"type": kind, **({"min": known.minimum, "max": known.maximum} if kind == "number" else {})}
    return forms.CharField(
        label=str(known.label), help_text=_("Allowed: %s.") % allowed, widget=forms.TextInput(attrs=attrs)
    )


class EntryForm(forms.ModelForm[DictionaryEntry]):
    """Names of a code and whether it is offered to new applications."""

    reason = reason_field()

    class Meta:
        model = DictionaryEntry
        fields = ("name_zh", "name_en", "is_active")
        labels = {
            "name_zh": _("Name (Chinese)"),
            "name_en": _("Name (English)"),
            "is_active": _("Offered to new applications"),
        }
