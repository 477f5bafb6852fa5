"""Screens of the operator: the letters of a call, one to read before it goes out, and sending them all."""

from __future__ import annotations

from flask import Response, flash, jsonify, redirect, render_template, url_for
from flask_babel import gettext as _

from portal.base import clock
from portal.base.access import RuleBroken
from portal.base.words import sentence
from portal.letters import paper
from portal.letters import queries as letters
from portal.selection import bp, notices, queries
from portal.selection.forms import SendForm
from portal.web.guard import current_actor, requires


@bp.get("/operator/selection/<key>/letters")
@requires("selection:progress:read")
def call_letters(key: str):
    call = queries.call_by_key(current_actor(), key)
    rows = notices.lines(call)
    batches = notices.batches(call)
    return render_template(
        "selection/letters.html",
        call=call,
        rows=rows,
        waiting=sum(not row.is_sent for row in rows),
        batch=batches[0] if batches else None,
        past=batches,
        form=SendForm(),
    )


@bp.get("/operator/selection/<key>/letters/state")
@requires("selection:progress:read")
def letters_state(key: str):
    """How far the running batch is, for the page that watches it."""
    batches = notices.batches(queries.call_by_key(current_actor(), key))
    if not batches:
        return jsonify(open=False, state="", done=0, total=0)
    batch = batches[0]
    return jsonify(open=batch.state.is_working, state=batch.state.value, done=batch.done, total=batch.total)


@bp.post("/operator/selection/<key>/letters")
@requires("selection:ranking:make")
def send_letters(key: str):
    actor = current_actor()
    call = queries.call_by_key(actor, key)
    form = SendForm()
    if form.validate_on_submit():
        try:
            batch = notices.send_all(actor, call, form.once.data)
            flash(_("통지서 %(n)s통을 보내기 시작했습니다.", n=batch.total), "success")
        except RuleBroken as broken:
            flash(str(sentence(broken.code, **broken.values)), "error")
    return redirect(url_for("selection.call_letters", key=key))


@bp.get("/operator/selection/<key>/letters/<application_key>")
@requires("selection:progress:read")
def letter_preview(key: str, application_key: str):
    """The letter as it would go out; what was sent already is shown as it was sent."""
    call = queries.call_by_key(current_actor(), key)
    line = notices.line_of(call, application_key)
    if line.is_sent:
        return redirect(url_for("letters.kept", key=line.letter.key))
    language = letters.language_of(line.application.organisation_id)
    kind, content = notices.compose(line.decision, language)
    return render_template(
        "selection/letter_preview.html", call=call, line=line, kind=kind, content=content, language=language
    )


@bp.get("/operator/selection/<key>/letters/<application_key>/letter.pdf")
@requires("selection:progress:read")
def letter_preview_paper(key: str, application_key: str):
    """The file as it would go out, to the byte."""
    call = queries.call_by_key(current_actor(), key)
    line = notices.line_of(call, application_key)
    if line.is_sent:
        return redirect(url_for("letters.kept_paper", key=line.letter.key))
    language = letters.language_of(line.application.organisation_id)
    kind, content = notices.compose(line.decision, language)
    answer = Response(
        paper.pdf(kind, line.application.number or "", content, language, content.dated or clock.now()),
        mimetype="application/pdf",
    )
    answer.headers["Content-Disposition"] = 'inline; filename="letter-preview.pdf"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; object-src 'self'; frame-ancestors 'none'"
    return answer
