"""How far suppliers of manufacturing AI and digital twins take part: what applications name, by track and by call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa

from portal.applications import queries
from portal.applications.models import Application, ConsortiumMember
from portal.applications.rules import Status
from portal.applications.tracks import MARK_OF
from portal.base import clock
from portal.base.access import SYSTEM, Actor
from portal.base.db import session
from portal.base.words import Words
from portal.directory import marks
from portal.directory import queries as directory
from portal.directory.models import Listing
from portal.programmes.models import Call
from portal.programmes.rules import SupplierTrack


@dataclass(frozen=True)
class Share:
    """Of `total` applications that name a supplier, `marked` name one with the mark; of those selected likewise."""

    total: int
    marked: int
    selected: int
    selected_marked: int

    @property
    def ratio(self) -> float | None:
        return self.marked / self.total if self.total else None

    @property
    def selected_ratio(self) -> float | None:
        return self.selected_marked / self.selected if self.selected else None


@dataclass(frozen=True)
class CallShare:
    title: Words
    key: str
    is_own_track: bool
    share: Share


@dataclass(frozen=True)
class TrackFigures:
    """One field. suppliers: public ones that hold the mark of all public ones; calls: only those that name it."""

    track: SupplierTrack
    suppliers: int
    all_suppliers: int
    whole: Share
    own_calls: Share
    other_calls: Share
    calls: Sequence[CallShare]

    @property
    def supplier_ratio(self) -> float | None:
        return self.suppliers / self.all_suppliers if self.all_suppliers else None


def figures(actor: Actor, since: date) -> list[TrackFigures]:
    """The fields one after the other, out of the applications handed in since a day that the actor may read.

    Notes: the marks are those of today; a withdrawn application does not count
    """
    rows = session.execute(
        queries.visible_to(actor)
        .join(ConsortiumMember, ConsortiumMember.application_id == Application.id)
        .join(Call, Call.id == Application.call_id)
        .where(
            Application.submitted_at >= clock.from_kst(datetime.combine(since, time())),
            Application.status != Status.WITHDRAWN,
        )
        .with_only_columns(Application.call_id, Application.status, ConsortiumMember.organisation_id)
    ).all()
    calls = {
        row.id: row
        for row in session.scalars(sa.select(Call).where(Call.id.in_({row.call_id for row in rows}))).unique()
    }
    public = directory.public(SYSTEM).with_only_columns(Listing.id)
    all_suppliers = session.scalar(sa.select(sa.func.count()).select_from(public.subquery())) or 0
    return [_track(track, rows, calls, public, all_suppliers) for track in SupplierTrack]


def _track(
    track: SupplierTrack, rows: Sequence[Any], calls: dict[int, Call], public: sa.Select[Any], every: int
) -> TrackFigures:
    holding = marks.holding(MARK_OF[track], clock.today())
    held = frozenset(session.scalars(sa.select(Listing.organisation_id).where(Listing.id.in_(holding))))
    count = session.scalar(sa.select(sa.func.count()).select_from(public.where(Listing.id.in_(holding)).subquery()))
    own = [row for row in rows if calls[row.call_id].track is track]
    other = [row for row in rows if calls[row.call_id].track is not track]
    by_call: dict[int, list[Any]] = {}
    for row in rows:
        by_call.setdefault(row.call_id, []).append(row)
    lines = [
        CallShare(calls[call].title, calls[call].key, calls[call].track is track, _share(found, held))
        for call, found in by_call.items()
    ]
    lines.sort(key=lambda line: (not line.is_own_track, -(line.share.ratio or 0), -line.share.total, line.key))
    return TrackFigures(track, count or 0, every, _share(rows, held), _share(own, held), _share(other, held), lines)


def _share(rows: Sequence[Any], held: frozenset[int]) -> Share:
    chosen = [row for row in rows if row.status is Status.SELECTED]
    return Share(
        total=len(rows),
        marked=sum(row.organisation_id in held for row in rows),
        selected=len(chosen),
        selected_marked=sum(row.organisation_id in held for row in chosen),
    )
