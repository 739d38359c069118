"""States, answers and conclusions of an assessment."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Mode(models.TextChoices):
    ON_SITE = "on_site", pgettext_lazy("mode", "on site")
    COMMITMENT = "commitment", _("check of a commitment")


class AssessmentState(models.TextChoices):
    TEAMING = "teaming", _("waiting for the draw")
    OFFERING = "offering", _("team being formed")
    FILE_REVIEW = "file_review", _("file review")
    ON_HOLD = "on_hold", _("waiting for the laboratory's material")
    SCHEDULING = "scheduling", _("visit being arranged")
    VISITING = "visiting", _("visit")
    CHECKING = "checking", _("commitment being checked")
    RECTIFYING = "rectifying", _("rectification")
    REPORTING = "reporting", _("report being written")
    REPORTED = "reported", _("report handed in")
    TERMINATED = "terminated", _("terminated")

    @classmethod
    def open(cls) -> frozenset[AssessmentState]:
        """States in which the team or the laboratory must act."""
        return frozenset(cls) - {cls.REPORTED, cls.TERMINATED}

    @property
    def meta(self) -> dict[str, str]:
        """Label, icon and tone of the badge."""
        icon, tone = _BADGES.get(self, ("microscope", "info"))
        return {"label": str(self.label), "icon": icon, "tone": tone}


_BADGES = {
    AssessmentState.TEAMING: ("users", "info"),
    AssessmentState.OFFERING: ("users", "info"),
    AssessmentState.FILE_REVIEW: ("file-search", "info"),
    AssessmentState.ON_HOLD: ("hourglass", "warn"),
    AssessmentState.SCHEDULING: ("calendar", "info"),
    AssessmentState.CHECKING: ("clipboard-check", "info"),
    AssessmentState.RECTIFYING: ("tool", "warn"),
    AssessmentState.REPORTING: ("pencil", "info"),
    AssessmentState.REPORTED: ("circle-check", "good"),
    AssessmentState.TERMINATED: ("circle-x", "bad"),
}


class Answer(models.TextChoices):
    """Answer to one checklist item."""

    CONFORM = "conform", _("conforms")
    MOSTLY = "mostly", _("mostly conforms")
    NOT = "not", _("does not conform")
    NOT_APPLICABLE = "na", _("not applicable")


class Conclusion(models.TextChoices):
    """Conclusion of an on-site assessment."""

    CONFORM = "conform", _("conforms")
    MOSTLY = "mostly", _("mostly conforms")
    NOT = "not", _("does not conform")


class VisitState(models.TextChoices):
    DRAFT = "draft", _("being planned")
    PROPOSED = "proposed", _("proposed")
    AGREED = "agreed", pgettext_lazy("visit", "agreed")
    OTHER_ASKED = "other_asked", _("another date asked for")
    VOID = "void", _("void")


class RectificationState(models.TextChoices):
    DRAFT = "draft", _("being listed")
    OPEN = "open", _("laboratory rectifies")
    HANDED_IN = "handed_in", _("being verified")
    VERIFIED = "verified", _("verified")
    FAILED = "failed", pgettext_lazy("rectification", "failed")
    VOID = "void", _("void")


class CheckState(models.TextChoices):
    """The check of a commitment after the decision."""

    DRAFT = "draft", _("being prepared")
    ORDERED = "ordered", pgettext_lazy("commitment", "to be checked")
    DONE = "done", pgettext_lazy("commitment", "checked")
    SETTLED = "settled", _("proved false, licence revoked")
    VOID = "void", _("void")

    @classmethod
    def concluded(cls) -> frozenset[CheckState]:
        """States of a check that was made."""
        return frozenset({cls.DONE, cls.SETTLED})

    @property
    def meta(self) -> dict[str, str]:
        """Label, icon and tone of the badge."""
        icon, tone = _CHECK_BADGES.get(self, ("clipboard-list", "info"))
        return {"label": str(self.label), "icon": icon, "tone": tone}


_CHECK_BADGES = {
    CheckState.DONE: ("clipboard-check", "neutral"),
    CheckState.SETTLED: ("circle-x", "bad"),
    CheckState.VOID: ("x", "neutral"),
}


class CheckConclusion(models.TextChoices):
    """What the check of a commitment found (告知承诺核查)."""

    TRUE = "true", _("the commitment is true")
    MOSTLY = "mostly", _("the commitment is mostly true")
    FALSE = "false", _("the commitment is seriously untrue")

    @property
    def as_conclusion(self) -> Conclusion:
        """How the team's assessment is concluded with it."""
        return {"true": Conclusion.CONFORM, "mostly": Conclusion.MOSTLY}.get(self.value, Conclusion.NOT)


class ClosedBy(models.TextChoices):
    """How the closing of a nonconformity is shown."""

    DOCUMENTS = "documents", _("documents")
    ON_SITE = "on_site", _("on site")
    OTHER = "other", _("other")


class Anomaly(models.TextChoices):
    """What is odd about a check-in."""

    FAR = "far", _("far from the site")
    DAY = "day", _("outside the days of the visit")
    TWO_PLACES = "two_places", _("two places at once")
    NO_PLACE = "no_place", _("without a place")
