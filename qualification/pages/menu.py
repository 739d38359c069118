"""The navigation: each part registers its entries; who sees which follows from the entry's own predicate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

Visible = Callable[[Any], bool]
Unread = Callable[[Any], int]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation."""

    key: str
    label: str | Promise
    url_name: str
    icon: str
    visible: Visible
    order: int

    def url(self) -> str | None:
        """The address, or None while no such page is installed."""
        try:
            return reverse(self.url_name)
        except NoReverseMatch:
            return None


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as the page shows it; a drop-down has `entries` and no address, and is current when one of them is."""

    key: str
    label: str
    url: str
    icon: str
    is_current: bool
    entries: tuple[Shown, ...] = ()


# More than these do not fit into one line on a common screen; then the last ones are folded up.
IN_ONE_LINE = 8
# What is folded up then: the public pages and what administrators keep.
FOLDED_FROM = 800


_entries: dict[str, Entry] = {}
_unread: list[Unread] = []


def register(key: str, label: str | Promise, url_name: str, icon: str, visible: Visible, order: int = 100) -> None:
    """Add an entry; the same key again replaces it. `visible` is asked with the request's user, who may be anonymous."""
    _entries[key] = Entry(key, label, url_name, icon, visible, order)


def register_unread(count: Unread) -> None:
    """Set who counts a person's unread messages. One counter for the site: the last registered."""
    _unread[:] = [count]


def unread_of(user: Any) -> int:
    """How many unread messages the person has; 0 for the anonymous visitor or without a counter."""
    if not user.is_authenticated or not _unread:
        return 0
    return _unread[0](user)


def entries_for(user: Any) -> list[tuple[Entry, str]]:
    """The entries the person may see, with their addresses, in order."""
    ordered = sorted(_entries.values(), key=lambda entry: (entry.order, entry.key))
    pairs = ((entry, entry.url()) for entry in ordered if entry.visible(user))
    return [(entry, url) for entry, url in pairs if url is not None]


def shown_on(request: HttpRequest) -> list[Shown]:
    """The navigation of this page; the entry with the longest address that the path begins with is current."""
    pairs = entries_for(request.user)
    urls = [url for __, url in pairs if url != "/" and request.path.startswith(url)]
    current = max(urls, key=len, default=request.path)
    return [Shown(entry.key, str(entry.label), url, entry.icon, url == current) for entry, url in pairs]


def folded_on(request: HttpRequest) -> list[Shown]:
    """The navigation of this page in one line: where there are too many entries, the last ones in a drop-down."""
    shown = shown_on(request)
    ahead = [entry for entry in shown if _entries[entry.key].order < FOLDED_FROM]
    rest = tuple(shown[len(ahead) :])
    if len(shown) <= IN_ONE_LINE or len(rest) < 2:
        return shown
    return [*ahead, Shown("more", _("More"), "", "dots", any(entry.is_current for entry in rest), rest)]


def home_of(user: Any) -> str | None:
    """Address of the first page of this person, or None."""
    return next((url for __, url in entries_for(user) if url != "/"), None)
