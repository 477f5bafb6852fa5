"""The pool from application to removal: who becomes an evaluator, who is available, and what ends with a removal."""

import io
from datetime import timedelta

import pytest

from portal.accounts.models import Person, SignIn
from portal.accounts.rules import Role
from portal.base import clock
from portal.base.access import Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion
from portal.base.db import session
from portal.evaluation import queries as evaluation
from portal.evaluation.rules import AssignmentState, RecusalReason
from portal.evaluators import queries, service
from portal.evaluators.queries import PoolFilters, PoolMember
from portal.evaluators.rules import DEFAULT_CAPACITY, CareerKind, PaperKind, PoolStatus, RemovalGround
from tests.client import Page
from tests.factories import evaluation as made
from tests.factories.evaluators import FACTS, PDF, a_candidate, actor_of, admitted, applied, drafted, version_of

REASON = "합성(예시) 낸 서류로는 경력을 확인할 수 없습니다."


def roles_of(person_id):
    session.expire_all()
    return session.get(Person, person_id).role_names


def ids_available(**options):
    return [one.person_id for one in queries.available(**options)]


# --- the way in ---------------------------------------------------------------------------------------------------


def test_a_newcomer_gets_a_link_and_becomes_a_candidate_only(client, drain, app):
    answer = client.submit(client.page("/evaluators/join"), {"name": "새 지원자", "email": "New@pool.example"})
    assert answer.status_code == 200
    (letter,) = drain()
    assert (letter.to, letter.subject) == ("new@pool.example", "평가위원 지원을 시작해 주세요")
    assert "/invitation/" in letter.body
    with app.app_context():
        from portal.accounts.queries import person_by_email

        assert person_by_email("new@pool.example").role_names == {Role.CANDIDATE}


def test_who_is_a_member_already_reads_the_same_page(client, drain):
    new = client.submit(client.page("/evaluators/join"), {"name": "이름", "email": "x@example.kr"})
    old = client.submit(client.page("/evaluators/join"), {"name": "이름", "email": "hana@example.kr"})
    assert (old.status_code, Page(old).text.replace("hana@", "x@")) == (new.status_code, Page(new).text)
    assert sorted(letter.subject for letter in drain()) == ["이미 가입되어 있습니다", "평가위원 지원을 시작해 주세요"]


def test_a_firm_may_not_apply_from_its_account(actor):
    with pytest.raises(RuleBroken) as refused:
        service.save_entry(actor("hana"), FACTS)
    assert refused.value.code == "pool_other_side"


def test_an_application_lacking_everything_says_all_of_it(context):
    candidate = a_candidate()
    service.save_entry(candidate, {**FACTS, "ground": None, "technologies": [], "industries": [], "text": ""})
    with pytest.raises(RulesBroken) as refused:
        service.apply(candidate, pledge=False)
    assert [(one.field, one.code) for one in refused.value.broken] == [
        ("ground", "pool_ground_needed"),
        ("technologies", "pool_technology_needed"),
        ("industries", "pool_industry_needed"),
        ("text", "pool_text_short"),
        ("pledge", "pool_pledge_needed"),
    ]


def test_a_candidate_is_admitted_and_becomes_available(actor, drain):
    candidate = a_candidate()
    row = applied(candidate)
    assert row.status is PoolStatus.APPLIED
    assert candidate.id not in ids_available()
    service.approve(actor("un"), row.person.key)
    assert roles_of(candidate.id) == {Role.EVALUATOR}
    member = next(one for one in queries.available() if one.person_id == candidate.id)
    assert member == PoolMember(
        person_id=candidate.id,
        name="지원자",
        organisation_id=None,
        region="gyeonggi",
        capacity=20,
        min_load=2,
        technologies=frozenset({"MES", "POP"}),
        industries=frozenset({"25", "30"}),
        text=FACTS["text"],
    )
    assert [letter.subject for letter in drain()] == ["평가위원으로 등록되었습니다"]


def test_while_it_is_checked_an_application_stands_still(context):
    candidate = a_candidate()
    row = applied(candidate)
    for change in (
        lambda: service.save_entry(candidate, FACTS, version_of(candidate)),
        lambda: service.add_paper(candidate, PaperKind.OTHER, io.BytesIO(PDF), "b.pdf"),
        lambda: service.remove_paper(candidate, row.papers[0].key),
    ):
        with pytest.raises(RuleBroken) as refused:
            change()
        assert refused.value.code == "pool_locked"


def test_an_application_is_taken_back_and_changed(actor):
    candidate = a_candidate()
    row = applied(candidate)
    assert service.take_back(candidate).status is PoolStatus.DRAFT
    with pytest.raises(NotVisible):
        service.approve(actor("un"), row.person.key)
    service.save_entry(candidate, {**FACTS, "years": 12}, version_of(candidate))
    assert service.apply(candidate, pledge=True).years == 12
    with pytest.raises(RuleBroken) as refused:
        service.take_back(actor("nam"))
    assert refused.value.code == "pool_step"


def test_a_refused_application_is_mended_and_handed_in_again(actor, drain):
    candidate = a_candidate()
    row = applied(candidate)
    with pytest.raises(RuleBroken) as refused:
        service.refuse(actor("un"), row.person.key, "짧음")
    assert (refused.value.code, refused.value.field) == ("pool_reason_short", "reason")
    service.refuse(actor("un"), row.person.key, REASON)
    assert [letter.subject for letter in drain()] == ["평가위원 지원 결과를 확인해 주세요"]
    assert roles_of(candidate.id) == {Role.CANDIDATE}
    service.save_entry(candidate, {**FACTS, "years": 10}, version_of(candidate))
    assert service.apply(candidate, pledge=True).status is PoolStatus.APPLIED


@pytest.mark.parametrize("name", ["hana", "pyeong", "jang", "gong", "gam"])
def test_only_operators_of_the_agency_decide(actor, name):
    row = applied(a_candidate())
    with pytest.raises((Forbidden, NotVisible)):
        service.approve(actor(name), row.person.key)
    assert queries.of_person(row.person_id).status is PoolStatus.APPLIED


def test_a_stale_decision_is_refused(actor):
    row = applied(a_candidate())
    with pytest.raises(StaleVersion):
        service.approve(actor("un"), row.person.key, row.version - 1)


def test_a_second_click_changes_nothing(actor, cast, drain):
    un, row = actor("un"), applied(a_candidate())
    version, key = row.version, row.person.key
    for _ in range(2):
        assert service.approve(un, key, version).status is PoolStatus.ACTIVE
    version = queries.of_person(row.person_id).version
    for _ in range(2):
        service.remove(un, key, RemovalGround.NO_SHOW, REASON, version)
    assert len(queries.of_person(row.person_id).acts) == 3
    assert [letter.subject for letter in drain()] == ["평가위원으로 등록되었습니다", "평가위원 등록이 끝났습니다"]


def test_a_draft_is_nobody_elses_business(actor):
    candidate = a_candidate()
    row = drafted(candidate)
    with pytest.raises(NotVisible):
        queries.entry(actor("un"), row.person.key)
    assert candidate.id not in [one.person.id for one in queries.pool(actor("un"), PoolFilters(which="all")).items]


# --- availability -------------------------------------------------------------------------------------------------


def test_an_evaluator_without_an_entry_counts_with_the_defaults(actor, cast):
    member = next(one for one in queries.available() if one.person_id == cast["nam"].id)
    assert (member.capacity, member.min_load, member.technologies, member.text) == (
        DEFAULT_CAPACITY, 0, frozenset(), "",
    )  # fmt: skip
    assert [one.person_id for one in queries.available(role=Role.LEAD_EVALUATOR)] == [cast["jang"].id]


def test_who_is_away_is_not_available_on_those_days_only(actor, cast):
    nam, today = actor("nam"), clock.today()
    service.add_absence(nam, today + timedelta(1), today + timedelta(3))
    there = {day: cast["nam"].id in ids_available(on=today + timedelta(day)) for day in range(6)}
    assert there == {0: True, 1: False, 2: False, 3: False, 4: True, 5: True}
    assert not queries.is_available(cast["nam"].id, today + timedelta(2))
    with pytest.raises(RuleBroken) as refused:
        service.add_absence(nam, today + timedelta(3), today + timedelta(9))
    assert refused.value.code == "pool_absence_overlap"


def test_nobody_takes_away_somebody_elses_absence(actor):
    row = service.add_absence(actor("nam"), clock.today(), clock.today())
    with pytest.raises(NotVisible):
        service.remove_absence(actor("pyeong"), row.key)


def test_an_evaluator_writes_an_entry_and_stays_in_the_pool(actor, cast):
    row = service.save_entry(actor("nam"), {**FACTS, "capacity": 5})
    assert (row.status, row.checked_at) == (PoolStatus.ACTIVE, None)
    member = next(one for one in queries.available() if one.person_id == cast["nam"].id)
    assert member.capacity == 5
    with pytest.raises(StaleVersion):
        service.save_entry(actor("nam"), FACTS)


def test_a_checked_ground_is_not_changed_by_its_holder(actor):
    candidate = a_candidate()
    admitted(actor("un"), candidate)
    with session.begin_nested():
        session.get(Person, candidate.id).tf_totp_secret = "a secret"
    session.commit()
    now = actor_of(candidate.id)
    with pytest.raises(RuleBroken) as refused:
        service.save_entry(now, {**FACTS, "ground": "engineer"}, version_of(now))
    assert (refused.value.code, refused.value.field) == ("pool_ground_fixed", "ground")
    assert service.save_entry(now, {**FACTS, "capacity": 7}, version_of(now)).capacity == 7


def test_declared_careers_find_the_portals_organisations(actor, cast):
    from tests.cast import REGISTRATION_NUMBERS

    facts = {
        "kind": CareerKind.EMPLOYED,
        "name": "공급솔루션 (합성)",
        "registration_number": REGISTRATION_NUMBERS["gong"],
        "from_on": None,
        "to_on": clock.today(),
    }
    service.save_entry(actor("nam"), {**FACTS, "careers": [facts]})
    (line,) = queries.careers([cast["nam"].id])
    assert (line.person_id, line.organisation_id, line.kind) == (
        cast["nam"].id, cast["gong"].organisation_id, CareerKind.EMPLOYED,
    )  # fmt: skip
    assert queries.careers([cast["pyeong"].id]) == []


# --- removal ------------------------------------------------------------------------------------------------------


def test_removal_ends_roles_sessions_seats_and_rights_at_once(actor, cast, client_as, drain):
    un, pyeong, jang = actor("un"), actor("pyeong"), actor("jang")
    case = made.in_evaluation(actor("hana"), actor("gong"))
    made.assigned(un, case, [pyeong, actor("nam")], jang)
    made.opened(pyeong, case)
    seat = made.assignment_of(pyeong, case)
    drain()
    browser = client_as("pyeong")
    assert browser.get("/evaluation/queue").status_code == 200
    service.remove(un, cast["pyeong"].key, RemovalGround.MISCONDUCT, REASON)

    session.expire_all()
    assert roles_of(cast["pyeong"].id) == {Role.CANDIDATE}
    assert session.query(SignIn).filter_by(person_id=cast["pyeong"].id, ended_at=None).count() == 0
    seat = session.get(type(seat), seat.id)
    assert (seat.state, seat.recusal_reason) == (AssignmentState.RECUSED, RecusalReason.REMOVED)
    with pytest.raises(NotVisible):
        evaluation.case_by_key(pyeong, seat.key)
    assert cast["pyeong"].id not in ids_available()
    assert browser.get("/evaluation/queue").status_code == 302
    assert "평가위원 등록이 끝났습니다" in [letter.subject for letter in drain()]


def test_a_removed_chair_is_missed(actor, cast, drain):
    un = actor("un")
    case = made.in_evaluation(actor("hana"), actor("gong"))
    made.assigned(un, case, [actor("pyeong"), actor("nam")], actor("jang"))
    drain()
    service.remove(un, cast["jang"].key, RemovalGround.OWN_WISH, REASON)
    letters = {letter.to: letter.subject for letter in drain()}
    assert letters == {
        "un@example.kr": f"{case.number}: 새 위원장이 필요합니다",
        "jang@example.kr": "평가위원 등록이 끝났습니다",
    }


def test_a_removal_needs_ground_and_reason(actor, cast):
    with pytest.raises(RulesBroken) as refused:
        service.remove(actor("un"), cast["nam"].key, None, "")
    assert [(one.field, one.code) for one in refused.value.broken] == [
        ("ground", "pool_removal_ground"),
        ("reason", "pool_reason_short"),
    ]


def test_a_removed_evaluator_comes_back_without_the_old_seats(actor, cast):
    un, pyeong = actor("un"), actor("pyeong")
    case = made.in_evaluation(actor("hana"), actor("gong"))
    made.assigned(un, case, [pyeong, actor("nam")], actor("jang"))
    service.remove(un, cast["pyeong"].key, RemovalGround.RESTRICTED, REASON)
    service.restore(un, cast["pyeong"].key, "합성(예시) 참여제한이 끝났습니다.")
    assert cast["pyeong"].id in ids_available()
    assert made.assignment_of(pyeong, case).state is AssignmentState.RECUSED
    acts = queries.of_person(cast["pyeong"].id).acts
    assert [(act.before, act.after) for act in reversed(acts)] == [
        (PoolStatus.ACTIVE, PoolStatus.REMOVED),
        (PoolStatus.REMOVED, PoolStatus.ACTIVE),
    ]


# --- screens ------------------------------------------------------------------------------------------------------


def test_an_evaluator_fills_the_entry_on_the_screen(client_as, cast, inside):
    nam = client_as("nam")
    page = nam.page("/evaluators/apply")
    typed = {
        "ground": "academia",
        "technologies": ["MES"],
        "industries": ["25"],
        "text": FACTS["text"],
        "capacity": "12",
        "careers-0-name": "합성 연구소",
        "careers-0-number": "999-81-00034",
        "careers-0-from": "2020-03-01",
    }
    assert nam.submit(page, typed, action="/evaluators/apply", check=True).status_code == 302
    row = inside(lambda: queries.facts_of(queries.of_person(cast["nam"].id)))
    assert row["careers"][0]["registration_number"] == "9998100034"
    again = nam.page("/evaluators/apply").values("/evaluators/apply")
    assert (again["capacity"], again["careers-0-name"], again["ground"]) == ("12", "합성 연구소", "academia")


def test_what_can_not_be_read_is_told_at_its_field_and_nothing_is_lost(client_as):
    nam = client_as("nam")
    typed = {"technologies": ["MES"], "industries": ["25"], "text": FACTS["text"], "careers-0-number": "123"}
    answer = nam.submit(nam.page("/evaluators/apply"), typed, action="/evaluators/apply")
    assert answer.status_code == 422
    page = Page(answer)
    assert "사업자등록번호가 올바르지 않습니다" in page.text
    assert page.values("/evaluators/apply")["careers-0-number"] == "123"


def test_the_operators_queue_shows_applications_and_reading_a_paper_is_noted(client_as, inside, trail):
    row = inside(lambda: (lambda one: (one.person.key, one.papers[0].key))(applied(a_candidate())))
    un = client_as("un")
    assert "지원자" in un.page("/operator/evaluators").text
    assert un.get(f"/operator/evaluators/{row[0]}/papers/{row[1]}").mimetype == "application/pdf"
    assert trail("pool_paper.read") == 1
    page = un.page(f"/operator/evaluators/{row[0]}")
    assert un.submit(page, action="/approve").status_code == 302
    assert "등록됨" in un.page(f"/operator/evaluators/{row[0]}").text
