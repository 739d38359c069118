"""A person's messages, and the list of mail that could not be delivered."""

from __future__ import annotations

import uuid as uuids
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from qualification import access
from qualification.pages.lists import Column, Filter, ListPage
from workflows.outbox import queries, rendering, services, tasks
from workflows.outbox.enums import DeliveryState, Kind
from workflows.outbox.models import Message

READ_CHOICES = (("no", pgettext_lazy("message", "unread")), ("yes", pgettext_lazy("message", "read")))


def _by_read(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(read_at__isnull=value == "no")


def _inbox_columns() -> list[Column]:
    return [
        Column("title", gettext_lazy("Message"), template="outbox/_title.html"),
        Column("reference", gettext_lazy("Case"), sort=("application__reference",)),
        Column("application__laboratory__name", gettext_lazy("Laboratory")),
        Column("created_at", gettext_lazy("When"), sort=("created_at",)),
        # What is unread stands first, the newest on top.
        Column("read_at", gettext_lazy("Read"), sort=("is_read", "-pk")),
    ]


@access.signed_in
@require_safe
def inbox(request: HttpRequest) -> HttpResponseBase:
    """The person's messages, the unread first."""
    rows = queries.inbox(request.user)
    listing = ListPage(
        request, rows, columns=_inbox_columns(), default_sort="read_at", file_name="messages",
        search=("application__reference", "application__laboratory__name", "facts__number"),
        filters=(
            Filter("read", gettext_lazy("Read or not"), READ_CHOICES, apply=_by_read),
            Filter("kind", gettext_lazy("Kind"), lambda: queries.kinds_of(request.user)),
        ),
    )  # fmt: skip
    if listing.wants_export:
        return listing.export()
    return render(request, "outbox/inbox.html", {"listing": listing, "unread": queries.unread_count(request.user)})


@access.signed_in
@require_safe
def message(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """One message; reading it here writes nothing."""
    found = _message(request, uuid)
    return render(request, "outbox/message.html", {"message": found, "rendered": rendering.render(found)})


@access.signed_in
@require_POST
def open_message(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Mark one message as read, then go on to where the reader wants: the message, the case or the list."""
    found = _message(request, uuid)
    services.mark_read(message=found, now=timezone.now())
    wanted = request.POST.get("to", "")
    if wanted == "case":
        return redirect(rendering.path_of(found, rendering.subject_of(found)) or "outbox:inbox")
    return redirect("outbox:inbox") if wanted == "inbox" else redirect("outbox:message", found.uuid)


def _message(request: HttpRequest, uuid: uuids.UUID) -> Message:
    return get_object_or_404(
        queries.visible_to(request.user).with_case().select_related("log__by", "authority"), uuid=uuid
    )


@access.signed_in
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all of the person's messages as read."""
    services.mark_all_read(user=request.user, now=timezone.now())  # type: ignore[arg-type]
    messages.success(request, _("All messages are marked as read."))
    return redirect("outbox:inbox")


def _delivery_columns() -> list[Column]:
    return [
        Column("message__recipient", gettext_lazy("Recipient"), sort=("message__recipient__name",)),
        Column("address", gettext_lazy("Address"), sort=("address",)),
        Column("message__title", gettext_lazy("Message")),
        Column("message__reference", gettext_lazy("Case"), sort=("message__application__reference",)),
        Column("state", gettext_lazy("State"), sort=("state", "-pk"), template="outbox/_delivery_state.html",
               value=lambda row: row.get_state_display()),
        Column("attempts", gettext_lazy("Tries"), sort=("attempts",), is_number=True),
        Column("last_error", gettext_lazy("Last error")),
        Column("next_try_at", gettext_lazy("Next try"), sort=("next_try_at",)),
    ]  # fmt: skip


@access.roles(*queries.WATCHERS)
@require_safe
def deliveries(request: HttpRequest) -> HttpResponseBase:
    """Mail of the person's authorities that has not left, what was given up first."""
    rows = queries.deliveries_visible_to(request.user).exclude(state=DeliveryState.SENT)
    listing = ListPage(
        request, rows.select_related("message__recipient", "message__application"), columns=_delivery_columns(),
        default_sort="state", file_name="undelivered",
        search=("address", "message__recipient__name", "message__application__reference", "last_error"),
        filters=(
            Filter("state", gettext_lazy("State"), [(s.value, s.label) for s in DeliveryState if s != DeliveryState.SENT]),
            Filter("message__kind", gettext_lazy("Kind"), Kind.choices),
        ),
    )  # fmt: skip
    if listing.wants_export:
        return listing.export()
    return render(request, "outbox/deliveries.html", {"listing": listing})


@access.roles(*queries.WATCHERS)
@require_POST
def send_again(request: HttpRequest, uuid: uuids.UUID) -> HttpResponse:
    """Send one given-up mail again."""
    delivery = get_object_or_404(queries.deliveries_visible_to(request.user), uuid=uuid)
    try:
        services.replay(delivery=delivery, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except services.ReplayRefused as refusal:
        messages.error(request, str(refusal))
    else:
        transaction.on_commit(tasks.send_now.enqueue)
        messages.success(request, _("The message is sent again."))
    return redirect("outbox:deliveries")
