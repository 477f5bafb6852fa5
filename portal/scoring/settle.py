"""Which evidence would settle a case: the items whose proof or rejection would change the suggested tier.

Every claim is tried on the instrument itself, so what is listed here is what the scorer would say. Tiers only rise
with proof and only fall with rejection: where all proofs together change nothing, none is tried.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from portal.programmes.rules import Tier
from portal.scoring.gates import CUTS, Facts, judge
from portal.scoring.instrument import Instrument

MOST_TRIALS = 60
"""A trial takes about 0.08 ms: the page waits 5 ms at most."""
MOST_LINES = 12

TierOf = Callable[[Collection[str], Collection[str]], Tier | None]
"""(evidence, rejected) → the tier that the scorer would suggest."""


class Turn(StrEnum):
    """PROVE: a bare claim is shown. REJECT: a claim, bare or with a file, is not accepted."""

    PROVE = "prove"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Settling:
    """Items that together turn the tier, from the suggested one to `tier` (None: no tier at all)."""

    items: tuple[str, ...]
    turn: Turn
    tier: Tier | None


@dataclass(frozen=True, slots=True)
class Settled:
    """What turns the tier, single items before pairs.

    low, high : the tier with every claim rejected, and with every claim proven
    complete  : False when not every pair could be tried
    """

    turns: tuple[Settling, ...]
    low: Tier | None
    high: Tier | None
    complete: bool

    @property
    def is_firm(self) -> bool:
        """No claim changes the tier, whatever becomes of its evidence."""
        return self.low is self.high


def settle(
    instrument: Instrument,
    answers: Mapping[str, int | None],
    evidence: Collection[str],
    rejected: Collection[str],
    facts: Facts,
    tier_of: TierOf | None = None,
) -> Settled:
    """Try the claims of one firm.

    tier_of: who suggests; the instrument with its gates when none is named
    Notes  : claims are levels above the bare ceiling; those that weigh most are tried first; O(claims) trials, pairs
             only where no single item turns the tier, at most MOST_TRIALS in all
    """
    proven, refused = frozenset(evidence) - frozenset(rejected), frozenset(rejected)
    ask = tier_of or _of_instrument(instrument, dict(answers), facts)
    ceiling = instrument.settings["evidence"]["bare_ceiling"]
    claims = [code for code, level in answers.items() if level is not None and level > ceiling and code not in refused]
    bare = [code for code in claims if code not in proven]
    now = ask(proven, refused)
    high = ask(proven | set(bare), refused) if bare else now
    low = ask(proven - set(claims), refused | set(claims)) if claims else now
    budget = MOST_TRIALS - 3
    turns: list[Settling] = []
    complete = True
    for turn, end, codes in ((Turn.PROVE, high, bare), (Turn.REJECT, low, claims)):
        if end is now:
            continue
        codes = _heaviest_first(instrument, answers, codes, turn, proven)

        def outcome(items: Sequence[str], turn: Turn = turn) -> Tier | None:
            if turn is Turn.PROVE:
                return ask(proven | set(items), refused)
            return ask(proven - set(items), refused | set(items))

        found: list[Settling] = []
        for size in (1, 2):
            for items in combinations(codes, size):
                if budget <= 0:
                    complete = False
                    break
                budget -= 1
                if (tier := outcome(items)) is not now:
                    found.append(Settling(tuple(sorted(items, key=instrument.codes.index)), turn, tier))
            if found:
                break
        turns += found
    return Settled(tuple(turns[:MOST_LINES]), low, high, complete)


def _of_instrument(instrument: Instrument, answers: dict[str, int | None], facts: Facts) -> TierOf:
    def tier_of(evidence: Collection[str], rejected: Collection[str]) -> Tier | None:
        return judge(instrument.assess(answers, evidence, rejected), facts, rejected).tier

    return tier_of


def _heaviest_first(
    instrument: Instrument,
    answers: Mapping[str, int | None],
    codes: Sequence[str],
    turn: Turn,
    proven: Collection[str],
) -> list[str]:
    """The claims in the order of what they can move: those that a gate reads first, then by weight and height."""
    gates = {*instrument.system_items, *(item for needed in CUTS.item_needed.values() for item, _ in needed.values())}

    def weight(code: str) -> tuple[bool, float]:
        area = instrument.questions.area(instrument.questions.items[code].area)
        height = answers[code] - instrument.settings["evidence"]["bare_ceiling"]
        if turn is Turn.REJECT and code not in proven:
            height *= instrument.settings["evidence"]["bare_factor"]
        return code not in gates, -area.weight * height / len(area.items)

    return sorted(codes, key=weight)
