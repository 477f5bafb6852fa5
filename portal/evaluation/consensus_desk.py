"""Screens of the consensus meeting: the chair convenes, writes down and ends it; evaluators look and may revise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base import clock
from portal.base.access import RuleBroken
from portal.evaluation import bp, consensus, masking, queries, queues, rubric, rules
from portal.evaluation.forms import ConveneForm, fill_revision, notes_form, revise_form
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires


@bp.route("/evaluation/decisions/<key>/consensus", methods=["GET", "POST"])
@requires("evaluation:decision:write")
def chair_consensus(key: str):
    actor = current_actor()
    panel = queries.panel_by_application(actor, key)
    sheet, meeting = rubric.load(panel.rubric), panel.consensus
    if meeting is None:
        form: Any = ConveneForm(data={"due": clock.today() + timedelta(days=consensus.DAYS)})
    else:
        kept = {f"note_{code}": text for code, text in meeting.notes.items()}
        form = notes_form(sheet)(data={**kept, "summary": meeting.summary, "version": meeting.version})
    if form.validate_on_submit():
        try:
            if meeting is None:
                consensus.convene(actor, panel, question=form.question.data or "", due=form.due.data)
                flash(_("합의 회의를 열고 위원에게 알렸습니다."), "success")
                return redirect(url_for("evaluation.chair_consensus", key=key))
            end = request.form.get("action") == "end"
            consensus.note(actor, panel, form.version.data, notes=form.given, summary=form.summary.data or "", end=end)
            flash(_("합의 회의를 마쳤습니다. 이제 결정할 수 있습니다.") if end else _("저장했습니다."), "success")
            return redirect(url_for("evaluation.decide" if end else "evaluation.chair_consensus", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
    page = render_template(
        "evaluation/consensus_chair.html",
        panel=panel,
        application=panel.application,
        meeting=consensus.meeting_for_chair(panel),
        form=form,
    )
    return page, 422 if form.errors else 200


@bp.route("/evaluation/cases/<key>/consensus", methods=["GET", "POST"])
@requires("evaluation:review:write")
def case_consensus(key: str):
    """The others' reviews under their pseudonyms, and the own one once more where it may be revised."""
    actor = current_actor()
    assignment = queries.case_by_key(actor, key)
    meeting = consensus.meeting_for(assignment)
    sheet, review = rubric.load(assignment.panel.rubric), assignment.review
    form = revise_form(sheet)(data=fill_revision(sheet, review))
    if form.validate_on_submit():
        try:
            consensus.revise(actor, assignment, form.version.data, **form.revision)
            flash(_("평가를 고쳤습니다. 고치기 전의 점수도 남아 있습니다."), "success")
            return redirect(url_for("evaluation.case_consensus", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
    page = render_template(
        "evaluation/consensus_case.html",
        assignment=assignment,
        application=assignment.application,
        shown=masking.shown(assignment.application),
        meeting=meeting,
        cause=consensus.revision_cause(assignment),
        sheet=sheet,
        row=queues.queue_row(assignment),
        tiers=tuple(reversed(rules.TIERS)),
        form=form,
    )
    return page, 422 if form.errors else 200
