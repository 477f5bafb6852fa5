"""Two firms with the same answers get the same suggestion, whoever and wherever they are."""

from portal.scoring import queries
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
