"""`manage.py documents setup | verify | orphans | export`: the store as it must be, and proved to be."""

from __future__ import annotations

import uuid
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from documents import buckets, bundle, keeping, orphans
from documents.models import StoredFile, Version


class Command(BaseCommand):
    help = "Make the buckets; prove every stored file; find bytes without rows and rows without bytes; export files."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("setup", help="Make the two buckets of an S3 store with their rules, or prove them.")
        verbs.add_parser("verify", help="Read every stored file and compare its hash; ends with 1 when one is wrong.")
        left = verbs.add_parser("orphans", help="Bytes without a row, rows without bytes, parts without an upload.")
        left.add_argument("--remove", action="store_true", help="Remove needless bytes and parts from the quarantine.")
        export = verbs.add_parser("export", help="Write the files of an owner as a ZIP with an index of hashes.")
        export.add_argument("owner_kind")
        export.add_argument("owner_id", type=uuid.UUID)
        export.add_argument("file", type=Path)

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        getattr(self, f"_{verb}")(**options)

    def _setup(self, **options: Any) -> None:
        try:
            for line in buckets.prepare():
                self.stdout.write(line)
        except buckets.BucketWrong as error:
            raise CommandError(str(error)) from error

    def _verify(self, **options: Any) -> None:
        stored = StoredFile.objects.filter(bucket="clean").order_by("pk")
        proof = keeping.prove(stored.iterator(chunk_size=500), now=timezone.now())
        for word, files in (("lost", proof.lost), ("altered", proof.altered)):
            for file in files:
                self.stdout.write(f"{word}\t{file.pk}\t{file.key}\t{file.sha256}\t{file.name}")
        self.stdout.write(f"{proof.proved} files proved, {len(proof.lost)} lost, {len(proof.altered)} altered.")
        if proof.bad:
            raise CommandError(
                "Stored files are not what they were. Restore them from the backup or the store's versions."
            )

    def _orphans(self, *, remove: bool, **options: Any) -> None:
        found: Counter[orphans.Stray] = Counter()
        removed = 0
        for orphan in orphans.walk(now=timezone.now()):
            found[orphan.kind] += 1
            self.stdout.write(str(orphan))
            removed += remove and orphans.remove(orphan)
        if remove:
            self.stdout.write(f"{removed} removed from the quarantine.")
        self.stdout.write(orphans.summary(found))
        if found[orphans.Stray.ROW]:
            raise CommandError("Rows have lost their bytes.")

    def _export(self, *, owner_kind: str, owner_id: uuid.UUID, file: Path, **options: Any) -> None:
        versions = Version.objects.live().of_owner(owner_kind, owner_id).filter(file__bucket="clean")
        rows = versions.select_related("document", "file").order_by("document__code", "document__label", "number")
        entries = bundle.entries_of(rows, {})
        if not entries:
            raise CommandError(f"{owner_kind} {owner_id} has no stored files.")
        beginning = file.with_name(f".{file.name}.part")
        with beginning.open("wb") as target:
            target.writelines(bundle.stream(entries))
        beginning.replace(file)
        self.stdout.write(f"{len(entries)} files written to {file}; their hashes stand in {bundle.INDEX}.")
