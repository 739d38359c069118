"""Who may read and write the evidence of a check: registered with the files."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import rules
from django.utils.translation import gettext as _

from qualification import door
from qualification.accounts.enums import LABORATORY_ROLES
from qualification.assessments.enums import CheckState
from qualification.assessments.models import CommitmentCheck

CHECK_KIND = "commitment_check"
EVIDENCE = "check_evidence"


def _check(owner_id: uuid.UUID) -> CommitmentCheck | None:
    rows = CommitmentCheck.objects.select_related("application__authority__profile", "application__assessment")
    return rows.filter(uuid=owner_id).first()


def may_read_evidence(user: Any, owner_id: uuid.UUID) -> bool:
    """Whoever sees the case; its laboratory once the check is recorded."""
    check = _check(owner_id)
    if check is None or not rules.has_perm("assessments.CommitmentCheck.see", user, check):
        return False
    is_own = user.has_role(*LABORATORY_ROLES, laboratory_id=check.application.laboratory_id)
    return not is_own or check.state in CheckState.concluded()


def may_write_evidence(user: Any, owner_id: uuid.UUID) -> bool:
    """The team, while it checks."""
    check = _check(owner_id)
    return check is not None and may_add(user, check)


def may_add(user: Any, check: CommitmentCheck) -> bool:
    """Whether the person may add evidence now: of the team, while it checks."""
    is_open = check.state == CheckState.ORDERED and check.application.assessment.state == "checking"
    return is_open and bool(rules.has_perm("assessments.CommitmentCheck.add_evidence", user, check))


def lock_evidence(owner_id: uuid.UUID) -> Callable[[Any], bool]:
    """Nobody records a check while a file of it arrives: the door locks the same row."""
    check = _check(owner_id)
    if check is None:
        return lambda user: False
    door.lock(check)
    return lambda user: may_write_evidence(user, owner_id)


def titles_of(owner_id: uuid.UUID) -> dict[tuple[str, str], str]:
    """How the slots of a check are called."""
    from documents.queries import slots_of

    return {
        (slot.code, slot.label): _("Evidence of the check %(number)s") % {"number": slot.label}
        for slot in slots_of(CHECK_KIND, owner_id)
    }


def register() -> None:
    """Tell the files who may do what; called at start-up."""
    from documents.access import register_lock, register_owner, register_titles

    register_owner(CHECK_KIND, may_read=may_read_evidence, may_write=may_write_evidence)
    register_lock(CHECK_KIND, lock_evidence)
    register_titles(CHECK_KIND, titles_of)
