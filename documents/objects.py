"""A bucket of an S3 store, and the links by which a browser sends bytes straight into it.

The clean bucket has object lock and versions from its making: bytes there are never overwritten, and what was handed
in or issued cannot be deleted before its date. The quarantine has neither, and its things expire.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from django.utils.http import content_disposition_header
from storages.backends.s3 import S3Storage

from documents.storage import Chunks, Links, ShortPart

LINK_SECONDS = 900
READ_SECONDS = 60
# A larger object is copied in parts, several at a time; a smaller one by one request.
COPIED_AT_ONCE = 64 * 1024 * 1024
GONE = frozenset({"404", "NoSuchKey", "NoSuchUpload"})


class _Connections:
    """Connections by place and key. A forked process makes its own: two must not share a line."""

    def __init__(self) -> None:
        self.clear()
        os.register_at_fork(after_in_child=self.clear)

    def clear(self) -> None:
        self.made: dict[Any, Any] = {}
        self.lock = threading.Lock()

    def get(self, place: Any, make: Callable[[], Any]) -> Any:
        with self.lock:
            if place not in self.made:
                self.made[place] = make()
            return self.made[place]


_shared = _Connections()


class ObjectStorage(S3Storage):  # type: ignore[misc,unused-ignore]
    """A bucket of an S3 store."""

    def __init__(self, **options: Any) -> None:
        self.lock_mode = options.pop("lock_mode", "COMPLIANCE")
        # A checksum only where the store demands one: not every store knows the newer kinds.
        client = Config(
            signature_version="s3v4", s3={"addressing_style": "path"}, connect_timeout=5, read_timeout=60,
            retries={"max_attempts": 3, "mode": "standard"},
            max_pool_connections=32,
            request_checksum_calculation="when_required", response_checksum_validation="when_required",
        )  # fmt: skip
        super().__init__(client_config=client, **options)

    @property
    def connection(self) -> Any:
        """One connection for all threads and both buckets: each costs memory and a tenth of a second to make."""
        place = (self.endpoint_url, self.region_name, self.access_key, self.secret_key)
        return _shared.get(place, lambda: super(ObjectStorage, self).connection)

    @property
    def client(self) -> Any:
        """boto3's client, which all threads may use."""
        return self.connection.meta.client

    def stream(self, key: str) -> Chunks:
        """The bytes in chunks. Raises FileNotFoundError at once, not at the first chunk."""
        with _missing(key):
            return Chunks(self.client.get_object(Bucket=self.bucket_name, Key=key)["Body"])

    def listing(self) -> Iterator[tuple[str, dt.datetime]]:
        """All keys with the moment they were written."""
        for item in self.bucket.objects.all():
            yield item.key, item.last_modified

    def copy_from(self, source: ObjectStorage, key: str) -> None:
        """Copy one object from another bucket of the same store, inside the store. Raises FileNotFoundError."""
        place = {"Bucket": source.bucket_name, "Key": key}
        if source.size(key) > COPIED_AT_ONCE:
            self.client.copy(place, self.bucket_name, key)
        else:
            with _missing(key):
                self.client.copy_object(Bucket=self.bucket_name, Key=key, CopySource=place)

    @contextmanager
    def on_disk(self, key: str) -> Iterator[Path]:
        """The object in a temporary file for a child process to read."""
        with tempfile.NamedTemporaryFile(prefix="check-") as handle:
            for chunk in self.stream(key):
                handle.write(chunk)
            handle.flush()
            yield Path(handle.name)

    def purge(self, key: str) -> None:
        """Remove every version of the object. What is locked stays: the store refuses with ClientError."""
        for version in self.bucket.object_versions.filter(Prefix=key):
            if version.object_key == key:
                version.delete()

    def retain(self, key: str, until: dt.datetime) -> None:
        """Lock the object's newest version until a moment; a lock is only ever made longer. Raises FileNotFoundError."""
        with _missing(key):
            self.client.put_object_retention(
                Bucket=self.bucket_name, Key=key, Retention={"Mode": self.lock_mode, "RetainUntilDate": until}
            )

    def retained_until(self, key: str) -> dt.datetime | None:
        """Until when the object's newest version is locked; None when it is not."""
        try:
            found = self.client.get_object_retention(Bucket=self.bucket_name, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE | {
                "NoSuchObjectLockConfiguration",
                "ObjectLockConfigurationNotFoundError",
            }:
                return None
            raise
        until: dt.datetime = found["Retention"]["RetainUntilDate"]
        return until

    # -- parts

    def begin_parts(self, key: str, content_type: str) -> str:
        """Begin an upload in parts; its type is fixed from here on. Returns the store's token."""
        begun = self.client.create_multipart_upload(Bucket=self.bucket_name, Key=key, ContentType=content_type)
        return str(begun["UploadId"])

    def put_part(self, key: str, token: str, number: int, source: Any, size: int) -> None:
        """Send one part of exactly `size` bytes through this process. Raises ShortPart."""
        with tempfile.SpooledTemporaryFile(max_size=size) as handle:
            left = size
            while left and (data := source.read(min(left, 1 << 18))):
                handle.write(data)
                left -= len(data)
            if left:
                raise ShortPart(f"{left} of {size} bytes are missing.")
            handle.seek(0)
            self.client.upload_part(
                Bucket=self.bucket_name, Key=key, UploadId=token, PartNumber=number, Body=handle, ContentLength=size
            )

    def parts(self, key: str, token: str) -> dict[int, int]:
        """Sizes of the parts that are there, by number. Raises FileNotFoundError when the upload is not known."""
        return {part["PartNumber"]: part["Size"] for part in self._listed(key, token)}

    def finish_parts(self, key: str, token: str) -> None:
        """Have the store join the parts. Raises FileNotFoundError when the upload is not known."""
        parts = [{"PartNumber": p["PartNumber"], "ETag": p["ETag"]} for p in self._listed(key, token)]
        with _missing(key):
            self.client.complete_multipart_upload(
                Bucket=self.bucket_name, Key=key, UploadId=token, MultipartUpload={"Parts": parts}
            )

    def abort_parts(self, key: str, token: str) -> None:
        """Have the store forget the parts; nothing happens when it has already."""
        try:
            self.client.abort_multipart_upload(Bucket=self.bucket_name, Key=key, UploadId=token)
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise

    def unfinished_parts(self) -> Iterator[tuple[str, str, dt.datetime]]:
        """Every upload in parts that is neither finished nor given up: key, token, moment it began."""
        for page in self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket_name):
            for upload in page.get("Uploads", ()):
                yield upload["Key"], upload["UploadId"], upload["Initiated"]

    def _listed(self, key: str, token: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("list_parts").paginate(Bucket=self.bucket_name, Key=key, UploadId=token)
        with _missing(key):
            return [part for page in pages for part in page.get("Parts", ())]

    # -- links

    def links(self) -> Links | None:
        """Browsers send bytes straight to the store."""
        return self

    def post_form(self, key: str, content_type: str, size: int) -> dict[str, Any]:
        """Address and fields of a form that the store takes for this key, this type and exactly this many bytes."""
        form: dict[str, Any] = self.client.generate_presigned_post(
            self.bucket_name, key, Fields={"Content-Type": content_type},
            Conditions=[{"Content-Type": content_type}, ["content-length-range", size, size]], ExpiresIn=LINK_SECONDS,
        )  # fmt: skip
        return form

    def part_link(self, key: str, token: str, number: int, size: int) -> str:
        """A link for one part: its number and its exact length are signed."""
        wanted = {
            "Bucket": self.bucket_name, "Key": key, "UploadId": token, "PartNumber": number, "ContentLength": size,
        }  # fmt: skip
        return str(self.client.generate_presigned_url("upload_part", Params=wanted, ExpiresIn=LINK_SECONDS))

    def download_link(self, key: str, name: str) -> str:
        """A link by which a browser keeps the object under this name; good for a minute."""
        wanted = {
            "Bucket": self.bucket_name, "Key": key, "ResponseContentType": "application/octet-stream",
            "ResponseContentDisposition": content_disposition_header(as_attachment=True, filename=name),
            "ResponseCacheControl": "private, no-store",
        }  # fmt: skip
        return str(self.client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=READ_SECONDS))


@contextmanager
def _missing(key: str) -> Iterator[None]:
    """FileNotFoundError for what the store does not have."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            raise FileNotFoundError(key) from error
        raise
