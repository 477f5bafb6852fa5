"""Severity beside the raw totals: made in the worker, shown to operators and freed from a chair's mean, never deciding."""

import sqlalchemy as sa

from portal.base import outbox
from portal.base.access import SYSTEM
from portal.base.db import session
from portal.evaluation import calibration
from portal.evaluation.models import Severity, SeverityRun
from portal.evaluation.sidebyside import side_by_side


def made():
    calibration.ask(SYSTEM)
    while outbox.deliver_due():
        pass
    return calibration.newest()


def test_a_calibration_is_asked_once_made_by_the_worker_and_replaces_the_last(two_reviews):
    assert calibration.ask(SYSTEM).id == calibration.ask(SYSTEM).id
    assert calibration.is_waiting()
    first = made()
    assert (first.reviews, first.evaluators, calibration.is_waiting()) == (2, 2, False)
    calibration.nightly()
    assert not calibration.is_waiting()  # nothing new came in
    second = made()
    assert second.id != first.id
    assert set(session.scalars(sa.select(Severity.run_id))) == {second.id}


def test_the_raw_mean_counts_and_the_adjusted_one_stands_beside(client_as, two_reviews):
    assert side_by_side(two_reviews).adjusted is None
    raw = side_by_side(two_reviews).total
    made()
    session.execute(sa.update(Severity).values(points=5.0))
    session.commit()
    sides = side_by_side(two_reviews)
    assert (sides.total, sides.adjusted.total) == (raw, raw + 5)
    assert "엄격도를 덜면" in client_as("jang").page(f"/evaluation/decisions/{two_reviews.application.key}").text


def test_only_the_national_operator_reads_who_is_strict(client_as, actor, two_reviews):
    browser = client_as("un")
    page = browser.page("/operator/severity")
    assert "아직 계산한 값이 없습니다" in page.text
    assert browser.submit(page).status_code == 302
    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(SeverityRun)) == 1
    made()
    assert actor("pyeong").name in client_as("un").page("/operator/severity").text
    for who in ("pyeong", "jang", "hana", "gong"):
        assert client_as(who).get("/operator/severity").status_code == 403


def test_a_whole_call_at_once_gives_what_each_case_gives(two_reviews):
    assert calibration.adjusted_of_call(two_reviews.application.call_id) == {}
    made()
    session.execute(sa.update(Severity).values(points=2.0))
    session.commit()
    found = calibration.adjusted_of_call(two_reviews.application.call_id)
    assert found == {two_reviews.application_id: side_by_side(two_reviews).adjusted}
