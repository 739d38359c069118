"""The typed environment: every variable the system reads, with its default and meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parents[2]


# clamd looks at no file of 2 GiB or more, whatever its own limits say (clamd.conf(5), MaxFileSize).
CLAMD_MAX_BYTES = 2**31 - 1


class Environment(BaseSettings):
    """Variables of the process environment; names are case-insensitive."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore")

    tongzheng_mode: Literal["demo", "production"] = Field("demo", description="demo or production.")
    database_url: str = Field("", description="PostgreSQL URL; empty starts the embedded server under var/.")
    database_statement_timeout: int = Field(
        30, ge=0, description="Seconds after which PostgreSQL ends a statement; 0 is never."
    )
    secret_key: str = Field("", description="Signing key of sessions; empty makes one under var/ (demo only).")
    django_debug: bool = Field(False, description="Django's debug pages. Refused in production.")
    allowed_hosts: str = Field("127.0.0.1,localhost", description="Comma-separated host names served.")
    public_url: str = Field(
        "http://127.0.0.1:8000", description="Address printed in QR codes and mails, without a trailing slash."
    )
    trusted_proxy: bool = Field(False, description="Whether a proxy in front sets X-Forwarded-Proto and -For.")
    var_dir: Path = Field(BASE_DIR / "var", description="Where the files of a local installation are kept.")
    node_modules: Path = Field(BASE_DIR / "node_modules", description="Where npm put the front-end packages and fonts.")
    email_url: str = Field(
        "",
        description="smtp://user:password@host:port of the mail server (smtps:// for TLS from the start, "
        "smtp+tls:// for STARTTLS); empty writes mails under var/mail.",
    )
    email_from: str = Field("no-reply@localhost", description="Sender of mails.")
    storage: Literal["local", "s3"] = Field("local", description="local or s3.")
    s3_endpoint_url: str = Field("", description="Endpoint of the S3 store; empty is the default of boto3.")
    s3_access_key: str = Field("", description="Access key of the S3 store.")
    s3_secret_key: str = Field("", description="Secret key of the S3 store.")
    s3_bucket_quarantine: str = Field("quarantine", description="Bucket of files not yet checked.")
    s3_bucket_clean: str = Field("clean", description="Bucket of checked files.")
    s3_region: str = Field("us-east-1", description="Region of the S3 store.")
    s3_lock_mode: Literal["COMPLIANCE", "GOVERNANCE"] = Field(
        "COMPLIANCE",
        description="How what was handed in or issued is locked: COMPLIANCE nobody can lift, "
        "GOVERNANCE an operator with a special right can.",
    )
    retention_years: int = Field(6, ge=1, le=100, description="Years that what was handed in or issued is kept.")
    upload_max_mb: int = Field(
        4096, ge=1, description="MiB of the largest file taken; where CLAMD is set, never 2 GiB or more."
    )
    clamd: str = Field(
        "", description="Malware scanner: unix:/path or tcp://host:port of clamd; production does not start without."
    )
    looking_space_mb: int = Field(
        1024, ge=16, description="MiB of disk for pages drawn in the viewer; what was not used longest goes first."
    )
    keys_dir: Path | None = Field(None, description="Folder of the authorities' signing keys; default var/keys.")
    paper_seconds: int = Field(120, description="Seconds one paper may take to render before it is stopped.")
    paper_memory_mb: int = Field(2048, description="MiB of memory the rendering of one paper may use.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    web_workers: int = Field(2, ge=1, description="Web processes started by `manage.py up`.")
    job_workers: int = Field(1, ge=1, description="Job processes started by `manage.py worker`.")

    @property
    def upload_max_bytes(self) -> int:
        """Bytes of the largest file taken: no more than the malware scanner can look at, where there is one."""
        wanted = self.upload_max_mb * 1024 * 1024
        return min(wanted, CLAMD_MAX_BYTES) if self.clamd else wanted

    @model_validator(mode="after")
    def _production_is_complete(self) -> Environment:
        """Production refuses what only a demonstration may do without."""
        if self.tongzheng_mode != "production":
            return self
        faults = [
            sentence
            for is_wrong, sentence in (
                (len(self.secret_key) < 50, "SECRET_KEY must have at least 50 characters"),
                (not self.database_url, "DATABASE_URL must be set"),
                (self.django_debug, "DJANGO_DEBUG must be off"),
                (not self.public_url.startswith("https://"), "PUBLIC_URL must begin with https://"),
                (not self.email_url, "EMAIL_URL must be set"),
                (not self.clamd, "CLAMD must name the malware scanner"),
            )
            if is_wrong
        ]
        if faults:
            raise ValueError(f"TONGZHENG_MODE=production: {'; '.join(faults)}.")
        return self


env = Environment()
