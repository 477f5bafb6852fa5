"""One application after it was handed in: status, receipt, answers, papers, supplement, withdrawal."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from portal.accounts.rules import OPERATOR, SME
from portal.applications import bp, forms, queries, receipt, service, stages
from portal.applications.completeness import problems_of
from portal.applications.models import Application
from portal.applications.rules import Action, NotReady, Status, can
from portal.applications.views.wizard import answers_context, sentence_of
from portal.base import clock, words
from portal.base.access import NotVisible, RuleBroken
from portal.letters import queries as letters
from portal.web.forms import refuse
from portal.web.guard import current_actor, may, requires
from portal.web.pages import attachment, download


@bp.get("/applications")
@requires("applications:own:read")
def mine():
    return render_template("applications/mine.html", applications=queries.mine(current_actor()), now=clock.now())


@bp.get("/applications/<key>")
@requires("applications:case:read")
def case(key: str):
    """Where it stands, what happened, what comes next; the operator finds the buttons of the requirement check."""
    actor = current_actor()
    application = queries.by_key(actor, key)
    is_own = actor.has(*SME)
    return render_template(
        "applications/case.html",
        application=application,
        is_own=is_own,
        may_check=actor.has(*OPERATOR),
        timeline=_timeline(application, is_own),
        notices=stages.notices(application) if is_own else (),
        rounds=queries.supplements(application),
        asked=queries.open_supplement(application),
        letters=letters.of_application(actor, application.id),
        may_withdraw=is_own and may(actor, "applications:own:submit") and can(application.status, Action.WITHDRAW).ok,
        actions={action for action in Action if can(application.status, action)},
        Action=Action,
        now=clock.now(),
    )


def _timeline(application: Application, is_own: bool) -> list[dict[str, object]]:
    """What happened, then what is still to come. The firm's trail names no person of the other side."""
    changes = queries.timeline(application)
    items: list[dict[str, object]] = [
        {
            "when": f"{clock.kst(change.at):%Y-%m-%d %H:%M}",
            "title": change.after.label,
            "text": change.reason,
            "who": change.actor.name if change.actor and not is_own else "",
            "state": "now" if change is changes[-1] else "done",
        }
        for change in changes
    ]
    ahead = [status.label for status in _AHEAD.get(application.status, ())] + stages.ahead(application)
    return items + [{"title": words, "state": ""} for words in ahead]


_AHEAD = {
    Status.DRAFT: (Status.SUBMITTED, Status.REQ_CHECK),
    Status.SUBMITTED: (Status.REQ_CHECK,),
    Status.SUPPLEMENT: (Status.REQ_CHECK,),
}


@bp.get("/applications/<key>/answers")
@requires("applications:case:read")
def answers(key: str):
    """The whole application to read, or to print."""
    application = queries.by_key(current_actor(), key)
    return render_template("applications/answers.html", application=application, **answers_context(application))


@bp.get("/applications/<key>/papers/<paper_key>")
@requires("applications:case:read")
def paper(key: str, paper_key: str) -> Response:
    found = queries.paper(current_actor(), key, paper_key)
    blob, filename = found.blob, found.filename
    service.note_paper_read(current_actor(), found)
    return download(blob.sha256, filename, blob.media_type)


# --- receipt -----------------------------------------------------------------------------------------------


def _handed_in(key: str) -> Application:
    application = queries.by_key(current_actor(), key)
    if application.number is None:
        raise NotVisible
    return application


@bp.get("/applications/<key>/receipt", endpoint="receipt")
@requires("applications:case:read")
def show_receipt(key: str):
    application = _handed_in(key)
    return render_template(
        "applications/receipt.html",
        application=application,
        snapshot=queries.snapshots(application)[0],
        received=receipt.exactly(application.submitted_at),
    )


@bp.get("/applications/<key>/receipt.pdf")
@requires("applications:case:read")
def receipt_pdf(key: str) -> Response:
    application = _handed_in(key)
    paper = receipt.pdf(application, queries.snapshots(application)[0], words.current_language())
    return attachment(paper, "application/pdf", f"receipt-{application.number}.pdf")


# --- supplement and withdrawal -----------------------------------------------------------------------------


@bp.route("/applications/<key>/supplement", methods=["GET", "POST"])
@requires("applications:own:edit")
def supplement(key: str):
    """What the operator asks, links to the opened pages, and the button that sends it back."""
    actor = current_actor()
    application = queries.own(actor, key)
    asked = queries.open_supplement(application)
    if asked is None:
        return redirect(url_for("applications.case", key=key))
    form = forms.AnswerSupplementForm()
    if form.validate_on_submit():
        try:
            service.answer_supplement(actor, key, form.answer.data or "")
        except NotReady as refused:
            form.form_errors.extend(f"{one.part.label}: {sentence_of(one)}" for one in refused.problems)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("보완한 내용을 보냈습니다. 운영기관이 다시 확인합니다."), "success")
            return redirect(url_for("applications.case", key=key))
    filled = queries.filled(application)
    return render_template(
        "applications/supplement.html",
        application=application,
        asked=asked,
        form=form,
        parts=[
            {
                "part": part,
                "edited": application.part_versions.get(part.value, 0),
                "problems": [sentence_of(one) for one in problems_of(part, filled)],
            }
            for part in asked.asked_parts
        ],
        is_late=clock.now() >= asked.due_at,
        may_submit=may(actor, "applications:own:submit"),
    )


@bp.route("/applications/<key>/withdraw", methods=["GET", "POST"])
@requires("applications:own:submit")
def withdraw(key: str):
    actor = current_actor()
    application = queries.own(actor, key)
    if application.status is Status.WITHDRAWN:
        return redirect(url_for("applications.case", key=key))
    form = forms.WithdrawForm()
    if form.validate_on_submit():
        try:
            service.withdraw(actor, key, form.reason.data or "")
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("신청을 철회했습니다."), "success")
            return redirect(url_for("applications.case", key=key))
    return render_template(
        "applications/withdraw.html",
        application=application,
        form=form,
        verdict=can(application.status, Action.WITHDRAW),
    )
