"""Companies that have told about themselves: facts, answers, evidence, papers."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from portal.base import grants
from portal.base.access import SYSTEM, Actor
from portal.base.db import transaction
from portal.profiles import questionnaire, service
from portal.profiles.models import Evidence, Paper, Profile, ProfileVersion
from tests.stages import staged

FACTS: dict[str, Any] = {
    "ksic": "251",
    "region": "gyeonggi-hwaseong",
    "size": "small",
    "employees": "20-49",
    "sales": "50-100",
    "products": "합성(예시) 알루미늄 케이스",
    "processes": ["machining", "assembly"],
    "order_type": "MTO",
    "pains": ["DEFECTS", "DELIVERY"],
    "systems": ["ERP"],
    "contact_name": "합성 담당",
    "contact_phone": "031-234-5678",
    "contact_email": "contact@firm.example",
}


def pdf(words: str = "evidence") -> io.BytesIO:
    """The smallest bytes that pass as a PDF; other words make another content."""
    return io.BytesIO(b"%PDF-1.4\n% " + words.encode() + b"\n%%EOF\n")


@staged
def company_facts(actor: Actor, **changes: Any) -> Profile:
    return service.save_company(actor, {**FACTS, **changes})


@staged
def answered(
    actor: Actor, level: int | Mapping[str, int | str] = 3, *, but: Mapping[str, int | str] | None = None
) -> None:
    """Answer every item: one level for all, or levels by code (others 0); `but` overrides single items."""
    asked = questionnaire.load()
    for area in asked.areas:
        given = {
            code: str((but or {}).get(code, level if isinstance(level, int) else level.get(code, 0)))
            for code in area.items
        }
        service.save_answers(actor, area.code, given)


def evidenced(actor: Actor, item: str, words: str = "", tag: str = "screen", filename: str = "화면.pdf") -> Evidence:
    return service.add_evidence(actor, item, tag, pdf(words or f"{actor.organisation_id} {item}"), filename)


@staged
def complete_profile(
    actor: Actor,
    level: int | Mapping[str, int | str] = 3,
    evidence: Collection[str] | bool = (),
    *,
    but: Mapping[str, int | str] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> ProfileVersion:
    """A finished diagnosis of the actor's company.

    level   : one level for all 44 items, or levels by code
    evidence: codes that get a file each; True = every item
    but     : single items answered otherwise (a level, "unsure" or "na")
    """
    company_facts(actor, **(facts or {}))
    answered(actor, level, but=but)
    for code in questionnaire.load().codes if evidence is True else evidence or ():
        evidenced(actor, code)
    return service.finish(actor)


def paper(
    actor: Actor, kind: str = "business-registration", issued_on: date | None = None, words: str = "paper"
) -> Paper:
    return service.add_paper(actor, kind, pdf(words), "서류.pdf", issued_on=issued_on)


def door_values(world: Any) -> dict[str, Any]:
    """Hana's finished diagnosis, handed in and open to pyeong and jang, with a file on S1; her business registration on file."""
    hana = world.actor("hana")
    with transaction():
        version = complete_profile(hana, 3, ["S1"])
        service.mark_submitted(hana, version.id)
        for name in ("pyeong", "jang"):
            grants.give(SYSTEM, "profile_version", version.id, "read", person_id=world.cast[name].id, reason="assigned")
    kept = paper(hana)
    return {
        "profiles.area": {"area": "EXE"},
        "profiles.autosave": {"area": "EXE"},
        "profiles.evidence": {"key": version.evidence[0].key},
        "profiles.paper": {"kind": "factory-registration"},
        "profiles.paper_file": {"key": kept.key},
        "profiles.remove_paper": {"key": kept.key},
    }
