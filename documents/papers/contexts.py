"""What each template is given: one typed shape per template, checked when a paper is asked for.

A misspelt or missing fact refuses the step that needs the paper, instead of leaving a row that can
never be made. All texts are in the language of the paper.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Loose = Annotated[str, StringConstraints(strip_whitespace=True)]
CertificateNumber = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]


class ContextError(ValueError):
    """The facts given for a paper do not fit its template."""


class Shape(BaseModel):
    """Base of all shapes: no unknown keys."""

    model_config = ConfigDict(extra="forbid")


class Base(Shape):
    """What every paper may say. `is_trial` prints the large watermark of a trial authority."""

    is_trial: bool = False


class Fact(Shape):
    """One line of a list of facts: a name and its value."""

    label: Text
    value: Loose


class Row(Shape):
    """One approved row of a capability table.

    `main` is a main class over the full width, `category` introduces a category, `parameter` is one
    ability. `standards` are the methods as they shall be printed, number with year and title.
    """

    level: Literal["main", "category", "parameter"]
    number: Loose = ""
    name: Loose = ""
    category_no: Loose = ""
    category: Loose = ""
    standards: list[Loose] = Field(default_factory=list)
    restriction: Loose = ""
    note: Loose = ""


class Table(Shape):
    """The approved rows of one site, food or not."""

    is_food: bool = False
    rows: list[Row] = Field(min_length=1)


class Signatory(Shape):
    """An authorised signatory (授权签字人) and the fields he or she may sign for."""

    name: Text
    title: Loose = ""
    fields: Text
    note: Loose = ""


class Site(Shape):
    """A site with what was approved there."""

    name: Text
    address: Text
    tables: list[Table] = Field(default_factory=list)
    signatories: list[Signatory] = Field(default_factory=list)


class Grant(Shape):
    """What one authority grants: the sites of its region. `authority` is the name of its key."""

    authority: Text
    authority_name: Text
    sites: list[Site] = Field(min_length=1)
    signatories: list[Signatory] = Field(default_factory=list)


class CertificateContext(Base):
    """The certificate with its annexes. The first grant is the lead authority's."""

    lab_name: Text
    lab_address: Text
    number: CertificateNumber
    valid_from: dt.date
    valid_until: dt.date
    verify_url: Text
    reason: Loose = ""
    grants: list[Grant] = Field(min_length=1)


class Item(Shape):
    """One item of a numbered list: what, why, on which article."""

    text: Text
    reason: Loose = ""
    article: Loose = ""


class NoticeContext(Base):
    """Every notice and decision.

    `paragraphs` stand before the list of items, `closing` after it; `articles` are printed as the legal
    base, `remedies` as the rights to reconsideration and litigation. `number_label` heads the list.
    """

    authority: Text
    authority_name: Text
    addressee: Text
    paragraphs: list[Text] = Field(min_length=1)
    facts: list[Fact] = Field(default_factory=list)
    items_title: Loose = ""
    items: list[Item] = Field(default_factory=list)
    articles: list[Text] = Field(default_factory=list)
    closing: list[Text] = Field(default_factory=list)
    remedies: Loose = ""
    contact: Loose = ""
    verify_url: Loose = ""


class ReceiptContext(Base):
    """A receipt (回执): what was received from whom, and when."""

    authority: Text
    authority_name: Text
    received_from: Text
    received_at: Text
    subject: Text
    facts: list[Fact] = Field(default_factory=list)
    materials: list[Fact] = Field(default_factory=list)
    note: Loose = ""


class Clause(Shape):
    """The checklist's answers under one clause; `verdict` in words."""

    clause: Text
    title: Loose = ""
    is_starred: bool = False
    items: Loose = ""
    verdict: Text
    note: Loose = ""


class Nonconformity(Shape):
    """A nonconformity with its way to closure."""

    clause: Text
    fact: Text
    degree: Loose = ""
    department: Loose = ""
    correction: Loose = ""
    verification: Loose = ""


class Member(Shape):
    """A member of the assessment team."""

    name: Text
    role: Text
    organisation: Loose = ""
    certificate: Loose = ""
    fields: Loose = ""


class ReportContext(Base):
    """The assessment report (评审报告)."""

    authority: Text
    authority_name: Text
    lab_name: Text
    reference: Text
    facts: list[Fact] = Field(min_length=1)
    sites: list[Fact] = Field(default_factory=list)
    team: list[Member] = Field(min_length=1)
    checklist_counts: list[Fact] = Field(default_factory=list)
    checklist: list[Clause] = Field(default_factory=list)
    capability_counts: list[Fact] = Field(default_factory=list)
    capability_notes: list[Item] = Field(default_factory=list)
    nonconformities: list[Nonconformity] = Field(default_factory=list)
    conclusion: Text
    is_rectified: bool = False
    conclusion_notes: list[Text] = Field(default_factory=list)


SHAPES: dict[str, type[Base]] = {
    "certificate": CertificateContext,
    "notice": NoticeContext,
    "receipt": ReceiptContext,
    "report": ReportContext,
}


def checked(template: str, context: dict[str, Any]) -> dict[str, Any]:
    """The context as JSON-ready data in the template's shape. Raises ContextError naming each wrong key."""
    shape = SHAPES.get(template)
    if shape is None:
        raise ContextError(f"There is no paper template {template!r}; known: {', '.join(sorted(SHAPES))}.")
    try:
        return shape.model_validate(context).model_dump(mode="json")
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:20])
        raise ContextError(f"The context of template {template!r} does not fit: {wrong}.") from error
