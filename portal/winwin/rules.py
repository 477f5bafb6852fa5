"""Offers of large firms: who pays which share, what a sound offer says, how offers are ranked for a company. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portal.accounts.rules import OPERATOR, SME, Role
from portal.base.access import YES, Actor, RuleBroken, Verdict, no
from portal.base.words import Words, define, say
from portal.matching import score
from portal.matching.rules import Candidate, Need, draw_of, gate

PROGRAMMES = ("WIN1", "WIN2", "WINS", "WINA")
"""The win-win programmes of the catalogue."""
MAX_TEXT = 3000
MOST_MENTORS = 20
MOST_PLACES = 500
MOST_PROJECT_KRW = 10_000_000_000


class OfferState(StrEnum):
    DRAFT = "draft"
    WAITING = "waiting"
    OPEN = "open"
    RETURNED = "returned"
    CLOSED = "closed"

    @property
    def label(self) -> Words:
        return STATE_LABELS[self]

    @property
    def tone(self) -> str:
        return {"waiting": "info", "open": "success", "returned": "warn"}.get(self.value, "neutral")


STATE_LABELS = {
    OfferState.DRAFT: say("작성 중", "Draft"),
    OfferState.WAITING: say("운영기관이 보는 중", "With the operator"),
    OfferState.OPEN: say("모집 중", "Open"),
    OfferState.RETURNED: say("고쳐 달라고 함", "Sent back"),
    OfferState.CLOSED: say("마감", "Closed"),
}
EDITABLE = frozenset({OfferState.DRAFT, OfferState.RETURNED})


class JoiningState(StrEnum):
    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> Words:
        return JOINING_LABELS[self]

    @property
    def tone(self) -> str:
        return {"waiting": "info", "accepted": "success"}.get(self.value, "neutral")


JOINING_LABELS = {
    JoiningState.WAITING: say("답을 기다림", "Waiting for an answer"),
    JoiningState.ACCEPTED: say("함께하기로 함", "Accepted"),
    JoiningState.DECLINED: say("이번에는 어려움", "Declined"),
    JoiningState.WITHDRAWN: say("거둬들임", "Withdrawn"),
}

PERMISSIONS: dict[str, frozenset[str]] = {
    "winwin:offer:read": SME | OPERATOR | {Role.PARTNER, Role.AUDITOR},
    "winwin:offer:edit": frozenset({Role.PARTNER}),
    "winwin:offer:judge": OPERATOR,
    "winwin:offer:join": SME,
    "winwin:joining:answer": frozenset({Role.PARTNER}),
}

CODES = define(
    {
        "offer_needed": say("적어 주세요.", "Please fill this in."),
        "offer_programme": say("상생형 사업을 골라 주세요.", "Please choose a win-win programme."),
        "offer_shares_sum": say(
            "세 몫을 더하면 100%여야 합니다. 지금은 {sum}%입니다.",
            "The three shares must add up to 100 %; now {sum} %.",
        ),
        "offer_share_range": say("0부터 100까지 적어 주세요.", "Between 0 and 100."),
        "offer_gov_high": say(
            "이 사업에서 정부는 {most}%까지 냅니다.", "The state pays at most {most} % in this programme."
        ),
        "offer_partner_low": say(
            "이 사업에서 주관기관은 {least}% 이상 냅니다.", "The large firm pays at least {least} % in this programme."
        ),
        "offer_own_high": say(
            "이 사업에서 도입기업은 {most}%까지 부담합니다.", "The company pays at most {most} % in this programme."
        ),
        "offer_ceiling": say(
            "정부 몫이 기업당 한도({most}만원)를 넘습니다. 사업비를 줄이거나 주관기관 몫을 늘려 주세요.",
            "The state's part is above the ceiling for one company ({most} × 10,000 won).",
        ),
        "offer_project": say("1만원부터 100억원까지 적어 주세요.", "Between 10,000 and 10 billion won."),
        "offer_places": say("1곳부터 {most}곳까지 모집할 수 있습니다.", "Between 1 and {most} companies."),
        "offer_regions": say("지역을 하나 이상 골라 주세요.", "Choose at least one region."),
        "offer_technologies": say("기술을 하나 이상 골라 주세요.", "Choose at least one technology."),
        "offer_foreign_region": say(
            "이 지자체의 지역 안에서만 모집할 수 있습니다.", "Only companies inside the local government's region."
        ),
        "offer_closes": say("마감일은 오늘보다 뒤여야 합니다.", "The last day must lie ahead."),
        "offer_locked": say("지금 상태({state})에서는 할 수 없습니다.", "This can't be done in the state “{state}”."),
        "offer_reason": say("무엇을 고치면 되는지 적어 주세요.", "Please say what to mend."),
        "offer_mentors": say("멘토는 {most}명까지 적을 수 있습니다.", "At most {most} mentors."),
        "joining_reason": say("이유를 적어 주세요.", "Please give a reason."),
        "joining_not_open": say("이미 답했거나 거둬들인 신청입니다.", "This was answered or withdrawn already."),
        "joining_full": say("모집한 자리가 모두 찼습니다.", "Every place is taken."),
        "joining_text": say("어떤 도움이 필요한지 적어 주세요.", "Please say what help you need."),
        "joining_gate": say("우리 회사는 이 모집의 대상이 아닙니다.", "Your company is not among those invited."),
    }
)


@dataclass(frozen=True)
class Shares:
    """Who pays how many per cent of a project."""

    gov: int
    partner: int
    own: int


@dataclass(frozen=True)
class Terms:
    """What the catalogue says of a programme; None = not known."""

    gov: float | None = None
    partner: float | None = None
    own: float | None = None
    ceiling_krw: int | None = None


def broken_shares(shares: Shares, project_krw: int, terms: Terms) -> list[RuleBroken]:
    """What is wrong with the shares of an offer, by field; a share that the catalogue does not know binds nobody."""
    wrong = [
        RuleBroken("offer_share_range", field)
        for field in ("gov", "partner", "own")
        if not 0 <= getattr(shares, field) <= 100
    ]
    if not 0 < project_krw <= MOST_PROJECT_KRW:
        wrong.append(RuleBroken("offer_project", "project"))
    if wrong:
        return wrong
    if (total := shares.gov + shares.partner + shares.own) != 100:
        wrong.append(RuleBroken("offer_shares_sum", "own", sum=total))
    if terms.gov is not None and shares.gov > _percent(terms.gov):
        wrong.append(RuleBroken("offer_gov_high", "gov", most=_percent(terms.gov)))
    if terms.partner is not None and shares.partner < _percent(terms.partner):
        wrong.append(RuleBroken("offer_partner_low", "partner", least=_percent(terms.partner)))
    if terms.own is not None and shares.own > _percent(terms.own):
        wrong.append(RuleBroken("offer_own_high", "own", most=_percent(terms.own)))
    if terms.ceiling_krw is not None and project_krw * shares.gov // 100 > terms.ceiling_krw:
        wrong.append(RuleBroken("offer_ceiling", "gov", most=f"{terms.ceiling_krw // 10_000:,}"))
    return wrong


def _percent(ratio: float) -> int:
    return round(ratio * 100)


@dataclass(frozen=True)
class Facts:
    """What a large firm writes of its offer. region: of the local government that shares it; None = none does."""

    programme: str
    title: str
    summary: str
    shares: Shares
    project_krw: int
    places: int
    closes_on: date | None
    technologies: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    region: str | None = None
    mentors: tuple[Mentor, ...] = ()


@dataclass(frozen=True)
class Mentor:
    """Who of the firm helps on site; no name before a company is accepted."""

    field: str
    technologies: tuple[str, ...] = ()
    weeks: int = 6


def broken_facts(facts: Facts, terms: Terms | None, *, within: Collection[str] | None, today: date) -> list[RuleBroken]:
    """Everything that keeps an offer from an operator, by field.

    terms : of the programme, None when it is no win-win programme
    within: the region keys of the local government that shares the offer, None without one
    """
    wrong = [RuleBroken("offer_needed", name) for name in ("title", "summary") if not getattr(facts, name).strip()]
    if terms is None:
        wrong.append(RuleBroken("offer_programme", "programme"))
    wrong += broken_shares(facts.shares, facts.project_krw, terms or Terms())
    if not 1 <= facts.places <= MOST_PLACES:
        wrong.append(RuleBroken("offer_places", "places", most=MOST_PLACES))
    if not facts.technologies:
        wrong.append(RuleBroken("offer_technologies", "technologies"))
    if not facts.regions:
        wrong.append(RuleBroken("offer_regions", "regions"))
    elif within is not None and not set(facts.regions) <= set(within):
        wrong.append(RuleBroken("offer_foreign_region", "regions"))
    if facts.closes_on is None or facts.closes_on < today:
        wrong.append(RuleBroken("offer_closes", "closes_on"))
    if len(facts.mentors) > MOST_MENTORS:
        wrong.append(RuleBroken("offer_mentors", "mentors", most=MOST_MENTORS))
    return wrong


def can_run(actor: Actor, region: str | None, own_region: Collection[str]) -> Verdict:
    """Whether an operator judges an offer: the national one all, a local government's its own region's."""
    if actor.is_system or actor.has(Role.OPERATOR_NATIONAL):
        return YES
    return YES if actor.has(Role.OPERATOR_REGION) and region in own_region else no("no_right")


@dataclass(frozen=True)
class Ranked:
    """An offer (or a mentor) before a company: why it stands where it stands, or which gate keeps it out."""

    candidate: Candidate
    parts: tuple[score.Part, ...]
    gate: str | None = None

    @property
    def points(self) -> float:
        return round(sum(part.points for part in self.parts), 2)


def rank(
    need: Need, candidates: Sequence[Candidate], *, seed: str, technology_names: Mapping[str, Words]
) -> list[Ranked]:
    """Offers or mentors for one company, by the gates and parts that rank suppliers; those that fit come first.

    seed : published; equal ones take turns by it
    Notes: of the seven parts those count that an offer can have: technology, industry, region
    """
    rows = [
        Ranked(
            one,
            (score.technology(need, one, technology_names), score.sector(need, one), score.region(need, one)),
            gate(need, one),
        )
        for one in candidates
    ]
    return sorted(rows, key=lambda row: (row.gate is not None, -row.points, draw_of(seed, row.candidate.key)))
