"""From a paper's row to the bytes of its signed PDF; reads keys and templates, writes nothing."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import timezone

from documents.papers import annexes, keys, qr, rendering, signing
from documents.papers.models import Paper

DEMONSTRATION_CAPTION = "演示专用章"
SEAL_DATE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def make(paper: Paper) -> bytes:
    """Render and sign. Raises KeyMissing before anything is rendered, RenderingFailed, FontsMissing."""
    found = [load_key(paper, code) for code in paper.signers]
    rendered = rendering.render(
        paper.template, data_of(paper, found), pictures=_pictures(paper), made_at=paper.requested_at
    )
    places = {place.key: place for place in rendered.seals}
    if set(places) != set(paper.signers):
        raise rendering.RenderingFailed(
            f"The paper reserves places for {sorted(places)}, but is signed by {sorted(paper.signers)}."
        )
    given = [signing.Signer(key, places[key.code], _seal(key)) for key in found]
    return signing.sign(rendered.pdf, given, reason=paper.title)


def load_key(paper: Paper, code: str) -> keys.SigningKey:
    """The key with which an authority signs this paper; a demonstration key in the demo or on a trial paper only."""
    return keys.load(
        code, now=timezone.now(), is_demonstration_allowed=settings.DEMO or bool(paper.context.get("is_trial"))
    )


def data_of(paper: Paper, found: list[keys.SigningKey]) -> dict[str, Any]:
    """What the templates read: the paper, its context, its signers, and the prepared annexes of a certificate."""
    data = {
        "paper": {
            "kind": paper.kind,
            "title": paper.title,
            "document_number": paper.document_number,
            "dated_on": paper.dated_on.isoformat(),
            "language": paper.language,
        },
        "context": paper.context,
        "signers": [{"key": key.code, "name": key.name} for key in found],
        "is_demonstration": any(key.is_demonstration for key in found),
    }
    if paper.template == "certificate":
        data["annexes"] = annexes.annexes_of(paper.context["grants"])
    return data


def _pictures(paper: Paper) -> dict[str, bytes]:
    address = paper.context.get("verify_url")
    return {"qr.svg": qr.svg(address)} if address else {}


def _seal(key: keys.SigningKey) -> bytes:
    return _seal_picture(key.name, DEMONSTRATION_CAPTION if key.is_demonstration else "")


@lru_cache(maxsize=64)
def _seal_picture(name: str, caption: str) -> bytes:
    # The same for every paper of an authority: only the drawing is taken from it, never its date.
    return rendering.render_seal(name, caption=caption, made_at=SEAL_DATE)
