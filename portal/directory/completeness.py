"""How complete a listing is: what is missing, and why it matters to the company that reads it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from portal.base.words import Words, say


@dataclass(frozen=True)
class Part:
    """One thing that a listing can say. weight: of 100; endpoint, anchor: where it is written."""

    field: str
    label: Words
    why: Words
    weight: int
    endpoint: str = "edit"

    @property
    def anchor(self) -> str:
        return self.field if self.endpoint == "edit" else ""


PARTS = (
    Part(
        "capabilities",
        say("기술과 수준", "Technologies and level"),
        say("추천 점수의 30점이 필요한 기술과의 맞음입니다.", "Thirty points of every match are the technology."),
        16,
    ),
    Part(
        "sectors",
        say("업종", "Industries"),
        say("기업은 같은 업종을 아는 곳부터 찾습니다.", "Companies first look for who knows their industry."),
        10,
    ),
    Part(
        "regions",
        say("서비스 지역", "Regions served"),
        say("지역이 맞지 않으면 추천에서 빠집니다.", "A match outside of these regions is never made."),
        10,
    ),
    Part(
        "summary",
        say("한 줄 소개", "Summary"),
        say("목록에서 이름 다음으로 읽힙니다.", "It is read right after the name in every list."),
        8,
    ),
    Part(
        "open_slots",
        say("이번 달 여력", "Capacity this month"),
        say("0이면 추천과 매칭에서 빠집니다.", "With none, you are left out of matching."),
        8,
    ),
    Part(
        "records",
        say("확인된 구축실적", "Verified builds"),
        say(
            "추천 점수의 절반 가까이가 확인된 실적에서 나옵니다. 지난 실적도 확인받을 수 있습니다.",
            "Nearly half of every match comes from verified builds. Earlier builds can be confirmed, too.",
        ),
        8,
        "own_builds",
    ),
    Part(
        "description",
        say("소개", "Description"),
        say("검색은 여기에 쓴 말로도 찾습니다.", "Search also finds you by the words written here."),
        6,
    ),
    Part(
        "contact_email",
        say("담당자 이메일", "Contact e-mail"),
        say("상담을 수락하면 이 주소로 이어집니다.", "An accepted consultation goes on at this address."),
        6,
    ),
    Part(
        "products",
        say("제품", "Products"),
        say("제품 이름과 가격 방식을 보고 비교합니다.", "Companies compare products and how they are priced."),
        5,
    ),
    Part(
        "processes",
        say("공정", "Processes"),
        say("공정으로 찾는 기업에게 보입니다.", "Companies search by process."),
        5,
    ),
    Part(
        "sizes",
        say("맡아 본 기업 규모", "Sizes of company served"),
        say("작은 공장은 작은 공장을 해 본 곳을 찾습니다.", "Small shops look for who has worked with small shops."),
        5,
    ),
    Part(
        "aftercare_hours",
        say("사후관리 응답 약속", "After-care promise"),
        say("구축 뒤가 걱정인 기업이 가장 먼저 묻는 것입니다.", "What happens after the build is asked first."),
        4,
    ),
    Part(
        "marks",
        say("확인된 인증", "Verified marks"),
        say("AI·AAS 같은 표시로 찾는 검색에 나옵니다.", "Searches for marks such as AI or AAS find you."),
        3,
        "own_marks",
    ),
    Part(
        "lead_weeks",
        say("착수까지 걸리는 기간", "Time until start"),
        say("‘빨리 시작할 수 있는 순’에 쓰입니다.", "Used to sort by soonest start."),
        2,
    ),
    Part(
        "engineers",
        say("엔지니어 수", "Engineers"),
        say("맡을 수 있는 규모를 가늠하게 합니다.", "It tells what you can take on."),
        2,
    ),
    Part(
        "programmes",
        say("해 본 사업", "Programmes worked in"),
        say("같은 사업을 해 본 곳은 서류가 빠릅니다.", "Who knows the programme knows its papers."),
        1,
    ),
    Part(
        "standards",
        say("표준", "Standards"),
        say("데이터를 다른 시스템에 이을 수 있는지 봅니다.", "It tells whether data can go on to other systems."),
        1,
    ),
)


@dataclass(frozen=True)
class Completeness:
    """share: of 100; missing: the weightiest first."""

    share: int
    missing: tuple[Part, ...]


def completeness(facts: Mapping[str, Any], *, records: Collection[Any], marks: Collection[Any]) -> Completeness:
    """What of `PARTS` a listing says. facts: its fields by name; records, marks: what of it is verified."""
    known = {**facts, "records": records, "marks": marks}
    missing = tuple(sorted((part for part in PARTS if not known.get(part.field)), key=lambda part: -part.weight))
    return Completeness(100 - sum(part.weight for part in missing), missing)
