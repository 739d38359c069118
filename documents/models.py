"""Files as rows: the stored file, the slot it was handed in for, its versions, and who looked at it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from documents.enums import Bucket, Fault, Purpose, ScanLevel, ScanState, UploadState

# Files that must be kept longer than the store knows yet.
_UNLOCKED = Q(bucket="clean", retain_until__isnull=False) & (
    Q(locked_until__isnull=True) | Q(locked_until__lt=models.F("retain_until"))
)


class StoredFileQuerySet(models.QuerySet["StoredFile"]):
    def to_check(self, max_attempts: int) -> StoredFileQuerySet:
        """Received files whose check is not finished, or failed and may be tried again."""
        return self.filter(
            Q(scan_state__in=[ScanState.PENDING, ScanState.FAILED], scan_attempts__lt=max_attempts)
            | Q(scan_state=ScanState.CLEAN, bucket=Bucket.QUARANTINE),
            received_at__isnull=False,
            discarded_at__isnull=True,
        )

    def to_lock(self) -> StoredFileQuerySet:
        """Files whose date of keeping the store has not been told yet."""
        return self.filter(_UNLOCKED)

    def unreceived(self) -> StoredFileQuerySet:
        """Rows whose bytes never arrived in full, and that no upload in parts is still about."""
        on_their_way = Q(upload__state__in=[UploadState.OPEN, UploadState.ARRIVED])
        return self.filter(received_at__isnull=True, discarded_at__isnull=True).exclude(on_their_way)


class StoredFile(models.Model):
    """One file: where its bytes lie, what they are, and what the check has found.

    The row is written before the bytes. `received_at` is set with size and hash once all bytes are
    in the quarantine, `promoted_at` once the copy in the clean bucket has the same hash.
    """

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("original name"), max_length=255)
    size = models.PositiveBigIntegerField(_("size"), null=True, blank=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    content_type = models.CharField(_("type by content"), max_length=120, blank=True)
    bucket = models.CharField(max_length=10, choices=Bucket, default=Bucket.QUARANTINE)
    key = models.CharField(max_length=80)
    scan_state = models.CharField(_("check"), max_length=10, choices=ScanState, default=ScanState.PENDING)
    scan_level = models.CharField(
        _("how far checked"), max_length=10, choices=ScanLevel, default=ScanLevel.NONE, blank=True
    )
    scan_verdict: models.JSONField[dict[str, Any]] = models.JSONField(_("finding"), default=dict, blank=True)
    scan_attempts = models.PositiveIntegerField(_("attempts"), default=0)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("uploaded by"),
    )
    created_at = models.DateTimeField(_("begun at"))
    received_at = models.DateTimeField(_("received at"), null=True, blank=True)
    scanned_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    promoted_at = models.DateTimeField(_("moved to the checked files at"), null=True, blank=True)
    discarded_at = models.DateTimeField(_("bytes removed at"), null=True, blank=True)
    retain_until = models.DateTimeField(_("kept at least until"), null=True, blank=True)
    locked_until = models.DateTimeField(_("locked in the store until"), null=True, blank=True)
    proved_at = models.DateTimeField(_("hash last proved at"), null=True, blank=True)
    fault = models.CharField(_("fault"), max_length=10, choices=Fault, blank=True)
    # Who is at work on it (`documents.leases`).
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = StoredFileQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "uuid"]
        verbose_name = _("file")
        verbose_name_plural = _("files")
        indexes = [
            models.Index(fields=["sha256"], name="file_sha256", condition=~Q(sha256="")),
            models.Index(fields=["created_at"], name="file_to_check", condition=Q(bucket="quarantine")),
            models.Index(fields=["proved_at"], name="file_to_prove", condition=Q(bucket="clean")),
            models.Index(fields=["retain_until"], name="file_to_lock", condition=_UNLOCKED),
        ]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="file_key_once"),
            models.CheckConstraint(
                name="file_received_has_hash",
                condition=Q(received_at__isnull=True, sha256="", size__isnull=True)
                | Q(received_at__isnull=False, sha256__regex=r"^[0-9a-f]{64}$", size__gt=0),
                violation_error_message=_("A received file has a size and a SHA-256, any other has neither."),
            ),
            models.CheckConstraint(
                name="file_scanned_has_stamp",
                condition=Q(scan_state="pending", scanned_at__isnull=True)
                | (~Q(scan_state="pending") & Q(scanned_at__isnull=False)),
                violation_error_message=_("A finding has a moment, and a file without one has none."),
            ),
            models.CheckConstraint(
                name="file_clean_is_known",
                condition=~Q(scan_state="clean")
                | (Q(received_at__isnull=False) & ~Q(content_type="") & ~Q(scan_level="")),
                violation_error_message=_("A checked file was received, has a type and says how far it was checked."),
            ),
            models.CheckConstraint(
                name="file_not_clean_says_why",
                condition=Q(scan_state__in=["pending", "clean"]) | ~Q(scan_verdict={}),
                violation_error_message=_("A refused or failed file says why."),
            ),
            models.CheckConstraint(
                name="file_promoted_is_clean",
                condition=Q(bucket="quarantine", promoted_at__isnull=True)
                | Q(bucket="clean", promoted_at__isnull=False, scan_state="clean", discarded_at__isnull=True),
                violation_error_message=_(
                    "Only checked files lie in the clean bucket, and with the moment they came there."
                ),
            ),
            models.CheckConstraint(
                name="file_lease_has_end",
                condition=Q(lease__isnull=True, leased_until__isnull=True)
                | Q(lease__isnull=False, leased_until__isnull=False),
            ),
            models.CheckConstraint(
                name="file_discarded_is_not_clean",
                condition=Q(discarded_at__isnull=True) | Q(scan_state__in=["refused", "failed"]),
                violation_error_message=_("Only refused or failed files lose their bytes."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_stored(self) -> bool:
        """Whether the bytes lie in the clean bucket, their hash proved."""
        return self.bucket == Bucket.CLEAN

    @property
    def is_servable(self) -> bool:
        """Whether the file may be handed out: stored, and in production scanned for malware or made by us."""
        return self.is_stored and (settings.DEMO or self.scan_level in {ScanLevel.MALWARE, ScanLevel.PRODUCED})

    @property
    def is_viewable(self) -> bool:
        """Whether a browser can show it without a download."""
        return self.content_type in VIEWABLE_TYPES


VIEWABLE_TYPES = frozenset({"application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})


class Document(models.Model):
    """A slot: one thing an owner (an application, a request ...) wants, which takes versions."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner_kind = models.CharField(max_length=40)
    owner_id = models.UUIDField()
    code = models.CharField(max_length=60)
    label = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["owner_kind", "owner_id", "code", "label"]
        verbose_name = _("document slot")
        verbose_name_plural = _("document slots")
        constraints = [
            models.UniqueConstraint(
                fields=["owner_kind", "owner_id", "code", "label"],
                name="document_slot_once",
                violation_error_message=_("This slot exists already."),
            ),
            models.CheckConstraint(
                name="document_slot_named",
                condition=~Q(owner_kind="") & ~Q(code=""),
                violation_error_message=_("A slot has an owner and a code."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.label}".rstrip()


class VersionQuerySet(models.QuerySet["Version"]):
    def live(self) -> VersionQuerySet:
        """Versions that count: not removed, and not refused by the check (which withdraws them)."""
        return self.filter(withdrawn_at__isnull=True)

    def of_owner(self, owner_kind: str, owner_id: uuid.UUID) -> VersionQuerySet:
        """Versions in the slots of one owner."""
        return self.filter(document__owner_kind=owner_kind, document__owner_id=owner_id)


class Version(models.Model):
    """One file handed in for a slot. Never overwritten; a draft's version can be withdrawn, a frozen one not.

    A file that is used again for another owner has a version there too: several versions, one row of bytes.
    """

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="versions")
    reused_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reuses",
        verbose_name=_("used again from"),
    )
    note = models.CharField(_("note"), max_length=500, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("uploaded by"),
    )
    uploaded_at = models.DateTimeField(_("uploaded at"))
    is_frozen = models.BooleanField(_("handed in"), default=False)
    frozen_at = models.DateTimeField(_("handed in at"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("removed at"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("removed by"),
    )

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["document", "number"]
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["file"], condition=Q(reused_from__isnull=True), name="version_file_uploaded_once",
                violation_error_message=_("An uploaded file has one version; every further one says where it is from."),
            ),
            models.CheckConstraint(
                name="version_number_from_one",
                condition=Q(number__gt=0),
                violation_error_message=_("Versions are counted from one."),
            ),
            models.CheckConstraint(
                name="version_frozen_has_stamp",
                condition=Q(is_frozen=True, frozen_at__isnull=False) | Q(is_frozen=False, frozen_at__isnull=True),
                violation_error_message=_("A version handed in has a moment, any other has none."),
            ),
            models.CheckConstraint(
                name="version_frozen_not_withdrawn",
                condition=Q(is_frozen=False) | Q(withdrawn_at__isnull=True),
                violation_error_message=_("A version that was handed in cannot be removed."),
            ),
            models.CheckConstraint(
                name="version_withdrawn_by_has_stamp",
                condition=Q(withdrawn_by__isnull=True) | Q(withdrawn_at__isnull=False),
                violation_error_message=_("Who removed a version did so at a moment."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.document} v{self.number}"


class Snapshot(models.Model):
    """What was handed in at one moment: exactly these versions with these hashes, whatever comes later."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner_kind = models.CharField(max_length=40)
    owner_id = models.UUIDField()
    taken_at = models.DateTimeField(_("handed in at"))
    lines: models.JSONField[list[dict[str, Any]]] = models.JSONField(_("files"))
    digest = models.CharField(_("SHA-256 of the list"), max_length=64)

    class Meta:
        ordering = ["taken_at", "uuid"]
        verbose_name = _("list of what was handed in")
        verbose_name_plural = _("lists of what was handed in")
        indexes = [models.Index(fields=["owner_kind", "owner_id", "taken_at"], name="snapshot_of_owner")]
        constraints = [
            models.CheckConstraint(name="snapshot_digest", condition=Q(digest__regex=r"^[0-9a-f]{64}$")),
        ]

    def __str__(self) -> str:
        return f"{self.owner_kind} {self.taken_at:%Y-%m-%d %H:%M}"


class UploadQuerySet(models.QuerySet["Upload"]):
    def open(self) -> UploadQuerySet:
        """Uploads whose bytes are still on their way."""
        return self.filter(state=UploadState.OPEN)


class Upload(models.Model):
    """A file on its way into a slot, whole or in parts, that can be paused, broken off and gone on with.

    Which parts are there, the store knows; the row knows what was promised: name, size, type, and whose slot it is.
    """

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="upload")
    owner_kind = models.CharField(max_length=40)
    owner_id = models.UUIDField()
    code = models.CharField(max_length=60)
    label = models.CharField(max_length=200, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    size = models.PositiveBigIntegerField(_("size"))
    content_type = models.CharField(max_length=120)
    sha256 = models.CharField(_("SHA-256 as the sender says"), max_length=64, blank=True)
    mark = models.CharField(max_length=64, blank=True)
    part_size = models.PositiveIntegerField()
    is_form = models.BooleanField(default=False)
    token = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=UploadState, default=UploadState.OPEN)
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(_("begun at"))
    last_at = models.DateTimeField(_("last seen at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    version = models.OneToOneField(Version, on_delete=models.PROTECT, null=True, blank=True, related_name="upload")
    problem = models.CharField(max_length=40, blank=True)
    params: models.JSONField[dict[str, Any]] = models.JSONField(default=dict, blank=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["begun_at", "uuid"]
        verbose_name = _("file on its way")
        verbose_name_plural = _("files on their way")
        indexes = [
            models.Index(fields=["owner_kind", "owner_id"], name="upload_of_owner", condition=Q(state="open")),
            models.Index(fields=["last_at"], name="upload_left", condition=Q(state__in=["open", "arrived"])),
        ]
        constraints = [
            models.CheckConstraint(name="upload_size", condition=Q(size__gt=0, part_size__gt=0)),
            models.CheckConstraint(
                name="upload_ended_stamp",
                condition=Q(state__in=["open", "arrived"], ended_at__isnull=True)
                | Q(state__in=["done", "given_up"], ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="upload_done_is_version",
                condition=Q(state="done", version__isnull=False) | (~Q(state="done") & Q(version__isnull=True)),
            ),
            models.CheckConstraint(
                name="upload_given_up_says_why", condition=~Q(state="given_up") | ~Q(problem=""),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.file_id} {self.state}"

    @property
    def part_count(self) -> int:
        """How many parts the file has."""
        return 1 if self.is_form else -(-self.size // self.part_size)

    def size_of(self, number: int) -> int:
        """Bytes of one part, counted from 1; the last one is what is left. Raises ValueError for a part that is none."""
        if not 1 <= number <= self.part_count:
            raise ValueError(number)
        return min(self.part_size, self.size - (number - 1) * self.part_size) if not self.is_form else self.size


class AccessLog(models.Model):
    """One look at a file, written before the first byte leaves.

    `version` says for which owner it was handed out; papers, which lie in no slot, have none.
    """

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="accesses")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, blank=True, related_name="accesses")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("at"))
    ip = models.GenericIPAddressField(_("network address"), null=True, blank=True)
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose)

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("look at a file")
        verbose_name_plural = _("looks at files")
        indexes = [models.Index(fields=["file", "-at"], name="access_by_file")]

    def __str__(self) -> str:
        return f"{self.file_id} {self.purpose} {self.at:%Y-%m-%d %H:%M}"
