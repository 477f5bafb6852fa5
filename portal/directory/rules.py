"""What a listing may say, who may change it, and how two versions of it differ. Pure."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from portal.accounts.rules import OPERATOR, SME, SUPPLIER, Role
from portal.base.access import YES, Actor, RuleBroken, Verdict, no
from portal.base.words import Words, define, say
from portal.directory.kinds import GRADE_LABELS, PROCESS_LABELS, STANDARD_LABELS
from portal.reference.rules import SIZE_LABELS

GREY_AFTER = timedelta(days=180)
REMIND_BEFORE = timedelta(days=14)
NATIONWIDE = "nationwide"
MAX_PRODUCTS = 20
MAX_SLOTS = 999
MONTHS_AHEAD = 12
MAX_TECHNOLOGIES = 20
SELF_LEVELS = range(1, 6)

# stored code → words
PROCESSES: dict[str, Words] = {one.value: label for one, label in PROCESS_LABELS.items()}
SIZES: dict[str, Words] = {one.value: label for one, label in SIZE_LABELS.items()}
STANDARDS: dict[str, Words] = {one.value: label for one, label in STANDARD_LABELS.items()}
# what a product may be beside its price: stored only where it holds
PRODUCT_FACTS: dict[str, Words] = {
    "gs": say("GS인증", "GS certified"),
    "saas": say("SaaS(구독형)", "SaaS"),
}
GRADES: dict[str, Words] = {one.value: label for one, label in GRADE_LABELS.items()}


class ListingStatus(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    APPROVED = "approved"

    @property
    def label(self) -> Words:
        return STATUS_LABELS[self]

    @property
    def tone(self) -> str:
        return {"draft": "neutral", "pending": "info", "approved": "success"}[self.value]


STATUS_LABELS = {
    ListingStatus.DRAFT: say("작성 중", "Draft"),
    ListingStatus.PENDING: say("승인 대기", "Awaiting approval"),
    ListingStatus.APPROVED: say("공개", "Public"),
}

NEXT = {
    ListingStatus.DRAFT: {ListingStatus.PENDING},
    ListingStatus.PENDING: {ListingStatus.APPROVED, ListingStatus.DRAFT},
    ListingStatus.APPROVED: {ListingStatus.DRAFT},
}


class PriceModel(StrEnum):
    QUOTE = "quote"
    LICENCE = "licence"
    SUBSCRIPTION = "subscription"
    TURNKEY = "turnkey"

    @property
    def label(self) -> Words:
        return PRICE_LABELS[self]


PRICE_LABELS = {
    PriceModel.QUOTE: say("견적", "By quote"),
    PriceModel.LICENCE: say("구매(라이선스)", "Licence"),
    PriceModel.SUBSCRIPTION: say("월 구독", "Monthly subscription"),
    PriceModel.TURNKEY: say("일괄 구축", "Turnkey"),
}

LEVEL_LABELS = {
    1: say("1 · 시작", "1 · starting"),
    2: say("2 · 기본 기능", "2 · basic functions"),
    3: say("3 · 실시간 관리", "3 · real time"),
    4: say("4 · 분석·최적화", "4 · analysis and optimisation"),
    5: say("5 · 자율·예측", "5 · predictive, autonomous"),
}


class ImpressionKind(StrEnum):
    """On which list a supplier was shown."""

    SEARCH = "search"
    SHORTLIST = "shortlist"
    NIGHTLY = "nightly"

    @property
    def label(self) -> Words:
        return IMPRESSION_LABELS[self]


IMPRESSION_LABELS = {
    ImpressionKind.SEARCH: say("공급기업 찾기", "Search"),
    ImpressionKind.SHORTLIST: say("맞는 공급기업", "Shortlist of a company"),
    ImpressionKind.NIGHTLY: say("오늘의 추천", "Recommendation of the day"),
}

PERMISSIONS: dict[str, frozenset[str]] = {
    "directory:own:read": SUPPLIER,
    "directory:own:edit": SUPPLIER,
    "directory:own:submit": frozenset({Role.SUPPLIER_ADMIN}),
    "directory:versions:read": SUPPLIER | OPERATOR | {Role.AUDITOR},
    "directory:ratings:read": SUPPLIER,
    "directory:ratings:reply": SUPPLIER,
    "directory:ratings:give": SME,
    "directory:review:read": OPERATOR | {Role.AUDITOR},
    "directory:review:decide": OPERATOR,
}

CODES = define(
    {
        "listing_not_yours": say("우리 회사의 등록정보만 고칠 수 있습니다.", "You can only edit your own listing."),
        "listing_suspended": say(
            "정지된 등록정보는 고칠 수 없습니다. 운영기관에 문의해 주세요.",
            "A suspended listing can't be edited. Please ask the operator.",
        ),
        "listing_not_there": say("먼저 등록정보를 저장해 주세요.", "Please save the listing first."),
        "listing_step": say(
            "‘{status}’ 상태에서는 할 수 없는 일입니다.", "This can't be done while the listing is “{status}”."
        ),
        "listing_needs_reason": say(
            "상대가 무엇을 고칠지 알 수 있게 이유를 적어 주세요.",
            "Please give a reason, so that they know what to mend.",
        ),
        "listing_own_judge": say(
            "자기 기관의 등록정보는 심사할 수 없습니다.", "Nobody reviews the listing of the own organisation."
        ),
        "listing_nothing_to_review": say("확인할 변경 내용이 없습니다.", "There is no change to review."),
        "summary_needed": say("한 줄 소개를 적어 주세요.", "Please write a one-line summary."),
        "technology_needed": say("기술을 하나 이상 골라 주세요.", "Please choose at least one technology."),
        "technology_too_many": say(
            "기술은 {limit}개까지 고를 수 있습니다. 잘하는 것부터 골라 주세요.",
            "Choose at most {limit} technologies, the strongest first.",
        ),
        "technology_unknown": say("목록에 없는 기술입니다: {name}", "Unknown technology: {name}"),
        "sector_needed": say("업종을 하나 이상 골라 주세요.", "Please choose at least one industry."),
        "sector_unknown": say("목록에 없는 업종입니다: {name}", "Unknown industry: {name}"),
        "region_needed": say(
            "서비스 지역을 하나 이상 고르거나 ‘전국’을 골라 주세요.",
            "Please choose at least one region, or “nationwide”.",
        ),
        "region_unknown": say("목록에 없는 지역입니다: {name}", "Unknown region: {name}"),
        "programme_unknown": say("목록에 없는 사업입니다: {name}", "Unknown programme: {name}"),
        "process_unknown": say("목록에 없는 공정입니다: {name}", "Unknown process: {name}"),
        "size_unknown": say("목록에 없는 기업 규모입니다: {name}", "Unknown size of company: {name}"),
        "standard_unknown": say("목록에 없는 표준입니다: {name}", "Unknown standard: {name}"),
        "grades_too_many": say(
            "등급별 인원의 합({sum}명)이 엔지니어 수({total}명)보다 많습니다.",
            "The engineers by grade ({sum}) are more than the engineers in all ({total}).",
        ),
        "product_too_many": say("제품은 {limit}개까지 적을 수 있습니다.", "At most {limit} products."),
        "product_price_unknown": say("가격 방식을 골라 주세요.", "Choose how the product is priced."),
        "product_name_needed": say("제품 이름을 적어 주세요.", "Please name the product."),
        "contact_needed": say(
            "연락받을 이메일을 적어 주세요. 상담을 수락한 기업에만 보입니다.",
            "Please give a contact e-mail. Only companies whose consultation you accepted will see it.",
        ),
        "capacity_month": say("달마다 0부터 999까지의 수로 적어 주세요.", "Figures from 0 to 999, month by month."),
        "record_year": say("연도를 다시 확인해 주세요.", "Please check the year."),
        "record_ratio": say("값이 범위를 벗어났습니다.", "The value is out of range."),
    }
)

# What the public reads and an operator therefore reviews; capacity and contacts change freely.
REVIEWED = (
    "summary",
    "description",
    "capabilities",
    "sectors",
    "regions",
    "processes",
    "programmes",
    "sizes",
    "standards",
    "products",
    "founded_year",
    "engineers",
    "engineer_grades",
)

FIELD_LABELS: dict[str, Words] = {
    "summary": say("한 줄 소개", "Summary"),
    "description": say("소개", "Description"),
    "capabilities": say("기술과 수준", "Technologies and level"),
    "sectors": say("업종", "Industries"),
    "regions": say("서비스 지역", "Regions served"),
    "processes": say("공정", "Processes"),
    "programmes": say("해 본 사업", "Programmes worked in"),
    "sizes": say("맡아 본 기업 규모", "Sizes of company served"),
    "standards": say("표준", "Standards"),
    "products": say("제품", "Products"),
    "founded_year": say("설립 연도", "Founded"),
    "engineers": say("엔지니어 수", "Engineers"),
    "engineer_grades": say("등급별 엔지니어", "Engineers by grade"),
}


def can_edit(actor: Actor, organisation_id: int, *, is_suspended: bool = False) -> Verdict:
    """A supplier's own people edit its listing; a suspended one stands still."""
    if actor.is_system:
        return YES
    if actor.organisation_id != organisation_id or not actor.has(*SUPPLIER):
        return no("listing_not_yours")
    if is_suspended:
        return no("listing_suspended")
    return YES


def can_judge(actor: Actor, organisation_id: int) -> Verdict:
    """An operator reviews, never the own organisation's listing."""
    if actor.is_system:
        return YES
    if not actor.has(*OPERATOR):
        return no("no_right")
    return no("listing_own_judge") if actor.organisation_id == organisation_id else YES


def can_step(now: ListingStatus, to: ListingStatus) -> Verdict:
    return YES if to in NEXT[now] else no("listing_step", status=now.label)


def check_listing(
    facts: Mapping[str, Any],
    *,
    technologies: Collection[str],
    sectors: Collection[str],
    regions: Collection[str],
    programmes: Collection[str],
    complete: bool,
) -> list[RuleBroken]:
    """What is wrong with the typed facts of a listing.

    facts   : the fields of `REVIEWED` and `contact_email`
    others  : the codes that exist
    complete: whether everything that a public listing needs must be there (at submission), or a draft will do
    """
    broken = []
    for code, level in facts["capabilities"].items():
        if code not in technologies or level not in SELF_LEVELS:
            broken.append(RuleBroken("technology_unknown", "capabilities", name=code))
    if len(facts["capabilities"]) > MAX_TECHNOLOGIES:
        broken.append(RuleBroken("technology_too_many", "capabilities", limit=MAX_TECHNOLOGIES))
    for field, known, code in (("sectors", sectors, "sector_unknown"), ("regions", regions, "region_unknown")):
        broken += [RuleBroken(code, field, name=one) for one in facts[field] if one not in known and one != NATIONWIDE]
    for field, known, code in (
        ("programmes", programmes, "programme_unknown"),
        ("processes", PROCESSES, "process_unknown"),
        ("sizes", SIZES, "size_unknown"),
        ("standards", STANDARDS, "standard_unknown"),
    ):
        broken += [RuleBroken(code, field, name=one) for one in facts[field] if one not in known]
    graded = sum(facts["engineer_grades"].values())
    if facts["engineers"] is not None and graded > facts["engineers"]:
        broken.append(RuleBroken("grades_too_many", "engineer_grades", sum=graded, total=facts["engineers"]))
    if len(facts["products"]) > MAX_PRODUCTS:
        broken.append(RuleBroken("product_too_many", "products", limit=MAX_PRODUCTS))
    if any(not product["name"] for product in facts["products"]):
        broken.append(RuleBroken("product_name_needed", "products"))
    if any(product.get("price") and product["price"] not in set(PriceModel) for product in facts["products"]):
        broken.append(RuleBroken("product_price_unknown", "products"))
    if complete:
        for field, code in (
            ("summary", "summary_needed"),
            ("capabilities", "technology_needed"),
            ("sectors", "sector_needed"),
            ("regions", "region_needed"),
            ("contact_email", "contact_needed"),
        ):
            if not facts[field]:
                broken.append(RuleBroken(code, field))
    return broken


def price_model(product: Mapping[str, Any]) -> PriceModel | None:
    price = product.get("price")
    return PriceModel(price) if price in set(PriceModel) else None


def product_facts(product: Mapping[str, Any]) -> list[Words]:
    """How a product is priced, and what it is beside that; a price in words, as listings once had it, stays as typed."""
    model, typed = price_model(product), product.get("price")
    return [
        model.label if model else say(typed, typed) if typed else say("가격 방식 없음", "No price model"),
        *[label for fact, label in PRODUCT_FACTS.items() if product.get(fact)],
    ]


def is_grey(last_confirmed_at: datetime | None, now: datetime) -> bool:
    """Whether nobody has confirmed the listing for 180 days: it is shown in grey and offers no capacity."""
    return last_confirmed_at is None or now - last_confirmed_at > GREY_AFTER


def is_stale_soon(last_confirmed_at: datetime | None, now: datetime) -> bool:
    """Whether the listing is grey, or turns grey within two weeks."""
    return last_confirmed_at is None or now - last_confirmed_at > GREY_AFTER - REMIND_BEFORE


def clean(text: str) -> str:
    """Text as it is stored: composed characters, no control characters, single line ends."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(mark for mark in text if mark == "\n" or unicodedata.category(mark)[0] != "C").strip()


@dataclass(frozen=True)
class Piece:
    """A stretch of a text: kept, added or taken out."""

    kind: str
    text: str


@dataclass(frozen=True)
class Change:
    """One field that differs between the approved text and what stands now."""

    field: str
    before: str
    after: str
    pieces: tuple[Piece, ...]

    @property
    def label(self) -> Words:
        return FIELD_LABELS[self.field]


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """The reviewed fields that differ, in the order of the form; `before` and `after` hold them as printed text."""
    return [
        Change(field, before.get(field, ""), after.get(field, ""), pieces(before.get(field, ""), after.get(field, "")))
        for field in REVIEWED
        if before.get(field, "") != after.get(field, "")
    ]


def pieces(before: str, after: str) -> tuple[Piece, ...]:
    """Word by word what was kept, taken out and added."""
    old, new = _words(before), _words(after)
    found = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append(Piece("same", "".join(old[a:b])))
            continue
        if b > a:
            found.append(Piece("out", "".join(old[a:b])))
        if d > c:
            found.append(Piece("in", "".join(new[c:d])))
    return tuple(found)


def _words(text: str) -> list[str]:
    words, word = [], ""
    for mark in text:
        word += mark
        if mark in " \n":
            words.append(word)
            word = ""
    return [*words, word] if word else words


@dataclass(frozen=True)
class Figures:
    """A verified record in figures: each as (how many, of how many that say so)."""

    builds: int
    passed_first: tuple[int, int]
    on_time: tuple[int, int]
    level_reached: tuple[int, int]
    gain_ratio: float | None
    aftercare_hours: int | None


def figures(records: Collection[Any]) -> Figures:
    """Sum up track records; what a record does not say is left out of its figure."""

    def share(name: str) -> tuple[int, int]:
        told = [getattr(record, name) for record in records if getattr(record, name) is not None]
        return sum(told), len(told)

    gains = [record.kpi_gain_ratio for record in records if record.kpi_gain_ratio is not None]
    hours = sorted(record.aftercare_hours for record in records if record.aftercare_hours is not None)
    return Figures(
        builds=len(records),
        passed_first=share("passed_first_audit"),
        on_time=share("is_on_time"),
        level_reached=share("is_level_reached"),
        gain_ratio=sum(gains) / len(gains) if gains else None,
        aftercare_hours=hours[(len(hours) - 1) // 2] if hours else None,
    )
