"""How the scorer does in one month, as plain figures: the live page shows them, the monthly report freezes them.

Nothing here names a firm or a person. An evaluator stands under a code that stays the same from month to month; a count
below `least` shows nowhere and can't be worked out from what shows (3 for the staff's page, 5 for a report that is
handed on). Measures that need many cases reach back over more than the month, and say so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from portal.base import audit, clock, marks
from portal.base.access import SYSTEM, Actor
from portal.base.words import Words
from portal.programmes.rules import TIER_RANK, Tier
from portal.reference.rules import SizeClass
from portal.scoring import instrument, measures, queries, service, tallies
from portal.scoring.measures import Light, Severity
from portal.scoring.models import MonthlyReport, ScoringJob
from portal.scoring.rules import FIRST_MONTH, ClaimWord, check_closed, month_before, span, this_month

FORMAT = "1"
FEWEST_STAFF, FEWEST_REPORT = 3, 5
TREND_MONTHS = 6
YEAR = 12
"""Months behind the measures that need many cases: regions and industries, strictness, a model's sets."""
INSTRUMENT = "instrument"
TIERS = (Tier.BASIC, Tier.ADVANCED, Tier.LEADING, None)
"""The columns of the tier mix; None is not eligible."""
BREAKDOWNS = ("region", "size", "division")
WORDS = (ClaimWord.ACCEPTED, ClaimWord.REJECTED, ClaimWord.CORRECTED)
PROMISED = 0.9
"""The share of decided tiers that a learned model's set is to hold."""


def figures(actor: Actor, month: str, least: int = FEWEST_STAFF) -> dict[str, Any]:
    """Everything that the page and the report show of a month, as plain JSON data.

    actor : counted is what this reader may see and firms brought forward
    least : the smallest count that shows
    """
    period = span(month)
    trend = [month_before(month, back) for back in range(TREND_MONTHS - 1, -1, -1)]
    year = (span(month_before(month, YEAR - 1))[0], period[1])
    voices = tallies.voices(actor, [span(one) for one in trend])
    said = tallies.opinions(actor, year)
    found: dict[str, Any] = {
        "format": FORMAT,
        "month": month,
        "from": period[0].isoformat(),
        "until": period[1].isoformat(),
        "least": least,
        "synthetic": marks.is_demo(),
        "drift": _drift(actor, period, least),
        "mix": _mix(tallies.groups(actor, year), year[0].isoformat(), least),
        "models": _models(voices, least),
        "trend": _trend(trend, voices, said, least),
        "severity": _severity(said, year[0].isoformat()),
        "claims": _claims(tallies.claims(actor, year), least),
        "coverage": _coverage(actor, year, voices, least),
        "requests": _requests(tallies.asked(actor, period), least),
        "appeals": vars(tallies.appeals(actor, period)),
    }
    _agree(found)
    found["overrides"] = _overrides([one for one in said if one.at >= period[0]], least)
    found["lights"] = {name: found[name]["light"] for name in ("drift", "overrides", "severity", "claims", "coverage")}
    return found


def _agree(found: dict[str, Any]) -> None:
    """The same sums stand in several tables: what one of them must hide shows in none."""
    mix, last = found["mix"], found["trend"][-1]
    lines = [mix["all"], *(mix.pop(f"{name}_sums") for name in BREAKDOWNS)]
    mix["all"] = [None if None in column else column[0] for column in zip(*lines, strict=True)]
    if last["total"] is None:
        found["drift"]["now"] = None


def people_behind(actor: Actor, month: str) -> dict[str, int]:
    """Code → number of the person, for the auditor, whose log tells the person anyway; never stored, never exported."""
    period = (span(month_before(month, YEAR - 1))[0], span(month)[1])
    return {code_of(one.person_id): one.person_id for one in tallies.opinions(actor, period)}


def code_of(person_id: int) -> str:
    """What stands for an evaluator: the same each month, and no way back to the person without the portal's key."""
    return f"E-{audit.digest(f'monitoring:{person_id}')[:6].upper()}"


def _shown(count: int, least: int) -> int | None:
    return None if 0 < count < least else count


# --- answers -------------------------------------------------------------------------------------------------


def drift_since(actor: Actor, learned: tallies.Period, least: int = FEWEST_STAFF) -> dict[str, Any]:
    """How far the answers have shifted since a model learned, as `figures` gives it under "drift".

    learned: the period of the decisions it learned from
    """
    return _drift(actor, (learned[1], clock.now()), least, ("training", learned))


def _drift(
    actor: Actor, period: tallies.Period, least: int, since: tuple[str, tallies.Period] | None = None
) -> dict[str, Any]:
    kind, reference = since or _reference(period)
    before, now = tallies.answers(actor, [reference, period])
    head = {
        "reference": kind,
        "from": reference[0].isoformat(),
        "until": reference[1].isoformat(),
        "before": _shown(before.firms, least),
        "now": _shown(now.firms, least),
        "chance": None,
    }
    if min(before.firms, now.firms) < measures.LEAST:
        return {**head, "items": [], "light": Light.UNKNOWN}
    items = []
    for code in instrument.load().codes:
        old, new = before.of(code), now.of(code)
        value = round(measures.psi(old, new), 4)
        items.append(
            {
                "code": code,
                "psi": value,
                "before": _mean(old),
                "now": _mean(new),
                "na_before": round(old[6] / before.firms, 4),
                "na_now": round(new[6] / now.firms, 4),
                "light": measures.psi_light(value, before.firms, now.firms),
            }
        )
    head["chance"] = round(measures.psi_by_chance(before.firms, now.firms), 4)
    return {**head, "items": items, "light": measures.worst(one["light"] for one in items)}


def _mean(counts: Sequence[int]) -> float | None:
    """The mean level of those to whom the question applies."""
    applies = sum(counts[:6])
    return round(sum(level * count for level, count in enumerate(counts[:6])) / applies, 3) if applies else None


def _reference(period: tallies.Period) -> tuple[str, tallies.Period]:
    """What the answers are compared with: the window that the champion learned from, else all that came before."""
    champion = queries.champion()
    if champion is not None and champion.trained_from < period[0]:
        return "training", (champion.trained_from, min(champion.trained_until, period[0]))
    return "before", (span(FIRST_MONTH)[0], period[0])


# --- tiers and models ----------------------------------------------------------------------------------------


def _mix(groups: Sequence[tallies.Group], since: str, least: int) -> dict[str, Any]:
    everyone = [sum(one.firms for one in groups if one.tier is tier) for tier in TIERS]
    found: dict[str, Any] = {"from": since, "all": measures.suppress([everyone], least)[0]}
    sizes = {size: place for place, size in enumerate(SizeClass)}
    for name in BREAKDOWNS:
        rows: dict[str, tuple[Words | None, list[int]]] = {}
        for one in groups:
            key, label = getattr(one, name), getattr(one, f"{name}_name")
            cells = rows.setdefault(key or "", (label, [0] * len(TIERS)))[1]
            cells[TIERS.index(one.tier)] += one.firms
        order = sorted(
            rows, key=lambda key: (not key, sizes.get(key, 0), rows[key][0].ko if name == "region" and key else key)
        )
        shown = measures.suppress([rows[key][1] for key in order] or [[0] * len(TIERS)], least)
        found[f"{name}_sums"] = shown[-1]
        found[name] = [
            {"key": str(key), "name": _names(rows[key][0]), "cells": cells[:-1], "total": cells[-1]}
            for key, cells in zip(order, shown, strict=False)
        ]
    return found


def _names(words: Words | None) -> list[str] | None:
    return [words.ko, words.en] if words else None


def _models(voices: Sequence[tallies.Voice], least: int) -> list[dict[str, Any]]:
    """Who spoke in the month: share of firms by model and versions."""
    now = Counter[tuple[str, str, str, str]]()
    for one in voices:
        if one.number == TREND_MONTHS - 1:
            now[one.model, one.rules, one.instrument, one.hash] += one.firms
    spoken = sorted(now.items())
    shown = measures.suppress([[count] for _, count in spoken], least)
    total = shown[-1][0]
    return [
        {
            "model": model,
            "rules": rules,
            "instrument": version,
            "hash": digest[:12],
            "firms": cells[0],
            "share": round(cells[0] / total, 4) if cells[0] and total else None,
        }
        for ((model, rules, version, digest), _), cells in zip(spoken, shown, strict=False)
    ]


def _trend(
    months: Sequence[str], voices: Sequence[tallies.Voice], said: Sequence[tallies.Said], least: int
) -> list[dict[str, Any]]:
    """The last months side by side: tiers, and how often evaluators thought otherwise."""
    counts = [
        [sum(v.firms for v in voices if v.number == i and v.tier is t) for t in TIERS] for i in range(len(months))
    ]
    found = []
    for month, cells in zip(months, measures.suppress(counts, least), strict=False):
        first, end = span(month)
        heard = [one for one in said if first <= one.at < end]
        found.append(
            {
                "month": month,
                "cells": cells[:-1],
                "total": cells[-1],
                **{name: _rate(*pair, least) for name, pair in _changes(heard).items()},
            }
        )
    return found


# --- evaluators ----------------------------------------------------------------------------------------------


def _changes(said: Sequence[tallies.Said]) -> dict[str, tuple[int, int]]:
    """How many tiers differ from the suggestion, of how many: entered blind, and handed in after it was shown."""
    blind = [one.own is not one.suggested for one in said if one.blind]
    shown = [one.final is not one.suggested for one in said if one.final is not None]
    return {"blind": (sum(blind), len(blind)), "shown": (sum(shown), len(shown))}


def _rate(hits: int, of: int, least: int) -> dict[str, Any]:
    """A share that shows only when neither side of it is a handful."""
    safe = of >= least and all(part == 0 or part >= least for part in (hits, of - hits))
    return {
        "of": _shown(of, least),
        "hits": hits if safe else None,
        "rate": round(hits / of, 4) if safe and of else None,
    }


def _overrides(said: Sequence[tallies.Said], least: int) -> dict[str, Any]:
    changes = _changes(said)
    found: dict[str, Any] = {}
    for name, limits in (("blind", measures.BLIND_MARKS), ("shown", measures.SHOWN_MARKS)):
        changed, of = changes[name]
        found[name] = {**_rate(changed, of, least), "light": measures.share_light(changed, of, limits)}
    ways = Counter(
        "up" if _rank(one.own) > _rank(one.suggested) else "down"
        for one in said
        if one.blind and one.own is not one.suggested
    )
    up, down, _ = measures.suppress([[ways["up"], ways["down"]]], least)[0]
    if found["blind"]["hits"] is None:
        up = down = None
    found |= {"up": up, "down": down, "light": measures.worst(found[name]["light"] for name in ("blind", "shown"))}
    return found


def _rank(tier: Tier | None) -> int:
    return TIER_RANK[tier] if tier else 0


def _severity(said: Sequence[tallies.Said], since: str) -> dict[str, Any]:
    found = measures.severities((one.file, one.person_id, _rank(one.own)) for one in said if one.blind)
    enough = [one for one in found if one.files >= measures.FEWEST_FILES]
    rows = sorted((_severity_row(one) for one in enough), key=lambda row: (row["value"], row["code"]))
    return {
        "from": since,
        "least_files": measures.FEWEST_FILES,
        "evaluators": rows,
        "too_few": len({one.person_id for one in said if one.blind}) - len(enough),
        "light": measures.worst(one.light for one in enough),
    }


def _severity_row(one: Severity) -> dict[str, Any]:
    return {
        "code": code_of(int(one.rater)),  # type: ignore[call-overload]
        "files": one.files,
        "value": round(one.value, 3),
        "error": round(one.error, 3),
        "light": one.light,
    }


def _claims(counted: Mapping[str, Mapping[ClaimWord, int]], least: int) -> dict[str, Any]:
    order = [code for code in instrument.load().codes if code in counted] + sorted(
        set(counted) - set(instrument.load().codes)
    )
    rows = [[counted[code].get(word, 0) for word in WORDS] for code in order]
    shown = measures.suppress(rows, least)
    items = []
    for code, row, cells in zip(order, rows, shown, strict=False):
        light = measures.share_light(row[1] + row[2], sum(row), measures.DOUBT_MARKS)
        items.append({"code": code, "cells": cells[:-1], "total": cells[-1], "light": light})
    return {"items": items, "all": shown[-1] if order else [0] * 4, "light": measures.worst(i["light"] for i in items)}


# --- learned models, requests --------------------------------------------------------------------------------


def _coverage(actor: Actor, year: tallies.Period, voices: Sequence[tallies.Voice], least: int) -> dict[str, Any]:
    """How often the decided tier lay in the set that a learned model named."""
    learned = sorted({one.model for one in voices} - {INSTRUMENT})
    inside = of = 0
    for one in tallies.settled(actor, year, learned):
        voice = json.loads(one.result).get("voice")
        if voice is not None:
            of += 1
            inside += one.decided.name in voice["tiers"]
    return {
        "models": learned,
        "promised": PROMISED,
        **_rate(inside, of, least),
        "light": measures.coverage_light(inside, of, PROMISED),
    }


def _requests(asked: tallies.Asked, least: int) -> dict[str, Any]:
    """Operators read every request one by one anyway; only second readers hint at what an evaluator thinks."""
    return {
        "explanations": asked.explanations,
        "objections": asked.objections,
        "answered": asked.answered,
        "changed": asked.changed,
        "second_readers": {reason: _shown(count, least) for reason, count in sorted(asked.second_readers.items())},
    }


# --- the monthly report --------------------------------------------------------------------------------------


def make_report(actor: Actor, month: str) -> MonthlyReport:
    """Freeze the figures of a month that has ended. Raises: RuleBroken month_wrong, month_open (month)."""
    check_closed(month)
    return queries.report_of(actor, month) or service.keep_report(actor, month, figures(SYSTEM, month, FEWEST_REPORT))


def run_job(job: ScoringJob, progress: Callable[..., None]) -> dict[str, Any]:
    """JobKind.REPORT with {"month"}: the report, once per month."""
    progress(0, 1)
    report = make_report(SYSTEM, job.asked["month"])
    progress(1, 1)
    return {"month": report.month, "sha256": report.sha256}


def make_due_report() -> MonthlyReport | None:
    """The report of the month before, when it is still missing; the worker asks every morning (KST).

    Notes: a month in which nobody brought anything forward gets none
    """
    month = month_before(this_month())
    if queries.report_of(SYSTEM, month) is not None or not tallies.any_in(SYSTEM, span(month)):
        return None
    return make_report(SYSTEM, month)
