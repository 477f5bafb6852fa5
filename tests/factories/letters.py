"""Letters to a firm, prepared and sent as the features above do it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from portal.base.access import SYSTEM, Actor
from portal.letters import service
from portal.letters.models import Letter
from portal.letters.rules import LetterContent, LetterKind, Section

DATED = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)


def content(**changes: Any) -> LetterContent:
    facts: dict[str, Any] = {
        "title": "선정 통지서",
        "addressee": "하나정밀 (합성)",
        "lead": "신청하신 사업에 선정되었음을 알려 드립니다.",
        "sections": (
            ("결정", [("결과", "선정"), ("총점", "82.5")]),
            Section(
                "항목별 점수", ("평균입니다.",), (("추진 의지", "18.0"), ("자동화 계획", "22.5")), ("항목", "점수")
            ),
        ),
        "remedy": "2026-12-04까지 이의를 신청할 수 있습니다.",
        "sender": "합성 운영기관",
        "dated": DATED,
    }
    return LetterContent(**{**facts, **changes})


def prepared(firm: Actor, kind: LetterKind = LetterKind.SELECTED, **changes: Any) -> Letter:
    facts: dict[str, Any] = {
        "application_id": 1,
        "number": "2026-합성-0001",
        "organisation_id": firm.organisation_id,
        "language": "ko",
        "content": content(),
    }
    return service.prepare(SYSTEM, kind, **{**facts, **changes})


def sent(firm: Actor, kind: LetterKind = LetterKind.SELECTED, **changes: Any) -> Letter:
    row = prepared(firm, kind, **changes)
    service.send(SYSTEM, row)
    return row


def door_values(world: Any) -> dict[str, Any]:
    """A letter that hana's firm got."""
    row = sent(world.actor("hana"))
    return {f"letters.{name}": {"key": row.key} for name in ("letter", "paper", "kept", "kept_paper")}
