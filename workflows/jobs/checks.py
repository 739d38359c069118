"""Start-up checks of the worker."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string


@register()
def sweeps_exist(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every sweep of the settings is a function that exists, once, with an interval of at least a second."""
    names = [name for name, _ in settings.SWEEPS]
    twice = sorted({name for name in names if names.count(name) > 1})
    found = [_fault(name, interval) for name, interval in settings.SWEEPS]
    found += [Error(f"SWEEPS names {name} more than once.", id="jobs.E003") for name in twice]
    return [fault for fault in found if fault is not None]


def _fault(name: str, interval: object) -> CheckMessage | None:
    try:
        sweep = import_string(name)
    except ImportError as error:
        return Error(f"SWEEPS names {name}, which cannot be imported: {error}", id="jobs.E001")
    if not callable(sweep) or not isinstance(interval, int) or interval < 1:
        return Error(f"SWEEPS: {name} must be a function with an interval of whole seconds.", id="jobs.E002")
    return None
