"""The requirement matrix: which kind of application wants which material."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from qualification.applications.enums import Kind, Level, Per, Procedure


class MaterialType(models.Model):
    """A kind of material a laboratory hands in (the rows of the requirement matrix)."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_zh = models.CharField(_("name (Chinese)"), max_length=80)
    name_en = models.CharField(_("name (English)"), max_length=120)
    hint_zh = models.CharField(_("what it wants (Chinese)"), max_length=300, blank=True)
    hint_en = models.CharField(_("what it wants (English)"), max_length=300, blank=True)
    per = models.CharField(_("wanted"), max_length=20, choices=Per, default=Per.APPLICATION)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "code"]
        verbose_name = _("kind of material")

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Name in the reader's language."""
        return self.name_zh if _is_chinese() else self.name_en

    @property
    def hint(self) -> str:
        """What the material must contain, in the reader's language."""
        return self.hint_zh if _is_chinese() else self.hint_en


class Requirement(models.Model):
    """One cell of the requirement matrix: a kind of application wants a material."""

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    material = models.ForeignKey(MaterialType, on_delete=models.CASCADE, related_name="requirements")
    level = models.CharField(_("level"), max_length=20, choices=Level, default=Level.REQUIRED)
    procedure = models.CharField(_("only in procedure"), max_length=20, choices=Procedure, blank=True)

    class Meta:
        ordering = ["kind", "material__position"]
        constraints = [models.UniqueConstraint(fields=["kind", "material"], name="requirement_cell_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.material}"


def _is_chinese() -> bool:
    return (get_language() or "zh").startswith("zh")
