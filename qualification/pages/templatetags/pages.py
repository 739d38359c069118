"""Tags every page may use: `{% load pages %}`. Parameters are told in docs/pages.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import template
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms import BoundField, widgets
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from qualification.pages import dates, icons, menu

register = template.Library()

register.filter("zdate", dates.say_date)
register.filter("zmoment", dates.say_moment)


@register.simple_tag
def moment(value: dt.datetime | None) -> str:
    """A `time` element: the date to read, the exact moment on hover."""
    if value is None:
        return ""
    exact = dates.say_moment(value)
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact, dates.say_date(value))


class IconNode(template.Node):
    """An icon; a name written in the template is looked up when the template is compiled."""

    def __init__(self, name: template.base.FilterExpression, label: template.base.FilterExpression | None) -> None:
        self.name, self.label = name, label

    def render(self, context: template.Context) -> str:
        label = self.label.resolve(context) if self.label else ""
        return icons.svg(str(self.name.resolve(context)), str(label))


@register.tag("icon")
def icon(parser: template.base.Parser, token: template.base.Token) -> IconNode:
    """`{% icon "check" %}` or `{% icon "check" label %}`; a wrong literal name is a template error."""
    words = token.split_contents()[1:]
    if not 1 <= len(words) <= 2:
        raise template.TemplateSyntaxError("icon takes a name and, if it stands alone, a label.")
    name, *label = (parser.compile_filter(word) for word in words)
    if isinstance(name.var, str):
        try:
            icons.shapes(name.var)
        except icons.IconMissing as error:
            raise template.TemplateSyntaxError(str(error)) from error
    return IconNode(name, label[0] if label else None)


def _get(source: Any, key: str) -> Any:
    return source.get(key, "") if isinstance(source, Mapping) else getattr(source, key, "")


def state_meta(obj: Any, audience: str = "") -> dict[str, Any]:
    """Label, icon and tone of an object's state, for `staff`, `laboratory` or `public` where it tells them apart."""
    if audience and hasattr(obj, "state_meta_for"):
        meta = obj.state_meta_for(audience)
    else:
        meta = getattr(obj, "state_meta", None) or {}
    label = _get(meta, "label") or obj.get_state_display()
    return {"label": label, "icon": _get(meta, "icon") or "circle", "tone": _get(meta, "tone") or "neutral"}


@register.inclusion_tag("components/badge.html")
def state_badge(obj: Any, audience: str = "") -> dict[str, Any]:
    """The state as an icon and a word, with a colour."""
    return state_meta(obj, audience)


@register.inclusion_tag("components/badge.html")
def badge(label: str, icon: str = "circle", tone: str = "neutral") -> dict[str, Any]:
    """A badge for anything that is not a `state`."""
    return {"label": label, "icon": icon, "tone": tone}


def _css_class(widget: widgets.Widget) -> str:
    if isinstance(widget, widgets.CheckboxInput | widgets.RadioSelect | widgets.CheckboxSelectMultiple):
        return "form-check-input"
    return "form-select" if isinstance(widget, widgets.Select) else "form-control"


@register.simple_tag
def widget(bound: BoundField) -> SafeString:
    """The field's widget in our look. Django itself adds aria-describedby and aria-invalid."""
    own = bound.field.widget.attrs.get("class", "")
    invalid = " is-invalid" if bound.errors else ""
    attrs: dict[str, Any] = {"class": f"{_css_class(bound.field.widget)}{invalid} {own}".strip()}
    if str(bound.field.widget.attrs.get("placeholder", "")) == str(bound.label):
        attrs["placeholder"] = False
    return bound.as_widget(attrs=attrs)


@register.inclusion_tag("components/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """One field: label, widget, help, errors."""
    one = bound.field.widget
    return {
        "field": bound,
        "is_check": isinstance(one, widgets.CheckboxInput),
        "is_group": isinstance(one, widgets.RadioSelect | widgets.CheckboxSelectMultiple),
    }


@register.inclusion_tag("components/form_fields.html")
def form_fields(form: Any) -> dict[str, Any]:
    """All fields of a form, with what is wrong with the form as a whole on top."""
    return {"form": form, "has_field_errors": any(name != NON_FIELD_ERRORS for name in form.errors)}


@register.simple_tag(takes_context=True)
def menu_entries(context: template.Context) -> list[menu.Shown]:
    """The navigation of the person who reads this page, in one line."""
    request = context.get("request")
    return menu.folded_on(request) if request is not None and hasattr(request, "user") else []


@register.simple_tag(takes_context=True)
def unread_messages(context: template.Context) -> int:
    """The number of unread messages of the person who reads this page."""
    request = context.get("request")
    return menu.unread_of(request.user) if request is not None and hasattr(request, "user") else 0


@register.simple_tag
def url_or_empty(name: str, *args: Any) -> str:
    """The address of a page, or nothing while that page is not installed."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """The address's query with some values changed; None or an empty value removes one."""
    values = context["request"].GET.copy()
    for key, value in changes.items():
        values.pop(key, None)
        if value not in (None, ""):
            values[key] = value
    return f"?{values.urlencode()}"


@register.simple_tag
def colon() -> str:
    """What stands between a name and what is said of it: `: `, in Chinese the full-width sign."""
    return _(": ")


@register.simple_tag
def comma() -> str:
    """What stands between two parts of a sentence: `, `, in Chinese the full-width sign; the words `, ` join a list."""
    return pgettext("clauses", ", ")


@register.simple_tag
def bracketed(words: Any) -> str:
    """A remark in brackets after other words, with the blank or the full-width signs of the language."""
    return _(" (%s)") % words


@register.simple_tag
def show(value: Any) -> Any:
    """A value of a list as people read it: dates in words, yes and no, a dash for nothing."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dt.datetime):
        return moment(value)
    return dates.say_date(value) if isinstance(value, dt.date) else value
