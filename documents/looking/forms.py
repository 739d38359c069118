"""Forms of notes on pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.looking.models import MAX_TEXT, UNIT

# Files have fewer pages; a number of more signs fits no column.
MAX_PAGE = 99_999


class NoteForm(forms.Form):
    """The words of a note, and where it is pinned; without a place it belongs to the whole page."""

    text = forms.CharField(
        label=_("What is wrong and what to do"), max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 3})
    )
    page = forms.IntegerField(min_value=1, max_value=MAX_PAGE, widget=forms.HiddenInput)
    x = forms.IntegerField(min_value=0, max_value=UNIT, required=False, widget=forms.HiddenInput)
    y = forms.IntegerField(min_value=0, max_value=UNIT, required=False, widget=forms.HiddenInput)

    @property
    def place(self) -> tuple[int, int] | None:
        """The place on the page; None where none, or only half of one, was sent."""
        x, y = self.cleaned_data.get("x"), self.cleaned_data.get("y")
        return None if x is None or y is None else (x, y)


class EditForm(forms.Form):
    """New words for a note."""

    text = forms.CharField(
        label=_("What is wrong and what to do"), max_length=MAX_TEXT, widget=forms.Textarea(attrs={"rows": 3})
    )


class WithdrawForm(forms.Form):
    """Why a note that was sent is taken back."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("The laboratory reads it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, *args: Any, is_sent: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_sent:
            del self.fields["reason"]
