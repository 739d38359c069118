"""Outline icons of @tabler/icons, inlined into the page."""

from __future__ import annotations

import logging
import re
from functools import cache

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from qualification.conf.environment import env

logger = logging.getLogger(__name__)


class IconMissing(LookupError):
    """No icon of this name is installed."""


@cache
def shapes(name: str) -> str:
    """The drawing inside the icon's svg element. Raises IconMissing."""
    path = env.node_modules / "@tabler/icons/icons/outline" / f"{name}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not path.is_file():
        raise IconMissing(f"No icon {name!r} in {path.parent}. Run `npm ci`, or take a name of tabler.io/icons.")
    found = re.findall(r"<(?:path|circle|rect|line|polyline|polygon|ellipse)\b[^>]*/>", path.read_text())
    return "".join(shape for shape in found if 'stroke="none"' not in shape)


def svg(name: str, label: str = "") -> SafeString:
    """The icon. Hidden from screen readers unless it has a label of its own."""
    try:
        drawing = mark_safe(shapes(name))  # noqa: S308 - files of the installed package, no user input
    except IconMissing:
        logger.exception("A page asks for an icon that is not installed")
        return SafeString()
    says = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
        ' stroke-width="2" stroke-linecap="round" stroke-linejoin="round" {}>{}</svg>',
        says,
        drawing,
    )
