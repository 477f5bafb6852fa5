"""What happens in the demo country: calls, applications at every station, reviews and decisions."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal

from portal.accounts import queries as account_queries
from portal.accounts.models import Person
from portal.applications import questions
from portal.applications import service as applications
from portal.applications.models import Application
from portal.applications.parts import CostKind, OwnShareSource, Part, Writer
from portal.base import clock
from portal.base.access import Actor
from portal.conflicts.rules import ConflictKind, Strength
from portal.demo import people, texts
from portal.demo.country import Country
from portal.evaluation import casefile, conflicted, deciding, declaring, rubric, sidebyside
from portal.evaluation import queries as evaluation_queries
from portal.evaluation import service as evaluation
from portal.evaluation.models import Panel
from portal.evaluation.rules import ItemVerdict, Outcome, RecusalReason
from portal.programmes import service as programmes
from portal.programmes.models import Call
from portal.programmes.rules import CallFacts, Tier


def open_call(
    country: Country,
    name: str,
    programme: str,
    title: str,
    title_en: str,
    tiers: set[Tier],
    days: tuple[int, int],
    budget: int,
) -> None:
    """A call by its name among `country.calls`. days: from when until when, counted from now."""
    opens, closes = country.now + timedelta(days=days[0]), country.now + timedelta(days=days[1])
    country.calls[name] = programmes.open_call(
        country.operator,
        CallFacts(
            programme=programme,
            title_ko=title,
            title_en=title_en,
            summary_ko="합성(예시) 공고입니다. 실제 공고가 아닙니다.",
            summary_en="A synthetic call of the demo, not a real one.",
            opens_at=opens.replace(hour=0, minute=0, second=0, microsecond=0),
            closes_at=closes.replace(hour=9, minute=0, second=0, microsecond=0),
            tiers=frozenset(tiers),
            budget_krw=budget,
            contact="운영기관(예시) 02-0000-0000",
        ),
    )


def calls(country: Country) -> None:
    """Three calls: one closed and under review, one open to everybody, one open for leading factories."""
    with country.on(66):
        open_call(country, "closed", "GOV", "2026년 하반기 고도화 지원(예시)", "Upgrade support, second half of 2026 (demo)",
                  {Tier.ADVANCED}, (-60, -8), 3_000_000_000)  # fmt: skip
        open_call(country, "basic", "BASIC", "2027년 기초단계 스마트공장 1차(예시)", "Basic smart factories 2027, first round (demo)",
                  {Tier.BASIC}, (-20, 25), 2_000_000_000)  # fmt: skip
        open_call(country, "leading", "AUTO", "2027년 자율형공장(예시)", "Autonomous factories 2027 (demo)",
                  {Tier.LEADING}, (-15, 40), 6_000_000_000)  # fmt: skip


def draft(country: Country, actor: Actor, firm: people.Firm, call: Call) -> Application:
    """A complete draft: every page filled, papers attached, the supplier asked where one is needed."""
    row = applications.start(actor, call.key)
    random, key = country.random, row.key
    words = texts.PLANS[random.randrange(len(texts.PLANS))]
    cost = (
        random.randrange(60, 180) * 1_000_000
        if call.programme.code != "AUTO"
        else random.randrange(600, 1200) * 1_000_000
    )
    save = applications.save_part
    save(actor, key, Part.CHOICE, {
        "tier": next(iter(sorted(call.tiers))).value,
        "target_level": max(call.programme.target_level or 1, 3 if call.programme.code == "AUTO" else 2 if call.programme.code == "GOV" else 1),
        "scope": sorted({*call.programme.scope, *words.technologies}),
        "same_level": False,
    })  # fmt: skip
    save(actor, key, Part.NEED, {"problem": words.problem, "goal": words.goal, "build": words.build})
    save(actor, key, Part.PLAN, {"schedule": words.schedule, "people": words.people, "effect": words.effect})
    save(actor, key, Part.COSTS, {
        "lines": [
            {"kind": CostKind.SOFTWARE.value, "item": words.item, "unit_price_krw": cost // 2, "quantity": 1},
            {"kind": CostKind.HARDWARE.value, "item": "현장 단말과 수집 장치", "unit_price_krw": cost // 10, "quantity": 5},
        ],
        "own_share_krw": cost // 2,
        "own_share_source": OwnShareSource.CASH.value,
    })  # fmt: skip
    save(actor, key, Part.KPI, {"rows": [
        {"name": "납기준수율", "unit": "%", "direction": "up", "before": Decimal(random.randint(78, 88)), "target": Decimal(95)},
        {"name": "공정불량률", "unit": "ppm", "direction": "down", "before": Decimal(random.randint(2500, 6000)), "target": Decimal(1500)},
    ]})  # fmt: skip
    if call.programme.consortium:
        save(actor, key, Part.PARTNER, {"supplier": random.choice(country.suppliers)[2]})
    for code in call.programme.documents:
        _paper(country, actor, row, code)
    save(actor, key, Part.PLEDGES, {
        "pledges": {one.code: "no" for one in questions.exclusions()},
        "writer": Writer.SELF.value,
        "truth_pledged": True,
    })  # fmt: skip
    return row


def _paper(country: Country, actor: Actor, row: Application, code: str) -> None:
    kind = texts.paper_name(code)
    stream = io.BytesIO(texts.PDF + f"% 합성(예시) {code}\n".encode())
    issued = clock.today() - timedelta(days=country.random.randint(3, 20))
    applications.attach_paper(actor, row.key, code, stream, f"{kind}(예시).pdf", issued_on=issued)


def hand_in(country: Country, actor: Actor, firm: people.Firm, call: Call) -> Application:
    row = draft(country, actor, firm, call)
    applications.submit(actor, row.key)
    if row.member is not None:
        supplier = next(
            actor for actor, organisation, _ in country.suppliers if organisation == row.member.organisation_id
        )
        applications.answer_consortium(supplier, row.member.key, takes_part=True)
    return row


def _adopters(country: Country, stages: tuple[str, ...]) -> list[tuple[Actor, people.Firm]]:
    return [(actor, firm) for actor, firm in country.firms[:46] if firm.stage in stages]


def closed_call(country: Country) -> None:
    """The closed call: fourteen applications, all of them past the requirement check but one withdrawn."""
    call = country.calls["closed"]
    rows = []
    for number, (actor, firm) in enumerate(_adopters(country, ("middle", "basic"))[:14]):
        with country.on(30 - number):
            rows.append(hand_in(country, actor, firm, call))
    with country.on(9):
        applications.withdraw(account_queries.actor_of(owner(rows[-1])), rows[-1].key, "내부 사정으로 거두어들입니다.")
    for row in rows[:-1]:
        with country.on(7.5):
            applications.begin_check(country.operator, row)
            applications.accept(country.operator, row)
    country.applications["closed"] = rows[:-1]


def owner(row: Application) -> Person:
    return account_queries.members(row.organisation_id)[0]


def reviews(country: Country) -> None:
    """Assigned, under review, waiting for the chair, decided: every station of the written review."""
    rows = country.applications["closed"]
    wishes = [Outcome.SELECTED, Outcome.SELECTED, Outcome.RESERVE, Outcome.SELECTED]
    for number, row in enumerate(rows[:-1]):  # the last one is accepted and not assigned: the operator's next job
        panel = _panel(country, row, number)
        reviewed = 2 if number < 9 else 1 if number < 11 else 0
        for place, assignment in enumerate(panel.assignments[:reviewed]):
            # on one case the experts differ: a third is called, the operator's next job
            own = Tier.BASIC if (number, place) == (8, 1) else Tier.ADVANCED
            with country.on(4):
                review(country, assignment.evaluator, row, own)
        if number == 11:
            with country.on(3):
                last = panel.assignments[-1]
                evaluation.recuse(account_queries.actor_of(last.evaluator), last, next(iter(RecusalReason)))
        if number < 7:
            with country.on(2):
                _decide(country, row, wishes)


def _panel(country: Country, row: Application, number: int) -> Panel:
    """Two of the pool in turn; the evaluator of the tour sits on every second panel."""
    tour, *others = country.evaluators
    first = tour if number % 2 else others[(number + 4) % len(others)]
    second = others[number % len(others)]
    pool = list(dict.fromkeys([first, second, *others]))  # in turn, but nobody with a conflict
    with country.on(6):
        found = conflicted.barred([row], [one.id for one in pool], "assignment")
        barred = {one.evaluator_id for one in found if one.strength is Strength.HARD}
        free = [one for one in pool if one.id not in barred]
        due = clock.today() + timedelta(days=12)
        return evaluation.assign(country.operator, row, free[:2], country.chair, due)


def review(country: Country, evaluator: Person, row: Application, own: Tier) -> None:
    actor = account_queries.actor_of(evaluator)
    panel = evaluation_queries.panel_of(row.id)
    assignment = next(one for one in panel.assignments if one.evaluator_id == evaluator.id)
    evaluation.open_file(actor, assignment, no_conflict=True, answers=no_soft_conflict(row.id, evaluator.id))
    sheet = rubric.load(panel.rubric)
    strength = country.random.uniform(0.68, 0.95)
    scores = {
        one.code: {"points": max(1, round(one.points * min(1.0, strength + country.random.uniform(-0.08, 0.06)))),
                   "na": False, "comment": country.random.choice(texts.COMMENTS)}
        for one in sheet.criteria
    }  # fmt: skip
    diagnosis = casefile.diagnosis_of(row.id)
    items = {
        code: _word(country, code, level, diagnosis)
        for code, level in diagnosis.levels.items()
        if _asked(code, level, diagnosis)
    }
    evaluation.save_review(
        actor,
        assignment,
        None,
        items=items,
        scores=scores,
        comment=country.random.choice(texts.SUMMARIES),
        own_tier=own,
    )
    evaluation.lock_own_score(actor, assignment, None)
    suggested = assignment.review.suggested_tier or Tier.ADVANCED
    evaluation.submit_review(
        actor, assignment, None, final_tier=suggested, reason="자가진단과 증빙이 서로 맞아 제안을 따릅니다."
    )


def no_soft_conflict(application_id: int, person_id: int) -> dict[ConflictKind, bool]:
    """The honest "no" to each soft kind that somebody is asked about before a file opens."""
    return {kind: False for kind in declaring.screen_person(application_id, person_id).asked}


def _asked(code: str, level: int | None, diagnosis: casefile.Diagnosis) -> bool:
    """Where a reviewer has to say a word: claims above level 2 and flagged items."""
    return (level or 0) >= 3 or code in diagnosis.flagged


def _word(country: Country, code: str, level: int | None, diagnosis: casefile.Diagnosis) -> dict[str, object]:
    """Mostly accepted; a claim without a file is corrected now and then."""
    if level and level >= 3 and not diagnosis.evidence.get(code) and country.random.random() < 0.3:
        return {"verdict": ItemVerdict.CORRECT.value, "level": level - 1, "note": "증빙이 없어 한 단계 낮춰 봅니다."}
    return {"verdict": ItemVerdict.ACCEPT.value, "level": None, "note": ""}


def _decide(country: Country, row: Application, wishes: list[Outcome]) -> None:
    """Selected in order where the experts hold the tier that was applied for, else rejected."""
    panel = evaluation_queries.panel_of(row.id)
    tier = sidebyside.basis_of(panel).suggested
    outcome = wishes.pop(0) if tier is row.tier and wishes else Outcome.REJECTED
    deciding.decide(
        account_queries.actor_of(country.chair),
        panel,
        tier=tier,
        outcome=outcome,
        reason=texts.DECISIONS[outcome.value],
    )


def open_calls(country: Country) -> None:
    """The two open calls: drafts, fresh submissions, checks, a supplement that waits and one that came back."""
    call = country.calls["basic"]
    firms = [(actor, firm) for actor, firm in country.firms[26:46]]
    for number, (actor, firm) in enumerate(firms[:12]):
        with country.on(12 - number * 0.7):
            if number < 3:
                draft(country, actor, firm, call)
                continue
            row = hand_in(country, actor, firm, call)
        if number < 6:
            continue  # received, nobody has looked yet
        with country.on(3):
            applications.begin_check(country.operator, row)
        if number in (8, 9):
            with country.on(2):
                applications.return_for_supplement(
                    country.operator, row, "비용 항목의 수량 근거와 성과지표의 측정 방법을 적어 주세요.",
                    [Part.COSTS, Part.KPI], clock.today() + timedelta(days=10),
                )  # fmt: skip
            if number == 9:
                with country.on(1):
                    applications.answer_supplement(
                        actor, row.key, "견적서 기준으로 수량을 고치고 측정 방법을 적었습니다."
                    )
        if number >= 10:
            with country.on(1.5):
                applications.accept(country.operator, row)
        if number == 11:
            _panel(country, row, number)
    call = country.calls["leading"]
    for number, (actor, firm) in enumerate(_adopters(country, ("advanced",))[:5]):
        with country.on(9 - number):
            if number == 0:
                draft(country, actor, firm, call)
            else:
                hand_in(country, actor, firm, call)
