"""Mail servers that fail, for the tests."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend as Good
from django.core.mail.message import EmailMessage


class Down(BaseEmailBackend):
    """Does not answer at all."""

    def open(self) -> bool:
        raise ConnectionRefusedError("no mail server")

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        raise ConnectionRefusedError("no mail server")


class Choosy(Good):
    """Takes everything except what goes to the manager."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        for message in messages:
            if "lab.manager@example.cn" in message.to:
                raise smtplib.SMTPRecipientsRefused({message.to[0]: (550, b"no such mailbox")})
        return super().send_messages(messages)
