"""Where files lie: the local disk under var/files, or two private buckets of an S3 store."""

from __future__ import annotations

from typing import Any

from qualification.conf.environment import Environment


def storage_settings(environment: Environment) -> dict[str, Any]:
    """Django's STORAGES entries `quarantine` and `clean`.

    Raises ValueError for a STORAGE that is neither local nor s3.
    """
    if environment.storage == "local":
        return {bucket: _local(environment, bucket) for bucket in ("quarantine", "clean")}
    if environment.storage == "s3":
        return {
            "quarantine": _object_store(environment, environment.s3_bucket_quarantine),
            "clean": _object_store(environment, environment.s3_bucket_clean),
        }
    raise ValueError(f"STORAGE must be local or s3, not {environment.storage!r}")


def _local(environment: Environment, bucket: str) -> dict[str, Any]:
    return {
        "BACKEND": "documents.storage.LocalStorage",
        "OPTIONS": {
            "location": environment.var_dir / "files" / bucket,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    }


def _object_store(environment: Environment, bucket: str) -> dict[str, Any]:
    return {
        "BACKEND": "documents.objects.ObjectStorage",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": environment.s3_endpoint_url or None,
            "access_key": environment.s3_access_key,
            "secret_key": environment.s3_secret_key,
            "region_name": environment.s3_region,
            "default_acl": None,
            "file_overwrite": True,
            "lock_mode": environment.s3_lock_mode,
        },
    }
