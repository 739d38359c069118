"""Forms of the calendars: what is read in, what a day becomes, why."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from qualification.accounts.models import User
from qualification.regions import calendar_files, calendar_rules
from qualification.regions.calendar_entries import NAME_LENGTH, CalendarRefused, YearFile
from qualification.regions.models import NATION, Authority

OFFICIAL, EXPECTED = "official", "expected"
STANDING = (
    (OFFICIAL, _("published by the State Council: dates become final")),
    (EXPECTED, _("expected, not published yet: dates stay provisional")),
)
TEXT_ATTRS = {"rows": 14, "spellcheck": "false", "class": "calendar-text"}


class ImportForm(forms.Form):
    """A file or a pasted text; what was sent comes back in the text, so that it can be corrected there."""

    place = forms.ChoiceField(label=_("Applies to"))
    year = forms.IntegerField(
        label=_("Year"), required=False, min_value=calendar_files.EARLIEST, max_value=calendar_files.LATEST,
        help_text=_("Only needed where the text does not name it."),
    )  # fmt: skip
    standing = forms.ChoiceField(
        label=_("These days are"), choices=STANDING, initial=OFFICIAL, widget=forms.RadioSelect,
        help_text=_("A region's own days never make a year official."),
    )  # fmt: skip
    file = forms.FileField(
        label=_("File"), required=False,
        help_text=_("JSON of holiday-cn, text, CSV or XLSX. Or paste the text below; a file counts before it."),
    )  # fmt: skip
    text = forms.CharField(
        label=_("Text of the notice, or a table"), required=False, strip=False, max_length=calendar_files.LARGEST,
        widget=forms.Textarea(attrs=TEXT_ATTRS),
        help_text=_("The State Council's own sentences, one day or range per line, or every day of the year."),
    )  # fmt: skip
    source = forms.CharField(
        label=_("Source"), required=False, max_length=200,
        help_text=_("Number or address of the notice."),
    )  # fmt: skip

    def __init__(self, data: Any = None, files: Any = None, *, user: User, **kwargs: Any) -> None:
        data = data.copy() if data is not None else None
        super().__init__(data, files, **kwargs)
        self.places = {authority.code: authority for authority in calendar_rules.places_edited_by(user)}
        nation = [(NATION, _t("the whole nation"))] if calendar_rules.edits_nation(user) else []
        choices = nation + [(code, _t("%(region)s only") % {"region": a.region}) for code, a in self.places.items()]
        place = self.fields["place"]
        assert isinstance(place, forms.ChoiceField)
        place.choices = choices
        self.read: YearFile | None = None

    def clean(self) -> dict[str, Any]:
        """Read the file or the text. What is wrong is told line by line beside the text."""
        data = super().clean() or {}
        if data.get("file"):
            self._take_file(data)
        if self.errors:
            return data
        try:
            self.read = calendar_files.read(data.get("text") or "", data.get("year"))
        except CalendarRefused as refused:
            self.refuse(refused)
        return data

    def _take_file(self, data: dict[str, Any]) -> None:
        try:
            text = calendar_files.text_of(data["file"].read(calendar_files.LARGEST + 1))
        except CalendarRefused as refused:
            self.add_error("file", list(refused.problems))
            return
        data["text"] = text
        cast(dict[str, Any], self.data)["text"] = text

    def refuse(self, refused: CalendarRefused) -> None:
        """Tell what is wrong beside the text."""
        self.add_error("text", ValidationError(list(refused.problems)))

    @property
    def authority(self) -> Authority | None:
        """The place; None is the nation."""
        return self.places.get(self.cleaned_data["place"])

    @property
    def is_official(self) -> bool:
        """Whether the days are said to be published."""
        return bool(self.cleaned_data["standing"] == OFFICIAL)


OFF, ON, PLAIN = "off", "on", "plain"
KINDS = ((OFF, _("day off")), (ON, _("working (make-up day)")), (PLAIN, _("as the plain week has it")))


class DayForm(forms.Form):
    """What one day, or a few in a row, become."""

    first = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(
        label=_("Through"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Only for several days in a row."),
    )  # fmt: skip
    kind = forms.ChoiceField(label=_("The day is"), choices=KINDS, widget=forms.RadioSelect)
    name = forms.CharField(label=_("Holiday"), required=False, max_length=NAME_LENGTH)

    def clean(self) -> dict[str, Any]:
        """The days in their order; a month at most at once."""
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last") or data.get("first")
        if first is None or last is None:
            return data
        if last < first:
            self.add_error("last", _t("The last day comes before the first."))
        elif (last - first).days > 31:
            self.add_error("last", _t("A month at most at once."))
        else:
            data["dates"] = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
        return data

    @property
    def is_off(self) -> bool | None:
        """Off, working, or None for the plain week."""
        return {OFF: True, ON: False, PLAIN: None}[self.cleaned_data["kind"]]


class ApplyForm(forms.Form):
    """Why the change is applied, and what the person was shown."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept with the edition; everybody who reads the calendar sees it."),
    )  # fmt: skip
    seen = forms.IntegerField(widget=forms.HiddenInput)
