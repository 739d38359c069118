"""The two buckets of an S3 store, as they must be: made once, and looked at again at every set-up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from django.conf import settings

from documents import storage
from documents.enums import Bucket
from documents.objects import ObjectStorage

RULE = "tongzheng-quarantine"
HELD = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})


class BucketWrong(Exception):
    """A bucket is not as it must be and cannot be made so; the message says what to do."""


def prepare() -> list[str]:
    """Make both buckets with their rules, or prove that they have them; returns a line per thing that was done.

    Raises BucketWrong for a clean bucket that was made without object lock: that cannot be added later.
    """
    clean, quarantine = storage.store(Bucket.CLEAN), storage.store(Bucket.QUARANTINE)
    if not isinstance(clean, ObjectStorage) or not isinstance(quarantine, ObjectStorage):
        return ["The local disk needs no buckets."]
    return [*_prepare_clean(clean), *_prepare_quarantine(quarantine)]


def _prepare_clean(store: ObjectStorage) -> Iterator[str]:
    if _make(store, ObjectLockEnabledForBucket=True):
        yield f"Bucket {store.bucket_name} made, with object lock and versions."
    try:
        lock = store.client.get_object_lock_configuration(Bucket=store.bucket_name)["ObjectLockConfiguration"]
    except ClientError:
        lock = {}
    if lock.get("ObjectLockEnabled") != "Enabled":
        raise BucketWrong(
            f"Bucket {store.bucket_name} was made without object lock, which cannot be added. "
            "Name a new bucket in S3_BUCKET_CLEAN and copy the files there."
        )
    yield f"Bucket {store.bucket_name} locks objects ({store.lock_mode})."


def _prepare_quarantine(store: ObjectStorage) -> Iterator[str]:
    if _make(store):
        yield f"Bucket {store.bucket_name} made."
    versions = store.client.get_bucket_versioning(Bucket=store.bucket_name).get("Status")
    if versions == "Enabled":
        raise BucketWrong(f"Bucket {store.bucket_name} keeps versions; the quarantine must not. Suspend them.")
    days = settings.QUARANTINE_DAYS + 1
    store.client.put_bucket_lifecycle_configuration(Bucket=store.bucket_name, LifecycleConfiguration=_lifecycle(days))
    yield f"Things in {store.bucket_name} expire after {days} days."
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(settings.PUBLIC_URL))
    store.client.put_bucket_cors(Bucket=store.bucket_name, CORSConfiguration=_cors(origin))
    yield f"Browsers may send to {store.bucket_name} from {origin}."


def _make(store: ObjectStorage, **options: Any) -> bool:
    place = {} if store.region_name in {None, "", "us-east-1"} else {"LocationConstraint": store.region_name}
    try:
        store.client.head_bucket(Bucket=store.bucket_name)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
    else:
        return False
    try:
        more = {"CreateBucketConfiguration": place} if place else {}
        store.client.create_bucket(Bucket=store.bucket_name, **more, **options)
    except ClientError as error:
        if error.response["Error"]["Code"] not in HELD:
            raise
        return False
    return True


def _lifecycle(days: int) -> dict[str, Any]:
    # A day longer than the sweep, which knows which rows still need the bytes.
    rule = {
        "ID": RULE, "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": days},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days},
    }  # fmt: skip
    return {"Rules": [rule]}


def _cors(origin: str) -> dict[str, Any]:
    rule = {
        "AllowedOrigins": [origin], "AllowedMethods": ["PUT", "POST"], "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 3600,
    }  # fmt: skip
    return {"CORSRules": [rule]}
