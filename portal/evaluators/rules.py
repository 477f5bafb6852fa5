"""Who may judge: the grounds of qualification and of removal as rows, and what an entry of the pool has to hold. Pure.

Source: 데이터 인프라 구축사업 관리지침 (2020-534) 제8조 제3항 for the grounds of qualification and of removal.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from portal.accounts.rules import EVALUATORS, OPERATOR, Role
from portal.base.access import YES, Actor, RuleBroken, Verdict, no
from portal.base.words import Words, define, say

PERMISSIONS: dict[str, frozenset[str]] = {
    "evaluators:own:edit": EVALUATORS | {Role.CANDIDATE},
    "evaluators:pool:read": frozenset({Role.OPERATOR_NATIONAL, Role.AUDITOR}),
    "evaluators:pool:decide": frozenset({Role.OPERATOR_NATIONAL}),
}
READERS = PERMISSIONS["evaluators:pool:read"]

# Whoever assigns, audits or keeps the machine, applies or supplies, judges nothing from the same account.
OTHER_SIDE = OPERATOR | {
    Role.AUDITOR,
    Role.SYSADMIN,
    Role.SME_OWNER,
    Role.SME_STAFF,
    Role.SUPPLIER_ADMIN,
    Role.SUPPLIER_ENGINEER,
    Role.PARTNER,
}

DEFAULT_CAPACITY = 60
"""Most cases in one call for who has said nothing else."""
MOST_CAPACITY = 300
MOST_CAREERS = 12
MOST_PAPERS = 10
MOST_TECHNOLOGIES = 20
MOST_INDUSTRIES = 10
TEXT_LENGTH = 2000
LEAST_TEXT = 30
REASON_LENGTH = 10
LONGEST_ABSENCE = timedelta(days=730)


class PoolStatus(StrEnum):
    DRAFT = "draft"
    APPLIED = "applied"
    ACTIVE = "active"
    REFUSED = "refused"
    REMOVED = "removed"

    @property
    def label(self) -> Words:
        return STATUS_LABELS[self]

    @property
    def tone(self) -> str:
        return STATUS_TONES[self]


STATUS_LABELS = {
    PoolStatus.DRAFT: say("작성 중", "Draft"),
    PoolStatus.APPLIED: say("심사 중", "Being checked"),
    PoolStatus.ACTIVE: say("등록됨", "In the pool"),
    PoolStatus.REFUSED: say("등록되지 않음", "Not admitted"),
    PoolStatus.REMOVED: say("해촉됨", "Removed"),
}
STATUS_TONES = {
    PoolStatus.DRAFT: "neutral",
    PoolStatus.APPLIED: "info",
    PoolStatus.ACTIVE: "success",
    PoolStatus.REFUSED: "warn",
    PoolStatus.REMOVED: "danger",
}
STEPS: dict[PoolStatus, frozenset[PoolStatus]] = {
    PoolStatus.DRAFT: frozenset({PoolStatus.APPLIED}),
    PoolStatus.APPLIED: frozenset({PoolStatus.ACTIVE, PoolStatus.REFUSED, PoolStatus.DRAFT}),
    PoolStatus.REFUSED: frozenset({PoolStatus.APPLIED}),
    PoolStatus.ACTIVE: frozenset({PoolStatus.REMOVED}),
    PoolStatus.REMOVED: frozenset({PoolStatus.ACTIVE}),
}
# While an operator reads it an application stands still; a removed entry is closed.
EDITABLE = frozenset({PoolStatus.DRAFT, PoolStatus.REFUSED, PoolStatus.ACTIVE})


class PaperKind(StrEnum):
    DEGREE = "degree"
    CAREER = "career"
    EMPLOYMENT = "employment"
    LICENCE = "licence"
    OTHER = "other"

    @property
    def label(self) -> Words:
        return PAPER_LABELS[self]


PAPER_LABELS = {
    PaperKind.DEGREE: say("학위증명서", "Degree certificate"),
    PaperKind.CAREER: say("경력증명서", "Proof of career"),
    PaperKind.EMPLOYMENT: say("재직증명서", "Proof of employment"),
    PaperKind.LICENCE: say("자격증 사본", "Copy of the licence"),
    PaperKind.OTHER: say("그 밖의 서류", "Another paper"),
}


@dataclass(frozen=True)
class Ground:
    """One way to qualify.

    years : least years of work after the degree or licence; 0 where the rank alone counts
    papers: kinds of paper that prove it
    """

    code: str
    field: Words
    label: Words
    years: int
    papers: frozenset[PaperKind]


_INDUSTRY = say("산업계", "Industry")
_INSTITUTE = say("연구기관", "Research institute")
_DEGREE = frozenset({PaperKind.DEGREE, PaperKind.CAREER})
_RANK = frozenset({PaperKind.EMPLOYMENT})
_LICENCE = frozenset({PaperKind.LICENCE, PaperKind.CAREER})

GROUNDS: tuple[Ground, ...] = (
    Ground("industry_phd", _INDUSTRY, say("박사학위와 경력 3년 이상", "PhD and 3 years of work"), 3, _DEGREE),
    Ground("industry_master", _INDUSTRY, say("석사학위와 경력 5년 이상", "Master's degree and 5 years of work"), 5, _DEGREE),
    Ground("industry_bachelor", _INDUSTRY, say("학사학위와 경력 7년 이상", "Bachelor's degree and 7 years of work"), 7, _DEGREE),
    Ground("industry_head", _INDUSTRY, say("부서장급 이상", "Head of a department or above"), 0, _RANK),
    Ground("academia", say("학계", "Academia"), say("전임강사 이상", "Full-time lecturer or above"), 0, _RANK),
    Ground("institute_phd", _INSTITUTE, say("박사학위와 경력 3년 이상", "PhD and 3 years of work"), 3, _DEGREE),
    Ground("institute_master", _INSTITUTE, say("석사학위와 경력 5년 이상", "Master's degree and 5 years of work"), 5, _DEGREE),
    Ground("institute_bachelor", _INSTITUTE, say("학사학위와 경력 7년 이상", "Bachelor's degree and 7 years of work"), 7, _DEGREE),
    Ground("institute_head", _INSTITUTE, say("부서장급 이상", "Head of a department or above"), 0, _RANK),
    Ground("engineer", say("기술자", "Engineer"), say("특급기술자", "Engineer of the highest grade"), 0, frozenset({PaperKind.LICENCE})),
    Ground("accountant", say("전문직", "Profession"), say("공인회계사와 경력 5년 이상", "Certified accountant and 5 years of work"), 5, _LICENCE),
    Ground("tax_accountant", say("전문직", "Profession"), say("세무사와 경력 5년 이상", "Tax accountant and 5 years of work"), 5, _LICENCE),
    Ground("lawyer", say("전문직", "Profession"), say("변호사와 경력 5년 이상", "Lawyer and 5 years of work"), 5, _LICENCE),
)  # fmt: skip
GROUND_BY_CODE = {ground.code: ground for ground in GROUNDS}


class RemovalGround(StrEnum):
    """Why somebody leaves the pool against their will."""

    RESTRICTED = "restricted"
    FALSE_REGISTRATION = "false_registration"
    NO_SHOW = "no_show"
    UNFAIR = "unfair"
    MISCONDUCT = "misconduct"
    OWN_WISH = "own_wish"

    @property
    def label(self) -> Words:
        return REMOVAL_LABELS[self]


REMOVAL_LABELS = {
    RemovalGround.RESTRICTED: say("참여제한을 받는 중", "Restricted from taking part"),
    RemovalGround.FALSE_REGISTRATION: say("거짓 등록", "False registration"),
    RemovalGround.NO_SHOW: say("까닭 없이 평가에 나오지 않음", "Stayed away without a reason"),
    RemovalGround.UNFAIR: say("평가받은 기업들이 불공정·불성실하다고 봄", "Judged unfair or careless by the firms"),
    RemovalGround.MISCONDUCT: say("비위·비밀 누설 등 부정한 행위", "Misconduct, such as a breach of secrecy"),
    RemovalGround.OWN_WISH: say("본인이 그만두기를 원함", "At the person's own wish"),
}


class CareerKind(StrEnum):
    """How somebody is or was tied to a firm; conflicts of interest are computed from it."""

    EMPLOYED = "employed"
    SHARES = "shares"
    ADVISED = "advised"
    FAMILY = "family"

    @property
    def label(self) -> Words:
        return CAREER_LABELS[self]


CAREER_LABELS = {
    CareerKind.EMPLOYED: say("재직", "Employed"),
    CareerKind.SHARES: say("지분 보유", "Holds shares"),
    CareerKind.ADVISED: say("자문·용역·컨설팅", "Advice or service"),
    CareerKind.FAMILY: say("가족이 임직원이거나 주주", "Family works there or holds shares"),
}

CODES = define(
    {
        "pool_other_side": say(
            "기업·운영기관 계정으로는 평가위원이 될 수 없습니다. 다른 이메일로 지원해 주세요.",
            "An account of a firm or an agency can't judge. Please apply with another e-mail.",
        ),
        "pool_step": say("지금 상태에서는 할 수 없습니다.", "This can't be done in the present state."),
        "pool_locked": say(
            "심사하는 동안에는 고칠 수 없습니다.", "Nothing can be changed while the application is being checked."
        ),
        "pool_ground_needed": say("자격 요건을 골라 주세요.", "Choose the ground of your qualification."),
        "pool_ground_fixed": say(
            "심사를 마친 자격 요건은 바꿀 수 없습니다. 운영기관에 알려 주세요.",
            "A checked ground can't be changed. Please tell the agency.",
        ),
        "pool_years_needed": say("경력 연수를 적어 주세요.", "Give your years of work."),
        "pool_years_short": say(
            "이 요건은 경력 {least}년 이상이어야 합니다. 지금은 {years}년입니다.",
            "This ground asks for {least} years of work; you gave {years}.",
        ),
        "pool_paper_missing": say("{paper}을(를) 올려 주세요.", "Please upload: {paper}."),
        "pool_papers_full": say("서류는 {most}개까지 올릴 수 있습니다.", "At most {most} papers."),
        "pool_technology_needed": say("전문 기술을 하나 이상 골라 주세요.", "Choose at least one technology."),
        "pool_industry_needed": say("잘 아는 업종을 하나 이상 골라 주세요.", "Choose at least one industry."),
        "pool_too_many": say("{most}개까지 고를 수 있습니다.", "At most {most} can be chosen."),
        "pool_unknown": say("알 수 없는 코드입니다: {name}", "Unknown code: {name}"),
        "pool_text_short": say(
            "하신 일을 {least}자 이상 적어 주세요. 지금은 {count}자입니다.",
            "Describe your work in at least {least} characters; it has {count}.",
        ),
        "pool_capacity_range": say("1건부터 {most}건까지 적을 수 있습니다.", "Between 1 and {most} cases."),
        "pool_least_range": say("최소 건수는 0건부터 최대 건수까지입니다.", "Between 0 and the most cases."),
        "pool_career_name": say("기업 이름을 적어 주세요.", "Give the firm's name."),
        "pool_career_dates": say("끝난 날이 시작한 날보다 앞섭니다.", "It ends before it begins."),
        "pool_pledge_needed": say("서약에 표시해 주세요.", "Please tick the pledge."),
        "pool_absence_dates": say(
            "끝 날짜는 시작 날짜와 같거나 뒤여야 합니다.", "The last day can't come before the first."
        ),
        "pool_absence_past": say("이미 지난 기간입니다.", "These days are over."),
        "pool_absence_long": say("한 번에 2년까지 적을 수 있습니다.", "At most two years at a time."),
        "pool_absence_overlap": say(
            "이미 적은 부재 기간과 겹칩니다.", "These days overlap with an absence that stands."
        ),
        "pool_reason_short": say(
            "본인이 읽을 이유를 {least}자 이상 적어 주세요.",
            "Give a reason of at least {least} characters; the person reads it.",
        ),
        "pool_removal_ground": say("해촉 사유를 골라 주세요.", "Choose the ground of the removal."),
        "pool_not_own_case": say("본인의 등록은 스스로 심사할 수 없습니다.", "You can't decide on your own entry."),
    }
)


def can_apply(roles: Collection[str]) -> Verdict:
    """Assigner ≠ scorer ≠ approver, and a party judges nobody: other sides need an account of their own."""
    return no("pool_other_side") if OTHER_SIDE.intersection(roles) else YES


def can_step(before: PoolStatus, after: PoolStatus) -> Verdict:
    return YES if after in STEPS[before] else no("pool_step")


def can_decide(actor: Actor, person_id: int) -> Verdict:
    if not (actor.is_system or actor.has(*PERMISSIONS["evaluators:pool:decide"])):
        return no("no_right")
    return no("pool_not_own_case") if actor.id == person_id else YES


@dataclass(frozen=True)
class Check:
    """One line of the operator's check of a qualification."""

    title: Words
    text: Words
    is_met: bool


def check_qualification(ground_code: str | None, years: int | None, papers: Collection[PaperKind]) -> list[Check]:
    """What a ground asks for against what is there, line by line; empty without a known ground.

    Source: 관리지침 제8조 제3항
    """
    ground = GROUND_BY_CODE.get(ground_code or "")
    if ground is None:
        return []
    lines = []
    if ground.years:
        lines.append(
            Check(
                say(f"경력 {ground.years}년 이상", f"{ground.years} years of work"),
                say("적은 경력 {years}년", "{years} years given").format(years=years or 0),
                (years or 0) >= ground.years,
            )
        )
    for kind in PaperKind:
        if kind in ground.papers:
            there = kind in papers
            lines.append(Check(kind.label, say("올렸음", "uploaded") if there else say("없음", "missing"), there))
    return lines


def qualification_problems(
    ground_code: str | None, years: int | None, papers: Collection[PaperKind]
) -> list[RuleBroken]:
    """What speaks against a qualification, by field (ground, years, paper)."""
    ground = GROUND_BY_CODE.get(ground_code or "")
    if ground is None:
        return [RuleBroken("pool_ground_needed", "ground")]
    broken = []
    if ground.years and years is None:
        broken.append(RuleBroken("pool_years_needed", "years"))
    elif ground.years and years < ground.years:
        broken.append(RuleBroken("pool_years_short", "years", least=ground.years, years=years))
    broken += [
        RuleBroken("pool_paper_missing", "file", paper=kind.label)
        for kind in PaperKind
        if kind in ground.papers and kind not in papers
    ]
    return broken


def facts_problems(
    facts: Mapping[str, Any], *, technologies: Collection[str], industries: Collection[str], complete: bool
) -> list[RuleBroken]:
    """What is wrong with an entry, by field.

    facts   : technologies, industries, text, capacity, min_load, careers
    others  : the codes that exist
    complete: whether everything that the pool needs must be there (an application, an entry of the pool)
    """
    broken = []
    for field, known, most, needed in (
        ("technologies", technologies, MOST_TECHNOLOGIES, "pool_technology_needed"),
        ("industries", industries, MOST_INDUSTRIES, "pool_industry_needed"),
    ):
        broken += [RuleBroken("pool_unknown", field, name=one) for one in facts[field] if one not in known]
        if len(facts[field]) > most:
            broken.append(RuleBroken("pool_too_many", field, most=most))
        if complete and not facts[field]:
            broken.append(RuleBroken(needed, field))
    count = len(" ".join(facts["text"].split()))
    if complete and count < LEAST_TEXT:
        broken.append(RuleBroken("pool_text_short", "text", least=LEAST_TEXT, count=count))
    capacity, least = facts["capacity"], facts["min_load"]
    if capacity is None or not 1 <= capacity <= MOST_CAPACITY:
        broken.append(RuleBroken("pool_capacity_range", "capacity", most=MOST_CAPACITY))
    elif least is None or not 0 <= least <= capacity:
        broken.append(RuleBroken("pool_least_range", "min_load"))
    for career in facts["careers"]:
        if not career["name"]:
            broken.append(RuleBroken("pool_career_name", "careers"))
        if career["from_on"] and career["to_on"] and career["to_on"] < career["from_on"]:
            broken.append(RuleBroken("pool_career_dates", "careers"))
    return broken


def can_be_absent(
    from_on: date, to_on: date, today: date, standing: Sequence[tuple[date, date]]
) -> tuple[str, Verdict] | None:
    """What speaks against days of absence, as (field, refusal). standing: first and last days that are noted already."""
    if to_on < from_on:
        return "to_on", no("pool_absence_dates")
    if to_on < today:
        return "to_on", no("pool_absence_past")
    if to_on - from_on > LONGEST_ABSENCE:
        return "to_on", no("pool_absence_long")
    if any(first <= to_on and from_on <= last for first, last in standing):
        return "from_on", no("pool_absence_overlap")
    return None


def reason_suffices(reason: str) -> Verdict:
    count = len(" ".join(reason.split()))
    return YES if count >= REASON_LENGTH else no("pool_reason_short", least=REASON_LENGTH)


WEEKDAYS = (
    say("월", "Mo"),
    say("화", "Tu"),
    say("수", "We"),
    say("목", "Th"),
    say("금", "Fr"),
    say("토", "Sa"),
    say("일", "Su"),
)


@dataclass(frozen=True)
class Day:
    on: date
    is_away: bool
    is_past: bool


@dataclass(frozen=True)
class Month:
    """One page of a calendar. weeks: Monday to Sunday, None outside of the month."""

    year: int
    month: int
    weeks: tuple[tuple[Day | None, ...], ...]


def calendar_of(today: date, spans: Sequence[tuple[date, date]], months: int = 3) -> list[Month]:
    """The months from this one on, with the days that lie in one of the spans (first and last day included)."""
    pages = []
    for step in range(months):
        year, month = divmod(today.year * 12 + today.month - 1 + step, 12)
        weeks = tuple(
            tuple(
                Day(day, any(first <= day <= last for first, last in spans), day < today)
                if day.month == month + 1
                else None
                for day in week
            )
            for week in calendar.Calendar().monthdatescalendar(year, month + 1)
        )
        pages.append(Month(year, month + 1, weeks))
    return pages
