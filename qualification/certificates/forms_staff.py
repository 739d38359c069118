"""The form that ends a certificate."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

# Licensing Law: 69 revoking what was obtained by fraud, 8 recalling when law or facts changed, 70 cancelling.
END_ARTICLES = ("《行政许可法》第六十九条", "《行政许可法》第八条", "《行政许可法》第七十条")
VERBS = (
    ("revoke", _("Revoke: obtained by fraud")),
    ("recall", _("Recall: law or facts have changed")),
    ("cancel", _("Cancel: given up, or its holder is gone")),
    ("withdraw_by_law", _("Withdraw by law: as a penalty")),
)


class EndForm(forms.Form):
    """How a certificate ends, why, and on which article."""

    verb = forms.ChoiceField(label=_("How it ends"), choices=VERBS, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reasons"), widget=forms.Textarea(attrs={"rows": 4}), help_text=_("The public register shows them.")
    )
    article = forms.CharField(label=_("Article"), max_length=200, widget=forms.TextInput(attrs={"list": "articles"}))
