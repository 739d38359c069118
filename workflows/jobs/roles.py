"""Who looks after the worker."""

from __future__ import annotations

from qualification.accounts.enums import Role

READERS = (Role.SLA_ADMIN, Role.REGION_ADMIN, Role.JOINT_MEETING, Role.NATIONAL_VIEWER)
