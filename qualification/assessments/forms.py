"""Forms of the team: the file, the visit, the checklist, the records, the verification, the report."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from qualification.assessments.enums import Answer, CheckConclusion, ClosedBy
from qualification.assessments.models import Nonconformity
from qualification.assessments.services.concluding import Verified
from qualification.laboratories.forms import day_input
from qualification.laboratories.models import Site

LONG = 4000
# Licensing Law 69: what was obtained by fraud is to be revoked.
REVOKING_ARTICLE = "《行政许可法》第六十九条第二款"


def _text(rows: int, **kwargs: Any) -> forms.CharField:
    return forms.CharField(widget=forms.Textarea(attrs={"rows": rows}), max_length=LONG, **kwargs)


class FileReviewForm(forms.Form):
    """The leader's opinion on the file, and what the laboratory shall still hand in."""

    opinion = _text(
        6,
        label=_("Opinion on the file"),
        required=False,
        help_text=_("It goes into the report. Needed when the file does not stand."),
    )
    items = _text(
        4,
        label=_("What the laboratory shall hand in"),
        required=False,
        help_text=_("One point per line. Only needed when you hold the review."),
    )

    @property
    def points(self) -> list[str]:
        """The points asked for."""
        return [line.strip() for line in self.cleaned_data["items"].splitlines() if line.strip()]


class CheckForm(forms.Form):
    """What the check of a commitment found."""

    conclusion = forms.ChoiceField(
        label=_("Conclusion of the check"), choices=CheckConclusion.choices, widget=forms.RadioSelect
    )
    findings = _text(
        6,
        label=_("Findings of the check"),
        required=False,
        help_text=_("One per line, with where it was found. Needed unless the commitment is wholly true."),
    )


class RevokeForm(forms.Form):
    """Why what was granted on a commitment is revoked."""

    reason = _text(
        4, label=_("Reasons"),
        help_text=_("They stand in the sealed decision, and in the public register where a certificate is revoked."),
    )  # fmt: skip
    article = forms.CharField(
        label=_("Article"), max_length=200, initial=REVOKING_ARTICLE,
        help_text=_("It stands in the decision."),
    )  # fmt: skip


class ProposeForm(forms.Form):
    """The days of the visit and what happens when."""

    from_on = forms.DateField(label=_("First day"), widget=day_input())
    to_on = forms.DateField(label=_("Last day"), widget=day_input())
    timetable = _text(6, label=_("Timetable"), help_text=_("One line per step: time, what, who is needed."))


class CheckInForm(forms.Form):
    """Presence at a site: with the place the phone tells, or without one and with a word why."""

    site = forms.ModelChoiceField(Site.objects.none(), to_field_name="uuid", widget=forms.HiddenInput)
    latitude = forms.DecimalField(min_value=-90, max_value=90, required=False, widget=forms.HiddenInput)
    longitude = forms.DecimalField(min_value=-180, max_value=180, required=False, widget=forms.HiddenInput)
    accuracy_m = forms.FloatField(min_value=0, max_value=10_000_000, required=False, widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("Note"), max_length=200, required=False,
        help_text=_("Needed without a place: say why, for example no reception in the building."),
    )  # fmt: skip

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A whole place or none; without one a note."""
        data: dict[str, Any] = super().clean() or {}
        place = (data.get("latitude"), data.get("longitude"))
        if None in place:
            data["latitude"] = data["longitude"] = data["accuracy_m"] = None
            if not data.get("note", "").strip():
                self.add_error("note", _("Without a place, say in a few words why."))
            return data
        data["latitude"], data["longitude"] = (round(Decimal(value), 6) for value in place if value is not None)
        data["accuracy_m"] = None if data.get("accuracy_m") is None else round(data["accuracy_m"])
        return data


class AnswerForm(forms.Form):
    """The answer to one checklist item."""

    answer = forms.ChoiceField(label=_("Answer"), widget=forms.RadioSelect)
    note = _text(3, label=_("What was found"), required=False)

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Anything but “conforms” needs the facts."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("answer") not in {None, "", Answer.CONFORM} and not data.get("note", "").strip():
            self.add_error("note", _("Not saved yet: write down the facts."))
        return data


class RecordForm(forms.ModelForm[Nonconformity]):
    """A nonconformity record; its degree follows from the answer."""

    class Meta:
        model = Nonconformity
        fields = ("department", "fact", "shown_by")
        widgets = {"fact": forms.Textarea(attrs={"rows": 3}), "shown_by": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shown_by"].choices = ClosedBy.choices  # type: ignore[attr-defined]


class ConcludeForm(forms.Form):
    """The limit of the rectification, where there is one."""

    days = forms.IntegerField(label=_("Working days to rectify"), min_value=1)

    def __init__(self, *args: Any, limit: int, rectify: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days = self.fields["days"]
        if not rectify:
            del self.fields["days"]
            return
        days.initial, days.widget.attrs["max"] = limit, limit
        days.help_text = _now("At most %(limit)s.") % {"limit": limit}

    @property
    def limit(self) -> int | None:
        """The limit, or None where nothing is rectified."""
        return self.cleaned_data.get("days")


YES_NO = (("yes", _("closed")), ("no", _("not closed")))


class VerificationForm(forms.Form):
    """For each nonconformity whether it is closed and how that was verified, and the opinion on the whole."""

    def __init__(self, *args: Any, records: Sequence[Nonconformity], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.records = records
        for record in records:
            self.fields[f"closed_{record.number}"] = forms.ChoiceField(
                label=_("Is it closed?"), choices=YES_NO, widget=forms.RadioSelect
            )
            self.fields[f"text_{record.number}"] = _text(2, label=_("How it was verified"))
        self.fields["opinion"] = _text(3, label=_("Opinion of the verification"), required=False)

    @property
    def findings(self) -> dict[int, Verified]:
        """What was verified, by the record's number."""
        data = self.cleaned_data
        return {r.number: Verified(data[f"closed_{r.number}"] == "yes", data[f"text_{r.number}"]) for r in self.records}


class ReportForm(forms.Form):
    """The leader's summary."""

    summary = _text(
        8,
        label=_("Summary of the report"),
        help_text=_("The team's conclusion in words; the decision makers read it first."),
    )
