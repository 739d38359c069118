"""Forms of the acts on a clock."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

MOMENT = "%Y-%m-%dT%H:%M"


def reason_field(label: Any = None, help_text: Any = "") -> forms.CharField:
    """Why; kept with the act."""
    return forms.CharField(
        label=label or _("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000, help_text=help_text
    )


def moment_field(label: Any) -> forms.DateTimeField:
    """A moment in Beijing time, to the minute."""
    return forms.DateTimeField(
        label=label, input_formats=[MOMENT, "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT), help_text=_("Beijing time."),
    )  # fmt: skip


def article_field() -> forms.CharField:
    """The legal ground."""
    return forms.CharField(label=_("Legal ground"), max_length=200, help_text=_("The article the correction rests on."))


class ExtendForm(forms.Form):
    """How many days, and why."""

    days = forms.IntegerField(label=_("Days to add"), min_value=1)
    reason = reason_field(help_text=_("The laboratory reads it."))

    def __init__(self, *args: Any, most: int, unit: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["days"].help_text = _("At most %(most)s %(unit)s, counted on from the last day.") % {
            "most": most, "unit": unit,
        }  # fmt: skip
        self.fields["days"].widget.attrs["max"] = most


class PauseForm(forms.Form):
    """A pause that was not recorded."""

    paused_at = moment_field(_("Paused from"))
    resumed_at = moment_field(_("Until"))
    reason = reason_field()
    article = article_field()


class EndPauseForm(forms.Form):
    """The end of a pause that was not recorded."""

    resumed_at = moment_field(_("Ended on"))
    reason = reason_field()
    article = article_field()


class ContestForm(forms.Form):
    """Why an outcome is contested."""

    reason = reason_field(help_text=_("The decision makers and the people concerned read it."))


class AnswerForm(forms.Form):
    """The outcome stands, or is set aside."""

    verb = forms.ChoiceField(
        label=_("Answer"), widget=forms.RadioSelect,
        choices=[("uphold", _("The outcome stands")), ("set_aside", _("The outcome is set aside"))],
    )  # fmt: skip
    text = reason_field(_("Reasons"), _("The people concerned read them."))


class CorrectLimitForm(forms.Form):
    """The right value of a wrong entry, and why."""

    value = forms.CharField(
        label=_("Right limit"), widget=forms.TextInput(attrs={"type": "number", "min": 1, "inputmode": "numeric"})
    )
    reason = reason_field(help_text=_("Kept with both entries; everybody whose limit moves reads it."))

    def __init__(self, *args: Any, entered: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"].help_text = _("Entered was: %s.") % entered
