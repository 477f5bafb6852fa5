"""The receipt: what was received, when to the millisecond in Korea, and the hash of what was frozen."""

from __future__ import annotations

from datetime import datetime

from portal.applications.models import Application, Snapshot
from portal.base import clock
from portal.base.pdf import Pdf
from portal.base.words import say, use_language


def exactly(moment: datetime) -> str:
    """The moment in Korea to the millisecond: 2026-11-22 23:59:59.999 (KST)"""
    return f"{clock.kst(moment):%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d} (KST)"


def pdf(application: Application, snapshot: Snapshot, language: str) -> bytes:
    """The receipt as a file; the same application gives the same bytes in the same language."""
    call = application.call
    with use_language(language):
        sheet = Pdf(
            str(say("신청 접수증", "Receipt of application")),
            language,
            application.submitted_at,
            str(say("제조혁신포털이 발행한 접수증입니다.", "Issued by the manufacturing innovation portal.")),
        )
        sheet.facts(
            [
                (say("접수번호", "Receipt number"), application.number),
                (say("접수 시각", "Received at"), exactly(application.submitted_at)),
                (say("신청 기업", "Applicant"), application.organisation.name),
                (say("공고", "Call"), call.title),
                (say("사업", "Programme"), call.programme.label),
                (say("신청 유형", "Tier"), application.tier.label if application.tier else ""),
                (say("총사업비", "Total cost"), f"{application.cost_krw:,}"),
                (say("자부담", "Own share"), f"{application.own_share_krw or 0:,}"),
                (say("제출 서류", "Papers"), f"{len(application.papers)}"),
            ]
        )
        sheet.heading(say("제출 내용의 지문", "Fingerprint of what was handed in"))
        sheet.paragraph(f"SHA-256 {snapshot.sha256}")
        sheet.paragraph(
            say(
                "접수 시각은 서버에 도착한 시각입니다. 금액은 원이며 부가세를 뺀 값입니다. "
                "제출한 내용은 그대로 동결되어 심사에 쓰입니다.",
                "The time is when the server received it. Amounts are in won without VAT. "
                "What was handed in is frozen and used for the review.",
            ),
            quiet=True,
        )
        return sheet.bytes()
