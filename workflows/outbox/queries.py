"""What each person sees of messages and deliveries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import BooleanField, ExpressionWrapper, Q

from qualification.accounts.enums import Role
from workflows.outbox.enums import Kind
from workflows.outbox.models import Delivery, DeliveryQuerySet, Message, MessageQuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from qualification.accounts.models import User

# Who sees to it that mail of their authority arrives.
WATCHERS = frozenset({Role.SLA_ADMIN, Role.REGION_ADMIN})


def visible_to(user: User | AnonymousUser) -> MessageQuerySet:
    """Messages to this person; the same rule as `outbox.Message.see`."""
    if not user.is_authenticated or not user.is_active:
        return Message.objects.none()
    return Message.objects.filter(recipient=user)


def inbox(user: User | AnonymousUser) -> MessageQuerySet:
    """The person's messages with what a line shows and whether they were read."""
    is_read = ExpressionWrapper(Q(read_at__isnull=False), output_field=BooleanField())
    return visible_to(user).with_case().annotate(is_read=is_read)


def unread_count(user: User | AnonymousUser) -> int:
    """How many messages the person has not opened."""
    return visible_to(user).unread().count()


def kinds_of(user: User | AnonymousUser) -> list[tuple[str, str]]:
    """The kinds of message the person has, by title in the reader's language."""
    kinds = visible_to(user).order_by().values_list("kind", flat=True).distinct()
    return sorted(((kind, str(Kind(kind).label)) for kind in kinds), key=lambda pair: pair[1])


def deliveries_visible_to(user: User | AnonymousUser) -> DeliveryQuerySet:
    """Deliveries of the authorities the person watches over; the same rule as `outbox.Delivery.see`."""
    if not user.is_authenticated or not user.is_active:
        return Delivery.objects.none()
    return Delivery.objects.filter(message__authority__in=user.authority_ids(WATCHERS))


def watches_mail(user: User | AnonymousUser) -> bool:
    """Whether the list of undelivered mail is for this person."""
    return bool(user.is_authenticated and user.has_role(*WATCHERS))
