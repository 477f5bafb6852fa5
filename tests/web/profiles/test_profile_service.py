"""Saving drafts, freezing versions, keeping evidence and papers; who sees what."""

import io
import json
import zipfile
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from portal.base import audit, files, grants, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion
from portal.base.db import session, transaction
from portal.profiles import queries, questionnaire, service
from portal.profiles.models import Evidence, ProfileVersion
from tests.factories.profiles import FACTS, answered, company_facts, complete_profile, evidenced, paper, pdf


def events(name):
    rows = session.scalars(sa.select(outbox.OutboxEvent).where(outbox.OutboxEvent.name == name))
    return [json.loads(row.payload) for row in rows]


def actions():
    return list(session.scalars(sa.select(audit.AuditRow.action).order_by(audit.AuditRow.id)))


@pytest.fixture
def hana(actor):
    return actor("hana")


@pytest.fixture
def duri(actor):
    return actor("duri")


# --- facts


def test_half_a_profile_is_saved(hana):
    profile = service.save_company(hana, {"ksic": "C25112"})
    assert profile.facts["ksic"] == "25112"
    assert queries.current_profile(hana).facts_saved_at is not None
    assert events("profile.changed") == [{"organisation_id": hana.organisation_id, "profile_id": profile.id}]


def test_saving_the_same_again_is_no_change(hana):
    before = company_facts(hana).version
    assert company_facts(hana).version == before
    assert len(events("profile.changed")) == 1


def test_a_stale_save_carries_both_texts(hana):
    seen = company_facts(hana).version
    company_facts(hana, products="먼저 저장")
    with pytest.raises(StaleVersion) as caught:
        service.save_company(hana, {**FACTS, "products": "나중에 저장"}, seen=seen)
    assert caught.value.mine["주요 생산품"] == "나중에 저장"
    assert caught.value.current["주요 생산품"] == "먼저 저장"
    assert queries.current_profile(hana).products == "먼저 저장"


def test_a_double_click_with_the_old_version_is_one_save(hana):
    seen = company_facts(hana).version
    facts = {**FACTS, "products": "새 제품"}
    first = service.save_company(hana, facts, seen=seen).version
    assert service.save_company(hana, facts, seen=seen).version == first


def test_the_first_save_is_not_stale_because_the_diagnosis_began_earlier(hana):
    service.save_answers(hana, "STR", {"S1": "1"}, seen=0)
    assert service.save_company(hana, FACTS, seen=0).ksic == "251"


@pytest.mark.parametrize("region", ["nowhere", "gyeonggi", "' OR 1=1 --"])
def test_an_unknown_place_is_refused(hana, region):
    with pytest.raises(RuleBroken) as caught:
        company_facts(hana, region=region)
    assert (caught.value.code, caught.value.field) == ("fact_region_unknown", "region")
    assert queries.current_profile(hana) is None


@pytest.mark.parametrize(
    "field, value, code",
    [("contact_phone", "12", "phone_invalid"), ("contact_email", "a@@b", "email_invalid")],
)
def test_contact_details_are_checked(hana, field, value, code):
    with pytest.raises(RuleBroken) as caught:
        company_facts(hana, **{field: value})
    assert (caught.value.code, caught.value.field) == (code, field)


def test_the_audit_names_fields_and_never_their_values(hana):
    company_facts(hana)
    text = "".join(session.scalars(sa.select(audit.AuditRow.detail)))
    assert "contact_phone" in text
    assert not [one for one in ("합성 담당", "+8231", "031-234", "contact@firm") if one in text]


@pytest.mark.parametrize("name", ["gong", "un", "pyeong", "gam"])
def test_who_is_no_company_writes_no_profile(actor, name):
    with pytest.raises(Forbidden):
        company_facts(actor(name))
    with pytest.raises(Forbidden):
        service.finish(actor(name))
    with pytest.raises(Forbidden):
        paper(actor(name))


# --- answers


def test_answers_are_merged_page_by_page(hana):
    service.save_answers(hana, "STR", {"S1": "3", "S2": "unsure"})
    service.save_answers(hana, "STR", {"S1": "4"})
    service.save_answers(hana, "DEV", {"D1": "na"})
    profile = queries.current_profile(hana)
    assert queries.draft_answers(profile.id) == {"S1": 4, "S2": "unsure", "D1": "na"}


def test_a_stale_page_carries_both_answers_and_changes_nothing(hana):
    seen = service.save_answers(hana, "STR", {"S1": "1"}, seen=0).sheet.version
    service.save_answers(hana, "STR", {"S1": "2"}, seen=seen)
    with pytest.raises(StaleVersion) as caught:
        service.save_answers(hana, "STR", {"S1": "5"}, seen=seen)
    title = str(questionnaire.load().items["S1"].title)
    assert (caught.value.mine[title][0], caught.value.current[title][0]) == ("5", "2")
    assert queries.draft_answers(queries.current_profile(hana).id) == {"S1": 2}


def test_colleagues_on_different_pages_do_not_meet(hana):
    service.save_answers(hana, "STR", {"S1": "1"}, seen=0)
    service.save_answers(hana, "EXE", {"E1": "1"}, seen=0)
    assert len(queries.sheets(queries.current_profile(hana).id)) == 2


def test_an_unknown_area_does_not_exist(hana):
    with pytest.raises(NotVisible):
        service.save_answers(hana, "XXX", {})


# --- evidence


def hostile(name):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 30_000_000)
    renamed = io.BytesIO()
    with zipfile.ZipFile(renamed, "w") as archive:
        archive.writestr("run.exe", b"MZ")
    return {
        "empty": (b"", "빈.pdf", "file_empty"),
        "html as pdf": (b"<html><script>alert(1)</script>", "보고서.pdf", "file_mismatch"),
        "html as text": (b"<!DOCTYPE html><script>", "로그.txt", "file_mismatch"),
        "program": (b"MZ\x90", "설치.exe", "file_kind"),
        "svg": (b"<svg onload=alert(1)>", "그림.svg", "file_kind"),
        "no name": (b"%PDF-1.4", "...", "file_name"),
        "bomb": (bomb.getvalue(), "표.xlsx", "file_bomb"),
        "renamed archive": (renamed.getvalue(), "표.xlsx", "file_mismatch"),
        "too large": (b"%PDF-1.4" + b"0" * (20 * 1024 * 1024), "큰.pdf", "file_too_large"),
    }[name]


@pytest.mark.parametrize(
    "name",
    ["empty", "html as pdf", "html as text", "program", "svg", "no name", "bomb", "renamed archive", "too large"],
)
def test_a_hostile_file_is_refused_and_the_answers_are_kept(hana, name):
    content, filename, code = hostile(name)
    good = service.Upload("S2", "photo", pdf("good"), "좋은.pdf", "file_S2")
    bad = service.Upload("S1", "screen", io.BytesIO(content), filename, "file_S1")
    saved = service.save_answers(hana, "STR", {"S1": "3", "S2": "4"}, uploads=[bad, good])
    assert [(one.code, one.field) for one in saved.refused] == [(code, "file_S1")]
    assert queries.draft_answers(queries.current_profile(hana).id) == {"S1": 3, "S2": 4}
    assert {
        code: [one.filename for one in rows] for code, rows in queries.draft_evidence(hana.organisation_id).items()
    } == {"S2": ["좋은.pdf"]}


def test_a_file_needs_its_kind_of_proof(hana):
    with pytest.raises(RuleBroken) as caught:
        evidenced(hana, "S1", tag="")
    assert caught.value.code == "evidence_tag_needed"


def test_a_file_for_another_page_is_not_taken(hana):
    with pytest.raises(NotVisible):
        service.save_answers(hana, "STR", {}, uploads=[service.Upload("E1", "screen", pdf(), "a.pdf")])


def test_the_same_content_twice_is_one_file(hana):
    first = evidenced(hana, "S1", "same", filename="a.pdf")
    again = evidenced(hana, "S1", "same", tag="log", filename="b.pdf")
    assert first.id == again.id
    assert [(one.filename, one.tag.value) for one in queries.draft_evidence(hana.organisation_id)["S1"]] == [
        ("b.pdf", "log")
    ]


def test_a_question_takes_five_files(hana):
    for number in range(5):
        evidenced(hana, "S1", str(number))
    with pytest.raises(RuleBroken) as caught:
        evidenced(hana, "S1", "one more")
    assert caught.value.code == "evidence_too_many"


def test_the_allowance_counts_everything_that_is_kept(hana, monkeypatch):
    size = evidenced(hana, "S1", "1").blob.size
    monkeypatch.setattr(service, "QUOTA_BYTES", size * 2)
    with pytest.raises(RuleBroken) as caught:
        evidenced(hana, "S2", "22")
    assert caught.value.code == "quota_full"
    with pytest.raises(RuleBroken):
        paper(hana, words="a paper that is longer than the first file")
    assert len(queries.draft_evidence(hana.organisation_id)) == 1


def test_a_removed_file_is_gone_with_its_content(hana):
    row = evidenced(hana, "S1")
    key, sha256 = row.key, row.blob.sha256
    service.remove_evidence(hana, key)
    service.remove_evidence(hana, key)  # a double click
    assert queries.evidence_by_key(hana, key) is None
    assert session.scalar(sa.select(files.Blob).where(files.Blob.sha256 == sha256)) is None


def test_content_that_another_row_names_stays(hana, duri):
    mine, theirs = evidenced(hana, "S1", "same"), evidenced(duri, "S1", "same")
    service.remove_evidence(hana, mine.key)
    assert queries.evidence_by_key(duri, theirs.key).blob.size > 0


def test_somebody_elses_file_is_not_removed(hana, duri):
    row = evidenced(hana, "S1")
    service.remove_evidence(duri, row.key)
    assert queries.evidence_by_key(hana, row.key) is not None


def test_a_frozen_file_outlives_the_draft(hana):
    version = complete_profile(hana, 3, ["S1"])
    row = version.evidence[0]
    service.remove_evidence(hana, row.key)
    assert queries.draft_evidence(hana.organisation_id) == {}
    assert queries.evidence_by_key(hana, row.key).id == row.id
    assert queries.diagnosis_snapshot(version.id)["evidence"]["S1"][0]["evidence_key"] == row.key


# --- finishing


def test_a_finished_diagnosis_holds_what_the_scorer_reads(hana):
    version = complete_profile(hana, 3, ["S1"], but={"S2": "unsure", "D1": "na", "S3": 2})
    found = queries.diagnosis_snapshot(version.id)
    assert found["answers"] == {**dict.fromkeys(questionnaire.load().codes, 3), "S2": 0, "D1": None, "S3": 2}
    assert found["unsure"] == ["S2"]
    row = version.evidence[0]
    assert found["evidence"] == {
        "S1": [{"sha256": row.blob.sha256, "filename": "화면.pdf", "tag": "screen", "evidence_key": row.key}]
    }
    assert found["instrument"] == version.instrument_version == questionnaire.load().version
    assert events("diagnosis.completed") == [{"profile_version_id": version.id}]


def test_the_facts_of_a_version_leave_the_contact_person_out(hana):
    facts = queries.facts(complete_profile(hana).id)
    assert (facts["organisation_id"], facts["ksic"], facts["pains"]) == (
        hana.organisation_id,
        "251",
        ["DEFECTS", "DELIVERY"],
    )
    assert not [name for name in facts if name.startswith("contact")]


def test_evidence_below_the_level_that_needs_it_is_not_handed_on(hana):
    version = complete_profile(hana, 2, ["S1"])
    assert queries.diagnosis_snapshot(version.id)["evidence"] == {}


def test_an_open_question_or_fact_holds_up_the_finish(hana):
    with pytest.raises(RulesBroken) as caught:
        service.finish(hana)
    assert [one.code for one in caught.value.broken] == ["diagnosis_company_needed", "diagnosis_answers_missing"]
    assert queries.current_profile(hana) is None
    assert events("diagnosis.completed") == []


def test_finishing_twice_is_one_version_and_a_change_makes_the_next(hana):
    first = complete_profile(hana)
    assert service.finish(hana).id == first.id
    before = first.snapshot
    service.save_answers(hana, "STR", {"S1": "4"})
    second = service.finish(hana)
    assert (first.number, second.number) == (1, 2)
    assert session.get(ProfileVersion, first.id).snapshot == before
    assert queries.latest_version(hana.organisation_id).id == second.id
    assert len(events("diagnosis.completed")) == 2


def test_the_same_draft_gives_the_same_bytes(hana):
    first = complete_profile(hana, 3, ["S1", "E1"])
    service.save_answers(hana, "STR", {"S1": "4"})
    service.finish(hana)
    service.save_answers(hana, "STR", {"S1": "3"})
    third = service.finish(hana)
    assert (third.number, third.sha256) == (3, first.sha256)


# --- who sees what


def seen_by(actor):
    return set(session.scalars(queries.visible_to(actor).with_only_columns(ProfileVersion.id)))


def evidence_of(actor):
    return set(session.scalars(queries.evidence_visible_to(actor).with_only_columns(Evidence.id)))


def test_a_version_is_its_companys_own(actor, hana, duri):
    mine, theirs = complete_profile(hana, 3, ["S1"]), complete_profile(duri, 3, ["S1"])
    assert seen_by(hana) == {mine.id} and seen_by(duri) == {theirs.id}
    assert not evidence_of(hana) & evidence_of(duri)
    for name in ("pyeong", "nam", "jang", "gong", "un", "gam", "anon"):
        assert seen_by(actor(name)) == set() and evidence_of(actor(name)) == set()


def test_a_grant_opens_one_version_with_its_evidence_until_it_is_taken(actor, hana, duri):
    mine = complete_profile(hana, 3, ["S1"])
    complete_profile(duri, 3, ["S1"])
    later = evidenced(hana, "S2")  # not in the version
    pyeong = actor("pyeong")
    with transaction():
        grants.give(SYSTEM, "profile_version", mine.id, "read", person_id=pyeong.id, reason="assigned")
    assert seen_by(pyeong) == {mine.id}
    assert evidence_of(pyeong) == {row.id for row in mine.evidence} and later.id not in evidence_of(pyeong)
    assert seen_by(actor("nam")) == set()
    with transaction():
        grants.take(SYSTEM, "profile_version", mine.id, "read", person_id=pyeong.id, reason="recused")
    assert seen_by(pyeong) == set() and evidence_of(pyeong) == set()


def test_operators_and_auditors_see_what_was_handed_in(actor, hana):
    first = complete_profile(hana, 3, ["S1"])
    service.save_answers(hana, "STR", {"S1": "4"})
    service.finish(hana)
    service.mark_submitted(hana, first.id)
    assert seen_by(actor("un")) == seen_by(actor("gam")) == {first.id}
    assert evidence_of(actor("un")) == {row.id for row in first.evidence}
    assert seen_by(actor("gong")) == seen_by(actor("nam")) == seen_by(actor("duri")) == set()
    near = Actor(99, frozenset({"operator_region"}), 99, "gyeonggi")
    far = Actor(98, frozenset({"operator_region"}), 98, "busan")
    assert (seen_by(near), seen_by(far)) == ({first.id}, set())


def test_only_who_sees_a_version_hands_it_in(hana, duri):
    version = complete_profile(hana)
    with pytest.raises(NotVisible):
        service.mark_submitted(duri, version.id)


def test_reading_evidence_from_outside_leaves_a_trace(actor, hana):
    row = evidenced(hana, "S1")
    service.note_evidence_read(hana, row)
    assert "evidence.read" not in actions()
    service.note_evidence_read(actor("un"), row)
    assert actions()[-1] == "evidence.read"


# --- papers


def test_a_paper_is_on_file_until_it_expires(hana, frozen):
    today = frozen.today()
    service.add_paper(hana, "national-tax-clearance", pdf(), "납세.pdf", issued_on=today)
    paper(hana, "business-registration")
    assert set(queries.papers_on_file(hana.organisation_id, today)) == {
        "national-tax-clearance",
        "business-registration",
    }
    assert set(queries.papers_on_file(hana.organisation_id, today + timedelta(days=60))) == {"business-registration"}


def test_a_newer_paper_takes_the_place_of_the_older(hana):
    first = paper(hana, words="old")
    second = paper(hana, words="new")
    assert queries.papers(hana)["business-registration"].id == second.id
    assert queries.paper_by_key(hana, first.key).withdrawn_at is not None
    assert paper(hana, words="new").id == second.id


def test_a_removed_paper_is_not_reused(hana):
    row = paper(hana)
    service.remove_paper(hana, row.key)
    service.remove_paper(hana, row.key)
    assert queries.papers_on_file(hana.organisation_id) == {}


def test_papers_are_the_companys_own(actor, hana, duri):
    row = paper(hana)
    for name in ("duri", "un", "pyeong", "gong", "gam", "anon"):
        assert queries.paper_by_key(actor(name), row.key) is None
    with pytest.raises(NotVisible):
        service.remove_paper(duri, row.key)


@pytest.mark.parametrize("kind", ["application-form", "nonsense"])
def test_only_papers_that_stay_on_file_are_kept(hana, kind):
    with pytest.raises(RuleBroken) as caught:
        paper(hana, kind)
    assert caught.value.code == "paper_unknown"


def test_an_expired_paper_is_refused(hana):
    with pytest.raises(RuleBroken) as caught:
        paper(hana, "national-tax-clearance", date(2020, 1, 1))
    assert caught.value.code == "paper_expired"


def test_answers_by_code_reach_the_draft(hana):
    answered(hana, {"S1": 5})
    found = queries.draft_answers(queries.current_profile(hana).id)
    assert (found["S1"], found["S2"], len(found)) == (5, 0, 44)
