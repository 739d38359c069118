"""Who may read a message, and who may send one again."""

from __future__ import annotations

import rules
from django.utils.translation import gettext_lazy as _

from qualification import door
from qualification.accounts.models import User
from workflows.outbox.models import Delivery, Message
from workflows.outbox.queries import WATCHERS


@rules.predicate
def is_recipient(user: User | None, message: Message) -> bool:
    """A message is its reader's alone."""
    return user is not None and user.is_active and message.recipient_id == user.pk


@rules.predicate
def watches_over(user: User | None, delivery: Delivery) -> bool:
    """Administrator of the authority that must see to it that the message arrives."""
    return user is not None and user.is_active and delivery.message.authority_id in user.authority_ids(WATCHERS)


rules.add_perm("outbox.Message.see", is_recipient)
rules.add_perm("outbox.Delivery.see", watches_over)
rules.add_perm("outbox.Delivery.replay", watches_over)
door.reasons.sentences["outbox.Delivery.replay"] = _("Only an administrator of the authority sends a message again.")
