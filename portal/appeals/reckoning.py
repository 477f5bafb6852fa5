"""An appeal's figures: what the first evaluation gave, what the new readers give, and the total that follows.

On an accepted criterion the new readers' mean takes the place of every first evaluator's points; everything else stays
as it was, and the total is added up by the same score sheet in the same way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from portal.appeals import queries, rules
from portal.appeals.models import Appeal
from portal.appeals.rules import SeatRole, SeatState
from portal.base.words import Words
from portal.evaluation import queries as evaluation
from portal.evaluation import rubric, sidebyside
from portal.evaluation.models import Panel
from portal.evaluation.rubric import Criterion, Rubric
from portal.selection import queries as selection


@dataclass(frozen=True)
class Line:
    """One criterion. before: mean of the first evaluation, None where it did not apply; comments: what that evaluation
    said, in no order of persons; given: points of the new readers by pseudonym; after: their mean."""

    criterion: Criterion
    before: float | None
    comments: tuple[str, ...]
    given: Mapping[str, float]
    said: Mapping[str, str]
    after: float | None

    @property
    def is_raised(self) -> bool:
        return self.before is not None and self.after is not None and self.after > self.before


@dataclass(frozen=True)
class Reckoning:
    """What follows from accepting some criteria. total: 0–100; below: critical criteria under their floor."""

    total: float
    below: tuple[str, ...]
    passes: bool


def sheet_of(appeal: Appeal) -> Rubric:
    return sheet_of_application(appeal.application_id)


def sheet_of_application(application_id: int) -> Rubric:
    return rubric.load(evaluation.panel_of(application_id).rubric)


def title(sheet: Rubric, code: str) -> Words:
    return sheet.criterion(code).title


def first_lines(application_id: int) -> list[Line]:
    """Every criterion as the first evaluation left it."""
    sides = sidebyside.side_by_side(evaluation.panel_of(application_id))
    return [_line(line, sides.voices, {}, {}) for line in sides.lines]


def lines(appeal: Appeal) -> list[Line]:
    """Every criterion of the score sheet, with what submitted opinions say of the contested ones."""
    sides = sidebyside.side_by_side(evaluation.panel_of(appeal.application_id))
    seats = [
        one for one in queries.seats_of(appeal, SeatRole.READER) if one.state is SeatState.SUBMITTED and one.pseudonym
    ]
    seats.sort(key=lambda one: one.pseudonym)
    found = []
    for line in sides.lines:
        code = line.criterion.code
        words = {one.pseudonym: one.given[code] for one in seats if code in one.given}
        points = {letter: word.points for letter, word in words.items() if word.points is not None}
        found.append(_line(line, sides.voices, points, {letter: word.comment for letter, word in words.items()}))
    return found


def _line(
    line: sidebyside.CriterionLine,
    voices: Collection[sidebyside.Voice],
    points: Mapping[str, float],
    said: Mapping[str, str],
) -> Line:
    return Line(
        criterion=line.criterion,
        before=line.mean,
        comments=tuple(sorted(filter(None, (voice.comments.get(line.criterion.code) for voice in voices)))),
        given=points,
        said=said,
        after=round(sum(points.values()) / len(points), 2) if points else None,
    )


def reckon(panel: Panel, raised: Mapping[str, float], standing: float) -> Reckoning:
    """The total when these criteria are judged anew.

    raised  : criterion → points of the new readers
    standing: the total that stands; what comes out is never below it (불이익변경금지)
    """
    sides = sidebyside.side_by_side(panel)
    sheet = sides.rubric
    totals, below = [], []
    for voice in sides.voices:
        if not voice.counts:
            continue  # the highest and the lowest of five stay out, as they were
        points = {code: raised.get(code, given) if given is not None else None for code, given in voice.points.items()}
        totals.append(sheet.result(points).total)
    for line in sides.lines:
        mean = raised.get(line.criterion.code, line.mean)
        if line.criterion.critical and mean is not None and mean < line.criterion.floor(sheet.critical_floor_ratio):
            below.append(line.criterion.code)
    total = max(round(sum(totals) / len(totals), 2), standing) if raised and totals else standing
    return Reckoning(total, tuple(below), total >= sheet.pass_points and not below)


def basis(appeal: Appeal, accepted: Collection[str], *, lock: bool = False) -> tuple[rules.Judged, Reckoning]:
    """What the chair decides on, for this choice of accepted criteria. lock: the call's ranking waits for the decision."""
    panel = evaluation.panel_of(appeal.application_id)
    standing = evaluation.decision_of(appeal.application_id)
    found = {line.criterion.code: line for line in lines(appeal)}
    contested = [code for code in appeal.contested if code in found]
    taken = {code: found[code].after for code in contested if code in accepted and found[code].is_raised}
    reckoned = reckon(panel, taken, standing.total)
    turn = selection.outcome_on_appeal(appeal.application_id, reckoned.total, standing.tier, lock=lock)
    judged = rules.Judged(
        contested=frozenset(contested),
        raised=frozenset(code for code in contested if found[code].is_raised),
        titles={code: found[code].criterion.title for code in contested},
        total=reckoned.total,
        pass_points=rubric.load(panel.rubric).pass_points,
        passes=reckoned.passes,
        now=standing.outcome,
        turn=turn,
    )
    return judged, reckoned


def gains(appeal: Appeal) -> dict[str, float]:
    """Raised criterion → points that accepting it alone adds to the total."""
    panel, standing = evaluation.panel_of(appeal.application_id), evaluation.decision_of(appeal.application_id)
    return {
        line.criterion.code: round(
            reckon(panel, {line.criterion.code: line.after}, standing.total).total - standing.total, 2
        )
        for line in lines(appeal)
        if line.is_raised and appeal.ground(line.criterion.code)
    }
