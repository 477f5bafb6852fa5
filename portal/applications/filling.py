"""The pages of the form as plain values: what a page holds, how it is written, shown, copied and frozen."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from portal.applications import questions
from portal.applications.models import Application, ConsortiumMember, CostLine, KpiRow
from portal.applications.parts import (
    MAX_COST_LINES,
    MAX_KPIS,
    MAX_KRW,
    MAX_SCOPE,
    PLAN_TEXTS,
    Answer,
    Consent,
    CostKind,
    Direction,
    OwnShareSource,
    Part,
    Writer,
)
from portal.base.access import RuleBroken, RulesBroken, StaleVersion
from portal.base.words import Words, say
from portal.programmes.rules import SystemLevel, Tier

# Marks that turn the reading direction round: they could disguise what a line says.
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
MAX_ITEM = 120
MAX_NAME = 80
MAX_UNIT = 20
MAX_QUANTITY = 100_000
MAX_KPI = 10**12

TEXTS_OF = {part: tuple(text for text in PLAN_TEXTS if text.part is part) for part in (Part.NEED, Part.PLAN)}
FIELD_LABELS: dict[str, Words] = {
    **{text.name: text.label for text in PLAN_TEXTS},
    "tier": say("신청 유형", "Tier"),
    "target_level": say("목표 수준", "Target level"),
    "same_level": say("수준이 오르지 않는 신청", "No rise of level"),
    "scope": say("도입할 기술", "Technologies"),
    "lines": say("비용", "Costs"),
    "own_share_krw": say("자부담 금액", "Own share"),
    "own_share_source": say("자부담 마련 방법", "Source of own share"),
    "rows": say("성과지표", "KPIs"),
    "supplier": say("공급기업", "Supplier"),
    "pledges": say("지원 제외 확인", "Exclusions"),
    "writer": say("계획서를 쓴 사람", "Who wrote the plan"),
    "writer_name": say("도와준 사람이나 회사", "Who helped"),
    "writer_fee_krw": say("준 돈", "Fee"),
    "truth_pledged": say("서약", "Pledge"),
}


def tidy(text: object, *, lines: bool = False) -> str:
    """Text as it is kept: NFC, trimmed, no control characters, no direction overrides. Emoji stay whole."""
    plain = unicodedata.normalize("NFC", str(text or "")).replace("\r\n", "\n").replace("\r", "\n")
    kept = []
    for char in plain:
        if char == "\n" or char == "\t":
            kept.append("\n" if lines and char == "\n" else " ")
        elif char not in _OVERRIDES and unicodedata.category(char) not in ("Cc", "Cs"):
            kept.append(char)
    return "".join(kept).strip()


# --- reading -----------------------------------------------------------------------------------------------


def read(application: Application, part: Part) -> dict[str, Any]:
    """What a page holds now: field → plain value. Papers are rows of their own."""
    if part in TEXTS_OF:
        return {text.name: getattr(application, text.name) for text in TEXTS_OF[part]}
    if part is Part.CHOICE:
        return {
            "tier": application.tier.value if application.tier else None,
            "target_level": application.target_level,
            "same_level": application.same_level,
            "scope": list(application.scope),
        }
    if part is Part.COSTS:
        return {
            "lines": [
                {
                    "kind": line.kind.value,
                    "item": line.item,
                    "unit_price_krw": line.unit_price_krw,
                    "quantity": line.quantity,
                }
                for line in application.costs
            ],
            "own_share_krw": application.own_share_krw,
            "own_share_source": application.own_share_source.value if application.own_share_source else None,
        }
    if part is Part.KPI:
        return {
            "rows": [
                {
                    "name": row.name,
                    "unit": row.unit,
                    "direction": row.direction.value,
                    "before": row.before,
                    "target": row.target,
                }
                for row in application.kpis
            ]
        }
    if part is Part.PARTNER:
        member = application.member
        return {"supplier": {"id": member.organisation_id, "name": member.organisation.name} if member else None}
    if part is Part.PLEDGES:
        return {
            "pledges": dict(application.pledges),
            "writer": application.writer.value if application.writer else None,
            "writer_name": application.writer_name,
            "writer_fee_krw": application.writer_fee_krw,
            "truth_pledged": application.truth_pledged,
        }
    return {}


def version_of(application: Application, part: Part) -> int:
    return application.part_versions.get(part.value, 0)


# --- writing -----------------------------------------------------------------------------------------------


def write(application: Application, part: Part, given: Mapping[str, Any], seen: int | None) -> list[str]:
    """Put a page's values into the application; returns the names of the fields that changed.

    given : a subset of the page's fields; what is not given stays
    Raises: RulesBroken for values that do not fit; StaleVersion with both texts when the page changed since `seen`.
    """
    before = read(application, part)
    after = clean(part, {**before, **{name: given[name] for name in given if name in before}})
    if part is Part.CHOICE and after["tier"] and Tier(after["tier"]) not in application.call.tiers:
        raise RuleBroken("call_tier_not_offered", "tier")
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return []
    if seen is not None and seen != version_of(application, part):
        raise StaleVersion(shown(part, after), shown(part, before))
    for name in changed:
        _set(application, name, after[name])
    return changed


def _set(application: Application, name: str, value: Any) -> None:
    if name == "lines":
        application.costs = [
            CostLine(position=position, **{**line, "kind": CostKind(line["kind"])})
            for position, line in enumerate(value)
        ]
    elif name == "rows":
        application.kpis = [
            KpiRow(position=position, **{**row, "direction": Direction(row["direction"])})
            for position, row in enumerate(value)
        ]
    elif name == "supplier":
        _set_supplier(application, value["id"] if value else None)
    elif name == "tier":
        application.tier = Tier(value) if value else None
    elif name == "own_share_source":
        application.own_share_source = OwnShareSource(value) if value else None
    elif name == "writer":
        application.writer = Writer(value) if value else None
    else:
        setattr(application, name, value)


def _set_supplier(application: Application, organisation_id: int | None) -> None:
    member = application.member
    if organisation_id is None:
        application.member = None
    elif member is None:
        application.member = ConsortiumMember(organisation_id=organisation_id, consent=Consent.NAMED, asked_times=0)
    else:  # the same row goes on: `asked_times` keeps counting, so that a new question is a new letter
        member.organisation_id, member.consent = organisation_id, Consent.NAMED
        member.asked_at = member.answered_at = member.answered_by = None
        member.reason = ""


def clean(part: Part, given: Mapping[str, Any]) -> dict[str, Any]:
    """A page's values tidied and within their bounds; blanks are allowed.

    Raises: RulesBroken plan_too_long, too_many_rows, number_range, choice_unknown, scope_too_many.
    """
    broken: list[RuleBroken] = []
    found = dict(given)
    if part in TEXTS_OF:
        for text in TEXTS_OF[part]:
            found[text.name] = tidy(given[text.name], lines=True)
            if len(found[text.name]) > text.max_length:
                broken.append(
                    RuleBroken(
                        "plan_too_long", text.name, most=f"{text.max_length:,}", now=f"{len(found[text.name]):,}"
                    )
                )
    elif part is Part.CHOICE:
        found["tier"] = _choice(Tier, given["tier"], "tier", broken)
        if given["target_level"] is not None and given["target_level"] not in set(SystemLevel):
            broken.append(RuleBroken("choice_unknown", "target_level"))
        found["scope"] = list(dict.fromkeys(given["scope"]))
        if len(found["scope"]) > MAX_SCOPE:
            broken.append(RuleBroken("scope_too_many", "scope", most=MAX_SCOPE))
    elif part is Part.COSTS:
        found["lines"] = _lines(given["lines"], broken)
        found["own_share_source"] = _choice(OwnShareSource, given["own_share_source"], "own_share_source", broken)
        _bound(given["own_share_krw"], MAX_KRW, "own_share_krw", broken)
    elif part is Part.KPI:
        found["rows"] = _rows(given["rows"], broken)
    elif part is Part.PLEDGES:
        listed = {one.code for one in questions.exclusions()}
        found["pledges"] = {
            code: Answer(answer).value
            for code, answer in given["pledges"].items()
            if code in listed and answer in set(Answer)
        }
        found["writer"] = _choice(Writer, given["writer"], "writer", broken)
        found["writer_name"] = tidy(given["writer_name"])
        if len(found["writer_name"]) > MAX_ITEM:
            broken.append(
                RuleBroken("plan_too_long", "writer_name", most=MAX_ITEM, now=f"{len(found['writer_name']):,}")
            )
        _bound(given["writer_fee_krw"], MAX_KRW, "writer_fee_krw", broken)
    if broken:
        raise RulesBroken(broken)
    return found


def _choice(kind: Any, value: Any, field: str, broken: list[RuleBroken]) -> str | None:
    if not value:
        return None
    if value not in {member.value for member in kind}:
        broken.append(RuleBroken("choice_unknown", field))
        return None
    return kind(value).value


def _bound(value: int | None, most: int, field: str, broken: list[RuleBroken]) -> None:
    if value is not None and not 0 <= value <= most:
        broken.append(RuleBroken("number_range", field, most=f"{most:,}"))


def _lines(given: Any, broken: list[RuleBroken]) -> list[dict[str, Any]]:
    lines = []
    for position, line in enumerate(given):
        item = tidy(line.get("item"))[: MAX_ITEM + 1]
        price, quantity = line.get("unit_price_krw"), line.get("quantity")
        if not item and price is None:
            continue
        if len(item) > MAX_ITEM:
            broken.append(RuleBroken("plan_too_long", f"lines-{position}-item", most=MAX_ITEM, now=len(item)))
        _bound(price, MAX_KRW, f"lines-{position}-unit_price_krw", broken)
        _bound(quantity, MAX_QUANTITY, f"lines-{position}-quantity", broken)
        lines.append(
            {
                "kind": _choice(CostKind, line.get("kind"), f"lines-{position}-kind", broken)
                or CostKind.HARDWARE.value,
                "item": item,
                "unit_price_krw": price,
                "quantity": quantity,
            }
        )
    if len(lines) > MAX_COST_LINES:
        broken.append(RuleBroken("too_many_rows", "lines", most=MAX_COST_LINES))
    return lines


def _rows(given: Any, broken: list[RuleBroken]) -> list[dict[str, Any]]:
    rows = []
    for position, row in enumerate(given):
        name = tidy(row.get("name"))[: MAX_NAME + 1]
        before, target = row.get("before"), row.get("target")
        if not name and before is None and target is None:
            continue
        if len(name) > MAX_NAME:
            broken.append(RuleBroken("plan_too_long", f"rows-{position}-name", most=MAX_NAME, now=len(name)))
        for field, value in (("before", before), ("target", target)):
            if value is not None and not abs(value) <= MAX_KPI:
                broken.append(RuleBroken("number_range", f"rows-{position}-{field}", most=f"{MAX_KPI:,}"))
        rows.append(
            {
                "name": name,
                "unit": tidy(row.get("unit"))[:MAX_UNIT],
                "direction": _choice(Direction, row.get("direction"), f"rows-{position}-direction", broken)
                or Direction.UP.value,
                "before": _thousandths(before),
                "target": _thousandths(target),
            }
        )
    if len(rows) > MAX_KPIS:
        broken.append(RuleBroken("too_many_rows", "rows", most=MAX_KPIS))
    return rows


def _thousandths(value: Decimal | None) -> Decimal | None:
    """Three decimals, written the shortest way, so that saving the same again is no change."""
    if value is None or abs(value) > MAX_KPI:
        return value
    return Decimal(value).quantize(Decimal("0.001")).normalize()


# --- showing -----------------------------------------------------------------------------------------------


def plain(value: Decimal | int | None) -> str:
    """A number as a person writes it: 1,234.5"""
    return "" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:,f}"


def shown(part: Part, content: Mapping[str, Any]) -> dict[str, str]:
    """A page in words, label → text: for the two sides of a conflict."""
    return {str(FIELD_LABELS[name]): _text(name, value) for name, value in content.items() if name in FIELD_LABELS}


def _text(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if name == "tier":
        return str(Tier(value).label)
    if name == "target_level":
        return str(SystemLevel(value).label)
    if name == "scope":
        return ", ".join(value)
    if name == "supplier":
        return value["name"]
    if name == "lines":
        return "\n".join(
            f"{line['item']} {plain(line['unit_price_krw'])} × {plain(line['quantity'])}" for line in value
        )
    if name == "rows":
        return "\n".join(
            f"{row['name']} {plain(row['before'])} → {plain(row['target'])} {row['unit']}" for row in value
        )
    if name == "own_share_source":
        return str(OwnShareSource(value).label)
    if name == "writer":
        return str(Writer(value).label)
    if name == "pledges":
        return "\n".join(
            f"{one.question} {ANSWERS[Answer(value[one.code])]}" for one in questions.exclusions() if one.code in value
        )
    if isinstance(value, bool):
        return str(say("예", "Yes") if value else say("아니요", "No"))
    if isinstance(value, int) and name.endswith("_krw"):
        return f"{value:,}"
    return str(value)


ANSWERS = {
    Answer.NO: say("아니요", "No"),
    Answer.YES: say("예", "Yes"),
    Answer.EXCEPTED: say("예 (예외에 해당)", "Yes (exception)"),
}


# --- copying and freezing ----------------------------------------------------------------------------------


def copy_answers(last: Application, new: Application) -> None:
    """Prefill from the firm's last application: what seldom changes. Pledges and papers are asked anew."""
    for text in PLAN_TEXTS:
        setattr(new, text.name, getattr(last, text.name))
    new.scope = list(dict.fromkeys([*new.scope, *last.scope]))[:MAX_SCOPE]
    if new.target_level is None:
        new.target_level = last.target_level
    if new.tier is None and last.tier in new.call.tiers:
        new.tier = last.tier
    new.own_share_krw, new.own_share_source = last.own_share_krw, last.own_share_source
    _set(new, "lines", read(last, Part.COSTS)["lines"])
    _set(new, "rows", read(last, Part.KPI)["rows"])
    if new.call.programme.consortium and last.member is not None and last.member.consent is not Consent.DECLINED:
        _set_supplier(new, last.member.organisation_id)
    new.prefilled_from_id = last.id


def frozen(application: Application, profile: Mapping[str, Any] | None) -> dict[str, Any]:
    """What was handed in, as canonical JSON will hold it.

    profile: {"version_id", "sha256", "evidence": {item code: [sha256]}} of the diagnosis that goes with it
    """
    call = application.call
    return {
        "schema": 1,
        "number": application.number,
        "submitted_at": _moment(application.submitted_at),
        "organisation": {"id": application.organisation_id, "name": application.organisation.name},
        "call": {"key": call.key, "programme": call.programme.code, "title": call.title_ko},
        "choice": read(application, Part.CHOICE),
        "plan": {text.name: getattr(application, text.name) for text in PLAN_TEXTS},
        "costs": {**read(application, Part.COSTS), "total_krw": application.cost_krw},
        "kpis": [
            {**row, "before": _number(row["before"]), "target": _number(row["target"])}
            for row in read(application, Part.KPI)["rows"]
        ],
        "supplier": {"id": application.member.organisation_id, "name": application.member.organisation.name}
        if application.member
        else None,
        "papers": [
            {
                "code": paper.code,
                "filename": paper.filename,
                "sha256": paper.blob.sha256,
                "key": paper.key,
                "from_file": paper.from_file,
            }
            for paper in application.papers
        ],
        "declarations": read(application, Part.PLEDGES),
        "profile": dict(profile) if profile else None,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _number(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
