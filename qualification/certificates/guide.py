"""How to apply: the materials of each kind and the time limits, read from the data that the procedure itself uses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from qualification.applications.enums import OPEN_KINDS, Kind, Level, Procedure
from qualification.applications.models import MaterialType, Requirement
from qualification.regions import limits as dated_limits
from qualification.regions.models import Authority
from qualification.regions.settings import SETTINGS, UNIT_LABELS

LIMITS = (
    "acceptance_days", "supplement_days", "acceptance_after_supplement_days", "technical_review_days", "file_review_days", "rectification_max_days",
    "verification_days", "concurrence_days", "decision_days", "issue_days", "commitment_decision_days",
    "commitment_issue_days", "commitment_check_months", "commitment_check_at_once_days",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """A material that a kind wants, and in which words."""

    material: MaterialType
    level: str
    is_commitment: bool


@dataclass(frozen=True, slots=True)
class KindGuide:
    """One kind of application with its materials."""

    kind: Kind
    is_open: bool
    wanted: list[Wanted]


@dataclass(frozen=True, slots=True)
class Limit:
    """A time limit: the law's or the agreed number, and what each region has promised."""

    label: Any
    unit: Any
    default: int
    values: list[tuple[Authority, int]]

    @property
    def differing(self) -> list[tuple[Authority, int]]:
        """The regions whose promise differs."""
        return [(authority, days) for authority, days in self.values if days != self.default]


def kinds() -> list[KindGuide]:
    """Every kind with what it wants, in the order of the law."""
    by_kind: dict[str, list[Wanted]] = {}
    for row in Requirement.objects.select_related("material").order_by("material__position", "pk"):
        words = str(Level(row.level).label)
        by_kind.setdefault(row.kind, []).append(Wanted(row.material, words, row.procedure == Procedure.COMMITMENT))
    return [KindGuide(kind, kind in OPEN_KINDS, by_kind.get(kind.value, [])) for kind in Kind]


def limits() -> list[Limit]:
    """The time limits of the way, with the promises of the five regions."""
    return _limits(LIMITS)


def renewal() -> Limit:
    """How many months before a certificate ends its renewal must have been applied for."""
    return _limits(["renewal_months"])[0]


def _limits(keys: Iterable[str]) -> list[Limit]:
    regions = list(Authority.objects.real().select_related("profile").order_by("code"))
    today = timezone.localdate()
    in_force = dated_limits.current()
    return [_limit(key, regions, in_force, today) for key in keys]


def _limit(key: str, regions: list[Authority], in_force: dated_limits.Limits, today: dt.date) -> Limit:
    known = SETTINGS[key]
    promised = [(a, in_force.of(a.pk, key, today).value) for a in regions]
    return Limit(known.label, UNIT_LABELS[known.unit], in_force.of(None, key, today).value, promised)


def by_commitment() -> list[tuple[str, str, str]]:
    """Icon, title and words of what differs by notice and commitment."""
    return [
        ("writing-sign", _("Commit yourself"), _("For a first application, a renewal or an extension, except for special food and medical devices: hand in the signed commitment letter with the other materials.")),
        ("scale", _("Decision without a review"), _("After the acceptance the authority decides on your commitment; no team comes before.")),
        ("certificate", _("Certificate"), _("It says the abilities as you declared them.")),
        ("clipboard-check", _("Check on site"), _("A drawn team checks what you committed yourself to: at once after a first application or where a mandatory standard is concerned, else within the months below.")),
        ("alert-triangle", _("If it is untrue"), _("A seriously untrue commitment: the certificate is revoked, no application for three years, and the commitment procedure stays closed to you. Withdrawn by yourself, it is closed for that matter.")),
    ]  # fmt: skip


def steps() -> list[tuple[str, str, str]]:
    """Icon, title and words of each step."""
    return [
        ("file-text", _("Prepare"), _("Sign in as the laboratory's manager or member, answer a few questions; the page lists the materials and keeps what you enter.")),
        ("send", _("Submit"), _("The page says what is missing. Submit when nothing is; you get a receipt with the date from which the time limits run.")),
        ("inbox", _("Acceptance"), _("The authority accepts, asks once for everything that is missing, or says in writing why it does not accept. When your supplement is in, it decides without asking again.")),
        ("users", _("Team"), _("The team is drawn at random among the fit; the record of each draw can be checked here.")),
        ("microscope", _("Technical review"), _("The leader reads your file and agrees the date of the visit with you; the team confirms each ability at the site.")),
        ("tool", _("Rectification"), _("If something mostly conforms, you rectify within the time set; this time does not count against the review.")),
        ("scale", _("Decision"), _("Where a site lies in another region, its authority concurs first. The decision comes with its reasons.")),
        ("certificate", _("Certificate"), _("One certificate for all your sites, signed by each authority; its code opens the page that proves it.")),
    ]  # fmt: skip
