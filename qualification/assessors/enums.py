"""Grades, ties and answers of assessors."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Grade(models.TextChoices):
    MEMBER = "member", _("assessor")
    LEADER = "leader", _("lead assessor")
    EXPERT = "expert", _("technical expert")


class Standing(models.TextChoices):
    GOOD = "good", _("in good standing")
    WARNED = "warned", _("warned")
    SUSPENDED = "suspended", _("suspended")
    REMOVED = "removed", _("removed")


# Who may be drawn: a warning does not take an assessor out of the pool.
DRAWABLE_STANDINGS = frozenset({Standing.GOOD, Standing.WARNED})


class TieKind(models.TextChoices):
    """Grounds for recusal: ties to a laboratory."""

    EMPLOYED = "employed", _("employed by the laboratory")
    CONSULTED = "consulted", _("consulted for the laboratory")
    TRAINED = "trained", _("trained the laboratory")
    FAMILY = "family", _("family of somebody in the laboratory")


class SeatRole(models.TextChoices):
    LEADER = "leader", _("leader")
    MEMBER = "member", _("member")


class OfferState(models.TextChoices):
    DRAWN = "drawn", _("drawn")
    SENT = "sent", _("waiting for the answer")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")
    EXPIRED = "expired", pgettext_lazy("offer", "expired")
    VOID = "void", _("void")

    @classmethod
    def open(cls) -> frozenset[OfferState]:
        """States in which the seat waits for this assessor."""
        return frozenset({cls.DRAWN, cls.SENT})


class Exclusion(models.TextChoices):
    """Why an assessor was not among the candidates of a draw."""

    STANDING = "standing", _("suspended or removed")
    CERTIFICATE = "certificate", _("certificate not valid on the day of the draw")
    FIELD = "field", _("no field of competence in common with the application")
    GRADE = "grade", _("not a lead assessor")
    AWAY = "away", _("not available in this period")
    TIE = "tie", _("recused: tie to the laboratory")
    RECENT = "recent", _("recused: assessed this laboratory within the set years")
    TEAM = "team", _("already in this team")
    ANSWERED = "answered", _("already declined or let this offer expire")
    CONFLICT = "conflict", _("handles this case for an authority or belongs to the laboratory")
