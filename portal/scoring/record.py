"""What is stored of a suggestion, so that it can be explained, contested and replayed to the byte years later.

Inputs and results are canonical JSON: keys sorted, no spaces, UTF-8. The model is named by its own hash: instrument
file and rule version.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from portal.programmes.rules import Tier
from portal.scoring.gates import RULE_VERSION, Facts, Judgement, judge
from portal.scoring.instrument import Instrument, load
from portal.scoring.reasons import Firm, explain

CHAMPION = "instrument"
"""The model that suggests; a challenger takes over only by a person's promotion."""


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


def result(given: Mapping[str, Any], version: str | None = None) -> dict[str, Any]:
    """Suggest a tier from stored inputs; a person decides.

    given   : what `inputs` returned, or the same read back from JSON
    version : instrument version, the newest when none is named
    Returns : plain data, the same for the same inputs and versions, to the byte once canonical
    Raises  : ValueError naming the code of a wrong answer; LookupError for an unknown version
    """
    instrument = load(version)
    facts = dict(given["facts"])
    if facts["exclusions"] is not None:
        facts["exclusions"] = tuple(facts["exclusions"])
    firm = Firm(
        answers=dict(given["answers"]),
        evidence=frozenset(given["evidence"]),
        rejected=frozenset(given["rejected"]),
        unsure=frozenset(given["unsure"]),
        pains=tuple(given["pains"]),
        facts=Facts(**facts),
    )
    found = instrument.assess(firm.answers, firm.evidence, firm.rejected)
    judged = judge(found, firm.facts, firm.rejected)
    claimed = instrument.assess(firm.answers, face_value=True)
    claimed_judged = judge(claimed, firm.facts)
    return {
        "model": CHAMPION,
        "model_hash": model_hash(instrument),
        "instrument": {"name": instrument.name, "version": instrument.version},
        "rules": RULE_VERSION,
        "tier": _name(judged.tier),
        "near": _name(judged.near),
        "provisional": judged.provisional,
        "total": found.total,
        "system_level": found.system_level,
        "capability_level": found.capability_level,
        "areas": found.areas,
        "claimed": {
            "tier": _name(claimed_judged.tier),
            "total": claimed.total,
            "system_level": claimed.system_level,
            "capability_level": claimed.capability_level,
            "areas": claimed.areas,
        },
        "gates": gates(judged),
        "reasons": explain(instrument, firm, found, judged),
    }


def gates(judged: Judgement) -> dict[str, list[dict[str, Any]]]:
    """The 3 × 10 findings as plain data, G0 first."""
    return {
        tier.name: [{"gate": f.gate, "state": f.state.name, "code": f.code, "values": dict(f.values)} for f in findings]
        for tier, findings in judged.findings.items()
    }


def model_hash(instrument: Instrument) -> str:
    """Names the champion exactly: the instrument's bytes and the version of the rules."""
    return digest(canonical([CHAMPION, instrument.digest, RULE_VERSION]))


def _name(tier: Tier | None) -> str | None:
    return tier.name if tier else None
