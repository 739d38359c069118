"""Which authorities sign an edition: every one with a site in it, and always the lead."""

from __future__ import annotations

import pytest

from qualification.certificates import annexes
from qualification.certificates.models import Grant
from tests.factories.cases import World

pytestmark = pytest.mark.django_db


def test_a_kept_site_that_has_moved_is_granted_by_its_new_authority_and_the_lead_signs_too() -> None:
    world = World()
    edition = world.walk("issue").application.edition
    moved = world.sites[1]
    moved.authority = world.far
    moved.save()
    Grant.objects.filter(edition=edition).delete()
    by_site = annexes._grants(edition, [world.lead, world.other], None, {moved.pk})
    assert {pk: grant.authority.code for pk, grant in by_site.items()} == {moved.pk: "04"}
    grants = Grant.objects.filter(edition=edition).order_by("-is_lead", "pk")
    assert [(grant.authority.code, grant.is_lead) for grant in grants] == [("03", True), ("04", False)]
