"""Who may read and write the files and the capability tables of a case: registered with the layers that ask."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import rules

from qualification.accounts.enums import LABORATORY_ROLES
from qualification.applications.models import Application
from qualification.applications.queries import OWNER_KIND, REPORT_KIND
from qualification.statements import Statement


def may_read_files(user: Any, owner_id: uuid.UUID) -> bool:
    """Files of a case: whoever sees the case."""
    application = _case(owner_id)
    return application is not None and bool(rules.has_perm("applications.Application.see", user, application))


def may_read_report(user: Any, application: Application) -> bool:
    """The assessment report: the team and staff who see the case; its laboratory once the decision is released."""
    if not rules.has_perm("applications.Application.see", user, application):
        return False
    is_own = user.has_role(*LABORATORY_ROLES, laboratory_id=application.laboratory_id)
    return not is_own or application.released_at is not None


def _may_read_report_file(user: Any, owner_id: uuid.UUID) -> bool:
    application = _case(owner_id)
    return application is not None and may_read_report(user, application)


def may_write_files(user: Any, owner_id: uuid.UUID) -> bool:
    """Files of a case: its laboratory, while it has something to hand in."""
    application = next(BY_UUID.instances(owner=owner_id), None)
    return application is not None and may_hand_in(user, application)


def _by_uuid(owner: uuid.UUID) -> Any:
    return Application.objects.filter(uuid=owner)


def _with_requests(owner: uuid.UUID) -> Any:
    return _by_uuid(owner).select_related("supplement", "assessment__rectification", "authority")


def _locked(owner: uuid.UUID) -> Any:
    return _by_uuid(owner).select_for_update(of=("self",), no_key=True)


# A draft needs nothing beside it; what it does not need is not read.
BY_UUID = Statement(_by_uuid, owner=uuid.UUID)
WITH_REQUESTS = Statement(_with_requests, owner=uuid.UUID)
LOCKED = Statement(_locked, owner=uuid.UUID)


def _case(owner_id: uuid.UUID) -> Application | None:
    return next(WITH_REQUESTS.instances(owner=owner_id), None)


def lock_files(owner_id: uuid.UUID) -> Callable[[Any], bool]:
    """Nobody hands a case in, or closes it, while one of its files arrives: the door locks the same row."""
    application = next(LOCKED.instances(owner=owner_id), None)
    return lambda user: application is not None and may_hand_in(user, application)


def may_hand_in(user: Any, application: Application) -> bool:
    """The laboratory writes while it drafts, supplements, supplies what the leader asked for, or rectifies."""
    if not user.has_role(*LABORATORY_ROLES, laboratory_id=application.laboratory_id):
        return False
    return application.state == "draft" or awaits_laboratory(application)


def awaits_laboratory(application: Application) -> bool:
    """Whether a side request waits for files of the laboratory."""
    supplement = getattr(application, "supplement", None)
    if application.state == "submitted":
        return supplement is not None and supplement.state == "sent"
    assessment = getattr(application, "assessment", None)
    if assessment is None or application.state != "in_review":
        return False
    rectification = getattr(assessment, "rectification", None)
    return assessment.state == "on_hold" or (rectification is not None and rectification.state == "open")


def may_read_table(user: Any, table: Any) -> bool:
    """A capability table: whoever sees its case."""
    return bool(rules.has_perm("applications.Application.see", user, table.application))


def may_edit_table(user: Any, table: Any) -> bool:
    """A capability table: the laboratory, in a draft or while a supplement is outstanding."""
    application = table.application
    return application.state in {"draft", "submitted"} and may_hand_in(user, application)


def _nobody(user: Any, owner_id: uuid.UUID) -> bool:
    return False


def register() -> None:
    """Tell the files and the tables who may do what; called at start-up."""
    from documents.access import register_lock, register_owner, register_titles
    from qualification.applications import pagenotes
    from qualification.applications.casefiles import titles_of
    from qualification.assessments.services.findings import may_judge
    from qualification.scope.access import register as register_tables

    register_owner(OWNER_KIND, may_read=may_read_files, may_write=may_write_files)
    register_lock(OWNER_KIND, lock_files)
    register_titles(OWNER_KIND, titles_of)
    pagenotes.register()
    register_owner(REPORT_KIND, may_read=_may_read_report_file, may_write=_nobody)
    register_tables(
        read=may_read_table,
        edit=may_edit_table,
        confirm=lambda user, table: (
            hasattr(table.application, "assessment") and may_judge(user, table.application.assessment)
        ),
    )
