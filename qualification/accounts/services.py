"""Accounts and roles: who gave which to whom, when and why is kept in the log."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from qualification import door
from qualification.accounts import queries
from qualification.accounts.enums import LABORATORY_ROLES, NATIONAL_ROLES, STAFF_ROLES
from qualification.accounts.models import Membership, User
from qualification.models import TransitionLog

if TYPE_CHECKING:
    from qualification.laboratories.models import Laboratory
    from qualification.regions.models import Authority

# A laboratory's people do not act for those who judge it.
JUDGES = STAFF_ROLES | NATIONAL_ROLES


def add_person(
    *, name: str, email: str, phone: str, language: str, role: str, by: User, now: dt.datetime,
    authority: Authority | None = None, laboratory: Laboratory | None = None,
) -> User:  # fmt: skip
    """Make an account with its first role. It has no password: the person sets one by the link sent to the address.

    Raises ValidationError when the address has an account already, Refused when the role may not be given.
    """
    with transaction.atomic():
        if queries.account_of(email) is not None:
            raise ValidationError(
                {"email": _("This address has an account already. Tick below to give that person the role.")}
            )
        person = User(username=email.lower(), name=name, email=email.lower(), phone=phone, language=language)
        person.set_unusable_password()
        person.full_clean(exclude=["password"])
        person.save()
        _log(person, "add", by, now)
        give_role(person=person, role=role, authority=authority, laboratory=laboratory, by=by, now=now)
    return person


def give_role(
    *, person: User, role: str, by: User, now: dt.datetime, authority: Authority | None = None,
    laboratory: Laboratory | None = None, reason: str = "",
) -> Membership:  # fmt: skip
    """Give a role at an authority or a laboratory. Raises Refused or ValidationError."""
    with transaction.atomic():
        _lock(person)
        membership = Membership(user=person, role=role, authority=authority, laboratory=laboratory)
        _demand(by, "give", membership)
        _demand_impartial(person, role)
        membership.full_clean()
        membership.save()
        _log(person, "give_role", by, now, reason, **_told(membership))
    _forget(person)
    return membership


def change_own(*, person: User, email: str, phone: str, language: str, password: str, now: dt.datetime) -> User:
    """The person changes how to reach them. A new address needs the password, since links to set one go there.

    Raises ValidationError by field. What was there before stays in the log.
    """
    with transaction.atomic():
        fresh = _lock(person)
        before = {"email": fresh.email, "phone": fresh.phone, "language": fresh.language}
        if email.lower() != fresh.email.lower():
            _demand_address(fresh, email, password)
            fresh.email = email.lower()
        fresh.phone, fresh.language = phone.strip(), language
        fresh.full_clean(exclude=["password"])
        fresh.save(update_fields=["email", "phone", "language"])
        changed = {name: value for name, value in before.items() if getattr(fresh, name) != value}
        if changed:
            _log(fresh, "change_own", fresh, now, **changed)
    return fresh


def _demand_address(person: User, email: str, password: str) -> None:
    if not person.check_password(password):
        raise ValidationError({"password": _("A new address needs your password; this one is not right.")})
    known = queries.account_of(email)
    if known is not None and known.pk != person.pk:
        raise ValidationError({"email": _("Another account has this address.")})


def rename(*, person: User, name: str, reason: str, by: User, now: dt.datetime) -> User:
    """Correct a person's name; papers that were made keep the old one. Raises Refused or ValidationError."""
    _demand_reason(reason)
    with transaction.atomic():
        fresh = _lock(person)
        _demand(by, "rename", fresh)
        before, fresh.name = fresh.name, name.strip()
        fresh.full_clean(exclude=["password"])
        fresh.save(update_fields=["name"])
        _log(fresh, "rename", by, now, reason, before=before, name=fresh.name)
    return fresh


def end_role(*, membership: Membership, reason: str, by: User, now: dt.datetime) -> None:
    """End a role from now on; what was done under it stays. Raises Refused, Stale or ValidationError."""
    _demand_reason(reason)
    with transaction.atomic():
        _lock(membership.user)
        fresh = Membership.objects.select_related("user", "authority", "laboratory").get(pk=membership.pk)
        _demand(by, "end", fresh)
        if fresh.ended_at is not None:
            raise door.Stale(_("This role has been ended already. Reload the page."))
        fresh.ended_at = now
        fresh.save(update_fields=["ended_at"])
        _log(fresh.user, "end_role", by, now, reason, **_told(fresh))
    _forget(membership.user)


def deactivate(*, person: User, reason: str, by: User, now: dt.datetime) -> None:
    """Close an account: nobody signs in with it, open sessions end. Raises Refused or ValidationError."""
    _set_active(person, False, "deactivate", reason, by, now)


def reactivate(*, person: User, reason: str, by: User, now: dt.datetime) -> None:
    """Open a closed account again. Raises Refused or ValidationError."""
    _set_active(person, True, "reactivate", reason, by, now)


def _set_active(person: User, is_active: bool, verb: str, reason: str, by: User, now: dt.datetime) -> None:
    _demand_reason(reason)
    with transaction.atomic():
        fresh = _lock(person)
        _demand(by, verb, fresh)
        if fresh.is_active == is_active:
            raise door.Stale(_("Somebody has done this already. Reload the page."))
        fresh.is_active = is_active
        fresh.save(update_fields=["is_active"])
        _log(fresh, verb, by, now, reason)
    person.is_active = is_active


def _lock(person: User) -> User:
    return User.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)


def _demand(by: User, verb: str, subject: Any) -> None:
    if not door.may(by, verb, subject):
        raise door.Refused(door.reasons.of(door.permission_of(subject, verb)))


def _demand_reason(reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": _("Say why; the reason is kept.")})


def _demand_impartial(person: User, role: str) -> None:
    """A laboratory's people do not judge laboratories, and the other way round."""
    held = set(person.memberships.in_force().order_by("pk").values_list("role", flat=True))
    is_mixed = (role in LABORATORY_ROLES and held & JUDGES) or (role in JUDGES and held & LABORATORY_ROLES)
    if is_mixed:
        raise ValidationError(_("Nobody acts for a laboratory and for an authority at once. End the other role first."))


def _told(membership: Membership) -> dict[str, str]:
    place = (
        membership.authority.name_zh
        if membership.authority
        else membership.laboratory.name
        if membership.laboratory
        else ""
    )
    return {"role": membership.role, "place": place}


def _log(person: User, verb: str, by: User, now: dt.datetime, reason: str = "", **facts: str) -> None:
    TransitionLog.objects.create(
        subject_type=queries.SUBJECT, subject_id=person.pk, verb=verb, by=by, at=now, reason=reason.strip(), facts=facts
    )


def _forget(person: User) -> None:
    person.__dict__.pop("active_memberships", None)
