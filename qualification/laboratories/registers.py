"""The registers as pages: which form, which columns, which search each has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from qualification.laboratories.enums import Register, Result
from qualification.laboratories.forms import EntryForm, EquipmentForm, SignatoryForm, StaffForm
from qualification.laboratories.models import Equipment, Laboratory, Signatory, StaffMember
from qualification.pages.lists import Column, Filter, ListPage
from qualification.regions.models import Authority


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """One register."""

    register: Register
    model: type[StaffMember] | type[Signatory] | type[Equipment]
    form: type[EntryForm]
    columns: tuple[Column, ...]
    search: tuple[str, ...]
    icon: str
    title_new: Any
    title_edit: Any
    empty_title: Any

    @property
    def verb(self) -> str:
        """The rule that changing it needs."""
        return f"edit_{self.register.value}"

    def rows(self, laboratory: Laboratory) -> QuerySet[Any]:
        """Its entries of a laboratory, with what the columns show."""
        return self.model._default_manager.filter(laboratory=laboratory).select_related("site")


def _in_force(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(is_active=value == "yes")


def _expired(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    today = timezone.localdate()
    return rows.filter(valid_until__lt=today) if value == "past" else rows.filter(Q(valid_until__gte=today))


IN_FORCE = Filter("active", capfirst(_("in force")), (("yes", _("yes")), ("no", _("no"))), apply=_in_force)
VALIDITY = Filter("validity", capfirst(_("validity")), (("past", _("ran out")), ("valid", _("valid"))), apply=_expired)
RESULT = Filter("result", capfirst(_("confirmed result")), Result.choices)


def _column(key: str, label: Any, value: Callable[[Any], Any] | None = None, **more: Any) -> Column:
    return Column(key, label, value, sort=(key,), **more)


STAFF = RegisterPage(
    Register.STAFF,
    StaffMember,
    StaffForm,
    (
        _column("name", capfirst(_("full name"))),
        Column("gender", capfirst(_("gender")), lambda row: row.get_gender_display()),
        _column("age", capfirst(_("age")), is_number=True),
        _column("education", capfirst(_("education")), lambda row: row.get_education_display()),
        _column("position", capfirst(_("post held"))),
        _column("title", capfirst(_("professional title"))),
        _column("major", capfirst(_("field of study"))),
        _column("years_in_field", capfirst(_("years in this field")), is_number=True),
        _column("current_post", capfirst(_("current post"))),
        Column("identity_number", capfirst(_("identity number")), lambda row: row.identity_masked),
        Column("site", capfirst(_("site")), sort=("site__name",)),
    ),
    ("name", "position", "title", "major", "current_post"),
    "users",
    _("Enter a member of staff"),
    _("Change a member of staff"),
    _("No staff entered yet."),
)
SIGNATORIES = RegisterPage(
    Register.SIGNATORIES,
    Signatory,
    SignatoryForm,
    (
        _column("name", capfirst(_("full name"))),
        _column("title", capfirst(_("professional title"))),
        _column("position", capfirst(_("post held"))),
        _column("department", capfirst(_("department"))),
        Column("fields_text", capfirst(_("authorised fields"))),
        Column("phone", capfirst(_("telephone"))),
        Column("identity_number", capfirst(_("identity number")), lambda row: row.identity_masked),
        _column("approved_on", capfirst(_("approved on"))),
        Column("site", capfirst(_("site")), sort=("site__name",)),
    ),
    ("name", "title", "department", "fields_text"),
    "signature",
    _("Enter a signatory"),
    _("Change a signatory"),
    _("No signatories entered yet."),
)
EQUIPMENT = RegisterPage(
    Register.EQUIPMENT,
    Equipment,
    EquipmentForm,
    (
        _column("name", capfirst(_("name of the device"))),
        _column("model", capfirst(_("model, specification or grade"))),
        Column("measuring_range", capfirst(_("measuring range"))),
        _column("parameter", capfirst(_("product, item or parameter"))),
        Column("standard_text", capfirst(_("standard or method"))),
        _column("traceability", capfirst(_("traceability")), lambda row: row.traceability_told),
        _column("valid_until", capfirst(_("valid until")), template="laboratories/_valid_until.html"),
        _column("result", capfirst(_("confirmed result")), lambda row: row.get_result_display()),
        Column("note", capfirst(_("note"))),
        Column("site", capfirst(_("site")), sort=("site__name",)),
    ),
    ("name", "model", "parameter", "category", "standard_text"),
    "microscope",
    _("Enter a device"),
    _("Change a device"),
    _("No equipment entered yet."),
)
PAGES = {page.register.value: page for page in (STAFF, SIGNATORIES, EQUIPMENT)}


def listing(request: HttpRequest, laboratory: Laboratory, page: RegisterPage, *, can_edit: bool) -> ListPage:
    """The register's list; entries lead to their form for those who may change them."""
    more = (VALIDITY, RESULT) if page.register == Register.EQUIPMENT else ()
    return ListPage(
        request, page.rows(laboratory), columns=_linked(page, laboratory) if can_edit else page.columns,
        search=page.search, filters=(_site_filter(laboratory), IN_FORCE, *more), default_sort="name",
        file_name=page.register.value,
    )  # fmt: skip


def _site_filter(laboratory: Laboratory) -> Filter:
    return Filter("site", capfirst(_("site")), lambda: laboratory.sites.order_by("name").values_list("pk", "name"))


def _linked(page: RegisterPage, laboratory: Laboratory) -> tuple[Column, ...]:
    def edit(row: Any) -> str:
        return reverse("laboratories:entry_edit", args=[laboratory.uuid, page.register.value, row.uuid])

    first, *rest = page.columns
    linked = Column(first.key, first.label, first.value, first.sort, link=edit)
    return (linked, *rest)


LABORATORY_COLUMNS = (
    Column(
        "name", capfirst(_("name")), sort=("name",), link=lambda row: reverse("laboratories:detail", args=[row.uuid])
    ),
    Column("credit_code", capfirst(_("unified social credit code")), sort=("credit_code",)),
    Column("authority", capfirst(_("region")), lambda row: row.authority.region, sort=("authority__code",)),
    Column("address", capfirst(_("registered address"))),
    Column("contact_name", capfirst(_("contact person"))),
    Column("phone", capfirst(_("telephone"))),
)


class LaboratoryListPage(ListPage):
    """The list of laboratories, searched by pairs of characters instead of word by word."""

    def __init__(self, request: HttpRequest, rows: QuerySet[Laboratory]) -> None:
        super().__init__(
            request, rows.select_related("authority"), columns=LABORATORY_COLUMNS, search=("search_terms",),
            filters=(_region_filter(rows),), default_sort="name", file_name="laboratories",
        )  # fmt: skip

    def searched(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The laboratories whose name, credit code or address holds what is searched for."""
        return rows.search(self.query)  # type: ignore[attr-defined, no-any-return]


def _region_filter(rows: QuerySet[Laboratory]) -> Filter:
    def regions() -> list[tuple[Any, str]]:
        seen = Authority.objects.filter(laboratories__in=rows).distinct()
        return [(authority.code, authority.region) for authority in seen]

    return Filter("region", capfirst(_("region")), regions, lookup="authority__code")
