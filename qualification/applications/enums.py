"""Kinds, procedures and states of an application and of what belongs to it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Kind(models.TextChoices):
    """Kinds of application (DOMAIN: first, renewal, extension, changes, cancellation)."""

    FIRST = "first", _("first")
    RENEWAL = "renewal", _("renewal")
    EXTENSION = "extension", _("extension of scope")
    ADDRESS = "address", _("change of address")
    STANDARD = "standard", _("change of standard")
    SIGNATORY = "signatory", _("change of authorised signatory")
    MANAGER = "manager", _("change of top or technical manager")
    OTHER = "other", _("other change")
    CANCELLATION = "cancellation", _("cancellation")


# Kinds that go the whole way here; the others are shown and cannot be submitted yet.
OPEN_KINDS = frozenset({Kind.FIRST, Kind.RENEWAL, Kind.EXTENSION, Kind.MANAGER})
ASSESSED_KINDS = frozenset({Kind.FIRST, Kind.RENEWAL, Kind.EXTENSION})
COMMITMENT_KINDS = frozenset({Kind.FIRST, Kind.RENEWAL, Kind.EXTENSION})
STAND_ALONE_KINDS = frozenset({Kind.FIRST, Kind.CANCELLATION, Kind.MANAGER})


class Procedure(models.TextChoices):
    GENERAL = "general", _("general procedure")
    COMMITMENT = "commitment", _("notice and commitment")


class ApplicationState(models.TextChoices):
    """The legal state of an application; labels are the staff's."""

    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("waiting for acceptance")
    IN_REVIEW = "in_review", _("in technical review")
    REVIEWED = "reviewed", _("waiting for the decision")
    DECIDED = "decided", _("decision pending release")
    GRANTED = "granted", _("waiting for the issue")
    ISSUING = "issuing", _("certificate being signed")
    ISSUED = "issued", _("certificate issued")
    NOT_ACCEPTED = "not_accepted", _("not accepted")
    LAPSED = "lapsed", _("lapsed")
    WITHDRAWN = "withdrawn", _("withdrawn")
    TERMINATED = "terminated", _("review terminated")
    REFUSED = "refused", _("refused")
    FILED = "filed", _("filed")

    @classmethod
    def final(cls) -> frozenset[ApplicationState]:
        """States after which nothing more happens."""
        return frozenset(
            {cls.ISSUED, cls.NOT_ACCEPTED, cls.LAPSED, cls.WITHDRAWN, cls.TERMINATED, cls.REFUSED, cls.FILED}
        )

    @classmethod
    def open(cls) -> frozenset[ApplicationState]:
        """States in which somebody of the authority must act."""
        return frozenset(cls) - cls.final() - {cls.DRAFT}

    @classmethod
    def withdrawable(cls) -> frozenset[ApplicationState]:
        """States in which the laboratory may still withdraw: before the decision."""
        return frozenset({cls.SUBMITTED, cls.IN_REVIEW, cls.REVIEWED})

    @property
    def laboratory_label(self) -> str:
        """The label told to the laboratory; a decision not released does not show."""
        return str(_LABORATORY_LABELS.get(self, self.label))

    @property
    def tone(self) -> str:
        """Tone of the state badge."""
        return _TONES.get(self, "info")

    @property
    def icon(self) -> str:
        """Icon of the state badge."""
        return _ICONS.get(self, "progress")

    def meta_for(self, audience: str) -> dict[str, str]:
        """Label, icon and tone of the badge; a decision not released does not show to the laboratory."""
        if audience not in {"laboratory", "public"}:
            return {"label": str(self.label), "icon": self.icon, "tone": self.tone}
        shown = ApplicationState.REVIEWED if self == ApplicationState.DECIDED else self
        return {"label": shown.laboratory_label, "icon": shown.icon, "tone": shown.tone}


# While a supplement is out the law's state stays “submitted”, but the act that is awaited is the laboratory's.
SUPPLEMENT_AWAITED = "supplement_awaited"
_AWAITED_LABELS = {
    "staff": _("supplement awaited"),
    "laboratory": _("to be supplemented by you"),
    "public": _("supplement awaited"),
}


def awaited_meta_for(audience: str) -> dict[str, str]:
    """Label, icon and tone of the badge while the laboratory's supplement is awaited."""
    return {"label": str(_AWAITED_LABELS[audience]), "icon": "file-plus", "tone": "warn"}


_LABORATORY_LABELS = {
    ApplicationState.SUBMITTED: _("submitted, being examined"),
    ApplicationState.IN_REVIEW: _("in technical review"),
    ApplicationState.REVIEWED: _("being decided"),
    ApplicationState.DECIDED: _("being decided"),
    ApplicationState.GRANTED: _("granted, certificate being issued"),
    ApplicationState.ISSUING: _("granted, certificate being issued"),
}
_TONES = {
    ApplicationState.DRAFT: "neutral",
    ApplicationState.ISSUED: "good",
    ApplicationState.FILED: "good",
    ApplicationState.GRANTED: "good",
    ApplicationState.ISSUING: "good",
    ApplicationState.NOT_ACCEPTED: "bad",
    ApplicationState.REFUSED: "bad",
    ApplicationState.TERMINATED: "bad",
    ApplicationState.LAPSED: "warn",
    ApplicationState.WITHDRAWN: "warn",
}
_ICONS = {
    ApplicationState.DRAFT: "pencil",
    ApplicationState.SUBMITTED: "inbox",
    ApplicationState.IN_REVIEW: "microscope",
    ApplicationState.REVIEWED: "scale",
    ApplicationState.DECIDED: "hourglass",
    ApplicationState.GRANTED: "certificate",
    ApplicationState.ISSUING: "writing-sign",
    ApplicationState.ISSUED: "circle-check",
    ApplicationState.FILED: "circle-check",
    ApplicationState.NOT_ACCEPTED: "circle-x",
    ApplicationState.REFUSED: "circle-x",
    ApplicationState.TERMINATED: "circle-x",
    ApplicationState.LAPSED: "clock-off",
    ApplicationState.WITHDRAWN: "arrow-back-up",
}


class SupplementState(models.TextChoices):
    DRAFT = "draft", _("being listed")
    SENT = "sent", _("waiting for the laboratory")
    HANDED_IN = "handed_in", _("handed in")
    LAPSED = "lapsed", pgettext_lazy("supplement", "lapsed")
    VOID = "void", _("void")


class TerminationState(models.TextChoices):
    DRAFT = "draft", _("being written")
    ASKED = "asked", _("waiting for consent")
    CONSENTED = "consented", _("consented")
    DENIED = "denied", _("denied")
    VOID = "void", _("void")


class ConcurrenceState(models.TextChoices):
    PREPARED = "prepared", _("prepared")
    REQUESTED = "requested", _("waiting for the answer")
    AGREED = "agreed", _("agreed")
    OBJECTED = "objected", _("objected")
    VOID = "void", _("void")


class Outcome(models.TextChoices):
    GRANT = "grant", _("grant")
    PART = "part", _("grant in part")
    REFUSE = "refuse", _("refuse")


class Level(models.TextChoices):
    """How strongly a kind of application wants a material."""

    REQUIRED = "required", _("required")
    IF_ANY = "if_any", _("where it applies")


class Per(models.TextChoices):
    """Once for what a material is wanted."""

    APPLICATION = "application", _("once")
    TABLE = "table", _("per site, food and non-food apart")
    SITE = "site", _("per site")
    CATEGORY = "category", _("per category applied for")
