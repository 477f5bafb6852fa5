"""Handing in: once, in time, complete; frozen afterwards."""

from tests.factories import applications as make


def test_submit_gives_a_number_and_freezes(actor):
    from portal.applications import queries

    hana = actor("hana")
    application = make.submitted(hana, supplier=actor("gong"))
    assert application.number.endswith("-AUTOM-00001")
    assert len(queries.snapshots(application)) == 1
