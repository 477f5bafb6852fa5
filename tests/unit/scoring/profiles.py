"""Random firms for the scoring properties: answers, evidence, rejected evidence."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from portal.scoring.instrument import load

CODES = load().codes
NOT_APPLICABLE = sorted(load().not_applicable)

# Drawing 44 answers takes its time on a busy machine; that is no fault of what is proved.
PROVE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@st.composite
def firms(draw, rejected=True):
    """(answers, evidence, rejected): every item answered, 해당 없음 only where it is allowed."""
    centre = draw(st.integers(0, 5))
    level = st.one_of(st.integers(0, 5), st.integers(max(0, centre - 1), min(5, centre + 1)))
    answers = {code: draw(st.one_of(level, st.none()) if code in NOT_APPLICABLE else level) for code in CODES}
    evidence = draw(st.sets(st.sampled_from(CODES)) | st.just(set(CODES)) | st.just(set()))
    return answers, evidence, draw(st.sets(st.sampled_from(CODES), max_size=6)) if rejected else set()
