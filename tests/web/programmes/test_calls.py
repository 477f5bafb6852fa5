"""Calls: who sees which, who runs which, and what a stale, doubled or wrong save does."""

from datetime import datetime, timedelta

import pytest

from portal.accounts import service as accounts
from portal.accounts.rules import OrganisationKind, Role
from portal.base import audit, clock
from portal.base.access import ANONYMOUS, SYSTEM, Actor, RuleBroken, RulesBroken, StaleVersion
from portal.base.audit import AuditRow
from portal.base.db import session, transaction
from portal.base.outbox import OutboxEvent
from portal.programmes import queries, service
from portal.programmes.models import Call
from portal.programmes.rules import Phase, Tier
from tests.cast import EVERYONE, Member
from tests.factories.programmes import DAY, a_draft_call, an_ended_call, an_open_call, facts

GYEONGGI = Actor(id=900, roles=frozenset({"operator_region"}), region="gyeonggi")
SEOUL = Actor(id=901, roles=frozenset({"operator_region"}), region="seoul")
FORM = {
    "programme": "BASIC",
    "title_ko": "기초단계 지원 (합성)",
    "tiers": "BASIC",
    "region": "",
    "opens_at": "2099-01-05T09:00",
    "closes_at": "2099-02-05T18:00",
    "budget": "50,000",
    "reviews": "2",
}


@pytest.fixture
def un(client_as):
    return client_as("un")


@pytest.fixture
def made(app):
    """made(an_open_call, title_ko=…): the key of a new call, made in a context of its own beside the clients."""

    def make(build, **changes):
        with app.app_context():
            return build(**changes).key

    return make


@pytest.fixture
def ji(app, cast):
    """A browser of the operator of 경기도, signed in."""
    with app.app_context(), transaction():
        agency = accounts.add_organisation(SYSTEM, OrganisationKind.AGENCY, "경기 기관 (합성)", region="gyeonggi")
        person = accounts.add_person(
            SYSTEM,
            email="ji@example.kr",
            name="지역",
            roles={Role.OPERATOR_REGION},
            password_hash="x",
            organisation=agency,
            confirmed=True,
            consents={"terms": "2026-11", "privacy": "2026-11"},
        )
        person.tf_totp_secret, person.tf_primary_method = "shown", "authenticator"
        token = accounts.begin_session(person, "tests")
        member = Member("ji", person.id, person.key, agency.id, person.fs_uniquifier, token, None)
    browser = app.test_client()
    browser.sign_in(member)
    return browser


# --- reading -----------------------------------------------------------------------------------------------


def test_public_page_lists_calls_by_phase_and_hides_drafts(app, made, client):
    now = clock.now()
    made(an_open_call, title_ko="열린 공고")
    made(an_open_call, title_ko="예정 공고", opens_at=now + DAY, closes_at=now + 9 * DAY)
    made(an_ended_call, title_ko="끝난 공고")
    made(a_draft_call, title_ko="숨은 공고")
    with app.app_context():
        found = queries.public_calls()
    assert {phase: [row.title_ko for row in rows] for phase, rows in found.items()} == {
        Phase.OPEN: ["열린 공고"],
        Phase.UPCOMING: ["예정 공고"],
        Phase.ENDED: ["끝난 공고"],
    }
    text = client.page("/calls").text
    assert all(title in text for title in ("열린 공고", "예정 공고", "끝난 공고"))
    assert "숨은 공고" not in text


def test_a_draft_is_a_404_for_everyone_but_who_runs_it(app, made, client_as):
    key = made(a_draft_call, region="seoul", title_ko="숨은 공고")
    for name in ("anon", "hana", "pyeong", "jang", "gong", "gam"):
        assert client_as(name).get(f"/calls/{key}").status_code == 404
    assert client_as("un").get(f"/calls/{key}").status_code == 200
    with app.app_context():
        assert queries.call(SEOUL, key).key == key
        assert queries.call(GYEONGGI, key) is None
        assert queries.call(ANONYMOUS, key) is None


def test_open_calls_of_a_place_are_national_ones_and_its_own(context):
    an_open_call(title_ko="전국", closes_at=clock.now() + 5 * DAY)
    an_open_call(title_ko="경기", region="gyeonggi", closes_at=clock.now() + 6 * DAY)
    an_open_call(title_ko="서울", region="seoul", closes_at=clock.now() + 7 * DAY)
    assert [row.title_ko for row in queries.open_calls()] == ["전국", "경기", "서울"]
    assert [row.title_ko for row in queries.open_calls(region="gyeonggi-hwaseong")] == ["전국", "경기"]


def test_who_may_apply_is_told_by_window_tier_and_place(context):
    call = an_open_call(region="gyeonggi")
    assert queries.can_apply(call, tier=Tier.ADVANCED, region="gyeonggi-hwaseong")
    assert queries.can_apply(call).ok
    verdicts = [
        queries.can_apply(call, at=call.opens_at - DAY),
        queries.can_apply(call, at=call.closes_at + timedelta(microseconds=1)),
        queries.can_apply(call, tier=Tier.BASIC),
        queries.can_apply(call, region="seoul-jung"),
    ]
    assert [verdict.code for verdict in verdicts] == [
        "call_not_yet",
        "call_ended",
        "call_tier_not_offered",
        "call_region_other",
    ]


def test_a_call_opens_and_ends_by_the_servers_clock(context, frozen):
    call = an_open_call(opens_at=clock.now() + DAY, closes_at=clock.now() + 2 * DAY)
    seen = []
    for _ in range(4):
        seen.append((call.phase, bool(queries.open_calls())))
        frozen.tick(timedelta(hours=20))
    assert seen == [(Phase.UPCOMING, False), (Phase.UPCOMING, False), (Phase.OPEN, True), (Phase.ENDED, False)]


def test_call_page_estimates_subsidy_and_own_share(made, client):
    key = made(an_open_call)
    assert "예상 지원금 1억 5,000만원 우리 회사 부담 1억 5,000만원" in client.page(f"/calls/{key}?cost=30,000").text
    assert "숫자로 적어 주세요" in client.page(f"/calls/{key}?cost=많이").text
    assert "우리 회사 부담" not in client.page(f"/calls/{key}?cost=-5").text


def test_applying_is_offered_to_firms_and_strangers_while_the_call_is_open(made, client_as):
    is_open, ended = made(an_open_call), made(an_ended_call)

    def offered(name, key):
        return client_as(name).page(f"/calls/{key}").soup.find("a", href=f"/applications/new/{key}") is not None

    assert [name for name in EVERYONE if offered(name, is_open)] == ["anon", "hana", "duri"]
    assert not any(offered(name, ended) for name in EVERYONE)


def test_pages_of_calls_and_programmes_read_in_english(made, client):
    key = made(an_open_call)
    assert client.page(f"/calls/{key}?lang=en").h1 == "General government programme (synthetic)"
    assert "Autonomous factory" in client.page("/programmes").text


def test_what_is_not_there_is_a_404(client):
    for path in ("/calls/nothing", "/programmes/NOTHING"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/calls", "/programmes", "/operator/calls"])
def test_lists_send_the_same_number_of_queries_for_one_row_and_for_three(made, un, queries_of, path):
    made(an_open_call, region="seoul")
    un.page(path)
    one = queries_of(lambda: un.page(path))
    made(an_open_call, region="busan")
    made(an_open_call, programme="BASIC", tiers=frozenset({Tier.BASIC}), region="gyeonggi-hwaseong")
    assert queries_of(lambda: un.page(path)) == one
    assert one <= 12


# --- writing: the services ---------------------------------------------------------------------------------


def test_opening_a_call_writes_audit_and_event_in_one_go(context, actor):
    call = service.open_call(actor("un"), facts())
    assert [row.action for row in session.query(AuditRow).filter_by(object_type="call", object_id=call.id)] == [
        "call.open",
        "call.publish",
    ]
    assert [event.name for event in session.query(OutboxEvent)] == ["call.published"]
    assert audit.verify().ok


@pytest.mark.parametrize("name", ["hana", "pyeong", "jang", "gong", "gam", "anon"])
def test_nobody_but_operators_opens_edits_or_closes(context, actor, name):
    call = an_open_call()
    for attempt in (
        lambda: service.open_call(actor(name), facts()),
        lambda: service.edit_call(actor(name), call, facts(title_ko="빼앗음"), call.version),
        lambda: service.close_call(actor(name), call, "그냥"),
    ):
        with pytest.raises(RuleBroken) as refused:
            attempt()
        assert refused.value.code == "no_right"
    session.expire_all()
    assert [(row.title_ko, row.phase) for row in session.query(Call)] == [(facts().title_ko, Phase.OPEN)]


def test_regional_operator_runs_only_the_own_region(context):
    own = service.open_call(GYEONGGI, facts(region="gyeonggi-hwaseong"))
    other = an_open_call(region="seoul")
    national = an_open_call()
    assert [row.id for row in queries.calls_page(GYEONGGI).items] == [own.id]
    for call in (other, national):
        assert queries.call_run_by(GYEONGGI, call.key) is None
        with pytest.raises(RuleBroken, match="call_region_foreign"):
            service.close_call(GYEONGGI, call, "남의 공고")
    for region in ("seoul", None):
        with pytest.raises(RulesBroken) as refused:
            service.open_call(GYEONGGI, facts(region=region))
        assert [(one.field, one.code) for one in refused.value.broken] == [("region", "call_region_foreign")]


def test_a_call_of_an_old_region_stays_with_the_operator_of_the_new_one(context):
    with clock.freeze(clock.from_kst(datetime(2026, 6, 1, 9))):
        call = an_open_call(region="gwangju")
    merged = Actor(id=902, roles=frozenset({"operator_region"}), region="jeonnamgwangju")
    assert queries.call_run_by(merged, call.key).id == call.id


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"programme": "NOPE"}, "programme", "call_programme_unknown"),
        ({"programme": "GOV2"}, "programme", "call_programme_ended"),
        ({"region": "atlantis"}, "region", "call_region_unknown"),
        ({"tiers": frozenset({Tier.BASIC})}, "tiers", "call_tiers_foreign"),
        ({"budget_krw": 0}, "budget", "call_budget_positive"),
    ],
)
def test_a_wrong_fact_opens_nothing(context, actor, change, field, code):
    with pytest.raises(RulesBroken) as refused:
        service.open_call(actor("un"), facts(**change))
    assert (field, code) in [(one.field, one.code) for one in refused.value.broken]
    assert session.query(Call).count() == 0


def test_the_same_key_opens_one_call(context, actor):
    first = service.open_call(actor("un"), facts(), once_key="k")
    assert service.open_call(actor("un"), facts(), once_key="k").id == first.id
    assert session.query(Call).count() == 1


def test_a_stale_version_is_refused(context, actor):
    call = an_open_call()
    version = call.version
    service.edit_call(actor("un"), call, facts(title_ko="먼저"), version)
    with pytest.raises(StaleVersion):
        service.edit_call(actor("un"), call, facts(title_ko="나중"), version)
    session.expire_all()
    assert session.get(Call, call.id).title_ko == "먼저"


def test_the_window_of_an_open_call_only_grows(context, actor):
    call = an_open_call()
    now = call.facts
    later = service.edit_call(
        actor("un"), call, facts(opens_at=now.opens_at, closes_at=now.closes_at + DAY), call.version
    )
    with pytest.raises(RulesBroken) as refused:
        service.edit_call(actor("un"), later, facts(opens_at=now.opens_at, closes_at=now.closes_at), later.version)
    assert [(one.field, one.code) for one in refused.value.broken] == [("closes_at", "call_end_earlier")]


def test_closing_is_final_and_says_why(context, actor):
    call = an_open_call()
    with pytest.raises(RuleBroken, match="call_reason_missing"):
        service.close_call(actor("un"), call, "  ")
    service.close_call(actor("un"), call, "예산이 다 쓰였습니다.")
    assert (call.phase, queries.open_calls()) == (Phase.CLOSED, [])
    for again in (
        lambda: service.close_call(actor("un"), call, "다시"),
        lambda: service.edit_call(actor("un"), call, facts(), call.version),
    ):
        with pytest.raises(RuleBroken) as refused:
            again()
        assert "call_not_running" in {one.code for one in getattr(refused.value, "broken", [refused.value])}
    with pytest.raises(RuleBroken, match="call_not_draft"):
        service.publish_call(actor("un"), call)


def test_a_draft_whose_window_passed_cannot_be_published(context, actor, frozen):
    call = a_draft_call()
    frozen.tick(timedelta(days=40))
    with pytest.raises(RulesBroken) as refused:
        service.publish_call(actor("un"), call)
    assert [(one.field, one.code) for one in refused.value.broken] == [("closes_at", "call_window_past")]


# --- writing: the screens ----------------------------------------------------------------------------------


def test_operator_opens_a_call_on_screen(un, client):
    page = un.page("/operator/calls/new")
    answer = un.submit(page, {**FORM, "action": "publish"})
    assert answer.status_code == 302
    key = answer.headers["Location"].rsplit("/", 1)[1]
    shown = client.page(f"/calls/{key}").text
    assert "기초단계 지원 (합성)" in shown
    assert "2099-01-05 09:00 ~ 2099-02-05 18:00" in shown
    assert "5억원" in shown
    assert un.submit(page, {**FORM, "action": "publish"}).headers["Location"] == answer.headers["Location"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"title_ko": ""}, "공고 제목을 적어 주세요."),
        ({"tiers": None}, "유형을 하나 이상 고르세요."),
        ({"tiers": "LEADING"}, "이 사업에 없는 유형이 있습니다: 선도모델"),
        ({"opens_at": "내일"}, "날짜와 시각을 다시 적어 주세요."),
        ({"opens_at": "1999-01-05T09:00"}, "2023-09-18부터 2099년까지의 날짜를 적어 주세요."),
        ({"closes_at": "2099-01-01T09:00"}, "마감은 시작보다 뒤여야 합니다."),
        ({"opens_at": "2024-01-05T09:00", "closes_at": "2024-02-05T09:00"}, "마감 시각이 이미 지났습니다."),
        ({"budget": "0"}, "예산은 0보다 커야 합니다."),
        ({"budget": "-3"}, "예산은 0보다 커야 합니다."),
        ({"budget": "억"}, "숫자로 적어 주세요. 단위는 만원입니다."),
        ({"reviews": "0"}, "평가위원 수는 1~5명입니다."),
        ({"ratio": "150"}, "지원 비율은 1~100%입니다."),
        ({"ratio": "NaN"}, "숫자로 적어 주세요."),
        ({"programme": "GOV2"}, "올바르지 않은 선택값입니다."),
    ],
)
def test_bad_input_is_told_at_its_field_and_nothing_typed_is_lost(un, change, message):
    page = un.page("/operator/calls/new")
    answer = un.submit(page, {**FORM, "contact": "합성기관 02-000-0000", **change})
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert text.count(message) == 2  # in the summary and at the field
    assert "합성기관 02-000-0000" in text
    assert "확인이 필요한 항목이 있습니다" in text


def test_a_stale_tab_shows_both_versions(made, un):
    key = made(a_draft_call)
    mine, theirs = un.page(f"/operator/calls/{key}/edit"), un.page(f"/operator/calls/{key}/edit")
    assert un.submit(theirs, {"title_ko": "먼저 저장"}).status_code == 302
    answer = un.submit(mine, {"title_ko": "나중 저장"})
    assert answer.status_code == 409
    text = answer.get_data(as_text=True)
    assert "먼저 저장" in text
    assert "나중 저장" in text


def test_operator_publishes_and_closes_on_screen(made, un, client):
    key = made(a_draft_call)
    page = un.page(f"/operator/calls/{key}")
    assert un.submit(page, action="/publish").status_code == 302
    assert "신청" in client.page(f"/calls/{key}").text
    page = un.page(f"/operator/calls/{key}/close")
    assert "끝내는 이유를 적어 주세요." in un.submit(page, {"reason": ""}).get_data(as_text=True)
    assert un.submit(page, {"reason": "예산 소진"}).status_code == 302
    assert "예산 소진" in client.page(f"/calls/{key}").text


def test_regional_operator_on_screen(app, made, ji):
    other = made(an_open_call, region="seoul", title_ko="서울 공고")
    own = made(an_open_call, region="gyeonggi", title_ko="경기 공고")
    text = ji.page("/operator/calls").text
    assert "경기 공고" in text
    assert "서울 공고" not in text
    assert "서울 공고" not in ji.page("/operator/calls?q=서울").text
    for path in ("", "/edit", "/close"):
        assert ji.get(f"/operator/calls/{other}{path}").status_code == 404
        assert ji.get(f"/operator/calls/{own}{path}").status_code == 200
    assert ji.post(f"/operator/calls/{other}/publish").status_code == 404
    assert ji.post(f"/operator/calls/{other}/close", data={"reason": "x"}).status_code == 404
    page = ji.page("/operator/calls/new")
    with app.app_context():
        own_keys = queries.own_region(GYEONGGI)
    assert {option["value"] for option in page.soup.select("select[name=region] option")} == own_keys
    assert ji.submit(page, {**FORM, "region": "seoul"}).status_code == 200
    assert ji.submit(page, {**FORM, "region": "gyeonggi-hwaseong"}).status_code == 302


def test_operator_filters_calls(made, un):
    made(an_open_call, title_ko="가나 공고")
    made(a_draft_call, title_ko="다라 공고")
    assert "가나 공고" not in un.page("/operator/calls?phase=draft").text
    assert "다라 공고" not in un.page("/operator/calls?q=가나").text
    assert "공고가 없습니다" in un.page("/operator/calls?q=%25").text
    assert "공고 2건" in un.page("/operator/calls?phase=nonsense&page=99").text
