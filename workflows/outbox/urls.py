"""Addresses of messages."""

from __future__ import annotations

from django.urls import path

from workflows.outbox import views

app_name = "outbox"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("read/", views.read_all, name="read_all"),
    path("undelivered/", views.deliveries, name="deliveries"),
    path("undelivered/<uuid:uuid>/again/", views.send_again, name="send_again"),
    path("<uuid:uuid>/", views.message, name="message"),
    path("<uuid:uuid>/open/", views.open_message, name="open"),
]
