"""Words of laboratories and their registers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SiteKind(models.TextChoices):
    """What kind of place a site is (场所)."""

    FIXED = "fixed", _("fixed")
    TEMPORARY = "temporary", _("temporary")
    MOBILE = "mobile", _("mobile")
    MULTIPLE = "multiple", _("multiple places")


class Gender(models.TextChoices):
    MALE = "male", _("male")
    FEMALE = "female", _("female")


class Education(models.TextChoices):
    """Levels of the two registers' own note (文化程度)."""

    SECONDARY = "secondary", _("senior high school")
    COLLEGE = "college", _("junior college")
    BACHELOR = "bachelor", _("bachelor")
    MASTER = "master", _("master")
    DOCTOR = "doctor", _("doctor")
    OTHER = "other", _("other education")


class IdentityKind(models.TextChoices):
    """Kinds of identity document of the staff register's own note (证件类型)."""

    RESIDENT = "resident", _("resident identity card")
    HONGKONG_MACAO = "hongkong_macao", _("travel permit of Hong Kong and Macao residents")
    OVERSEAS_CHINESE = "overseas_chinese", _("passport of overseas Chinese")
    MILITARY = "military", _("military officer's card")
    POLICE = "police", _("police officer's card")
    FOREIGN = "foreign", _("foreign passport")
    OTHER = "other", _("other valid document")


class Traceability(models.TextChoices):
    """How a device's values are traced (溯源方式)."""

    VERIFICATION = "verification", _("metrological verification")
    CALIBRATION = "calibration", _("calibration")
    INTERNAL = "internal", _("internal calibration")
    OTHER = "other", _("other way of traceability")


class Result(models.TextChoices):
    """What the laboratory found from the calibration data (确认结果)."""

    CONFORMS = "conforms", _("conforms")
    FAILS = "fails", _("does not conform")


class Register(models.TextChoices):
    """The three sheets that can be imported."""

    STAFF = "staff", _("staff")
    SIGNATORIES = "signatories", _("authorised signatories")
    EQUIPMENT = "equipment", _("equipment")


class ManagerPost(models.TextChoices):
    """Posts whose holder is filed with the authority; the value is the laboratory's field."""

    TOP = "top_manager", _("top manager")
    TECHNICAL = "technical_manager", _("technical manager")
    QUALITY = "quality_manager", _("quality manager")


# Changes of these are kept, from what to what: the legal person as the authority knows it.
LEGAL_FIELDS = ("name", "credit_code", "legal_representative", "authority", "parent", "address", "postcode")
MANAGER_FIELDS = tuple(ManagerPost.values)
