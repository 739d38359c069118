"""`{% load assessments %}`: answers and conclusions as badges, and what is odd about a check-in."""

from __future__ import annotations

from django import template

from qualification.assessments import pictures
from qualification.assessments.enums import Answer, CheckConclusion, Conclusion
from qualification.assessments.models import CheckIn

register = template.Library()

register.filter("anomaly_words", pictures.anomaly_words)


@register.inclusion_tag("components/badge.html")
def answer_badge(answer: str) -> dict[str, str]:
    """An answer of the checklist as an icon and a word."""
    icon, tone = pictures.ANSWER_LOOK[Answer(answer)]
    return {"label": str(Answer(answer).label), "icon": icon, "tone": tone}


@register.inclusion_tag("components/badge.html")
def conclusion_badge(conclusion: str) -> dict[str, str]:
    """A conclusion as an icon and a word."""
    icon, tone = pictures.CONCLUSION_LOOK[Conclusion(conclusion)]
    return {"label": str(Conclusion(conclusion).label), "icon": icon, "tone": tone}


@register.inclusion_tag("components/badge.html")
def check_badge(conclusion: str) -> dict[str, str]:
    """What the check of a commitment found, as an icon and words."""
    icon, tone = pictures.CHECK_LOOK[CheckConclusion(conclusion)]
    return {"label": str(CheckConclusion(conclusion).label), "icon": icon, "tone": tone}


@register.filter
def answer_icon(answer: str) -> str:
    """The icon of an answer."""
    return pictures.ANSWER_LOOK[Answer(answer)][0]


@register.filter
def answer_tone(answer: str) -> str:
    """The tone of an answer."""
    return pictures.ANSWER_LOOK[Answer(answer)][1]


@register.filter
def distance(checkin: CheckIn) -> str:
    """How far from the site: metres below one kilometre, then kilometres."""
    metres = checkin.distance_m
    if metres is None:
        return ""
    return f"{metres} m" if metres < 1000 else f"{metres / 1000:.1f} km"
