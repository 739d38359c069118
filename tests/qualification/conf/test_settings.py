from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from pydantic import ValidationError

from qualification.conf.database import database_settings, parse_url, server_options
from qualification.conf.environment import Environment
from qualification.conf.mail import mail_settings
from qualification.conf.sign_in import name_of_attempt

PRODUCTION: dict[str, Any] = {
    "tongzheng_mode": "production",
    "secret_key": "k" * 50,
    "database_url": "postgresql://u@h/d",
    "public_url": "https://example.cn",
    "email_url": "smtp://mail",
    "clamd": "unix:/run/clamav/clamd.ctl",
}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://postgres:@/postgres?host=/var/pg", ("postgres", "postgres", "", "/var/pg", "", {})),
        ("postgres://u%40x:p%2Fw@db.example:5433/na%20me", ("na me", "u@x", "p/w", "db.example", "5433", {})),
        ("postgresql://u@h/d?sslmode=require", ("d", "u", "", "h", "", {"sslmode": "require"})),
        ("postgresql://u@/d?host=/run/pg&port=6000", ("d", "u", "", "/run/pg", "6000", {})),
        ("postgresql://", ("postgres", "", "", "", "", {})),
    ],
)
def test_database_urls(url: str, expected: tuple[Any, ...]) -> None:
    parsed = parse_url(url)
    assert tuple(parsed[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")) == expected


def test_only_postgresql() -> None:
    with pytest.raises(ValueError, match="must begin with postgresql://, not sqlite://"):
        parse_url("sqlite:///x")


def test_without_a_url_the_embedded_server_is_meant_and_nothing_is_started(tmp_path: Path) -> None:
    found = database_settings(Environment(database_url="", var_dir=tmp_path, database_statement_timeout=7))
    assert found["ENGINE"] == "qualification.conf.postgres"
    assert found["OPTIONS"] == {"options": server_options(7)}
    assert list(tmp_path.iterdir()) == []


def test_limits_of_a_session() -> None:
    assert server_options(30) == (
        "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
    )


def test_a_complete_production() -> None:
    assert Environment(**PRODUCTION).tongzheng_mode == "production"


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"secret_key": "short"}, "SECRET_KEY must have at least 50 characters"),
        ({"database_url": ""}, "DATABASE_URL must be set"),
        ({"django_debug": True}, "DJANGO_DEBUG must be off"),
        ({"public_url": "http://example.cn"}, "PUBLIC_URL must begin with https://"),
        ({"email_url": ""}, "EMAIL_URL must be set"),
        ({"clamd": ""}, "CLAMD must name the malware scanner"),
    ],
)
def test_production_refuses_what_a_demo_may_do_without(fault: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(f"TONGZHENG_MODE=production: {sentence}.")):
        Environment(**PRODUCTION | fault)


@pytest.mark.parametrize("fault", [{"tongzheng_mode": "prod"}, {"storage": "tape"}, {"web_workers": 0}])
def test_a_value_of_the_wrong_kind_is_refused(fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Environment(**fault)


def test_every_variable_is_documented() -> None:
    text = (settings.BASE_DIR / "docs" / "operations.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", text, re.MULTILINE))
    read = {name.upper() for name in Environment.model_fields}
    assert documented == read | {"TONGZHENG_REQUIRE_SYSTEM"}
    assert all(field.description for field in Environment.model_fields.values())


@pytest.mark.parametrize(
    ("url", "port", "ssl", "tls"),
    [("smtp://h", 25, False, False), ("smtps://h", 465, True, False), ("smtp+tls://h:99", 99, False, True)],
)
def test_mail_servers(tmp_path: Path, url: str, port: int, ssl: bool, tls: bool) -> None:
    found = mail_settings(url, tmp_path)
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("h", port)
    assert (found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (ssl, tls)


def test_without_a_mail_server_mails_are_files(tmp_path: Path) -> None:
    assert mail_settings("", tmp_path)["EMAIL_FILE_PATH"] == tmp_path / "mail"


@pytest.mark.parametrize("url", ["http://h", "smtp://", "mail.example.cn"])
def test_other_mail_urls_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValueError, match="EMAIL_URL must look like"):
        mail_settings(url, tmp_path)


def test_a_wrong_password_counts_under_one_name(rf: Any) -> None:
    typed = rf.post("/", {"login": " Wang "})
    assert name_of_attempt(typed, None) == name_of_attempt(rf.post("/"), {"username": "wang"}) == "wang"
    assert name_of_attempt(rf.post("/"), {"email": "A@b.cn"}) == "a@b.cn"


def test_pages_load_nothing_from_elsewhere() -> None:
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    allowed = {source for name in directives for source in directives[name] if "nonce" not in str(source).lower()}
    assert allowed == {"'self'", "'none'", "data:", "blob:"}


def test_no_file_is_taken_that_the_malware_scanner_cannot_look_at() -> None:
    assert Environment(upload_max_mb=4096).upload_max_bytes == 4096 * 1024**2
    assert Environment(**PRODUCTION, upload_max_mb=4096).upload_max_bytes == 2**31 - 1
    assert Environment(**PRODUCTION, upload_max_mb=100).upload_max_bytes == 100 * 1024**2
