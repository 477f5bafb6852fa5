"""What each part of a form still lacks: drafts may lack anything, a submission nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.applications.parts import PLAN_TEXTS, Answer, Consent, Direction, PaperState, Part, Writer
from portal.base.words import Words


@dataclass(frozen=True)
class Problem:
    """One thing that stands in the way of submission: where it is mended and what it says."""

    code: str
    part: Part | None = None
    field: str = ""
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Filled:
    """The answers of an application as plain values: what the rules look at, and what the snapshot keeps.

    costs : (kind, item, unit_price_krw, quantity) per line
    kpis  : (name, before, target, direction) per row; before and target are None while empty
    pledges : exclusion code → Answer value
    papers  : paper code → PaperState
    missing_mark : what the call asks of the supplier and the named one does not hold today
    """

    tier: str | None = None
    tiers_of_call: frozenset[str] = frozenset()
    target_level: int | None = None
    current_level: int | None = None
    same_level: bool = False
    scope: tuple[str, ...] = ()
    texts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    costs: Sequence[tuple[str, str, int | None, int | None]] = ()
    own_share_krw: int | None = None
    own_share_source: str | None = None
    kpis: Sequence[tuple[str, Decimal | None, Decimal | None, str]] = ()
    consortium: bool = False
    missing_mark: Words | None = None
    supplier_id: int | None = None
    consent: Consent | None = None
    exclusions: tuple[str, ...] = ()
    barring: frozenset[str] = frozenset()
    pledges: Mapping[str, str] = dataclasses.field(default_factory=dict)
    writer: str | None = None
    writer_name: str = ""
    writer_fee_krw: int | None = None
    truth_pledged: bool = False
    papers: Mapping[str, PaperState] = dataclasses.field(default_factory=dict)
    has_profile: bool = True

    @property
    def cost_krw(self) -> int:
        return sum((price or 0) * (quantity or 0) for _, _, price, quantity in self.costs)

    @property
    def excluded(self) -> tuple[str, ...]:
        """The exclusions that bar a submission and apply."""
        return tuple(code for code in self.exclusions if code in self.barring and self.pledges.get(code) == Answer.YES)


def problems_of(part: Part, filled: Filled) -> list[Problem]:
    """What a page still lacks. Drafts may lack anything; submission may lack nothing."""
    return _CHECKS[part](filled)


def _choice(filled: Filled) -> list[Problem]:
    found = []
    if not filled.tier:
        found.append(Problem("choose_tier", Part.CHOICE, "tier"))
    elif filled.tier not in filled.tiers_of_call:
        found.append(Problem("call_tier_not_offered", Part.CHOICE, "tier"))
    if filled.target_level is None:
        found.append(Problem("choose_target", Part.CHOICE, "target_level"))
    elif filled.current_level is not None and filled.target_level < filled.current_level:
        found.append(Problem("target_below_current", Part.CHOICE, "target_level"))
    if not filled.scope:
        found.append(Problem("choose_scope", Part.CHOICE, "scope"))
    return found


def _texts(part: Part, filled: Filled) -> list[Problem]:
    found = []
    for text in PLAN_TEXTS:
        if text.part is not part:
            continue
        length = len((filled.texts.get(text.name) or "").strip())
        if length == 0:
            found.append(Problem("required", part, text.name))
        elif length < text.min_length:
            found.append(Problem("text_too_short", part, text.name, {"least": text.min_length, "now": length}))
        elif length > text.max_length:
            found.append(Problem("plan_too_long", part, text.name, {"most": text.max_length, "now": length}))
    return found


def _costs(filled: Filled) -> list[Problem]:
    found = []
    if not filled.costs:
        found.append(Problem("no_cost_lines", Part.COSTS, "lines"))
    for position, (_, item, price, quantity) in enumerate(filled.costs):
        if not item or price is None or not quantity:
            found.append(Problem("row_incomplete", Part.COSTS, f"lines-{position}-item"))
    if filled.own_share_krw is None:
        found.append(Problem("required", Part.COSTS, "own_share_krw"))
    elif filled.costs and filled.own_share_krw > filled.cost_krw:
        found.append(Problem("own_share_over_cost", Part.COSTS, "own_share_krw"))
    if filled.own_share_krw and not filled.own_share_source:
        found.append(Problem("required", Part.COSTS, "own_share_source"))
    return found


def _kpis(filled: Filled) -> list[Problem]:
    if not filled.kpis:
        return [Problem("no_kpi", Part.KPI, "rows")]
    found = []
    for position, (name, before, target, direction) in enumerate(filled.kpis):
        if not name or before is None or target is None:
            found.append(Problem("kpi_incomplete", Part.KPI, f"rows-{position}-name"))
        elif (target <= before) if direction == Direction.UP else (target >= before):
            found.append(Problem("kpi_no_better", Part.KPI, f"rows-{position}-target", {"name": name}))
    return found


def _partner(filled: Filled) -> list[Problem]:
    if not filled.consortium:
        return []
    if filled.supplier_id is None:
        return [Problem("no_supplier", Part.PARTNER, "supplier")]
    if filled.consent is Consent.DECLINED:
        return [Problem("supplier_declined", Part.PARTNER, "supplier")]
    if filled.missing_mark is not None:
        return [Problem("supplier_lacks_mark", Part.PARTNER, "supplier", {"mark": filled.missing_mark})]
    return []


def _papers(filled: Filled) -> list[Problem]:
    return [
        Problem(
            "paper_out_of_date" if state is PaperState.EXPIRED else "paper_missing", Part.PAPERS, code, {"paper": code}
        )
        for code, state in filled.papers.items()
        if not state.is_enough
    ]


def _pledges(filled: Filled) -> list[Problem]:
    found = []
    for code in filled.exclusions:
        if code not in filled.pledges:
            found.append(Problem("answer_needed", Part.PLEDGES, code))
        elif code in filled.excluded:
            found.append(Problem("excluded", Part.PLEDGES, code))
    if not filled.writer:
        found.append(Problem("answer_needed", Part.PLEDGES, "writer"))
    elif filled.writer != Writer.SELF and not filled.writer_name.strip():
        found.append(Problem("writer_name_needed", Part.PLEDGES, "writer_name"))
    if filled.writer == Writer.HELP_PAID and filled.writer_fee_krw is None:
        found.append(Problem("writer_fee_needed", Part.PLEDGES, "writer_fee_krw"))
    if not filled.truth_pledged:
        found.append(Problem("pledge_needed", Part.PLEDGES, "truth_pledged"))
    return found


_CHECKS = {
    Part.CHOICE: _choice,
    Part.NEED: lambda filled: _texts(Part.NEED, filled),
    Part.PLAN: lambda filled: _texts(Part.PLAN, filled),
    Part.COSTS: _costs,
    Part.KPI: _kpis,
    Part.PARTNER: _partner,
    Part.PAPERS: _papers,
    Part.PLEDGES: _pledges,
}
