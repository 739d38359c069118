"""Forms of the laboratory's answers in an assessment."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST_TEXT = 4000


class HoldForm(forms.Form):
    """What the laboratory says to the material it hands in."""

    answer = forms.CharField(
        label=_("What was handed in, point by point"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Say what was handed in, point by point.")},
    )  # fmt: skip


class OtherDatesForm(forms.Form):
    """Why the dates do not suit, and which would."""

    reason = forms.CharField(
        label=_("Why these days do not suit, and which would"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Say why these days do not suit and which would.")},
    )  # fmt: skip
