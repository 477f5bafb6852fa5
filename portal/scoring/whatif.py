"""What if a cut or a weight were another: how many firms would change tier, who, and by how much; nothing is stored
of any firm, and nothing changes.

The firms are those whose suggestion the person who asks may read, each by its newest one. Both sides are reckoned with
the newest instrument and the rules in force, so that only the asked change shows. A learned champion stays out of it:
cuts and weights are the instrument's.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.accounts.queries import actor_of
from portal.base.access import ANONYMOUS, Actor, RuleBroken, RulesBroken
from portal.base.words import Words, define, say
from portal.programmes.rules import Tier
from portal.scoring import population
from portal.scoring.gates import CUTS, NAMES, RULE_VERSION, SYSTEM_LEVELS, TIERS, Cuts
from portal.scoring.instrument import Instrument, load
from portal.scoring.measures import suppress
from portal.scoring.models import ScoringJob, Suggestion
from portal.scoring.reasons import Firm

if TYPE_CHECKING:
    import numpy as np

FEWEST = 3
"""A count below it is not shown to the staff, nor can it be worked out from what shows."""
BORDER = 50
MOST_CHANGES = 12
INELIGIBLE = "INELIGIBLE"
FROM_TO = (INELIGIBLE, *(tier.name for tier in TIERS))
"""Rows and columns of the matrix."""

CODES = define(
    {
        "whatif_empty": say("바꿔 볼 값을 하나 이상 적어 주세요.", "Please change at least one value."),
        "whatif_many": say(
            "한 번에 {limit}개까지 바꿔 볼 수 있습니다.", "Up to {limit} values can be changed at once."
        ),
        "whatif_unknown": say("바꿀 수 없는 값입니다.", "This is no value that can be changed."),
        "whatif_number": say("숫자로 적어 주세요.", "Please give a number."),
        "whatif_whole": say("소수점 없이 적어 주세요.", "Please give a whole number."),
        "whatif_range": say("{low}부터 {high}까지 적을 수 있습니다.", "Between {low} and {high}, please."),
        "whatif_order": say(
            "단계가 오를수록 점수도 올라야 합니다({below}점보다 크고 {above}점보다 작게).",
            "Each level has to ask for more than the one below: above {below} and under {above} points.",
        ),
        "whatif_nobody": say(
            "볼 수 있는 산정이 아직 없어 계산할 것이 없습니다.",
            "There is no suggestion that you may read yet, so nothing to reckon.",
        ),
    }
)


@dataclass(frozen=True)
class Setting:
    """One value that can be moved. group: "cut" (a gate), "weight" (an area), "instrument" (the rest)."""

    name: str
    group: str
    label: Words
    now: float
    low: float
    high: float
    whole: bool


def settings(instrument: Instrument | None = None) -> tuple[Setting, ...]:
    """Everything that can be moved, gates first, with its present value and bounds."""
    instrument = instrument or load()
    return (
        Setting(
            "advanced_total",
            "cut",
            say("{tier} 총점", "Total for {tier}").format(tier=Tier.ADVANCED.label),
            CUTS.advanced_total,
            0,
            1000,
            True,
        ),
        Setting(
            "leading_capability",
            "cut",
            say("{tier} 역량 수준", "Capability level for {tier}").format(tier=Tier.LEADING.label),
            CUTS.leading_capability,
            1,
            5,
            True,
        ),
        *(_system(tier, need) for tier, need in CUTS.system_needed.items()),
        *(
            _item(instrument, tier, gate, item, need)
            for tier, needed in CUTS.item_needed.items()
            for gate, (item, need) in needed.items()
        ),
        *(_of_instrument(instrument, name, now) for name, now in instrument.adjustable().items()),
    )


def _system(tier: Tier, need: int) -> Setting:
    label = say("{tier} 시스템 수준", "System level for {tier}").format(tier=tier.label)
    return Setting(f"system_needed:{tier.name}", "cut", label, need, 0, len(SYSTEM_LEVELS) - 1, True)


def _item(instrument: Instrument, tier: Tier, gate: str, item: str, need: int) -> Setting:
    label = say("{tier} {gate}: {item} {title}", "{tier} {gate}: {item} {title}").format(
        tier=tier.label, gate=NAMES[gate], item=item, title=instrument.questions.items[item].title
    )
    return Setting(f"item_needed:{tier.name}:{gate}", "cut", label, need, 0, 5, True)


def _of_instrument(instrument: Instrument, name: str, now: float) -> Setting:
    kind, *of = name.split(":")
    match kind:
        case "weight":
            label = say("{area} 가중치", "Weight of {area}").format(area=instrument.questions.area(of[0]).title)
            return Setting(name, "weight", label, now, 1, 400, True)
        case "capability_total":
            label = say("역량 {level}수준 총점", "Total for capability level {level}").format(level=of[0])
            return Setting(name, "instrument", label, now, 1, 1000, True)
        case "share":
            label = say(
                "시스템 수준 {level}: {k}단계 이상인 문항의 비율",
                "System level {level}: share of items at {k} or above",
            ).format(level=SYSTEM_LEVELS[int(of[0])], k=of[1])
            return Setting(name, "instrument", label, now, 0, 1, False)
        case "headroom":
            label = say("약한 영역 위로 허용하는 폭", "Levels allowed above the weakest area")
            return Setting(name, "instrument", label, now, 0, 5, False)
        case _:
            label = say("증빙 없는 답의 인정 비율", "Share of a bare claim that counts")
            return Setting(name, "instrument", label, now, 0, 1, False)


def check(asked: Mapping[str, Any], instrument: Instrument | None = None) -> dict[str, float]:
    """The changes as they will be reckoned: known, within bounds; what equals the present value is dropped.

    asked : setting → number or text; empty text and None are no change
    Raises: RulesBroken, each refusal on its setting; whatif_empty, whatif_many on none
    """
    known = {one.name: one for one in settings(instrument)}
    broken, changes = [], {}
    for name, value in asked.items():
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        try:
            number = _number(known.get(name), name, value)
        except RuleBroken as refusal:
            broken.append(refusal)
            continue
        if number != known[name].now:
            changes[name] = number
    broken += _out_of_order(known, changes)
    if broken:
        raise RulesBroken(broken)
    if not changes:
        raise RuleBroken("whatif_empty")
    if len(changes) > MOST_CHANGES:
        raise RuleBroken("whatif_many", limit=MOST_CHANGES)
    return {name: changes[name] for name in known if name in changes}


def _number(setting: Setting | None, name: str, value: Any) -> float:
    if setting is None:
        raise RuleBroken("whatif_unknown", name)
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise RuleBroken("whatif_number", name)
    if setting.whole and not number.is_integer():
        raise RuleBroken("whatif_whole", name)
    if not setting.low <= number <= setting.high:
        raise RuleBroken("whatif_range", name, low=f"{setting.low:g}", high=f"{setting.high:g}")
    return int(number) if setting.whole else round(number, 4)


def _out_of_order(known: Mapping[str, Setting], changes: Mapping[str, float]) -> list[RuleBroken]:
    """The totals of the capability levels have to rise."""
    names = [name for name in known if name.startswith("capability_total:")]
    totals = [changes.get(name, known[name].now) for name in names]
    broken = []
    for at, name in enumerate(names):
        below, above = totals[at - 1] if at else 0, totals[at + 1] if at + 1 < len(totals) else 1001
        if name in changes and not below < totals[at] < above:
            broken.append(RuleBroken("whatif_order", name, below=f"{below:g}", above=f"{above:g}"))
    return broken


def varied(changes: Mapping[str, float], instrument: Instrument) -> tuple[Instrument, Cuts]:
    """Instrument and gates with the `check`ed changes made."""
    own = instrument.adjustable()
    other = instrument.varied({name: value for name, value in changes.items() if name in own})
    needed = {tier: dict(gates) for tier, gates in CUTS.item_needed.items()}
    system = dict(CUTS.system_needed)
    cuts = {name: value for name, value in changes.items() if name in ("advanced_total", "leading_capability")}
    for name, value in changes.items():
        match name.split(":"):
            case ["system_needed", tier]:
                system[Tier[tier]] = int(value)
            case ["item_needed", tier, gate]:
                needed[Tier[tier]][gate] = (needed[Tier[tier]][gate][0], int(value))
    level = int(cuts.get("leading_capability", CUTS.leading_capability))
    return other, dataclasses.replace(
        CUTS,
        **cuts,
        system_needed=system,
        item_needed=needed,
        leading_total=other.settings["capability"]["totals"][level - 1],
    )


def run(
    actor: Actor, changes: Mapping[str, float], progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Any]:
    """Reckon what the `check`ed changes would do to the firms that the actor may read.

    Returns: changes, matrix (from → to, in the order of FROM_TO), changed, total (means), groups (by region, size,
             division; counts below FEWEST and what gives them away are None), border (suggestion ids, at most
             BORDER: who changes first, nearest to a cut first), skipped (reason → firms)
    Raises : RuleBroken whatif_nobody
    """
    import numpy as np  # not at start-up: a web worker never needs it

    from portal.scoring import batch

    instrument = load()
    other, cuts = varied(changes, instrument)
    ids = population.newest_suggestions(actor)
    skipped: Counter[str] = Counter()
    who: list[population.Entry] = []
    parts: list[tuple[np.ndarray, ...]] = []
    for block in population.entries(ids):
        fitting = []
        for one in block:
            if misfit := instrument.misfit(one.inputs["answers"], one.instrument):
                skipped[misfit] += 1
            else:
                fitting.append(one)
        profiles = batch.pack(instrument, [Firm.of(one.inputs) for one in fitting])
        before, after = batch.score(instrument, profiles), batch.score(other, profiles, cuts)
        parts.append((before.tier, after.tier, before.total, after.total))
        who += [dataclasses.replace(one, inputs={}) for one in fitting]  # the answers have been read
        progress(len(who) + sum(skipped.values()), len(ids))
    if not who:
        raise RuleBroken("whatif_nobody")
    was, is_, total, moved = (np.concatenate(column) for column in zip(*parts, strict=True))
    matrix = np.zeros((len(FROM_TO), len(FROM_TO)), int)
    np.add.at(matrix, (was + 1, is_ + 1), 1)
    known = {one.name: one.now for one in settings(instrument)}
    return {
        "changes": {name: {"from": known[name], "to": value} for name, value in changes.items()},
        "instrument": instrument.version,
        "rules": RULE_VERSION,
        "firms": len(who),
        "skipped": dict(skipped),
        "matrix": matrix.tolist(),
        "changed": {"up": int((is_ > was).sum()), "down": int((is_ < was).sum())},
        "total": {
            "before": round(float(total.mean()), 2),
            "after": round(float(moved.mean()), 2),
            "raised": int((moved > total).sum()),
            "lowered": int((moved < total).sum()),
        },
        "groups": {
            name: _groups([getattr(one, name) for one in who], was, is_) for name in ("region", "size", "division")
        },
        "border": _border(who, was, is_, total, moved, cuts),
    }


def _groups(keys: Sequence[str | None], was: np.ndarray, is_: np.ndarray) -> list[dict[str, Any]]:
    """Firms that rise, fall and stay, group by group; the last row is everybody."""
    counts: dict[str | None, list[int]] = {}
    for key, before, after in zip(keys, was.tolist(), is_.tolist(), strict=True):
        counts.setdefault(key, [0, 0, 0])[0 if after > before else 1 if after < before else 2] += 1
    names = sorted(counts, key=lambda key: (key is None, key))
    shown = suppress([counts[key] for key in names], FEWEST)
    return [
        {"key": key, "up": up, "down": down, "same": same, "firms": firms}
        for key, (up, down, same, firms) in zip([*names, "ALL"], shown, strict=True)
    ]


def _border(
    who: Sequence[population.Entry],
    was: np.ndarray,
    is_: np.ndarray,
    total: np.ndarray,
    moved: np.ndarray,
    cuts: Cuts,
) -> list[dict[str, Any]]:
    """The firms to look at first: who changes tier, then who nearly does; nearest to a total's cut first."""
    import numpy as np

    distance = np.minimum(abs(moved - cuts.advanced_total), abs(moved - cuts.leading_total))
    order = np.lexsort((np.arange(len(who)), distance, is_ == was))[:BORDER]
    return [
        {
            "suggestion": who[at].suggestion_id,
            "from": FROM_TO[was[at] + 1],
            "to": FROM_TO[is_[at] + 1],
            "before": float(total[at]),
            "after": float(moved[at]),
        }
        for at in order.tolist()
    ]


def border_firms(actor: Actor, answer: Mapping[str, Any]) -> list[tuple[dict[str, Any], Suggestion]]:
    """The rows of `border` whose suggestion this actor may read, with it: the page links to no other."""
    rows = {row["suggestion"]: row for row in answer.get("border", ())}
    return [(rows[one.id], one) for one in population.by_ids(actor, list(rows))]


def run_job(job: ScoringJob, progress: Callable[..., None]) -> dict[str, Any]:
    """JobKind.WHAT_IF, params {"changes": {setting: value}}; with the rights that who asked has now."""
    actor = actor_of(job.asked_by) if job.asked_by else ANONYMOUS
    return run(actor, check(job.asked.get("changes", {})), progress)
