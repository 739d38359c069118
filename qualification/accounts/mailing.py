"""The mail that lets a person set a password."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from qualification.accounts.models import User


def password_link(person: User) -> str:
    """An address that lets its reader set this person's password, once and for some days."""
    key = default_token_generator.make_token(person)
    uid = user_pk_to_url_str(person)
    return settings.PUBLIC_URL + reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": key})


def send_password_link(person: User) -> None:
    """Send the link in the person's language. Raises what the mail server raises; nothing is written."""
    with translation.override(person.language):
        context = {"person": person, "link": password_link(person), "days": settings.PASSWORD_RESET_TIMEOUT // 86_400}
        text = render_to_string("accounts/mail/password_link.txt", context)
        send_mail(_("Set your password for Tongzheng"), text, None, [person.email])
