"""평가: panels, blind review, the chair's decision, and what the firm is told afterwards.

Persons: operator (assigns, never scores), evaluator (reviews), chair (decides, never scores), the firm (reads the
outcome). Words: Panel 평가위원회, Assignment 배정, Review 평가의견, Decision 결정, Rubric 배점표, 위원 A·B pseudonyms.
An assignment goes ASSIGNED → OPENED (declared: no conflict) → SUBMITTED, or RECUSED; a review is a draft, then its own
score is locked and the machine's suggestion shows, then it is submitted.
Extra rooms: `rubric` (the score sheet, from data/rubric or published by operators), `chairing` and `staffing` (views of the chair and of the
operator; `views` holds those of the evaluator and the firm). Readings beside `queries` (who sees what): `seating` (the
operator's panels and plan), `queues` (an evaluator's cases), `casefile` (one case), `sidebyside` (what the chair decides
on), `outcome` (what the firm is told).
Assignment: `assignment` and `affinity` (the solver and how well people fit: numpy, the worker's alone), `drawing` (a frozen
question in, a plan out, to the byte), `lots` (words and verdicts), `draw` (ask, plan, carry out, draw freed seats again),
`draws` (readings), `lateness` (silence, reviews that lie apart), `work` (the worker's part), `assigning` and `proving`
(screens of the operator and of the auditor). A draw goes ASKED → RUNNING → PLANNED → SEATING → CONFIRMED.
Impartiality: `conflicted` (the parties and ties of cases, handed to `conflicts`), `declaring` (what is asked before a file
opens), `rechecking` (the nightly search), `objecting` (기피 of firms), `findings` (all that was found), `conflict_desk`.
Around the evaluation: `fairness` (pure rules), `records` (an evaluator's figures), `certificates`, `ratings` (역평가 by
firms), `pressure` (reports of solicitation), `leaving` (seats of who left the pool), `standing` (their views).
The chair's acts: `deciding`. Reviews: `history` (every state that counted), `consensus` (the panel's meeting, revisions), `takeaway` (the offline sheet),
`disagreement` (how far judges lie apart, pure), `severity` (how strict they are: numpy, the worker's alone) with
`calibration` (kept and read), `drafting` (new versions of a score sheet); views: the four rooms that end in `_desk`.

Phases are rows of a call: `phases` (pure: kinds, what each shows, the plan), `plans` (reading them), `phasing` (setting a
plan, moving and waiving), `masking` (names hidden or not), `reading` (cases read without a review), `rights` (grants of a
seat), `visits` with `checklist` and `pictures`, `presentations`, `schedule` (what the firm knows of its way); their screens
are `planning` and `meetings`, their forms `phase_forms`. An application in evaluation is WRITTEN → SITE → PRESENT.

Decisions are a history: the newest row of an application counts, and `deciding.decide_again` is the one way to add one.

Events: `evaluator.assigned` (assignment_id), `evaluator.recused` (assignment_id), `review.submitted` (application_id,
assignment_id), `decision.made` and, for each later one, `decision.changed` (application_id, decision_id). It follows
`second_reader.called` of `scoring`: the panel then needs one evaluator more where it has too few; and `evaluator.removed`
of `evaluators`: the seats become free. `pressure.reported` and `pressure.closed` (report_id) lead to letters.
`panel.widened` (application_id, reason) and `evaluator.recused` lead to a draw of the portal's own; `draw.carried_out`
(draw_id) to one letter for each evaluator.
`phase.entered` (application_id, kind), `visit.planned`, `presentation.booked` and `presentation.cancelled` (application_id,
booking_id) lead to letters of day and place. It follows `application.accepted`: a waived written review is passed over.
`consensus.convened` (consensus_id) leads to letters, `severity.asked` (run_id) to a calibration; `review.revised`
(application_id, assignment_id) to nothing yet.
`objection.answered` of `conflicts` leads to one too, and to a new look at the panel.
"""

from __future__ import annotations

from flask import Blueprint

from portal.base.words import say
from portal.evaluation import rules
from portal.evaluation.commands import COMMANDS  # noqa: F401
from portal.web.pages import NavItem

bp = Blueprint("evaluation", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = [
    NavItem(
        say("내 평가", "My reviews"),
        "evaluation.queue",
        "evaluation:queue:read",
        order=40,
        covers=(
            "/evaluation/cases",
            "/evaluation/offline",
            "/evaluation/record",
            "/evaluation/pressure",
            "/evaluation/timetable",
            "/evaluation/others",
        ),
    ),
    NavItem(say("평가 결정", "Decisions"), "evaluation.decisions", "evaluation:decision:write", order=41),
    NavItem(
        say("평가 배정", "Assignment"),
        "evaluation.assignments",
        "evaluation:assignment:manage",
        order=42,
        covers=(
            "/operator/draws",
            "/operator/evaluation/watch",
            "/operator/cases",
            "/operator/severity",
            "/operator/rubrics",
        ),
    ),
    NavItem(
        say("이해충돌", "Conflicts"),
        "evaluation.conflicts_found",
        "evaluation:conflict:read",
        order=43,
        covers=("/operator/objections", "/operator/ties"),
    ),
    NavItem(
        say("배점표", "Score sheets"),
        "evaluation.rubrics",
        "evaluation:rubric:read",
        order=82,
        unless="evaluation:assignment:manage",  # operators come from the assignment
    ),
    NavItem(say("배정 추첨", "Draws"), "evaluation.audited_draws", "evaluation:draw:audit", order=81),
]

from portal.evaluation import (  # noqa: E402, F401  (routes attach themselves to `bp`)
    assigning,
    chairing,
    conflict_desk,
    consensus_desk,
    meetings,
    planning,
    proving,
    rubric_desk,
    schedule,
    severity_desk,
    staffing,
    standing,
    takeaway_desk,
    views,
)
