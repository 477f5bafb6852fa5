"""How quickly a whole country is assessed: levels, gates and tiers of many diagnoses at once."""

from __future__ import annotations

import time

PROFILES = 200_000
SEED = 20261122


def measure(profiles: int = PROFILES) -> float:
    """Seconds for `assess_many`, the gate array and `tier_for` over synthetic answers; drawing them is not counted."""
    import numpy as np

    from portal.scoring.gates import states_of, tier_for
    from portal.scoring.instrument import load

    instrument, random = load(), np.random.default_rng(SEED)
    shape = (profiles, len(instrument.codes))
    answers, evidence = random.integers(0, 6, shape, dtype=np.int8), random.random(shape) < 0.3
    began = time.perf_counter()
    tiers = tier_for(states_of(instrument.assess_many(answers, evidence), instrument.codes))
    seconds = time.perf_counter() - began
    if len(tiers) != profiles:
        raise RuntimeError("a profile was lost")
    return seconds
