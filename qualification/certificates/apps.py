from __future__ import annotations

import uuid
from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CertificatesConfig(AppConfig):
    name = "qualification.certificates"
    label = "certificates"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register who may read the papers of a certificate, and the public's entries in the navigation."""
        from documents.access import register_owner
        from qualification.pages import menu

        register_owner("certificate", may_read=may_read_files, may_write=may_write_files)
        menu.register("register", _("Register"), "certificates:register", "certificate", lambda user: True, order=800)
        menu.register("verify", _("Verify"), "certificates:verify", "shield-check", lambda user: True, order=810)
        menu.register("guide", _("How to apply"), "certificates:how_to_apply", "book", _is_outside, order=820)


def _is_outside(user: Any) -> bool:
    """The visitor, and the laboratory's people."""
    return not user.is_authenticated or bool(user.laboratory_ids())


def may_read_files(user: Any, owner_id: uuid.UUID) -> bool:
    """The paper of a certificate: whoever sees the certificate."""
    import rules

    from qualification.certificates.models import Certificate

    certificate = Certificate.objects.filter(uuid=owner_id).select_related("authority").first()
    return certificate is not None and bool(rules.has_perm("certificates.Certificate.see", user, certificate))


def may_write_files(user: Any, owner_id: uuid.UUID) -> bool:
    """Nobody hands in papers of a certificate; the system makes them."""
    return False
