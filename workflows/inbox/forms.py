"""Forms by which a task changes hands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from qualification.accounts.models import User


class TakeForm(forms.Form):
    """Who had the task on the page that was seen; empty for nobody."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)


class HandOverForm(TakeForm):
    """To whom, and why."""

    to = forms.ChoiceField(label=_("Colleague"))
    note = forms.CharField(
        label=_("Note to your colleague"), help_text=_("What your colleague must know. It stays in the history of the case."),
        widget=forms.Textarea(attrs={"rows": 3}), max_length=1000,
    )  # fmt: skip
    field_order = ["to", "note", "seen"]

    def __init__(self, *args: Any, people: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._people = {str(person.uuid): person for person in people}
        choices = [(key, str(person)) for key, person in self._people.items()]
        self.fields["to"].choices = [("", _("choose")), *choices]  # type: ignore[attr-defined]

    def clean_to(self) -> User:
        """The colleague."""
        return self._people[self.cleaned_data["to"]]
