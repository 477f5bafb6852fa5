"""Screens of the evaluator (queue, declaration, the three steps of a case) and the firm's outcome."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from portal.applications.rules import IN_EVALUATION
from portal.base import clock
from portal.base.access import RuleBroken
from portal.base.words import sentence
from portal.evaluation import (
    bp,
    casefile,
    consensus,
    declaring,
    masking,
    plans,
    queries,
    queues,
    reading,
    rubric,
    rules,
    service,
    visits,
)
from portal.evaluation.casefile import CaseFile
from portal.evaluation.forms import (
    FinalForm,
    OpenForm,
    RecuseForm,
    fill_items,
    fill_scores,
    items_form,
    open_form,
    scores_form,
)
from portal.evaluation.models import Assignment, Review
from portal.evaluation.outcome import own_outcome
from portal.evaluation.queues import QueueFilters
from portal.evaluation.rules import AssignmentState
from portal.web.forms import VersionedForm, refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import download, page_number

QUEUE_STATES = ("open", "meeting", "submitted", "all")
_SAVED = "queue_at"


@bp.get("/evaluation/queue")
@requires("evaluation:queue:read")
def queue():
    actor = current_actor()
    state = request.args.get("state", "open")
    filters = QueueFilters(
        state=state if state in QUEUE_STATES else "open",
        due=request.args.get("due", ""),
        step=request.args.get("step", ""),
        call=request.args.get("call", ""),
        text=request.args.get("q", "").strip(),
        sort=request.args.get("sort", "place"),
    )
    here = request.query_string.decode("ascii", "replace")
    kept = here if len(here) <= 300 else ""  # a cookie holds 4 KB
    if session.get(_SAVED, "") != kept:
        session[_SAVED] = kept
    return render_template(
        "evaluation/queue.html",
        steps=queues.STEP_WORDS,
        going_on=queues.last_touched(actor),
        page=queues.queue(actor, filters, page_number()),
        counts=queues.queue_counts(actor),
        calls=queues.queue_calls(actor),
        filters=filters,
        reads_others=reading.is_open_to(actor),
    )


@bp.app_template_global()
def queue_url(key: str = "") -> str:
    """Back to the queue as the evaluator left it: filters, page and the row of the case."""
    kept = session.get(_SAVED, "")
    return url_for("evaluation.queue") + (f"?{kept}" if kept else "") + (f"#case-{key}" if key else "")


# --- before the file is open --------------------------------------------------------------------------------


@bp.get("/evaluation/cases/<key>")
@requires("evaluation:review:write")
def case(key: str):
    """The right page for the state of the case: declaration, items, or the review as it was handed in."""
    assignment = queries.case_by_key(current_actor(), key)
    if assignment.state is AssignmentState.SUBMITTED:
        return _submitted_page(assignment)
    if not _is_live(assignment):
        return render_template("evaluation/case_closed.html", assignment=assignment)
    if assignment.state is AssignmentState.ASSIGNED:
        return _declaration_page(assignment, _open_form(assignment), RecuseForm())
    file = casefile.case_file(assignment)
    return _items_page(assignment, _items_form(assignment, file), file)


@bp.get("/evaluation/cases/<key>/evidence/<evidence>")
@requires("evaluation:review:write")
def evidence(key: str, evidence: str):
    """A piece of evidence of an opened case; where names are hidden, its file name is."""
    actor = current_actor()
    found = casefile.evidence_of(queries.case_by_key(actor, key), evidence)
    answer = download(found.sha256, found.filename, found.media_type)
    service.note_evidence_read(actor, found.id)
    return answer


@bp.post("/evaluation/cases/<key>/open")
@requires("evaluation:review:write")
def open_case(key: str):
    actor = current_actor()
    assignment = queries.case_by_key(actor, key)
    form = _open_form(assignment)
    if form.validate_on_submit():
        try:
            if service.open_file(actor, assignment, no_conflict=form.no_conflict.data, answers=form.answers):
                return redirect(url_for("evaluation.case", key=key))
            flash(_("이해관계를 알려 주셔서 이 건의 배정을 거두었습니다."), "success")
            return redirect(url_for("evaluation.queue"))
        except RuleBroken as broken:
            if assignment.state is AssignmentState.RECUSED:
                flash(str(sentence(broken.code, **broken.values)), "warn")
                return redirect(url_for("evaluation.queue"))
            refuse(form, broken)
    return _declaration_page(assignment, form, RecuseForm()), 422


@bp.post("/evaluation/cases/<key>/recuse")
@requires("evaluation:review:write")
def recuse(key: str):
    actor = current_actor()
    assignment = queries.case_by_key(actor, key)
    form = RecuseForm()
    if form.validate_on_submit():
        try:
            service.recuse(actor, assignment, form.chosen)
            flash(_("회피를 알렸습니다. 이 건은 더 이상 보이지 않습니다."), "success")
            return redirect(url_for("evaluation.queue"))
        except RuleBroken as broken:
            refuse(form, broken)
    return _declaration_page(assignment, _open_form(assignment, formdata=None), form), 422


# --- the three steps ------------------------------------------------------------------------------------------


@bp.post("/evaluation/cases/<key>")
@requires("evaluation:review:write")
def save_items(key: str):
    """Step 1: a word on each answer. `accept` takes over what has no word yet, in one area or everywhere."""
    actor = current_actor()
    assignment = queries.case_by_key(actor, key)
    if not _is_open(assignment):
        return redirect(url_for("evaluation.case", key=key))
    file = casefile.case_file(assignment)
    form = items_form(file)()
    if form.validate_on_submit():
        chosen = request.form.get("accept")
        if chosen:
            form.accept_rest(
                [line.item.code for part in file.areas if chosen in (part.area.code, "all") for line in part.lines]
            )
        try:
            review = service.save_review(actor, assignment, form.version.data, items=form.given)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            if _wants_json():
                return _saved(review)
            return redirect(_after_items(key, chosen))
    return _items_page(assignment, form, file), 422


@bp.route("/evaluation/cases/<key>/score", methods=["GET", "POST"])
@requires("evaluation:review:write")
def score(key: str):
    """Step 2: points, comments and the own tier; locking them shows the suggestion."""
    actor = current_actor()
    assignment = queries.case_by_key(actor, key)
    if not _is_open(assignment):
        return redirect(url_for("evaluation.case", key=key))
    form = _scores_form(assignment)
    status = 200
    if form.validate_on_submit():
        try:
            review = service.save_review(
                actor,
                assignment,
                form.version.data,
                scores=form.given,
                comment=form.comment.data or "",
                own_tier=form.own_tier.data,
            )
            if _wants_json():
                return _saved(review)
            form.version.raw_data, form.version.data = None, review.version
            if request.form.get("action") == "lock":
                service.lock_own_score(actor, assignment, review.version)
                return redirect(url_for("evaluation.final", key=key))
            flash(_("저장했습니다."), "success")
            return redirect(url_for("evaluation.score", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
    if form.errors:
        status = 422
    return _page("evaluation/score.html", assignment, form, file=casefile.case_file(assignment)), status


@bp.route("/evaluation/cases/<key>/final", methods=["GET", "POST"])
@requires("evaluation:review:write")
def final(key: str):
    """Step 3: the suggestion with its reasons beside the own opinion; confirm or override, then submit."""
    actor = current_actor()
    assignment = queries.case_by_key(actor, key)
    if not _is_open(assignment) or assignment.review.own_locked_at is None:
        return redirect(url_for("evaluation.case", key=key))
    review = assignment.review
    form = FinalForm(
        data={"final_tier": review.final_tier or review.own_tier, "reason": review.reason, "version": review.version}
    )
    status = 200
    if form.validate_on_submit():
        try:
            review = service.save_review(
                actor, assignment, form.version.data, final_tier=form.final_tier.data, reason=form.reason.data or ""
            )
            if _wants_json():
                return _saved(review)
            form.version.raw_data, form.version.data = None, review.version
            if request.form.get("action") == "submit":
                service.submit_review(
                    actor, assignment, review.version, final_tier=form.final_tier.data, reason=form.reason.data or ""
                )
                return _go_on(assignment)
            flash(_("저장했습니다."), "success")
            return redirect(url_for("evaluation.final", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
    if form.errors:
        status = 422
    return (
        _page(
            "evaluation/final.html",
            assignment,
            form,
            file=casefile.case_file(assignment),
            suggestion=casefile.own_suggestion(assignment),
            as_reviewed=casefile.as_reviewed(assignment),
            settlement=casefile.settlement(assignment),
            hides_suggestion=not casefile.may_see_suggestion(assignment),
        ),
        status,
    )


# --- the firm ---------------------------------------------------------------------------------------------------


@bp.get("/evaluation/outcomes/<key>")
@requires("evaluation:outcome:read")
def outcome(key: str):
    application, view = own_outcome(current_actor(), key)
    return render_template("evaluation/outcome.html", application=application, outcome=view)


# --- parts --------------------------------------------------------------------------------------------------------


def _open_form(assignment: Assignment, **options: Any) -> OpenForm:
    return open_form(declaring.screen(assignment).asked)(**options)


def _is_live(assignment: Assignment) -> bool:
    return assignment.application.status in IN_EVALUATION


def _is_open(assignment: Assignment) -> bool:
    return _is_live(assignment) and assignment.state is AssignmentState.OPENED


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _saved(review: Review) -> Any:
    return jsonify(saved_at=clock.kst(clock.now()).strftime("%H:%M"), version=review.version)


def _after_items(key: str, accepted: str | None) -> str:
    if accepted:
        return url_for("evaluation.case", key=key, _anchor="items" if accepted == "all" else f"area-{accepted}")
    if request.form.get("action") == "next":
        return url_for("evaluation.score", key=key)
    flash(_("저장했습니다."), "success")
    return url_for("evaluation.case", key=key)


def _go_on(assignment: Assignment) -> Any:
    flash(_("평가를 제출했습니다."), "success")
    following = queues.next_open(current_actor(), assignment)
    if following is not None and request.form.get("then") == "next":
        return redirect(url_for("evaluation.case", key=following.key))
    return redirect(url_for("evaluation.queue"))


def _items_form(assignment: Assignment, file: CaseFile) -> VersionedForm:
    review = assignment.review
    return items_form(file)(data={**fill_items(file, review.items), "version": review.version})


def _scores_form(assignment: Assignment) -> VersionedForm:
    sheet = rubric.load(assignment.panel.rubric)
    review = assignment.review
    return scores_form(sheet)(
        data={
            **fill_scores(sheet, review.scores),
            "comment": review.comment,
            "own_tier": review.own_tier,
            "version": review.version,
        }
    )


def _declaration_page(assignment: Assignment, form: OpenForm, recusal: RecuseForm) -> str:
    return render_template(
        "evaluation/declaration.html",
        assignment=assignment,
        form=form,
        recusal=recusal,
        shown=masking.shown(assignment.application),
        row=queues.queue_row(assignment),
    )


def _items_page(assignment: Assignment, form: VersionedForm, file: CaseFile) -> str:
    return _page("evaluation/items.html", assignment, form, file=file)


def _submitted_page(assignment: Assignment) -> str:
    sheet = rubric.load(assignment.panel.rubric)
    return render_template(
        "evaluation/submitted.html",
        assignment=assignment,
        shown=masking.shown(assignment.application),
        review=assignment.review,
        sheet=sheet,
        result=sheet.result(assignment.review.points),
        others=consensus.shows_others(assignment),
        revisable=consensus.revision_cause(assignment),
        visit=visits.report_beside(assignment.application),
        following=queues.next_open(current_actor(), assignment),
    )


def _page(template: str, assignment: Assignment, form: VersionedForm, **context: Any) -> str:
    phase = plans.phase_of(assignment.application)
    return render_template(
        template,
        assignment=assignment,
        application=assignment.application,
        shown=masking.shown(assignment.application, phase),
        review=assignment.review,
        sheet=rubric.load(assignment.panel.rubric),
        row=queues.queue_row(assignment, phase),
        place=queues.place_of(current_actor(), assignment),
        recusal=RecuseForm(formdata=None),
        visit=visits.report_beside(assignment.application),
        others=consensus.shows_others(assignment),
        form=form,
        tiers=tuple(reversed(rules.TIERS)),
        **context,
    )
