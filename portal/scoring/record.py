"""What is stored of a suggestion, so that it can be explained, contested and replayed to the byte years later.

Inputs and results are canonical JSON: keys sorted, no spaces, UTF-8. The instrument is named by the hash of its file
and the rule version, a learned model by the hash of its card.

What earlier releases stored keeps replaying: a result has the shape of its rule version. From "2" on it says how sure
it is: a `band` (the instrument with every bare claim rejected, and with every claim proven), or the `voice` of a
learned champion with its probabilities.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from portal.programmes.rules import Tier
from portal.scoring.gates import RULE_VERSION, TIERS, Facts, Judgement, barriers, highest, judge
from portal.scoring.instrument import Assessment, Instrument, load
from portal.scoring.reasons import Firm, explain
from portal.scoring.voice import Speaker, among_gates

CHAMPION = "instrument"
"""The model that suggests at first; a challenger takes over only by a person's promotion."""
REPLAYED = frozenset({"1", RULE_VERSION})
"""Rule versions whose results this release still computes to the byte."""


def canonical(value: Any) -> str:
    """The one text of a value: same value, same bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(text: str) -> str:
    """SHA-256 of a canonical text, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def inputs(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """Bring a diagnosis snapshot into the stored form: sorted, complete, without anything that the scorer ignores.

    snapshot : `answers` {code: level or None}, `evidence` {code: [sha256]} or codes, `rejected`, `unsure`, `pains`
               (codes), `facts` (fields of `Facts`); all but answers may be missing
    Raises   : ValueError for an unknown fact
    """
    evidence = snapshot.get("evidence") or {}
    if not isinstance(evidence, Mapping):
        evidence = {code: [] for code in evidence}
    facts = dict(snapshot.get("facts") or {})
    if unknown := set(facts) - set(Facts.__dataclass_fields__):
        raise ValueError(f"unknown facts: {sorted(unknown)}")
    if facts.get("exclusions") is not None:
        facts["exclusions"] = tuple(sorted(facts["exclusions"]))
    return {
        "answers": dict(snapshot["answers"]),
        "evidence": {code: sorted(hashes) for code, hashes in evidence.items()},
        "rejected": sorted(snapshot.get("rejected") or ()),
        "unsure": sorted(snapshot.get("unsure") or ()),
        "pains": sorted(snapshot.get("pains") or ()),
        "facts": asdict(Facts(**facts)),
    }


def result(
    given: Mapping[str, Any],
    version: str | None = None,
    speaker: Speaker | None = None,
    rules: str = RULE_VERSION,
) -> dict[str, Any]:
    """Suggest a tier from stored inputs; a person decides.

    given   : what `inputs` returned, or the same read back from JSON
    version : instrument version, the newest when none is named
    speaker : the learned model that speaks; None is the instrument
    rules   : the rule version whose result is wanted, of those in `REPLAYED`
    Returns : plain data, the same for the same inputs and versions, to the byte once canonical
    Raises  : ValueError naming the code of a wrong answer; LookupError for an unknown version
    """
    if rules not in REPLAYED:
        raise LookupError(f"no rules {rules}")
    instrument = load(version)
    firm = Firm.of(given)
    found = instrument.assess(firm.answers, firm.evidence, firm.rejected)
    judged = judge(found, firm.facts, firm.rejected)
    claimed = instrument.assess(firm.answers, face_value=True)
    said: dict[str, Any] = {}
    if speaker is not None:
        voice = speaker.voice(instrument, found)
        judged = spoken = among_gates(judged, voice.tier)
        said["voice"] = {
            "probabilities": list(voice.probabilities),
            "tiers": [TIERS[one].name for one in voice.tiers],
            "tier": TIERS[voice.tier].name,
            "note": spoken.note,
        }
    elif rules != "1":
        said["band"] = _band(instrument, firm, found)
    return {
        "model": speaker.name if speaker else CHAMPION,
        "model_hash": speaker.sha256 if speaker else model_hash(instrument, rules),
        "instrument": {"name": instrument.name, "version": instrument.version},
        "rules": rules,
        "tier": _name(judged.tier),
        "near": _name(judged.near),
        "provisional": judged.provisional,
        "total": found.total,
        "system_level": found.system_level,
        "capability_level": found.capability_level,
        "areas": found.areas,
        "claimed": {
            "tier": _name(highest(barriers(claimed, firm.facts))),
            "total": claimed.total,
            "system_level": claimed.system_level,
            "capability_level": claimed.capability_level,
            "areas": claimed.areas,
        },
        "gates": gates(judged),
        "reasons": explain(instrument, firm, found, judged, heard=speaker.heard if speaker else None),
        **said,
    }


def _band(instrument: Instrument, firm: Firm, found: Assessment) -> dict[str, dict[str, Any]]:
    """Between which tiers and totals the evidence may still move the firm. A claim that a person rejected stays so."""
    bare = {code for code, level in found.face.items() if level > found.proven[code]}
    low = instrument.assess(firm.answers, firm.evidence, firm.rejected | bare)
    high = instrument.assess(firm.answers, found.face.keys(), firm.rejected)
    return {
        "low": {"tier": _name(highest(barriers(low, firm.facts))), "total": low.total},
        "high": {"tier": _name(highest(barriers(high, firm.facts))), "total": high.total},
    }


def gates(judged: Judgement) -> dict[str, list[dict[str, Any]]]:
    """The 3 × 10 findings as plain data, G0 first."""
    return {
        tier.name: [{"gate": f.gate, "state": f.state.name, "code": f.code, "values": dict(f.values)} for f in findings]
        for tier, findings in judged.findings.items()
    }


def model_hash(instrument: Instrument, rules: str = RULE_VERSION) -> str:
    """Names the instrument as a champion exactly: its bytes and the version of the rules."""
    return digest(canonical([CHAMPION, instrument.digest, rules]))


def _name(tier: Tier | None) -> str | None:
    return tier.name if tier else None
