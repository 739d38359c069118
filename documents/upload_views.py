"""The conversation of a page that uploads: begin, links or parts, complete, give up, and what is still unfinished.

Answers are JSON; what is refused comes with status 422 and a sentence for the person.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from documents import access, incoming, messages
from documents.enums import ScanState, UploadState
from documents.models import Upload
from documents.services import DocumentsError

# Links asked for at once.
MAX_LINKS = 50
Answer = Callable[..., JsonResponse]


def conversation(view: Answer) -> Answer:
    """For who is signed in; what is refused is a sentence, and who may not is told nothing exists."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        if not request.user.is_authenticated:
            return _say(_("You are no longer signed in. Sign in again; what has arrived is kept."), 401)
        try:
            return view(request, *args, **kwargs)
        except PermissionDenied:
            return _say(_("Files can no longer be added here. Reload the page."), 404)
        except incoming.Incomplete as error:
            return JsonResponse({"message": error.message, "missing": error.missing}, status=409)
        except incoming.NotOnItsWay as error:
            return _say(error.message, 410)
        except DocumentsError as error:
            return _say(error.message, 422)

    answered.access_rule = "the owner's predicate: documents.access.may_write"  # type: ignore[attr-defined]
    return answered


def _say(message: str, status: int) -> JsonResponse:
    return JsonResponse({"message": message}, status=status)


@require_http_methods(["GET", "POST"])
@conversation
def uploads(request: HttpRequest, owner_kind: str, owner_id: uuid.UUID) -> JsonResponse:
    """GET: what this person has not finished for the owner. POST: begin, or find what broke off."""
    if not access.may_write(request.user, owner_kind, owner_id):
        raise PermissionDenied
    if request.method == "GET":
        left = incoming.left_of(owner_kind, owner_id, request.user)
        return JsonResponse({"uploads": [_told(upload) for upload in left]})
    told = _json(request)
    upload = incoming.begin(
        owner_kind=owner_kind, owner_id=owner_id, by=request.user, now=timezone.now(),
        code=_text(told, "code", 60), label=_text(told, "label", 200), name=_text(told, "name", 1000),
        size=_number(told, "size"), sha256=_text(told, "sha256", 64), mark=_text(told, "mark", 64),
        note=_text(told, "note", 500),
    )  # fmt: skip
    return JsonResponse({**_told(upload), "form": incoming.form(upload)}, status=201)


@require_GET
@conversation
def upload(request: HttpRequest, upload_id: uuid.UUID) -> JsonResponse:
    """How far an upload is."""
    return JsonResponse(_told(incoming.find(upload_id=upload_id, by=request.user)))


@require_POST
@conversation
def links(request: HttpRequest, upload_id: uuid.UUID) -> JsonResponse:
    """Links for the parts named, where the store takes them itself; none where they come through the server."""
    found = incoming.find(upload_id=upload_id, by=request.user)
    wanted = _json(request).get("parts")
    numbers = (
        [n for n in wanted if isinstance(n, int) and 1 <= n <= found.part_count] if isinstance(wanted, list) else []
    )
    incoming.touch(found, timezone.now())
    return JsonResponse({"links": incoming.links(found, numbers[:MAX_LINKS])})


@require_http_methods(["PUT"])
@conversation
def part(request: HttpRequest, upload_id: uuid.UUID, number: int) -> JsonResponse:
    """One part, its bytes as the body, where they come through the server."""
    found = incoming.find(upload_id=upload_id, by=request.user)
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdigit():
        return _say(_("The length of the part is missing."), 411)
    incoming.put_part(upload=found, number=number, source=request, length=int(length), now=timezone.now())
    return JsonResponse({"number": number})


@require_POST
@conversation
def complete(request: HttpRequest, upload_id: uuid.UUID) -> JsonResponse:
    """All bytes have been sent. 200: taken in (or refused by the check, see `problem`); 202: being read."""
    found = incoming.find(upload_id=upload_id, by=request.user)
    ended = incoming.complete(upload=found, now=timezone.now())
    ended = incoming.find(upload_id=ended.pk, by=request.user)
    return JsonResponse(_told(ended), status=200 if ended.state == UploadState.DONE else 202)


@require_POST
@conversation
def give_up(request: HttpRequest, upload_id: uuid.UUID) -> JsonResponse:
    """The person does not want it any more."""
    found = incoming.find(upload_id=upload_id, by=request.user)
    return JsonResponse(_told(incoming.give_up(upload=found, problem="given_up", now=timezone.now())))


def _told(upload: Upload) -> dict[str, Any]:
    version = upload.version
    return {
        "upload": str(upload.pk),
        "state": upload.state,
        "code": upload.code,
        "label": upload.label,
        "name": upload.file.name,
        "size": upload.size,
        "mark": upload.mark,
        "part_size": upload.part_size,
        "parts": upload.part_count,
        "arrived": incoming.arrived(upload),
        "by": "form" if upload.is_form else "parts",
        "through": "server" if not incoming.is_direct() else "store",
        "version": version.number if version else None,
        "problem": _problem(upload),
        "url": reverse("documents:upload_state", args=[upload.pk]),
        "slot": reverse("documents:slot", args=[upload.owner_kind, upload.owner_id, upload.code]),
    }


def _problem(upload: Upload) -> str:
    file = upload.file
    if upload.state == UploadState.GIVEN_UP:
        return messages.sentence(upload.problem, file.name, upload.params)
    if file.scan_state == ScanState.REFUSED:
        return messages.sentence(file.scan_verdict["problem"], file.name, file.scan_verdict.get("params"))
    return ""


def _json(request: HttpRequest) -> dict[str, Any]:
    try:
        told = json.loads(request.body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Http404
    return told


def _text(told: dict[str, Any], key: str, longest: int) -> str:
    value = told.get(key, "")
    return value.replace("\x00", "")[:longest] if isinstance(value, str) else ""


def _number(told: dict[str, Any], key: str) -> int:
    value = told.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
