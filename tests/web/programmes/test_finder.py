"""The finder's sums and the progress to the national targets."""

from datetime import date

from portal.accounts.models import Organisation
from portal.base import clock
from portal.base.access import SYSTEM
from portal.base.db import session, transaction
from portal.programmes import queries, service
from portal.programmes.models import Programme
from portal.programmes.queries import Need
from portal.programmes.rules import Tier
from portal.reference.rules import SizeClass
from tests.factories.programmes import an_open_call


def found(**need):
    return {fit.programme.code: fit for fit in queries.find_programmes(Need(**need))}


def test_loading_the_catalogue_twice_changes_nothing(context):
    assert service.load_catalogue(SYSTEM) == 0
    assert session.query(Programme).count() == 20


def test_finder_shows_running_programmes_of_the_tier(context):
    codes = set(found(tier=Tier.LEADING))
    assert codes == {"AUTO", "DCOL", "AIFAC"}
    assert not {"LIGHT", "GOV2", "LVL", "SUPD"} & set(found())


def test_finder_keeps_the_level_gate_and_the_size(context):
    assert "AUTO" not in found(tier=Tier.LEADING, level=1)
    assert "AUTO" in found(tier=Tier.LEADING, level=2)
    assert "WIN2" in found(size=SizeClass.SMALL)
    assert "WIN2" not in found(size=SizeClass.MEDIUM)


def test_finder_estimates_subsidy_and_own_share(context):
    fits = found(cost_krw=600_000_000)
    assert (fits["GOV"].subsidy_krw, fits["GOV"].own_krw) == (200_000_000, 400_000_000)
    assert (fits["WIN1"].subsidy_krw, fits["WIN1"].own_krw) == (120_000_000, 300_000_000)
    same = found(cost_krw=600_000_000, same_level=True)["GOV"]
    assert (same.subsidy_krw, same.months) == (50_000_000, 6)


def test_finder_says_nothing_where_the_figures_are_not_known(context):
    fits = found(cost_krw=600_000_000)
    assert {(fits[code].subsidy_krw, fits[code].own_krw) for code in ("CARB", "AIFAC", "REG", "WINA")} == {(None, None)}


def test_open_calls_come_first_with_their_own_terms(context):
    an_open_call(programme="ROBOT", tiers=frozenset({Tier.BASIC}), ceiling_krw=90_000_000, region="gyeonggi")
    fit = queries.find_programmes(Need(cost_krw=400_000_000, region="gyeonggi-hwaseong"))[0]
    assert (fit.programme.code, fit.subsidy_krw, len(fit.calls)) == ("ROBOT", 90_000_000, 1)
    assert found(cost_krw=400_000_000, region="busan")["ROBOT"].calls == ()


def test_finder_page_answers_to_its_address(client):
    page = client.page("/programmes?tier=ADVANCED&level=1&cost=30,000&size=small&region=gyeonggi")
    assert "예상 지원금 1억 5,000만원" in page.text
    assert "자율형공장" not in page.text
    assert "숫자로 적어 주세요" in client.page("/programmes?cost=abc").text
    assert "올바르지 않은 선택값입니다." in client.page("/programmes?tier=GOLD").text


def test_programme_page_names_source_and_papers(client):
    text = client.page("/programmes/GOV").text
    assert "2억원" in text
    assert "출처" in text
    assert "사업자등록증" in text
    assert "공고문에서 확인하세요" in client.page("/programmes/AIFAC").text


# --- the national targets ----------------------------------------------------------------------------------


def counts():
    progress = queries.target_progress()
    return {goal.code: (goal.counted, goal.in_business, goal.target) for goal in progress.goals}


def test_nothing_counted_is_told_as_zero(context):
    assert counts() == {"total": (0, 0, 25_000), "leading-advanced": (0, 0, 5_000), "basic": (0, 0, 20_000)}
    progress = queries.target_progress()
    assert (progress.is_synthetic, progress.as_of) == (False, clock.today())


def test_each_firm_counts_once_at_its_best_tier(context, cast):
    hana, duri = cast["hana"].organisation_id, cast["duri"].organisation_id
    service.count_firm(SYSTEM, hana, Tier.BASIC, date(2025, 3, 1))
    service.count_firm(SYSTEM, hana, Tier.ADVANCED, date(2026, 3, 1))
    service.count_firm(SYSTEM, hana, Tier.BASIC, date(2026, 9, 1))
    service.count_firm(SYSTEM, duri, Tier.BASIC, date(2026, 3, 1))
    assert counts() == {"total": (2, 2, 25_000), "leading-advanced": (1, 1, 5_000), "basic": (1, 1, 20_000)}


def test_firms_fixed_before_the_strategy_do_not_count_and_closed_ones_are_told_apart(context, cast):
    hana, duri = cast["hana"].organisation_id, cast["duri"].organisation_id
    service.count_firm(SYSTEM, hana, Tier.BASIC, date(2023, 9, 17))
    service.count_firm(SYSTEM, duri, Tier.BASIC, date(2023, 9, 18))
    with transaction():
        session.get(Organisation, duri).closed_at = clock.now()
    assert counts()["total"] == (1, 0, 25_000)


def test_goals_that_are_no_firms_by_tier_have_no_count(context):
    goals = queries.target_progress("ai-3.0-2030").goals
    assert {goal.counted for goal in goals} == {None}
    assert queries.target_sets() == ["midas-2027", "ai-3.0-2030"]
    assert queries.target_progress("nothing") is None
