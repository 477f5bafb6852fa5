"""An appeal from the draft to the new decision: the term, the check, the fresh panel, and what may not happen."""

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.accounts.models import Person
from portal.appeals import draw, judging, queries, service
from portal.appeals.models import Appeal, AppealSeat
from portal.appeals.rules import AppealState, GroundDraft, GroundKind, RefusalReason, Ruling, SeatRole, SeatState
from portal.applications.models import Application
from portal.applications.rules import Status
from portal.base import clock, grants, workdays
from portal.base.access import Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion
from portal.base.db import session, transaction
from portal.evaluation import queries as evaluation
from portal.evaluation.models import CallPlan
from portal.evaluation.rules import Cause, Outcome, RecusalReason
from tests.factories import appeals as make
from tests.factories import evaluation as cases

MESSAGE = "합성(예시) 점검 기록의 작성일이 보이지 않습니다. 작성일이 나온 쪽을 보내 주세요."


def refusals(broken):
    rows = broken.broken if isinstance(broken, RulesBroken) else [broken]
    return {(one.code, one.field) for one in rows}


# --- filing -------------------------------------------------------------------------------------------------


def test_filing_freezes_the_appeal_and_starts_the_operators_clock(actor, case, appeal):
    assert appeal.state is AppealState.FILED
    assert appeal.check_due_on == workdays.last_day(clock.today(), 7)
    assert set(appeal.contested) == {"NEED", "FIT"}
    with pytest.raises(RuleBroken) as broken:
        make.drafted(actor("hana"), case)
    assert broken.value.code == "appeal_locked"


def test_a_draft_may_lack_everything_but_filing_names_it_by_field(actor, case):
    hana = actor("hana")
    grounds = [GroundDraft("FIT", GroundKind.EVIDENCE, "짧다"), GroundDraft("NEED", None, make.TEXT)]
    service.save_draft(hana, case.key, None, grounds=grounds, statement="")
    with pytest.raises(RulesBroken) as broken:
        service.file(hana, case.key)
    assert refusals(broken.value) == {
        ("appeal_text_short", "FIT_text"),
        ("appeal_evidence_missing", "FIT_file"),
        ("appeal_kind_missing", "NEED_kind"),
    }


def test_an_appeal_without_grounds_is_refused(actor, case):
    service.save_draft(actor("hana"), case.key, None, grounds=[], statement="말만 있습니다")
    with pytest.raises(RulesBroken) as broken:
        service.file(actor("hana"), case.key)
    assert refusals(broken.value) == {("appeal_no_grounds", None)}


def test_there_is_one_appeal_for_a_decision_also_after_it_was_withdrawn(actor, case, appeal):
    service.withdraw(actor("hana"), appeal.key)
    with pytest.raises(RuleBroken) as broken:
        make.filed(actor("hana"), case)
    assert broken.value.code == "appeal_locked"


def test_a_double_click_files_once(actor, case):
    make.drafted(actor("hana"), case)
    first = service.file(actor("hana"), case.key, once_key="once")
    assert service.file(actor("hana"), case.key, once_key="once").id == first.id


def test_the_term_ends_with_its_last_working_day(actor, case):
    make.drafted(actor("hana"), case)
    last = workdays.last_day(clock.today(), 14)
    over = workdays.end_of(last)
    with pytest.raises(RuleBroken) as broken:
        service.file(actor("hana"), case.key, arrived_at=over)
    assert (broken.value.code, broken.value.values["day"]) == ("appeal_late", last.isoformat())
    in_time = over - timedelta(seconds=1)
    assert service.file(actor("hana"), case.key, arrived_at=in_time).filed_at == in_time


def test_a_colleague_may_write_but_only_the_owner_files(actor, case):
    from tests.factories.applications import a_colleague

    staff = a_colleague(actor("hana"))
    make.drafted(staff, case)
    with pytest.raises(Forbidden):
        service.file(staff, case.key)
    assert service.file(actor("hana"), case.key).state is AppealState.FILED


def test_another_firm_finds_nothing(actor, case, appeal):
    with pytest.raises(NotVisible):
        make.drafted(actor("duri"), case)
    with pytest.raises(NotVisible):
        service.withdraw(actor("duri"), appeal.key)


def test_a_stale_draft_is_refused_with_both_texts(actor, case):
    hana = actor("hana")
    seen = make.drafted(hana, case).version
    make.drafted(hana, case, text=make.TEXT + " 더 적습니다.", files=())
    grounds = [GroundDraft("FIT", GroundKind.FACT, "다른 글")]
    with pytest.raises(StaleVersion) as stale:
        service.save_draft(hana, case.key, seen, grounds=grounds, statement="")
    assert any("다른 글" in text for text in stale.value.mine.values())
    assert any("더 적습니다" in text for text in stale.value.current.values())


def test_a_draft_that_a_colleague_began_meanwhile_is_not_overwritten(actor, case):
    make.drafted(actor("hana"), case)
    with pytest.raises(StaleVersion):
        service.save_draft(
            actor("hana"), case.key, 0, grounds=[GroundDraft("FIT", GroundKind.FACT, "다른 글")], statement=""
        )


def test_files_are_kept_although_filing_fails_and_can_be_taken_out(actor, case):
    hana = actor("hana")
    row = make.drafted(hana, case, text="짧다")
    with pytest.raises(RulesBroken):
        service.file(hana, case.key)
    [kept] = session.get(Appeal, row.id).files
    service.remove_file(hana, row.key, kept.key)
    assert session.get(Appeal, row.id).files == []


def test_a_program_is_no_evidence(actor, case):
    upload = ("FIT", io.BytesIO(b"MZ..."), "run.exe", "FIT_file")
    with pytest.raises(RuleBroken) as broken:
        service.save_draft(actor("hana"), case.key, None, grounds=[], statement="", uploads=[upload])
    assert (broken.value.code, broken.value.field) == ("file_kind", "FIT_file")


def test_a_call_may_grant_more_days(actor, case):
    with transaction():
        session.add(CallPlan(call_id=case.call_id, appeal_days=30))
    assert queries.remedy_of(case).last == workdays.last_day(clock.today(), 30)


def test_an_application_that_is_not_decided_has_no_remedy(actor, context):
    application = cases.in_evaluation(actor("duri"), actor("gong"))
    assert queries.remedy_of(application) is None
    with pytest.raises(NotVisible):
        queries.own_remedy(actor("duri"), application.key)


# --- the operator -------------------------------------------------------------------------------------------


def test_a_supplement_is_asked_once_and_for_a_month_at_most(actor, appeal):
    un = actor("un")
    for due in (clock.today(), clock.today() + timedelta(days=60)):
        with pytest.raises(RuleBroken) as broken:
            service.ask_supplement(un, appeal.key, MESSAGE, due)
        assert (broken.value.code, broken.value.field) == ("appeal_supplement_due", "due")
    service.ask_supplement(un, appeal.key, MESSAGE, clock.today() + timedelta(days=10))
    with pytest.raises(RuleBroken) as broken:
        service.take_up(un, appeal.key)
    assert broken.value.code == "appeal_supplement_waits"
    service.answer_supplement(actor("hana"), appeal.key, make.TEXT)
    assert session.get(Appeal, appeal.id).state is AppealState.FILED
    with pytest.raises(RuleBroken) as broken:
        service.ask_supplement(un, appeal.key, MESSAGE, clock.today() + timedelta(days=10))
    assert broken.value.code == "appeal_supplement_once"


def test_a_late_supplement_is_refused_and_the_operator_goes_on_without_it(frozen, actor, appeal):
    service.ask_supplement(actor("un"), appeal.key, MESSAGE, clock.today() + timedelta(days=2))
    frozen.tick(timedelta(days=3))
    with pytest.raises(RuleBroken) as broken:
        service.answer_supplement(actor("hana"), appeal.key, make.TEXT)
    assert broken.value.code == "appeal_supplement_late"
    service.refuse(actor("un"), appeal.key, RefusalReason.NOT_SUPPLEMENTED, make.REASON)
    assert session.get(Appeal, appeal.id).state is AppealState.REFUSED


def test_a_refusal_needs_a_ground_and_a_reason(actor, appeal):
    with pytest.raises(RuleBroken) as broken:
        service.refuse(actor("un"), appeal.key, None, make.REASON)
    assert broken.value.field == "ground"
    with pytest.raises(RuleBroken) as broken:
        service.refuse(actor("un"), appeal.key, RefusalReason.NO_GROUND, "짧다")
    assert broken.value.field == "refusal"


@pytest.mark.parametrize("name", ["hana", "pyeong", "jang", "gam"])
def test_only_an_operator_checks(name, actor, appeal):
    with pytest.raises((Forbidden, NotVisible)):
        service.take_up(actor(name), appeal.key)


# --- the fresh panel ----------------------------------------------------------------------------------------


def test_the_panel_is_drawn_from_people_who_had_no_part(actor, case, drawn):
    seated = {one.person_id for one in drawn.seats}
    assert drawn.state is AppealState.REVIEW
    assert seated & (queries.first_panel_people(case.id) | {actor("un").id}) == set()
    assert sorted(one.role for one in drawn.seats) == [SeatRole.CHAIR, SeatRole.READER, SeatRole.READER]
    assert drawn.due_on == workdays.last_day(clock.today(), 14)


def test_the_draw_can_be_done_again_to_the_byte(drawn):
    [row] = drawn.draws
    assert draw.replays(row)
    row.input = row.input.replace('"number":1', '"number":2')
    assert not draw.replays(row)


def test_somebody_with_a_conflict_is_never_drawn(actor, case):
    supplier = case.member.organisation_id
    for n in range(5):
        cases.an_evaluator(f"한식구{n}", organisation_id=case.organisation_id)
        cases.an_evaluator(f"공급식구{n}", organisation_id=supplier)
    found = make.under_review(actor("un"), make.filed(actor("hana"), case))
    parties = {case.organisation_id, supplier}
    assert [one.person.organisation_id in parties for one in found.seats] == [False] * 3


def test_a_pool_that_is_too_small_says_so_and_seats_nobody(actor, case):
    for person in session.scalars(sa.select(Person).where(Person.name.like("다시%위원"))):
        person.active = False
    session.commit()
    found = make.under_review(actor("un"), make.filed(actor("hana"), case))
    assert (found.state, found.seats) == (AppealState.ADMITTED, [])
    assert (found.draw_problem, found.draw_values) == ("appeal_draw_none", {"found": 1, "needed": 2})
    cases.an_evaluator("새위원")
    service.draw_again(actor("un"), found.key)
    make.worked()
    assert session.get(Appeal, found.id).state is AppealState.REVIEW


def test_a_recusal_ends_the_rights_and_another_person_is_drawn(case, drawn):
    seat = make.opened(make.readers_of(drawn)[0])
    gone = make.actor_of(seat)
    assert grants.has(gone, "application", case.id, "review")
    judging.recuse(gone, seat, RecusalReason.ADVICE)
    make.worked()
    found = session.get(Appeal, drawn.id)
    assert not grants.has(gone, "application", case.id, "review")
    assert len(make.readers_of(found)) == 2
    assert gone.id not in {one.person_id for one in make.readers_of(found)}
    assert make.drawn_again(found)
    with pytest.raises(NotVisible):
        judging.open_seat(gone, session.get(AppealSeat, seat.id), no_conflict=True)


def test_a_conflict_found_at_the_opening_frees_the_seat(case, drawn):
    seat = make.readers_of(drawn)[0]
    who = make.actor_of(seat)
    session.get(Person, who.id).organisation_id = case.organisation_id
    session.commit()
    with pytest.raises(RuleBroken) as broken:
        judging.open_seat(make.actor_of(seat), seat, no_conflict=True)
    assert broken.value.code == "appeal_seat_barred"
    make.worked()
    assert session.get(AppealSeat, seat.id).state is SeatState.BARRED
    assert who.id not in {one.person_id for one in make.readers_of(session.get(Appeal, drawn.id))}


def test_only_who_is_late_can_be_replaced(actor, drawn):
    with pytest.raises(RuleBroken) as broken:
        service.replace(actor("un"), drawn.key, make.readers_of(drawn)[0].key)
    assert broken.value.code == "appeal_seat_not_late"


def test_silence_frees_the_seat_and_somebody_else_is_drawn(frozen, drawn):
    cases.an_evaluator("다시4위원")
    first = {one.person_id for one in make.readers_of(drawn)}
    frozen.tick(timedelta(days=17))
    assert judging.free_silent() == 0
    frozen.tick(timedelta(days=8))
    assert judging.free_silent() == 2
    make.worked()
    now = {one.person_id for one in make.readers_of(session.get(Appeal, drawn.id))}
    assert (len(now), now & first) == (2, set())


# --- judging and deciding -----------------------------------------------------------------------------------


def test_nobody_writes_before_the_declaration(drawn):
    seat = make.readers_of(drawn)[0]
    with pytest.raises(RuleBroken) as broken:
        judging.save(make.actor_of(seat), seat, None, {"FIT": {"points": 20, "comment": make.TEXT}})
    assert broken.value.code == "appeal_not_opened"
    with pytest.raises(RuleBroken) as broken:
        judging.open_seat(make.actor_of(seat), seat, no_conflict=False)
    assert broken.value.field == "no_conflict"


def test_an_opinion_names_what_it_lacks(drawn):
    seat = make.opened(make.readers_of(drawn)[0])
    who = make.actor_of(seat)
    with pytest.raises(RuleBroken) as broken:
        judging.save(who, seat, None, {"FIT": {"points": 26, "comment": ""}})
    assert (broken.value.code, broken.value.field) == ("appeal_points_range", "FIT_points")
    judging.save(who, seat, None, {"FIT": {"points": 20, "comment": "짧다"}})
    with pytest.raises(RulesBroken) as broken:
        judging.submit(who, seat, None)
    assert refusals(broken.value) == {
        ("appeal_comment_short", "FIT_comment"),
        ("appeal_points_missing", "NEED_points"),
        ("appeal_comment_short", "NEED_comment"),
    }


def test_the_chair_waits_for_every_opinion(drawn):
    make.judged(make.readers_of(drawn)[0])
    with pytest.raises(RuleBroken) as broken:
        make.ruled(session.get(Appeal, drawn.id))
    assert broken.value.code == "appeal_opinions_open"


def test_an_appeal_that_is_upheld_overturns_the_decision(case, reviewed):
    """66 points; NEED from 9.9 to 13.5 and FIT from 16.5 to 22.5 make 75.6."""
    first = evaluation.decision_of(case.id)
    row = make.ruled(reviewed)
    now = evaluation.decision_of(case.id)
    assert (row.ruling, row.total_before, row.total_after) == (Ruling.UPHELD, 66.0, 75.6)
    assert (now.sequence, now.cause, now.outcome, now.total) == (2, Cause.APPEAL, Outcome.SELECTED, 75.6)
    assert (first.superseded_at is not None, now.tier) == (True, first.tier)
    assert session.get(Application, case.id).status is Status.SELECTED


def test_a_part_may_be_accepted(case, reviewed):
    row = make.ruled(reviewed, ["FIT"], Outcome.RESERVE)
    assert (row.ruling, row.total_after) == (Ruling.PARTLY, 72.0)
    assert session.get(Application, case.id).status is Status.RESERVE


def test_a_part_that_does_not_reach_the_pass_mark_changes_the_points_alone(case, reviewed):
    with pytest.raises(RulesBroken) as broken:
        make.ruled(reviewed, ["NEED"], Outcome.SELECTED)
    assert refusals(broken.value) == {("appeal_outcome_below", "outcome")}
    row = make.ruled(reviewed, ["NEED"], Outcome.REJECTED)
    assert (row.total_after, evaluation.decision_of(case.id).total) == (69.6, 69.6)
    assert session.get(Application, case.id).status is Status.REJECTED


def test_a_dismissed_appeal_leaves_the_decision_as_it_is(case, reviewed):
    first = evaluation.decision_of(case.id)
    with pytest.raises(RulesBroken) as broken:
        make.ruled(reviewed, [], Outcome.SELECTED)
    assert refusals(broken.value) == {("appeal_outcome_needs_ground", "outcome")}
    assert make.ruled(reviewed, [], Outcome.REJECTED).ruling is Ruling.DISMISSED
    assert evaluation.decision_of(case.id).id == first.id


def test_nobody_is_worse_off_for_having_appealed(drawn):
    for seat in make.readers_of(drawn):
        make.judged(seat, FIT=5, NEED=2)
    found = session.get(Appeal, drawn.id)
    with pytest.raises(RulesBroken) as broken:
        make.ruled(found, ["FIT"], Outcome.REJECTED)
    assert refusals(broken.value) == {("appeal_not_raised", "accepted")}
    row = make.ruled(found, [], Outcome.REJECTED)
    assert (row.total_before, row.total_after) == (66.0, 66.0)


def test_the_reason_must_say_something(reviewed):
    with pytest.raises(RulesBroken) as broken:
        make.ruled(reviewed, reason="짧다")
    assert refusals(broken.value) == {("appeal_text_short", "reason")}


def test_the_decision_of_an_appeal_is_final(actor, case, reviewed):
    make.ruled(reviewed, ["NEED"], Outcome.REJECTED)
    with pytest.raises(RuleBroken) as broken:
        make.drafted(actor("hana"), session.get(Application, case.id))
    assert broken.value.code == "appeal_final"


def test_files_go_back_after_the_decision(case, reviewed):
    row = make.ruled(reviewed)
    for seat in row.seats:
        who = make.actor_of(seat)
        assert not grants.has(who, "application", case.id, "review")
        assert not grants.has(who, "application", case.id, "decide")
        with pytest.raises(NotVisible):
            queries.by_key(who, row.key)


def test_a_second_click_decides_once(reviewed):
    seat = make.opened(make.chair_of(reviewed))
    who = make.actor_of(seat)
    given = {"accepted": ("FIT", "NEED"), "outcome": Outcome.SELECTED, "reason": make.REASON, "once_key": "twice"}
    first = judging.decide(who, seat, **given)
    assert judging.decide(who, seat, **given).new_decision_id == first.new_decision_id


def test_the_first_chair_can_neither_sit_nor_decide(actor, reviewed):
    jang = actor("jang")
    assert make.seat_of(reviewed, jang.id) is None
    with pytest.raises(NotVisible):
        judging.decide(jang, make.chair_of(reviewed), accepted=(), outcome=Outcome.REJECTED, reason=make.REASON)


def test_a_withdrawn_application_ends_its_appeal_and_the_rights(case, drawn):
    seat = make.opened(make.readers_of(drawn)[0])
    with transaction():
        service.on_application_withdrawn(case.id)
    assert session.get(Appeal, drawn.id).state is AppealState.WITHDRAWN
    assert not grants.has(make.actor_of(seat), "application", case.id, "review")


def test_the_firm_gets_one_letter_whoever_is_drawn(actor, drain, case, appeal):
    drain()
    service.take_up(actor("un"), appeal.key)
    sent = drain()
    to_firm = [one.subject.split(" (")[0] for one in sent if one.to == "hana@example.kr"]
    assert to_firm == ["이의신청을 재검토합니다"]
    assert len(sent) == 4  # the firm, two readers, the chair
    assert [one for one in sent if "하나정밀" in one.body and one.to != "hana@example.kr"] == []


def test_every_step_that_the_firm_is_told_of_is_a_letter(actor, drain, case, appeal):
    from portal.letters.models import Letter
    from portal.letters.rules import LetterKind

    found = make.under_review(actor("un"), appeal)
    for seat in make.readers_of(found):
        make.judged(seat, mark="편지표시")
    make.ruled(session.get(Appeal, appeal.id))
    drain()
    rows = session.scalars(sa.select(Letter).order_by(Letter.id)).all()
    about = [row for row in rows if (row.about or "").startswith("appeal:")]
    assert [row.kind for row in about] == [LetterKind.APPEAL_RECEIVED, LetterKind.APPEAL_UPHELD]
    assert all(row.is_sent for row in about)
    text = str(about[-1].content_kept)
    assert ("편지표시" in text, "75.6" in text, make.REASON in text) == (True, True, True)
    assert [one.person.name for one in found.seats if one.person.name in text] == []


def test_who_is_removed_from_the_pool_leaves_the_appeal(drawn):
    cases.an_evaluator("다시4위원")
    seat = make.opened(make.readers_of(drawn)[0])
    with transaction():
        judging.on_evaluator_removed(seat.person_id)
    make.worked()
    found = session.get(Appeal, drawn.id)
    assert seat.person_id not in {one.person_id for one in make.readers_of(found)}
    assert len(make.readers_of(found)) == 2


def test_a_conflict_that_comes_up_later_frees_the_seat_at_night(case, drawn):
    cases.an_evaluator("다시4위원")
    seat = make.opened(make.readers_of(drawn)[0])
    session.get(Person, seat.person_id).organisation_id = case.organisation_id
    session.commit()
    assert (judging.recheck(), judging.recheck()) == (1, 0)
    assert session.get(AppealSeat, seat.id).state is SeatState.BARRED


def test_the_monitoring_counts_rulings_and_reversals(actor, reviewed):
    from portal.scoring import monitoring

    make.ruled(reviewed)
    make.worked()
    found = monitoring.figures(actor("un"), clock.kst(clock.now()).strftime("%Y-%m"))
    assert found["appeals"] == {"upheld": 1, "partly": 0, "dismissed": 0, "reversed": 1}


def test_in_a_ranked_call_the_turn_decides_what_an_upheld_appeal_becomes(actor, people):
    """One place: the first is selected; the second is rejected with 66, passes on appeal, and waits for its turn."""
    from types import SimpleNamespace

    from portal.applications import service as applications
    from tests.factories import selection as ranked

    hana, duri = actor("hana"), actor("duri")
    call = ranked.a_ranked_call(budget=ranked.SUBSIDY)
    world = SimpleNamespace(actor=actor)
    [best] = ranked.finalised(world, call, [0.9], [hana])
    [low] = ranked.finalised(world, call, [0.66], [duri], recommended=False)
    ranked.approved(actor("un"), call)
    assert ranked.outcomes([best, low]) == ["selected", "rejected"]
    appeal = make.under_review(actor("un"), make.filed(duri, session.get(Application, low.id)))
    for seat in make.readers_of(appeal):
        make.judged(seat)
    appeal = session.get(Appeal, appeal.id)
    with pytest.raises(RulesBroken) as broken:
        make.ruled(appeal, outcome=Outcome.SELECTED)
    assert refusals(broken.value) == {("appeal_outcome_turn", "outcome")}
    make.ruled(appeal, outcome=Outcome.RESERVE)
    assert ranked.outcomes([best, low]) == ["selected", "reserve"]
    applications.withdraw(hana, best.key)
    make.worked()
    assert ranked.outcomes([low]) == ["selected"]
