"""What the features above write down: the supplier of an application, advice of a consultation, one panel together."""

from __future__ import annotations

import sqlalchemy as sa

from portal.applications import service as applications
from portal.base import clock
from portal.base.db import session
from portal.conflicts.models import Tie
from portal.conflicts.rules import Source, TieKind
from portal.consultations import service as consultations
from portal.consultations.rules import Outcome, Topic
from tests.factories import applications as apply
from tests.factories.applications import a_listing


def ties(**facts):
    rows = session.scalars(sa.select(Tie).filter_by(**facts).order_by(Tie.id)).all()
    return [
        (one.kind, one.source, one.organisation_id or one.person_id, one.other_organisation_id, one.from_on, one.to_on)
        for one in rows
    ]


def test_a_submission_ties_the_firm_to_its_supplier_and_a_withdrawal_ends_it(actor):
    hana, gong = actor("hana"), actor("gong")
    application = apply.submitted(hana, supplier=gong)
    today = clock.today()
    tie = (TieKind.TRADES, Source.APPLICATION, hana.organisation_id, gong.organisation_id, today)
    assert ties(source=Source.APPLICATION) == [(*tie, None)]
    applications.withdraw(hana, application.key, "합성 까닭")
    assert ties(source=Source.APPLICATION) == [(*tie, today)]


def test_an_accepted_consultation_ties_both_sides_and_their_people(actor):
    hana, gong = actor("hana"), actor("gong")
    listing = a_listing(gong)
    row = consultations.request(hana, listing.key, Topic.PROPOSAL, "합성 상담 요청")
    assert ties() == []
    consultations.accept(gong, row.key)
    today = clock.today()
    assert ties(source=Source.CONSULTATION) == [
        (TieKind.ADVISED, Source.CONSULTATION, hana.organisation_id, gong.organisation_id, today, None),
        (TieKind.ADVISED, Source.CONSULTATION, hana.organisation_id, None, today, None),
        (TieKind.ADVISED, Source.CONSULTATION, gong.organisation_id, None, today, None),
    ]
    consultations.close(hana, row.key, Outcome.CONTRACT)
    consultations.close(gong, row.key, Outcome.CONTRACT)
    assert [(one[0], one[-1]) for one in ties(source=Source.CONSULTATION)] == [
        (TieKind.ADVISED, today),
        (TieKind.ADVISED, today),
        (TieKind.ADVISED, today),
        (TieKind.TRADES, None),
    ]
