"""For whom a page about a case is made: what each may be told, and in which words."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from qualification.applications import rules
from qualification.applications.enums import ApplicationState as State

if TYPE_CHECKING:
    from qualification.accounts.models import User
    from qualification.applications.models import Application


class Audience(StrEnum):
    """What somebody is to a case; where there are several, the first that fits counts."""

    LABORATORY = "laboratory"
    LEAD = "lead"
    SITE = "site"
    NATIONAL = "national"
    TEAM = "team"
    OFFERED = "offered"

    @property
    def sees_internal(self) -> bool:
        """Draws, offers and answers of the other authorities are the authorities' own business."""
        return self in {Audience.LEAD, Audience.SITE, Audience.NATIONAL}

    @property
    def sees_pending(self) -> bool:
        """A decision that is not released is known to the lead authority alone."""
        return self == Audience.LEAD


def audience_of(user: User, application: Application) -> Audience | None:
    """What the person is to the case; None: nothing, and the case is not theirs to see."""
    if rules.acts_for_laboratory(user, application):
        return Audience.LABORATORY
    if application.state == State.DRAFT:
        return None
    for audience, predicate in _BY_RULE:
        if predicate(user, application):
            return audience
    return None


_BY_RULE = (
    (Audience.LEAD, rules.is_staff_at_lead),
    (Audience.SITE, rules.is_staff_of_a_site),
    (Audience.NATIONAL, rules.is_national),
    (Audience.TEAM, rules.has_team_access),
    (Audience.OFFERED, rules.has_offer),
)


def shown_state(application: Application, *, sees_pending: bool) -> State:
    """The state as it may be told: a pending decision is still being decided."""
    state = application.state_enum
    return State.REVIEWED if state == State.DECIDED and not sees_pending else state


def badge(application: Application, *, sees_pending: bool, is_laboratory: bool) -> dict[str, str]:
    """Label, icon and tone of a case's state for its reader."""
    reader = "laboratory" if is_laboratory else "staff"
    if application.is_awaiting_supplement:
        return application.state_meta_for(reader)
    state = shown_state(application, sees_pending=sees_pending)
    label = state.laboratory_label if is_laboratory else str(state.label)
    return {"label": label, "icon": state.icon, "tone": state.tone}


def badge_of(application: Application, audience: Audience) -> dict[str, str]:
    """The badge of a case for its reader."""
    return badge(application, sees_pending=audience.sees_pending, is_laboratory=audience == Audience.LABORATORY)
