"""What a code may look like, and when a region is valid; no database here."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

from portal.base.access import YES, Actor, Verdict, no
from portal.base.words import Words, say


class SizeClass(StrEnum):
    """기업 규모. The certificate decides; the portal never computes it."""

    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    MIDSIZE = "midsize"
    LARGE = "large"

    @property
    def label(self) -> Words:
        return SIZE_LABELS[self]


SIZE_LABELS: dict[SizeClass, Words] = {
    SizeClass.MICRO: say("소상공인 (제조 10명 미만)", "Micro (under 10 workers)"),
    SizeClass.SMALL: say("소기업", "Small"),
    SizeClass.MEDIUM: say("중기업", "Medium"),
    SizeClass.MIDSIZE: say("중견기업", "Mid-size"),
    SizeClass.LARGE: say("대기업", "Large"),
}


class RegionLevel(StrEnum):
    SIDO = "sido"
    SIGUNGU = "sigungu"


class TechnologyFamily(StrEnum):
    """How the list of technologies is grouped on a form."""

    MANAGE = "manage"
    CONTROL = "control"
    DATA = "data"
    SAFE = "safe"
    SERVICE = "service"

    @property
    def label(self) -> Words:
        return FAMILY_LABELS[self]


FAMILY_LABELS: dict[TechnologyFamily, Words] = {
    TechnologyFamily.MANAGE: say("공장 운영·경영", "Factory and business management"),
    TechnologyFamily.CONTROL: say("설비·제어·자동화", "Equipment, control, automation"),
    TechnologyFamily.DATA: say("데이터·AI·디지털트윈", "Data, AI, digital twin"),
    TechnologyFamily.SAFE: say("보안·안전·위생", "Security, safety, hygiene"),
    TechnologyFamily.SERVICE: say("컨설팅·교육·감리", "Consulting, training, audit"),
}

KSIC_CODE = re.compile(r"^(1\d|2\d|3[0-4])\d{0,3}$")
KSIC_REVISIONS = (10, 11)
KSIC_LEVELS = {2: "division", 3: "group", 4: "class", 5: "subclass"}

PERMISSIONS: dict[str, frozenset[str]] = {
    "reference:data:load": frozenset({"operator_national", "sysadmin"}),
}


def clean_ksic(text: str) -> str | None:
    """Give the bare digits of a manufacturing code typed as `C303`, `30 3` or `303`; None when it is none.

    Source: 한국표준산업분류 section C, divisions 10 to 34.
    """
    code = re.sub(r"[\s.\-]", "", text).upper().removeprefix("C")
    return code if KSIC_CODE.match(code) else None


def is_valid_on(valid_from: date | None, valid_to: date | None, day: date) -> bool:
    """Say whether a row with these days (inclusive, None = open) is in force on `day`."""
    return (valid_from is None or valid_from <= day) and (valid_to is None or day <= valid_to)


def can_load(actor: Actor) -> Verdict:
    """Reference data is everybody's: only the commands and the national operator or administrator change it."""
    return YES if actor.is_system or actor.roles & PERMISSIONS["reference:data:load"] else no("no_right")
