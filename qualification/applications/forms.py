"""Forms of the laboratory's pages: the questions before a draft, the facts of a draft, the answers in a case."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from qualification.applications.bars import commitment_closed
from qualification.applications.enums import OPEN_KINDS, STAND_ALONE_KINDS, Kind, Procedure
from qualification.applications.models import Application
from qualification.applications.queries import field_choices, ministry_choices
from qualification.applications.starting import NEEDS_CERTIFICATE, Choice, kinds_for, procedures, valid_certificates
from qualification.certificates.models import Certificate
from qualification.laboratories.enums import ManagerPost
from qualification.laboratories.models import Laboratory, Site
from qualification.pages.dates import say_date

if TYPE_CHECKING:
    from qualification.accounts.models import User

LONGEST_TEXT = 4000
# Facts without which a draft is not handed in: `missing_items` demands them, not the form.
WANTED_AT_THE_END = frozenset({
    "sites", "field_codes", "ministry_code", "system_since", "contact_name", "contact_phone", "manager_post", "manager_name",
})  # fmt: skip
# Posts whose change is filed with the authority.
FILED_POSTS = (ManagerPost.TOP, ManagerPost.TECHNICAL)


class CertificateField(forms.ModelChoiceField):
    """A certificate by its number and its last day."""

    def label_from_instance(self, obj: Any) -> str:
        return _("%(number)s, valid until %(day)s") % {"number": obj.number, "day": say_date(obj.valid_until)}


class SiteField(forms.ModelMultipleChoiceField):
    """Sites with their regions, because the region says which authority grants."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.authority.region})"


class KindsForm(forms.Form):
    """Which kinds are applied for, by which procedure, on which certificate."""

    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("What is it about?"), widget=forms.CheckboxSelectMultiple, choices=Kind.choices,
        error_messages={"required": gettext_lazy("Choose what the application is about.")},
    )  # fmt: skip
    certificate = CertificateField(
        queryset=Certificate.objects.none(), to_field_name="uuid", required=False,
        label=gettext_lazy("Existing certificate"), empty_label=gettext_lazy("Choose …"),
    )  # fmt: skip
    procedure = forms.ChoiceField(
        label=gettext_lazy("Procedure"), choices=Procedure.choices, initial=Procedure.GENERAL, required=False
    )

    def __init__(self, *args: Any, laboratory: Laboratory, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.laboratory = laboratory
        self.choices = kinds_for(laboratory, today)
        self.procedures = procedures(laboratory)
        certificates = valid_certificates(laboratory, today)
        self.only = certificates[0] if len(certificates) == 1 else None
        self.fields["certificate"].queryset = certificates  # type: ignore[attr-defined]

    @property
    def offered(self) -> list[Choice]:
        """The kinds that can be handed in here, those closed to this laboratory with the reason."""
        return [choice for choice in self.choices if choice.value in OPEN_KINDS]

    @property
    def later(self) -> str:
        """The kinds that nobody can hand in here yet, in words."""
        return str(_(", ")).join(choice.label for choice in self.choices if choice.value not in OPEN_KINDS)

    def clean_kinds(self) -> list[str]:
        """Only what is open to this laboratory, and alone what stands alone."""
        chosen: list[str] = self.cleaned_data["kinds"]
        for choice in self.choices:
            if choice.value in chosen and choice.why_not:
                raise forms.ValidationError(f"“{choice.label}”: {choice.why_not}")
        alone = [kind for kind in chosen if kind in STAND_ALONE_KINDS]
        if alone and len(chosen) > 1:
            label = Kind(alone[0]).label
            raise forms.ValidationError(_("“%s” stands alone; apply for the other kinds separately.") % label)
        return sorted(chosen)

    def clean_procedure(self) -> str:
        """The general procedure unless another one is chosen."""
        return str(self.cleaned_data["procedure"] or Procedure.GENERAL.value)

    def clean(self) -> dict[str, Any]:
        """The certificate belongs to every kind that builds on one, and to no other; a closed procedure is refused."""
        data = super().clean() or {}
        if not set(data.get("kinds", ())) & NEEDS_CERTIFICATE:
            data["certificate"] = None
        else:
            data["certificate"] = data.get("certificate") or self.only
            if data["certificate"] is None and "certificate" not in self.errors:
                self.add_error("certificate", _("Name the existing certificate."))
        self._demand_open(data)
        return data

    def _demand_open(self, data: dict[str, Any]) -> None:
        if data.get("procedure") == Procedure.COMMITMENT and data.get("kinds"):
            closed = commitment_closed(self.laboratory, data["kinds"], data.get("certificate"))
            if closed:
                self.add_error("procedure", closed)

    @property
    def chosen_procedure(self) -> str:
        """What is marked on the page: never a procedure that is closed to the laboratory."""
        open_ = {choice.value for choice in self.procedures if not choice.why_not}
        chosen = self["procedure"].value()
        return str(chosen) if chosen in open_ else Procedure.GENERAL.value

    @property
    def chosen(self) -> list[str]:
        """What is ticked on the page."""
        return list(self["kinds"].value() or [])


class FactsForm(forms.Form):
    """The facts of a draft. Nothing is required while it is a draft; `version` is the revision the page shows."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    manager_post = forms.ChoiceField(
        label=gettext_lazy("Post that changes"), required=False,
        choices=[("", gettext_lazy("Choose …")), *((p.value, p.label) for p in FILED_POSTS)],
    )  # fmt: skip
    manager_name = forms.CharField(label=gettext_lazy("Who takes it"), max_length=40, required=False)
    sites = SiteField(
        label=gettext_lazy("Sites applied for"), queryset=Site.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Each site gets its own capability table and equipment table."),
    )  # fmt: skip
    field_codes = forms.MultipleChoiceField(
        label=gettext_lazy("Fields of competence (FF)"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("The team is drawn among assessors of these fields."),
    )  # fmt: skip
    ministry_code = forms.ChoiceField(
        label=gettext_lazy("Ministry (MM)"), required=False,
        help_text=gettext_lazy("The ministry or trade to which the laboratory belongs; it is a part of the certificate number."),
    )  # fmt: skip
    system_since = forms.DateField(
        label=gettext_lazy("Management system in operation since"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
    contact_name = forms.CharField(label=gettext_lazy("Contact person"), max_length=80, required=False)
    contact_phone = forms.CharField(
        label=gettext_lazy("Contact telephone"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )
    contact_email = forms.EmailField(label=gettext_lazy("Contact mail"), max_length=254, required=False)
    note = forms.CharField(
        label=gettext_lazy("Remarks to the authority"), max_length=LONGEST_TEXT, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, application: Application) -> None:
        initial = {name: getattr(application, name) for name in facts_of(application)}
        sites = [] if application.pk is None else list(application.sites.order_by("pk").values_list("pk", flat=True))
        super().__init__(data, initial={**initial, "sites": sites, "version": application.revision})
        for name in set(self.fields) - {"version", *shown_facts(application)}:
            del self.fields[name]
        self._offer(application)

        self.use_required_attribute = False
        self._mark(is_required=True)

    def _mark(self, *, is_required: bool) -> None:
        for name in WANTED_AT_THE_END & set(self.fields):
            self.fields[name].required = is_required

    def full_clean(self) -> None:
        """What must stand there at the end is told as required, and may still be empty when a draft is saved."""
        self._mark(is_required=False)
        super().full_clean()
        self._mark(is_required=True)

    def _offer(self, application: Application) -> None:
        if "sites" not in self.fields:
            return
        sites = Site.objects.filter(laboratory_id=application.laboratory_id, is_active=True)
        self.fields["sites"].queryset = sites.select_related("authority").order_by("pk")  # type: ignore[attr-defined]
        self.fields["field_codes"].choices = field_choices()  # type: ignore[attr-defined]
        self.fields["ministry_code"].choices = [("", _("Choose …")), *ministry_choices()]  # type: ignore[attr-defined]

    @property
    def revision(self) -> int:
        """The revision the page was made from; 0, which no draft has, when it was not told."""
        return self.cleaned_data.get("version") or 0

    @property
    def values(self) -> dict[str, Any]:
        """What may be saved: every fact that is well written, also when another one is not."""
        return {k: v for k, v in self.cleaned_data.items() if k not in {"version", "sites"}}

    @property
    def site_ids(self) -> list[int] | None:
        """The sites chosen; None where the page does not ask for them, or not rightly."""
        return sorted(s.pk for s in self.cleaned_data["sites"]) if "sites" in self.cleaned_data else None

    def move_on(self, revision: int) -> None:
        """What was well written is saved: the page goes on from the new revision."""
        data: Any = self.data
        self.data = data.copy()
        self.data["version"] = str(revision)  # type: ignore[index]

    @property
    def complaints(self) -> str:
        """What is not well written, in one line."""
        named = [(self.fields[n].label, errors) for n, errors in self.errors.items() if n in self.fields]
        return " ".join(f"{label}: {' '.join(map(str, errors))}" for label, errors in named)


MANAGER_FACTS = ("manager_post", "manager_name")
CONTACT_FACTS = ("contact_name", "contact_phone", "contact_email", "note")


def facts_of(application: Application) -> tuple[str, ...]:
    """The facts of a draft that are columns of it."""
    if Kind.MANAGER in application.kinds:
        return (*MANAGER_FACTS, *CONTACT_FACTS)
    first = ("system_since",) if Kind.FIRST in application.kinds else ()
    return ("field_codes", "ministry_code", *first, *CONTACT_FACTS)


def shown_facts(application: Application) -> set[str]:
    """The fields of the page: the facts, and the sites where something is granted by site."""
    return {*facts_of(application), *(() if Kind.MANAGER in application.kinds else ("sites",))}


class WithdrawForm(forms.Form):
    """Why an application is withdrawn."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("It is told to the authority and stands in the notice."),
        error_messages={"required": gettext_lazy("Say why the application is withdrawn.")},
    )  # fmt: skip


class SupplementForm(forms.Form):
    """What the laboratory says to its supplement."""

    answer = forms.CharField(
        label=gettext_lazy("Explanation"), max_length=LONGEST_TEXT, required=False, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("What was supplemented, point by point, and where it is found."),
    )  # fmt: skip


def laboratories_of(user: User) -> list[Laboratory]:
    """The laboratories for which the person may apply."""
    found = Laboratory.objects.filter(pk__in=user.laboratory_ids()).select_related("authority__profile")
    return list(found.order_by("name", "pk"))
