"""The offer of a seat that checks a commitment says so, and whoever accepts reads what comes next."""

from __future__ import annotations

import pytest
from django.utils import translation

from qualification.assessors.models import Offer
from qualification.pages.dates import say_date
from tests.factories.cases import World
from tests.qualification.assessors.test_views import as_, offer_of, text, url
from workflows.clocks.models import Clock
from workflows.demo.walk import Wish

pytestmark = pytest.mark.django_db

REVIEW = "The leader reviews it once all seats are taken."
LEADS = "you check the commitment on site with the team and record the conclusion."
CHECKS = "the team checks the commitment on site and its leader records the conclusion."


@pytest.mark.parametrize(
    ("procedure", "role", "says"),
    [
        ("general", "leader", REVIEW), ("general", "member", REVIEW), ("commitment", "leader", LEADS),
        ("commitment", "member", CHECKS),
    ],
)  # fmt: skip
def test_whoever_accepts_reads_what_comes_next(world: World, procedure: str, role: str, says: str) -> None:
    walk = world.walk("release" if procedure == "commitment" else "accept", wish=Wish(procedure=procedure))
    walk.draw_team()
    offer = Offer.objects.filter(application=walk.application, seat__role=role, state="sent").order_by("pk")[0]
    page = text(as_(offer.assessor.user).post(url("accept", offer.uuid), {"no_tie": "on"}, follow=True))
    assert [sentence in page for sentence in (REVIEW, LEADS, CHECKS)] == [says == s for s in (REVIEW, LEADS, CHECKS)]


@pytest.mark.parametrize("procedure", ["general", "commitment"])
def test_an_offer_says_that_it_is_a_check_and_until_when(world: World, procedure: str) -> None:
    is_check = procedure == "commitment"
    walk = world.walk("release" if is_check else "accept", wish=Wish(procedure=procedure))
    walk.draw_team()
    offer = offer_of(walk.application)
    client = as_(offer.assessor.user)
    page, listed = text(client.get(url("offer", offer.uuid))), text(client.get(url("offers")))
    assert ("This is the check of a commitment." in page, "check of a commitment ·" in listed) == (is_check, is_check)
    if is_check:
        due = Clock.objects.get(application=walk.application, code="commitment_check_at_once").due_on
        with translation.override("en"):
            assert f"To be concluded by {say_date(due)}." in page
    walk.accept_offers()
    assert ("leader · check of a commitment" in text(client.get(url("offers")))) == is_check
