"""A call for suppliers of one field: only those verified in it can be named, and their share is counted."""

from dataclasses import replace

import pytest

from portal.applications import export, participation, queries, service
from portal.applications.completeness import problems_of
from portal.applications.parts import Part
from portal.base import clock
from portal.base.access import SYSTEM, RuleBroken, RulesBroken
from portal.directory.oversight import Mark
from portal.directory.verification import end
from portal.matching import queries as matching
from portal.programmes import service as programmes
from portal.programmes.rules import SupplierTrack
from tests.factories import applications as make
from tests.factories import directory as suppliers
from tests.factories.profiles import complete_profile


def test_only_a_verified_supplier_can_be_named_and_the_share_is_counted(app, actor):
    with app.app_context():
        hana, gong, un = actor("hana"), actor("gong"), actor("un")
        call = make.a_call(track=SupplierTrack.AI)
        complete_profile(hana)
        listing = make.a_listing(gong)
        draft = service.start(hana, call.key)
        assert queries.suppliers(hana, "", 10, Mark.AI) == []
        with pytest.raises(RuleBroken) as refused:
            service.save_part(hana, draft.key, Part.PARTNER, {"supplier": listing.key})
        assert (refused.value.code, refused.value.field) == ("supplier_lacks_mark", "supplier")
        mark = suppliers.mark(listing, Mark.AI)
        assert [one.id for one in queries.suppliers(hana, "", 10, Mark.AI)] == [listing.id]
        service.save_part(hana, draft.key, Part.PARTNER, {"supplier": listing.key})
        application = queries.own(hana, draft.key)
        assert problems_of(Part.PARTNER, queries.filled(application)) == []
        assert matching.need_of(hana.organisation_id).required == {Mark.AI}
        end(un, mark.key, "합성 사유")
        assert [one.code for one in problems_of(Part.PARTNER, queries.filled(application))] == ["supplier_lacks_mark"]


def test_the_share_counts_what_was_handed_in(app, actor):
    with app.app_context():
        hana, gong = actor("hana"), actor("gong")
        suppliers.mark(make.a_listing(gong), Mark.AI)
        make.submitted(hana, supplier=gong)
        ai, twin = participation.figures(actor("un"), clock.today())
        assert (ai.whole.total, ai.whole.marked, ai.own_calls.total, ai.suppliers) == (1, 1, 0, 1)
        assert (twin.whole.total, twin.whole.marked) == (1, 0)
        assert (
            participation.figures(replace(hana, roles=frozenset({"operator_region"}), region="busan"), clock.today())[
                0
            ].whole.total
            == 0
        )
        assert export.share_workbook([ai, twin])[:2] == b"PK"


def test_a_published_call_keeps_its_track(app):
    with app.app_context():
        call = make.a_call(track=SupplierTrack.AI)
        with pytest.raises(RulesBroken) as fixed:
            programmes.edit_call(SYSTEM, call, replace(call.facts, track=None), call.version)
        assert [(one.code, one.field) for one in fixed.value.broken] == [("call_track_fixed", "track")]
