"""The questions."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from qualification.assessors.models import Assessor
from workflows.board.queries import authorities_of
from workflows.clocks.enums import Unit
from workflows.clocks.policy import POLICY
from workflows.foresight import absence

if TYPE_CHECKING:
    from qualification.accounts.models import User

FURTHEST = dt.timedelta(days=3 * 366)


class Day(forms.DateField):
    """A day near today: limits do not reach further."""

    widget = forms.DateInput(attrs={"type": "date"})

    def validate(self, value: dt.date | None) -> None:
        """A day within three years of today."""
        super().validate(value)
        if value is not None and abs(value - dt.date.today()) > FURTHEST:  # noqa: DTZ011 - a bound of three years
            raise forms.ValidationError(_("A day within three years of today, please."))


class Question(forms.Form):
    """A question with its answer in the address."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.authorities = list(authorities_of(user))
        self.label_suffix = ""
        for field in self.fields.values():
            field.widget.attrs.pop("required", None)

    @property
    def own_ids(self) -> list[int]:
        """The authorities the person asks for."""
        return [authority.pk for authority in self.authorities]


class HolidayForm(Question):
    """A day taken off, a day worked, or both: a holiday that is moved."""

    off = Day(label=_("This day becomes a day off"), required=False)
    working = Day(label=_("This day becomes a working day"), required=False, help_text=_("To move a holiday, give the new day off and the old one here."))  # fmt: skip
    region = forms.ChoiceField(label=_("In"), required=False)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        region: Any = self.fields["region"]
        region.choices = [("", _("all my regions")), *((a.code, a.region) for a in self.authorities)]

    def clean(self) -> dict[str, Any]:
        """At least one day, and not the same one twice."""
        data = super().clean() or {}
        off, working = data.get("off"), data.get("working")
        if not self.errors and off is None and working is None:
            raise forms.ValidationError(_("Give a day that becomes a day off, or one that becomes a working day."))
        if off is not None and off == working:
            raise forms.ValidationError(_("The same day cannot be both off and worked."))
        return data

    @property
    def places(self) -> list[int]:
        """The authorities whose calendar is another."""
        code = self.cleaned_data["region"]
        return [a.pk for a in self.authorities if not code or a.code == code]


def _stages() -> list[tuple[str, Any]]:
    return [
        ("", _("all stages")),
        *((p.code, p.label) for p in POLICY if p.unit != Unit.MONTHS and not getattr(p, "until", "")),
    ]


class LimitsForm(Question):
    """Longer limits, or twice the extensions."""

    stage = forms.ChoiceField(label=_("Stage"), required=False, choices=_stages)
    days = forms.IntegerField(label=_("Longer by (days)"), required=False, min_value=1, max_value=60)
    doubled = forms.BooleanField(label=_("Twice the extensions that have been granted"), required=False)

    def clean(self) -> dict[str, Any]:
        """Days, or twice the extensions, but not both: the answer would be about neither."""
        data = super().clean() or {}
        if not self.errors and bool(data.get("days")) == bool(data.get("doubled")):
            raise forms.ValidationError(_("Give either a number of days or “twice the extensions”."))
        return data


class _Person(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.user} · {obj.home.region}"


class AbsenceForm(Question):
    """Somebody who is away."""

    assessor = _Person(label=_("Assessor"), queryset=Assessor.objects.none(), to_field_name="uuid", help_text=_("Those with a seat or an offer in a review that is going on."))  # fmt: skip
    from_on = Day(label=_("Away from"))
    to_on = Day(label=_("through"))

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        person: Any = self.fields["assessor"]
        person.queryset = absence.people(self.own_ids)

    def clean(self) -> dict[str, Any]:
        """The last day is not before the first."""
        data = super().clean() or {}
        first, last = data.get("from_on"), data.get("to_on")
        if first and last and last < first:
            raise forms.ValidationError(_("The last day lies before the first."))
        return data
