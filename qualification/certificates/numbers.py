"""The 12-digit certificate number `YY AA FF MM NNNN`: gapless, never used twice."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from qualification import door
from qualification.certificates.models import NumberCounter
from qualification.regions.settings import setting

if TYPE_CHECKING:
    from qualification.regions.models import Authority

logger = logging.getLogger(__name__)

LAST_SERIAL = 9999
FOOD = "00"


class NumbersExhausted(door.DoorError):
    """The year's serials of an authority are used up; nothing is issued."""


def take(*, authority: Authority, year: int, field_code: str, ministry_code: str) -> str:
    """Take the next number of the year; call it in the transaction that creates the certificate.

    The counter's row stays locked until that transaction ends, so a rolled-back issue gives its number
    back and no other can have taken the one after. Raises NumbersExhausted past 9999.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A certificate number is taken only inside the transaction that uses it.")
    NumberCounter.objects.get_or_create(year=year, authority=authority)
    counter = NumberCounter.objects.select_for_update(of=("self",), no_key=True).get(year=year, authority=authority)
    if counter.last_serial >= LAST_SERIAL:
        logger.critical("Certificate numbers of authority %s for %s are exhausted.", authority.code, year)
        raise NumbersExhausted(
            _("The certificate numbers of %(year)s are used up (9999); nothing was issued. Tell the joint meeting.")
            % {"year": year}
        )
    counter.last_serial += 1
    counter.save(update_fields=["last_serial"])
    if counter.last_serial >= setting(authority, "serial_warning"):
        logger.warning(
            "Authority %s has used %s of 9999 certificate numbers of %s.", authority.code, counter.last_serial, year
        )
    return f"{year % 100:02d}{authority.code}{field_code}{ministry_code}{counter.last_serial:04d}"
