"""The application, its materials, and the side requests that belong to it."""

from qualification.applications.models.application import Application
from qualification.applications.models.decisions import Decision, DraftConflict
from qualification.applications.models.materials import MaterialType, Requirement
from qualification.applications.models.requests import (
    CaseRow,
    Concurrence,
    SupplementItem,
    SupplementRequest,
    TerminationRequest,
)

__all__ = [
    "Application",
    "CaseRow",
    "Concurrence",
    "Decision",
    "DraftConflict",
    "MaterialType",
    "Requirement",
    "SupplementItem",
    "SupplementRequest",
    "TerminationRequest",
]
