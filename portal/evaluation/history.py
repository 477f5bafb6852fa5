"""The states of a review that counted, kept as they were: own score locked, submitted, revised with a reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from portal.base.db import session
from portal.evaluation.models import Review, ReviewVersion
from portal.evaluation.rules import VersionCause


def keep(review: Review, cause: VersionCause, reason: str = "") -> ReviewVersion:
    """Add the review as it stands now; inside the transaction that brought it there. reason: why it was revised."""
    last = session.scalar(sa.select(sa.func.max(ReviewVersion.sequence)).where(ReviewVersion.review_id == review.id))
    row = ReviewVersion(
        review_id=review.id,
        sequence=(last or 0) + 1,
        cause=cause,
        items=dict(review.items),
        scores=dict(review.scores),
        comment=review.comment or "",
        own_tier=review.own_tier,
        final_tier=review.final_tier,
        total=review.total,
        reason=reason,
        tier_reason=review.reason or "",
    )
    session.add(row)
    session.flush()
    return row


def versions_of(review_ids: Collection[int]) -> Mapping[int, Sequence[ReviewVersion]]:
    """The kept states of several reviews, the first one first. Who calls has checked the right to read them."""
    found: dict[int, list[ReviewVersion]] = {one: [] for one in review_ids}
    rows = sa.select(ReviewVersion).where(ReviewVersion.review_id.in_(found)).order_by(ReviewVersion.sequence)
    for row in session.scalars(rows):
        found[row.review_id].append(row)
    return found
