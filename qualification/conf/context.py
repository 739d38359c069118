"""What every template may use."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Facts of the installation shown on every page."""
    return {"is_demo": settings.DEMO, "public_url": settings.PUBLIC_URL}
