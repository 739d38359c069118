"""Who looks after the worker."""

from __future__ import annotations

from qualification.accounts.enums import Role

# Who may set something going again.
KEEPERS = (Role.SLA_ADMIN, Role.REGION_ADMIN)
READERS = (Role.SLA_ADMIN, Role.REGION_ADMIN, Role.JOINT_MEETING, Role.NATIONAL_VIEWER)
