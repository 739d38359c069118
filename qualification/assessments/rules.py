"""Who may do what in an assessment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rules
from django.utils.translation import gettext_lazy as _

from qualification import door
from qualification.accounts.enums import Role
from qualification.applications.rules import (
    DECIDES,
    LABORATORY,
    LEADER,
    REMEDIES,
    SEES_CASE,
    at_lead,
    is_on_team,
    is_party,
    is_person,
    is_system,
    manages_laboratory,
)

if TYPE_CHECKING:
    from qualification.accounts.models import User


@rules.predicate
def sees_its_case(user: User, subject: Any) -> bool:
    """Sees the case the assessment belongs to."""
    return bool(SEES_CASE(user, door.case_of(subject)))


_ONLY_LEADER = _("Only the team's leader does this.")
_ONLY_LABORATORY = _("Only the laboratory does this.")
_ONLY_REMEDY = _("Only a decision maker who sets an outcome of the law aside does this.")

TABLE: dict[str, tuple[Any, Any]] = {
    "assessments.Assessment.see": (is_person & sees_its_case, ""),
    "assessments.Assessment.draw_team": (
        is_person & at_lead(Role.COORDINATOR), _("Only a review coordinator of the lead authority draws the team.")),
    "assessments.Assessment.draw_again": (
        is_system | is_person & at_lead(Role.COORDINATOR), _("Only a review coordinator of the lead authority draws the team.")),
    "assessments.Assessment.lack_candidates": (is_system, ""),
    "assessments.Assessment.complete_team": (is_system, ""),
    "assessments.Assessment.begin_check": (is_system, ""),
    "assessments.Assessment.close_check": (LEADER, _ONLY_LEADER),
    "assessments.Assessment.hold_file": (LEADER, _ONLY_LEADER),
    "assessments.Assessment.resume_file": (LABORATORY, _ONLY_LABORATORY),
    "assessments.Assessment.pass_file": (LEADER, _ONLY_LEADER),
    "assessments.Assessment.fail_file": (LEADER, _ONLY_LEADER),
    "assessments.Assessment.schedule": (LABORATORY, _ONLY_LABORATORY),
    "assessments.Assessment.conclude": (LEADER, _ONLY_LEADER),
    "assessments.Assessment.require_rectification": (LEADER, _ONLY_LEADER),
    "assessments.Assessment.close_rectification": (is_system | LEADER, _ONLY_LEADER),
    "assessments.Assessment.hand_in_report": (LEADER, _ONLY_LEADER),
    "assessments.Assessment.terminate": (is_system | DECIDES | is_person & manages_laboratory, ""),
    "assessments.Assessment.record": (
        is_person & is_on_team, _("Only the team records findings, and only during the visit.")),
    "assessments.Visit.propose": (LEADER, _ONLY_LEADER),
    "assessments.Visit.agree": (LABORATORY, _ONLY_LABORATORY),
    "assessments.Visit.ask_other": (LABORATORY, _ONLY_LABORATORY),
    "assessments.Visit.void": (is_party, ""),
    "assessments.Rectification.notify": (LEADER, _ONLY_LEADER),
    "assessments.Rectification.hand_in": (LABORATORY, _ONLY_LABORATORY),
    "assessments.Rectification.verify": (LEADER, _ONLY_LEADER),
    "assessments.Rectification.reject": (LEADER, _ONLY_LEADER),
    "assessments.Rectification.expire": (is_system, _("A rectification runs out by time alone.")),
    "assessments.Rectification.void": (is_party, ""),
    "assessments.Rectification.reopen": (REMEDIES, _ONLY_REMEDY),
    "assessments.Assessment.reopen_rectification": (REMEDIES, _ONLY_REMEDY),
    "assessments.CommitmentCheck.see": (is_person & sees_its_case, ""),
    "assessments.CommitmentCheck.add_evidence": (is_person & is_on_team, _("Only the team of the check adds evidence.")),
    "assessments.CommitmentCheck.order": (is_system | DECIDES, _("The decision alone orders the check.")),
    "assessments.CommitmentCheck.record": (LEADER, _ONLY_LEADER),
    "assessments.CommitmentCheck.revoke": (
        DECIDES, _("Only a decision maker of the lead authority who had no part in the case revokes what was granted.")),
    "assessments.CommitmentCheck.void": (is_system | DECIDES, ""),
}  # fmt: skip

for _name, (_rule, _sentence) in TABLE.items():
    rules.add_perm(_name, _rule)
    if _sentence:
        door.reasons.sentences[_name] = _sentence
