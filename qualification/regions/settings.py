"""What an authority may set: every setting with its default, its bounds and its source.

The defaults are the statutory limits or the values the field agrees on; a region's profile may only
shorten a statutory limit (承诺时限), never lengthen it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.regions.models import Authority, Profile


class Unit(StrEnum):
    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    MONTHS = "months"
    YEARS = "years"
    COUNT = "count"
    SWITCH = "switch"
    CHOICE = "choice"
    TIME = "time"
    KILOMETRES = "kilometres"


UNIT_LABELS = {
    Unit.WORKING_DAYS: _("working days"),
    Unit.CALENDAR_DAYS: _("calendar days"),
    Unit.MONTHS: _("calendar months"),
    Unit.YEARS: _("years"),
    Unit.COUNT: pgettext_lazy("unit", "number"),
    Unit.SWITCH: _("yes or no"),
    Unit.CHOICE: _("choice"),
    Unit.TIME: _("time of day"),
    Unit.KILOMETRES: _("kilometres"),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `maximum` of a statutory limit is the law's own number.

    A limit (`is_limit`) has dates of effect and is kept in `LimitEntry`, everything else in the profile; a statutory
    limit can only be shortened by a region.
    """

    key: str
    label: str | Promise
    default: Any
    unit: Unit
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[tuple[str, str | Promise], ...] = ()
    source: str | Promise = ""
    is_limit: bool = False
    is_statutory: bool = False

    def clean(self, value: Any) -> Any:
        """The value in its type; raises ValidationError with a sentence that says what is allowed."""
        if self.unit is Unit.SWITCH:
            return self._switch(value)
        if self.unit is Unit.CHOICE:
            return self._choice(value)
        if self.unit is Unit.TIME:
            return self._time(value)
        return self._number(value)

    def _switch(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        raise ValidationError(gettext("“%(label)s” is yes or no.") % {"label": self.label})

    def _choice(self, value: Any) -> str:
        if value in dict(self.choices):
            return str(value)
        raise ValidationError(gettext("“%(label)s”: choose one of the values offered.") % {"label": self.label})

    def _time(self, value: Any) -> str:
        try:
            return dt.time.fromisoformat(str(value)).strftime("%H:%M")
        except ValueError as error:
            raise ValidationError(
                gettext("“%(label)s”: give a time of day such as 09:00.") % {"label": self.label}
            ) from error

    def _number(self, value: Any) -> int:
        try:
            number = int(value)
        except (TypeError, ValueError) as error:
            raise ValidationError(gettext("“%(label)s”: give a whole number.") % {"label": self.label}) from error
        low, high = self.minimum, self.maximum
        if (low is not None and number < low) or (high is not None and number > high):
            raise ValidationError(
                gettext("“%(label)s” must be from %(low)s to %(high)s.")
                % {
                    "label": self.label,
                    "low": low if low is not None else "…",
                    "high": high if high is not None else "…",
                }
            )
        return number


def _limit(key: str, label: str | Promise, days: int, source: str | Promise, unit: Unit = Unit.WORKING_DAYS) -> Setting:
    return Setting(key, label, days, unit, minimum=1, maximum=days, source=source, is_limit=True, is_statutory=True)


def _agreed(
    key: str, label: str | Promise, days: int, low: int, high: int, unit: Unit = Unit.WORKING_DAYS,
    source: str | Promise = "",
) -> Setting:  # fmt: skip
    """A limit that the law leaves open: a region may set it within bounds, up or down."""
    return Setting(key, label, days, unit, low, high, source=source or FIELD_CUSTOM, is_limit=True)


def _reuse(code: str, material: str | Promise, months: int) -> Setting:
    """How long a file handed in before may be taken over into another application; 0 is never."""
    label = format_lazy("{} {}", _("Files are taken over from earlier applications for (0: never):"), material)
    return Setting(REUSABLE[code], label, months, Unit.MONTHS, 0, 72, source=FIELD_CUSTOM)


# Materials that are not signed for one application alone, each with the setting that says how old a copy may be.
REUSABLE = {
    code: f"reuse_{code}_months"
    for code in (
        "signatories", "organisation_chart", "staff_table", "equipment_table", "typical_report", "quality_manual",
        "legal_status", "premises", "current_certificate", "special_staff",
    )
}  # fmt: skip

ORDER_163 = _("Order 163 (2021)")
LICENSING_LAW = _("Administrative Licensing Law")
FIELD_CUSTOM = _("agreed by the joint meeting")

SETTINGS: dict[str, Setting] = {
    s.key: s
    for s in (
        _limit("acceptance_days", _("Acceptance decision or supplement notice"), 5, LICENSING_LAW),
        _limit("acceptance_after_supplement_days", _("Acceptance decision after the supplement"), 5, LICENSING_LAW),
        _agreed("supplement_days", _("Supplement by the laboratory"), 30, 5, 90, Unit.CALENDAR_DAYS),
        _agreed("offer_days", _("Assessor's answer to an offer"), 2, 1, 10),
        _limit("file_review_days", _("Leader's file review"), 5, ORDER_163),
        _limit("technical_review_days", _("Technical review"), 30, ORDER_163),
        _limit("rectification_max_days", _("Rectification, at most"), 30, ORDER_163),
        _limit("verification_days", _("Follow-up verification"), 5, ORDER_163),
        _agreed("concurrence_days", _("Concurrence of another region"), 3, 1, 10),
        _limit("decision_days", _("Decision"), 10, ORDER_163),
        _limit("decision_extension_days", _("Extension of the decision, at most"), 10, LICENSING_LAW),
        _limit("issue_days", _("Issue of the certificate"), 7, ORDER_163),
        _agreed("commitment_decision_days", _("Decision on a commitment"), 5, 1, 10),
        _agreed("commitment_issue_days", _("Issue after a commitment"), 7, 1, 7),
        _agreed("commitment_check_months", _("On-site check of a commitment"), 3, 1, 6, Unit.MONTHS, ORDER_163),
        _agreed("commitment_check_at_once_days", _("On-site check of a commitment that is due at once"), 5, 1, 10),
        Setting("rungs_at", _("Reminders of a day go out at"), "09:00", Unit.TIME, source=FIELD_CUSTOM),
        Setting("digest_at", _("The administrators' daily list of time limits goes out at"), "08:30", Unit.TIME, source=FIELD_CUSTOM),
        Setting("team_min", _("Members of a team, at least"), 2, Unit.COUNT, 2, 12, source=FIELD_CUSTOM),
        Setting("recusal_years", _("Same laboratory not assessed again within"), 3, Unit.YEARS, 0, 10, source=FIELD_CUSTOM),
        Setting("assessor_validity_years", _("Validity of an assessor's certificate"), 5, Unit.YEARS, 1, 10, source=FIELD_CUSTOM),
        Setting("assessor_access_days", _("Assessors see the case after the report for"), 30, Unit.CALENDAR_DAYS, 0, 365, source=FIELD_CUSTOM),
        Setting("issuer_not_decider", _("The issuer is not the decision maker"), True, Unit.SWITCH, source=FIELD_CUSTOM),
        Setting("not_applicable_allowed", _("A checklist item may be “not applicable”"), False, Unit.SWITCH, source=FIELD_CUSTOM),
        Setting("certificate_years", _("Validity of a certificate"), 6, Unit.YEARS, 1, 6, source=ORDER_163),
        Setting(
            "certificate_ends", _("A certificate ends"), "day_before", Unit.CHOICE,
            choices=(("same_day", _("on the same day of the year")), ("day_before", _("on the day before"))),
            source=FIELD_CUSTOM,
        ),
        _agreed("renewal_months", _("Renewal is applied for before expiry by"), 3, 1, 12, Unit.MONTHS, ORDER_163),
        Setting("renewal_first_reminder_months", _("First reminder to renew, before expiry by"), 6, Unit.MONTHS, 1, 24, source=FIELD_CUSTOM),
        Setting("renewal_second_reminder_months", _("Second reminder to renew, before expiry by"), 4, Unit.MONTHS, 1, 24, source=FIELD_CUSTOM),
        Setting(
            "deemed_renewal_refused", _("A refusal after a renewal was deemed granted"), "withdrawal", Unit.CHOICE,
            choices=(
                ("withdrawal", _("leaves it standing: it needs the withdrawal procedure")),
                ("ends", _("ends it: the certificate expires with the refusal")),
            ),
            source=LICENSING_LAW,
        ),
        Setting("system_run_months", _("Management system has run before a first application for"), 3, Unit.MONTHS, 0, 12, source=ORDER_163),
        _reuse("signatories", _("authorised signatories"), 12),
        _reuse("organisation_chart", _("organisation chart"), 12),
        _reuse("staff_table", _("staff table"), 12),
        _reuse("equipment_table", _("equipment table"), 12),
        _reuse("typical_report", _("typical reports"), 12),
        _reuse("quality_manual", _("quality manual, procedures"), 36),
        _reuse("legal_status", _("proof of legal status"), 36),
        _reuse("premises", _("right to use the premises"), 36),
        _reuse("current_certificate", _("current certificate"), 36),
        _reuse("special_staff", _("qualification of staff in special fields"), 36),
        Setting("checkin_radius_km", _("A check-in counts as on site within"), 2, Unit.KILOMETRES, 1, 100, source=FIELD_CUSTOM),
        Setting("serial_warning", _("Warn when the year's certificate serial reaches"), 9000, Unit.COUNT, 1, 9999, source=FIELD_CUSTOM),
    )
}  # fmt: skip


LIMITS: tuple[str, ...] = tuple(key for key, known in SETTINGS.items() if known.is_limit)


def setting(authority: Authority, key: str, *, on: dt.date | None = None) -> Any:
    """The authority's value of a setting, or the default; a limit's as it is in force today, or `on` a day.

    Raises KeyError for an unknown key.
    """
    known = SETTINGS[key]
    if known.is_limit:
        from qualification.regions import limits

        return limits.current().of(authority.pk, key, on or timezone.localdate()).value
    profile = getattr(authority, "profile", None)
    return known.default if profile is None else profile.values.get(key, known.default)


def change_setting(*, profile: Profile, key: str, value: Any, by: User, now: dt.datetime, reason: str = "") -> None:
    """Set one value that has no date of effect, after checking its bounds, and keep who changed what.

    Raises ValidationError with a sentence for the administrator.
    """
    from qualification.regions.models import ProfileChange

    known = SETTINGS[key]
    if known.is_limit:
        raise ValueError(f"{key} is a limit: it is entered with its date of effect.")
    new = known.clean(value)
    old = setting(profile.authority, key)
    if new == old:
        return
    profile.values[key] = new
    profile.updated_by = by
    profile.save()
    ProfileChange.objects.create(profile=profile, key=key, old=old, new=new, reason=reason, by=by, at=now)
