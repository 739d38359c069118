"""The world in which the pages of an assessment are looked at."""

from __future__ import annotations

import pytest

from tests.factories.cases import World


@pytest.fixture
def world(db: None) -> World:
    return World()
