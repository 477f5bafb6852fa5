"""New versions of a score sheet: drafted from one that exists, corrected as long as they are drafts, then published.

A published version never changes again, because panels pin it and firms read their points by it; whoever wants another
one drafts the next number.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from portal.accounts.rules import Role
from portal.base import audit, clock
from portal.base.access import Actor, Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion, no
from portal.base.db import session, transaction
from portal.base.words import Words, define, say
from portal.evaluation import rubric
from portal.evaluation.models import CallPlan, Panel, RubricVersion
from portal.evaluation.rules import Problem, RubricState

MOST_CRITERIA = 15
_NAME = re.compile(r"[a-z][a-z0-9-]{1,27}")
_CODE = re.compile(r"[A-Z][A-Z0-9]{1,11}")

CODES = define(
    {
        "rubric_name": say(
            "이름은 영문 소문자로 시작해 소문자·숫자·붙임표(-)로 2~28자입니다.",
            "The name begins with a lower-case letter and has 2–28 lower-case letters, digits or hyphens.",
        ),
        "rubric_published": say(
            "확정한 배점표는 바꿀 수 없습니다. 새 판을 만들어 주세요.",
            "A published score sheet can't be changed. Please draft a new version.",
        ),
        "rubric_title": say("제목을 적어 주세요.", "Please give a title."),
        "rubric_english": say("영문도 적어 주세요.", "Please give the English text too."),
        "rubric_korean": say("국문을 적어 주세요.", "Please give the Korean text."),
        "rubric_pass": say("1점부터 100점까지 적을 수 있습니다.", "Between 1 and 100 points."),
        "rubric_floor": say("0%부터 100%까지 적을 수 있습니다.", "Between 0 and 100 %."),
        "rubric_code": say(
            "항목 코드는 영문 대문자로 시작해 대문자·숫자 2~12자입니다.",
            "A code begins with a capital letter and has 2–12 capital letters or digits.",
        ),
        "rubric_code_twice": say("같은 코드가 두 번 있습니다.", "This code stands twice."),
        "rubric_points": say("1점부터 100점까지 적을 수 있습니다.", "Between 1 and 100 points."),
        "rubric_sum": say(
            "배점의 합이 100점이어야 합니다. 지금은 {sum}점입니다.",
            "The points must add up to 100; they add up to {sum}.",
        ),
        "rubric_few": say("항목을 둘 이상 적어 주세요.", "Please give at least two criteria."),
        "rubric_many": say("항목은 {most}개까지 적을 수 있습니다.", "At most {most} criteria."),
        "rubric_all_optional": say(
            "'해당 없음'을 고를 수 없는 항목이 하나는 있어야 합니다.", "At least one criterion must always apply."
        ),
        "rubric_anchor_line": say(
            "{line}번째 줄: '점수 | 국문 | 영문'으로 적어 주세요.", "Line {line}: write “points | Korean | English”."
        ),
        "rubric_anchors_few": say("점수 기준을 두 줄 이상 적어 주세요.", "Please describe at least two bands."),
        "rubric_anchors_order": say(
            "점수 기준은 높은 점수부터 낮은 점수 순이고, 배점을 넘지 않으며, 마지막 줄은 0점부터입니다.",
            "Bands go from high to low, stay within the points, and the last one begins at 0.",
        ),
    }
)


# --- what a sheet must hold (pure) ----------------------------------------------------------------------------


def problems(source: Mapping[str, Any]) -> list[Problem]:
    """Everything that stands between a draft and its publication, by field of the form (c0_points, …)."""
    found: list[Problem] = []

    def lacks(field: str, code: str, **values: Any) -> None:
        found.append(Problem(field, no(code, **values)))

    if not source["ko"]:
        lacks("title_ko", "rubric_title")
    if not source["en"]:
        lacks("title_en", "rubric_english")
    if not 1 <= source["pass_points"] <= 100:
        lacks("pass_points", "rubric_pass")
    if not 0 <= source["critical_floor_ratio"] <= 1:
        lacks("floor", "rubric_floor")
    criteria: Sequence[Mapping[str, Any]] = source["criteria"]
    if len(criteria) < 2:
        lacks("add", "rubric_few")
    if len(criteria) > MOST_CRITERIA:
        lacks("add", "rubric_many", most=MOST_CRITERIA)
    codes = [row["code"] for row in criteria]
    for place, row in enumerate(criteria):
        field = f"c{place}_"
        if not _CODE.fullmatch(row["code"]):
            lacks(field + "code", "rubric_code")
        elif codes.index(row["code"]) != place:
            lacks(field + "code", "rubric_code_twice")
        for name, code in (("ko", "rubric_korean"), ("en", "rubric_english")):
            if not row[name]:
                lacks(field + name, code)
            if not row[f"question_{name}"]:
                lacks(f"{field}question_{name}", code)
        if not 1 <= row["points"] <= 100:
            lacks(field + "points", "rubric_points")
        starts = [anchor["from"] for anchor in row["anchors"]]
        if len(starts) < 2:
            lacks(field + "anchors", "rubric_anchors_few")
        elif starts[-1] != 0 or starts[0] > row["points"] or sorted(set(starts), reverse=True) != starts:
            lacks(field + "anchors", "rubric_anchors_order")
        elif not all(anchor["ko"] and anchor["en"] for anchor in row["anchors"]):
            lacks(field + "anchors", "rubric_english")
    total = sum(row["points"] for row in criteria)
    if criteria and total != 100:
        lacks(f"c{len(criteria) - 1}_points", "rubric_sum", sum=total)
    if criteria and all(row["not_applicable_allowed"] for row in criteria):
        lacks("c0_na", "rubric_all_optional")
    return found


def anchors_from(text: str, field: str) -> list[dict[str, Any]]:
    """Bands as they are typed: one per line, "points | Korean | English". Raises: RuleBroken rubric_anchor_line"""
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        points, *words = [part.strip() for part in line.split("|", 2)]
        points = points.removesuffix("점").strip()
        if not words or not points.isascii() or not points.isdecimal() or len(points) > 3:
            raise RuleBroken("rubric_anchor_line", field, line=number)
        rows.append({"from": int(points), "ko": words[0][:300], "en": (words[1] if len(words) > 1 else "")[:300]})
    return rows


def anchors_as_text(anchors: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(f"{one['from']} | {one['ko']} | {one['en']}" for one in anchors)


def empty_criterion() -> dict[str, Any]:
    return {
        "code": "",
        "points": 10,
        "critical": False,
        "not_applicable_allowed": False,
        "ko": "",
        "en": "",
        "question_ko": "",
        "question_en": "",
        "anchors": [],
    }


# --- readings -------------------------------------------------------------------------------------------------


def drafts() -> Sequence[RubricVersion]:
    return session.scalars(
        sa.select(RubricVersion)
        .where(RubricVersion.state == RubricState.DRAFT)
        .order_by(RubricVersion.name, RubricVersion.number)
    ).all()


def draft_by_key(key: str) -> RubricVersion:
    """Raises: NotVisible"""
    row = session.scalar(sa.select(RubricVersion).where(RubricVersion.key == key))
    if row is None:
        raise NotVisible
    return row


def version_of(reference: str) -> RubricVersion | None:
    """The row behind a published sheet; None for one that came with a release."""
    name, _, number = reference.rpartition("-")
    if not number.isdecimal():
        return None
    return session.scalar(
        sa.select(RubricVersion).where(RubricVersion.name == name, RubricVersion.number == int(number))
    )


def uses() -> dict[str, tuple[int, int]]:
    """How many calls name each sheet and how many panels pin it, by reference."""
    calls = dict(session.execute(sa.select(CallPlan.rubric, sa.func.count()).group_by(CallPlan.rubric)).all())
    panels = dict(session.execute(sa.select(Panel.rubric, sa.func.count()).group_by(Panel.rubric)).all())
    return {one: (calls.get(one, 0), panels.get(one, 0)) for one in {*calls, *panels} if one}


# --- writes -----------------------------------------------------------------------------------------------------


def start(actor: Actor, reference: str, name: str = "") -> RubricVersion:
    """Draft the next version of a published sheet, or the first one of a new name; the contents are copied.

    Raises: Forbidden; NotVisible for an unknown reference; RuleBroken rubric_name (name)
    """
    _ensure_right(actor)
    with transaction():
        try:
            sheet = rubric.source(reference)
        except LookupError:
            raise NotVisible from None
        name = name.strip() or sheet["name"]
        if not _NAME.fullmatch(name):
            raise RuleBroken("rubric_name", "name")
        taken = [int(one.version) for one in rubric.published() if one.name == name and one.version.isdecimal()]
        last = session.scalar(sa.select(sa.func.max(RubricVersion.number)).where(RubricVersion.name == name))
        row = RubricVersion(
            name=name,
            number=max([*taken, last or 0]) + 1,
            title_ko=sheet["ko"],
            title_en=sheet["en"],
            pass_points=sheet["pass_points"],
            critical_floor_ratio=sheet["critical_floor_ratio"],
            criteria=json.loads(json.dumps(sheet["criteria"])),
            made_by_id=actor.id,
        )
        session.add(row)
        session.flush()
        audit.record(actor, "rubric.draft", "rubric_version", row.id, {"reference": row.reference, "from": reference})
        return row


def save(actor: Actor, row: RubricVersion, version: int | None, source: Mapping[str, Any]) -> RubricVersion:
    """Keep a draft as it was typed; a draft may lack anything.

    source: as `rubric.source_of` gives it (ko, en, pass_points, critical_floor_ratio, criteria)
    Raises: Forbidden; RuleBroken rubric_published; StaleVersion
    """
    _ensure_right(actor)
    with transaction():
        session.refresh(row, with_for_update=True)
        if row.state is not RubricState.DRAFT:
            raise RuleBroken("rubric_published")
        given = {
            "title_ko": source["ko"],
            "title_en": source["en"],
            "pass_points": source["pass_points"],
            "critical_floor_ratio": source["critical_floor_ratio"],
            "criteria": list(source["criteria"]),
        }
        changed = {name: value for name, value in given.items() if value != getattr(row, name)}
        if not changed:
            return row
        if version is not None and version != row.version:
            raise StaleVersion(
                mine={str(_PARTS[name]): _in_words(value) for name, value in changed.items()},
                current={str(_PARTS[name]): _in_words(getattr(row, name)) for name in changed},
            )
        for name, value in changed.items():
            setattr(row, name, value)
        session.flush()
        audit.record(actor, "rubric.save", "rubric_version", row.id, {"parts": sorted(changed), "version": row.version})
        return row


_PARTS: dict[str, Words] = {
    "title_ko": say("제목", "Title"),
    "title_en": say("제목 (영문)", "Title (English)"),
    "pass_points": say("합격선", "Pass mark"),
    "critical_floor_ratio": say("핵심 항목 기준", "Floor of critical criteria"),
    "criteria": say("항목", "Criteria"),
}


def _in_words(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(f"{row['code']} {row['ko']} {row['points']}" for row in value)
    return str(value)


def publish(actor: Actor, row: RubricVersion) -> RubricVersion:
    """From now on calls may name it, and nobody changes it any more; publishing twice changes nothing.

    Raises: Forbidden; RulesBroken with everything that it lacks, by field
    """
    _ensure_right(actor)
    with transaction():
        session.refresh(row, with_for_update=True)
        if row.state is RubricState.PUBLISHED:
            return row
        source = rubric.source_of(row)
        if lacking := problems(source):
            raise RulesBroken([RuleBroken(one.verdict.code, one.field, **one.verdict.values) for one in lacking])
        row.state, row.published_at, row.published_by_id = RubricState.PUBLISHED, clock.now(), actor.id
        row.sha256 = digest(source)
        session.flush()
        audit.record(
            actor, "rubric.publish", "rubric_version", row.id, {"reference": row.reference, "sha256": row.sha256}
        )
        return row


def discard(actor: Actor, row: RubricVersion) -> None:
    """Throw a draft away. Raises: Forbidden; RuleBroken rubric_published"""
    _ensure_right(actor)
    with transaction():
        session.refresh(row, with_for_update=True)
        if row.state is not RubricState.DRAFT:
            raise RuleBroken("rubric_published")
        audit.record(actor, "rubric.discard", "rubric_version", row.id, {"reference": row.reference})
        session.delete(row)


def digest(source: Mapping[str, Any]) -> str:
    text = json.dumps(source, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _ensure_right(actor: Actor) -> None:
    if not (actor.is_system or actor.has(Role.OPERATOR_NATIONAL)):
        raise Forbidden("no_right")
