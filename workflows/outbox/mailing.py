"""One message as a mail: plain text and simple HTML, in its reader's language."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.utils import DNS_NAME
from django.template.loader import render_to_string
from django.utils import translation

from workflows.outbox.models import Delivery
from workflows.outbox.rendering import inbox_url, render


def send(delivery: Delivery, connection: BaseEmailBackend) -> None:
    """Send one delivery. Raises what the connection raises; nothing is written.

    The Message-ID is the delivery's own, so a mail sent again after a crash is the same mail to its receiver.
    """
    mail = compose(delivery)
    mail.connection = connection
    mail.send()


def compose(delivery: Delivery) -> EmailMultiAlternatives:
    """The mail of a delivery."""
    message = delivery.message
    reader = message.recipient
    rendered = render(message, reader.language)
    with translation.override(reader.language):
        facts = {
            "rendered": rendered, "reader": str(reader), "inbox_url": inbox_url(message),
            "authority": message.authority.name,
        }  # fmt: skip
        plain = render_to_string("mail/message.txt", facts)
        html = render_to_string("mail/message.html", {**facts, "language": reader.language})
    mail = EmailMultiAlternatives(
        rendered.headline, plain.strip() + "\n", settings.DEFAULT_FROM_EMAIL, [delivery.address],
        headers={"Message-ID": f"<{delivery.uuid}@{DNS_NAME}>", "Auto-Submitted": "auto-generated"},
    )  # fmt: skip
    mail.attach_alternative(html, "text/html")
    return mail
