"""A portable certificate of an evaluator's own record: frozen facts, a paper, and a hash by which anybody can check it.

It names no case, no firm and no call, and no day of a review: what somebody judged stays secret, also on paper.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from portal.base import audit, clock, marks
from portal.base.access import Actor, NotVisible, RuleBroken
from portal.base.db import new_key, session, transaction
from portal.base.pdf import Pdf
from portal.base.words import Words, say, use_language
from portal.evaluation import records
from portal.evaluation.models import Certificate

SHOWN = 12
TITLE = say("평가위원 활동 증명서", "Certificate of an evaluator's record")


def issue(actor: Actor) -> Certificate:
    """Freeze the own record of this moment. The same facts on the same day give the same certificate.

    Raises: NotVisible for who is no evaluator; RuleBroken certificate_empty
    """
    with transaction():
        record = records.own(actor)
        if record.is_empty:
            raise RuleBroken("certificate_empty")
        facts = audit.canonical(_facts(record))
        standing = session.scalar(
            sa.select(Certificate).where(Certificate.person_id == actor.id, Certificate.facts == facts).limit(1)
        )
        if standing is not None:
            return standing
        key = new_key()
        row = Certificate(person_id=actor.id, key=key, facts=facts, sha256=_hash(key, facts), made_at=clock.now())
        session.add(row)
        session.flush()
        audit.record(actor, "certificate.make", "certificate", row.id, {"sha256": row.sha256})
        return row


def _hash(key: str, facts: str) -> str:
    return hashlib.sha256(f"{key}\n{facts}".encode()).hexdigest()


def _facts(record: records.Record) -> dict[str, Any]:
    return {
        "name": record.name,
        "issued_on": clock.today(),
        "since": record.since.year if record.since else None,
        "submitted": record.submitted,
        "by_year": [list(pair) for pair in record.by_year],
        "chaired": record.chaired,
        "on_time": record.on_time.as_dict(),
        "explained": record.explained.as_dict() if record.explained else None,
        "agreed": record.agreed.as_dict() if record.agreed else None,
        "rated": {"mean": record.rated.overall, "firms": record.rated.firms} if record.rated else None,
        "synthetic": marks.is_demo(),
    }


def own(actor: Actor) -> Sequence[Certificate]:
    """The actor's own certificates, the newest first."""
    return session.scalars(
        sa.select(Certificate)
        .where(Certificate.person_id == actor.id)
        .order_by(Certificate.made_at.desc(), Certificate.id.desc())
        .limit(SHOWN)
    ).all()


def own_by_key(actor: Actor, key: str) -> Certificate:
    """Raises: NotVisible."""
    row = session.scalar(sa.select(Certificate).where(Certificate.key == key, Certificate.person_id == (actor.id or 0)))
    if row is None:
        raise NotVisible
    return row


def verified(typed: str) -> Certificate | None:
    """The certificate of a hash, as it is printed or pasted with blanks; None when there is none.

    Notes: who holds the hash holds the paper; it can't be guessed from the figures
    """
    digits = re.sub(r"[\s\-]", "", typed).lower().removeprefix("sha256:")
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        return None
    row = session.scalar(sa.select(Certificate).where(Certificate.sha256 == digits))
    return row if row is not None and _hash(row.key, row.facts) == row.sha256 else None


def lines(row: Certificate) -> list[tuple[Words, Words | str]]:
    """What the paper and the page of verification say, in words."""
    facts = row.content

    def share(found: dict[str, int] | None) -> Words | str:
        if not found or not found["of"]:
            return say("아직 없음", "not yet")
        percent = round(100 * found["count"] / found["of"])
        return f"{percent}% ({found['count']} / {found['of']})"

    rated = facts["rated"]
    return [
        (say("이름", "Name"), facts["name"]),
        (say("발급일", "Issued on"), facts["issued_on"]),
        (say("처음 평가한 해", "First review in"), str(facts["since"] or "–")),
        (say("제출한 평가", "Submitted reviews"), str(facts["submitted"])),
        (say("해마다", "By year"), ", ".join(f"{year}: {count}" for year, count in facts["by_year"]) or "–"),
        (say("위원장으로 결정한 건", "Decided as chair"), str(facts["chaired"])),
        (say("기한 안에 제출", "Handed in on time"), share(facts["on_time"])),
        (say("까닭을 적은 의견", "Explained comments"), share(facts["explained"])),
        (say("결정과 같은 유형", "Same tier as the decision"), share(facts["agreed"])),
        (
            say("기업의 평가 (5점 만점)", "Rated by firms (of 5)"),
            say(f"{rated['mean']} (기업 {rated['firms']}곳)", f"{rated['mean']} ({rated['firms']} firms)")
            if rated
            else say("기업 3곳이 평가한 뒤부터 나옵니다", "shown from three firms on"),
        ),
    ]


def pdf(row: Certificate, language: str, verify_url: str) -> bytes:
    """The paper; the same certificate gives the same bytes in the same language."""
    with use_language(language):
        sheet = Pdf(
            str(TITLE),
            language,
            row.made_at,
            str(say("제조혁신포털이 발급했습니다.", "Issued by the manufacturing innovation portal.")),
        )
        if row.content.get("synthetic"):
            sheet.paragraph(marks.SYNTHETIC)
        sheet.facts(lines(row))
        sheet.heading(say("진위 확인", "How to check it"))
        sheet.paragraph(f"SHA-256 {row.sha256}")
        sheet.paragraph(
            say(
                f"{verify_url} 에서 위 값을 넣으면 발급한 내용을 그대로 볼 수 있습니다. "
                "어떤 기업의 어떤 신청을 평가했는지는 적지 않습니다.",
                f"Enter this value at {verify_url} to read what was issued. "
                "The certificate does not say which application of which firm was reviewed.",
            ),
            quiet=True,
        )
        return sheet.bytes()
