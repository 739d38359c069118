import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

LIMITS = (
    "acceptance_days", "acceptance_after_supplement_days", "supplement_days", "offer_days", "file_review_days",
    "technical_review_days", "rectification_max_days", "verification_days", "concurrence_days", "decision_days",
    "decision_extension_days", "issue_days", "renewal_months",
)  # fmt: skip


def take_over(apps, schema_editor):
    """What a profile had set becomes an entry from the day it was set on."""
    Profile, Change, Entry = (apps.get_model("regions", n) for n in ("Profile", "ProfileChange", "LimitEntry"))
    for profile in Profile.objects.order_by("pk"):
        kept = dict(profile.values)
        for key in LIMITS:
            if key not in kept:
                continue
            last = Change.objects.filter(profile=profile, key=key).order_by("-at", "-pk").first()
            at = last.at if last else profile.updated_at
            Entry.objects.create(
                authority_id=profile.authority_id, key=key, value=kept.pop(key), effective_on=at.date(), at=at,
                reason=(last.reason if last else "") or "—", by_id=last.by_id if last else profile.updated_by_id,
            )  # fmt: skip
        Profile.objects.filter(pk=profile.pk).update(values=kept)


class Migration(migrations.Migration):
    dependencies = [
        ("regions", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LimitEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=60)),
                ("value", models.PositiveSmallIntegerField(verbose_name="limit")),
                ("effective_on", models.DateField(verbose_name="in force from")),
                ("edition", models.CharField(blank=True, max_length=20, verbose_name="edition")),
                ("article", models.CharField(blank=True, max_length=200, verbose_name="source")),
                ("reason", models.TextField(verbose_name="reason")),
                ("at", models.DateTimeField()),
                ("authority", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="limits", to="regions.authority", verbose_name="authority")),
                ("by", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("corrects", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="corrected_by", to="regions.limitentry")),
            ],
            options={
                "verbose_name": "time limit",
                "ordering": ["key", "effective_on", "pk"],
                "constraints": [
                    models.UniqueConstraint(condition=Q(("corrects__isnull", True)), fields=("authority", "key", "effective_on"), name="limit_once_a_day", nulls_distinct=False, violation_error_message="There is already an entry of this limit for this day."),
                    models.CheckConstraint(condition=Q(("value__gte", 1)), name="limit_not_zero", violation_error_message="A time limit is at least one day."),
                    models.CheckConstraint(condition=Q(("reason", ""), _negated=True), name="limit_has_reason", violation_error_message="Say why; the reason is kept with the change."),
                ],
            },
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
