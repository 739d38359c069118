"""Start-up checks: every verb the flow waits for is a transition of the domain, and has a rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import rules
from django.apps import apps
from django.core import checks

from workflows.nodes import Verb


@checks.register("workflows")
def check_flow(app_configs: object, **kwargs: Any) -> list[checks.CheckMessage]:
    """Verbs of the flow against the transitions of the models."""
    from workflows.flows import ENDS, HANDS_OVER, VERBS

    return unknown_verbs(VERBS | ENDS | HANDS_OVER)


@checks.register("workflows")
def check_rules(app_configs: object, **kwargs: Any) -> list[checks.CheckMessage]:
    """Every transition of the domain has a rule; without one nobody could ever do it."""
    return [
        checks.Error(f"The transition {label}.{verb} has no rule.", id="workflows.E002")
        for label, verb in sorted(transitions())
        if not rules.perm_exists(f"{label}.{verb}")
    ]


def unknown_verbs(verbs: Iterable[Verb]) -> list[checks.CheckMessage]:
    """One error for each verb that no model has as a transition."""
    known = transitions()
    return [
        checks.Error(f"The flow waits for {label}.{verb}, which is no transition.", id="workflows.E001")
        for label, verb in sorted(set(verbs) - known)
    ]


def transitions() -> set[Verb]:
    """Every transition of every model with a protected state."""
    found = set()
    for model in apps.get_models():
        for name in dir(model):
            if not name.startswith("_") and hasattr(getattr(model, name, None), "_django_fsm"):
                found.add((model._meta.label, name))
    return found
