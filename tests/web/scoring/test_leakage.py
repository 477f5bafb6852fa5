"""Two firms with the same answers get the same suggestion, whoever they are; what came after a decision never teaches."""

import sqlalchemy as sa

from portal.accounts.models import Organisation
from portal.base.db import session, transaction
from portal.profiles.models import Profile
from portal.programmes.rules import Tier
from portal.reference.rules import SizeClass
from portal.scoring import queries, training
from portal.scoring.models import ClaimVerdict, Opinion
from portal.scoring.rules import ClaimWord
from tests.factories import scoring as make
from tests.factories.profiles import answered, company_facts, evidenced
from tests.factories.profiles import service as profiles

ELSEWHERE = {"ksic": "10", "region": "jeju-jeju", "size": "micro", "employees": "1-4", "sales": "0-5", "systems": []}
PROVEN = ("S2", "E2", "T1")


def suggestion_of(actor, **facts):
    company_facts(actor, **facts)
    answered(actor, 3, but={"I1": 4, "T5": "na"})
    for code in PROVEN:
        evidenced(actor, code, words=f"합성(예시) {code}")
    profiles.finish(actor)
    return queries.latest_for(actor, actor.organisation_id)


def test_region_size_industry_and_name_change_no_byte_of_the_suggestion(actor):
    hana, duri = suggestion_of(actor("hana")), suggestion_of(actor("duri"), **ELSEWHERE)
    assert hana.organisation_id != duri.organisation_id
    assert (hana.inputs, hana.result) == (duri.inputs, duri.result)
    assert (hana.inputs_sha256, hana.model_hash) == (duri.inputs_sha256, duri.model_hash)


def test_no_word_about_the_firm_is_stored_with_a_suggestion(actor):
    one = suggestion_of(actor("duri"), products="합성(예시) 특이한 제품")
    stored = one.inputs + one.result
    assert [told for told in ("gyeonggi", "small", "20-49", '"251"', "특이한", one.organisation.name) if told in stored] == []


def test_what_was_said_after_a_decision_and_who_the_firm_is_teach_nothing(context):
    make.decisions(90)
    before = training.training_set()
    with transaction():
        session.execute(sa.update(Opinion).values(final_tier=Tier.LEADING, reason="다시 보니 다릅니다"))
        for opinion in session.scalars(sa.select(Opinion)):
            session.add(
                ClaimVerdict(
                    suggestion_id=opinion.suggestion_id, person_id=opinion.person_id, item="E2", word=ClaimWord.REJECTED
                )
            )
        session.execute(sa.update(Organisation).values(name="다른 이름", region="jeju"))
        session.execute(sa.update(Profile).values(ksic="10", region="jeju-jeju", size=SizeClass.MICRO))
    after = training.training_set()
    assert after.sha256 == before.sha256
    assert after.cases.columns.tobytes() == before.cases.columns.tobytes()
    assert (after.cases.tier.tolist(), after.cases.rejected.any()) == (before.cases.tier.tolist(), False)


def test_the_hash_of_the_training_data_sees_what_does_teach(context):
    """The counter-proof: another own tier is other data."""
    make.decisions(90)
    before = training.training_set().sha256
    with transaction():
        one = session.scalars(sa.select(Opinion).limit(1)).one()
        one.tier = Tier.LEADING if one.tier is not Tier.LEADING else Tier.BASIC
    assert training.training_set().sha256 != before
