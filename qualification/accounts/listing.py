"""The list of people."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from qualification.accounts import queries
from qualification.accounts.models import Membership, User
from qualification.pages.lists import Column, Filter, ListPage

USE = (("yes", _("account open")), ("no", _("account closed")))


def roles_text(person: Any) -> str:
    """The roles in force in words."""
    return "; ".join(f"{m.get_role_display()} ({m.authority or m.laboratory or '–'})" for m in person.roles_now)


def _by_role(rows: QuerySet[User], role: str) -> QuerySet[User]:
    return rows.filter(Exists(Membership.objects.in_force().filter(user=OuterRef("pk"), role=role)))


def people_page(request: HttpRequest, user: User) -> ListPage:
    """People of the authorities, or of the laboratories, that the person administers or manages."""
    roles = [(role.value, role.label) for role in queries.roles_to_give(user)]
    return ListPage(
        request,
        queries.with_roles(queries.visible_to(user)),
        columns=(
            Column("name", _("Name"), sort=("name",), link=lambda row: reverse("accounts:person", args=[row.uuid])),
            Column("roles", _("Roles"), value=roles_text, template="accounts/_roles_cell.html"),
            Column("email", _("E-mail"), sort=("email",)),
            Column("phone", _("Telephone")),
            Column("is_active", _("Account"), value=lambda row: str(dict(USE)["yes" if row.is_active else "no"]), sort=("is_active",), template="accounts/_use_cell.html"),
            Column("seen", _("Last sign-in"), value=lambda row: row.last_login, sort=("last_login",)),
        ),
        search=("name", "email", "phone"),
        filters=(
            Filter("role", _("Role"), roles, apply=_by_role),
            Filter("use", _("Account"), USE, apply=lambda rows, value: rows.filter(is_active=value == "yes")),
        ),
        default_sort="name",
        file_name="people",
    )  # fmt: skip
