"""Forms of the authority's officers: findings, refusals, decisions, answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext_lazy as _

from qualification.applications.enums import Outcome
from qualification.applications.services.intake import Finding

# Where a refusal usually rests; the officer may name another article. Licensing Law 32 and 38: acceptance, decision;
# 78 and 79: bars after false material; Order 163, 9: the conditions.
ACCEPTANCE_ARTICLES = (
    "《行政许可法》第三十二条第一款第一项", "《行政许可法》第三十二条第一款第二项", "《行政许可法》第三十二条", "《行政许可法》第七十八条",
    "《行政许可法》第七十九条",
)  # fmt: skip
DECISION_ARTICLES = (
    "《行政许可法》第三十八条第二款",
    "《检验检测机构资质认定管理办法》第九条",
    "《行政许可法》第七十八条",
)
SEPARATOR = "|"
BLANK_LINES = 2


def article_field(list_id: str, *, required: bool = True) -> forms.CharField:
    """The article a refusal rests on; the page brings the list of proposals of this id."""
    return forms.CharField(
        label=_("Article"), max_length=200, required=required, widget=forms.TextInput(attrs={"list": list_id}),
        help_text=_("Choose one, or write another. It stands in the notice."),
    )  # fmt: skip


def text_field(label: Any, *, help_text: Any = "", required: bool = True) -> forms.CharField:
    """Some lines of text."""
    return forms.CharField(
        label=label, help_text=help_text, required=required, widget=forms.Textarea(attrs={"rows": 4})
    )


class FindingForm(forms.Form):
    """One thing to supplement; a line without words does not count."""

    slot = forms.ChoiceField(label=_("Material"), required=False)
    text = forms.CharField(
        label=_("What is wrong and what to do"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, slots: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slot"].choices = [("", _("in general")), *slots]  # type: ignore[attr-defined]

    def finding(self) -> Finding:
        """What was typed, as the service takes it."""
        code, __, label = self.cleaned_data.get("slot", "").partition(SEPARATOR)
        return Finding(self.cleaned_data.get("text", ""), code, label)


def findings_formset(
    slots: Iterable[tuple[str, str]], kept: Iterable[Any] = (), data: Any = None, *, new_slot: str = ""
) -> Any:
    """The officer's list: what was kept, and blank lines; the first blank one for the slot that was asked for."""
    factory = formset_factory(FindingForm, extra=0, max_num=200, absolute_max=200)
    if data is not None:
        return factory(data, prefix="finding", form_kwargs={"slots": list(slots)})
    initial = [{"slot": _slot(item.slot_code, item.slot_label), "text": item.text} for item in kept]
    blank = [{"slot": new_slot, "text": ""}] + [{"slot": "", "text": ""}] * (BLANK_LINES - 1)
    return factory(initial=initial + blank, prefix="finding", form_kwargs={"slots": list(slots)})


def findings_of(formset: Any) -> list[Finding]:
    """What was typed, without empty lines."""
    found = [form.finding() for form in formset.forms if form.is_valid()]
    return [finding for finding in found if finding.text.strip()]


def _slot(code: str, label: str) -> str:
    return f"{code}{SEPARATOR}{label}" if code else ""


def false_material_field() -> forms.BooleanField:
    """Whether a refusal rests on concealment or false material."""
    return forms.BooleanField(
        label=_("Refused for concealment or false material"), required=False,
        help_text=_("Bars the laboratory from applying for one year (Licensing Law, article 78)."),
    )  # fmt: skip


class RefuseAcceptanceForm(forms.Form):
    """Why an application is not accepted."""

    reasons = text_field(_("Reasons"), help_text=_("The laboratory reads them in the sealed notice."))
    article = article_field("articles")
    is_false_material = false_material_field()


class DecisionForm(forms.Form):
    """The outcome, and for anything but a full grant its reasons."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=Outcome.choices, widget=forms.RadioSelect)
    excluded_sites = forms.MultipleChoiceField(
        label=_("Sites left out"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Only with a grant in part: nothing is granted for these sites."),
    )  # fmt: skip
    reasons = text_field(_("Reasons"), required=False, help_text=_("Needed for a refusal, whole or in part."))
    article = article_field("articles", required=False)
    is_false_material = false_material_field()

    def __init__(self, *args: Any, sites: Iterable[Any] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(site.pk), f"{site.name} · {site.authority.region}") for site in sites]
        self.fields["excluded_sites"].choices = choices  # type: ignore[attr-defined]

    def clean_excluded_sites(self) -> list[int]:
        """The sites by their keys."""
        return [int(pk) for pk in self.cleaned_data["excluded_sites"]]


class RetractForm(forms.Form):
    """Why a pending decision is taken back."""

    reason = text_field(_("Reason"), help_text=_("Kept in the case; nobody outside the authority sees it."))


class ConcurForm(forms.Form):
    """The answer of another authority on its own sites."""

    answer = forms.ChoiceField(
        label=_("Answer"), choices=[("agree", _("We agree")), ("object", _("We object"))], widget=forms.RadioSelect
    )
    opinion = text_field(
        _("Opinion"), required=False, help_text=_("Needed for an objection. The lead authority reads it.")
    )


class AskTerminationForm(forms.Form):
    """Why a review should end."""

    reason = text_field(
        _("Why the review should end"),
        help_text=_("The decision maker reads it; with consent it stands in the notice."),
    )


class AnswerTerminationForm(forms.Form):
    """Whether a review ends."""

    answer = forms.ChoiceField(
        label=_("Answer"), choices=[("consent", _("Consent: the review and the case end")), ("deny", _("Do not consent: the review goes on"))],
        widget=forms.RadioSelect,
    )  # fmt: skip
    text = text_field(_("Explanation"), required=False, help_text=_("Needed when the review is to go on."))
