"""What a site visit looks at: the same questions at every plant, answered one by one with a note.

Source: none official was found; the questions are the portal's own, along what an application claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from portal.base.access import Verdict, no
from portal.base.words import Words, define, say


class CheckAnswer(StrEnum):
    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    NOT_SEEN = "not_seen"

    @property
    def label(self) -> Words:
        return ANSWER_WORDS[self]

    @property
    def tone(self) -> str:
        return {"yes": "success", "partly": "warn", "no": "danger"}.get(self.value, "neutral")


ANSWER_WORDS = {
    CheckAnswer.YES: say("그렇다", "Yes"),
    CheckAnswer.PARTLY: say("일부만", "Partly"),
    CheckAnswer.NO: say("아니다", "No"),
    CheckAnswer.NOT_SEEN: say("확인하지 못함", "Not seen"),
}


@dataclass(frozen=True)
class Check:
    code: str
    question: Words


CHECKS = (
    Check("plant", say("공장이 신청서의 주소에서 실제로 돌아가고 있다.", "The plant runs at the address given.")),
    Check("machines", say("신청서에 적은 설비와 공정이 현장과 같다.", "Machines and processes are as described.")),
    Check("systems", say("쓰고 있다고 적은 시스템을 화면으로 확인했다.", "The systems in use were seen on screen.")),
    Check(
        "data", say("자동으로 모은다고 적은 데이터가 실제로 쌓인다.", "The data said to be collected really comes in.")
    ),
    Check(
        "levels",
        say("진단에서 수준 3 이상으로 답한 항목이 현장과 맞는다.", "Answers from level 3 on match what was seen."),
    ),
    Check("people", say("맡을 사람이 정해져 있고 계획을 알고 있다.", "Someone is in charge and knows the plan.")),
    Check(
        "space",
        say("새 설비와 장치를 놓을 자리와 전원·통신이 있다.", "There is room, power and network for the new devices."),
    ),
    Check(
        "no_double",
        say("이미 지원받은 설비나 시스템과 겹치지 않는다.", "Nothing overlaps with what was funded before."),
    ),
)

CODES = define(
    {
        "site_answer_missing": say("답을 골라 주세요.", "Choose an answer."),
        "site_note_missing": say(
            "‘그렇다’가 아닌 답에는 무엇을 보았는지 적어 주세요.", "Say what was seen wherever the answer is not “yes”."
        ),
        "site_report_short": say("현장에서 본 것을 {least}자 이상 적어 주세요.", "Write at least {least} characters."),
        "site_reported": say("이미 결과를 낸 현장 확인입니다.", "The report of this visit is handed in already."),
        "site_not_planned": say("방문 일정을 먼저 정해 주세요.", "Plan the visit first."),
        "site_early": say(
            "방문한 뒤에 결과를 낼 수 있습니다.", "The report can be handed in once the visit has begun."
        ),
        "site_visitors": say("방문할 사람을 한 명 이상 골라 주세요.", "Choose at least one visitor."),
        "site_photos": say("사진은 {most}장까지 올릴 수 있습니다.", "At most {most} photos."),
        "site_status": say("현장 확인 단계의 신청이 아닙니다.", "The application is not in the site visit phase."),
    }
)
REPORT_LENGTH = 30
MOST_PHOTOS = 20
PHOTO_BYTES = 10 * 1024 * 1024


def lacking(answers: Mapping[str, Mapping[str, Any]], report: str) -> list[tuple[str, Verdict]]:
    """What a report still lacks, as (form field, refusal)."""
    found = []
    for check in CHECKS:
        row = answers.get(check.code) or {}
        if row.get("answer") not in set(CheckAnswer):
            found.append((f"{check.code}_answer", no("site_answer_missing")))
        elif row["answer"] != CheckAnswer.YES and not (row.get("note") or "").strip():
            found.append((f"{check.code}_note", no("site_note_missing")))
    if len(" ".join(report.split())) < REPORT_LENGTH:
        found.append(("report", no("site_report_short", least=REPORT_LENGTH)))
    return found
