"""The index that all workers share: nothing is found that is gone, everything that was committed is."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.base import clock
from portal.base.access import ANONYMOUS, SYSTEM
from portal.base.db import session
from portal.directory import searching, shelf, suspension
from portal.directory.facets import Layout
from portal.directory.models import ListingChange, SearchFile
from portal.directory.oversight import SuspensionGround
from portal.directory.queries import Names
from portal.directory.searching import Asked


@pytest.fixture
def found(inside):
    """What anybody finds, as names; total; and the count of those with capacity."""

    def search(text="", **chosen):
        def look():
            page = searching.search(ANONYMOUS, Asked(text, {name: tuple(codes) for name, codes in chosen.items()}))
            free = [value.count for value in page.facets["capacity"]]
            return [row.name for row in page.page.items], page.page.total, free

        return inside(look)

    return search


def test_a_built_file_answers_like_the_first_reading_and_follows_changes(found, inside, make):
    for number in range(3):
        make.approved_listing(name=f"합성 {number}", description="옻칠 공정")
    before = found("옻칠")
    file = inside(lambda: shelf.build().name)
    assert found("옻칠") == before == (["합성 0", "합성 1", "합성 2"], 3, [3])
    last = make.approved_listing(name="합성 3", description="옻칠 공정", open_slots=0)
    assert found("옻칠")[1:] == (4, [3])
    make.draft_listing(last.organisation_id, description="나전 공정")
    assert (found("옻칠")[1], found("나전")[0]) == (3, ["합성 3"])
    assert inside(lambda: session.scalar(sa.select(SearchFile.name))) == file


def test_a_suspended_supplier_is_gone_from_lists_and_counts_at_once_and_comes_back(found, inside, make):
    kept, gone = make.approved_listing(name="가온 (합성)"), make.approved_listing(name="나래 (합성)")
    inside(shelf.build)
    inside(
        lambda: suspension.suspend(
            SYSTEM, gone.id, ground=SuspensionGround.FALSE_FACTS, detail="합성 상세: 사실과 다릅니다"
        )
    )
    assert found("MES") == found() == (["가온 (합성)"], 1, [1])
    assert kept.id != gone.id
    inside(lambda: suspension.lift(SYSTEM, gone.id, "합성 이유: 바로잡음"))
    assert found("MES")[1:] == (2, [2])


def test_another_worker_follows_too_and_a_late_commit_is_not_missed(found, inside, make):
    """Two processes are two shelves: the second one reads the changes by itself, also one with a lower number."""
    make.approved_listing(name="가온 (합성)")
    inside(shelf.build)
    found()
    other = dict(shelf._shelves)
    make.approved_listing(name="나래 (합성)")
    assert found("MES")[1] == 2
    late = next(iter(other.values()))
    late.top += 100  # it has seen numbers that were given later and committed earlier
    shelf._shelves.clear()
    shelf._shelves.update(other)
    assert found("MES")[1] == 2


def test_the_file_is_built_when_it_is_of_another_day_lost_or_far_behind(inside, make, monkeypatch):
    make.approved_listing()
    layout = inside(lambda: Layout(Names()))

    def needed(days=0):
        return inside(lambda: shelf.needs_building(Layout(Names()), clock.today() + timedelta(days=days)))

    assert needed()
    assert inside(shelf.build_if_needed) and not inside(shelf.build_if_needed)
    assert (needed(), needed(days=1)) == (False, True)
    monkeypatch.setattr(shelf, "MANY_CHANGES", 0)
    with clock.freeze(clock.now() + timedelta(seconds=90)):
        make.approved_listing(name="나래 (합성)")
        assert needed()
        inside(lambda: shelf.build(layout))
    for path in inside(shelf._folder).glob("listings-*"):
        path.unlink()
    assert needed()


def test_a_lost_or_broken_file_costs_time_and_no_answer(found, inside, make):
    make.approved_listing(name="가온 (합성)")
    inside(shelf.build)
    for path in inside(shelf._folder).glob("listings-*"):
        path.write_bytes(path.read_bytes()[:100])
    shelf.forget()
    assert found("MES") == (["가온 (합성)"], 1, [1])


def test_old_changes_are_forgotten_with_a_new_file(inside, make):
    with clock.freeze(clock.now() - timedelta(days=2)):
        make.approved_listing()
    assert inside(lambda: session.scalar(sa.select(sa.func.count()).select_from(ListingChange))) > 0
    inside(shelf.build)
    assert inside(lambda: session.scalar(sa.select(sa.func.count()).select_from(ListingChange))) == 0
