"""The roles people hold."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    LAB_MEMBER = "lab_member", _("laboratory member")
    LAB_MANAGER = "lab_manager", _("laboratory manager")
    INTAKE = "intake", _("intake officer")
    COORDINATOR = "coordinator", _("review coordinator")
    DECISION = "decision", _("decision maker")
    ISSUER = "issuer", _("issuer")
    SUPERVISOR = "supervisor", _("supervisor")
    SLA_ADMIN = "sla_admin", _("time-limit administrator")
    REGION_ADMIN = "region_admin", _("region administrator")
    ASSESSOR = "assessor", _("assessor")
    JOINT_MEETING = "joint_meeting", _("joint-meeting member")
    NATIONAL_VIEWER = "national_viewer", _("national viewer")


LABORATORY_ROLES = frozenset({Role.LAB_MEMBER, Role.LAB_MANAGER})
NATIONAL_ROLES = frozenset({Role.JOINT_MEETING, Role.NATIONAL_VIEWER})
AUTHORITY_ROLES = frozenset(Role) - LABORATORY_ROLES - NATIONAL_ROLES
# Staff who see every case of their authority; assessors see their own cases only.
STAFF_ROLES = AUTHORITY_ROLES - {Role.ASSESSOR}
# Who enters a region's time limits and corrects them.
LIMIT_ROLES = frozenset({Role.REGION_ADMIN, Role.SLA_ADMIN})
