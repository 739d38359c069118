"""Forms of the law's limits."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from qualification.regions import limits, profile_page
from qualification.regions.settings import LIMITS, SETTINGS, Setting
from workflows.clocks.forms import reason_field


class EditionForm(forms.Form):
    """An edition of the law's limits: its name, its day, and a line for each limit; a blank line changes nothing."""

    edition = forms.CharField(
        label=_("Edition"), max_length=20, help_text=_("Kept with every limit, such as “163-2027”.")
    )
    article = forms.CharField(
        label=_("Source"), max_length=200, required=False, help_text=_("The order or decision the limits rest on.")
    )
    effective_on = forms.DateField(
        label=_("In force from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Today or later. What is already running keeps the limit it was started with."),
    )  # fmt: skip
    reason = reason_field()

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_force = limits.current()
        for key in LIMITS:
            known = SETTINGS[key]
            self.fields[key] = forms.CharField(
                label=str(known.label), required=False, max_length=10, widget=forms.TextInput(attrs={"inputmode": "numeric"}),
                help_text=_help(known, in_force.of(None, key, today).value, limits.bounds(known, None, today)),
            )  # fmt: skip


def _help(known: Setting, now: Any, bounds: tuple[int, int]) -> str:
    """What is in force, and what may be entered where that is not just any number of days."""
    said = {"now": profile_page.say(known, now), "low": bounds[0], "high": bounds[1]}
    if bounds[1] >= limits.ANY:
        return str(_("Today %(now)s. Blank: stays.") % said)
    return str(_("Today %(now)s; %(low)s to %(high)s may be entered. Blank: stays.") % said)


class WithdrawForm(forms.Form):
    """Why an entry is taken back."""

    reason = reason_field(help_text=_("Kept with the entry; everybody who sees the limits reads it."))
