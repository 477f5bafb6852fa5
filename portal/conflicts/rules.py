"""Who may not judge whom, found from dated ties between people, firms and suppliers. Pure; indexed, no double loop.

A case has parties: the firm, the supplier that it names, the suppliers that compete with that one in the same call, the
people behind them and how these are reached. A judge has ties: an employer, former employers, advice, shares, family,
colleagues, an address, a telephone number. A hard kind bars, a soft kind is asked of the person.

Source: 제척·기피·회피 of 스마트제조혁신 관련 고시 제9조·제10조 and panel exclusion of 관리지침 (2020-534); the look-back of three
years and the strength of each kind are the portal's own.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from portal.accounts.rules import Role
from portal.base.access import YES, Verdict, no
from portal.base.words import Words, define, say

PERMISSIONS: dict[str, frozenset[str]] = {
    "conflicts:tie:read": frozenset({Role.OPERATOR_NATIONAL, Role.AUDITOR}),
    "conflicts:tie:manage": frozenset({Role.OPERATOR_NATIONAL}),
}
READERS = PERMISSIONS["conflicts:tie:read"]

LOOK_BACK_YEARS = 3
"""How long a job or an advice bars after it ended."""
REASON_LENGTH = 30
MOST_OBJECTIONS = 5
SHARED_DOMAIN = 3
"""An e-mail domain used by this many organisations is a provider's, whatever its name."""
SHORTEST_ADDRESS = 6
"""A shorter address names a town, not a house."""


class Strength(StrEnum):
    HARD = "hard"
    SOFT = "soft"

    @property
    def label(self) -> Words:
        return STRENGTH_LABELS[self]


STRENGTH_LABELS = {
    Strength.HARD: say("배정하지 않음 (제척)", "Bars"),
    Strength.SOFT: say("위원에게 물음", "Is asked"),
}


class ConflictKind(StrEnum):
    """What stands between a judge and a case."""

    SELF = "self"
    FAMILY = "family"
    EMPLOYER = "employer"
    FORMER_EMPLOYER = "former_employer"
    SHARES = "shares"
    ADVICE = "advice"
    EMPLOYER_TRADE = "employer_trade"
    RIVAL_EMPLOYER = "rival_employer"
    SAME_PHONE = "same_phone"
    SAME_DOMAIN = "same_domain"
    OBJECTION = "objection"
    DECLARED = "declared"
    OLD_ADVICE = "old_advice"
    EMPLOYER_ADVICE = "employer_advice"
    RIVAL_ADVICE = "rival_advice"
    CO_WORK = "co_work"
    SAME_ADDRESS = "same_address"
    SAME_NAME = "same_name"

    @property
    def label(self) -> Words:
        return KIND_LABELS[self]

    @property
    def strength(self) -> Strength:
        return STRENGTH[self]

    @property
    def question(self) -> Words:
        """What a soft kind asks of the evaluator. It names nobody: the page shows whom the case is about."""
        return QUESTIONS[self]


_SOFT = (
    ConflictKind.OLD_ADVICE,
    ConflictKind.EMPLOYER_ADVICE,
    ConflictKind.RIVAL_ADVICE,
    ConflictKind.CO_WORK,
    ConflictKind.SAME_ADDRESS,
    ConflictKind.SAME_NAME,
)
STRENGTH = {kind: Strength.SOFT if kind in _SOFT else Strength.HARD for kind in ConflictKind}
HARD_KINDS = frozenset(kind for kind in ConflictKind if kind.strength is Strength.HARD)
SOFT_KINDS = frozenset(_SOFT)
AT_A_DRAW = frozenset(ConflictKind) - {ConflictKind.RIVAL_ADVICE}
"""What a draw looks for. Advice to a competitor ties one person softly to a whole call; it is asked when a file opens."""

KIND_LABELS = {
    ConflictKind.SELF: say("본인이 당사자", "Is a party"),
    ConflictKind.FAMILY: say("가족이 당사자", "Family of a party"),
    ConflictKind.EMPLOYER: say("기업·공급기업 소속", "Works for the firm or its supplier"),
    ConflictKind.FORMER_EMPLOYER: say("최근 3년 안에 소속", "Worked there within three years"),
    ConflictKind.SHARES: say("지분 보유", "Holds shares"),
    ConflictKind.ADVICE: say("최근 3년 안에 자문·용역", "Advised within three years"),
    ConflictKind.EMPLOYER_TRADE: say("소속 기관이 거래 관계", "The employer does business with a party"),
    ConflictKind.RIVAL_EMPLOYER: say(
        "같은 공고의 경쟁 공급기업 소속·지분", "Works for or owns part of a competing supplier"
    ),
    ConflictKind.SAME_PHONE: say("전화번호가 같음", "Same telephone number"),
    ConflictKind.SAME_DOMAIN: say("이메일 도메인이 같음", "Same e-mail domain"),
    ConflictKind.OBJECTION: say("기피 신청 인용", "Objection granted"),
    ConflictKind.DECLARED: say("본인이 밝힌 이해관계", "Declared by the person"),
    ConflictKind.OLD_ADVICE: say("3년이 지난 자문·용역", "Advised more than three years ago"),
    ConflictKind.EMPLOYER_ADVICE: say("소속 기관이 상담·자문한 사이", "The employer advised or was advised by a party"),
    ConflictKind.RIVAL_ADVICE: say(
        "같은 공고의 경쟁 공급기업과 자문·거래·예전 소속",
        "Advice to, business with or a former job at a competing supplier",
    ),
    ConflictKind.CO_WORK: say("함께 일한 사이", "Worked together"),
    ConflictKind.SAME_ADDRESS: say("주소가 같음", "Same address"),
    ConflictKind.SAME_NAME: say("이력의 기업 이름이 같음", "A firm of the same name in the career"),
}
QUESTIONS = {
    ConflictKind.OLD_ADVICE: say(
        "예전에 이 신청의 기업이나 공급기업에 자문·용역을 하셨습니다. 지금도 공정하게 평가하기 어려운 사정이 있습니까?",
        "You once advised or worked for the firm or supplier of this case. Does anything still keep you from judging fairly?",
    ),
    ConflictKind.EMPLOYER_ADVICE: say(
        "소속 기관이 이 신청의 기업이나 공급기업과 상담·자문한 기록이 있습니다. 그 일에 관여했거나 이해관계가 있습니까?",
        "Your employer has advised, or been advised by, the firm or supplier. Were you involved, or is anything at stake for you?",
    ),
    ConflictKind.RIVAL_ADVICE: say(
        "이 신청의 공급기업과 경쟁하는 기업에 자문·거래하거나 소속했던 기록이 있습니다. 지금도 이해관계가 있습니까?",
        "There is a record of advice to, business with or a job at a competitor of this supplier. Is anything still at stake?",
    ),
    ConflictKind.CO_WORK: say(
        "이 신청의 관계자와 함께 일한 기록이 있습니다. 지금도 가까운 사이이거나 이해관계가 있습니까?",
        "You have worked with somebody of this case. Are you still close, or is anything at stake for you?",
    ),
    ConflictKind.SAME_ADDRESS: say(
        "소속 기관과 이 신청의 기업·공급기업이 같은 주소를 쓰는 것으로 보입니다. 두 곳이 서로 관계가 있습니까?",
        "Your employer and the firm or supplier seem to share an address. Are the two connected?",
    ),
    ConflictKind.SAME_NAME: say(
        "경력에 적으신 기업과 이름이 같은 기업이 이 신청에 있습니다. 같은 기업입니까?",
        "A firm in this case has the name of a firm in your career. Is it the same firm?",
    ),
}


class TieKind(StrEnum):
    """How two stand to each other: a person and an organisation, two people, or two organisations."""

    EMPLOYED = "employed"
    SHARES = "shares"
    FAMILY = "family"
    ADVISED = "advised"
    TRADES = "trades"
    WORKED_WITH = "worked_with"
    OTHER = "other"

    @property
    def label(self) -> Words:
        return TIE_LABELS[self]


TIE_LABELS = {
    TieKind.EMPLOYED: say("재직", "Employed"),
    TieKind.SHARES: say("지분 보유", "Holds shares"),
    TieKind.FAMILY: say("가족 관계", "Family"),
    TieKind.ADVISED: say("상담·자문·용역", "Advice or service"),
    TieKind.TRADES: say("거래·컨소시엄", "Business or consortium"),
    TieKind.WORKED_WITH: say("함께 일함", "Worked together"),
    TieKind.OTHER: say("그 밖의 이해관계", "Another interest"),
}

TIE_SIDES: dict[TieKind, frozenset[str]] = {
    TieKind.EMPLOYED: frozenset({"person_organisation"}),
    TieKind.SHARES: frozenset({"person_organisation", "organisation_organisation"}),
    TieKind.FAMILY: frozenset({"person_organisation", "person_person"}),
    TieKind.ADVISED: frozenset({"person_organisation", "organisation_organisation", "person_person"}),
    TieKind.TRADES: frozenset({"person_organisation", "organisation_organisation"}),
    TieKind.WORKED_WITH: frozenset({"person_person", "person_organisation"}),
    TieKind.OTHER: frozenset({"person_organisation", "person_person", "organisation_organisation"}),
}


class Source(StrEnum):
    """Where a tie is known from."""

    REGISTER = "register"
    CAREER = "career"
    CONSULTATION = "consultation"
    MATCHING = "matching"
    APPLICATION = "application"
    EVALUATION = "evaluation"
    DECLARED = "declared"
    OBJECTION = "objection"
    CONTACT = "contact"
    OPERATOR = "operator"

    @property
    def label(self) -> Words:
        return SOURCE_LABELS[self]


SOURCE_LABELS = {
    Source.REGISTER: say("회원 정보의 소속", "Employer in the account"),
    Source.CAREER: say("위원이 적은 이력", "Career that the person declared"),
    Source.CONSULTATION: say("상담 기록", "Consultation"),
    Source.MATCHING: say("공급기업 추천 뒤 상담", "Consultation after a recommendation"),
    Source.APPLICATION: say("신청서의 공급기업", "Supplier named in an application"),
    Source.EVALUATION: say("같은 평가위원회", "Same panel"),
    Source.DECLARED: say("사건별 이해충돌 신고", "Declared for a case"),
    Source.OBJECTION: say("기피 신청", "Objection of the firm"),
    Source.CONTACT: say("연락처 대조", "Compared contacts"),
    Source.OPERATOR: say("운영기관이 입력", "Entered by the agency"),
}


class PartyRole(StrEnum):
    """Which part the other end plays in the case."""

    FIRM = "firm"
    SUPPLIER = "supplier"
    RIVAL = "rival"
    PERSON = "person"
    CONTACT = "contact"
    CASE = "case"

    @property
    def label(self) -> Words:
        return ROLE_LABELS[self]


ROLE_LABELS = {
    PartyRole.FIRM: say("신청기업", "The firm"),
    PartyRole.SUPPLIER: say("공급기업", "The supplier"),
    PartyRole.RIVAL: say("경쟁 공급기업", "A competing supplier"),
    PartyRole.PERSON: say("관계자", "A person of the case"),
    PartyRole.CONTACT: say("연락처", "Contact data"),
    PartyRole.CASE: say("이 신청", "This case"),
}


class Moment(StrEnum):
    """When a conflict was first found."""

    ASSIGNMENT = "assignment"
    OPENING = "opening"
    NIGHTLY = "nightly"
    DECLARED = "declared"
    OBJECTION = "objection"

    @property
    def label(self) -> Words:
        return MOMENT_LABELS[self]


MOMENT_LABELS = {
    Moment.ASSIGNMENT: say("배정할 때", "When seats were drawn"),
    Moment.OPENING: say("자료를 열 때", "When the file was opened"),
    Moment.NIGHTLY: say("야간 점검", "Nightly check"),
    Moment.DECLARED: say("위원이 밝힘", "Declared"),
    Moment.OBJECTION: say("기피 신청", "Objection"),
}


class FoundState(StrEnum):
    STANDING = "standing"
    OVERRULED = "overruled"
    ENDED = "ended"

    @property
    def label(self) -> Words:
        return STATE_LABELS[self]

    @property
    def tone(self) -> str:
        return {"standing": "warn", "overruled": "info", "ended": "neutral"}[self.value]


STATE_LABELS = {
    FoundState.STANDING: say("유효", "Standing"),
    FoundState.OVERRULED: say("배제함", "Overruled"),
    FoundState.ENDED: say("해소됨", "Ended"),
}


class ObjectionState(StrEnum):
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> Words:
        return OBJECTION_LABELS[self]

    @property
    def tone(self) -> str:
        return {"asked": "info", "granted": "success", "refused": "warn", "withdrawn": "neutral"}[self.value]


OBJECTION_LABELS = {
    ObjectionState.ASKED: say("검토 중", "Being considered"),
    ObjectionState.GRANTED: say("받아들임", "Granted"),
    ObjectionState.REFUSED: say("받아들이지 않음", "Refused"),
    ObjectionState.WITHDRAWN: say("거둠", "Withdrawn"),
}


CODES = define(
    {
        "tie_sides": say("이 관계로 이을 수 없는 두 쪽입니다.", "These two sides can't be tied in this way."),
        "tie_same": say("서로 다른 두 쪽을 골라 주세요.", "Choose two different sides."),
        "tie_dates": say("끝난 날이 시작한 날보다 앞섭니다.", "It ends before it begins."),
        "tie_ended": say("이미 끝난 관계입니다.", "This tie has ended already."),
        "tie_unknown_person": say("이 이메일의 회원이 없습니다.", "Nobody has an account with this e-mail."),
        "tie_unknown_organisation": say(
            "이 사업자등록번호의 기업이 없습니다.", "There is no organisation with this registration number."
        ),
        "conflict_reason_short": say(
            "까닭을 {least}자 이상 적어 주세요. 지금은 {count}자입니다.",
            "Give a reason of at least {least} characters; it has {count}.",
        ),
        "conflict_not_standing": say("지금 유효한 이해충돌이 아닙니다.", "This conflict does not stand now."),
        "conflict_pinned": say(
            "운영기관이 고정한 관계입니다. 먼저 고정을 푸세요.",
            "The agency has pinned this tie. Please unpin it first.",
        ),
        "conflict_not_to_overrule": say(
            "현재 소속·본인·기피 인용은 배제할 수 없습니다. 정보가 틀렸으면 그 정보를 고쳐 주세요.",
            "An own case, a present employer or a granted objection can't be overruled. Please correct what is wrong at its source.",
        ),
        "objection_name_missing": say("누구를 기피하는지 이름을 적어 주세요.", "Say whom the objection is about."),
        "objection_reason_short": say(
            "까닭을 {least}자 이상 적어 주세요. 지금은 {count}자입니다.",
            "Give a reason of at least {least} characters; it has {count}.",
        ),
        "objection_too_late": say(
            "기피 신청 기간이 끝났습니다. 평가위원을 정하기 전까지만 낼 수 있습니다.",
            "The time for objections is over: they can be made until evaluators are named.",
        ),
        "objection_too_many": say("기피 신청은 {most}건까지 낼 수 있습니다.", "At most {most} objections."),
        "objection_twice": say("이미 낸 기피 신청입니다.", "You have made this objection already."),
        "objection_answered": say("이미 결정한 기피 신청입니다.", "This objection has been decided."),
        "objection_whom": say(
            "누구에게 적용할지 골라 주세요. 등록된 사람·기업 중에 없으면 그렇게 표시해 주세요.",
            "Choose to whom it applies, or tick that nobody of that name is registered.",
        ),
    }
)


# --- normal forms ---------------------------------------------------------------------------------------------

PUBLIC_DOMAINS = frozenset(
    """naver.com daum.net hanmail.net kakao.com nate.com empas.com paran.com dreamwiz.com chol.com korea.com hanmir.com
    lycos.co.kr hotmail.com outlook.com outlook.kr live.com live.co.kr msn.com gmail.com googlemail.com yahoo.com
    yahoo.co.kr icloud.com me.com mac.com proton.me protonmail.com qq.com 163.com gmx.com zoho.com korea.kr
    example.com example.net example.org example.kr""".split()
)
"""Providers that give an address to anybody, the government's shared domain, and names reserved for examples."""
_KR = frozenset("co or ne re pe go ac hs ms es sc kg mil".split())
_RESERVED = (".example", ".invalid", ".test", ".localhost")


def domain_of(email: str | None) -> str | None:
    """The domain of an e-mail address that says something about an employer; None for providers' domains."""
    domain = (email or "").rpartition("@")[2].strip().rstrip(".").casefold()
    labels = domain.split(".")
    domain = ".".join(labels[-3:] if labels[-1] == "kr" and labels[-2:-1] and labels[-2] in _KR else labels[-2:])
    if not domain or "." not in domain or domain in PUBLIC_DOMAINS or domain.endswith(_RESERVED):
        return None
    return domain


def phone_of(phone: str | None) -> str | None:
    """The digits of a telephone number in one shape: 0… for Korean numbers, without the country's code."""
    digits = re.sub(r"\D", "", phone or "")
    if digits.startswith("82"):
        digits = "0" + digits[2:].lstrip("0")
    return digits if len(digits) >= 8 else None


_DETAIL = re.compile(r"\(.*?\)|\[.*?\]")
_FLOOR = re.compile(r",?\s*(지하\s*)?\d+\s*(층|호|동)(?=\s|,|$).*$")
_REGIONS = {
    "서울특별시": "서울", "서울시": "서울", "부산광역시": "부산", "부산시": "부산", "대구광역시": "대구",
    "대구시": "대구", "인천광역시": "인천", "인천시": "인천", "광주광역시": "광주", "대전광역시": "대전",
    "대전시": "대전", "울산광역시": "울산", "울산시": "울산", "세종특별자치시": "세종", "경기도": "경기",
    "강원특별자치도": "강원", "강원도": "강원", "충청북도": "충북", "충청남도": "충남", "전라북도": "전북",
    "전북특별자치도": "전북", "전라남도": "전남", "경상북도": "경북", "경상남도": "경남",
    "제주특별자치도": "제주", "제주도": "제주",
}  # fmt: skip


def address_of(address: str | None) -> str | None:
    """A street address down to the house: short province, no brackets, no floor or room, no blanks. None without a number."""
    text = unicodedata.normalize("NFKC", address or "").strip()
    text = _FLOOR.sub("", _DETAIL.sub(" ", text))
    words = text.replace(",", " ").split()
    if words and words[0] in _REGIONS:
        words[0] = _REGIONS[words[0]]
    plain = "".join(words).casefold()
    return plain if len(plain) >= SHORTEST_ADDRESS and any(char.isdigit() for char in plain) else None


_FORMS = re.compile(
    r"주식회사|유한회사|유한책임회사|합자회사|합명회사|\(주\)|㈜|\(유\)|\(합\)|co\.?,?\s*ltd\.?|inc\.?|corp\.?", re.I
)


def firm_name(name: str | None) -> str | None:
    """A firm's name without its legal form, blanks and marks."""
    plain = re.sub(r"[\W_]", "", _FORMS.sub("", unicodedata.normalize("NFKC", name or ""))).casefold()
    return plain if len(plain) >= 2 else None


def person_name(name: str | None) -> str | None:
    """A person's name without blanks and titles."""
    plain = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name or "")).casefold()
    plain = re.sub(r"(?<=..)(교수|박사|위원장|위원|대표|이사|소장|부장|과장)?(님)?$", "", plain)
    return plain if len(plain) >= 2 else None


def years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


# --- plain rows -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parties:
    """Who stands behind one case.

    rival_ids: suppliers that other applications to the same call name; one shared set for a whole call is fine
    people_ids: accounts of the firm and of the supplier
    addresses, phones, domains: in the shapes that `address_of`, `phone_of`, `domain_of` give
    names: plain names (`firm_name`) of the firm and the supplier, → organisation id
    """

    case_id: int
    firm_id: int
    supplier_id: int | None = None
    rival_ids: frozenset[int] = frozenset()
    people_ids: frozenset[int] = frozenset()
    addresses: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    names: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Judge:
    """Somebody who might judge: employer, other accounts of the same human, and how they are reached."""

    id: int
    employer_id: int | None = None
    alias_ids: frozenset[int] = frozenset()
    addresses: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Tie:
    """One relation: a person and an organisation, a person and an other person, or an organisation and an other one.

    name  : of a firm that is not among the organisations (`firm_name`), instead of `organisation_id`
    from_on, to_on: None = for as long as anybody knows; still so
    """

    kind: TieKind
    source: Source
    person_id: int | None = None
    organisation_id: int | None = None
    other_person_id: int | None = None
    other_organisation_id: int | None = None
    name: str | None = None
    from_on: date | None = None
    to_on: date | None = None
    id: int | None = None
    pinned: bool = False


@dataclass(frozen=True)
class Objected:
    """A granted objection: this person, or everybody of this organisation, keeps off the case."""

    case_id: int
    person_id: int | None = None
    organisation_id: int | None = None
    id: int | None = None


class Evidence(NamedTuple):
    """What a conflict rests on: ids and dates, no text. role: the part of the other end in the case."""

    role: PartyRole
    source: Source
    organisation_id: int | None = None
    person_id: int | None = None
    tie_id: int | None = None
    tie_kind: TieKind | None = None
    from_on: date | None = None
    to_on: date | None = None
    pinned: bool = False

    def as_dict(self) -> dict[str, Any]:
        rows = {name: value for name, value in self._asdict().items() if value not in (None, False)}
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in rows.items()}


class Found(NamedTuple):
    """One conflict between a judge and a case, with everything that speaks for it."""

    case_id: int
    evaluator_id: int
    kind: ConflictKind
    strength: Strength
    evidence: tuple[Evidence, ...]


# --- detection ------------------------------------------------------------------------------------------------


class _Hold(NamedTuple):
    """What ties a judge to one organisation or person, before it is known which part that one plays in a case."""

    judge_id: int
    direct: ConflictKind | None
    rival: ConflictKind | None
    tie: Tie


class _Rivalry(NamedTuple):
    """What ties a judge to the competing suppliers of one call."""

    judge_id: int
    kind: ConflictKind
    organisation_ids: frozenset[int]
    rows: tuple[tuple[int, Evidence], ...]


class _Age(StrEnum):
    NOW = "now"
    RECENT = "recent"
    OLD = "old"


def _age(tie: Tie, on: date, limit: date) -> _Age:
    """Whether a tie holds, ended within the look-back, or longer ago. One that begins later counts as holding."""
    if tie.to_on is None or tie.to_on >= on:
        return _Age.NOW
    return _Age.RECENT if tie.to_on >= limit else _Age.OLD


def _own_kinds(kind: TieKind, age: _Age) -> tuple[ConflictKind | None, ConflictKind | None]:
    """What a person's own tie to an organisation is against it as a party, and as a rival of the supplier."""
    fresh = age is not _Age.OLD
    if kind is TieKind.EMPLOYED:
        if not fresh:
            return None, None
        if age is _Age.NOW:
            return ConflictKind.EMPLOYER, ConflictKind.RIVAL_EMPLOYER
        return ConflictKind.FORMER_EMPLOYER, ConflictKind.RIVAL_ADVICE
    if kind is TieKind.SHARES:
        if not fresh:
            return None, None
        rival = ConflictKind.RIVAL_EMPLOYER if age is _Age.NOW else None
        return ConflictKind.SHARES, rival
    if kind is TieKind.FAMILY:  # kinship does not end; a relative's post there does
        return (ConflictKind.FAMILY if fresh else None), None
    if kind in (TieKind.ADVISED, TieKind.TRADES):
        return (ConflictKind.ADVICE, ConflictKind.RIVAL_ADVICE) if fresh else (ConflictKind.OLD_ADVICE, None)
    if kind is TieKind.WORKED_WITH:
        return (ConflictKind.CO_WORK if fresh else None), None
    return (ConflictKind.DECLARED if fresh else None), None


def _employer_kinds(kind: TieKind, age: _Age) -> tuple[ConflictKind | None, ConflictKind | None]:
    """The same for a tie of the judge's employer."""
    if age is _Age.OLD:
        return None, None
    if kind in (TieKind.TRADES, TieKind.SHARES, TieKind.OTHER):
        return ConflictKind.EMPLOYER_TRADE, ConflictKind.RIVAL_ADVICE
    if kind is TieKind.ADVISED:
        return ConflictKind.EMPLOYER_ADVICE, ConflictKind.RIVAL_ADVICE
    return None, None


def _person_kind(kind: TieKind, age: _Age) -> ConflictKind | None:
    """What a tie between the judge and a person of the case is."""
    if kind is TieKind.FAMILY:
        return ConflictKind.FAMILY
    if age is _Age.OLD:
        return None
    return {
        TieKind.ADVISED: ConflictKind.ADVICE,
        TieKind.WORKED_WITH: ConflictKind.CO_WORK,
        TieKind.OTHER: ConflictKind.DECLARED,
    }.get(kind)


_OF_EMPLOYER = (ConflictKind.EMPLOYER_TRADE, ConflictKind.EMPLOYER_ADVICE)


class Index:
    """The ties of a set of judges, looked up from the side of a case.

    ties: any order; those that touch no judge and no employer of one are passed over
    on  : the day for which it is asked (KST)
    kinds: what is looked for; advice to a competitor ties one judge to a whole call, so a draw leaves it out
    Notes: building is O(judges + ties); a case costs a handful of look-ups plus its hits; the rivals of a call are
           worked out once for each distinct set
    """

    def __init__(
        self,
        judges: Iterable[Judge],
        ties: Iterable[Tie],
        objections: Iterable[Objected] = (),
        *,
        on: date,
        kinds: frozenset[ConflictKind] = frozenset(ConflictKind),
    ) -> None:
        self._wanted = kinds
        self._on, self._limit = on, years_before(on, LOOK_BACK_YEARS)
        self._by_organisation: dict[int, list[_Hold]] = defaultdict(list)
        self._by_person: dict[int, list[_Hold]] = defaultdict(list)
        self._by_name: dict[str, list[tuple[int, Tie]]] = defaultdict(list)
        self._contacts: dict[ConflictKind, dict[str, list[int]]] = {
            kind: defaultdict(list)
            for kind in (ConflictKind.SAME_PHONE, ConflictKind.SAME_DOMAIN, ConflictKind.SAME_ADDRESS)
        }
        self._objected: dict[int, list[tuple[int, Objected]]] = defaultdict(list)
        self._rivals: dict[frozenset[int], list[_Rivalry]] = {}
        humans: dict[int, list[int]] = defaultdict(list)  # account → judges who are that human
        staff: dict[int, list[int]] = defaultdict(list)  # employer → judges
        for judge in judges:
            self._add_judge(judge, humans, staff)
        for tie in ties:
            self._add_tie(tie, humans, staff)
        for objection in objections:
            named = humans.get(objection.person_id or 0, ())
            colleagues = staff.get(objection.organisation_id or 0, ())
            for judge_id in {*named, *colleagues}:
                self._objected[objection.case_id].append((judge_id, objection))

    def _add_judge(self, judge: Judge, humans: dict[int, list[int]], staff: dict[int, list[int]]) -> None:
        for account in {judge.id, *judge.alias_ids}:
            humans[account].append(judge.id)
            known = Tie(TieKind.OTHER, Source.REGISTER if account == judge.id else Source.CONTACT, person_id=account)
            self._by_person[account].append(_Hold(judge.id, ConflictKind.SELF, None, known))
        if judge.employer_id is not None:
            staff[judge.employer_id].append(judge.id)
            job = Tie(TieKind.EMPLOYED, Source.REGISTER, judge.id, judge.employer_id)
            self._by_organisation[judge.employer_id].append(
                _Hold(judge.id, ConflictKind.EMPLOYER, ConflictKind.RIVAL_EMPLOYER, job)
            )
        for kind, values in (
            (ConflictKind.SAME_PHONE, judge.phones),
            (ConflictKind.SAME_DOMAIN, judge.domains),
            (ConflictKind.SAME_ADDRESS, judge.addresses),
        ):
            for value in values:
                self._contacts[kind][value].append(judge.id)

    def _add_tie(self, tie: Tie, humans: Mapping[int, list[int]], staff: Mapping[int, list[int]]) -> None:
        age = _age(tie, self._on, self._limit)
        for account in (tie.person_id, tie.other_person_id):
            for judge_id in humans.get(account or 0, ()):
                self._add_own(judge_id, account, tie, age)
        for employer, other in (
            (tie.organisation_id, tie.other_organisation_id),
            (tie.other_organisation_id, tie.organisation_id),
        ):
            if other is not None and employer is not None:
                direct, rival = _employer_kinds(tie.kind, age)
                if direct or rival:
                    for judge_id in staff.get(employer, ()):
                        self._by_organisation[other].append(_Hold(judge_id, direct, rival, tie))

    def _add_own(self, judge_id: int, account: int | None, tie: Tie, age: _Age) -> None:
        other_person = tie.other_person_id if account == tie.person_id else tie.person_id
        if other_person is not None:
            if kind := _person_kind(tie.kind, age):
                self._by_person[other_person].append(_Hold(judge_id, kind, None, tie))
        elif tie.organisation_id is not None:
            direct, rival = _own_kinds(tie.kind, age)
            if direct or rival:
                self._by_organisation[tie.organisation_id].append(_Hold(judge_id, direct, rival, tie))
        elif tie.name and any(_own_kinds(tie.kind, age)):
            self._by_name[tie.name].append((judge_id, tie))

    def _of_rivals(self, rivals: frozenset[int]) -> list[_Rivalry]:
        held = self._rivals.get(rivals)
        if held is None:
            by_pair: dict[tuple[int, ConflictKind], list[tuple[int, Evidence]]] = defaultdict(list)
            for one in sorted(rivals & self._by_organisation.keys()):
                for hold in self._by_organisation[one]:
                    if hold.rival in self._wanted:
                        evidence = _evidence(PartyRole.RIVAL, hold.tie, organisation_id=one)
                        by_pair[hold.judge_id, hold.rival].append((one, evidence))
            held = self._rivals[rivals] = [
                _Rivalry(judge_id, kind, frozenset(one for one, _ in rows), tuple(rows))
                for (judge_id, kind), rows in sorted(by_pair.items())
            ]
        return held

    def of(self, case: Parties) -> list[Found]:
        """Every conflict of one case, by evaluator and kind."""
        hits: dict[tuple[int, ConflictKind], list[Evidence]] = {}

        def add(judge_id: int, kind: ConflictKind, evidence: Evidence) -> None:
            hits.setdefault((judge_id, kind), []).append(evidence)

        for role, organisation in ((PartyRole.FIRM, case.firm_id), (PartyRole.SUPPLIER, case.supplier_id)):
            for hold in self._by_organisation.get(organisation or 0, ()):
                if hold.direct:
                    add(hold.judge_id, hold.direct, _evidence(role, hold.tie, organisation_id=organisation))
        for person_id in sorted(case.people_ids & self._by_person.keys()):
            for hold in self._by_person[person_id]:
                if hold.judge_id == person_id and (person_id, ConflictKind.EMPLOYER) in hits:
                    continue  # among the firm's people because employed there: said once
                add(hold.judge_id, hold.direct, _evidence(PartyRole.PERSON, hold.tie, person_id=person_id))
        for name in sorted(case.names.keys() & self._by_name.keys()):
            for judge_id, tie in self._by_name[name]:
                role = PartyRole.FIRM if case.names[name] == case.firm_id else PartyRole.SUPPLIER
                add(judge_id, ConflictKind.SAME_NAME, _evidence(role, tie, organisation_id=case.names[name]))
        for kind, values in (
            (ConflictKind.SAME_PHONE, case.phones),
            (ConflictKind.SAME_DOMAIN, case.domains),
            (ConflictKind.SAME_ADDRESS, case.addresses),
        ):
            index = self._contacts[kind]
            for value in values:
                for judge_id in index.get(value, ()):
                    hits.setdefault((judge_id, kind), [Evidence(PartyRole.CONTACT, Source.CONTACT)])
        for judge_id, objection in self._objected.get(case.case_id, ()):
            add(
                judge_id,
                ConflictKind.OBJECTION,
                Evidence(PartyRole.CASE, Source.OBJECTION, objection.organisation_id, objection.person_id),
            )
        found = [
            Found(case.case_id, judge_id, kind, STRENGTH[kind], tuple(evidence))
            for (judge_id, kind), evidence in sorted(hits.items())
            if kind in self._wanted
            # an employer that is a party itself: what it does with the other party adds nothing
            and not (kind in _OF_EMPLOYER and (judge_id, ConflictKind.EMPLOYER) in hits)
        ]
        parties = {case.firm_id, case.supplier_id}
        for rivalry in self._of_rivals(case.rival_ids):
            rows = rivalry.rows
            if not parties.isdisjoint(rivalry.organisation_ids):
                rows = tuple(row for row in rows if row[0] not in parties)
            if rows:
                evidence = tuple(row[1] for row in rows)
                found.append(Found(case.case_id, rivalry.judge_id, rivalry.kind, STRENGTH[rivalry.kind], evidence))
        return found


def _evidence(
    role: PartyRole, tie: Tie, *, organisation_id: int | None = None, person_id: int | None = None
) -> Evidence:
    return Evidence(role, tie.source, organisation_id, person_id, tie.id, tie.kind, tie.from_on, tie.to_on, tie.pinned)


def find(
    cases: Iterable[Parties],
    judges: Iterable[Judge],
    ties: Iterable[Tie],
    objections: Iterable[Objected] = (),
    *,
    on: date,
    kinds: frozenset[ConflictKind] = frozenset(ConflictKind),
) -> list[Found]:
    """Every conflict between cases and judges, by case. See `Index`."""
    index = Index(judges, ties, objections, on=on, kinds=kinds)
    return [found for case in cases for found in index.of(case)]


# --- verdicts -------------------------------------------------------------------------------------------------


def reason_suffices(reason: str, code: str = "conflict_reason_short") -> Verdict:
    """Thirty characters that say something: runs of blanks count once."""
    count = len(" ".join(reason.split()))
    return YES if count >= REASON_LENGTH else no(code, least=REASON_LENGTH, count=count)


NOT_TO_OVERRULE = frozenset({ConflictKind.SELF, ConflictKind.EMPLOYER, ConflictKind.OBJECTION, ConflictKind.DECLARED})


def can_overrule(state: FoundState, kind: ConflictKind, evidence: Sequence[Mapping[str, Any]]) -> Verdict:
    """Whether an operator may say that a found conflict is none. What a register or the person says is mended there."""
    if state is not FoundState.STANDING:
        return no("conflict_not_standing")
    if kind in NOT_TO_OVERRULE:
        return no("conflict_not_to_overrule")
    if any(row.get("pinned") for row in evidence):
        return no("conflict_pinned")
    return YES


def sides_of(*, person: bool, organisation: bool, other_person: bool, other_organisation: bool) -> str | None:
    """person_organisation, person_person or organisation_organisation; None for anything else."""
    shape = (person, organisation, other_person, other_organisation)
    return {
        (True, True, False, False): "person_organisation",
        (True, False, True, False): "person_person",
        (False, True, False, True): "organisation_organisation",
    }.get(shape)


def can_tie(kind: TieKind, sides: str | None, from_on: date | None, to_on: date | None) -> tuple[str, Verdict] | None:
    """What speaks against a tie, as (field, refusal)."""
    if sides is None or sides not in TIE_SIDES[kind]:
        return "kind", no("tie_sides")
    if from_on and to_on and to_on < from_on:
        return "to_on", no("tie_dates")
    return None
