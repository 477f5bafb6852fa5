"""A call is drawn: planned by the worker, looked at, carried out, replayed; seats that free up are drawn again."""

import json
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.base import clock, files
from portal.base.access import SYSTEM, Forbidden, NotVisible, RuleBroken, RulesBroken
from portal.base.audit import AuditRow
from portal.base.db import session, transaction
from portal.conflicts import service as conflicts
from portal.conflicts.rules import Source, TieKind
from portal.evaluation import draw, draws, queries, service, work
from portal.evaluation.lots import DrawCause, DrawState, ReplayState, Wish
from portal.evaluation.models import Assignment, Draw
from portal.evaluation.rules import AssignmentState, RecusalReason
from portal.evaluators.models import Membership
from tests.client import Page
from tests.factories import conflicts as objections
from tests.factories import evaluation as make

LIST = "/operator/draws"


def wish(**changes):
    asked = {"demand": 2, "min_load": 0, "max_load": 30, "balance": True, "due": clock.today() + timedelta(days=14)}
    return Wish(**{**asked, **changes})


def fresh(row):
    session.rollback()
    return session.get(type(row), row.id, populate_existing=True)


def forget():
    """The pages of a test share its session: away with what was read before the worker wrote."""
    session.rollback()
    session.expire_all()


def people_of(application):
    panel = queries.panel_of(application.id)
    return {one.evaluator_id for one in panel.assignments if one.state is not AssignmentState.RECUSED}


@pytest.fixture
def cases(actor, case):
    """Three cases of one call, none with a panel; pyeong, nam and two more may review."""
    make.an_evaluator("이보라"), make.an_evaluator("최위원")
    more = [make.in_evaluation(make.a_firm(f"기업{n} (합성)"), actor("gong"), call=case.call) for n in range(2)]
    return [case, *more]


@pytest.fixture
def planned(actor, cases):
    row = draw.ask(actor("un"), cases[0].call, wish())
    work.run_waiting()
    return fresh(row)


@pytest.fixture
def drawn(actor, planned, cases, drain):
    draw.confirm(actor("un"), planned, partial=False)
    drain()
    return fresh(planned)


# --- asking and planning ------------------------------------------------------------------------------------------


def test_a_plan_seats_everybody_and_changes_nothing_yet(planned, cases):
    assert planned.state is DrawState.PLANNED
    summary = planned.summary
    assert (summary["cases"], summary["needed"], summary["seated"], summary["missing"]) == (3, 6, 6, 0)
    assert summary["spread"] <= 1
    assert [queries.panel_of(one.id) for one in cases] == [None] * 3


def test_the_lot_is_named_by_its_hash_before_the_plan_is_made(actor, cases):
    row = draw.ask(actor("un"), cases[0].call, wish())
    asked = session.scalars(sa.select(AuditRow).where(AuditRow.action == "draw.ask")).one()
    assert row.seed_sha256 in asked.detail
    assert row.seed not in asked.detail
    assert row.result_sha256 is None


def test_a_second_click_asks_once_and_a_second_plan_waits_for_the_first(actor, cases):
    un, call = actor("un"), cases[0].call
    first = draw.ask(un, call, wish(), once_key="click")
    assert draw.ask(un, call, wish(), once_key="click").id == first.id
    with pytest.raises(RuleBroken) as refused:
        draw.ask(un, call, wish())
    assert refused.value.code == "draw_open"


def test_wrong_figures_are_refused_at_their_fields(actor, cases):
    with pytest.raises(RulesBroken) as refused:
        draw.ask(actor("un"), cases[0].call, wish(demand=3, max_load=0, due=clock.today()))
    assert [one.field for one in refused.value.broken] == ["demand", "max_load", "due"]


def test_nothing_to_draw_is_said_at_once(actor, drawn, cases):
    with pytest.raises(RuleBroken) as refused:
        draw.ask(actor("un"), cases[0].call, wish())
    assert refused.value.code == "draw_nothing"


def test_only_operators_ask_and_confirm(actor, planned, cases):
    for name in ("pyeong", "jang", "hana", "gam"):
        with pytest.raises(Forbidden):
            draw.ask(actor(name), cases[0].call, wish())
        with pytest.raises(Forbidden):
            draw.confirm(actor(name), planned, partial=True)


def test_evaluators_and_firms_see_no_draw(actor, planned):
    for name in ("hana", "duri", "pyeong", "nam", "jang", "gong"):
        with pytest.raises(NotVisible):
            draws.by_key(actor(name), planned.key)
    assert draws.by_key(actor("gam"), planned.key).id == planned.id


def test_a_conflict_is_never_seated_and_is_kept_for_the_auditor(actor, cases, drain):
    pyeong = actor("pyeong")
    with transaction():
        conflicts.note_tie(
            SYSTEM,
            TieKind.EMPLOYED,
            Source.OPERATOR,
            person_id=pyeong.id,
            organisation_id=cases[0].organisation_id,
        )
    row = draw.ask(actor("un"), cases[0].call, wish())
    work.run_waiting()
    row = fresh(row)
    assert row.summary["avoided"] >= 1
    draw.confirm(actor("un"), row, partial=False)
    drain()
    assert pyeong.id not in people_of(cases[0])
    assert row.summary["kinds"]


def test_too_few_evaluators_give_the_reason_and_three_ways_out(actor, case, drain):
    with transaction():
        for name in ("pyeong", "nam"):
            session.add(Membership(person_id=actor(name).id, **_member(capacity=1)))
    second = make.in_evaluation(actor("duri"), actor("gong"), call=case.call)
    row = draw.ask(actor("un"), case.call, wish())
    work.run_waiting()
    row = fresh(row)
    assert (row.summary["seated"], row.missing, row.summary["capacity"]) == (2, 2, 2)
    assert [kind for kind, _, _ in row.summary["fixes"]] == ["evaluators", "load", "demand"]
    with pytest.raises(RuleBroken) as refused:
        draw.confirm(actor("un"), row, partial=False)
    assert (refused.value.code, refused.value.field) == ("draw_partial", "partial")
    draw.confirm(actor("un"), row, partial=True)
    drain()
    assert fresh(row).seated == 2
    assert draws.count_lacking(actor("un"), second.call_id) >= 1


def _member(**values):
    from portal.evaluators.rules import PoolStatus

    return {"status": PoolStatus.ACTIVE, **values}


# --- carrying out -------------------------------------------------------------------------------------------------


def test_a_confirmed_plan_seats_people_and_chairs_and_writes_one_letter_each(actor, planned, cases, drain):
    draw.confirm(actor("un"), planned, partial=False, once_key="once")
    draw.confirm(actor("un"), planned, partial=False, once_key="once")
    letters = drain()
    row = fresh(planned)
    assert (row.state, row.seated, row.skipped) == (DrawState.CONFIRMED, 6, 0)
    assert all(len(people_of(one)) == 2 for one in cases)
    assert {queries.panel_of(one.id).chair_id for one in cases} == {actor("jang").id}
    seats = Counter(session.scalars(sa.select(Assignment.evaluator_id)))
    assert len([one for one in letters if one.once_key.startswith(("evaluator-drawn", "evaluator-assigned"))]) == len(seats)
    assert not [one for one in letters if "하나정밀" in one.body]


def test_what_changed_since_the_plan_stops_the_confirmation(actor, planned, cases, context):
    make.assigned(actor("un"), cases[0], [actor("pyeong"), actor("nam")], actor("jang"))
    with pytest.raises(RuleBroken) as refused:
        draw.confirm(actor("un"), planned, partial=False)
    assert refused.value.code == "draw_changed"


def test_a_discarded_plan_stays_on_the_list_and_cannot_be_confirmed(actor, planned, cases):
    draw.discard(actor("un"), planned)
    with pytest.raises(RuleBroken) as refused:
        draw.confirm(actor("un"), planned, partial=False)
    assert refused.value.code == "draw_not_planned"
    assert [one.state for one in draws.listed(actor("gam")).items] == [DrawState.DISCARDED]
    assert draw.ask(actor("un"), cases[0].call, wish()).state is DrawState.ASKED


def test_a_crash_between_seats_is_resumed_without_a_double_seat(actor, planned, cases):
    draw.confirm(actor("un"), planned, partial=False)
    for _ in range(2):
        draw.seat_draw(planned.id, lambda *_: None)
    assert session.scalar(sa.select(sa.func.count()).select_from(Assignment)) == 6


# --- seats that free up -----------------------------------------------------------------------------------------------


def test_a_recused_seat_is_drawn_again_by_itself(actor, drawn, cases, drain):
    seat = session.scalars(sa.select(Assignment).where(Assignment.application_id == cases[0].id)).first()
    before = people_of(cases[0])
    service.recuse(make.accounts.actor_of(seat.evaluator), seat, RecusalReason.OTHER)
    drain()
    now = people_of(cases[0])
    assert len(now) == 2
    assert seat.evaluator_id not in now
    assert len(now & before) == 1
    again = session.scalars(sa.select(Draw).where(Draw.cause == DrawCause.RECUSED)).one()
    assert (again.state, again.asked_by_id, again.seated) == (DrawState.CONFIRMED, None, 1)


def test_where_nobody_is_left_the_operator_is_told_and_the_firm_is_not(actor, case, panel, bora, drain):
    drain()
    service.recuse(actor("nam"), _seat_for(actor("nam"), case, actor), RecusalReason.OTHER)
    service.recuse(bora, make.assignment_of(bora, case), RecusalReason.ADVICE)
    letters = drain()
    failed = session.scalars(sa.select(Draw).where(Draw.state == DrawState.FAILED)).all()
    assert [one.problem for one in failed] == ["draw_nobody_left"] * 2
    told = [one.to for one in letters if one.once_key.startswith("seat-empty")]
    assert told == ["un@example.kr"] * 2
    assert [one.to for one in letters if one.to not in told] == []


def _seat_for(person, case, actor):
    make.assigned(actor("un"), case, [person], actor("jang"))
    return make.assignment_of(person, case)


def test_an_open_objection_keeps_its_case_out_of_the_draw(actor, cases, drain):
    objection = objections.an_objection(actor("hana"), cases[0])
    row = draw.ask(actor("un"), cases[0].call, wish())
    work.run_waiting()
    row = fresh(row)
    assert (row.summary["cases"], row.summary["waiting"]) == (2, 1)
    draw.confirm(actor("un"), row, partial=False)
    drain()
    assert queries.panel_of(cases[0].id) is None
    assert objection.object_id == cases[0].id


# --- proof --------------------------------------------------------------------------------------------------------------


def test_a_draw_replays_to_the_byte(actor, drawn, drain):
    draw.ask_replay(actor("gam"), drawn)
    drain()
    [row] = draws.replays_of(drawn)
    assert (row.state, row.result_sha256) == (ReplayState.SAME, drawn.result_sha256)


def test_the_command_replays_too(app, drawn):
    result = app.test_cli_runner().invoke(args=["portal", "replay-draw", drawn.key])
    assert result.exit_code == 0, result.output
    assert drawn.result_sha256 in result.output


def test_what_was_changed_on_the_disk_is_named_damaged(app, drawn):
    path = files.path_of(drawn.input_sha256)
    content = path.read_bytes()
    try:
        path.write_bytes(content.replace(b'"balance":true', b'"balance":false'))
        assert draw.replay(drawn)[0] is ReplayState.DAMAGED
        result = app.test_cli_runner().invoke(args=["portal", "replay-draw"])
        assert result.exit_code == 1
    finally:
        path.write_bytes(content)


def test_another_lot_is_named_damaged(drawn):
    with transaction():
        session.get(Draw, drawn.id).seed = "0" * 32
    assert draw.replay(fresh(drawn))[0] is ReplayState.DAMAGED


def test_only_auditors_ask_for_a_replay(actor, drawn):
    for name in ("un", "jang", "pyeong", "hana"):
        with pytest.raises(Forbidden):
            draw.ask_replay(actor(name), drawn)


def test_the_lot_shows_once_every_case_is_decided(actor, drawn, cases, drain):
    assert not draws.shows_lot(drawn)
    for one in cases:
        for person_id in sorted(people_of(one)):
            judge = make.accounts.actor_of(session.get(make.Person, person_id))
            make.reviewed(judge, one, tier=make.suggested(one))
        make.decided(actor("jang"), one, make.suggested(one))
    assert draws.shows_lot(drawn)


def test_the_frozen_question_holds_numbers_only(drawn):
    content = files.open_blob(drawn.input_sha256).read().decode()
    assert "하나정밀" not in content
    assert set(json.loads(content)) == {
        "apart", "arcs", "balance", "barred", "cases", "chair_barred", "chairs", "evaluators", "met", "pair_cap",
        "version", "versions",
    }


# --- pages ------------------------------------------------------------------------------------------------------------


def test_the_whole_way_by_forms_alone(client_as, cases, drain):
    un = client_as("un")
    listed = un.page(LIST)
    assert cases[0].call.title.ko in listed.text
    asking = un.page(f"{LIST}/new/{cases[0].call.key}")
    refused = un.submit(asking, {"demand": "9"}, action="")
    assert "demand" in Page(refused).errors()
    answer = un.submit(asking, action="")
    assert answer.status_code == 302
    url = answer.headers["Location"]
    assert "차례를 기다" in un.page(url).text
    assert un.get(f"{url}/state").get_json()["open"] is True
    drain(), forget()
    plan = un.page(url)
    assert "이 계획을 확인해 주세요" in plan.text
    assert cases[0].number in plan.text
    assert un.submit(plan, action="/confirm").status_code == 302
    drain(), forget()
    done = un.page(url)
    assert "6자리에 배정했습니다" in done.text
    assert "모두 결정되면 공개합니다" in done.text


def test_an_auditor_reads_and_replays_by_forms(client_as, drawn, drain):
    gam = client_as("gam")
    assert drawn.seed_sha256[:12] in gam.page("/audit/draws").text
    url = f"/audit/draws/{drawn.key}"
    page = gam.page(url)
    assert (drawn.seed_sha256 in page.text, drawn.seed in page.text) == (True, False)
    assert gam.submit(page, action="/replay").status_code == 302
    assert "다시 추첨하고 있습니다" in gam.page(url).text
    drain(), forget()
    assert "바이트까지 같음" in gam.page(url).text
    kept = gam.get(f"{url}/question.json")
    assert kept.get_data() == files.open_blob(drawn.input_sha256).read()
    assert gam.get(f"{url}/secret.json").status_code == 404


def test_a_regional_operators_draw_is_nobody_elses_in_another_region(actor, planned):
    region = actor("un")
    from dataclasses import replace

    from portal.accounts.rules import Role

    other = replace(region, id=region.id + 1000, roles=frozenset({Role.OPERATOR_REGION}), region="busan")
    with pytest.raises(NotVisible):
        draws.by_key(other, planned.key)
