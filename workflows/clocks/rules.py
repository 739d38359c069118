"""Who may do what with a clock."""

from __future__ import annotations

import rules

from qualification import door
from qualification.accounts.enums import Role
from qualification.accounts.models import User
from workflows.clocks.models import Clock


def may_see(user: User | None, clock: Clock) -> bool:
    """Whoever may see the case sees its limits and how they are counted."""
    return clock.application is not None and door.may(user, "see", clock.application)


def is_head(user: User | None, clock: Clock) -> bool:
    """Extensions are for the one who answers for the authority's decisions (Licensing Law 42)."""
    return user is not None and user.has_role(Role.DECISION, authority_id=clock.authority_id)


rules.add_perm("clocks.Clock.see", rules.predicate(may_see))
rules.add_perm("clocks.Clock.extend", rules.predicate(is_head))
