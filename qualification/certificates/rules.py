"""Who may do what to certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rules
from django.utils.translation import gettext_lazy as _

from qualification import door
from qualification.accounts.enums import NATIONAL_ROLES, STAFF_ROLES, Role
from qualification.applications.rules import is_person, is_system

if TYPE_CHECKING:
    from qualification.accounts.models import User


@rules.predicate
def decides_at_issuer(user: User, certificate: Any) -> bool:
    """Decision maker of the authority that issued it."""
    return user.has_role(Role.DECISION, authority_id=certificate.authority_id)


@rules.predicate
def sees_certificate(user: User, certificate: Any) -> bool:
    """Its laboratory, staff of the five authorities and the national roles; trial ones only their own."""
    if certificate.laboratory_id in user.laboratory_ids():
        return True
    if certificate.authority.is_trial:
        return user.has_role(*STAFF_ROLES, authority_id=certificate.authority_id)
    return user.has_role(*STAFF_ROLES, *NATIONAL_ROLES)


_ONLY_DECISION = _("Only a decision maker of the authority that issued the certificate ends it.")
ENDS = is_person & decides_at_issuer

TABLE: dict[str, tuple[Any, Any]] = {
    "certificates.Certificate.see": (is_person & sees_certificate, ""),
    "certificates.Certificate.activate": (is_system, ""),
    "certificates.Certificate.expire": (is_system, _("A certificate expires by time alone.")),
    "certificates.Certificate.close_renewal": (is_system, _("Time alone ends the period to apply for a renewal.")),
    "certificates.Certificate.deem_renewed": (is_system, _("The law alone deems a certificate renewed.")),
    "certificates.Certificate.end_deemed_renewal": (
        is_system | ENDS,
        _("Only a decision maker of the authority that issued the certificate ends a deemed renewal."),
    ),
    "certificates.Certificate.cancel": (is_system | ENDS, _ONLY_DECISION),
    "certificates.Certificate.revoke": (ENDS, _ONLY_DECISION),
    "certificates.Certificate.recall": (ENDS, _ONLY_DECISION),
    "certificates.Certificate.withdraw_by_law": (ENDS, _ONLY_DECISION),
    "certificates.Edition.store": (is_system, ""),
}

for _name, (_rule, _sentence) in TABLE.items():
    rules.add_perm(_name, _rule)
    if _sentence:
        door.reasons.sentences[_name] = _sentence
