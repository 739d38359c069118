"""`manage.py outbox list` shows what has not left; `manage.py outbox replay` sends it again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from workflows.outbox import services
from workflows.outbox.enums import DeliveryState
from workflows.outbox.models import Delivery, DeliveryQuerySet


class Command(BaseCommand):
    help = "Lists deliveries of messages, and sends them again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="show deliveries, the newest first")
        listing.add_argument("--state", choices=DeliveryState.values, default=DeliveryState.FAILED.value)
        listing.add_argument("--limit", type=int, default=50)
        again = actions.add_parser("replay", help="send again")
        again.add_argument("uuids", nargs="*", type=UUID, metavar="uuid")
        again.add_argument("--failed", action="store_true", help="everything that was given up")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['action']}")(options)

    def _list(self, options: dict[str, Any]) -> None:
        rows = Delivery.objects.filter(state=options["state"]).select_related("message__application")
        for row in rows.order_by("-pk")[: options["limit"]]:
            what = f"{row.message.kind} {row.message.reference}".strip()
            self.stdout.write(f"{row.uuid} {row.state} {row.attempts} {row.address} {what} {row.last_error}".rstrip())

    def _replay(self, options: dict[str, Any]) -> None:
        done = 0
        for delivery in self._chosen(options):
            try:
                services.replay(delivery=delivery, by=None, now=timezone.now())
            except services.ReplayRefused as refusal:
                self.stderr.write(f"{delivery.uuid}: {refusal}")
            else:
                done += 1
        self.stdout.write(f"{done} to be sent again.")

    def _chosen(self, options: dict[str, Any]) -> DeliveryQuerySet:
        if bool(options["uuids"]) == options["failed"]:
            raise CommandError("Name deliveries by their uuid (see `outbox list`), or give --failed.")
        if options["failed"]:
            return Delivery.objects.failed()
        found = Delivery.objects.filter(uuid__in=options["uuids"])
        missing = set(options["uuids"]) - set(found.values_list("uuid", flat=True))
        if missing:
            raise CommandError(f"No delivery has the uuid {', '.join(sorted(map(str, missing)))}.")
        return found
