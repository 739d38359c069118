"""Forms of slots."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class UploadForm(forms.Form):
    """One file for one slot. What the file may be is the service's business; its answer has the better words."""

    file = forms.FileField(
        label=_("file"),
        allow_empty_file=True,
        max_length=1000,
        error_messages={"required": _("No file was chosen. Choose a file and send it again.")},
    )
    label = forms.CharField(required=False, max_length=200)
    note = forms.CharField(required=False, max_length=500)
    next = forms.CharField(required=False, max_length=2000)
