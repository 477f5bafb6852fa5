"""Counting for the monitoring page: whatever may be summed up of suggestions, opinions and requests.

Only what firms brought forward (with an application, or by asking a person) and what `visible_to` lets the reader see
is counted. A firm counts once, in the period in which it handed in its answers, by the newest suggestion on them that
the period saw: so scoring everybody again moves no month. A period is half open: from ≤ moment < until.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal.applications import queries as applications
from portal.applications.models import Application
from portal.base.access import Actor
from portal.base.db import session
from portal.base.words import Words, say
from portal.profiles.models import ProfileVersion
from portal.programmes.rules import Tier
from portal.reference.models import Ksic, Region
from portal.reference.rules import SizeClass
from portal.scoring.models import AppealCount, ClaimVerdict, ExplanationRequest, Opinion, SecondReaderCall, Suggestion
from portal.scoring.queries import brought_forward, visible_to
from portal.scoring.rules import ClaimWord, RequestKind, RequestOutcome

Period = tuple[datetime, datetime]
CHANGES = (RequestOutcome.CORRECTED, RequestOutcome.RESCORED)


def _within(column: Any, period: Period) -> sa.ColumnElement[bool]:
    return sa.and_(column >= period[0], column < period[1])


def _counted(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.and_(visible_to(actor), brought_forward())


_HANDED_IN = sa.func.coalesce(ProfileVersion.submitted_at, ProfileVersion.finished_at, Suggestion.created_at)


def _in(period: Period) -> sa.ColumnElement[bool]:
    """Answers of a period, and what was said of them before it ended."""
    return sa.and_(_within(_HANDED_IN, period), Suggestion.created_at < period[1])


def _brought(actor: Actor, *columns: Any) -> sa.Select[Any]:
    """What may be counted, beside the day on which the firm handed in."""
    return (
        sa.select(*columns)
        .select_from(Suggestion)
        .outerjoin(ProfileVersion, ProfileVersion.id == Suggestion.profile_version_id)
        .where(_counted(actor))
    )


def _newest(actor: Actor, period: Period) -> sa.Select[tuple[int]]:
    """The newest suggestion of each firm in a period."""
    return _brought(actor, sa.func.max(Suggestion.id)).where(_in(period)).group_by(Suggestion.organisation_id)


def any_in(actor: Actor, period: Period) -> bool:
    """Whether there is anything to count in a period."""
    return session.scalar(_brought(actor, Suggestion.id).where(_in(period)).limit(1)) is not None


# --- answers -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answers:
    """How often each level was answered. levels: item code → [0, 1, 2, 3, 4, 5, not applicable]."""

    firms: int
    levels: Mapping[str, list[int]]

    def of(self, code: str) -> list[int]:
        """An answer that is missing is a 0, as the instrument reads it."""
        given = list(self.levels.get(code, [0] * 7))
        given[0] += self.firms - sum(given)
        return given


def answers(actor: Actor, periods: Sequence[Period]) -> list[Answers]:
    """The levels that firms answered, for each period, in one reading."""
    if session.get_bind().dialect.name == "sqlite":
        each = sa.func.json_each(Suggestion.inputs, "$.answers")
    else:
        each = sa.func.json_each_text(sa.cast(Suggestion.inputs, sa.JSON)["answers"])
    answer = each.table_valued("key", "value", name="answer")
    parts = []
    for number, period in enumerate(periods):
        chosen = Suggestion.id.in_(_newest(actor, period))
        level = sa.cast(answer.c.value, sa.Integer)
        parts.append(
            sa.select(sa.literal(number), answer.c.key, level, sa.func.count())
            .select_from(Suggestion.__table__.join(answer, sa.true()))
            .where(chosen)
            .group_by(answer.c.key, level)
        )
        empty = sa.cast(sa.null(), sa.Integer)
        parts.append(
            sa.select(sa.literal(number), sa.literal(""), empty, sa.func.count()).select_from(Suggestion).where(chosen)
        )
    firms, levels = [0] * len(periods), [dict[str, list[int]]() for _ in periods]
    for number, code, level, count in session.execute(sa.union_all(*parts)):
        if code:
            levels[number].setdefault(code, [0] * 7)[6 if level is None else level] = count
        else:
            firms[number] = count
    return [Answers(*one) for one in zip(firms, levels, strict=True)]


# --- tiers and models ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """Firms of one region, size class and industry with one tier. tier: None for not eligible."""

    region: str | None
    region_name: Words | None
    size: SizeClass | None
    division: str | None
    division_name: Words | None
    tier: Tier | None
    firms: int

    @property
    def size_name(self) -> Words | None:
        return self.size.label if self.size else None


def _fact(name: str) -> Any:
    """A fact of the firm on the day of its diagnosis, out of the frozen version."""
    if session.get_bind().dialect.name == "sqlite":
        return sa.func.json_extract(ProfileVersion.snapshot, f"$.company.{name}")
    return sa.func.json_extract_path_text(sa.cast(ProfileVersion.snapshot, sa.JSON), "company", name)


def groups(actor: Actor, period: Period) -> list[Group]:
    """The firms of a period by 시도, size class, KSIC division and suggested tier."""
    place, above, industry = sa.orm.aliased(Region), sa.orm.aliased(Region), sa.orm.aliased(Ksic)
    firm = (
        sa.select(
            ProfileVersion.region.label("region"),
            _fact("size").label("size"),
            sa.func.substr(_fact("ksic"), 1, 2).label("division"),
            Suggestion.tier.label("tier"),
        )
        .select_from(Suggestion)
        .outerjoin(ProfileVersion, ProfileVersion.id == Suggestion.profile_version_id)
        .where(Suggestion.id.in_(_newest(actor, period)))
        .subquery()
    )
    code = sa.func.coalesce(above.key, place.key)
    ko, en = sa.func.coalesce(above.ko, place.ko), sa.func.coalesce(above.en, place.en)
    columns = (code, ko, en, firm.c.size, firm.c.division, industry.ko, industry.en, firm.c.tier)
    rows = session.execute(
        sa.select(*columns, sa.func.count())
        .select_from(firm)
        .outerjoin(place, place.key == firm.c.region)
        .outerjoin(above, above.key == place.parent)
        .outerjoin(industry, sa.and_(industry.code == firm.c.division, industry.revision == 10))
        .group_by(*columns)
    )
    return [
        Group(
            region=region,
            region_name=say(region_ko, region_en) if region else None,
            size=SizeClass(size) if size else None,
            division=division,
            division_name=say(division_ko, division_en or division_ko) if division_ko else None,
            tier=tier,
            firms=firms,
        )
        for region, region_ko, region_en, size, division, division_ko, division_en, tier, firms in rows
    ]


@dataclass(frozen=True)
class Voice:
    """How many firms a model suggested a tier to, by its newest word in a period (`number`)."""

    number: int
    model: str
    rules: str
    instrument: str
    hash: str
    tier: Tier | None
    firms: int


def voices(actor: Actor, periods: Sequence[Period]) -> list[Voice]:
    """Firms by period, model and tier."""
    number = sa.case(*((_in(period), i) for i, period in enumerate(periods))).label("number")
    newest = (
        _brought(actor, sa.func.max(Suggestion.id).label("id"), number)
        .where(sa.or_(*(_in(period) for period in periods)))
        .group_by(Suggestion.organisation_id, number)
        .subquery()
    )
    columns = (
        newest.c.number,
        Suggestion.model,
        Suggestion.rule_version,
        Suggestion.instrument_version,
        Suggestion.model_hash,
        Suggestion.tier,
    )
    rows = session.execute(
        sa.select(*columns, sa.func.count())
        .select_from(newest)
        .join(Suggestion, Suggestion.id == newest.c.id)
        .group_by(*columns)
        .order_by(*columns[:5])
    )
    return [Voice(*row) for row in rows]


# --- evaluators ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """One evaluator's tiers beside the suggestion. final: None until the review is handed in."""

    file: int
    person_id: int
    own: Tier | None
    final: Tier | None
    suggested: Tier | None
    blind: bool
    at: datetime


def opinions(actor: Actor, period: Period) -> list[Said]:
    """What evaluators thought in a period, file by file."""
    file = sa.func.coalesce(Suggestion.application_id, -Suggestion.profile_version_id)
    rows = session.execute(
        sa.select(
            file,
            Opinion.person_id,
            Opinion.tier,
            Opinion.final_tier,
            Suggestion.tier,
            ~Opinion.shown_before,
            Opinion.created_at,
        )
        .join(Suggestion, Suggestion.id == Opinion.suggestion_id)
        .where(_within(Opinion.created_at, period), _counted(actor))
        .order_by(Opinion.id)
    )
    return [Said(*row[:5], bool(row[5]), row[6]) for row in rows]


def claims(actor: Actor, period: Period) -> dict[str, dict[ClaimWord, int]]:
    """Item code → how often evaluators accepted, rejected or corrected the answer."""
    rows = session.execute(
        sa.select(ClaimVerdict.item, ClaimVerdict.word, sa.func.count())
        .join(Suggestion, Suggestion.id == ClaimVerdict.suggestion_id)
        .where(_within(ClaimVerdict.created_at, period), _counted(actor))
        .group_by(ClaimVerdict.item, ClaimVerdict.word)
        .order_by(ClaimVerdict.item)
    )
    found: dict[str, dict[ClaimWord, int]] = {}
    for item, word, count in rows:
        found.setdefault(item, {})[word] = count
    return found


# --- requests and doubts -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """Requests to a person that came in a period, and what became of them until now."""

    explanations: int
    objections: int
    answered: int
    changed: int
    second_readers: Mapping[str, int]


def asked(actor: Actor, period: Period) -> Asked:
    """Requests of firms, and second readers called, in one reading."""
    request = (
        sa.select(
            sa.cast(ExplanationRequest.kind, sa.String),
            sa.func.count(),
            sa.func.count(ExplanationRequest.answered_at),
            sa.func.sum(sa.case((ExplanationRequest.outcome.in_(CHANGES), 1), else_=0)),
        )
        .join(Suggestion, Suggestion.id == ExplanationRequest.suggestion_id)
        .where(_within(ExplanationRequest.asked_at, period), _counted(actor))
        .group_by(ExplanationRequest.kind)
    )
    reader = (
        sa.select(sa.cast(SecondReaderCall.reason, sa.String), sa.func.count(), sa.literal(0), sa.literal(0))
        .join(Suggestion, Suggestion.id == SecondReaderCall.suggestion_id)
        .where(_within(SecondReaderCall.called_at, period), _counted(actor))
        .group_by(SecondReaderCall.reason)
    )
    rows = {str(row[0]): row[1:] for row in session.execute(sa.union_all(request, reader))}
    none = (0, 0, 0)
    explain, objects = rows.pop(RequestKind.EXPLAIN.value, none), rows.pop(RequestKind.OBJECT.value, none)
    return Asked(
        explanations=explain[0],
        objections=objects[0],
        answered=explain[1] + objects[1],
        changed=int(explain[2] + objects[2]),
        second_readers={reason: row[0] for reason, row in rows.items()},
    )


@dataclass(frozen=True)
class Appealed:
    """Appeals against decisions that were decided in a period. reversed: the outcome changed."""

    upheld: int
    partly: int
    dismissed: int
    reversed: int


def appeals(actor: Actor, period: Period) -> Appealed:
    """How the period's appeals ended, of the applications that the reader may see."""
    seen = applications.visible_to(actor).with_only_columns(Application.id)
    rows = session.execute(
        sa.select(
            AppealCount.ruling, sa.func.count(), sa.func.sum(sa.case((AppealCount.reversed.is_(True), 1), else_=0))
        )
        .where(_within(AppealCount.decided_at, period), AppealCount.application_id.in_(seen))
        .group_by(AppealCount.ruling)
    ).all()
    by_ruling = {ruling: count for ruling, count, _ in rows}
    return Appealed(
        upheld=by_ruling.get("upheld", 0),
        partly=by_ruling.get("partly", 0),
        dismissed=by_ruling.get("dismissed", 0),
        reversed=int(sum(changed for _, _, changed in rows)),
    )


@dataclass(frozen=True)
class Settled:
    """A decided file that a learned model had spoken on."""

    decided: Tier
    result: str


def settled(actor: Actor, period: Period, models: Sequence[str]) -> list[Settled]:
    """Decisions of a period beside what these models said of the frozen file."""
    if not models:
        return []
    newest = (
        sa.select(sa.func.max(Suggestion.id))
        .join(Application, Application.id == Suggestion.application_id)
        .where(
            _within(Application.decided_at, period), Suggestion.created_at <= Application.decided_at, _counted(actor)
        )
        .group_by(Suggestion.application_id)
    )
    rows = session.execute(
        sa.select(Application.decided_tier, Suggestion.result)
        .join(Suggestion, Suggestion.application_id == Application.id)
        .where(Suggestion.id.in_(newest), Suggestion.model.in_(models), Application.decided_tier.is_not(None))
    )
    return [Settled(*row) for row in rows]
