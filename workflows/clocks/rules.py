"""Who may do what with a clock."""

from __future__ import annotations

from typing import Any, TypeGuard

import rules
from django.utils.translation import gettext_lazy as _

from qualification import door
from qualification.accounts.enums import LIMIT_ROLES, Role
from qualification.accounts.models import User
from qualification.certificates.models import Certificate
from qualification.regions.models import LimitEntry
from workflows.clocks.models import Clock, Contest


def may_see(user: User | None, clock: Clock) -> bool:
    """Whoever may see the case, or the certificate, sees its limits and how they are counted."""
    subject = clock.application or certificate_of(clock)
    return subject is not None and door.may(user, "see", subject)


def _is_person(user: Any) -> TypeGuard[User]:
    return isinstance(user, User) and user.is_active


def is_head(user: User | None, clock: Clock) -> bool:
    """Extensions are for the one who answers for the authority's decisions (Licensing Law 42)."""
    return _is_person(user) and user.has_role(Role.DECISION, authority_id=clock.authority_id)


def keeps_ledger(user: User | None, clock: Clock) -> bool:
    """The ledger is corrected by the time-limit administrator of the authority whose time it is."""
    return _is_person(user) and user.has_role(Role.SLA_ADMIN, authority_id=clock.authority_id)


def corrects_limits(user: User | None, entry: LimitEntry) -> bool:
    """A wrong entry is corrected by those who enter such: of an authority its administrators, of the law the meeting."""
    if not _is_person(user):
        return False
    if entry.authority_id is None:
        return door.may(user, "enter_law", entry)
    return user.has_role(*LIMIT_ROLES, authority_id=entry.authority_id)


def supervises(user: User | None, contest: Contest) -> bool:
    """A supervisor of the authority contests what the system did in its name."""
    return _is_person(user) and user.has_role(Role.SUPERVISOR, authority_id=contest.clock.authority_id)


def answers(user: User | None, contest: Contest) -> bool:
    """A decision maker of the authority answers, never the one who contests."""
    if not _is_person(user) or user.pk == contest.asked_by_id:
        return False
    return user.has_role(Role.DECISION, authority_id=contest.clock.authority_id)


def certificate_of(clock: Clock) -> Certificate | None:
    """The certificate a clock is about; None for a clock of a case."""
    if clock.subject_type != Certificate._meta.label:
        return None
    found: Certificate | None = Certificate.objects.filter(pk=clock.subject_id).select_related("authority").first()
    return found


_ONLY_ANSWER = _("Only a decision maker of the authority answers a contest, and never the one who contests.")

TABLE: dict[str, tuple[Any, Any]] = {
    "clocks.Clock.see": (may_see, ""),
    "clocks.Clock.extend": (is_head, _("Only the one who decides for the authority may extend a limit.")),
    "clocks.Clock.correct": (
        keeps_ledger, _("Only the time-limit administrator of the authority corrects its ledger.")),
    "regions.LimitEntry.correct": (
        corrects_limits, _("Only those who enter such limits correct an entry: a region's administrators, or for the law the joint meeting.")),
    "clocks.Contest.ask": (supervises, _("Only a supervisor of the authority contests an outcome.")),
    "clocks.Contest.uphold": (answers, _ONLY_ANSWER),
    "clocks.Contest.set_aside": (answers, _ONLY_ANSWER),
}  # fmt: skip

for _name, (_rule, _sentence) in TABLE.items():
    rules.add_perm(_name, rules.predicate(_rule))
    if _sentence:
        door.reasons.sentences[_name] = _sentence
