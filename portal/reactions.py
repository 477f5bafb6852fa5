"""Every after-effect of the portal, on one screen: event → handlers.

A handler is a service function that takes the event's ids. `outbox.soon` marks those that run right after the commit;
the others run in the worker. Each takes effect exactly once, in a transaction of its own.
"""

from __future__ import annotations

from portal.advising import letters as advising
from portal.appeals import draw as appeal_draws
from portal.appeals import judging as appeal_judging
from portal.appeals import notices as appeal_notices
from portal.appeals import service as appeals
from portal.applications import letters as applications
from portal.base.outbox import Handler
from portal.consultations import fanout, meetings
from portal.consultations import letters as talks
from portal.directory import claims, ratings, suspension, verification
from portal.directory import service as directory
from portal.evaluation import (
    calibration,
    consensus,
    draw,
    lateness,
    leaving,
    objecting,
    phasing,
    presentations,
    pressure,
    rechecking,
    visits,
)
from portal.evaluation import service as evaluation
from portal.evaluators import service as evaluators
from portal.matchdays import service as matchdays
from portal.matching import service as matching
from portal.scoring import champions, contests
from portal.scoring import service as scoring
from portal.selection import notices as selection_notices
from portal.selection import service as selection
from portal.winwin import letters as winwin

EVENTS: dict[str, list[Handler]] = {
    "offer.judged": [winwin.write_judged],
    "joining.asked": [winwin.write_asked],
    "joining.answered": [winwin.write_answered],
    "advice.moved": [advising.write_moved],
    "listing.approved": [directory.tell_listing_approved],
    "listing.returned": [directory.tell_listing_returned],
    "rating.given": [ratings.tell_supplier],
    "rating.replied": [ratings.tell_company],
    "build_claim.moved": [claims.write_moved],
    "verification.judged": [verification.write_judged],
    "suspension.decided": [suspension.write_decided],
    "suspension.lifted": [suspension.write_lifted],
    "suspension.appealed": [suspension.write_appealed],
    "suspension.answered": [suspension.write_answered],
    "suspension.ended": [suspension.write_ended],
    "application.submitted": [applications.write_received, scoring.on_application_handed_in],
    "application.accepted": [phasing.skip_waived],
    "application.supplement_asked": [applications.write_supplement_asked],
    "application.supplier_asked": [applications.write_supplier_asked],
    "application.supplier_answered": [applications.write_supplier_answered],
    "application.supplemented": [scoring.on_application_handed_in],
    "application.withdrawn": [evaluation.close_withdrawn, appeals.on_application_withdrawn, presentations.free_slot],
    "diagnosis.completed": [scoring.on_diagnosis_completed],
    "explanation.answered": [contests.write_answered],
    "scoring_job.asked": [],  # scoring.work takes it from its own table: a job commits its steps by itself
    "model.refused": [champions.write_model_refused],
    "monthly_report.made": [scoring.write_report_made],
    "second_reader.called": [evaluation.on_second_reader_called],
    "suggestion.made": [matching.rank_after_suggestion],
    "suggestion.rescored": [],  # a block of many firms: no letters, no ranking anew until a firm moves by itself
    "phase.entered": [],  # the firm reads it on its timeline; letters follow when a day is set
    "decision.made": [
        evaluation.write_to_firm,
        rechecking.note_panel,
        matching.rank_after_decision,
        presentations.free_slot,
    ],
    "decision.changed": [
        evaluation.write_to_firm,
        matching.rank_after_decision,
        selection.on_decision_changed,
        selection_notices.write_moved_up,
    ],
    "ranking.proposed": [selection.write_to_approver],
    "ranking.approved": [selection.write_to_maker],
    "ranking.returned": [selection.write_to_maker],
    "objection.made": [],  # the queue of objections shows it; a letter for each would say no more
    "objection.answered": [objecting.write_answered, rechecking.on_objection_answered, draw.on_objection_answered],
    "tie.changed": [],  # the nightly search reads it
    "nightly_plan.asked": [],  # matching.night_work takes it from its own table
    "consultation.requested": [talks.tell_requested],
    "consultation.reminded": [talks.remind],
    "consultation.accepted": [fanout.go_on, talks.tell_accepted],
    "consultation.declined": [fanout.go_on, talks.tell_declined],
    "consultation.withdrawn": [fanout.go_on, talks.tell_withdrawn],
    "consultation.expired": [fanout.go_on, talks.tell_expired],
    "consultation.closed": [talks.tell_closed],
    "consultation.concluded": [meetings.free_slot, talks.tell_concluded],
    "matchday.invited": [matchdays.tell_invited],
    "matchday.published": [matchdays.tell_published],
    "matchday.moved": [matchdays.tell_moved],
    "matchday.cancelled": [matchdays.tell_cancelled],
    "message.sent": [talks.tell_message],
    "meeting.booked": [talks.tell_booked],
    "meeting.called_off": [talks.tell_called_off],
    "appeal.filed": [appeal_notices.write_filed],
    "appeal.supplement_asked": [appeal_notices.write_supplement_asked],
    "appeal.taken_up": [appeal_notices.write_taken_up, appeal_draws.fill],
    "appeal.refused": [appeal_notices.write_refused],
    "appeal.withdrawn": [],
    "appeal.seats_free": [appeal_draws.fill],
    "appeal.seated": [appeal_notices.write_seated],
    "appeal.judged": [],
    "appeal.decided": [appeal_notices.write_decided, contests.count_appeal],
    "visit.planned": [visits.write_planned],
    "presentation.booked": [presentations.write_booked],
    "presentation.cancelled": [presentations.write_cancelled],
    "evaluator.assigned": [evaluation.write_to_evaluator, presentations.follow_panel],
    "evaluator.recused": [presentations.follow_panel, draw.on_recused],
    "pressure.reported": [pressure.tell_handlers],
    "pressure.closed": [pressure.tell_reporter],
    "panel.widened": [draw.on_panel_widened],
    "draw.carried_out": [draw.write_to_seated],
    "review.submitted": [lateness.on_review_submitted],
    "evaluator.approved": [evaluators.tell_approved],
    "evaluator.refused": [evaluators.tell_refused],
    "evaluator.removed": [leaving.free_seats, appeal_judging.on_evaluator_removed, evaluators.tell_removed],
    "consensus.convened": [consensus.write_convened],
    "review.revised": [],
    "severity.asked": [calibration.calibrate],
}
